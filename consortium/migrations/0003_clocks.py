"""Limits by alliance and milestone, their runs, the ladder of reminders, and the duty rosters."""

import consortium.models.base
import consortium.models.duty
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Limits by alliance and milestone, their runs, the ladder of reminders, and the duty rosters."""

    dependencies = [
        ('consortium', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClockRun',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('subject_kind', models.CharField(help_text='What kind of case (对象种类).', max_length=20)),
                ('subject_id', models.UUIDField(help_text='The case it runs on.')),
                ('thread_id', models.UUIDField(help_text="What ties cases together: the patient's episode.")),
                ('kind', models.CharField(help_text='What is limited, such as TRIAGE (时限种类).', max_length=20)),
                ('turn', models.PositiveSmallIntegerField(help_text='Which run of this kind on the case, from 1 (第几次).')),
                ('target_minutes', models.PositiveIntegerField(help_text='How many minutes were given (目标分钟数).')),
                ('holder', models.CharField(choices=[('REQUESTER', '转出方'), ('PERFORMER', '接收方'), ('PATIENT', '患者')], help_text='Whose move it is (时限持有方).', max_length=10)),
                ('started_at', models.DateTimeField(help_text='When it began (计时开始).')),
                ('due_at', models.DateTimeField(help_text='When it ends; empty while it pauses (截止时间).', null=True)),
                ('paused_at', models.DateTimeField(help_text='Since when it pauses, empty while it runs (暂停开始).', null=True)),
                ('paused_in', models.CharField(blank=True, default='', help_text='The state of the case that lets it pause (暂停原因).', max_length=20)),
                ('paused_seconds', models.PositiveIntegerField(default=0, help_text='How long it paused before, seconds (累计暂停).')),
                ('taken_seconds', models.PositiveIntegerField(help_text='Time taken on its calendar when it paused or stopped, seconds; empty until then (用时).', null=True)),
                ('stopped_at', models.DateTimeField(help_text='When it stopped, empty until then (计时结束).', null=True)),
                ('met', models.BooleanField(help_text='Whether it was met; empty while it runs, or if nothing can be said (是否达标).', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Duty',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('post', models.CharField(choices=[('DUTY', '值班'), ('HEAD', '科室负责人')], default='DUTY', help_text="On duty, or the department's head (班次).", max_length=4)),
                ('starts_at', models.DateTimeField(help_text='From when (开始时间).')),
                ('ends_at', models.DateTimeField(help_text='Until when, exclusive (结束时间).')),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts the changes (版本).')),
            ],
        ),
        migrations.CreateModel(
            name='DutySwap',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('given_version', models.PositiveIntegerField(editable=False)),
                ('taken_version', models.PositiveIntegerField(editable=False)),
                ('proposed_at', models.DateTimeField(help_text='When it was proposed (提出时间).')),
                ('accepted_at', models.DateTimeField(help_text='When it was accepted, empty until then (同意时间).', null=True)),
                ('version', models.PositiveIntegerField(default=1, help_text='Counts the changes (版本).')),
            ],
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('rung', models.CharField(choices=[('DUTY', '值班人员'), ('HEAD', '科室负责人'), ('HOSPITAL', '医院管理员与转诊办'), ('ALLIANCE', '联盟管理员')], help_text='To whom (层级).', max_length=10)),
                ('repetition', models.PositiveIntegerField(help_text='Which repetition, from 0 (第几次).')),
            ],
        ),
        migrations.CreateModel(
            name='EscalationRule',
            fields=[
                ('id', models.UUIDField(default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('label_zh', models.CharField(help_text='The term in Chinese (中文名称).', max_length=120)),
                ('label_en', models.CharField(help_text='The term in English (英文名称).', max_length=160)),
                ('source', models.CharField(help_text='The standard or decision it was taken from (来源).', max_length=200)),
                ('valid_from', models.DateField(help_text='First day on which it may be used (启用日期).')),
                ('valid_to', models.DateField(blank=True, help_text='Last day, empty while open-ended (停用日期).', null=True)),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, '立即'), (2, '尽快'), (3, '急'), (4, '常规')], help_text='For this priority (优先级).')),
                ('rung', models.CharField(choices=[('DUTY', '值班人员'), ('HEAD', '科室负责人'), ('HOSPITAL', '医院管理员与转诊办'), ('ALLIANCE', '联盟管理员')], help_text='Who is reminded (层级).', max_length=10)),
                ('after_minutes', models.IntegerField(help_text="Minutes after the limit's end; negative before it (超时后分钟数).")),
                ('repeat_minutes', models.PositiveIntegerField(help_text='Minutes until it repeats (重复间隔).')),
                ('quiet_from', models.TimeField(blank=True, help_text='Start of quiet hours, empty for none (静默开始).', null=True)),
                ('quiet_to', models.TimeField(blank=True, help_text='End of quiet hours (静默结束).', null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='clockrule',
            name='clock_rule_once',
        ),
        migrations.AddField(
            model_name='clockrule',
            name='alliance',
            field=models.ForeignKey(blank=True, help_text='Between members of this alliance instead of the shipped rule, empty for all (联盟).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.alliance'),
        ),
        migrations.AddField(
            model_name='clockrule',
            name='calendar',
            field=models.CharField(choices=[('ALWAYS', '连续计时'), ('WORKING_DAYS', '仅工作日')], default='ALWAYS', help_text='Which time counts (计时日历).', max_length=12),
        ),
        migrations.AddField(
            model_name='clockrule',
            name='emergency',
            field=models.CharField(blank=True, default='', help_text='Only this kind of green channel, empty for all (绿色通道).', max_length=20),
        ),
        migrations.AddField(
            model_name='clockrule',
            name='paused_in',
            field=models.CharField(blank=True, default='', help_text='The states in which it pauses, joined by | (暂停状态).', max_length=100),
        ),
        migrations.AlterField(
            model_name='clockrule',
            name='start_step',
            field=models.CharField(help_text='The points that start it, joined by | (起点步骤).', max_length=200),
        ),
        migrations.AlterField(
            model_name='clockrule',
            name='stop_step',
            field=models.CharField(help_text='The points that end it, joined by | (终点步骤).', max_length=200),
        ),
        migrations.AddConstraint(
            model_name='clockrule',
            constraint=models.UniqueConstraint(fields=('kind', 'priority', 'alliance', 'valid_from'), name='clock_rule_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='clockrule',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='clock_rule_dates_in_order', violation_error_message='停用日期不能早于启用日期。'),
        ),
        migrations.AddField(
            model_name='clockrun',
            name='department',
            field=models.ForeignKey(help_text="The holder's department (持有科室).", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.department'),
        ),
        migrations.AddField(
            model_name='clockrun',
            name='hospital',
            field=models.ForeignKey(help_text="The holder's hospital (持有医院).", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.hospital'),
        ),
        migrations.AddField(
            model_name='clockrun',
            name='rule',
            field=models.ForeignKey(help_text='By which rule (时限规则).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.clockrule'),
        ),
        migrations.AddField(
            model_name='duty',
            name='department',
            field=models.ForeignKey(help_text='For it (科室).', on_delete=django.db.models.deletion.PROTECT, related_name='duties', to='consortium.department'),
        ),
        migrations.AddField(
            model_name='duty',
            name='person',
            field=models.ForeignKey(help_text='Who (人员).', on_delete=django.db.models.deletion.PROTECT, related_name='duties', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dutyswap',
            name='given',
            field=models.ForeignKey(help_text="The proposer's duty (换出班次).", on_delete=django.db.models.deletion.CASCADE, related_name='+', to='consortium.duty'),
        ),
        migrations.AddField(
            model_name='dutyswap',
            name='taken',
            field=models.ForeignKey(help_text="The other's duty (换入班次).", on_delete=django.db.models.deletion.CASCADE, related_name='+', to='consortium.duty'),
        ),
        migrations.AddField(
            model_name='escalation',
            name='event',
            field=models.ForeignKey(help_text='Where it is recorded (事件).', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consortium.event'),
        ),
        migrations.AddField(
            model_name='escalation',
            name='run',
            field=models.ForeignKey(help_text='Of which run (计时).', on_delete=django.db.models.deletion.CASCADE, related_name='escalations', to='consortium.clockrun'),
        ),
        migrations.AddConstraint(
            model_name='escalationrule',
            constraint=models.UniqueConstraint(fields=('priority', 'rung', 'valid_from'), name='escalation_rule_once'),
        ),
        migrations.AddConstraint(
            model_name='escalationrule',
            constraint=models.CheckConstraint(condition=models.Q(('repeat_minutes__gt', 0)), name='escalation_repeats'),
        ),
        migrations.AddConstraint(
            model_name='escalationrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_to__isnull', True)), models.Q(('priority', 4), ('quiet_from__isnull', False), ('quiet_to__isnull', False)), _connector='OR'), name='escalation_quiet_for_routine_only', violation_error_message='只有常规件可以设静默时段。'),
        ),
        migrations.AddConstraint(
            model_name='escalationrule',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='escalation_dates_in_order', violation_error_message='停用日期不能早于启用日期。'),
        ),
        migrations.AddIndex(
            model_name='clockrun',
            index=models.Index(condition=models.Q(('stopped_at__isnull', True)), fields=['due_at'], name='clock_run_open_by_due'),
        ),
        migrations.AddIndex(
            model_name='clockrun',
            index=models.Index(fields=['hospital', 'started_at'], name='clock_run_by_hospital'),
        ),
        migrations.AddConstraint(
            model_name='clockrun',
            constraint=models.UniqueConstraint(fields=('subject_id', 'kind', 'turn'), name='clock_run_once'),
        ),
        migrations.AddIndex(
            model_name='duty',
            index=models.Index(fields=['department', 'starts_at'], name='duty_by_department'),
        ),
        migrations.AddConstraint(
            model_name='duty',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='duty_times_in_order', violation_error_message='班次的结束时间必须晚于开始时间。'),
        ),
        migrations.AddConstraint(
            model_name='duty',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(consortium.models.duty.Period('starts_at', 'ends_at', django.contrib.postgres.fields.ranges.RangeBoundary()), '&&'), ('department', '='), ('person', '='), ('post', '=')], name='duty_not_twice', violation_error_message='此人在该时段已有这个班次。'),
        ),
        migrations.AddConstraint(
            model_name='dutyswap',
            constraint=models.CheckConstraint(condition=models.Q(('given', models.F('taken')), _negated=True), name='swap_of_two_duties'),
        ),
        migrations.AddConstraint(
            model_name='dutyswap',
            constraint=models.UniqueConstraint(condition=models.Q(('accepted_at__isnull', True)), fields=('given', 'taken'), name='swap_open_once'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.UniqueConstraint(fields=('run', 'rung', 'repetition'), name='escalation_once'),
        ),
    ]
