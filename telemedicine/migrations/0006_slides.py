"""Uploads of slides, and the images they become."""

import consortium.models.base
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two tables; which tables they point to follows from the cases before them."""

    dependencies = [
        ('telemedicine', '0005_report_is_the_report'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(help_text='File name as given by the sender (文件名).', max_length=120)),
                ('size', models.BigIntegerField(help_text='Size of the whole file in bytes (大小).')),
                ('offset', models.BigIntegerField(default=0, help_text='Bytes that are safely stored (已接收字节).')),
                ('sha256', models.CharField(blank=True, help_text='SHA-256 of the whole file, hexadecimal (校验和).', max_length=64)),
                ('metadata', models.CharField(blank=True, editable=False, max_length=2000)),
                ('state', models.CharField(choices=[('RECEIVING', '接收中'), ('CHECKING', '校验中'), ('READY', '可用'), ('REFUSED', '已拒收')], default='RECEIVING', help_text='How far it is (状态).', max_length=9)),
                ('refusal_code', models.CharField(blank=True, help_text='Why it was refused, coded (拒收代码).', max_length=40)),
                ('created_at', models.DateTimeField(help_text='When it began (开始时间).')),
                ('expires_at', models.DateTimeField(help_text='Until when it waits for more (失效时间).')),
                ('received_at', models.DateTimeField(help_text='When its last byte came (收齐时间).', null=True)),
                ('settled_at', models.DateTimeField(help_text='When it was found ready or refused (结论时间).', null=True)),
                ('writer', models.UUIDField(editable=False, null=True)),
                ('written_at', models.DateTimeField(editable=False, null=True)),
                ('digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='telemedicine.pathologycase')),
                ('created_by', models.ForeignKey(help_text='Who began it (上传人).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hospital', models.ForeignKey(help_text='Whose lab sends it (上传医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital')),
                ('slide', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='telemedicine.slide')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SlideImage',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sha256', models.CharField(help_text='SHA-256 of the file, hexadecimal (校验和).', max_length=64)),
                ('size', models.BigIntegerField(help_text='Size in bytes (大小).')),
                ('format', models.CharField(help_text='What kind of file it is, by its content (格式).', max_length=20)),
                ('width', models.PositiveIntegerField(help_text='Width of the finest level in pixels (宽).')),
                ('height', models.PositiveIntegerField(help_text='Height of the finest level in pixels (高).')),
                ('mpp', models.FloatField(help_text='Micrometres per pixel, empty if the file is silent (分辨率).', null=True)),
                ('magnification', models.FloatField(help_text='Objective magnification (物镜倍数).', null=True)),
                ('metadata', models.JSONField(default=dict, editable=False)),
                ('files', models.JSONField(default=list, editable=False)),
                ('pictures', models.JSONField(default=dict, editable=False)),
                ('added_at', models.DateTimeField(help_text='When it was found ready (入库时间).')),
                ('replaced_at', models.DateTimeField(help_text='When a newer scan took its place (被替换时间).', null=True)),
                ('removed_at', models.DateTimeField(help_text='When its files were deleted after retention, empty while kept (清除时间).', null=True)),
                ('case', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='images', to='telemedicine.pathologycase')),
                ('hospital', models.ForeignKey(help_text='Whose lab sent it (来源医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital')),
                ('slide', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='images', to='telemedicine.slide')),
                ('upload', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='image', to='telemedicine.upload')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('state__in', ['RECEIVING', 'CHECKING'])), fields=['hospital'], name='upload_held'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('state', 'RECEIVING')), fields=['expires_at'], name='upload_waiting'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('offset__gte', 0), ('offset__lte', models.F('size')), ('size__gte', 1)), name='upload_offset_within_size'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('refusal_code', ''), ('state', 'REFUSED'), _connector='XOR'), name='upload_refused_says_why'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['RECEIVING', 'REFUSED']), ('offset', models.F('size')), _connector='OR'), name='upload_checked_when_whole'),
        ),
        migrations.AddIndex(
            model_name='slideimage',
            index=models.Index(condition=models.Q(('removed_at', None)), fields=['hospital'], name='image_kept'),
        ),
        migrations.AddConstraint(
            model_name='slideimage',
            constraint=models.UniqueConstraint(condition=models.Q(('replaced_at', None)), fields=('slide',), name='image_one_current_per_slide'),
        ),
    ]
