"""Emergency access to one patient's cases, for an hour at most, and what the patient's hospital said of it."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Row
from consortium.models.people import PractitionerRole

LONGEST = timedelta(minutes=60)  # domain specification, section 7


class Verdict(models.TextChoices):
    """What the patient's hospital says of an emergency access."""

    JUSTIFIED = "JUSTIFIED", _("合理")
    UNJUSTIFIED = "UNJUSTIFIED", _("不合理")


class BreakGlass(Row):
    """Somebody may read all cases of one patient for a time (紧急调阅); it ends by itself, and with the role."""

    KIND = "breakGlass"  # its name in events

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who (调阅人).")
    practitioner_role = models.ForeignKey(
        PractitionerRole, models.PROTECT, related_name="+", help_text="By which role (以何岗位)."
    )
    hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="Whose person it is (调阅方医院)."
    )
    patient = models.ForeignKey("consortium.Patient", models.PROTECT, related_name="+", help_text="Whose cases (患者).")
    patient_hospital = models.ForeignKey(
        "consortium.Hospital",
        models.PROTECT,
        related_name="+",
        help_text="The hospital that registered the patient; it is told and reviews (患者所属医院).",
    )
    reason_code = models.CharField(max_length=40, help_text="Why, catalogue BREAK_GLASS (原因代码).")
    comment = models.CharField(max_length=1000, blank=True, help_text="Words beside the reason (说明).")
    started_at = models.DateTimeField(help_text="From when (开始时间).")
    ends_at = models.DateTimeField(help_text="Until when, exclusive; earlier if it was ended (结束时间).")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who ended it before its time (提前结束人).",
    )
    review_due_at = models.DateTimeField(help_text="Until when it is to be reviewed (复核期限).")
    escalated_at = models.DateTimeField(null=True, help_text="When the overdue review was escalated (升级时间).")
    verdict = models.CharField(
        max_length=12, choices=Verdict.choices, blank=True, help_text="What the patient's hospital found (复核结论)."
    )
    review_comment = models.CharField(max_length=1000, blank=True, help_text="Words beside the verdict (复核说明).")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who reviewed it (复核人)."
    )
    reviewed_at = models.DateTimeField(null=True, help_text="When it was reviewed (复核时间).")
    version = models.PositiveIntegerField(default=1, help_text="Counts the changes (版本).")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("started_at")) & Q(ends_at__lte=F("started_at") + LONGEST),
                name="break_glass_for_an_hour",
                violation_error_message=_("紧急调阅最长 60 分钟。"),
            ),
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_by__isnull=True, reviewed_at__isnull=True)
                | (~Q(verdict="") & Q(reviewed_by__isnull=False, reviewed_at__isnull=False)),
                name="break_glass_reviewed_as_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("person")),
                name="break_glass_reviewed_by_another",
                violation_error_message=_("紧急调阅须由他人复核。"),
            ),
            ExclusionConstraint(
                name="break_glass_once_at_a_time",
                expressions=[
                    (
                        Func("started_at", "ends_at", function="TSTZRANGE", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                    ("practitioner_role", RangeOperators.EQUAL),
                    ("patient", RangeOperators.EQUAL),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["patient_hospital", "-id"], name="break_glass_by_hospital"),
            models.Index(fields=["review_due_at"], name="break_glass_to_review", condition=Q(reviewed_at__isnull=True)),
        ]
