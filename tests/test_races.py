"""Races, with real threads and real commits: exactly one wins, the others are told why, and nothing is half done."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from consortium import grants
from consortium.errors import Refused
from consortium.models import Capability, Event, Patient, Person, PractitionerRole
from consortium.roles import Role
from referrals.models import Booking, Case, Referral, Status
from tests.world import ADMIN, DOCTOR, EXPERT, NOW, OFFICE, OK, World, patient

S = Status
ROUNDS = 3


def race(*calls: Callable[[], Any]) -> list[str]:
    """Let everybody act at the same moment, each in a thread with a session of its own; the codes, in their order."""
    codes = ["nothing"] * len(calls)
    start = threading.Barrier(len(calls), timeout=20)

    def run(n: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait()
            call()
            codes[n] = OK
        except Refused as refused:
            codes[n] = str(refused.code)
        except Exception as error:  # noqa: BLE001 - what nobody anticipated is what this file is after
            codes[n] = f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return codes


@pytest.mark.parametrize("many", [2, 20])
def test_one_of_many_acceptors_wins(committed: World, many: int):
    experts = [committed.actor("province", EXPERT, 1 + n % 2) for n in range(many)]
    for n in range(ROUNDS):
        referral = committed.referral(S.SENT)
        codes = race(*(partial(committed.take, "accept_referral", referral, by=by) for by in experts))
        assert Counter(codes) == {OK: 1, "INVALID_STATE": many - 1}
        stored = committed.read(referral)
        assert (stored.status, stored.version) == (S.ACCEPTED, referral.version + 1)
        assert stored.claimed_by == experts[codes.index(OK)].person
        assert Event.objects.filter(subject_id=referral.pk, kind="accept_referral").count() == 1
        assert committed.bed() == (n + 1, 20)


def test_one_of_many_claims_wins(committed):
    referral = committed.referral(S.SENT)
    experts = [committed.actor("province", EXPERT, 1 + n % 2) for n in range(8)]
    codes = race(*(partial(committed.take, "claim_referral", referral, by=by) for by in experts))
    assert Counter(codes) == {OK: 1, "INVALID_STATE": 7}
    assert committed.read(referral).claimed_by == experts[codes.index(OK)].person


def test_a_state_that_allows_the_step_again_still_lets_one_through(committed):
    """An update leaves the draft a draft: the version decides."""
    draft = committed.draft()
    codes = race(*(partial(committed.take, "update_referral", draft) for _n in range(8)))
    assert Counter(codes) == {OK: 1, "STALE_VERSION": 7}
    assert committed.read(draft).version == 2


def test_the_last_bed_is_promised_once(committed):
    referrals = [committed.referral(S.SENT) for _n in range(10)]
    for _round in range(ROUNDS):
        Capability.objects.filter(pk=committed.picu.pk).update(beds_free=1, held=0)
        waiting = [referral for referral in map(committed.read, referrals) if referral.status == S.SENT]
        codes = race(*(partial(committed.take, "accept_referral", r) for r in waiting))
        assert Counter(codes) == {OK: 1, "NO_CAPACITY": len(waiting) - 1}
        assert committed.bed() == (1, 1)
    assert Referral.objects.filter(held_capacity=committed.picu).count() == ROUNDS


def test_one_slot_is_booked_once(committed):
    for n in range(ROUNDS):
        referrals = [committed.referral(S.ACCEPTED) for _n in range(6)]
        slot = {"kind": "SLOT", "place": "诊室 1", "starts_at": NOW + timedelta(hours=1 + n)}
        codes = race(*(partial(committed.take, "book_referral", r, only=slot) for r in referrals))
        assert Counter(codes) == {OK: 1, "SLOT_TAKEN": 5}
        states = [committed.read(referral).status for referral in referrals]
        assert [s == S.SCHEDULED for s in states] == [code == OK for code in codes]
        assert Booking.objects.filter(state="ACTIVE").count() == n + 1


def test_two_patients_swap_their_slots_without_a_deadlock(committed):
    slots = [{"kind": "SLOT", "place": f"诊室 {n}", "starts_at": NOW + timedelta(hours=1)} for n in (1, 2)]
    reason = {"reason": "PATIENT_REQUEST"}
    for _round in range(ROUNDS):
        referrals = [committed.take("book_referral", committed.referral(S.ACCEPTED), only=slot) for slot in slots]
        codes = race(
            partial(committed.take, "reschedule_referral", referrals[0], only=slots[1] | reason),
            partial(committed.take, "reschedule_referral", referrals[1], only=slots[0] | reason),
        )
        assert codes == ["SLOT_TAKEN", "SLOT_TAKEN"]
        for referral in map(committed.read, referrals):
            committed.take("cancel_referral", referral)


def test_two_legs_that_close_at_once_close_the_case(committed):
    for _round in range(ROUNDS):
        up = committed.take("refer_down", committed.referral(S.ARRIVED))
        down = Referral.objects.get(based_on=up)
        office = committed.actor("province", OFFICE)
        codes = race(
            partial(committed.take, "acknowledge_outcome", up),
            partial(committed.take, "cancel_referral", down, by=office),
        )
        assert codes == [OK, OK]
        assert committed.case(up).closed_at == NOW


def test_one_leg_closes_while_the_other_is_amended(committed):
    for _round in range(ROUNDS):
        up = committed.take("refer_down", committed.referral(S.ARRIVED))
        up, down = committed.take("acknowledge_outcome", up), Referral.objects.get(based_on=up)
        office = committed.actor("province", OFFICE)
        codes = race(
            partial(committed.take, "amend_outcome", up),
            partial(committed.take, "cancel_referral", down, by=office),
        )
        assert codes == [OK, OK]
        assert committed.case(up).closed_at is None


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_two_drafts_for_one_patient_show_each_other(committed, known):
    for _round in range(ROUNDS):
        same = patient()
        if known:
            committed.take("cancel_referral", committed.draft(patient=same))
        doctors = [committed.actor("county", DOCTOR, n) for n in (1, 2)]
        codes = race(*(partial(committed.draft, by=by, patient=dict(same)) for by in doctors))
        assert Counter(codes) == {OK: 1, "OPEN_CASE_EXISTS": 1}
        known = Patient.objects.with_id_number(same["id_number"])
        assert known.count() == 1
        assert Case.objects.filter(patient__in=known, closed_at=None).count() == 1


def test_cancelling_against_accepting_has_one_winner(committed):
    outcomes = {(OK, "INVALID_STATE"): S.CANCELLED, ("STALE_VERSION", OK): S.ACCEPTED}
    held = 0
    for _round in range(ROUNDS + 2):
        referral = committed.referral(S.SENT)
        codes = race(
            partial(committed.take, "cancel_referral", referral), partial(committed.take, "accept_referral", referral)
        )
        stored = committed.read(referral)
        assert stored.status == outcomes[tuple(codes)]
        assert stored.version == referral.version + 1
        accepted = stored.status == S.ACCEPTED
        held += accepted
        assert (stored.held_capacity_id is not None, stored.closed_at is None) == (accepted, accepted)
        assert committed.bed() == (held, 20)
        assert committed.events(referral)[-1].kind == ("accept_referral" if accepted else "cancel_referral")


def test_death_on_one_leg_ends_another_on_which_a_step_is_taken_at_once(committed):
    for _round in range(ROUNDS + 2):
        up = committed.take("refer_down", committed.referral(S.ARRIVED))
        down = Referral.objects.get(based_on=up)
        expert = committed.actor("county", EXPERT)
        codes = race(
            partial(committed.take, "record_death", up),
            partial(committed.take, "accept_referral", down, by=expert),
        )
        assert codes in ([OK, OK], [OK, "INVALID_STATE"])
        down = committed.read(down)
        assert (down.status, down.ending, down.clock_kind, down.due_at) == (S.CLOSED, "DECEASED", "", None)
        assert down.held_capacity_id is None


def test_the_same_death_recorded_in_two_cases_at_once(committed):
    for _round in range(ROUNDS + 2):
        same = patient()
        first = committed.referral(S.SENT, patient=same)
        second = committed.referral(S.SENT, patient=same, duplicate_reason="NEW_EPISODE")
        codes = race(*(partial(committed.take, "record_death", leg) for leg in (first, second)))
        assert Counter(codes) == {OK: 1, "INVALID_STATE": 1}  # the one ended the other
        assert {committed.read(leg).status for leg in (first, second)} == {S.CLOSED}
        assert {committed.read(leg).clock_kind for leg in (first, second)} == {""}


def test_a_role_is_granted_once(committed):
    person = Person.objects.create(username="new", name="新")
    admin = committed.actor("county", ADMIN)
    where = committed.departments["county"]
    codes = race(
        *(
            partial(grants.grant_role, by=admin, person=person, role=Role.EXPERT, where=where, now=NOW)
            for _n in range(6)
        )
    )
    assert Counter(codes) == {OK: 1, "INVALID_STATE": 5}
    assert PractitionerRole.objects.filter(person=person).count() == 1
