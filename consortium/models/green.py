"""What the green channel knows as data: rules of its kinds, the order of its milestones, travel times."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from consortium.models.base import Row, Side


class GreenRule(Row):
    """How a kind of emergency is broadcast (绿色通道病种规则); the kind is a concept of the system GREEN_KIND."""

    concept = models.OneToOneField(
        "consortium.Concept", models.CASCADE, related_name="green_rule", help_text="The kind (病种)."
    )
    capability = models.CharField(
        max_length=40, blank=True, help_text="Code of the capability that is looked for (所需能力)."
    )
    specialty = models.CharField(
        max_length=40, blank=True, help_text="Code of the specialty that is asked where nobody has it (诊疗科目)."
    )
    answer_minutes = models.PositiveSmallIntegerField(help_text="Time to answer, in minutes (应答分钟数).")
    fresh_minutes = models.PositiveSmallIntegerField(
        help_text="How old a figure of free places may be to count as fresh, in minutes (床位数有效分钟数)."
    )
    ring_size = models.PositiveSmallIntegerField(help_text="How many hospitals are asked at once (每轮医院数).")
    goes_down = models.BooleanField(
        default=False, help_text="Whether it looks for a hospital below instead of an able one (下转)."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ring_size__gte=1), name="green_rule_asks_somebody"),
            models.CheckConstraint(condition=Q(answer_minutes__gte=1), name="green_rule_waits"),
        ]


class MilestoneRule(Row):
    """Who records a milestone and what cannot come after it (时间节点规则); a concept of the system GREEN_MILESTONE."""

    concept = models.OneToOneField(
        "consortium.Concept", models.CASCADE, related_name="milestone_rule", help_text="The milestone (节点)."
    )
    side = models.CharField(max_length=10, choices=Side.choices, help_text="Which side records it (记录方).")
    after = ArrayField(
        models.CharField(max_length=40), default=list, help_text="Milestones that are not later than it (不早于)."
    )
    kinds = ArrayField(
        models.CharField(max_length=40), default=list, help_text="Kinds of emergency it is for, empty for all (病种)."
    )


class TravelTime(Row):
    """Minutes by ambulance between two divisions (转运时间); it replaces the estimate by distance."""

    origin = models.ForeignKey("consortium.Division", models.PROTECT, related_name="+", help_text="From (出发区划).")
    destination = models.ForeignKey("consortium.Division", models.PROTECT, related_name="+", help_text="To (到达区划).")
    minutes = models.PositiveSmallIntegerField(help_text="Minutes on the road (分钟数).")
    source = models.CharField(max_length=200, help_text="Who measured or computed it (来源).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "destination"], name="travel_time_once"),
            models.CheckConstraint(
                condition=~Q(origin=F("destination")) | Q(minutes__lte=120),
                name="travel_time_within_a_division",
                violation_error_message=_("同一区划内的转运时间不应超过 120 分钟。"),
            ),
        ]
