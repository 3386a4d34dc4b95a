"""The green channel on the wire: offers, whom to ask first, milestones, the handover, the review."""

from dataclasses import replace
from typing import Any, ClassVar

import graphene
from django.utils import timezone

from consortium import access, registry
from consortium.identity import age_in_years
from consortium.models import Department, Event, GreenRule, MilestoneRule
from referrals.actions.green.broadcast import rule_of, sender
from referrals.blind import blinded
from referrals.models import Diagnosis, Handover, Milestone, Offer, OfferStatus, PhoneAnswer, QualityReview
from referrals.ranking import Target, targets
from schema import ids, reads
from schema.base import FULL, PART, SIGNED_IN, DateTime, Plain, Type, declare, listed, permission
from schema.catalogues import ConceptType
from schema.choices import AvailableAction, available_actions, choices_sql
from schema.clinical import Exam, SexEnum, Vitals
from schema.clocks import Clock, clock_of, clock_sql
from schema.keyset import Order
from schema.places import DepartmentType
from schema.reads import Through, connection, paged
from schema.referrals import AccessLevel, EventType, level, shown
from schema.worklist import disclosed

OfferStatusEnum = declare(OfferStatus, "OfferStatus")
PhoneAnswerEnum = declare(PhoneAnswer, "PhoneAnswer")
CALLERS = permission("activate_green_channel")
READERS = permission("view_sent_referral", "view_received_referral")
WHOSE = ("referral__case__patient",)  # to put out of sight what names the patient


class OfferFacts(Plain):
    """The clinical facts that an asked hospital decides on; whatever names the patient is put out of sight."""

    reason = graphene.String(required=True, description="What is asked (转诊目的).")
    age = graphene.Int(description="Completed years, empty if the date of birth is unknown (年龄).")
    sex = SexEnum(required=True, description="Sex (性别).")
    summary = graphene.String(required=True, description="History and findings (病情摘要).")
    vitals = graphene.Field(Vitals, required=True, description="Vital signs with their units (生命体征).")
    exams = listed(Exam, "Examinations with results (检查检验).")
    treatment = graphene.String(required=True, description="Treatment so far (已行治疗).")
    allergies = graphene.String(required=True, description="Allergies (过敏史).")
    diagnoses = listed(ConceptType, "ICD-10 concepts, the principal one first (诊断).")


class OfferType(Type):
    """One hospital is asked whether it can take a green-channel patient, without learning who that is (询问)."""

    access_level = AccessLevel(required=True, description="How much of it you see (可见范围).")
    referral_id = graphene.ID(
        required=True, description="The leg it is about; whoever is asked may read that only when chosen (转诊单)."
    )
    kind = graphene.Field(ConceptType, description="Kind of emergency (病种).")
    facts = graphene.Field(OfferFacts, description="The clinical facts without identity (病情，不含身份).")
    message = graphene.String(description="The asked hospital's latest words (回复内容).")
    unconfirmed = graphene.Boolean(
        required=True, description="Whether the answer was typed by the sender and is not yet confirmed (待确认)."
    )
    clock = graphene.Field(Clock, description="The time to answer, empty when it does not run (应答时限).")
    available_actions = listed(AvailableAction, "Every step with allowed or why not (可用操作).")
    events = listed(EventType, "Every step that was taken, in order (时间线).")

    class Meta:
        """Sender and asked hospital; what is clinical only while the offer stands or was chosen."""

        model, name, rule = Offer, "Offer", PART
        fields = (
            "number",
            "version",
            "status",
            "ring",
            "rank",
            "priority",
            "requester_hospital",
            "requester_department",
            "performer_hospital",
            "performer_department",
            "free_places",
            "figure_as_of",
            "travel_minutes",
            "travel_source",
            "created_at",
            "sent_at",
            "read_at",
            "answered_at",
            "decline_reason",
            "phone_spoken_with",
            "phone_answered_at",
            "phone_confirmed_at",
            "call_due_at",
            "closed_at",
        )
        field_rules = dict.fromkeys(("kind", "facts", "message"), FULL)
        needs = {
            **dict.fromkeys(("message", "phone_spoken_with"), Through(joins=WHOSE)),
            "events": Through("events", trail=Event, joins=WHOSE),
            "kind": Through("referral__green_kind"),
            "facts": Through(
                "referral__clinical__ranked",
                rows=lambda by: Diagnosis.objects.select_related("concept"),
                joins=("referral__clinical", *WHOSE),
            ),
            "available_actions": Through(joins=Offer.LOADED),
        }
        sql = {"access_level": level, "available_actions": choices_sql, "clock": clock_sql}

    def resolve_access_level(self: Any, info: Any) -> str:
        """As the read gate marked the row."""
        return AccessLevel.FULL.value if self.full_view else AccessLevel.SUMMARY.value

    def resolve_referral_id(self: Any, info: Any) -> str:
        """Opaque, and behind a gate of its own."""
        return ids.encode("Referral", self.referral_id)

    def resolve_kind(self: Any, info: Any) -> Any:
        """Of the leg."""
        return self.referral.green_kind

    def resolve_facts(self: Any, info: Any) -> OfferFacts:
        """As written by the sender, without whatever names the patient."""
        patient, clinical = self.referral.patient, self.referral.clinical
        today = timezone.localdate(info.context.now)
        written = ("summary", "vitals", "exams", "treatment", "allergies")
        return OfferFacts(
            reason=blinded(self.referral.reason, self.referral),
            age=age_in_years(patient.birth_date, today) if patient.birth_date else None,
            sex=patient.sex,
            diagnoses=[ranked.concept for ranked in clinical.ranked.all()],
            **{name: blinded(getattr(clinical, name), self.referral) for name in written},
        )

    def resolve_message(self: Any, info: Any) -> str:
        """What is said of a patient by name is said to nobody through an offer."""
        return str(blinded(self.message, self.referral))

    def resolve_phone_spoken_with(self: Any, info: Any) -> str:
        """As typed by the sender, who knows the patient."""
        return str(blinded(self.phone_spoken_with, self.referral))

    def resolve_clock(self: Any, info: Any) -> Clock | None:
        """From the row."""
        return clock_of(self, info.context.now)

    def resolve_available_actions(self: Any, info: Any) -> list[AvailableAction]:
        """From the table that the mutations enforce."""
        return available_actions(self, info.context.actor)

    def resolve_events(self: Any, info: Any) -> Any:
        """In order, as read with the offer."""
        return [heard(event, self) for event in self.events.all()]


def heard(event: Event, offer: Offer) -> Event:
    """The event of an offer: words beside a reason only in full view, and without whatever names the patient."""
    event = shown(event, offer.full_view)  # type: ignore[attr-defined]
    event.comment = blinded(event.comment, offer.referral)
    return event


class MilestoneType(Type):
    """When something happened to the patient (时间节点)."""

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = Milestone, "Milestone", PART
        fields = ("kind", "at", "recorded_at", "recorded_by", "correction_reason")


class HandoverType(Type):
    """The handover at the door, signed by both sides (交接单)."""

    signed = graphene.Boolean(required=True, description="Whether both sides have signed (双方已签字).")

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = Handover, "Handover", PART
        fields = (
            "condition",
            "on_the_way",
            "given",
            "remarks",
            "sender",
            "sender_signed_at",
            "receiver",
            "receiver_signed_at",
        )


class QualityReviewType(Type):
    """Why an interval took as long as it did (质控复盘)."""

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = QualityReview, "QualityReview", PART
        fields = ("from_kind", "to_kind", "minutes", "cause", "comment", "reviewed_at", "reviewed_by")


class GreenKindType(Type):
    """How a kind of emergency is broadcast (绿色通道病种)."""

    class Meta:
        """Catalogues are open to all who are signed in."""

        model, name, rule = GreenRule, "GreenKind", SIGNED_IN
        fields = ("concept", "capability", "specialty", "answer_minutes", "fresh_minutes", "ring_size", "goes_down")


class GreenMilestoneType(Type):
    """Which milestones there are, who records them, and what they follow (时间节点目录)."""

    after = listed(graphene.String, "Milestones that are not later than it, as codes (不早于).")
    kinds = listed(graphene.String, "Kinds of emergency it is for, as codes; empty for all (病种).")

    class Meta:
        """Catalogues are open to all who are signed in."""

        model, name, rule = MilestoneRule, "GreenMilestone", SIGNED_IN
        fields = ("concept", "side")


class GreenTarget(Plain):
    """A hospital that may be asked, with the facts by which it is ranked (可询问的医院)."""

    rank = graphene.Int(required=True, description="Its place, from 1 (排序).")
    department = graphene.Field(DepartmentType, required=True, description="The department to ask (科室).")
    able = graphene.Boolean(required=True, description="Whether it has the capability looked for (具备能力).")
    free_places = graphene.Int(description="Places free, less those promised; empty if not counted (空床).")
    figure_as_of = DateTime(description="When they were counted (统计时间).")
    fresh = graphene.Boolean(required=True, description="Whether the figure is young enough to trust (数据及时).")
    travel_minutes = graphene.Int(description="Minutes on the road, empty if unknown (转运分钟数).")
    travel_source = graphene.String(
        required=True, description="Where those minutes come from; begins with ESTIMATE where computed (来源)."
    )


OfferConnection = connection(OfferType)


class Query:
    """What callers and those who are called read."""

    rules: ClassVar = {
        "offers": READERS,
        "offer": READERS,
        "green_targets": CALLERS,
        "green_kinds": SIGNED_IN,
        "green_milestones": SIGNED_IN,
    }

    offers = paged(
        OfferConnection,
        "The calls to your hospital or department, newest first.",
        open=graphene.Boolean(description="Whether an answer may still be given or taken back (未结束)."),
        status=graphene.List(graphene.NonNull(OfferStatusEnum), description="In one of these states (状态)."),
    )
    offer = graphene.Field(
        OfferType, id=graphene.ID(required=True, description="Its global id."), description="One offer."
    )
    green_targets = listed(
        GreenTarget,
        "Whom a call would ask, the best first.",
        kind=graphene.String(required=True, description="Kind of emergency, catalogue GREEN_KIND (病种)."),
        origin=graphene.ID(required=True, description="The department that would call (转出科室)."),
        capability=graphene.String(description="Another capability than the kind's own (所需能力)."),
    )
    green_kinds = listed(GreenKindType, "Kinds of emergency that may be called today.")
    green_milestones = listed(GreenMilestoneType, "Milestones that may be recorded today.")

    def resolve_offers(
        self: Any,
        info: Any,
        first: int,
        after: str | None = None,
        open: bool | None = None,
        status: list[Any] | None = None,
    ) -> reads.Page:
        """Those of the asked side."""
        by = info.context.actor
        rows = access.visible(by, Offer).filter(by.reach("view_received_referral").over("performer"))
        if open is not None:
            rows = rows.filter(closed_at__isnull=open)
        if status:
            rows = rows.filter(status__in=[getattr(value, "value", value) for value in status])
        return reads.page(rows, info, order=Order("NEWEST", ("id",), descending=True), first=first, after=after)

    def resolve_offer(self: Any, info: Any, id: str) -> Offer:
        """Through the gate; the reading is on the audit trail."""
        rows = access.visible(info.context.actor, Offer).select_related("referral__case")
        row = reads.one(rows, ids.decode(id, "Offer"), info)
        return disclosed(info, row, "read_offer", row.patient_id if row else None)

    def resolve_green_targets(
        self: Any, info: Any, kind: str, origin: str, capability: str | None = None
    ) -> list[Target]:
        """In the order in which a call would ask them."""
        now, place = info.context.now, sender(ids.decode(origin, "Department", field="origin"))
        found = targets(rule_of(kind, now=now), origin=place.hospital, capability=capability, now=now)
        asked = Department.objects.filter(pk__in=[target.department.pk for target in found])
        rows = reads.plan(asked, info, below="department").in_bulk()
        return [replace(target, department=rows[target.department.pk]) for target in found]

    @reads.compiled
    def resolve_green_kinds(self: Any, info: Any) -> Any:
        """By code."""
        return reads.every(_today(GreenRule, info), info)

    @reads.compiled
    def resolve_green_milestones(self: Any, info: Any) -> Any:
        """By code."""
        return reads.every(_today(MilestoneRule, info), info)


def _today(model: Any, info: Any) -> Any:
    """The rows whose concept holds today."""
    today = timezone.localdate(info.context.now)
    return model.objects.filter(registry.holds(today, "concept__")).order_by("concept__code")
