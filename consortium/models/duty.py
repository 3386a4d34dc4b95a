"""Who answers for a department at a given time, and the swaps that two people agree on."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Row
from consortium.models.directory import Department


class Post(models.TextChoices):
    """For what somebody is on the roster, the first to be called first."""

    DUTY = "DUTY", _("值班")
    HEAD = "HEAD", _("科室负责人")


class Period(Func):
    """The time of a duty, its end excluded."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Duty(Row):
    """Somebody answers for a department for a time (值班)."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="duties", help_text="For it (科室).")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="duties", help_text="Who (人员).")
    post = models.CharField(
        max_length=4, choices=Post.choices, default=Post.DUTY, help_text="On duty, or the department's head (班次)."
    )
    starts_at = models.DateTimeField(help_text="From when (开始时间).")
    ends_at = models.DateTimeField(help_text="Until when, exclusive (结束时间).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="duty_times_in_order",
                violation_error_message=_("班次的结束时间必须晚于开始时间。"),
            ),
            ExclusionConstraint(
                name="duty_not_twice",
                expressions=[
                    (Period("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("department", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    ("post", RangeOperators.EQUAL),
                ],
                violation_error_message=_("此人在该时段已有这个班次。"),
            ),
        ]
        indexes = [models.Index(fields=["department", "starts_at"], name="duty_by_department")]


class DutySwap(Row):
    """Two people exchange their duties (换班): one proposes, the other accepts."""

    KIND = "dutySwap"  # its name in events

    given = models.ForeignKey(Duty, models.CASCADE, related_name="+", help_text="The proposer's duty (换出班次).")
    taken = models.ForeignKey(Duty, models.CASCADE, related_name="+", help_text="The other's duty (换入班次).")
    given_version = models.PositiveIntegerField(editable=False)
    taken_version = models.PositiveIntegerField(editable=False)
    proposed_at = models.DateTimeField(help_text="When it was proposed (提出时间).")
    accepted_at = models.DateTimeField(null=True, help_text="When it was accepted, empty until then (同意时间).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(given=F("taken")), name="swap_of_two_duties"),
            models.UniqueConstraint(
                fields=["given", "taken"], condition=Q(accepted_at__isnull=True), name="swap_open_once"
            ),
        ]
