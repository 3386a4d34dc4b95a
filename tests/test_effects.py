"""What each step of the specification (domain, section 3) does besides changing the state: exactly this, no more."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from consortium import access
from consortium.models import AuditEntry, Event, Notice, Priority
from consortium.roles import Role
from referrals.models import Booking, Ending, Journey, Outcome, Referral, Status
from tests.world import ADMIN, BY, DOCTOR, EXPERT, NOW, OFFICE, World

Key = tuple[str, Role, int]
SENDERS: set[Key] = {("county", role, n) for role in (DOCTOR, OFFICE, EXPERT) for n in (1, 2)}
RECEIVERS: set[Key] = {("province", role, n) for role in (OFFICE, EXPERT) for n in (1, 2)}
SPECIALISTS: set[Key] = {("province", EXPERT, 1), ("province", EXPERT, 2)}
BOTH = SENDERS | RECEIVERS
NOBODY: set[Key] = set()
KEPT = "kept"  # the clock runs on untouched
STOPPED = ("", "", None)
HOUR, DAY = 60, 24 * 60
CLOCK = {"clock_kind", "clock_holder", "clock_started_at", "due_at"}
DECISION = {"decided_at", "decision", "claimed_by_id"}
REQUESTER, PERFORMER, PATIENT = "REQUESTER", "PERFORMER", "PATIENT"


@dataclass(frozen=True)
class Effect:
    """One row: the step, from where to where, who is told, which clock runs then (kind, holder, minutes left), what
    else changes on the row, how the leg ends, and how many places are held and taken by it."""

    step: str
    source: Status
    target: Status
    told: set[Key]
    clock: Any = KEPT
    changed: frozenset[str] | set[str] = frozenset()
    ending: str = ""
    held: int = 0
    free: int = 0
    bookings: tuple[str, ...] = ()
    reason: str = ""
    comment: str = ""
    new_leg: str = ""  # the place it goes to


S, B = Status, Booking.State
EFFECTS = [
    Effect("update_referral", S.DRAFT, S.DRAFT, NOBODY),
    Effect("submit_referral", S.DRAFT, S.SENT, RECEIVERS, ("TRIAGE", PERFORMER, DAY), {"sent_at"}),
    Effect("approve_referral", S.OFFICE_REVIEW, S.SENT, RECEIVERS, ("TRIAGE", PERFORMER, 5 * DAY), {"sent_at"}),
    Effect("return_referral", S.OFFICE_REVIEW, S.DRAFT, SENDERS, STOPPED, reason="MISSING_EXAM"),
    Effect("open_referral", S.SENT, S.SENT, SENDERS, changed={"opened_at"}),
    Effect("claim_referral", S.SENT, S.IN_TRIAGE, NOBODY, changed={"opened_at", "claimed_by_id"}),
    Effect("release_referral", S.IN_TRIAGE, S.SENT, RECEIVERS, changed={"claimed_by_id"}),
    Effect(
        "request_information", S.IN_TRIAGE, S.INFO_NEEDED, SENDERS, ("INFORMATION", REQUESTER, DAY),
    ),
    Effect(
        "supply_information", S.INFO_NEEDED, S.IN_TRIAGE, RECEIVERS, ("TRIAGE", PERFORMER, DAY),
    ),
    Effect(
        "accept_referral", S.SENT, S.ACCEPTED, BOTH, ("BOOKING", PERFORMER, DAY),
        DECISION | {"held_capacity_id", "instructions"}, held=1,
    ),
    Effect(
        "accept_referral", S.IN_TRIAGE, S.ACCEPTED, BOTH, ("BOOKING", PERFORMER, DAY),
        {"decided_at", "decision", "held_capacity_id", "instructions"}, held=1,
    ),
    Effect(
        "waitlist_referral", S.SENT, S.WAITLISTED, BOTH, ("CONTACT", PERFORMER, 3 * DAY), DECISION | {"instructions"}
    ),
    Effect("advise_referral", S.SENT, S.ADVISED, SENDERS, ("RESEND", REQUESTER, DAY), DECISION | {"advice"}),
    Effect(
        "reject_referral", S.SENT, S.REJECTED, SENDERS, ("RESEND", REQUESTER, DAY),
        DECISION | {"reject_reason", "alternative_hospital_id"}, reason="NO_BED",
    ),
    Effect(
        "redirect_referral", S.SENT, S.REDIRECTED, SENDERS, STOPPED, DECISION | {"closed_at", "ending"},
        ending=Ending.REDIRECTED, reason="BED_AVAILABLE_ELSEWHERE", new_leg="province2",
    ),
    Effect(
        "redirect_referral", S.ACCEPTED, S.REDIRECTED, SENDERS, STOPPED,
        {"decision", "closed_at", "ending", "held_capacity_id"},
        ending=Ending.REDIRECTED, held=-1, reason="BED_AVAILABLE_ELSEWHERE", new_leg="province2",
    ),
    *(
        Effect(
            "resend_referral", source, source, NOBODY, STOPPED, {"closed_at", "ending"},
            ending=Ending.SENT_AGAIN, new_leg="city", bookings=bookings,
        )
        for source, bookings in ((S.ADVISED, ()), (S.REJECTED, ()), (S.NO_SHOW, (B.MISSED,)))
    ),
    *(
        Effect(
            "close_referral", source, S.CLOSED, RECEIVERS, STOPPED, {"closed_at", "ending"},
            ending=Ending.LOCAL, reason="MANAGED_LOCALLY",
        )
        for source in (S.ADVISED, S.REJECTED)
    ),
    Effect("book_referral", S.ACCEPTED, S.SCHEDULED, BOTH, STOPPED, bookings=(B.ACTIVE,)),
    Effect(
        "book_referral", S.WAITLISTED, S.SCHEDULED, BOTH, STOPPED, {"held_capacity_id"}, held=1, bookings=(B.ACTIVE,)
    ),
    Effect("reschedule_referral", S.SCHEDULED, S.SCHEDULED, BOTH, bookings=(B.MOVED, B.ACTIVE), reason="BED_DELAYED"),
    Effect(
        "lose_booking", S.SCHEDULED, S.ACCEPTED, BOTH, ("BOOKING", PERFORMER, DAY),
        bookings=(B.LOST,), reason="BED_CLOSED",
    ),
    Effect(
        "hold_referral", S.ACCEPTED, S.ON_HOLD, BOTH, ("HOLD", PATIENT, 2 * DAY),
        {"status_before_hold"}, reason="STABILISATION",
    ),
    Effect(
        "hold_referral", S.SCHEDULED, S.ON_HOLD, BOTH, ("HOLD", PATIENT, 2 * DAY), {"status_before_hold"},
        bookings=(B.ACTIVE,), reason="STABILISATION",
    ),
    Effect(
        "resume_referral", S.ON_HOLD, S.ACCEPTED, BOTH, ("BOOKING", PERFORMER, DAY),
        {"status_before_hold"},
    ),
    Effect(
        "depart_referral", S.ACCEPTED, S.IN_TRANSIT, RECEIVERS, ("TRANSIT", REQUESTER, 90), {"departed_at"}
    ),
    Effect(
        "depart_referral", S.SCHEDULED, S.IN_TRANSIT, RECEIVERS, ("TRANSIT", REQUESTER, 90), {"departed_at"},
        bookings=(B.ACTIVE,),
    ),
    Effect(
        "turn_back_referral", S.IN_TRANSIT, S.ACCEPTED, BOTH, ("BOOKING", PERFORMER, DAY), {"departed_at"},
        bookings=(B.RELEASED,), reason="ROAD_BLOCKED",
    ),
    *(
        Effect(
            "arrive_referral", source, S.ARRIVED, BOTH, ("FULL_RECORD", REQUESTER, DAY),
            {"arrived_at", "held_capacity_id"}, held=-1, free=-1, bookings=bookings,
        )
        for source, bookings in ((S.ACCEPTED, ()), (S.SCHEDULED, (B.USED,)), (S.IN_TRANSIT, (B.USED,)))
    ),
    Effect(
        "record_no_show", S.SCHEDULED, S.NO_SHOW, SENDERS, ("RESEND", REQUESTER, DAY), {"held_capacity_id"},
        held=-1, bookings=(B.MISSED,), reason="UNREACHABLE",
    ),
    Effect(
        "send_record", S.ARRIVED, S.ARRIVED, RECEIVERS, ("OUTCOME", PERFORMER, 14 * DAY), bookings=(B.USED,),
        comment="全部病历与影像",
    ),
    Effect(
        "return_outcome", S.ARRIVED, S.OUTCOME_RETURNED, SENDERS, ("ACKNOWLEDGEMENT", REQUESTER, 3 * DAY),
        bookings=(B.USED,),
    ),
    Effect(
        "refer_down", S.ARRIVED, S.OUTCOME_RETURNED, SENDERS, ("ACKNOWLEDGEMENT", REQUESTER, 3 * DAY),
        bookings=(B.USED,), new_leg="county",
    ),
    Effect(
        "acknowledge_outcome", S.OUTCOME_RETURNED, S.CLOSED, SPECIALISTS, STOPPED,
        {"closed_at", "ending", "follow_up_due_at"}, ending=Ending.COMPLETED,
    ),
    Effect(
        "amend_outcome", S.OUTCOME_RETURNED, S.OUTCOME_RETURNED, SENDERS, ("ACKNOWLEDGEMENT", REQUESTER, 3 * DAY)
    ),
    Effect(
        "amend_outcome", S.CLOSED, S.OUTCOME_RETURNED, SENDERS, ("ACKNOWLEDGEMENT", REQUESTER, 3 * DAY),
        {"closed_at", "ending"},
    ),
    Effect(
        "record_follow_up", S.CLOSED, S.CLOSED, NOBODY, STOPPED, {"followed_up_at"}, ending=Ending.COMPLETED,
        comment="电话随访，恢复良好",
    ),
    Effect(
        "cancel_referral", S.DRAFT, S.CANCELLED, NOBODY, STOPPED, {"closed_at", "ending"},
        ending=Ending.CANCELLED, reason="CONDITION_IMPROVED",
    ),
    Effect(
        "cancel_referral", S.SCHEDULED, S.CANCELLED, RECEIVERS, STOPPED, {"closed_at", "ending", "held_capacity_id"},
        ending=Ending.CANCELLED, held=-1, bookings=(B.RELEASED,), reason="CONDITION_IMPROVED",
    ),
    Effect(
        "record_death", S.SCHEDULED, S.CLOSED, BOTH, STOPPED, {"closed_at", "ending", "held_capacity_id"},
        ending=Ending.DECEASED, held=-1, bookings=(B.RELEASED,), comment="抢救无效",
    ),
    Effect("propose_expiry", S.SENT, S.SENT, SENDERS, changed={"expiry_proposed_at", "expiry_version"}),
    Effect(
        "confirm_expiry", S.WAITLISTED, S.CLOSED, RECEIVERS, STOPPED, {"closed_at", "ending"},
        ending=Ending.EXPIRED, reason="NO_RESPONSE",
    ),
    Effect(
        "report_error", S.SENT, S.SENT, SENDERS | {("county", ADMIN, 1)}, changed={"error_reported_at"},
        reason="DUPLICATE_ENTRY",
    ),
    Effect(
        "confirm_error", S.SCHEDULED, S.ENTERED_IN_ERROR, RECEIVERS, STOPPED,
        {"closed_at", "ending", "held_capacity_id"}, ending=Ending.ENTERED_IN_ERROR, held=-1, bookings=(B.RELEASED,),
    ),
]  # fmt: skip
# The places of the standard performer that hear of a new leg, and from which department it is sent.
HEAR_OF_NEW_LEG = {
    place: {(place, role, n) for role in (OFFICE, EXPERT) for n in (1, 2)} for place in ("city", "province2", "county")
}
BEFORE = {"confirm_expiry": "propose_expiry", "confirm_error": "report_error"}


def columns(referral: Referral) -> dict[str, Any]:
    """Every stored value of a leg."""
    return {field.attname: getattr(referral, field.attname) for field in Referral._meta.concrete_fields}


@pytest.mark.parametrize("row", EFFECTS, ids=[f"{row.step}-{row.source}" for row in EFFECTS])
def test_a_step_does_exactly_this(world: World, row: Effect):
    referral = world.referral(row.source)
    if first := BEFORE.get(row.step):
        world.take(first, referral)
        referral = world.read(referral)
    before, legs = columns(referral), set(Referral.objects.values_list("pk", flat=True))
    counts = Event.objects.count(), AuditEntry.objects.count(), Notice.objects.count()
    held, free = world.bed()
    now = NOW + timedelta(hours=3) if row.step == "record_no_show" else NOW
    by = access.SYSTEM if row.step == "propose_expiry" else world.actor(*BY[row.step])

    world.take(row.step, referral, now=now)

    after = columns(world.read(referral))
    changed = {name for name in before if before[name] != after[name]} - CLOCK - {"version", "status"}
    assert (after["status"], changed) == (row.target, row.changed)
    assert after["version"] == before["version"] + 1
    clock = tuple(after[name] for name in ("clock_kind", "clock_holder", "due_at", "clock_started_at"))
    assert clock == expected_clock(row, before, now)
    assert (after["ending"], after["closed_at"]) == (row.ending, now if row.ending else None)
    new_legs = Referral.objects.exclude(pk__in=legs)
    goals = [world.departments[row.new_leg]] if row.new_leg else []
    assert [leg.performer_department for leg in new_legs] == goals
    assert world.case(referral).closed_at == (now if row.ending and not row.new_leg else None)
    assert world.bed() == (held + row.held, free + row.free)
    assert tuple(referral.bookings.values_list("state", flat=True)) == row.bookings

    event = world.events(referral)[-1]
    actor = (by.person, BY[row.step][1], world.hospitals[BY[row.step][0]]) if by.person else (None, "", None)
    assert (event.kind, event.from_status, event.to_status) == (row.step, row.source, row.target)
    assert (event.actor, event.actor_role, event.actor_hospital) == actor
    assert (event.version, event.event_at, event.recorded_at) == (after["version"], now, now)
    assert (event.reason_code, event.comment, event.backdating_reason) == (row.reason, row.comment, "")
    assert (event.on_behalf_of, event.thread_id, event.subject_kind) == (None, referral.case_id, "referral")
    myself = {key for key in world.people if world.people[key] == by.person}
    assert world.told(event) == row.told - myself
    audit = AuditEntry.objects.filter(object_id=str(referral.pk)).latest("id")
    assert (audit.actor, audit.actor_role, audit.actor_hospital) == actor
    assert (audit.action, audit.object_kind, audit.purpose) == (row.step, "referral", "TREATMENT")
    assert (audit.patient_id, audit.at) == (referral.patient.pk, now)
    extra = 1 if row.new_leg else 0
    told = len(row.told - myself) + (len(HEAR_OF_NEW_LEG[row.new_leg]) if extra else 0)
    written = Event.objects.count(), AuditEntry.objects.count(), Notice.objects.count()
    assert written == (counts[0] + 1 + extra, counts[1] + 1 + extra, counts[2] + told)


def expected_clock(row: Effect, before: dict[str, Any], now: Any) -> tuple[Any, ...]:
    """Kind, holder, end and beginning of the clock that should run after a step."""
    if row.clock == KEPT:
        return tuple(before[name] for name in ("clock_kind", "clock_holder", "due_at", "clock_started_at"))
    kind, holder, minutes = row.clock
    running = minutes is not None
    return kind, holder, now + timedelta(minutes=minutes) if running else None, now if running else None


NEW_LEGS = [
    ("redirect_referral", Status.ACCEPTED, "county", "province2", {"hops": 1}),
    ("resend_referral", Status.REJECTED, "county", "city", {"hops": 0}),
    ("refer_down", Status.ARRIVED, "province", "county", {"hops": 0, "direction": "DOWN", "reason": "回当地康复"}),
]


@pytest.mark.parametrize(("step", "source", "origin", "goal", "values"), NEW_LEGS, ids=[row[0] for row in NEW_LEGS])
def test_a_new_leg_carries_the_case_on(world, step, source, origin, goal, values):
    referral = world.referral(source)
    world.take(step, referral)
    leg = Referral.objects.select_related("clinical").get(based_on=referral)
    down = step == "refer_down"
    assert (leg.status, leg.version, leg.case_id) == (Status.SENT, 1, referral.case_id)
    assert (leg.requester_department, leg.performer_department) == (world.departments[origin], world.departments[goal])
    assert (leg.requester_hospital, leg.performer_hospital) == (world.hospitals[origin], world.hospitals[goal])
    # Who redirects passes the sender's own words on; the other two write anew.
    author = referral.created_by if step == "redirect_referral" else world.people[(*BY[step], 1)]
    assert (leg.created_by, leg.created_at, leg.sent_at) == (author, NOW, NOW)
    assert (leg.clock_kind, leg.clock_holder, leg.due_at) == ("TRIAGE", "PERFORMER", NOW + timedelta(days=1))
    assert (leg.priority, leg.consent_by, leg.consent_at) == (referral.priority, "李四", NOW)
    assert (leg.needed_capability_id is None, leg.held_capacity_id, leg.closed_at) == (down, None, None)
    expected = {"hops": 0, "direction": "UP", "reason": referral.reason} | values
    assert {name: getattr(leg, name) for name in expected} == expected
    answer = (leg.opened_at, leg.claimed_by_id, leg.decided_at, leg.instructions, leg.advice, leg.reject_reason)
    assert answer == (None, None, None, "", None, "")
    assert [d.concept.code for d in leg.clinical.ranked.all()] == ["J18.900"]
    assert leg.clinical.allergies == "青霉素"
    event = world.events(leg)[0]
    assert (event.kind, event.from_status, event.to_status, event.version) == (step, "", Status.SENT, 1)
    assert world.told(event) == HEAR_OF_NEW_LEG[goal]


def test_a_draft_is_stored_with_its_case_and_consent(world):
    patients = AuditEntry.objects.filter(action="create_referral")
    referral = world.read(world.draft())
    assert (referral.status, referral.version, referral.direction) == (Status.DRAFT, 1, "UP")
    assert (referral.consent_by, referral.consent_relation, referral.consent_at) == ("李四", "母亲", NOW)
    assert (referral.case.origin, referral.case.opened_at, referral.case.closed_at) == (
        world.hospitals["county"], NOW, None,
    )  # fmt: skip
    assert (referral.clock_kind, referral.due_at, referral.sent_at) == ("", None, None)
    (event,) = world.events(referral)
    assert (event.kind, event.from_status, event.to_status) == ("create_referral", "", Status.DRAFT)
    assert world.told(event) == NOBODY
    assert patients.get(object_id=str(referral.pk)).patient_id == referral.patient.pk


def test_what_belongs_to_steps_is_stored_beside_the_referral(world):
    referral = world.referral(Status.INFO_NEEDED)
    asked = referral.information_requests.get()
    assert (asked.items, asked.asked_at, asked.due_at) == (
        ["BLOOD_COUNT", "CURRENT_VITALS"], NOW, NOW + timedelta(days=1),
    )  # fmt: skip
    world.take("supply_information", referral)
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_at) == ("白细胞 20", NOW)

    referral = world.referral(Status.IN_TRANSIT)
    journey = Journey.objects.get(referral=referral)
    assert (journey.departed_at, journey.condition, journey.vehicle) == (NOW, "平稳", "湘A 12345")
    assert (journey.eta, journey.turned_back_at) == (NOW + timedelta(minutes=90), None)
    world.take("turn_back_referral", referral, now=NOW + timedelta(minutes=20))
    journey.refresh_from_db()
    assert journey.turned_back_at == NOW + timedelta(minutes=20)

    referral = world.referral(Status.SCHEDULED)
    booking = Booking.objects.get(referral=referral)
    assert (booking.department, booking.kind) == (world.departments["province"], "BED")
    assert booking.starts_at == NOW + timedelta(hours=2)
    assert all(words in booking.letter for words in (referral.number, "province医院", "2026-03-02 11:00", "请带齐影像"))
    assert "肺炎" not in booking.letter

    referral = world.referral(Status.OUTCOME_RETURNED)
    outcome = Outcome.objects.get(referral=referral)
    assert (outcome.version, outcome.returned_by) == (1, world.people["province", EXPERT, 1])
    assert (outcome.treatment, outcome.drugs, outcome.red_flags) == ("抗感染 7 天", "阿莫西林", "再次高热")
    assert (outcome.rehabilitation, str(outcome.follow_up_date)) == ("呼吸训练", "2026-03-09")
    assert [concept.code for concept in outcome.diagnoses.all()] == ["J18.900"]
    closed = world.take("acknowledge_outcome", referral)
    outcome.refresh_from_db()
    assert (outcome.acknowledged_at, closed.follow_up_due_at) == (NOW, NOW + timedelta(days=7))


TRIAGE_MINUTES = {"STAT": 15, "ASAP": 4 * HOUR, "URGENT": DAY, "ROUTINE": 5 * DAY}


@pytest.mark.parametrize(("priority", "minutes"), TRIAGE_MINUTES.items())
def test_the_triage_clock_follows_the_priority(world, priority, minutes):
    from_foreign = {"requester_department": world.departments["foreign"].pk, "by": world.actor("foreign", DOCTOR)}
    referral = world.draft(priority=Priority[priority], **from_foreign)
    sent = world.take("submit_referral", referral, by=world.actor("foreign", DOCTOR))
    assert (sent.clock_kind, sent.due_at) == ("TRIAGE", NOW + timedelta(minutes=minutes))
