"""Every mutation of pathology: one effect under its key, none by a reading token, a known cost, no fault by input."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from consortium.models import Department, Division, Hospital
from schema.schema import schema
from telemedicine.models import PathologyCase, Status
from tests.edge.client import Edge, camel, code_of, gid, issue, new_key, widest, wire
from tests.edge.many import statements
from tests.edge.test_extremes import mutated
from tests.edge.test_pathology import FORBIDDEN, OK, edge, inputs, state_of
from tests.lab import BY, COUNTY_LAB, FOURTH, HEAD, SECOND, Lab
from tests.test_pathology_transitions import BEFORE, TABLE, prepared
from tests.world import NOW, patient, rows


@pytest.fixture(scope="module")
def every_state(_module_lab: Lab) -> dict[Status, PathologyCase]:
    """One case in each state."""
    return {status: _module_lab.case(status) for status in Status}


def every_mutation(lab: Lab, every_state: dict[Status, PathologyCase]) -> dict[str, tuple[Edge, str, dict[str, Any]]]:
    """Every mutation of pathology: who does it, what to select of its payload, and its input; each can be done now."""
    made = {}
    for step in TABLE:
        case = prepared(lab, step, lab.case(state_of(step)) if step in BEFORE else every_state[state_of(step)])
        made[camel(step)] = (edge(lab, BY[step]), "pathologyCase { id }", inputs(lab, step, case))
    slide = every_state[Status.READING].slides.first()
    person = {"person": gid(lab.people[FOURTH]), "department": gid(lab.departments["province"])}
    return made | {
        "createPathology": (edge(lab, COUNTY_LAB), "pathologyCase { id }", draft_of(lab)),
        "openSlide": (edge(lab, SECOND), "slideView { openedAt }", {"id": gid(slide)}),
        "setExpertise": (edge(lab, HEAD), "expertise { id }", person | {"subspecialty": "SKIN", "openLimit": 3}),
    }


def draft_of(lab: Lab) -> dict[str, Any]:
    """The input of a draft of another patient."""
    return {
        "requesterDepartment": gid(lab.departments["county"]),
        "performerDepartment": gid(lab.departments["province"]),
        "patient": wire(patient()),
        "kind": "ROUTINE",
        "liability": "CONSULTATION",
        "organ": "STOMACH",
        "preliminaryClass": "NONE",
    }


def test_every_mutation_has_one_effect_under_its_key_and_none_by_a_token_that_reads(lab, every_state):
    given = every_mutation(lab, every_state)
    assert set(given) == {camel(name) for name in TABLE} | {"createPathology", "openSlide", "setExpertise"}
    for name, (who, shape, written) in given.items():
        _token, secret = issue(who.person, "read", now=NOW)
        with transaction.atomic():
            keyed = written | {"idempotencyKey": new_key()}
            before = rows()
            assert code_of(Edge(token=secret).attempt(name, shape, **keyed).json()) == FORBIDDEN, name
            assert rows() == before, name
            first = who.attempt(name, shape, **keyed)
            assert code_of(first.json()) == OK, (name, first.json())
            after = rows()
            assert after != before, name
            assert who.attempt(name, shape, **keyed).content == first.content, name
            assert rows() == after, name
            transaction.set_rollback(True)


# How many statements each mutation takes, by what it does and never by how many rows there are.
COSTS = {
    "acknowledgeReport": 8,
    "adjudicateOpinion": 11,
    "amendReport": 17,
    "assignPathology": 15,
    "cancelPathology": 9,
    "claimPathology": 19,
    "confirmReservation": 12,
    "createPathology": 16,
    "declareUndiagnosable": 9,
    "declineReading": 9,
    "failQuality": 11,
    "fixPathology": 13,
    "givePreliminaryOpinion": 10,
    "giveSecondOpinion": 12,
    "nameAdjudicator": 14,
    "openSlide": 10,
    "passQuality": 9,
    "reassignPathology": 18,
    "recordFinalResult": 9,
    "referPathology": 26,
    "registerBlock": 12,
    "registerSlides": 11,
    "registerSpecimen": 12,
    "requestMaterial": 11,
    "requestSecondRead": 16,
    "reserveFrozen": 15,
    "setExpertise": 11,
    "signReport": 15,
    "startReading": 8,
    "submitPathology": 13,
    "supplyMaterial": 11,
    "updatePathology": 8,
    "withdrawSlide": 11,
}


def test_every_mutation_takes_its_number_of_statements(lab, every_state):
    given = every_mutation(lab, every_state)
    ContentType.objects.get_for_models(Hospital, Department, Division)  # kept by the process from the first use on
    found, codes = {}, {}
    for name, (who, shape, written) in given.items():

        def act(who: Edge = who, name: str = name, shape: str = shape, written: Any = written) -> None:
            codes[name] = code_of(who.attempt(name, shape, **written).json())

        with transaction.atomic():
            found[name] = len(statements(act))
            transaction.set_rollback(True)
    assert codes == dict.fromkeys(given, OK)
    assert found == COSTS


@pytest.mark.slow
def test_no_input_of_a_mutation_is_a_fault_and_what_was_done_can_be_read(lab, every_state):
    faults: list[Any] = []
    tried: set[tuple[str, str]] = set()
    read = "query($id: ID!) { pathologyCase(id: $id) " + widest("PathologyCase", depth=3) + " }"
    for name, (who, shape, written) in every_mutation(lab, every_state).items():
        kind = schema.graphql_schema.type_map[f"{name[0].upper()}{name[1:]}Input"]
        for strange_input in mutated(kind, written, tried):
            with transaction.atomic():
                answer = who.attempt(name, shape, **strange_input).json()
                code = code_of(answer)
                if code == OK and "pathologyCase" in answer["data"][name]:
                    code = who.code(read, id=answer["data"][name]["pathologyCase"]["id"])
                transaction.set_rollback(True)
            if code == "INTERNAL":
                faults.append((name, {k: v for k, v in strange_input.items() if v != written.get(k)}))
    assert faults == []
