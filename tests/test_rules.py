"""The particular rules of referrals (domain specification, sections 3 and 7): what is refused, and exact times."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from consortium.errors import Refused
from consortium.models import Concept, Hospital, Priority
from consortium.models import Status as Membership
from consortium.roles import Role
from referrals.models import Booking, Referral, Status
from tests.world import ADMIN, DOCTOR, EXPERT, NOW, OFFICE, OK, OUTCOME, World, rows

S = Status
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BAD, COMMENT = "INVALID_INPUT", "COMMENT_REQUIRED"

# What a step refuses because of its inputs: (state, step, inputs instead of the good ones, code, field).
REFUSALS: list[tuple[Status, str, dict[str, Any], str, str]] = [
    (S.OFFICE_REVIEW, "return_referral", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.OFFICE_REVIEW, "return_referral", {"reason": "OTHER"}, COMMENT, "comment"),
    (S.OFFICE_REVIEW, "return_referral", {"reason": "OTHER", "comment": "  "}, COMMENT, "comment"),
    (S.IN_TRIAGE, "request_information", {"items": []}, BAD, "items"),
    (S.IN_TRIAGE, "request_information", {"items": ["UNHEARD_OF"]}, BAD, "items"),
    (S.IN_TRIAGE, "request_information", {"items": ["OTHER"]}, COMMENT, "note"),
    (S.IN_TRIAGE, "request_information", {"items": ["ECG"], "due_at": NOW}, BAD, "dueAt"),
    (S.INFO_NEEDED, "supply_information", {"answer": " "}, BAD, "answer"),
    (S.SENT, "accept_referral", {"priority": Priority.STAT}, BAD, "priorityReason"),
    (S.SENT, "accept_referral", {"priority": Priority.STAT, "priority_reason": "UNHEARD_OF"}, BAD, "priorityReason"),
    (S.SENT, "accept_referral", {"priority": 1, "priority_reason": "CONDITION_WORSENED"}, COMMENT, "priorityComment"),
    (S.SENT, "waitlist_referral", {"priority": Priority.STAT}, BAD, "priorityReason"),
    (S.SENT, "waitlist_referral", {"priority": 1, "priority_reason": "OTHER"}, COMMENT, "priorityComment"),
    (S.SENT, "advise_referral", {"advice": {}}, BAD, "advice.recommendation"),
    (S.SENT, "advise_referral", {"advice": {"recommendation": " "}}, BAD, "advice.recommendation"),
    (S.SENT, "reject_referral", {"reason": "NO_BED"}, BAD, "alternativeHospital"),
    (S.SENT, "reject_referral", {"reason": "NO_BED", "alternative_hospital": "county"}, BAD, "alternativeHospital"),
    (S.SENT, "reject_referral", {"reason": "NO_BED", "alternative_hospital": "province"}, BAD, "alternativeHospital"),
    (S.SENT, "reject_referral", {"reason": "NO_BED", "no_alternative_reason": "X"}, BAD, "noAlternativeReason"),
    (S.SENT, "reject_referral", {"reason": "NO_BED", "no_alternative_reason": "OTHER"}, COMMENT, "comment"),
    (S.SENT, "reject_referral", {"reason": "X", "alternative_hospital": "city"}, BAD, "reason"),
    (S.SENT, "reject_referral", {"reason": "NOT_INDICATED", "alternative_hospital": "city"}, COMMENT, "comment"),
    (S.SENT, "redirect_referral", {"performer_department": "city", "reason": "X"}, BAD, "reason"),
    (S.SENT, "redirect_referral", {"performer_department": "city", "reason": "OTHER"}, COMMENT, "comment"),
    (S.SENT, "redirect_referral", {"performer_department": "county"}, "ALREADY_VISITED", "performerDepartment"),
    (S.SENT, "redirect_referral", {"performer_department": "county.other"}, "ALREADY_VISITED", "performerDepartment"),
    (S.SENT, "redirect_referral", {"performer_department": "province"}, "ALREADY_VISITED", "performerDepartment"),
    (S.SENT, "redirect_referral", {"performer_department": "province.other"}, "ALREADY_VISITED", "performerDepartment"),
    (S.SENT, "redirect_referral", {"performer_department": None}, BAD, "performerDepartment"),
    (S.ADVISED, "resend_referral", {"performer_department": None}, BAD, "performerDepartment"),
    (S.ADVISED, "resend_referral", {"performer_department": "county.other"}, BAD, "performerDepartment"),
    (S.ADVISED, "resend_referral", {"performer_department": "city", "diagnoses": []}, "INCOMPLETE", "diagnoses"),
    (S.ADVISED, "close_referral", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.ADVISED, "close_referral", {"reason": "REFERRED_OUTSIDE"}, COMMENT, "comment"),
    (S.ACCEPTED, "book_referral", {"kind": "BED", "place": "1", "starts_at": NOW}, BAD, "startsAt"),
    (S.ACCEPTED, "book_referral", {"kind": "BED", "place": " ", "starts_at": NOW + HOUR}, BAD, "place"),
    (
        S.WAITLISTED, "book_referral",
        {"kind": "SLOT", "place": "1", "starts_at": NOW + HOUR, "ends_at": NOW + HOUR}, BAD, "endsAt",
    ),
    (S.SCHEDULED, "reschedule_referral", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.SCHEDULED, "reschedule_referral", {"starts_at": NOW}, BAD, "startsAt"),
    (S.SCHEDULED, "lose_booking", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.SCHEDULED, "lose_booking", {"reason": "OTHER"}, COMMENT, "comment"),
    (S.SCHEDULED, "hold_referral", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.ACCEPTED, "hold_referral", {"reason": "STABILISATION", "review_at": NOW}, BAD, "reviewAt"),
    (S.SCHEDULED, "depart_referral", {"condition": " "}, BAD, "condition"),
    (S.SCHEDULED, "depart_referral", {"condition": "平稳", "eta": NOW}, BAD, "eta"),
    (S.IN_TRANSIT, "turn_back_referral", {"reason": "CONDITION_DETERIORATED"}, COMMENT, "comment"),
    (S.IN_TRANSIT, "turn_back_referral", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.SCHEDULED, "record_no_show", {}, "INVALID_STATE", ""),
    (S.ARRIVED, "send_record", {"note": ""}, BAD, "note"),
    (S.ARRIVED, "return_outcome", {"outcome": OUTCOME | {"treatment": " "}}, BAD, "outcome.treatment"),
    (S.ARRIVED, "return_outcome", {"outcome": OUTCOME | {"diagnoses": []}}, BAD, "outcome.diagnoses"),
    (S.ARRIVED, "return_outcome", {"outcome": OUTCOME | {"diagnoses": ["A00.X"]}}, BAD, "outcome.diagnoses"),
    (
        S.ARRIVED, "return_outcome",
        {"outcome": OUTCOME | {"follow_up_date": date(2026, 3, 1)}}, BAD, "outcome.followUpDate",
    ),
    (S.ARRIVED, "refer_down", {"performer_department": "province2"}, BAD, "performerDepartment"),
    (S.ARRIVED, "refer_down", {"performer_department": "province.other"}, BAD, "performerDepartment"),
    (S.ARRIVED, "refer_down", {"consent_by": ""}, "CONSENT_REQUIRED", "consentBy"),
    (S.ARRIVED, "refer_down", {"consent_relation": "本人"}, "CONSENT_REQUIRED", "consentRelation"),
    (S.ARRIVED, "refer_down", {"reason": " "}, "INCOMPLETE", "reason"),
    (S.CLOSED, "amend_outcome", {"outcome": OUTCOME | {"treatment": ""}}, BAD, "outcome.treatment"),
    (S.CLOSED, "record_follow_up", {"note": " "}, BAD, "note"),
    (S.SCHEDULED, "cancel_referral", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.SCHEDULED, "cancel_referral", {"reason": "OTHER"}, COMMENT, "comment"),
    (S.SENT, "report_error", {"reason": "UNHEARD_OF"}, BAD, "reason"),
    (S.SENT, "report_error", {"reason": "WRONG_PATIENT"}, COMMENT, "comment"),
    (S.IN_TRANSIT, "arrive_referral", {"event_at": NOW + 2 * MINUTE}, BAD, "eventAt"),
    (S.DRAFT, "update_referral", {"diagnoses": ["UNHEARD.OF"]}, BAD, "diagnoses"),
    (S.DRAFT, "update_referral", {"needed_capability": "UNHEARD_OF"}, BAD, "neededCapability"),
    (S.DRAFT, "update_referral", {"vitals": {"temperature": 55}}, BAD, "vitals.temperature"),
    (S.DRAFT, "update_referral", {"performer_department": "county.other"}, BAD, "performerDepartment"),
]  # fmt: skip


def places_named(world: World, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with the places of the world put in for their names; an unknown department for None."""
    named = dict(inputs)
    if "alternative_hospital" in named:
        named["alternative_hospital"] = world.hospitals[named["alternative_hospital"]].pk
    if "performer_department" in named:
        place = named["performer_department"]
        named["performer_department"] = world.departments[place].pk if place else world.hospitals["city"].pk
    return named


@pytest.fixture(scope="module")
def every_state(_module_world: World) -> dict[Status, Referral]:
    """One referral in each state; nothing here changes them."""
    return {status: _module_world.referral(status) for status in {row[0] for row in REFUSALS}}


@pytest.mark.parametrize(
    ("status", "step", "inputs", "code", "field"), REFUSALS, ids=[f"{row[1]}-{n}" for n, row in enumerate(REFUSALS)]
)
def test_an_input_is_refused_and_the_field_named(world, every_state, status, step, inputs, code, field):
    base = {} if step in ("reject_referral", "book_referral") else world.inputs(step)
    attempt = world.attempt(step, every_state[status], only=base | places_named(world, inputs))
    assert (attempt.code, attempt.field or "") == (code, field)


def test_a_refusal_leaves_nothing_behind_in_a_transaction_of_its_own(committed):
    """Late refusals, with no transaction around the step: every table is as it was."""
    referrals = {status: committed.referral(status) for status in {row[0] for row in REFUSALS}}
    before = rows()
    for status, step, inputs, code, _field in REFUSALS:
        base = {} if step in ("reject_referral", "book_referral") else committed.inputs(step)
        with pytest.raises(Refused) as refused:
            committed.take(step, referrals[status], only=base | places_named(committed, inputs))
        assert refused.value.code == code
    assert rows() == before


MOMENTS = [
    (61, {}, BAD, "eventAt"),
    (60, {}, OK, None),
    (0, {}, OK, None),
    (-300, {}, OK, None),
    (-301, {}, BAD, "backdatingReason"),
    (-301, {"backdating_reason": "UNHEARD_OF"}, BAD, "backdatingReason"),
    (-301, {"backdating_reason": "PHONE_AGREED"}, OK, None),
    (-301, {"backdating_reason": "CORRECTION"}, COMMENT, "backdatingComment"),
    (-301, {"backdating_reason": "CORRECTION", "backdating_comment": " "}, COMMENT, "backdatingComment"),
    (-301, {"backdating_reason": "CORRECTION", "backdating_comment": "表误"}, OK, None),
    (-300, {"backdating_comment": "不晚"}, OK, None),
    (-3600, {"backdating_reason": "PHONE_AGREED"}, OK, None),
    (-3601, {"backdating_reason": "PHONE_AGREED"}, BAD, "eventAt"),  # before it was written
]


@pytest.mark.parametrize(("seconds", "reason", "code", "field"), MOMENTS)
def test_an_event_is_neither_in_the_future_nor_silently_late(world, seconds, reason, code, field):
    referral, now = world.referral(S.SENT), NOW + HOUR
    happened = now + timedelta(seconds=seconds)
    attempt = world.attempt("accept_referral", referral, now=now, event_at=happened, **reason)
    assert (attempt.code, attempt.field) == (code, field)
    if code == OK:
        world.take("accept_referral", referral, now=now, event_at=happened, **reason)
        event = world.events(referral)[-1]
        assert (event.event_at, event.recorded_at) == (happened, now)
        late = seconds < -300
        assert event.backdating_reason == reason.get("backdating_reason", "")
        assert event.backdating_comment == (reason.get("backdating_comment", "") if late else "")


def test_a_reason_counts_from_its_first_to_its_last_day_in_china(world):
    """At half past midnight in China it is still yesterday in Greenwich."""
    night = NOW.replace(hour=0, minute=30)
    dated = {"system": "REASON/CANCEL", "label_zh": "试", "label_en": "t", "source": "test"}
    Concept.objects.create(code="ENDED", valid_from=date(2025, 1, 1), valid_to=date(2026, 3, 1), **dated)
    Concept.objects.create(code="LAST_DAY", valid_from=date(2025, 1, 1), valid_to=date(2026, 3, 2), **dated)
    Concept.objects.create(code="BEGINS", valid_from=date(2026, 3, 2), **dated)
    Concept.objects.create(code="TOMORROW", valid_from=date(2026, 3, 3), **dated)
    referral = world.draft(now=night)
    found = {
        code: world.attempt("cancel_referral", referral, now=night.astimezone(UTC), reason=code).code
        for code in ("ENDED", "LAST_DAY", "BEGINS", "TOMORROW")
    }
    assert found == {"ENDED": BAD, "LAST_DAY": OK, "BEGINS": OK, "TOMORROW": BAD}


REVIEWED = {"ALWAYS": set(Priority.names), "ROUTINE_ONLY": {"ROUTINE"}, "NEVER": set()}
POLICIES = [
    (policy, priority, S.OFFICE_REVIEW if priority in reviewed else S.SENT)
    for policy, reviewed in REVIEWED.items()
    for priority in Priority.names
]


@pytest.mark.parametrize(("policy", "priority", "status"), POLICIES)
def test_the_hospitals_policy_decides_whether_its_office_reviews(world, policy, priority, status):
    Hospital.objects.filter(pk=world.hospitals["county"].pk).update(outgoing_review=policy)
    referral = world.take("submit_referral", world.draft(priority=Priority[priority]))
    assert (referral.status, referral.sent_at) == (status, NOW if status == S.SENT else None)


@pytest.mark.parametrize("step", ["approve_referral", "return_referral"])
def test_nobody_reviews_what_they_wrote(world, step):
    both = world.newcomer("both", ("county", DOCTOR), ("county", OFFICE))
    referral = world.draft(by=both, priority=Priority.ROUTINE)
    referral = world.take("submit_referral", referral, by=both)
    assert world.attempt(step, referral, by=both).code == "SECOND_PERSON_NEEDED"
    assert world.attempt(step, referral).code == OK


def test_a_case_is_redirected_three_times_at_most_and_never_back(world):
    referral = world.referral(S.SENT)
    visited = ["province"]
    for hops, place in enumerate(("province2", "city", "foreign"), start=1):
        expert = world.actor(visited[-1], EXPERT)
        for earlier in [*visited, "county"]:
            attempt = redirect(world.attempt, world, referral, expert, earlier)
            assert (attempt.code, attempt.field) == ("ALREADY_VISITED", "performerDepartment")
        redirect(world.take, world, referral, expert, place)
        referral = Referral.objects.get(based_on=referral)
        visited.append(place)
        assert (referral.hops, referral.status) == (hops, S.SENT)
    last = redirect(world.attempt, world, referral, world.actor("foreign", EXPERT), "city")
    assert (last.code, last.writes) == ("TOO_MANY_HOPS", ())


def redirect(act: Any, world: World, referral: Referral, by: Any, place: str) -> Any:
    """Redirect, or try to, towards a place."""
    return act("redirect_referral", referral, by=by, performer_department=world.departments[place].pk)


def test_what_was_sent_again_counts_as_visited(world):
    world.take("resend_referral", rejected := world.referral(S.REJECTED))
    leg = Referral.objects.get(based_on=rejected)
    back = redirect(world.attempt, world, leg, world.actor("city", EXPERT), "province")
    assert (back.code, back.field) == ("ALREADY_VISITED", "performerDepartment")


def test_a_place_that_takes_no_part_is_not_asked(world):
    referral, city = world.referral(S.SENT), world.departments["city"]
    for model, pk in ((type(city), city.pk), (Hospital, city.hospital_id)):
        model.objects.filter(pk=pk).update(status=Membership.SUSPENDED)
        attempt = redirect(world.attempt, world, referral, world.actor("province", EXPERT), "city")
        assert (attempt.code, attempt.field) == (BAD, "performerDepartment")
        model.objects.filter(pk=pk).update(status=Membership.ACTIVE)
    Hospital.objects.filter(pk=city.hospital_id).update(status=Membership.SUSPENDED)
    attempt = world.attempt("reject_referral", referral, alternative_hospital=city.hospital_id)
    assert (attempt.code, attempt.field) == (BAD, "alternativeHospital")


def test_a_rejection_names_another_hospital_or_says_why_none_is_needed(world):
    referral = world.referral(S.SENT)
    world.take("reject_referral", referral, only={"reason": "DUPLICATE", "no_alternative_reason": "DUPLICATE"})
    stored = world.read(referral)
    assert (stored.reject_reason, stored.alternative_hospital) == ("DUPLICATE", None)
    assert world.events(referral)[-1].detail == {"noAlternativeReason": "DUPLICATE"}


def test_asking_for_information_moves_the_clock_to_the_sender_and_back_with_what_was_left(world):
    referral = world.referral(S.IN_TRIAGE)  # the limit of a day began at NOW
    asked = world.take("request_information", referral, now=NOW + 100 * MINUTE)
    assert (asked.clock_holder, asked.due_at) == ("REQUESTER", NOW + 100 * MINUTE + DAY)
    supplied = world.take("supply_information", asked, now=NOW + 300 * MINUTE)
    assert (supplied.clock_kind, supplied.clock_holder) == ("TRIAGE", "PERFORMER")
    assert supplied.due_at == NOW + 300 * MINUTE + (DAY - 100 * MINUTE)
    again = world.take("request_information", supplied, now=NOW + 400 * MINUTE, due_at=NOW + 460 * MINUTE)
    assert again.due_at == NOW + 460 * MINUTE
    back = world.take("supply_information", again, now=NOW + 500 * MINUTE)
    assert back.due_at == NOW + 500 * MINUTE + (DAY - 200 * MINUTE)


def test_a_limit_already_missed_stays_missed_by_as_much(world):
    asked = world.take("request_information", world.referral(S.IN_TRIAGE), now=NOW + DAY + HOUR)
    supplied = world.take("supply_information", asked, now=NOW + 3 * DAY)
    assert supplied.due_at == NOW + 3 * DAY - HOUR


def test_a_hold_is_the_patients_time(world):
    held = world.take("hold_referral", world.referral(S.ACCEPTED), now=NOW + HOUR, review_at=None)
    assert (held.clock_kind, held.clock_holder, held.due_at) == ("HOLD", "PATIENT", NOW + HOUR + 7 * DAY)
    resumed = world.take("resume_referral", held, now=NOW + 10 * HOUR)
    assert (resumed.status, resumed.clock_holder, resumed.due_at) == (S.ACCEPTED, "PERFORMER", NOW + 33 * HOUR)
    held = world.take("hold_referral", world.referral(S.SCHEDULED))
    resumed = world.take("resume_referral", held, now=NOW + HOUR)
    assert (resumed.status, resumed.clock_kind, resumed.due_at) == (S.SCHEDULED, "", None)
    assert resumed.bookings.get().state == Booking.State.ACTIVE


CONTACT_MINUTES = {"STAT": 60, "ASAP": 1440, "URGENT": 4320, "ROUTINE": 20160}


@pytest.mark.parametrize(("priority", "minutes"), CONTACT_MINUTES.items())
def test_a_waiting_patient_is_contacted_by_a_time_that_follows_from_the_priority(world, priority, minutes):
    change = {"priority": Priority[priority], "priority_reason": "RISK_REASSESSED"}
    waiting = world.take("waitlist_referral", world.referral(S.SENT), **change)
    assert (waiting.clock_kind, waiting.due_at) == ("CONTACT", NOW + minutes * MINUTE)


def test_a_changed_priority_is_remembered_and_counts_at_once(world):
    change = {"priority": Priority.STAT, "priority_reason": "CRITICAL_RESULT", "priority_comment": "血钾 7.1"}
    accepted = world.take("accept_referral", world.referral(S.SENT), **change)
    assert (accepted.priority, accepted.due_at) == (Priority.STAT, NOW + 30 * MINUTE)
    event = world.events(accepted)[-1]
    assert event.detail == {"priority": {"from": "URGENT", "to": "STAT", "reason": "CRITICAL_RESULT"}}
    assert (event.reason_code, event.comment) == ("CRITICAL_RESULT", "血钾 7.1")


def test_nobody_has_missed_an_appointment_before_its_time(world):
    referral = world.referral(S.SCHEDULED)
    starts_at = referral.bookings.get().starts_at
    early = world.attempt("record_no_show", referral, now=starts_at - MINUTE)
    assert (early.code, world.attempt("record_no_show", referral, now=starts_at).code) == ("INVALID_STATE", OK)


def test_the_read_receipt_is_given_once(world):
    opened = world.take("open_referral", world.referral(S.SENT))
    again = world.attempt("open_referral", opened, by=world.actor("province", EXPERT, 2))
    assert (again.code, again.writes) == ("INVALID_STATE", ())
    claimed = world.take("claim_referral", world.referral(S.SENT))
    released = world.take("release_referral", claimed)
    assert (released.opened_at, world.attempt("open_referral", released).code) == (NOW, "INVALID_STATE")


def test_the_office_accepts_only_in_the_name_of_a_specialist_of_that_department(world):
    referral, office = world.referral(S.SENT), world.actor("province", OFFICE)
    named = {
        None: BAD,
        ("province", EXPERT, 1): OK,
        ("province", EXPERT, 2): OK,
        ("province.other", EXPERT, 1): BAD,
        ("province2", EXPERT, 1): BAD,
        ("county", EXPERT, 1): BAD,
        ("province", DOCTOR, 1): BAD,
        ("province", OFFICE, 1): BAD,
        ("province", ADMIN, 1): BAD,
        ("province", Role.PATHOLOGIST, 1): BAD,
    }
    for step in ("accept_referral", "waitlist_referral"):
        found = {
            key: world.attempt(step, referral, by=office, on_behalf_of=key and world.people[key].pk).code
            for key in named
        }
        assert found == named
    expert = world.people["province", EXPERT, 2]
    world.take("accept_referral", referral, by=office, on_behalf_of=expert.pk)
    event = world.events(referral)[-1]
    assert (event.actor, event.actor_role, event.on_behalf_of) == (office.person, OFFICE, expert)
    # Other steps of the office are its own.
    world.take("hold_referral", world.read(referral), by=office, on_behalf_of=expert.pk)
    assert world.events(referral)[-1].on_behalf_of is None


def test_a_specialist_who_also_works_in_the_office_decides_for_themselves(world):
    both = world.newcomer("both", ("province", OFFICE), ("province", EXPERT))
    referral = world.take("accept_referral", world.referral(S.SENT), by=both)
    event = world.events(referral)[-1]
    assert (event.actor_role, event.on_behalf_of) == (EXPERT, None)


def test_a_patient_goes_down_to_where_the_case_began_or_to_another_lower_hospital(world):
    for place in ("foreign", "city"):
        arrived = world.referral(S.ARRIVED)
        world.take("refer_down", arrived, performer_department=world.departments[place].pk)
        leg = Referral.objects.get(based_on=arrived)
        assert (leg.direction, leg.performer_hospital) == ("DOWN", world.hospitals[place])
    # By way of a redirect the origin stays the origin.
    world.take("redirect_referral", first := world.referral(S.SENT))
    there = {"by": world.actor("province2", EXPERT)}
    leg = world.take("accept_referral", Referral.objects.get(based_on=first), **there)
    leg = world.take("arrive_referral", leg, **there)
    world.take("refer_down", leg, **there)
    assert Referral.objects.get(based_on=leg).performer_department == world.departments["county"]


def test_an_amended_outcome_is_a_new_version_to_acknowledge_again(world):
    closed = world.referral(S.CLOSED)
    amended = world.take("amend_outcome", closed, by=world.actor("province", EXPERT, 2), now=NOW + DAY)
    assert (amended.status, amended.closed_at, world.case(amended).closed_at) == (S.OUTCOME_RETURNED, None, None)
    versions = list(amended.outcomes.values_list("version", "treatment", "acknowledged_at"))
    assert versions == [(1, "抗感染 7 天", NOW), (2, "抗感染 10 天", None)]
    assert world.events(amended)[-1].detail == {"outcomeVersion": 2}
    again = world.take("acknowledge_outcome", amended, now=NOW + 2 * DAY)
    assert list(again.outcomes.values_list("version", "acknowledged_at")) == [(1, NOW), (2, NOW + 2 * DAY)]
    # The specialist's follow-up day, 9 March, comes before the seven days of the registry have passed.
    due = datetime(2026, 3, 9, 23, 59, 59, 999999, NOW.tzinfo)
    assert (again.closed_at, again.follow_up_due_at) == (NOW + 2 * DAY, due)
    assert world.case(again).closed_at == NOW + 2 * DAY


@pytest.mark.parametrize("ending", ["close_referral", "record_death"])
def test_what_ended_without_an_outcome_has_none_to_amend_or_to_follow_up(world, ending):
    ended = world.take(ending, world.referral(S.ADVISED))
    found = {step: world.attempt(step, ended).code for step in ("amend_outcome", "record_follow_up")}
    assert found == {"amend_outcome": "INVALID_STATE", "record_follow_up": "INVALID_STATE"}


def test_a_closed_loop_is_followed_up_once(world):
    followed = world.take("record_follow_up", world.referral(S.CLOSED), now=NOW + DAY)
    assert (followed.followed_up_at, followed.status) == (NOW + DAY, S.CLOSED)
    assert world.attempt("record_follow_up", followed).code == "INVALID_STATE"


def test_the_full_record_is_sent_once(world):
    sent = world.take("send_record", world.referral(S.ARRIVED))
    assert world.attempt("send_record", sent).code == "INVALID_STATE"
