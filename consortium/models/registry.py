"""Catalogues as data: coded concepts and time limits, each with its source and the dates between which it holds."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Priority, Row, Side


class Dated(Row):
    """An entry with a source and a first and last day."""

    label_zh = models.CharField(max_length=120, help_text="The term in Chinese (中文名称).")
    label_en = models.CharField(max_length=160, help_text="The term in English (英文名称).")
    source = models.CharField(max_length=200, help_text="The standard or decision it was taken from (来源).")
    valid_from = models.DateField(help_text="First day on which it may be used (启用日期).")
    valid_to = models.DateField(null=True, blank=True, help_text="Last day, empty while open-ended (停用日期).")

    class Meta:
        abstract = True

    @property
    def label(self) -> str:
        """The term in the language of the reader."""
        return self.label_en if (get_language() or "").startswith("en") else self.label_zh


class Concept(Dated):
    """A coded concept (FHIR Coding): a specialty, capability, diagnosis or reason.

    The system of a reason is `REASON/` and the name of its catalogue, such as `REASON/REJECT`.
    """

    system = models.CharField(max_length=40, help_text="The catalogue that the code belongs to (编码体系).")
    code = models.CharField(max_length=40, help_text="The code within its catalogue (代码).")
    comment_required = models.BooleanField(
        default=False, help_text="Whether this reason needs a sentence beside it (须附说明)."
    )
    counts_beds = models.BooleanField(default=False, help_text="Whether the capability has places to count (计床位).")
    # The pinyin of its Chinese term; load_registry sets it.
    sounds = SearchVectorField(editable=False, null=True)

    class Meta:
        indexes = [GinIndex(fields=["sounds"], name="concept_sounds")]
        constraints = [
            models.UniqueConstraint(fields=["system", "code", "valid_from"], name="concept_once_per_day"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="concept_dates_in_order",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class Calendar(models.TextChoices):
    """Which time counts (计时日历)."""

    ALWAYS = "ALWAYS", _("连续计时")
    WORKING_DAYS = "WORKING_DAYS", _("仅工作日")


class ClockRule(Dated):
    """A time limit (时限): how long the holder may take, for one priority or for all; an alliance may have its own.

    A point is a step (`accept_referral`), a state that is reached (`>SENT`), both (`refer_down>OUTCOME_RETURNED`), a
    milestone (`milestone:ECG`), or a point that a step names in some cases only (`frozen_alone>SUBMITTED`).
    """

    kind = models.CharField(max_length=20, help_text="What is limited, such as TRIAGE (时限种类).")
    priority = models.PositiveSmallIntegerField(
        choices=Priority.choices, null=True, blank=True, help_text="The priority it is for, empty for all (优先级)."
    )
    alliance = models.ForeignKey(
        "consortium.Alliance",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Between members of this alliance instead of the shipped rule, empty for all (联盟).",
    )
    emergency = models.CharField(
        max_length=20, blank=True, default="", help_text="Only this kind of green channel, empty for all (绿色通道)."
    )
    start_step = models.CharField(max_length=200, help_text="The points that start it, joined by | (起点步骤).")
    stop_step = models.CharField(max_length=200, help_text="The points that end it, joined by | (终点步骤).")
    paused_in = models.CharField(
        max_length=100, blank=True, default="", help_text="The states in which it pauses, joined by | (暂停状态)."
    )
    calendar = models.CharField(
        max_length=12, choices=Calendar.choices, default=Calendar.ALWAYS, help_text="Which time counts (计时日历)."
    )
    target_minutes = models.PositiveIntegerField(help_text="The target, in minutes (目标分钟数).")
    holder = models.CharField(
        max_length=10, choices=Side.choices, help_text="Whose move it is while it runs (时限持有方)."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "priority", "alliance", "valid_from"], name="clock_rule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="clock_rule_dates_in_order",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.priority or ''} {self.target_minutes} min"
