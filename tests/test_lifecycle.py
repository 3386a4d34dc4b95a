"""One table answers what is possible and guards the step: a page and a rule cannot disagree."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consortium import lifecycle
from consortium.access import SYSTEM
from consortium.models import Side
from consortium.roles import Role
from referrals.models import Referral, Status
from tests.test_green_transitions import LEG
from tests.test_transitions import TABLE
from tests.world import ADMIN, DOCTOR, EXPERT, OFFICE, OK, World

ACTORS = [("county", DOCTOR), ("county", OFFICE), ("county", EXPERT), ("province", EXPERT), ("province", OFFICE)]
EVERY_REFUSAL_IS_TRIED_IN = {Status.SENT, Status.ARRIVED, Status.CLOSED}
# Refusals that do not depend on what the step is given.
STANDING = {"FORBIDDEN", "INVALID_STATE", "NOT_FOUND", "SECOND_PERSON_NEEDED", "TOO_MANY_HOPS"}


@pytest.fixture(scope="module")
def every_state(_module_world: World) -> dict[Status, Referral]:
    """One referral in each state, in a second round with what makes more steps possible."""
    return {status: _module_world.referral(status) for status in Status}


@pytest.mark.parametrize("place_and_role", ACTORS, ids=[f"{place}-{role}" for place, role in ACTORS])
@pytest.mark.parametrize("status", Status)
def test_what_is_offered_is_what_is_done(world, every_state, status, place_and_role):
    by, referral = world.actor(*place_and_role), every_state[status]
    if place_and_role[0] == "province" and referral.sent_at is None:
        return  # nobody is offered anything on what does not exist for them
    offered, done = {}, {}
    choices = lifecycle.choices(referral, by)
    by_clock = {"propose_expiry", "widen_on_silence"}
    assert {choice.step.name for choice in choices} == (set(TABLE) | set(LEG)) - by_clock
    for choice in choices:
        step = choice.step.name
        if step in LEG:  # test_green_transitions tries them on legs of the green channel
            assert choice.refusal or status == Status.BROADCAST
            continue
        if choice.refusal and status not in EVERY_REFUSAL_IS_TRIED_IN:
            continue  # test_transitions tries every step in every state, and by every role
        given = {"now": world.now + timedelta(hours=3)} if step == "record_no_show" else {}
        if place_and_role == ("province", OFFICE) and step in ("accept_referral", "waitlist_referral"):
            given["on_behalf_of"] = world.people["province", EXPERT, 1].pk
        attempt = world.attempt(step, referral, by=by, **given)
        offered[step] = (choice.refusal.code, choice.refusal.message) if choice.refusal else OK
        done[step] = (attempt.code, attempt.message) if attempt.code in STANDING else OK
    assert offered == done


def test_what_is_offered_after_a_proposal_and_a_report(world):
    proposed = world.take("propose_expiry", world.referral(Status.SENT))
    reported = world.take("report_error", world.referral(Status.SENT))
    doctor, admin = world.actor("county", DOCTOR), world.actor("county", ADMIN)
    assert allowed(proposed, doctor) == {
        "cancel_referral", "record_death", "confirm_expiry", "report_error",
    }  # fmt: skip
    assert allowed(reported, doctor) == {"cancel_referral", "record_death"}
    assert allowed(reported, admin) == {"confirm_error"}


def allowed(referral: Referral, by: object) -> set[str]:
    """The steps that somebody may take now."""
    return {choice.step.name for choice in lifecycle.choices(referral, by) if choice.refusal is None}


def test_who_could_take_a_step_is_who_the_table_says(world, every_state):
    sides = {Side.REQUESTER: "county", Side.PERFORMER: "province"}
    for choice in lifecycle.choices(every_state[Status.SENT], world.actor("county", DOCTOR)):
        who = {(sides[side], role) for side, roles in choice.who for role in roles}
        expected = (TABLE | LEG)[choice.step.name][2]
        if choice.step.name == "report_error":  # whoever wrote it: a doctor, or the specialist who referred down
            expected = expected | {("county", EXPERT)}
        if choice.step.name == "record_milestone":  # LEG has the sender's milestones
            expected = expected | {("province", EXPERT)}
        assert who == expected, choice.step.name


def test_offering_needs_no_statement(world, every_state):
    doctor = world.actor("county", DOCTOR)
    with CaptureQueriesContext(connection) as queries:
        for referral in every_state.values():
            lifecycle.choices(referral, doctor)
    assert len(queries) == 0


def test_only_the_clock_proposes_expiry(world, every_state):
    step = lifecycle.STEPS[Referral]["propose_expiry"]
    assert step.sides == ()
    assert lifecycle.refusal(step, every_state[Status.SENT], SYSTEM) is None
    assert lifecycle.refusal(step, every_state[Status.CLOSED], SYSTEM).code == "INVALID_STATE"
    for place, role, n in world.people:
        if n == 1:
            assert lifecycle.refusal(step, every_state[Status.SENT], world.actor(place, role)).code == "FORBIDDEN"


def test_the_system_takes_no_persons_step(world, every_state):
    refusals = {
        step.name: lifecycle.refusal(step, every_state[Status.SENT], SYSTEM)
        for step in lifecycle.STEPS[Referral].values()
    }
    assert {name for name, refusal in refusals.items() if refusal is None} == {"propose_expiry"}


def test_a_step_costs_a_bounded_number_of_statements(world):
    """Lock; read what its clocks follow from; write case, clocks, event and audit entry; tell everybody."""
    referral = world.referral(Status.SENT)
    by = world.actor("province", Role.EXPERT)
    with CaptureQueriesContext(connection) as queries:
        world.take("claim_referral", referral, by=by)
    assert len(queries) == 4, [q["sql"][:80] for q in queries]
