"""The patient's episode, its legs, and what the sender wrote about the patient."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from consortium.access import Arm
from consortium.database.acting import beyond
from consortium.models import Concept, Hospital, Level, Patient, Row, ServiceRequest, Side, Trail
from referrals.models.order import worklist_indexes


class Status(models.TextChoices):
    """Where a leg stands (状态)."""

    DRAFT = "DRAFT", _("草稿")
    OFFICE_REVIEW = "OFFICE_REVIEW", _("院内审核")
    BROADCAST = "BROADCAST", _("绿色通道询问中")
    SENT = "SENT", _("已送达")
    IN_TRIAGE = "IN_TRIAGE", _("分诊中")
    INFO_NEEDED = "INFO_NEEDED", _("待补充资料")
    ACCEPTED = "ACCEPTED", _("已接受")
    WAITLISTED = "WAITLISTED", _("候床")
    ADVISED = "ADVISED", _("已回复建议")
    REJECTED = "REJECTED", _("已拒绝")
    REDIRECTED = "REDIRECTED", _("已改转")
    SCHEDULED = "SCHEDULED", _("已预约")
    ON_HOLD = "ON_HOLD", _("暂缓")
    IN_TRANSIT = "IN_TRANSIT", _("转运中")
    ARRIVED = "ARRIVED", _("已到达")
    NO_SHOW = "NO_SHOW", _("未到诊")
    OUTCOME_RETURNED = "OUTCOME_RETURNED", _("已回传结果")
    CLOSED = "CLOSED", _("已结束")
    CANCELLED = "CANCELLED", _("已取消")
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR", _("录入错误")


class Direction(models.TextChoices):
    """Which way the patient goes, by the levels of the two hospitals."""

    UP = "UP", _("上转")
    DOWN = "DOWN", _("下转")
    LATERAL = "LATERAL", _("平转")

    @classmethod
    def between(cls, origin: str, destination: str) -> "Direction":
        """The direction from a hospital of one level to one of another."""
        tiers = [Level.PROVINCE, Level.CITY, Level.COUNTY]
        step = tiers.index(Level(origin)) - tiers.index(Level(destination))
        return cls.UP if step > 0 else cls.DOWN if step < 0 else cls.LATERAL


class Pathway(models.TextChoices):
    """How a leg finds its destination."""

    ROUTINE = "ROUTINE", _("普通转诊")
    GREEN_CHANNEL = "GREEN_CHANNEL", _("绿色通道")


class Decision(models.TextChoices):
    """How the performer answered."""

    ACCEPTED = "ACCEPTED", _("接受")
    WAITLISTED = "WAITLISTED", _("候床")
    ADVISED = "ADVISED", _("回复建议")
    REJECTED = "REJECTED", _("拒绝")
    REDIRECTED = "REDIRECTED", _("改转")


class Ending(models.TextChoices):
    """How a leg came to its end."""

    COMPLETED = "COMPLETED", _("闭环完成")
    LOCAL = "LOCAL", _("本地处理")
    SENT_AGAIN = "SENT_AGAIN", _("另行转出")
    REDIRECTED = "REDIRECTED", _("改转")
    CANCELLED = "CANCELLED", _("取消")
    DECEASED = "DECEASED", _("死亡")
    EXPIRED = "EXPIRED", _("过期")
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR", _("录入错误")


class Case(Row):
    """One patient's episode (转诊病例); its clock runs from the first referral to the last outcome."""

    SEEN_THROUGH = "legs"
    OF_PATIENT = "patient"
    OPENS = True

    number = models.CharField(max_length=20, unique=True, help_text="Readable number of the episode (病例号).")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="cases", help_text="Whose episode it is (患者).")
    origin = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="Where it began (首诊医院)."
    )
    opened_at = models.DateTimeField(help_text="When it began (开始时间).")
    closed_at = models.DateTimeField(null=True, help_text="When its last leg ended, empty while open (结束时间).")

    class Meta:
        indexes = [models.Index(fields=["patient"], condition=Q(closed_at__isnull=True), name="case_open_by_patient")]

    @property
    def runs(self) -> Trail:
        """The time limits of all its legs and of what hangs on them."""
        return Trail(self, "runs", "ClockRun", key="thread_id")


class ClinicalSummary(Row):
    """What the sender wrote about the patient (病情摘要); legs that carry the same facts share one."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="summaries", editable=False)
    summary = models.CharField(max_length=8000, blank=True, help_text="History and findings (病情摘要).")
    vitals = models.JSONField(default=dict, help_text="Vital signs with their units (生命体征).")
    exams = models.JSONField(default=list, help_text="Examinations with results (检查检验).")
    treatment = models.CharField(max_length=4000, blank=True, help_text="Treatment so far (已行治疗).")
    allergies = models.CharField(max_length=1000, blank=True, help_text="Allergies (过敏史).")
    diagnoses: Any = models.ManyToManyField(Concept, through="Diagnosis", related_name="+")

    def diagnose(self, concepts: list[Concept]) -> None:
        """Write the diagnoses in their order, the principal one first."""
        self.ranked.all().delete()
        Diagnosis.objects.bulk_create(
            Diagnosis(summary=self, concept=concept, rank=rank) for rank, concept in enumerate(concepts, start=1)
        )


class Diagnosis(Row):
    """One coded diagnosis of a summary (诊断); rank 1 is the principal one."""

    summary = models.ForeignKey(ClinicalSummary, models.CASCADE, related_name="ranked", editable=False)
    concept = models.ForeignKey(Concept, models.PROTECT, related_name="+", help_text="ICD-10 concept (诊断编码).")
    rank = models.PositiveSmallIntegerField(help_text="Order; 1 is the principal diagnosis (次序).")

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["summary", "rank"], name="diagnosis_rank_once")]


def _sent(now: datetime) -> Q:
    return Q(sent_at__isnull=False) & ~Q(status__in=NARROWED) & kept(now)


def _narrowed(now: datetime) -> Q:
    return Q(sent_at__isnull=False, status__in=NARROWED) & kept(now)


def kept(now: datetime) -> Q:
    """The condition that a case is open, or ended so lately that its performer may still read it."""
    days = timedelta(days=settings.ACCESS_DAYS_AFTER_CLOSE)
    return Q(closed_at__isnull=True) | Q(closed_at__gt=now - days)


NARROWED = [Status.REJECTED, Status.REDIRECTED]


class Referral(ServiceRequest):
    """One leg of a case (转诊单): one department asks another to take the patient over (FHIR ServiceRequest)."""

    KIND = "referral"
    LOADED = (
        "case__patient",
        "needed_capability",
        "requester_hospital",
        "requester_department",
        "performer_hospital",
        "performer_department",
        "green_kind",
        "handover",
    )
    OF_PATIENT = "case__patient"
    OPENS = True
    LOCKED = ("case__patient", "case")
    ENDS = frozenset(
        {
            *(f">{status}" for status in (Status.CLOSED, Status.CANCELLED, Status.REDIRECTED, Status.ENTERED_IN_ERROR)),
            "resend_referral",
        }
    )
    VOID = frozenset({f">{Status.ENTERED_IN_ERROR}"})
    VIEWED_BY = {Side.REQUESTER: "view_sent_referral", Side.PERFORMER: "view_received_referral"}
    ARMS = (
        Arm("view_sent_referral", Side.REQUESTER, lambda now: Q()),
        Arm("view_received_referral", Side.PERFORMER, _sent),
        Arm("view_received_referral", Side.PERFORMER, _narrowed, full=False),
        Arm("confirm_error", Side.REQUESTER, lambda now: Q(error_reported_at__isnull=False), full=False),
        Arm("view_own_activation", Side.REQUESTER, lambda now: Q(pathway=Pathway.GREEN_CHANNEL), full=False, own=True),
    )

    case = models.ForeignKey(Case, models.PROTECT, related_name="legs", help_text="The episode it belongs to (病例).")
    clinical = models.ForeignKey(
        ClinicalSummary, models.PROTECT, related_name="legs", help_text="What the sender wrote (病情摘要)."
    )
    status = models.CharField(max_length=20, choices=Status.choices, help_text="Where it stands (状态).")
    pathway = models.CharField(
        max_length=14, choices=Pathway.choices, default=Pathway.ROUTINE, help_text="How it finds its place (通道)."
    )
    green_kind = models.ForeignKey(
        Concept,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Kind of emergency, empty outside the green channel (绿色通道病种).",
    )
    direction = models.CharField(
        max_length=8, choices=Direction.choices, blank=True, default="", help_text="Up, down or lateral (方向)."
    )
    reason = models.CharField(max_length=500, blank=True, help_text="What is asked of the performer (转诊目的).")
    needed_capability = models.ForeignKey(
        Concept, models.PROTECT, null=True, related_name="+", help_text="Capability the patient needs (所需能力)."
    )
    held_capacity = models.ForeignKey(
        "consortium.Capability", models.PROTECT, null=True, related_name="+", editable=False
    )
    based_on = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="followed_by",
        help_text="The leg that this one follows from (来源转诊单).",
    )
    hops = models.PositiveSmallIntegerField(
        default=0, help_text="How many times the case was redirected before this leg (已改转次数)."
    )
    consent_by = models.CharField(max_length=60, blank=True, help_text="Who consented to share the record (同意人).")
    consent_relation = models.CharField(
        max_length=20, blank=True, help_text="The consenter's relation to the patient: 本人, 母亲 … (与患者关系)."
    )
    consent_at = models.DateTimeField(null=True, help_text="When consent was given (同意时间).")
    consent_refused_at = models.DateTimeField(null=True, help_text="When consent was refused (拒绝同意时间).")
    opened_at = models.DateTimeField(null=True, help_text="When the performer first opened it (首次查看时间).")
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="Who at the performer has taken it in hand (认领人).",
    )
    decided_at = models.DateTimeField(null=True, help_text="When the performer first answered (首次答复时间).")
    decision = models.CharField(
        max_length=10,
        choices=Decision.choices,
        blank=True,
        default="",
        help_text="The performer's latest answer, empty while there is none (答复).",
    )
    instructions = models.CharField(
        max_length=2000, blank=True, help_text="What the patient must know before coming (患者须知)."
    )
    advice = models.JSONField(null=True, help_text="The specialist's structured advice (专家建议).")
    reject_reason = models.CharField(max_length=40, blank=True, help_text="Why it was rejected, as a code (拒绝原因).")
    alternative_hospital = models.ForeignKey(
        "consortium.Hospital",
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Where the rejecting specialist suggests to ask (建议医院).",
    )
    status_before_hold = models.CharField(max_length=20, blank=True, default="", editable=False)
    departed_at = models.DateTimeField(null=True, help_text="When the patient last left (出发时间).")
    arrived_at = models.DateTimeField(null=True, help_text="When the patient arrived (到达时间).")
    expiry_proposed_at = models.DateTimeField(
        null=True, help_text="When the clock proposed to let it expire (提议过期时间)."
    )
    expiry_version = models.PositiveIntegerField(null=True, editable=False)
    follow_up_due_at = models.DateTimeField(
        null=True, help_text="Until when the sender follows the patient up (随访截止)."
    )
    followed_up_at = models.DateTimeField(null=True, help_text="When the sender followed up (随访时间).")
    ending = models.CharField(
        max_length=16, choices=Ending.choices, blank=True, default="", help_text="How it ended (结束方式)."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(performer_hospital=F("requester_hospital")),
                name="referral_between_two_hospitals",
                violation_error_message=_("转出与接收医院不能是同一家。"),
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, ending="") | Q(closed_at__isnull=False) & ~Q(ending=""),
                name="referral_ends_in_some_way",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(performer_department__isnull=False),
                name="referral_sent_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(pathway="ROUTINE", green_kind__isnull=True)
                | Q(pathway="GREEN_CHANNEL", green_kind__isnull=False),
                name="referral_green_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~Q(status="BROADCAST") | Q(pathway="GREEN_CHANNEL", sent_at__isnull=True),
                name="referral_broadcast_to_nobody_yet",
            ),
        ]
        indexes = [
            *worklist_indexes(),
            models.Index(fields=["created_by", "-id"], name="referral_written_newest"),
            models.Index(fields=["claimed_by", "-id"], name="referral_claimed_newest"),
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="referral_open_by_deadline"),
            models.Index(
                fields=["due_at"],
                condition=Q(arrived_at__isnull=False, closed_at__isnull=True),
                name="referral_arrived_by_deadline",
            ),
        ]

    @property
    def thread_id(self) -> UUID:
        """The case ties its legs together."""
        return self.case_id

    @property
    def patient_id(self) -> UUID:
        """Whose referral it is."""
        return self.case.patient_id

    @property
    def patient(self) -> Patient:
        """Whose referral it is."""
        return self.case.patient

    @property
    def green(self) -> bool:
        """Whether it goes by the green channel."""
        return self.pathway == Pathway.GREEN_CHANNEL

    @property
    def emergency(self) -> str:
        """The kind of the green channel."""
        return self.green_kind.code if self.green_kind else ""

    @property
    def silent_since(self) -> datetime | None:
        """Nobody is reminded of a patient who has died."""
        return self.patient.deceased_at

    @staticmethod
    def between(origin: Hospital, destination: Hospital) -> Direction:
        """The direction from one hospital to another."""
        return Direction.between(origin.level, destination.level)

    def end(self, ending: Ending, at: datetime) -> None:
        """Let nothing remain to be done on this leg."""
        self.closed_at, self.ending = at, ending

    def reopen(self) -> None:
        """Let there be something to do again, as after an amended outcome."""
        self.closed_at, self.ending = None, ""

    def after_step(self, move: Any) -> None:
        """Keep the case open exactly while a leg is."""
        open_legs = Referral.objects.filter(case=OuterRef("pk"), closed_at__isnull=True)
        cases = Case.objects.filter(pk=self.case_id)
        if self.open:
            if self.case.closed_at:
                cases.update(closed_at=None)
        else:
            with beyond():  # legs of other hospitals too keep it open
                cases.filter(~Exists(open_legs)).update(closed_at=self.closed_at)
