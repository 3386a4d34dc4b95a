"""One click calls several hospitals; silence calls more; the sender chooses one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, capacity, lifecycle, registry
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import ClockRun, Department, GreenRule, Patient, Priority, Side
from consortium.models import Status as Membership
from referrals import content
from referrals.actions.answer import decide
from referrals.actions.green.checks import is_green
from referrals.actions.green.offers import locked_offers, release_offers
from referrals.models import (
    LIVE,
    UNANSWERED,
    Case,
    ClinicalSummary,
    Decision,
    Offer,
    OfferStatus,
    Pathway,
    Referral,
    Status,
)
from referrals.numbers import next_number, next_numbers
from referrals.ranking import Target, targets

lifecycle.NOTED["activate_green_channel"] = gettext_lazy("启动绿色通道")
RING = "GREEN_RING"  # the time limit of one ring, in the registry
ON_THE_WAY = [Status.BROADCAST, Status.ACCEPTED, Status.SCHEDULED, Status.IN_TRANSIT]


def rule_of(kind: str, *, now: datetime, down: bool = False) -> GreenRule:
    """How a kind of emergency is broadcast on this day; INVALID_INPUT for an unknown kind or the other direction."""
    (concept,) = registry.concepts("GREEN_KIND", [kind], on=timezone.localdate(now), field="kind")
    rule = GreenRule.objects.select_related("concept").get(concept=concept)
    if rule.goes_down is not down:
        raise Refused(Code.INVALID_INPUT, _("“{kind}”不能用于这个方向。").format(kind=concept.label), field="kind")
    return rule


def sender(requester_department: UUID) -> Department:
    """The department that sends, with its place; INVALID_INPUT if it takes no part at present."""
    found = (
        Department.objects.select_related("hospital__division__parent")
        .filter(pk=requester_department, status=Membership.ACTIVE, hospital__status=Membership.ACTIVE)
        .first()
    )
    if found is None:
        raise Refused(Code.INVALID_INPUT, _("转出科室不存在或已停用。"), field="requesterDepartment")
    return found


def activate_green_channel(
    *,
    by: Actor,
    kind: str,
    requester_department: UUID,
    patient: Mapping[str, Any] | None = None,
    targets: Sequence[UUID] | None = None,
    needed_capability: str | None = None,
    now: datetime,
    event_at: datetime | None = None,
    backdating_reason: str = "",
    backdating_comment: str = "",
    **written: Any,
) -> Referral:
    """Call the first ring of hospitals for an emergency of a kind; the identity may follow, `event_at` is time zero.

    A patient with an open case continues it; OPEN_CASE_EXISTS while another green-channel call for them is under way,
    INVALID_STATE for one whose death is recorded.
    """
    department = sender(requester_department)
    role = access.require_over(by, "activate_green_channel", department)
    move = lifecycle.move(
        by,
        "activate_green_channel",
        role,
        now=now,
        event_at=event_at,
        backdating_reason=backdating_reason,
        backdating_comment=backdating_comment,
    )
    rule = rule_of(kind, now=now)
    with transaction.atomic(savepoint=False):
        number = next_number("G", now)
        who = content.register_patient(
            by=by, hospital=department.hospital, now=now, **_labelled(patient or {}, f"绿色通道 {number}")
        )
        who = Patient.objects.select_for_update().get(pk=who.pk)
        if who.deceased_at:  # every limit of theirs is silent
            raise Refused(
                Code.INVALID_STATE,
                _("该患者已登记死亡；如登记有误，请不填身份证号，以临时身份启动，并联系登记医院。"),
                field="patient",
            )
        case = _episode(who, department, move)
        referral = Referral(
            case=case,
            number=number,
            clinical=ClinicalSummary(case=case),
            pathway=Pathway.GREEN_CHANNEL,
            green_kind=rule.concept,
            requester_hospital=department.hospital,
            requester_department=department,
            created_by=by.person,
            created_at=move.event_at,
        )
        wanted = {"priority": Priority.STAT, "reason": rule.concept.label_zh} | written
        content.write(referral, now, **wanted, needed_capability=needed_capability or rule.capability)
        begin_broadcast(referral, rule, move, only=targets)
    return referral


def _labelled(patient: Mapping[str, Any], label: str) -> dict[str, Any]:
    """What is known of the patient, under a temporary identity while no identity number is."""
    given = {name: value for name, value in patient.items() if value}
    return given if given.get("id_number") else {"temporary_identity": label} | given


def _episode(patient: Patient, department: Department, move: Move) -> Case:
    """The patient's open case, or a new one."""
    case = content.open_case(patient)
    if case is None:
        return Case.objects.create(
            number=next_number("C", move.now), patient=patient, origin=department.hospital, opened_at=move.event_at
        )
    with beyond():  # whoever called
        under_way = Referral.objects.filter(case=case, pathway=Pathway.GREEN_CHANNEL, status__in=ON_THE_WAY).first()
    if under_way:
        raise Refused(
            Code.OPEN_CASE_EXISTS,
            _("该患者已有进行中的绿色通道 {number}，请在原单上继续。").format(number=under_way.number),
            field="patient",
        )
    return case


def begin_broadcast(
    referral: Referral, rule: GreenRule, move: Move, *, only: Collection[UUID] | None = None, **ranked: Any
) -> None:
    """Store a new leg in BROADCAST and call its first ring."""
    limit(rule, move)
    lifecycle.begin(referral, move, status=Status.BROADCAST, tells=(Side.REQUESTER,))
    ask_ring(referral, rule, move, only=only, **ranked)


def limit(rule: GreenRule, move: Move) -> None:
    """Let the asked hospitals' time to answer, and with it the ring, last as long as the kind allows."""
    due_at = move.now + timedelta(minutes=rule.answer_minutes)
    move.limit("GREEN_ANSWER", due_at)
    move.limit(RING, due_at)


def ask_ring(
    referral: Referral, rule: GreenRule, move: Move, *, only: Collection[UUID] | None = None, **ranked: Any
) -> list[Offer]:
    """Call the next ring: the best that were not yet asked, or those that are named; one offer for each hospital."""
    asked = dict(Offer.objects.filter(referral=referral).values_list("performer_hospital", "ring"))
    found = candidates(referral, rule, now=move.now, tried=asked, only=only, **ranked)
    if only is None:
        found = found[: rule.ring_size]
    elif len(found) != len(set(only)):
        raise Refused(
            Code.INVALID_INPUT,
            _("所选科室中有的不存在、已暂停、属于本院、同院重复或已询问过，请刷新后重选。"),
            field="targets",
        )
    if not found:
        return []
    ring = max(asked.values(), default=0) + 1
    numbers = next_numbers("O", move.now, len(found))
    offers = [
        _offer(referral, target, move, number=number, ring=ring) for number, target in zip(numbers, found, strict=True)
    ]
    lifecycle.begin_all(offers, move, status=OfferStatus.ASKED, tells=(Side.PERFORMER,))
    return offers


def candidates(
    referral: Referral, rule: GreenRule, *, now: datetime, tried: Iterable[UUID] = (), **ranked: Any
) -> list[Target]:
    """The hospitals that may be asked for a leg, the best first; downward ranked from the patient's home."""
    return targets(
        rule,
        origin=referral.requester_hospital,
        travel_from=referral.case.origin.division if rule.goes_down else None,
        capability=referral.needed_capability.code if referral.needed_capability else None,
        specialty=referral.requester_department.specialty.code[:2] if rule.goes_down else None,
        now=now,
        tried=list(tried),
        **ranked,
    )


def _offer(referral: Referral, target: Target, move: Move, **numbered: Any) -> Offer:
    place = target.department
    return Offer(
        referral=referral,
        priority=referral.priority,
        requester_hospital=referral.requester_hospital,
        requester_department=referral.requester_department,
        performer_hospital=place.hospital,
        performer_department=place,
        created_by=referral.created_by,
        created_at=move.event_at,
        sent_at=move.now,
        rank=target.rank,
        free_places=target.free_places,
        figure_as_of=target.figure_as_of,
        travel_minutes=target.travel_minutes,
        travel_source=target.travel_source,
        **numbered,
    )


def widen(referral: Referral, move: Move, only: Collection[UUID] | None = None) -> list[Offer]:
    """Call the next ring of a leg that is being broadcast; a new time to answer runs."""
    rule = GreenRule.objects.get(concept=referral.green_kind_id)
    limit(rule, move)
    offers = ask_ring(referral, rule, move, only=only)
    move.detail["asked"] = len(offers)
    return offers


@transition(
    Referral,
    label=gettext_lazy("扩大询问范围"),
    sources=[Status.BROADCAST],
    target=None,
    sides=[Side.REQUESTER],
    requires=[is_green],
)
def widen_broadcast(referral: Referral, move: Move, *, targets: Sequence[UUID] | None = None) -> None:
    """Call the next ring now, or the hospitals that are named; those asked before stay asked."""
    if not widen(referral, move, targets):
        raise Refused(Code.INVALID_STATE, _("范围内的医院都已询问过；请电话联系，或指定其他科室。"))


@transition(
    Referral,
    label=gettext_lazy("无人应答，自动扩大询问"),
    sources=[Status.BROADCAST],
    target=None,
    sides=(),
    tells=[Side.REQUESTER],
    requires=[is_green],
)
def widen_on_silence(referral: Referral, move: Move) -> None:
    """The time to answer is over: the sender is told whom to telephone, and the next ring is called if there is one."""
    unanswered = Offer.objects.filter(referral=referral, status__in=UNANSWERED)
    move.detail["silent"] = unanswered.filter(due_at__lte=move.now).count()
    unanswered.filter(due_at__lte=move.now, call_due_at__isnull=True).update(call_due_at=move.now)
    widen(referral, move)


def unanswered_broadcasts(now: datetime) -> Iterable[tuple[UUID, int]]:
    """The legs, with their versions, whose ring is over without anybody who can take the patient.

    A ring is over when its time is, or as soon as every hospital in it has declined.
    """
    offers = Offer.objects.filter(referral=OuterRef("pk"))
    rings = ClockRun.objects.filter(kind=RING, stopped_at__isnull=True)
    ring_is_over = Exists(rings.filter(subject_id=OuterRef("pk"), due_at__lte=now))
    began = Subquery(rings.filter(subject_id=OuterRef("referral")).values("started_at")[:1])
    declined_since = offers.filter(status=OfferStatus.DECLINED, closed_at__gte=began)
    none_left = ~Exists(offers.filter(status__in=LIVE)) & Exists(declined_since)
    return (
        Referral.objects.filter(~Exists(offers.filter(status=OfferStatus.OFFERED)), status=Status.BROADCAST)
        .filter(ring_is_over | none_left, case__patient__deceased_at__isnull=True)
        .order_by("id")
        .values_list("pk", "version")
    )


@transition(
    Referral,
    label=gettext_lazy("选定接收医院"),
    sources=[Status.BROADCAST],
    target=Status.ACCEPTED,
    sides=[Side.REQUESTER],
    tells=[Side.REQUESTER, Side.PERFORMER],
    requires=[is_green],
)
def choose_offer(referral: Referral, move: Move, *, offer: UUID) -> None:
    """Choose one hospital that can take the patient; exactly one ever wins, the others are released and told."""
    standing = locked_offers(referral)
    chosen = next((row for row in standing if str(row.pk) == str(offer)), None)
    if chosen is None or chosen.status != OfferStatus.OFFERED:
        raise Refused(Code.INVALID_STATE, _("只能选定已答复“可以接收”的医院；请刷新后重选。"), field="offer")
    department = content.destination(chosen.performer_department_id, field="offer")
    content.aim(referral, department)
    referral.sent_at = move.now
    decide(referral, move, Decision.ACCEPTED)
    referral.claimed_by = None  # the sender chose; nobody there has it in hand yet
    referral.held_capacity_id = capacity.hold_if_left(department, referral.needed_capability)
    move.reach("consent_held" if referral.consent_at else "consent_due")
    move.detail["offer"] = str(chosen.pk)
    chosen.closed_at = move.now
    lifecycle.carry([chosen], move, status=OfferStatus.CHOSEN, tells=(Side.PERFORMER,))
    release_offers([row for row in standing if row is not chosen], move)
