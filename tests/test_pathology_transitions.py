"""The table of transitions of the domain specification, section 5, row by row: who may take a step, and from where."""

from typing import Any

import pytest
from django.db import transaction

from consortium import access, lifecycle
from consortium.errors import Refused
from consortium.models import Person
from consortium.roles import Role, every_permission
from telemedicine.models import Kind, PathologyCase, Status
from tests.lab import BY, FIRST, HEAD, LAB, LEAD, PATHOLOGIST, SECOND, THIRD, Lab
from tests.world import CLINICAL, OK

FORBIDDEN, INVALID_STATE, NOT_FOUND = "FORBIDDEN", "INVALID_STATE", "NOT_FOUND"
REQUESTER, PERFORMER = "county", "province"

# The words of the column "who"; where one person is meant, it is the one of `tests.lab`.
SENDING_LAB = {(REQUESTER, LAB)}
THEIR_LAB = {(PERFORMER, LAB), (PERFORMER, LEAD)}
READER = {(PERFORMER, PATHOLOGIST)}
HEAD_ONLY = {(PERFORMER, LEAD)}
EITHER = SENDING_LAB | READER | {(PERFORMER, LAB)}

DRAFT, RESERVED, SUBMITTED, RETURNED = Status.DRAFT, Status.RESERVED, Status.SUBMITTED, Status.RETURNED
POOLED, ASSIGNED, READING, MORE_NEEDED = Status.POOLED, Status.ASSIGNED, Status.READING, Status.MORE_NEEDED
PRELIMINARY, SECOND_REVIEW, ISSUED = Status.PRELIMINARY, Status.SECOND_REVIEW, Status.ISSUED
UNDIAGNOSABLE, ACKNOWLEDGED = Status.UNDIAGNOSABLE, Status.ACKNOWLEDGED
RECONCILED, CANCELLED = Status.RECONCILED, Status.CANCELLED
IN_THE_LAB = {DRAFT, RESERVED, RETURNED, MORE_NEEDED}
BEFORE_ISSUE = {
    DRAFT, RESERVED, SUBMITTED, RETURNED, POOLED, ASSIGNED, READING, MORE_NEEDED, PRELIMINARY, SECOND_REVIEW
}  # fmt: skip
SAME = None

# step: (from, to, who). Where the row of the specification names two steps, it stands as two rows here.
TABLE: dict[str, tuple[set[Status], Status | None, set[tuple[str, Role]]]] = {
    "update_pathology": ({DRAFT}, SAME, SENDING_LAB),
    "register_specimen": (IN_THE_LAB, SAME, SENDING_LAB),
    "register_block": (IN_THE_LAB, SAME, SENDING_LAB),
    "register_slides": (IN_THE_LAB, SAME, SENDING_LAB),
    "withdraw_slide": (IN_THE_LAB, SAME, SENDING_LAB),
    "reserve_frozen": ({DRAFT, RESERVED}, RESERVED, SENDING_LAB),  # a frozen section only
    "confirm_reservation": ({RESERVED}, SAME, READER),
    "submit_pathology": ({DRAFT, RESERVED}, SUBMITTED, SENDING_LAB),
    "pass_quality": ({SUBMITTED}, POOLED, THEIR_LAB),  # or ASSIGNED, to a standby expert
    "fail_quality": ({SUBMITTED}, RETURNED, THEIR_LAB),
    "fix_pathology": ({RETURNED}, SUBMITTED, SENDING_LAB),
    "claim_pathology": ({POOLED}, ASSIGNED, READER),
    "assign_pathology": ({POOLED}, ASSIGNED, HEAD_ONLY),
    "reassign_pathology": ({ASSIGNED, READING, MORE_NEEDED, PRELIMINARY, SECOND_REVIEW}, ASSIGNED, HEAD_ONLY),
    "start_reading": ({ASSIGNED}, READING, READER),
    "decline_reading": ({ASSIGNED}, POOLED, READER),
    "request_material": ({READING}, MORE_NEEDED, READER),
    "supply_material": ({MORE_NEEDED}, READING, SENDING_LAB),
    "give_preliminary_opinion": ({READING}, PRELIMINARY, READER),
    "request_second_read": ({READING, PRELIMINARY, SECOND_REVIEW}, SECOND_REVIEW, READER),
    "give_second_opinion": ({SECOND_REVIEW}, SAME, READER),
    "name_adjudicator": ({SECOND_REVIEW}, SAME, READER | HEAD_ONLY),
    "adjudicate_opinion": ({SECOND_REVIEW}, SAME, READER),
    "sign_report": ({READING, PRELIMINARY, SECOND_REVIEW}, ISSUED, READER),
    "declare_undiagnosable": ({READING}, UNDIAGNOSABLE, READER),
    "acknowledge_report": ({ISSUED}, ACKNOWLEDGED, SENDING_LAB),
    "record_final_result": ({ACKNOWLEDGED}, RECONCILED, SENDING_LAB),
    "amend_report": ({ISSUED, ACKNOWLEDGED, RECONCILED}, ISSUED, READER),
    "refer_pathology": ({ISSUED}, SAME, EITHER),
    "cancel_pathology": (BEFORE_ISSUE, CANCELLED, SENDING_LAB),
}
# In which state the second test takes a step that is possible from several.
TRIED_IN = {
    "submit_pathology": DRAFT, "reserve_frozen": RESERVED, "sign_report": READING, "amend_report": ISSUED,
    "cancel_pathology": SUBMITTED, "request_second_read": READING, "reassign_pathology": READING,
}  # fmt: skip
AGREED = {"opinion": {"diagnostic_class": "MALIGNANT", "text": "浸润性癌"}}
# What must have happened before a step has any sense, beside the state: steps with inputs of their own.
BEFORE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "name_adjudicator": [("give_second_opinion", {})],
    "adjudicate_opinion": [("give_second_opinion", {}), ("name_adjudicator", {})],
    "sign_report": [("give_second_opinion", AGREED)],
}


def prepared(lab: Lab, step: str, case: PathologyCase) -> PathologyCase:
    """The case after what must precede a step, where that is possible in its state."""
    for first, given in BEFORE.get(step, ()):
        if case.status in TABLE[first][0]:
            case = lab.take(first, case, **given)
    if step in ("give_second_opinion", "adjudicate_opinion", "sign_report", "amend_report"):
        lab.see(case, FIRST, SECOND, THIRD) if case.sent_at else None
    return lab.read(case)


@pytest.fixture(scope="module")
def every_state(_module_lab: Lab) -> dict[Status, PathologyCase]:
    """One case in each state."""
    return {status: _module_lab.case(status) for status in Status}


def test_the_table_names_every_step_and_every_state():
    steps = lifecycle.STEPS[PathologyCase]
    assert set(TABLE) == set(steps) == set(BY)
    assert all(step.sides for step in steps.values())
    assert set(TABLE) <= every_permission()
    assert {to for _from, to, _who in TABLE.values() if to} | {DRAFT} == set(Status)


@pytest.mark.parametrize("step", TABLE)
def test_a_step_is_taken_from_its_states_only(lab, every_state, step):
    sources, _target, _who = TABLE[step]
    expected, found, wrote = {}, {}, {}
    cases = every_state
    if step == "reserve_frozen":
        cases = every_state | {DRAFT: lab.draft(kind=Kind.FROZEN)}
    for status, case in cases.items():
        hidden = BY[step][0] == PERFORMER and status == DRAFT
        expected[status] = OK if status in sources else NOT_FOUND if hidden else INVALID_STATE
        with transaction.atomic():
            attempt = lab.attempt(step, prepared(lab, step, case))
            transaction.set_rollback(True)
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


# At the performer's, the steps of one named person are tried by that person.
NAMED = {"give_second_opinion": SECOND, "adjudicate_opinion": THIRD}


@pytest.mark.parametrize(("party", "roles"), parties(), ids=[name for name, _roles in parties()])
@pytest.mark.parametrize("step", TABLE)
def test_a_step_is_taken_by_its_roles_only(lab, every_state, step, party, roles):
    sources, _target, who = TABLE[step]
    status = TRIED_IN.get(step) or min(sources, key=list(Status).index)
    case = prepared(lab, step, every_state[status])
    sees = {(REQUESTER, LAB), (REQUESTER, LEAD)}
    sees |= set() if status == DRAFT else {(PERFORMER, role) for role in (LAB, LEAD, PATHOLOGIST)}
    expected, found, wrote = {}, {}, {}
    for role in roles:
        expected[role] = OK if (party, role) in who else FORBIDDEN if (party, role) in sees else NOT_FOUND
        named = NAMED.get(step) if (party, role) == (PERFORMER, PATHOLOGIST) else None
        attempt = lab.attempt(step, case, by=lab.actor(*named) if named else lab.actor(party, role))
        found[role] = attempt.code
        wrote[role] = attempt.code != OK and attempt.writes
    assert found == expected
    assert not any(wrote.values())


@pytest.mark.parametrize("step", [name for name, (_from, _to, who) in TABLE.items() if who & READER])
def test_the_steps_of_one_named_pathologist_are_forbidden_to_a_colleague(lab, every_state, step):
    """Claiming and referring are open to every pathologist of the department."""
    status = TRIED_IN.get(step) or min(TABLE[step][0], key=list(Status).index)
    case = prepared(lab, step, every_state[status])
    colleague = lab.actor(*(FIRST if step in NAMED else THIRD))
    attempt = lab.attempt(step, case, by=colleague)
    open_to_all = step in ("claim_pathology", "refer_pathology")
    assert (attempt.code, bool(attempt.writes)) == ((OK, True) if open_to_all else (FORBIDDEN, False))


@pytest.mark.parametrize(("party", "roles"), parties(), ids=[name for name, _roles in parties()])
def test_a_draft_is_written_by_the_lab_of_the_own_department_only(lab, party, roles):
    found = {}
    for role in roles:
        found[role] = OK
        try:
            with transaction.atomic():
                lab.draft(by=lab.actor(party, role), slides=0)
        except Refused as refused:
            found[role] = str(refused.code)
    assert found == {role: OK if (party, role) in SENDING_LAB else FORBIDDEN for role in roles}


def test_a_superuser_without_a_role_takes_no_step(lab, every_state):
    root = access.actor(Person.objects.create_superuser("root", name="root", password="x" * 12), now=lab.now)
    codes = {
        (step, lab.attempt(step, every_state[TRIED_IN.get(step) or min(sources)], by=root).code)
        for step, (sources, _target, _who) in TABLE.items()
    }
    assert codes == {(step, NOT_FOUND) for step in TABLE}


def test_a_stale_version_is_refused_for_every_step_and_writes_nothing(lab, every_state):
    found = {}
    for step, (sources, _target, _who) in TABLE.items():
        status = TRIED_IN.get(step) or min(sources, key=list(Status).index)
        with transaction.atomic():
            case = prepared(lab, step, every_state[status])
            attempt = lab.attempt(step, case, expected_version=case.version - 1)
            transaction.set_rollback(True)
        found[step] = (attempt.code, attempt.field, attempt.writes)
    assert found == dict.fromkeys(TABLE, ("STALE_VERSION", "expectedVersion", ()))


def test_the_head_reads_nothing_and_signs_nothing(lab, every_state):
    """Leading a department gives no right to its reports."""
    head = lab.actor(*HEAD)
    for step in ("sign_report", "amend_report", "give_preliminary_opinion", "declare_undiagnosable"):
        status = TRIED_IN.get(step) or min(TABLE[step][0], key=list(Status).index)
        assert lab.attempt(step, every_state[status], by=head).code == FORBIDDEN
