"""What an error leaves behind: nothing; and what a fault of ours tells the client: its number, and nothing else."""

import logging
from typing import Any

import pytest
from django.db import connection

from consortium import idempotency
from consortium.models import IdempotencyKey
from consortium.roles import Role
from referrals.models import Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, code_of, gid, inputs, new_key, step, wire
from tests.world import OUTCOME, World, rows

DOCTOR, EXPERT, OFFICE = Role.REFERRING_DOCTOR, Role.EXPERT, Role.REFERRAL_OFFICE
WORDS = "relation geheim_4711 of 王小一 does not exist"


class Bug(Exception):
    """What nobody expected."""


@pytest.fixture
def expert(world: World) -> Edge:
    """The specialist at the province."""
    return as_role(world, "province", EXPERT)


def broken(monkeypatch: Any, kind: str, field: str) -> None:
    """Let a field of the schema fail with a word that nobody may read."""

    def fail(*_: Any, **__: Any) -> None:
        raise Bug(WORDS)

    monkeypatch.setattr(schema.graphql_schema.type_map[kind].fields[field], "resolve", fail)


def test_a_bug_is_masked_with_the_request_id_and_logged_whole(world, expert, monkeypatch, caplog):
    broken(monkeypatch, "Query", "worklist")
    with caplog.at_level(logging.ERROR, logger="refnet.graphql"):
        response = expert.send({"query": "{ worklist(box: IN) { nodes { id } } }"})
    (error,) = response.json()["errors"]
    trace = response.headers["X-Request-Id"]
    assert response.status_code == 200
    assert error["extensions"] == {"code": "INTERNAL", "requestId": trace}
    assert trace in error["message"]
    for word in ("geheim", "王小一", "Bug", "Traceback", ".py"):
        assert word not in response.content.decode()
    (record,) = caplog.records
    assert (record.getMessage(), str(record.exc_info[1])) == (f"request {trace} failed", WORDS)


def test_a_bug_in_one_query_leaves_the_others(world, expert, monkeypatch):
    broken(monkeypatch, "Me", "username")
    answer = expert.answer('{ clocks(kind: "HOLD") { kind } alliances { code } me { username } }')
    assert answer["data"]["clocks"] == [{"kind": "HOLD"}]
    assert code_of(answer) == "INTERNAL"


@pytest.mark.parametrize(
    ("kind", "field", "shape"),
    [
        ("Referral", "availableActions", "referral { id availableActions { action } }"),
        ("Patient", "displayName", "referral { id patient { displayName } }"),
        ("Referral", "clinical", "referral { id clinical { summary } }"),
        ("UserError", "code", ""),
    ],
)
def test_a_bug_in_the_answer_undoes_the_mutation_and_frees_the_key(world, expert, monkeypatch, kind, field, shape):
    referral = world.referral(Status.SENT)
    given = step(referral) | inputs(world, "accept_referral") | {"idempotencyKey": new_key()}
    if kind == "UserError":
        given["expectedVersion"] = 0  # so that there is an error to show
    before = rows()
    with monkeypatch.context() as patch:
        broken(patch, kind, field)
        answer = expert.attempt("acceptReferral", shape, **given).json()
    assert (answer["data"], code_of(answer)) == (None, "INTERNAL")
    assert rows() == before
    payload = expert.payload("acceptReferral", shape, **given)
    assert [error["code"] for error in payload["errors"]] == (["STALE_VERSION"] if kind == "UserError" else [])


def test_a_bug_in_the_action_undoes_what_it_had_written(world, expert, monkeypatch):
    referral = world.referral(Status.SENT)
    before = rows()

    def fail(*_: Any, **__: Any) -> None:
        raise Bug(WORDS)

    monkeypatch.setattr("consortium.outbox.post", fail)  # after the row, the capacity, the event and its notices
    answer = expert.attempt("acceptReferral", **step(referral)).json()
    assert (answer["data"], code_of(answer)) == (None, "INTERNAL")
    assert rows() == before


def test_an_error_of_the_database_is_masked_and_undone(world, expert, monkeypatch):
    referral = world.referral(Status.SENT)
    before = rows()

    def fail(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select geheim_4711 from consortium_patient")

    monkeypatch.setattr("consortium.outbox.post", fail)
    response = expert.attempt("acceptReferral", **step(referral))
    assert (response.json()["data"], code_of(response.json())) == (None, "INTERNAL")
    assert b"geheim" not in response.content
    assert b"consortium_" not in response.content
    assert rows() == before


@pytest.mark.parametrize("first", [True, False])
def test_nothing_is_shown_whose_entry_on_the_trail_an_error_of_the_database_undid(world, monkeypatch, first):
    """In one document: a patient's record, and a field that breaks the transaction."""
    referral, edge = world.referral(Status.SENT), as_role(world, "county", DOCTOR)

    def fail(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1 / 0")

    monkeypatch.setattr(schema.graphql_schema.type_map["Query"].fields["alliances"], "resolve", fail)
    parts = [f'referral(id: "{gid(referral)}") {{ patient {{ identity {{ name }} }} }}', "alliances { code }"]
    before = rows()
    response = edge.send({"query": f"{{ {' '.join(parts if first else parts[::-1])} }}"})
    assert (response.json()["data"], code_of(response.json())) == (None, "INTERNAL")
    assert rows() == before


def test_a_fault_outside_of_every_field_leaks_nothing_and_is_undone(world, expert, monkeypatch):
    referral = world.referral(Status.SENT)
    before = rows()

    def fail(*_: Any, **__: Any) -> None:
        raise Bug(WORDS)

    monkeypatch.setattr(idempotency, "remember", fail)
    expert.client.raise_request_exception = False
    response = expert.attempt("acceptReferral", **step(referral))
    assert response.status_code == 500
    assert b"geheim" not in response.content
    assert rows() == before


# Refused after something was written: the action, the state, its person, its inputs, the code.
LATE: list[tuple[str, Status, tuple[str, Role], dict[str, Any], str]] = [
    ("referDown", Status.ARRIVED, ("province", EXPERT), {
        "outcome": wire(OUTCOME), "reason": " ", "consentBy": "李四", "consentRelation": "母亲",
    }, "INCOMPLETE"),
    ("returnOutcome", Status.ARRIVED, ("province", EXPERT), {
        "outcome": wire(OUTCOME | {"drugs": "药" * 2001}),
    }, "INVALID_INPUT"),
    ("rescheduleReferral", Status.SCHEDULED, ("province", OFFICE), {
        "reason": "BED_DELAYED", "kind": "BED", "place": "床" * 61, "startsAt": "2026-03-03T09:00:00+08:00",
    }, "INVALID_INPUT"),
    ("redirectReferral", Status.ACCEPTED, ("province", EXPERT), {
        "reason": "OTHER", "comment": "因" * 1001, "performerDepartment": "city",
    }, "INVALID_INPUT"),
    ("cancelReferral", Status.SCHEDULED, ("county", DOCTOR), {
        "reason": "OTHER", "comment": "因" * 1001,
    }, "INVALID_INPUT"),
    ("resendReferral", Status.REJECTED, ("county", DOCTOR), {
        "performerDepartment": "city", "summary": " ",
    }, "INCOMPLETE"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "status", "who", "given", "code"), LATE, ids=[row[0] for row in LATE])
def test_a_refusal_after_the_first_write_leaves_nothing_behind(world, action, status, who, given, code):
    referral, edge = world.referral(status), as_role(world, *who)
    places = {name: gid(world.departments[place]) for name, place in given.items() if name == "performerDepartment"}
    before = rows()
    answer = edge.attempt(action, "referral { id }", **step(referral) | given | places).json()
    assert "errors" not in answer
    assert [error["code"] for error in answer["data"][action]["errors"]] == [code]
    assert answer["data"][action]["referral"] is None
    assert rows() == before
    assert not IdempotencyKey.objects.exists()


def test_a_read_that_is_refused_leaves_no_audit_entry(world):
    referral = world.referral(Status.SENT)
    edge = as_role(world, "foreign", EXPERT)
    before = rows()
    assert edge.code("query($id: ID!) { referral(id: $id) { id } }", id=gid(referral)) == "NOT_FOUND"
    assert rows() == before
