"""The green channel: offers to several hospitals at once, what happened when, the handover, and the review."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium.access import Arm
from consortium.models import Concept, Row, ServiceRequest, Side
from referrals.models.referral import NARROWED, Referral, kept


class OfferStatus(models.TextChoices):
    """Where an offer stands (询问状态)."""

    ASKED = "ASKED", _("已发出")
    READ = "READ", _("已阅")
    NEGOTIATING = "NEGOTIATING", _("商议中")
    OFFERED = "OFFERED", _("可以接收")
    DECLINED = "DECLINED", _("不能接收")
    RELEASED = "RELEASED", _("已另选他院")
    CHOSEN = "CHOSEN", _("已选定")
    WITHDRAWN = "WITHDRAWN", _("已撤回")


UNANSWERED = [OfferStatus.ASKED, OfferStatus.READ, OfferStatus.NEGOTIATING]
LIVE = [*UNANSWERED, OfferStatus.OFFERED]
OVER = [OfferStatus.DECLINED, OfferStatus.RELEASED, OfferStatus.WITHDRAWN]


class PhoneAnswer(models.TextChoices):
    """What a hospital said on the telephone."""

    CAN_TAKE = "CAN_TAKE", _("可以接收")
    CANNOT_TAKE = "CANNOT_TAKE", _("不能接收")


# Over for the asked hospital: it was not taken, or it was and the patient went on elsewhere.
PAST = Q(status__in=OVER) | Q(referral__status__in=NARROWED)


def _seen(now: datetime) -> Q:
    return ~PAST & kept(now)


def _narrowed(now: datetime) -> Q:
    return PAST & kept(now)


class Offer(ServiceRequest):
    """One hospital is asked whether it can take a patient (绿色通道询问), without learning who that is."""

    KIND = "offer"
    LOADED = (
        "referral__case__patient",
        "referral__clinical",
        "referral__green_kind",
        "requester_hospital",
        "requester_department",
        "performer_hospital",
        "performer_department",
    )
    OF_PATIENT = "referral__case__patient"
    LOCKED = ("referral__case__patient", "referral__case", "referral")
    ENDS = frozenset(f">{status}" for status in (OfferStatus.RELEASED, OfferStatus.CHOSEN, OfferStatus.WITHDRAWN))
    VIEWED_BY = {Side.REQUESTER: "view_sent_referral", Side.PERFORMER: "view_received_referral"}
    ARMS = (
        Arm("view_sent_referral", Side.REQUESTER, lambda now: Q()),
        Arm("view_received_referral", Side.PERFORMER, _seen),
        Arm("view_received_referral", Side.PERFORMER, _narrowed, full=False),
    )

    referral = models.ForeignKey(
        Referral, models.PROTECT, related_name="offers", help_text="The green-channel leg it is about (转诊单)."
    )
    status = models.CharField(max_length=12, choices=OfferStatus.choices, help_text="Where it stands (状态).")
    ring = models.PositiveSmallIntegerField(help_text="In which round it was asked, from 1 (第几轮).")
    rank = models.PositiveSmallIntegerField(help_text="Its place in the ranking, from 1 (排序).")
    free_places = models.SmallIntegerField(
        null=True, help_text="Places free when it was asked, empty if not counted (当时空床)."
    )
    figure_as_of = models.DateTimeField(null=True, help_text="When those places were counted (床位数统计时间).")
    travel_minutes = models.PositiveSmallIntegerField(
        null=True, help_text="Minutes on the road, empty if unknown (转运分钟数)."
    )
    travel_source = models.CharField(max_length=200, blank=True, help_text="Where those minutes come from (来源).")
    read_at = models.DateTimeField(null=True, help_text="When it was first read (首次阅读时间).")
    answered_at = models.DateTimeField(null=True, help_text="When it was last answered yes or no (答复时间).")
    message = models.CharField(max_length=1000, blank=True, help_text="The asked hospital's latest words (回复内容).")
    decline_reason = models.CharField(max_length=40, blank=True, help_text="Why not, as a code (不能接收原因).")
    phone_spoken_with = models.CharField(
        max_length=60, blank=True, help_text="Who answered on the telephone, as the sender typed it (通话人)."
    )
    phone_answered_at = models.DateTimeField(
        null=True, help_text="When the sender typed an answer given by telephone, empty otherwise (电话答复时间)."
    )
    phone_confirmed_at = models.DateTimeField(
        null=True, help_text="When the asked hospital confirmed that answer (电话答复确认时间)."
    )
    call_due_at = models.DateTimeField(
        null=True, help_text="Since when the sender should telephone, because nobody answered (应电话联系时间)."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["referral", "performer_hospital"], name="offer_once_per_hospital"),
            models.UniqueConstraint(fields=["referral"], condition=Q(status="CHOSEN"), name="offer_one_winner"),
            models.CheckConstraint(
                condition=Q(status__in=LIVE, closed_at__isnull=True) | ~Q(status__in=LIVE) & Q(closed_at__isnull=False),
                name="offer_open_while_live",
            ),
        ]
        indexes = [
            models.Index(fields=["requester_hospital", "-id"], name="offer_sent_newest"),
            models.Index(fields=["requester_department", "-id"], name="offer_dept_sent_newest"),
            models.Index(fields=["performer_hospital", "-id"], name="offer_received_newest"),
            models.Index(fields=["performer_department", "-id"], name="offer_dept_received_newest"),
        ]

    @property
    def thread_id(self) -> UUID:
        """The case of the leg."""
        return self.referral.case_id

    @property
    def patient_id(self) -> UUID:
        """Whose leg it is about; only the trail knows."""
        return self.referral.case.patient_id

    @property
    def silent_since(self) -> datetime | None:
        """Nobody is reminded of a patient who has died."""
        return self.referral.silent_since

    @property
    def emergency(self) -> str:
        """The kind of the leg."""
        return self.referral.emergency

    @property
    def unconfirmed(self) -> bool:
        """Whether its answer was typed by the sender and is not yet confirmed by the asked hospital."""
        return self.phone_answered_at is not None and self.phone_confirmed_at is None


class Milestone(Row):
    """When something happened to the patient (时间节点); a correction supersedes, nothing is overwritten."""

    referral = models.ForeignKey(
        Referral, models.PROTECT, related_name="milestones", editable=False
    )  # after a diversion the leg that goes on
    kind = models.ForeignKey(Concept, models.PROTECT, related_name="+", help_text="What happened (节点).")
    at = models.DateTimeField(help_text="When it happened (发生时间).")
    recorded_at = models.DateTimeField(help_text="When it was recorded (记录时间).")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who recorded it (记录人)."
    )
    correction_reason = models.CharField(
        max_length=40, blank=True, help_text="Why an earlier entry was corrected, as a code (更正原因)."
    )
    superseded_at = models.DateTimeField(null=True, help_text="When a correction replaced it (被更正时间).")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "kind"], condition=Q(superseded_at__isnull=True), name="milestone_holds_once"
            ),
        ]


class Handover(Row):
    """The handover of the patient at the door (交接单), signed by both sides."""

    referral = models.OneToOneField(Referral, models.PROTECT, related_name="handover", editable=False)
    condition = models.CharField(max_length=2000, blank=True, help_text="Condition on handing over (交接时病情).")
    on_the_way = models.CharField(max_length=2000, blank=True, help_text="What was done on the way (途中处置).")
    given = models.CharField(max_length=1000, blank=True, help_text="Papers and belongings handed over (交接物品).")
    remarks = models.CharField(max_length=1000, blank=True, help_text="The receiver's remarks (接收方意见).")
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who handed over (移交人)."
    )
    sender_signed_at = models.DateTimeField(null=True, help_text="When the sender signed (移交签字时间).")
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Who took over (接收人)."
    )
    receiver_signed_at = models.DateTimeField(null=True, help_text="When the receiver signed (接收签字时间).")

    @property
    def signed(self) -> bool:
        """Whether both sides have signed."""
        return self.sender_signed_at is not None and self.receiver_signed_at is not None


class QualityReview(Row):
    """Why an interval took as long as it did (质控复盘), with a coded cause."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="quality_reviews", editable=False)
    from_kind = models.ForeignKey(
        Concept, models.PROTECT, related_name="+", help_text="Milestone at which it began (起始节点)."
    )
    to_kind = models.ForeignKey(
        Concept, models.PROTECT, related_name="+", help_text="Milestone at which it ended (终止节点)."
    )
    minutes = models.PositiveIntegerField(help_text="How long it took, in whole minutes (用时分钟数).")
    cause = models.CharField(max_length=40, help_text="Why, as a code of the catalogue GREEN_BREACH (超时原因).")
    comment = models.CharField(max_length=1000, blank=True, help_text="Words beside the cause (说明).")
    reviewed_at = models.DateTimeField(help_text="When it was reviewed (复盘时间).")
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", help_text="Who reviewed it (复盘人)."
    )

    class Meta:
        ordering = ["id"]
