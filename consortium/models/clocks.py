"""Time limits at work: what ran on each case and for whom, the ladder of reminders, and the reminders given."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Priority, Row, Side
from consortium.models.directory import Department, Hospital
from consortium.models.registry import ClockRule, Dated
from consortium.models.trail import Event


class ClockRun(Row):
    """One run of one time limit on one case (计时); it follows from the events and can be rebuilt from them."""

    subject_kind = models.CharField(max_length=20, help_text="What kind of case (对象种类).")
    subject_id = models.UUIDField(help_text="The case it runs on.")
    thread_id = models.UUIDField(help_text="What ties cases together: the patient's episode.")
    kind = models.CharField(max_length=20, help_text="What is limited, such as TRIAGE (时限种类).")
    turn = models.PositiveSmallIntegerField(help_text="Which run of this kind on the case, from 1 (第几次).")
    rule = models.ForeignKey(ClockRule, models.PROTECT, related_name="+", help_text="By which rule (时限规则).")
    target_minutes = models.PositiveIntegerField(help_text="How many minutes were given (目标分钟数).")
    holder = models.CharField(max_length=10, choices=Side.choices, help_text="Whose move it is (时限持有方).")
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, null=True, related_name="+", help_text="The holder's hospital (持有医院)."
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", help_text="The holder's department (持有科室)."
    )
    started_at = models.DateTimeField(help_text="When it began (计时开始).")
    due_at = models.DateTimeField(null=True, help_text="When it ends; empty while it pauses (截止时间).")
    paused_at = models.DateTimeField(null=True, help_text="Since when it pauses, empty while it runs (暂停开始).")
    paused_in = models.CharField(
        max_length=20, blank=True, default="", help_text="The state of the case that lets it pause (暂停原因)."
    )
    paused_seconds = models.PositiveIntegerField(default=0, help_text="How long it paused before, seconds (累计暂停).")
    taken_seconds = models.PositiveIntegerField(
        null=True,
        help_text="Time taken on its calendar when it paused or stopped, seconds; empty until then (用时).",
    )
    stopped_at = models.DateTimeField(null=True, help_text="When it stopped, empty until then (计时结束).")
    met = models.BooleanField(
        null=True, help_text="Whether it was met; empty while it runs, or if nothing can be said (是否达标)."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject_id", "kind", "turn"], name="clock_run_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(stopped_at__isnull=True), name="clock_run_open_by_due"),
            models.Index(fields=["hospital", "started_at"], name="clock_run_by_hospital"),
            models.Index(fields=["thread_id"], name="clock_run_by_thread"),
        ]


class Rung(models.TextChoices):
    """Who is reminded, from the nearest to the farthest (升级层级)."""

    DUTY = "DUTY", _("值班人员")
    HEAD = "HEAD", _("科室负责人")
    HOSPITAL = "HOSPITAL", _("医院管理员与转诊办")
    ALLIANCE = "ALLIANCE", _("联盟管理员")


class EscalationRule(Dated):
    """One rung of the ladder of reminders (升级规则) for one priority: when it is reached, how often it repeats."""

    priority = models.PositiveSmallIntegerField(choices=Priority.choices, help_text="For this priority (优先级).")
    rung = models.CharField(max_length=10, choices=Rung.choices, help_text="Who is reminded (层级).")
    after_minutes = models.IntegerField(help_text="Minutes after the limit's end; negative before it (超时后分钟数).")
    repeat_minutes = models.PositiveIntegerField(help_text="Minutes until it repeats (重复间隔).")
    quiet_from = models.TimeField(null=True, blank=True, help_text="Start of quiet hours, empty for none (静默开始).")
    quiet_to = models.TimeField(null=True, blank=True, help_text="End of quiet hours (静默结束).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["priority", "rung", "valid_from"], name="escalation_rule_once"),
            models.CheckConstraint(condition=Q(repeat_minutes__gt=0), name="escalation_repeats"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | Q(priority=Priority.ROUTINE, quiet_from__isnull=False, quiet_to__isnull=False),
                name="escalation_quiet_for_routine_only",
                violation_error_message=_("只有常规件可以设静默时段。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="escalation_dates_in_order",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
        ]


class Escalation(Row):
    """One reminder that was given (升级提醒): a run, a rung and the number of the repetition, once."""

    run = models.ForeignKey(ClockRun, models.CASCADE, related_name="escalations", help_text="Of which run (计时).")
    rung = models.CharField(max_length=10, choices=Rung.choices, help_text="To whom (层级).")
    repetition = models.PositiveIntegerField(help_text="Which repetition, from 0 (第几次).")
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", help_text="Where it is recorded (事件).")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "rung", "repetition"], name="escalation_once")]
