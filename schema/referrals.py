"""Two-way referral on the wire: cases and their legs, what happened to them, and what may be done now."""

from typing import Any

import graphene

from consortium import access, lifecycle
from consortium.models import ClockRun, Event, Patient
from referrals.models import (
    Case,
    Decision,
    Direction,
    Ending,
    Milestone,
    Offer,
    Pathway,
    Referral,
    Status,
)
from schema import reads
from schema.base import (
    AS_READ,
    FULL,
    PART,
    Type,
    declare,
    hidden,
    listed,
)
from schema.choices import AvailableAction, available_actions, choices_sql
from schema.clinical import (
    Advice,
    AttachmentType,
    BookingType,
    ClinicalSummaryType,
    InformationRequestType,
    JourneyType,
    OutcomeType,
    PatientType,
)
from schema.clocks import BY_BEGINNING, Clock, ClockRunType, by_beginning, clock_of, clock_sql, runs_seen
from schema.people import step_labels
from schema.reads import Through
from schema.rows import Row

StatusEnum = declare(Status, "ReferralStatus")
DirectionEnum = declare(Direction, "Direction")
PathwayEnum = declare(Pathway, "Pathway")
DecisionEnum = declare(Decision, "Decision")
EndingEnum = declare(Ending, "Ending")


def said(row: Row, name: str) -> str:
    """Words about the patient, empty in a narrowed view, see `shown`."""
    return f"case when {row.full_view} then {row(name)} else '' end"


def level(row: Row) -> str:
    """As the read gate marked the row."""
    return f"case when {row.full_view} then 'FULL' else 'SUMMARY' end"


class EventType(Type):
    """One step that was taken (事件)."""

    label = graphene.String(required=True, description="The step in the reader's language (步骤名称).")

    class Meta:
        """Reached through a referral that is visible."""

        model, name, rule = Event, "Event", PART
        fields = (
            "kind",
            "version",
            "from_status",
            "to_status",
            "event_at",
            "recorded_at",
            "backdating_reason",
            "backdating_comment",
            "actor",
            "actor_role",
            "actor_hospital",
            "on_behalf_of",
            "reason_code",
            "comment",
        )
        sql = {
            "label": lambda row: row.worded(row("kind"), step_labels()),
            "comment": lambda row: said(row, "comment"),
            "backdating_comment": lambda row: said(row, "backdating_comment"),
        }

    def resolve_label(self: Any, info: Any) -> str:
        """From the table of transitions."""
        return str(lifecycle.label_of(self.kind))


class AccessLevel(graphene.Enum):
    """How much of a referral one sees."""

    FULL = "FULL"
    SUMMARY = "SUMMARY"

    @property
    def description(self) -> str:
        """What it means."""
        return {"FULL": "Everything (全部).", "SUMMARY": "Numbers, parties, state; nothing clinical (仅摘要)."}[
            self.name
        ]


CLINICAL_FIELDS = (
    "clinical",
    "advice",
    "reason",
    "instructions",
    "consent_by",
    "consent_relation",
    "needed_capability",
    "green_kind",
    "milestones",
    "handover",
    "quality_reviews",
    "information_requests",
    "bookings",
    "journeys",
    "outcomes",
    "attachments",
)


class ReferralType(Type):
    """One leg of a case: one department asks another to take the patient over (转诊单)."""

    access_level = AccessLevel(required=True, description="How much of it you see (可见范围).")
    case = graphene.Field(lambda: CaseType, required=True, description="The episode it belongs to (病例).")
    patient = graphene.Field(PatientType, required=True, description="Whose referral it is (患者).")
    clinical = graphene.Field(ClinicalSummaryType, description="What the sender wrote (病情摘要).")
    advice = graphene.Field(Advice, description="The specialist's structured advice (专家建议).")
    clock = graphene.Field(Clock, description="The limit that runs now, empty if none (时限).")
    clocks = listed(ClockRunType, "Every limit that runs or ran, by its beginning (全部时限).")
    available_actions = listed(
        AvailableAction,
        "Every step with allowed or why not (可用操作).",
        allowed=graphene.Boolean(description="Only what is allowed (true) or blocked (false); every step if empty."),
    )
    events = listed(EventType, "Every step that was taken, in order (时间线).")
    information_requests = hidden(InformationRequestType, "What was asked and answered (补充资料).")
    bookings = hidden(BookingType, "Every place that was kept for the patient (预约).")
    journeys = hidden(JourneyType, "Every departure (转运).")
    outcomes = hidden(OutcomeType, "Every version of the outcome (结果回传).")
    # By name: the green channel's own types are built on this one.
    offers = listed("schema.green.OfferType", "Hospitals that were asked, as far as you see them (各院询问).")
    milestones = hidden("schema.green.MilestoneType", "What happened when, in order of time (时间节点).")
    handover = graphene.Field("schema.green.HandoverType", description="The handover at the door (交接单).")
    quality_reviews = hidden("schema.green.QualityReviewType", "Why intervals took long (质控复盘).")
    attachments = hidden(AttachmentType, "Files (附件).")
    followed_by = listed(lambda: ReferralType, "Legs that follow from it, as far as you see them (后续转诊单).")
    reason = graphene.String(description="What is asked of the performer (转诊目的).")
    instructions = graphene.String(description="What the patient must know before coming (患者须知).")
    consent_by = graphene.String(description="Who consented to share the record (同意人).")
    consent_relation = graphene.String(description="The consenter's relation to the patient (与患者关系).")

    class Meta:
        """Whoever passes the read gate; what is clinical only in full view."""

        model, name, rule = Referral, "Referral", PART
        fields = (
            "number",
            "version",
            "status",
            "pathway",
            "direction",
            "priority",
            "requester_hospital",
            "requester_department",
            "performer_hospital",
            "performer_department",
            "needed_capability",
            "green_kind",
            "hops",
            "created_by",
            "created_at",
            "sent_at",
            "opened_at",
            "claimed_by",
            "decided_at",
            "decision",
            "reject_reason",
            "alternative_hospital",
            "consent_at",
            "consent_refused_at",
            "departed_at",
            "arrived_at",
            "expiry_proposed_at",
            "error_reported_at",
            "follow_up_due_at",
            "followed_up_at",
            "closed_at",
            "ending",
        )
        field_rules = dict.fromkeys(CLINICAL_FIELDS, FULL)
        needs = {
            "patient": Through("case__patient"),
            "available_actions": Through(joins=Referral.LOADED),
            "events": Through("events", trail=Event),
            "clocks": Through("runs", trail=ClockRun, order=BY_BEGINNING),
            "offers": Through("offers", rows=lambda by: access.visible(by, Offer).order_by("id")),
            "milestones": Through("milestones", rows=lambda by: Milestone.objects.filter(superseded_at__isnull=True)),
            "followed_by": Through("followed_by", rows=lambda by: access.visible(by, Referral)),
        }
        sql = {
            "access_level": level,
            "available_actions": choices_sql,
            "patient": AS_READ,
            "clock": clock_sql,
            "clocks": AS_READ,
            "events": AS_READ,
        }

    def resolve_access_level(self: Any, info: Any) -> str:
        """As the read gate marked the row."""
        return AccessLevel.FULL.value if self.full_view else AccessLevel.SUMMARY.value

    def resolve_patient(self: Any, info: Any) -> Patient:
        """With the identity only when one case is read, in full view."""
        patient = self.case.patient
        patient.identified = self.full_view and reads.singly(info)
        return patient

    def resolve_clock(self: Any, info: Any) -> Clock | None:
        """From the row."""
        return clock_of(self, info.context.now)

    def resolve_clocks(self: Any, info: Any) -> Any:
        """As read with the referral."""
        return by_beginning(self.runs.all())

    def resolve_available_actions(self: Any, info: Any, allowed: bool | None = None) -> list[AvailableAction]:
        """From the table that the mutations enforce."""
        return available_actions(self, info.context.actor, allowed)

    def resolve_events(self: Any, info: Any) -> Any:
        """In order, as read with the referral; words beside a reason only in full view."""
        return [shown(event, self.full_view) for event in self.events.all()]


class CaseType(Type):
    """One patient's episode with its legs, as far as you see them (转诊病例)."""

    patient = graphene.Field(PatientType, required=True, description="Whose episode it is (患者).")
    legs = listed(ReferralType, "Its legs that you may see, in order (各段转诊).")
    clocks = listed(ClockRunType, "Every limit of what you may see of it, by its beginning (全部时限).")

    class Meta:
        """Whoever sees one of its legs."""

        model, name, rule = Case, "Case", PART
        fields = ("number", "origin", "opened_at", "closed_at")
        needs = {
            "legs": Through("legs", rows=lambda by: access.visible(by, Referral).order_by("id")),
            "clocks": Through("runs", rows=runs_seen, trail=ClockRun, order=BY_BEGINNING),
        }
        sql = {"patient": AS_READ, "clocks": AS_READ}

    def resolve_patient(self: Any, info: Any) -> Patient:
        """With the identity only when one case is read by somebody with a leg in full view."""
        legs = access.visible_in_full(info.context.actor, Referral).filter(case=self.pk)
        self.patient.identified = reads.singly(info) and reads.once(info, ("in full", self.pk), legs.exists)
        return self.patient

    def resolve_clocks(self: Any, info: Any) -> Any:
        """As read with the case, through the gate."""
        return by_beginning(self.runs.all())


def shown(event: Event, full: bool) -> Event:
    """The event, without words about the patient in a narrowed view."""
    if not full:
        event.comment = event.backdating_comment = ""
    return event
