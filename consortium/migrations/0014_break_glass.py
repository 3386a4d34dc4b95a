"""Emergency access to one patient's cases, and its review."""

import consortium.models.base
import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table with its rules."""

    dependencies = [
        ("consortium", "0013_audit_earlier"),
    ]

    operations = [
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason_code', models.CharField(help_text='Why, catalogue BREAK_GLASS (原因代码).', max_length=40)),
                ('comment', models.CharField(blank=True, help_text='Words beside the reason (说明).', max_length=1000)),
                ('started_at', models.DateTimeField(help_text='From when (开始时间).')),
                ('ends_at', models.DateTimeField(help_text='Until when, exclusive; earlier if it was ended (结束时间).')),
                ('review_due_at', models.DateTimeField(help_text='Until when it is to be reviewed (复核期限).')),
                ('escalated_at', models.DateTimeField(help_text='When the overdue review was escalated (升级时间).', null=True)),
                ('verdict', models.CharField(blank=True, choices=[('JUSTIFIED', '合理'), ('UNJUSTIFIED', '不合理')], help_text="What the patient's hospital found (复核结论).", max_length=12)),
                ('review_comment', models.CharField(blank=True, help_text='Words beside the verdict (复核说明).', max_length=1000)),
                ('reviewed_at', models.DateTimeField(help_text='When it was reviewed (复核时间).', null=True)),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts the changes (版本).')),
                ('ended_by', models.ForeignKey(help_text='Who ended it before its time (提前结束人).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hospital', models.ForeignKey(help_text='Whose person it is (调阅方医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital')),
                ('patient', models.ForeignKey(help_text='Whose cases (患者).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.patient')),
                ('patient_hospital', models.ForeignKey(help_text='The hospital that registered the patient; it is told and reviews (患者所属医院).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital')),
                ('person', models.ForeignKey(help_text='Who (调阅人).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('practitioner_role', models.ForeignKey(help_text='By which role (以何岗位).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.practitionerrole')),
                ('reviewed_by', models.ForeignKey(help_text='Who reviewed it (复核人).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['patient_hospital', '-id'], name='break_glass_by_hospital'), models.Index(condition=models.Q(('reviewed_at__isnull', True)), fields=['review_due_at'], name='break_glass_to_review')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gte', models.F('started_at')), ('ends_at__lte', django.db.models.expressions.CombinedExpression(models.F('started_at'), '+', models.Value(datetime.timedelta(seconds=3600))))), name='break_glass_for_an_hour', violation_error_message='紧急调阅最长 60 分钟。'), models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at__isnull', True), ('reviewed_by__isnull', True), ('verdict', '')), models.Q(models.Q(('verdict', ''), _negated=True), ('reviewed_at__isnull', False), ('reviewed_by__isnull', False)), _connector='OR'), name='break_glass_reviewed_as_a_whole'), models.CheckConstraint(condition=models.Q(('reviewed_by__isnull', True), models.Q(('reviewed_by', models.F('person')), _negated=True), _connector='OR'), name='break_glass_reviewed_by_another', violation_error_message='紧急调阅须由他人复核。'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func('started_at', 'ends_at', function='TSTZRANGE', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&'), ('practitioner_role', '='), ('patient', '=')], name='break_glass_once_at_a_time')],
            },
        ),
    ]
