"""Several tables in one statement: what is read is what Django reads, what is written is written as a whole."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from consortium import lifecycle
from consortium.database import prepared, together
from consortium.database.acting import acting
from consortium.database.together import Writing
from consortium.models import (
    Alliance,
    Capability,
    ClockRule,
    ClockRun,
    Delivery,
    Event,
    Hospital,
    Membership,
    Notice,
    Side,
)
from consortium.roles import Role
from referrals.models import Referral, Status
from tests.edge.many import copied
from tests.world import NOW, World


@pytest.fixture(params=[True, False], ids=["prepared", "not prepared"], autouse=True)
def _prepared(request, settings) -> None:
    settings.PREPARE = request.param


def values(row: Any) -> dict[str, Any]:
    """Everything that a row holds, with its types."""
    held = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: (type(value), value) for name, value in held.items()}


@pytest.mark.parametrize("model", [ClockRun, Event, ClockRule, Membership, Hospital, Referral, Capability])
def test_rows_are_read_as_django_reads_them(world: World, model):
    if not Membership.objects.exists():
        alliance = Alliance.objects.create(code="t", name="联盟", lead=world.hospitals["city"])
        Membership.objects.create(alliance=alliance, hospital=world.hospitals["city"], joined_date=NOW.date())
    world.take("hold_referral", world.referral(Status.ACCEPTED))
    world.referral(Status.CLOSED)
    rows = model.objects.order_by("pk")
    assert rows.exists()
    table = model._meta.db_table
    text = f"""select (select json_agg(r order by id) from {table} r),
        (select json_agg(r order by id) from {table} r where id = any(%(none)s::uuid[])),
        (select json_agg(r order by id desc) from {table} r)"""
    with CaptureQueriesContext(connection) as queries:
        found, none, backwards = together.read(text, {"none": []}, model, model, model)
    assert len(queries) == 1
    assert [values(row) for row in found] == [values(row) for row in rows]
    assert [row.pk for row in backwards] == [row.pk for row in found][::-1]
    assert none == []
    assert not any(row._state.adding for row in found)


def test_rows_of_three_tables_are_written_by_one_statement(world: World):
    leg, place = world.referral(Status.SENT), world.picu
    (run,) = ClockRun.objects.filter(subject_id=leg.pk)
    later = copied(run, turn=2, stopped_at=NOW, met=None, taken_seconds=7)
    run.paused_in, run.due_at, run.paused_at = "INFO_NEEDED", None, NOW
    last = Event.objects.filter(subject_id=leg.pk).latest("id")
    event = copied(last, detail={"due": {"名": [1, None]}}, comment="%s")
    leg.instructions, leg.advice, leg.decided_at = "100 %", {"recommendation": "留观 %"}, NOW
    writing = Writing()
    writing.insert([run, later], unique=["subject_id", "kind", "turn"], changing=["paused_in", "due_at", "paused_at"])
    writing.insert([event])
    writing.insert([])
    writing.update(leg)
    writing.change(Capability.objects.filter(pk=place.pk), held=3)
    assert later._state.adding
    with CaptureQueriesContext(connection) as queries:
        writing.store()
    assert len(queries) == 1
    for row in (run, later, event, leg):
        stored = type(row).objects.get(pk=row.pk)
        assert {n: v for n, v in values(stored).items() if n != "tx"} == {
            n: v for n, v in values(row).items() if n != "tx"
        }
        assert not row._state.adding
    assert Capability.objects.get(pk=place.pk).held == 3
    with CaptureQueriesContext(connection) as queries:
        writing.store()  # nothing is left to be written
    assert len(queries) == 0


def test_where_a_row_is_missing_nothing_is_written(world: World):
    leg = world.referral(Status.SENT)
    before = Event.objects.count()
    event = copied(Event.objects.filter(subject_id=leg.pk).latest("id"))
    gone = copied(leg)
    writing = Writing()
    writing.insert([event])
    writing.update(gone, ["version"])
    with pytest.raises(DatabaseError, match="not there"), transaction.atomic():
        writing.store()
    assert Event.objects.count() == before


def test_what_the_policies_hide_cannot_be_updated_unseen(world: World):
    leg, foreign = world.referral(Status.SENT), world.actor("foreign", Role.REFERRING_DOCTOR)
    writing = Writing()
    leg.instructions = "changed"
    writing.update(leg, ["instructions"])
    with pytest.raises(DatabaseError, match="not there"), acting(foreign):
        writing.store()
    assert Referral.objects.get(pk=leg.pk).instructions == ""


def test_only_the_named_columns_are_written(world: World):
    leg = world.referral(Status.SENT)
    leg.instructions, leg.reason = "new", "other"
    writing = Writing()
    writing.update(leg, ["instructions"])
    writing.store()
    stored = Referral.objects.get(pk=leg.pk)
    assert (stored.instructions, stored.reason) == ("new", world.read(leg).reason)
    assert stored.reason != "other"


def test_a_notice_sorts_as_its_event_and_is_given_once_for_the_place_of_the_oldest_role(world: World):
    """Somebody with two roles at a place is told once; whoever took the step is not."""
    both = world.newcomer("both", ("county", Role.REFERRING_DOCTOR), ("county", Role.REFERRAL_OFFICE))
    leg = world.referral(Status.SENT)
    expert = world.people["province", Role.EXPERT, 1]
    leg = world.take("accept_referral", leg)
    event = Event.objects.filter(subject_id=leg.pk).latest("id")
    told = list(event.notices.order_by("person"))
    assert [row.person_id for row in told].count(both.person.pk) == 1
    assert expert.pk not in {row.person_id for row in told}
    later = Event.objects.filter(subject_id=world.take("hold_referral", leg).pk).latest("id")
    assert later.kind == "hold_referral"
    assert max(row.pk for row in told) < min(row.pk for row in later.notices.all())
    assert all(str(row.pk)[:18] == str(event.pk)[:18] for row in told)
    assert len({row.pk for row in told}) == len(told)


def test_whoever_is_named_hears_for_the_hospital_that_is_named(world: World):
    """A role elsewhere does not change it; and they hear once."""
    leg, by = world.referral(Status.SENT), world.actor("province", Role.EXPERT)
    person, stands_for = world.people["county", Role.REFERRAL_OFFICE, 1], world.hospitals["city"]
    person.preferences.create(channel="SMS", address="13800000000", least_priority=4, active=True)

    taking = lifecycle.move(by, "escalate", None, now=NOW)
    taking.people, taking.tells = {person.pk: stands_for.pk}, (Side.REQUESTER,)
    event = lifecycle.note(leg, taking)
    assert Notice.objects.filter(event=event, person=person).count() == 1
    assert Delivery.objects.get(event=event).hospital_id == stands_for.pk


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("select %s, %s", "select %(v0)s, %(v1)s"),
        ("x like '%%s' and y = %s", "x like '%%s' and y = %(v0)s"),
        ("a", "a"),
    ],
)
def test_nameless_values_get_names(sql, shown):
    assert prepared.named(sql) == shown


def test_a_query_of_djangos_is_prepared_once_for_its_text(world: World, settings):
    first, second = world.referral(Status.SENT), world.referral(Status.SENT)
    with prepared.planned():
        found = [Referral.objects.filter(pk=leg.pk, reason__contains="%").first() for leg in (first, second)]
        assert [leg.pk for leg in (first, second) if Referral.objects.filter(pk=leg.pk).get() == leg]
    assert found == [None, None]
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_prepared_statements where statement like %s", ['%"referrals_referral"."id" = $1%']
        )
        assert cursor.fetchone()[0] >= (1 if settings.PREPARE else 0)


def test_a_late_limit_stays_late_when_it_is_written_again(world: World):
    leg = world.referral(Status.SENT)
    by = world.actor("province", Role.EXPERT)
    late = NOW + timedelta(days=3)
    taken = world.take("accept_referral", leg, by=by, now=late)
    run = ClockRun.objects.get(subject_id=taken.pk, kind="TRIAGE")
    assert (run.met, run.stopped_at, run.pk) == (False, late, run.pk)
    assert ClockRun.objects.filter(subject_id=taken.pk).count() == 2
