"""What takes too long, or waits for somebody else, is given up: a code that says so, and nothing is left behind."""

import json
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from consortium.models import Person
from consortium.roles import Role
from referrals.models import Referral, Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, code_of, inputs, step
from tests.world import rows

EXPERT = Role.EXPERT
QUICK = {"statement_timeout": 1.5, "lock_timeout": 30.0, "idle_in_transaction_session_timeout": 60.0}


@pytest.fixture
def expert(committed) -> Edge:
    """The specialist at the province."""
    return as_role(committed, "province", EXPERT)


def slowly(monkeypatch: Any, *, sql: str = "select pg_sleep(5)", kind: str = "Query", field: str = "clocks") -> None:
    """Let a field of the schema be answered by a statement."""

    def resolve(*_: Any, **__: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        return []

    monkeypatch.setattr(schema.graphql_schema.type_map[kind].fields[field], "resolve", resolve)


def test_a_statement_that_takes_too_long_is_cut_off(expert, monkeypatch):
    slowly(monkeypatch)
    with override_settings(DATABASE_PATIENCE=QUICK):
        answer = expert.answer('{ me { username } clocks(kind: "HOLD") { kind } alliances { code } }')
    assert (answer["data"], [error["extensions"] for error in answer["errors"]]) == (None, [{"code": "TIMED_OUT"}])
    assert "未作任何更改" in answer["errors"][0]["message"]
    assert "sleep" not in json.dumps(answer)
    assert expert.data("{ me { username } }")["me"]


def test_a_step_that_is_cut_off_leaves_nothing(committed, expert, monkeypatch):
    referral = committed.referral(Status.SENT)
    before = rows()
    slowly(monkeypatch, kind="Referral", field="clinical")  # once the step is taken, in the answer
    given = step(referral) | inputs(committed, "accept_referral")
    with override_settings(DATABASE_PATIENCE=QUICK):
        answer = expert.attempt("acceptReferral", "referral { clinical { summary } }", **given).json()
    assert (answer["data"], code_of(answer)) == (None, "TIMED_OUT")
    assert rows() == before
    assert Referral.objects.get(pk=referral.pk).status == Status.SENT


def test_whoever_waits_for_a_row_in_vain_is_told_that_somebody_is_at_it(committed, expert):
    referral = committed.referral(Status.SENT)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Referral.objects.select_for_update().get(pk=referral.pk)
                held.set()
                done.wait(30)
        finally:
            connection.close()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert held.wait(30)
        before = rows()
        with override_settings(DATABASE_PATIENCE=QUICK | {"statement_timeout": 60.0, "lock_timeout": 0.3}):
            given = step(referral) | inputs(committed, "accept_referral")
            answer = expert.attempt("acceptReferral", **given).json()
        assert (answer["data"], code_of(answer)) == (None, "BUSY")
        assert rows() == before
    finally:
        done.set()
        holding.join()


def test_a_request_ends_although_each_of_its_statements_is_quick(expert, monkeypatch):
    slowly(monkeypatch, sql="select pg_sleep(0.15)")
    fields = " ".join(f'a{n}: clocks(kind: "x") {{ kind }}' for n in range(30))
    with override_settings(REQUEST_SECONDS=0.4):  # the fourth would begin after that
        answer = expert.answer(f"{{ {fields} }}")
    (error,) = answer["errors"]
    assert (answer["data"], error["extensions"]["code"], error["path"]) == (None, "TIMED_OUT", ["a3"])


def test_the_limits_end_with_the_transaction_so_that_a_pooler_may_hand_the_connection_on(expert):
    asked = "select current_setting('statement_timeout'), current_setting('lock_timeout')"

    def limits() -> tuple[str, str]:
        with connection.cursor() as cursor:
            cursor.execute(asked)
            return cursor.fetchone()

    before = limits()
    with override_settings(DATABASE_PATIENCE=QUICK):
        expert.data("{ me { username } }")
    assert limits() == before


def test_a_constraint_that_is_checked_at_the_very_end_is_masked_too(expert, monkeypatch):
    """What a deferred constraint refuses is raised by the commit, after the answer was made."""

    def resolve(*_: Any, **__: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("create temp table geheim (id int unique deferrable initially deferred) on commit drop")
            cursor.execute("insert into geheim values (1), (1)")
        return []

    monkeypatch.setattr(schema.graphql_schema.type_map["Query"].fields["clocks"], "resolve", resolve)
    response = expert.send({"query": '{ clocks(kind: "x") { kind } }'})
    assert (response.status_code, code_of(response.json())) == (200, "INTERNAL")
    assert "geheim" not in response.content.decode()
    assert Person.objects.exists()
