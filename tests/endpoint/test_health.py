"""What a supervisor is told: alive, ready, and that it must look elsewhere; never why."""

import json
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from consortium import health
from consortium.worker import schedule_jobs
from tests.endpoint.test_headers import ask
from tests.live.server import running


@pytest.fixture
def asked(committed):
    """What a process finds when it looks anew."""
    return lambda: health.Health()._asked()


def test_a_worker_that_does_not_look_is_told_and_stops_nothing(asked):
    assert asked() == {"ready": True, "worker": "silent"}
    schedule_jobs()
    assert asked() == {"ready": True, "worker": "working"}
    Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=4))
    assert asked() == {"ready": True, "worker": "silent"}


def test_a_table_that_lacks_a_migration_is_not_ready(asked, caplog):
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'telemedicine' returning app, name, applied")
        gone = cursor.fetchall()
        try:
            assert asked() == {"ready": False}
            assert "migrations are not applied" in caplog.text
        finally:
            cursor.executemany("insert into django_migrations (app, name, applied) values (%s, %s, %s)", gone)
    assert asked()["ready"]


def test_a_policy_that_does_not_hold_is_not_ready(asked, caplog):
    with connection.cursor() as cursor:
        cursor.execute("create table planted (id int)")
        try:
            cursor.execute("create policy nobody on planted using (false)")
            assert asked() == {"ready": False}
            assert "row-level security" in caplog.text
            cursor.execute("alter table planted enable row level security, force row level security")
            assert asked()["ready"]
        finally:
            cursor.execute("drop table planted")


def test_without_its_database_a_process_lives_and_is_not_ready(committed):
    with running(DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere") as server:
        status, _headers, body = ask(server, "GET", "/livez")
        assert (status, json.loads(body)) == (200, {"alive": True, "counts": {}})
        status, _headers, body = ask(server, "GET", "/readyz")
        assert (status, json.loads(body)) == (503, {"ready": False})
        body = json.dumps({"query": "{ __typename }"})
        kind = {"Content_Type": "application/json"}
        assert ask(server, "POST", "/graphql/", body, **kind)[0] == 503
        status, headers, said = ask(server, "GET", "/session/", Cookie="sessionid=" + "a" * 32)
        assert (status, headers["retry-after"]) == (503, "2")
        assert json.loads(said)["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        assert b"127.0.0.1" not in said


def test_asking_often_asks_the_database_seldom(committed, monkeypatch):
    with running() as server:
        began = time.monotonic()
        answers = [ask(server, "GET", "/readyz")[0] for _ in range(200)]
        assert set(answers) == {200}
        assert time.monotonic() - began < 60
        assert server.connections() == 1
