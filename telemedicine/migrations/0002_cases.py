"""Slides that are verified or withdrawn, opinions that conclude a report, what two readers settled."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the steps of a case keep."""

    dependencies = [
        ('consortium', '0008_cases'),
        ('referrals', '0004_green'),
        ('telemedicine', '0001_cases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='slide',
            name='slide_once_per_case',
        ),
        migrations.RemoveIndex(
            model_name='pathologycase',
            name='pathology_by_issue',
        ),
        migrations.AddField(
            model_name='opinion',
            name='code',
            field=models.ForeignKey(help_text='ICD-10 of it (诊断编码).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.concept'),
        ),
        migrations.AddField(
            model_name='opinion',
            name='content',
            field=models.JSONField(default=dict, help_text="The structured report, by the organ's template (结构化内容)."),
        ),
        migrations.AddField(
            model_name='opinion',
            name='version',
            field=models.PositiveSmallIntegerField(help_text='The version of the report that it concludes, empty for others (报告版本).', null=True),
        ),
        migrations.AddField(
            model_name='pathologycase',
            name='answered_at',
            field=models.DateTimeField(help_text='When the lab first had an answer: opinion, report, or none possible (首次答复).', null=True),
        ),
        migrations.AddField(
            model_name='pathologycase',
            name='settled_class',
            field=models.CharField(blank=True, default='', help_text='The class on which two agreed or the third decided, empty while open (复核后分类).', max_length=20),
        ),
        migrations.AddField(
            model_name='slide',
            name='verified_at',
            field=models.DateTimeField(help_text='When its picture had arrived whole and was verified (图像校验时间).', null=True),
        ),
        migrations.AddField(
            model_name='slide',
            name='withdrawn_at',
            field=models.DateTimeField(help_text='When it was taken out of the case, empty otherwise (撤回时间).', null=True),
        ),
        migrations.AddField(
            model_name='slide',
            name='withdrawn_reason',
            field=models.CharField(blank=True, help_text='Why, as a code of the catalogue WITHDRAW_SLIDE (撤回原因).', max_length=40),
        ),
        migrations.AlterField(
            model_name='opinion',
            name='part',
            field=models.CharField(choices=[('PRELIMINARY', '初步意见'), ('FIRST', '首诊意见'), ('SECOND', '复核意见'), ('ADJUDICATION', '仲裁意见'), ('REPORT', '签发结论')], help_text='In which part (意见类型).', max_length=12),
        ),
        migrations.AlterField(
            model_name='pathologycase',
            name='assigned_to',
            field=models.ForeignKey(help_text='The pathologist who reads and signs (责任专家).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pathology_cases_read', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='qualitycheck',
            name='defects',
            field=models.JSONField(default=list, help_text='Coded defects, catalogue SLIDE_DEFECT, by slide (缺陷).'),
        ),
        migrations.AlterField(
            model_name='recusal',
            name='reason_code',
            field=models.CharField(help_text='Why, as a code of the catalogue PATHOLOGY_DECLINE (原因).', max_length=40),
        ),
        migrations.AddIndex(
            model_name='pathologycase',
            index=models.Index(fields=['answered_at'], name='pathology_by_answer'),
        ),
        migrations.AddConstraint(
            model_name='opinion',
            constraint=models.UniqueConstraint(fields=('case', 'version'), name='opinion_report_version_once'),
        ),
        migrations.AddConstraint(
            model_name='slide',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('case', 'barcode'), name='slide_once_per_case'),
        ),
    ]
