"""How a referral ends early: death, expiry, entry in error (domain specification, section 3)."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from consortium import access, clocks
from consortium.models import AuditEntry, Delivery, Event, Preference
from referrals import actions
from referrals.models import Referral, Status
from tests.world import ADMIN, DOCTOR, EXPERT, NOW, OFFICE, OK, World, patient

S = Status
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NO_CLOCK = ("", "", None, None)


def clock(referral: Referral) -> tuple[object, ...]:
    """The running limit of a leg as it is stored."""
    names = ("clock_kind", "clock_holder", "clock_started_at", "due_at")
    return Referral.objects.values_list(*names).get(pk=referral.pk)


def test_death_stops_every_limit_of_the_patient_everywhere_at_once(world):
    same, other = patient(), {"duplicate_reason": "OTHER_SPECIALTY"}
    dies = world.referral(S.ACCEPTED, patient=same)
    elsewhere = {
        status: world.referral(status, patient=same, **other)
        for status in (S.SENT, S.WAITLISTED, S.ON_HOLD, S.INFO_NEEDED, S.REJECTED, S.ARRIVED)
    }
    untouched = world.referral(S.SENT)

    world.take("record_death", dies, now=NOW + HOUR, event_at=NOW + HOUR - 2 * MINUTE)

    dies = world.read(dies)
    assert (dies.status, dies.ending, dies.closed_at) == (S.CLOSED, "DECEASED", NOW + HOUR)
    assert dies.patient.deceased_at == NOW + HOUR - 2 * MINUTE
    assert {status: clock(leg) for status, leg in elsewhere.items()} == dict.fromkeys(elsewhere, NO_CLOCK)
    assert clock(untouched) == ("TRIAGE", "PERFORMER", NOW, NOW + DAY)
    # And none starts again, whatever is done next.
    world.take("return_outcome", world.read(elsewhere[S.ARRIVED]))
    legs = Referral.objects.filter(case__patient=dies.patient)
    assert (legs.count(), legs.exclude(clock_kind="").count(), legs.exclude(due_at=None).count()) == (7, 0, 0)
    assert list(actions.stale(NOW + 400 * DAY)) == [untouched.pk]


def test_death_ends_what_waits_to_depart_and_leaves_the_bedside_to_its_own_hands(world):
    same, other = patient(), {"duplicate_reason": "OTHER_SPECIALTY"}
    waiting = (S.DRAFT, S.SENT, S.ACCEPTED, S.SCHEDULED, S.ON_HOLD, S.REJECTED)
    there = (S.IN_TRANSIT, S.ARRIVED, S.OUTCOME_RETURNED)
    legs = {status: world.referral(status, patient=same, **other) for status in (*waiting, *there)}
    dies = world.referral(S.SENT, patient=same, **other)
    held, _free = world.bed()
    assert held == 4  # accepted, booked, on hold, on the way

    world.take("record_death", dies, now=NOW + HOUR)

    found = {status: world.read(leg) for status, leg in legs.items()}
    assert {s: (found[s].status, found[s].ending, found[s].closed_at) for s in waiting} == dict.fromkeys(
        waiting, (S.CLOSED, "DECEASED", NOW + HOUR)
    )
    assert {s: (found[s].status, found[s].version) for s in there} == {s: (s, legs[s].version) for s in there}
    assert (world.bed()[0], found[S.ACCEPTED].held_capacity) == (held - 3, None)
    assert found[S.SCHEDULED].bookings.get().state == "RELEASED"
    assert {s: world.case(found[s]).closed_at for s in waiting} == dict.fromkeys(waiting, NOW + HOUR)
    assert {s: world.case(found[s]).closed_at for s in there} == dict.fromkeys(there)
    assert {s: [e.kind for e in world.events(found[s])].count("record_death") for s in legs} == dict.fromkeys(legs, 1)
    events = {s: world.events(found[s])[-1] for s in legs}
    assert {s: (e.kind, e.from_status, e.to_status, e.comment) for s, e in events.items()} == {
        s: ("record_death", s, S.CLOSED if s in waiting else s, "") for s in legs
    }
    told = {s: {place for place, _role, _n in world.told(event)} for s, event in events.items()}
    assert told == {s: {"county"} if s == S.DRAFT else {"county", "province"} for s in legs}


def test_death_withdraws_the_call_of_the_patient_and_tells_who_was_asked(world):
    """What the asked hospitals are told by another channel is not called back with the rest."""
    asked = world.people["province", EXPERT, 1]
    Preference.objects.create(person=asked, channel="EMAIL", address="a@example.org")
    leg = world.referral(S.BROADCAST)
    world.take("record_death", leg)
    (offer,) = leg.offers.all()
    assert (offer.status, offer.closed_at) == ("WITHDRAWN", NOW)
    sent = Delivery.objects.filter(notice__person=asked).values_list("event__kind", "state")
    assert set(sent) == {("activate_green_channel", "WITHDRAWN"), ("record_death", "PENDING")}


def test_death_calls_back_what_waits_for_every_leg_of_the_patient(world):
    same = patient()
    Preference.objects.create(person=world.people["province", EXPERT, 1], channel="EMAIL", address="a@example.org")
    elsewhere = world.referral(S.ARRIVED, patient=same)
    dies = world.draft(patient=same, duplicate_reason="OTHER_SPECIALTY")
    waiting = Delivery.objects.filter(event__subject_id=elsewhere.pk)
    assert set(waiting.values_list("state", flat=True)) == {"PENDING"}
    world.take("record_death", dies)
    assert set(waiting.exclude(event__kind="record_death").values_list("state", flat=True)) == {"WITHDRAWN"}
    assert waiting.get(event__kind="record_death").state == "PENDING"


def test_a_second_record_of_the_death_keeps_the_first_time(world):
    same = patient()
    first = world.referral(S.SENT, patient=same)
    second = world.referral(S.ARRIVED, patient=same, duplicate_reason="NEW_EPISODE")
    world.take("record_death", first)
    world.take("record_death", second, by=world.actor("province", OFFICE), now=NOW + HOUR)
    assert (world.read(second).patient.deceased_at, world.read(second).status) == (NOW, S.CLOSED)


def test_every_open_leg_that_stood_still_for_thirty_days_is_stale(world):
    legs = {status: world.referral(status) for status in Status}
    limit = clocks.target("EXPIRY", 4, now=NOW)
    assert limit == 30 * DAY
    open_legs = {leg.pk for leg in legs.values() if leg.closed_at is None}
    ended = {S.REDIRECTED, S.CLOSED, S.CANCELLED, S.ENTERED_IN_ERROR}
    assert {status for status, leg in legs.items() if leg.closed_at} == ended
    # The appointment was missed three hours later; the redirected leg goes on as a new one.
    new_leg = Referral.objects.get(based_on=legs[S.REDIRECTED])
    assert set(actions.stale(NOW + limit)) == set()
    assert set(actions.stale(NOW + limit + MINUTE)) == open_legs - {legs[S.NO_SHOW].pk} | {new_leg.pk}
    assert set(actions.stale(NOW + limit + 4 * HOUR)) == open_legs | {new_leg.pk}


def test_expiry_is_proposed_by_the_clock_and_confirmed_by_the_sender(world, monkeypatch):
    referral = world.referral(S.SENT)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + 31 * DAY)
    call_command("tick", verbosity=0, stdout=Nowhere())
    proposed = world.read(referral)
    assert (proposed.status, proposed.closed_at, proposed.expiry_proposed_at) == (S.SENT, None, NOW + 31 * DAY)
    event = world.events(referral)[-1]
    assert (event.kind, event.actor, event.actor_role) == ("propose_expiry", None, "")
    # The clock does not propose what is proposed already.
    call_command("tick", verbosity=0, stdout=Nowhere())
    assert world.read(referral).version == proposed.version
    closed = world.take("confirm_expiry", proposed, now=NOW + 32 * DAY)
    assert (closed.status, closed.ending, closed.closed_at) == (S.CLOSED, "EXPIRED", NOW + 32 * DAY)


def test_any_step_withdraws_the_proposal_and_the_clock_may_make_another(world):
    referral = world.referral(S.SENT)
    proposed = world.take("propose_expiry", referral, now=NOW + 31 * DAY)
    assert world.attempt("confirm_expiry", proposed).code == OK
    moved = world.take("open_referral", proposed, now=NOW + 32 * DAY)
    refused = world.attempt("confirm_expiry", moved)
    assert (refused.code, refused.writes) == ("INVALID_STATE", ())
    assert list(actions.stale(NOW + 62 * DAY)) == []
    assert list(actions.stale(NOW + 62 * DAY + MINUTE)) == [referral.pk]
    again = world.take("propose_expiry", moved, now=NOW + 63 * DAY)
    assert world.attempt("confirm_expiry", again).code == OK


def test_one_case_in_motion_does_not_stop_the_clocks_round(world, monkeypatch):
    """Between reading and proposing somebody moves one: the others are still proposed."""
    moved, still = world.referral(S.SENT), world.referral(S.SENT)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + 31 * DAY)
    monkeypatch.setattr(
        "referrals.actions.stale",
        lambda now: [moved.pk, still.pk],
    )
    world.take("cancel_referral", moved)
    call_command("tick", verbosity=0, stdout=Nowhere())
    assert (world.read(moved).status, world.read(still).expiry_proposed_at) == (S.CANCELLED, NOW + 31 * DAY)


class Nowhere:
    """A stream that forgets."""

    def write(self, text: str) -> int:
        """Take the text and keep nothing of it."""
        return len(text)


def test_an_entry_in_error_needs_its_author_and_an_administrator(world):
    referral = world.referral(S.SENT)
    admin = world.actor("county", ADMIN)
    found = {
        key: world.attempt("report_error", referral, by=world.actor(*key)).code
        for key in [("county", DOCTOR, 1), ("county", DOCTOR, 2), ("county", OFFICE, 1), ("province", EXPERT, 1)]
    }
    assert found == {
        ("county", DOCTOR, 1): OK,
        ("county", DOCTOR, 2): "FORBIDDEN",
        ("county", OFFICE, 1): "FORBIDDEN",
        ("province", EXPERT, 1): "FORBIDDEN",
    }
    assert not access.visible(admin, Referral).filter(pk=referral.pk).exists()
    assert world.attempt("confirm_error", referral).code == "NOT_FOUND"

    reported = world.take("report_error", referral)
    assert (reported.status, reported.error_reported_at) == (S.SENT, NOW)
    assert world.attempt("report_error", reported).code == "INVALID_STATE"
    assert access.find(admin, Referral, referral.pk).full_view is False
    assert world.attempt("confirm_error", reported, by=world.actor("province", ADMIN)).code == "NOT_FOUND"
    events, audits = Event.objects.count(), AuditEntry.objects.count()
    confirmed = world.take("confirm_error", reported)
    assert (confirmed.status, confirmed.ending) == (S.ENTERED_IN_ERROR, "ENTERED_IN_ERROR")
    # It stays on the trail.
    assert [event.kind for event in world.events(referral)] == [
        "create_referral", "submit_referral", "report_error", "confirm_error",
    ]  # fmt: skip
    assert (Event.objects.count(), AuditEntry.objects.count()) == (events + 1, audits + 1)


def test_the_author_does_not_confirm_their_own_error(world):
    both = world.newcomer("both", ("county", DOCTOR), ("county", ADMIN))
    referral = world.take("report_error", world.draft(by=both), by=both)
    assert world.attempt("confirm_error", referral, by=both).code == "SECOND_PERSON_NEEDED"
    assert world.attempt("confirm_error", referral).code == OK


@pytest.mark.parametrize("status", [S.ACCEPTED, S.CLOSED, S.CANCELLED, S.REDIRECTED])
def test_an_error_is_confirmed_also_after_the_end(world, status):
    reported = world.take("report_error", world.referral(status))
    confirmed = world.take("confirm_error", reported)
    assert (confirmed.status, confirmed.ending, confirmed.closed_at) == (S.ENTERED_IN_ERROR, "ENTERED_IN_ERROR", NOW)
    case = world.case(referral=confirmed)
    assert case.closed_at == (None if status == S.REDIRECTED else NOW)


def test_the_case_stays_open_while_one_leg_is(world):
    redirected = world.referral(S.REDIRECTED)
    leg = Referral.objects.get(based_on=redirected)
    assert world.case(leg).closed_at is None
    world.take("cancel_referral", leg, now=NOW + HOUR)
    assert world.case(leg).closed_at == NOW + HOUR


def test_a_draft_that_was_never_sent_ends_without_a_word_to_the_performer(world: World):
    for step in ("cancel_referral", "record_death"):
        referral = world.take(step, world.draft())
        told = world.told(world.events(referral)[-1])
        assert {place for place, _role, _n in told} <= {"county"}
