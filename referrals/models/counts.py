"""How many legs went from where to where, by day and by month: a roll-up that a trigger keeps exact."""

from django.db import models
from django.db.models import Q

SUMS = ("sent", "answered", "accepted", "advised", "arrived", "completed", "served", "judged")


class Grain(models.TextChoices):
    """What one row sums up."""

    CHANGE = "C"
    DAY = "D"
    MONTH = "M"


class LegCount(models.Model):
    """Legs sent on a day, or in a month, from one hospital to another for one capability (转诊计数).

    Days and months hold what was settled; a change waits as a row of its own, so that nobody waits for another's
    hospital. A figure is the sum of both, exact at the moment of reading; see `referrals.rollup`.
    """

    grain = models.CharField(max_length=1, choices=Grain.choices, help_text="What the row sums up (粒度).")
    day = models.DateField(help_text="Day on which they were sent; of a month its first (日期).")
    requester_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, db_index=False, related_name="+", help_text="From where (转出医院)."
    )
    performer_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, db_index=False, related_name="+", help_text="To where (接收医院)."
    )
    capability = models.ForeignKey(
        "consortium.Concept",
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="What the patient needed, empty if nothing was named (所需能力).",
    )
    sent = models.IntegerField(help_text="Legs (送达).")
    answered = models.IntegerField(help_text="Of them answered (已答复).")
    accepted = models.IntegerField(help_text="Of them accepted or waitlisted (接受或候床).")
    advised = models.IntegerField(help_text="Of them answered with advice (附建议退回).")
    arrived = models.IntegerField(help_text="Whose patient arrived (已到院).")
    completed = models.IntegerField(help_text="Of these, whose outcome was acknowledged (闭环).")
    served = models.IntegerField(help_text="Arrived or advised (已服务).")
    judged = models.IntegerField(help_text="Arrived and ended (已结束).")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "day", "requester_hospital", "performer_hospital", "capability"],
                condition=~Q(grain="C"),
                nulls_distinct=False,
                name="leg_count_once",
            )
        ]
        indexes = [models.Index(fields=["day"], condition=Q(grain="C"), name="leg_count_changes")]

    def __str__(self) -> str:
        return f"{self.grain} {self.day}"
