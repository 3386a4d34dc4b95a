"""The table of transitions of the domain specification, section 3, row by row: who may take a step, and from where."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from consortium import access, lifecycle
from consortium.errors import Refused
from consortium.models import Person
from consortium.roles import Role, every_permission
from referrals.actions.green.checks import is_green
from referrals.models import Referral, Status
from tests.world import ADMIN, BY, CLINICAL, DOCTOR, EXPERT, OFFICE, OK, World

FORBIDDEN, INVALID_STATE, NOT_FOUND = "FORBIDDEN", "INVALID_STATE", "NOT_FOUND"
REQUESTER, PERFORMER = "county", "province"

# The words of the column "who".
AUTHOR = {(REQUESTER, DOCTOR)}
OWN_OFFICE = {(REQUESTER, OFFICE)}
OWN_ADMIN = {(REQUESTER, ADMIN)}
SENDER = {(REQUESTER, DOCTOR), (REQUESTER, OFFICE)}
SPECIALIST = {(PERFORMER, EXPERT)}
THEIR_OFFICE = {(PERFORMER, OFFICE)}
RECEIVER = {(PERFORMER, EXPERT), (PERFORMER, OFFICE)}
# A specialist who refers down writes the new leg, so specialists count as a side of the department that sends.
SENDERS_SIDE = SENDER | {(REQUESTER, EXPERT)}
EITHER_SIDE = SENDERS_SIDE | RECEIVER
CLOCK: set[tuple[str, Role]] = set()

DRAFT, OFFICE_REVIEW, SENT, IN_TRIAGE = Status.DRAFT, Status.OFFICE_REVIEW, Status.SENT, Status.IN_TRIAGE
INFO_NEEDED, ACCEPTED, WAITLISTED, ADVISED = Status.INFO_NEEDED, Status.ACCEPTED, Status.WAITLISTED, Status.ADVISED
REJECTED, REDIRECTED, SCHEDULED, ON_HOLD = Status.REJECTED, Status.REDIRECTED, Status.SCHEDULED, Status.ON_HOLD
IN_TRANSIT, ARRIVED, NO_SHOW, CLOSED = Status.IN_TRANSIT, Status.ARRIVED, Status.NO_SHOW, Status.CLOSED
OUTCOME_RETURNED, CANCELLED = Status.OUTCOME_RETURNED, Status.CANCELLED
ENTERED_IN_ERROR, BROADCAST = Status.ENTERED_IN_ERROR, Status.BROADCAST
OPEN = {
    DRAFT, OFFICE_REVIEW, BROADCAST, SENT, IN_TRIAGE, INFO_NEEDED, ACCEPTED, WAITLISTED, ADVISED, REJECTED, SCHEDULED,
    ON_HOLD, IN_TRANSIT, ARRIVED, NO_SHOW, OUTCOME_RETURNED,
}  # fmt: skip
BEFORE_DEPARTURE = OPEN - {IN_TRANSIT, ARRIVED, OUTCOME_RETURNED}
SAME = None

# step: (from, to, who). Where the row of the specification names two steps, it stands as two rows here.
TABLE: dict[str, tuple[set[Status], Status | None, set[tuple[str, Role]]]] = {
    "update_referral": ({DRAFT}, SAME, AUTHOR),
    "submit_referral": ({DRAFT}, SENT, AUTHOR),  # or OFFICE_REVIEW, see test_rules
    "approve_referral": ({OFFICE_REVIEW}, SENT, OWN_OFFICE),
    "return_referral": ({OFFICE_REVIEW}, DRAFT, OWN_OFFICE),
    "open_referral": ({SENT}, SAME, RECEIVER),
    "claim_referral": ({SENT}, IN_TRIAGE, RECEIVER),
    "release_referral": ({IN_TRIAGE}, SENT, RECEIVER),
    "request_information": ({IN_TRIAGE}, INFO_NEEDED, RECEIVER),
    "supply_information": ({INFO_NEEDED}, IN_TRIAGE, SENDERS_SIDE),
    "accept_referral": ({SENT, IN_TRIAGE}, ACCEPTED, RECEIVER),
    "waitlist_referral": ({SENT, IN_TRIAGE}, WAITLISTED, RECEIVER),
    "advise_referral": ({SENT, IN_TRIAGE}, ADVISED, SPECIALIST),
    "reject_referral": ({SENT, IN_TRIAGE}, REJECTED, SPECIALIST),
    "redirect_referral": ({SENT, IN_TRIAGE, ACCEPTED, WAITLISTED}, REDIRECTED, RECEIVER),
    "resend_referral": ({ADVISED, REJECTED, NO_SHOW}, SAME, SENDER),
    "close_referral": ({ADVISED, REJECTED}, CLOSED, SENDER),
    "book_referral": ({ACCEPTED, WAITLISTED}, SCHEDULED, THEIR_OFFICE),
    "reschedule_referral": ({SCHEDULED}, SAME, THEIR_OFFICE),
    "lose_booking": ({SCHEDULED}, ACCEPTED, THEIR_OFFICE),
    "hold_referral": ({ACCEPTED, SCHEDULED}, ON_HOLD, EITHER_SIDE),
    "resume_referral": ({ON_HOLD}, ACCEPTED, EITHER_SIDE),  # back to where it was held
    "depart_referral": ({ACCEPTED, SCHEDULED}, IN_TRANSIT, SENDER),
    "turn_back_referral": ({IN_TRANSIT}, ACCEPTED, SENDER),
    "arrive_referral": ({ACCEPTED, SCHEDULED, IN_TRANSIT}, ARRIVED, RECEIVER),
    "send_record": ({ARRIVED}, SAME, SENDER),
    "record_no_show": ({SCHEDULED}, NO_SHOW, RECEIVER),
    "return_outcome": ({ARRIVED}, OUTCOME_RETURNED, SPECIALIST),
    "refer_down": ({ARRIVED}, OUTCOME_RETURNED, SPECIALIST),
    "broadcast_down": ({ARRIVED}, OUTCOME_RETURNED, SPECIALIST),
    "acknowledge_outcome": ({OUTCOME_RETURNED}, CLOSED, SENDER),
    "record_follow_up": ({CLOSED}, SAME, SENDER),
    "amend_outcome": ({OUTCOME_RETURNED, CLOSED}, OUTCOME_RETURNED, SPECIALIST),
    "cancel_referral": (BEFORE_DEPARTURE, CANCELLED, SENDER),
    "record_death": (OPEN, CLOSED, EITHER_SIDE),
    "propose_expiry": (OPEN, SAME, CLOCK),
    "confirm_expiry": (OPEN, CLOSED, SENDER),
    "report_error": (set(Status) - {ENTERED_IN_ERROR}, SAME, AUTHOR),
    "confirm_error": (set(Status) - {ENTERED_IN_ERROR}, ENTERED_IN_ERROR, OWN_ADMIN),
}
# The performer sees a referral from the moment it is sent.
UNSENT = {DRAFT, OFFICE_REVIEW, BROADCAST}
# In which state the second test takes a step that is possible from several.
TRIED_IN = {"hold_referral": ACCEPTED, "record_death": SENT, "cancel_referral": SENT, "confirm_expiry": SENT} | {
    "report_error": SENT, "confirm_error": SENT, "propose_expiry": SENT, "amend_outcome": CLOSED
}  # fmt: skip
# What must have happened before a step has any sense, beside the state.
BEFORE = {"confirm_expiry": "propose_expiry", "confirm_error": "report_error"}


def prepared(world: World, step: str, referral: Referral) -> Referral:
    """The referral after what must precede a step, where that is possible in its state."""
    first = BEFORE.get(step)
    if first and referral.status in TABLE[first][0]:
        return world.take(first, referral)
    return referral


def at_its_time(world: World, step: str) -> dict[str, Any]:
    """The moment of a step that cannot be taken at once."""
    return {"now": world.now + timedelta(hours=3)} if step == "record_no_show" else {}


@pytest.fixture(scope="module")
def every_state(_module_world: World) -> dict[Status, Referral]:
    """One referral in each state."""
    return {status: _module_world.referral(status) for status in Status}


def test_the_table_names_every_step_and_every_state():
    # The steps of the green channel have a table of their own, see test_green_transitions.
    steps = {name: step for name, step in lifecycle.STEPS[Referral].items() if is_green not in step.requires}
    assert set(TABLE) == set(steps)
    assert {name for name, step in steps.items() if step.sides} == set(TABLE) - {"propose_expiry"}
    assert {name for name, (_from, _to, who) in TABLE.items() if who} <= every_permission()
    reached = {to for _from, to, _who in TABLE.values() if to} | {DRAFT, OFFICE_REVIEW, BROADCAST}
    assert reached == set(Status)


@pytest.mark.parametrize("step", TABLE)
def test_a_step_is_taken_from_its_states_only(world, every_state, step):
    sources, _target, _who = TABLE[step]
    by = BY.get(step)
    expected, found, wrote = {}, {}, {}
    for status, referral in every_state.items():
        hidden = by and by[0] == PERFORMER and status in UNSENT
        expected[status] = OK if status in sources else NOT_FOUND if hidden else INVALID_STATE
        attempt = world.attempt(step, prepared(world, step, referral), **at_its_time(world, step))
        found[status] = attempt.code
        wrote[status] = attempt.code != OK and attempt.writes
    assert found == expected
    assert not any(wrote.values())


def parties() -> list[tuple[str, list[Role]]]:
    """The parties, each with the roles that can be held there."""
    return [
        ("county", list(Role)),
        ("province", list(Role)),
        ("county.other", CLINICAL),
        ("province.other", CLINICAL),
        ("foreign", list(Role)),
    ]


@pytest.mark.parametrize(("party", "roles"), parties(), ids=[name for name, _roles in parties()])
@pytest.mark.parametrize("step", TABLE)
def test_a_step_is_taken_by_its_roles_only(world, every_state, step, party, roles):
    sources, _target, who = TABLE[step]
    status = TRIED_IN.get(step) or min(sources, key=list(Status).index)
    referral = prepared(world, step, every_state[status])
    sees = SENDERS_SIDE | (set() if status in UNSENT else RECEIVER) | (OWN_ADMIN if step == "confirm_error" else set())
    expected, found, wrote = {}, {}, {}
    for role in roles:
        expected[role] = OK if (party, role) in who else FORBIDDEN if (party, role) in sees else NOT_FOUND
        given = at_its_time(world, step)
        if role == OFFICE and step in ("accept_referral", "waitlist_referral"):
            given["on_behalf_of"] = world.people[PERFORMER, EXPERT, 2].pk
        attempt = world.attempt(step, referral, by=world.actor(party, role), **given)
        found[role] = attempt.code
        wrote[role] = attempt.code != OK and attempt.writes
    assert found == expected
    assert not any(wrote.values())


@pytest.mark.parametrize(("party", "roles"), parties(), ids=[name for name, _roles in parties()])
def test_a_draft_is_written_by_referring_doctors_of_the_own_department_only(world, party, roles):
    found = {}
    for role in roles:
        found[role] = OK
        try:
            with transaction.atomic():
                world.draft(by=world.actor(party, role))
        except Refused as refused:
            found[role] = str(refused.code)
    assert found == {role: OK if (party, role) in AUTHOR else FORBIDDEN for role in roles}


def test_a_superuser_without_a_role_takes_no_step(world, every_state):
    root = access.actor(Person.objects.create_superuser("root", name="root", password="x" * 12), now=world.now)
    codes = {
        (step, world.attempt(step, every_state[min(sources, key=list(Status).index)], by=root).code)
        for step, (sources, _target, _who) in TABLE.items()
    }
    assert codes == {(step, NOT_FOUND) for step in TABLE}


def test_a_stale_version_is_refused_for_every_step_and_writes_nothing(world, every_state):
    found, expected = {}, {}
    for step, (sources, _target, _who) in TABLE.items():
        status = TRIED_IN.get(step) or min(sources, key=list(Status).index)
        with transaction.atomic():
            referral = prepared(world, step, every_state[status])
            stale = {"expected_version": referral.version - 1} | at_its_time(world, step)
            attempt = world.attempt(step, referral, **stale)
            transaction.set_rollback(True)
        found[step] = (attempt.code, attempt.field, attempt.writes)
        expected[step] = ("STALE_VERSION", "expectedVersion", ())
    assert found == expected
