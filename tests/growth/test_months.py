"""The trail by months: where a row lies, what is made ahead, what an archived month takes along and leaves."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from consortium import chain, moment
from consortium.access import SYSTEM
from consortium.database import months
from consortium.database.acting import acting
from consortium.database.months import Held, Month
from consortium.models import AuditEntry, Event, Notice, uuid7
from consortium.models.base import not_before
from referrals.models import Status
from tests.edge.many import copied

OLD = Month(datetime(2020, 2, 1, tzinfo=UTC))


def lies_in(table: str, key: UUID) -> str:
    """The table that holds a row."""
    with connection.cursor() as cursor:
        cursor.execute(f"select tableoid::regclass::text from {table} where id = %s", [key])
        return str(cursor.fetchone()[0])


def counted(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])


def old_key() -> UUID:
    """A key that was made in the old month."""
    return UUID(int=UUID(OLD.first_key).int + (1000 << 80) + (uuid7().int & ((1 << 80) - 1)))


def test_a_month_is_a_range_of_keys():
    key = uuid7()
    month = Month.of(moment.real())
    assert UUID(month.first_key) <= key < UUID(month.next.first_key)
    assert Month.of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)).next == Month(datetime(2027, 1, 1, tzinfo=UTC))


def test_what_a_step_writes_lies_in_its_month(world):
    leg = world.referral(Status.SENT)
    event = Event.objects.filter(subject_id=leg.pk).latest("id")
    entry = AuditEntry.objects.filter(object_id=str(leg.pk)).latest("id")
    month = Month.of(moment.real())
    assert lies_in("consortium_event", event.pk) == month.table("consortium_event")
    assert lies_in("consortium_auditentry", entry.pk) == month.table("consortium_auditentry")


def test_a_month_by_itself_is_for_nobody(world):
    part = Month.of(moment.real()).table("consortium_event")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), acting(SYSTEM):
        counted(part)


@pytest.mark.parametrize("statement", ["truncate", "delete from", "update"])
def test_a_month_by_itself_is_never_changed(world, statement):
    world.referral(Status.SENT)
    part = Month.of(moment.real()).table("consortium_auditentry")
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(f"{statement} {part}" + (" set purpose = ''" if statement == "update" else ""))


def test_a_history_is_asked_from_its_case_on_and_a_day_before(world):
    leg = world.referral(Status.SENT)
    event = Event.objects.filter(subject_id=leg.pk).latest("id")
    for hours, seen in ((23, True), (25, False)):
        key = UUID(int=leg.pk.int - (hours * 3_600_000 << 80))
        copied(event, id=key).save(force_insert=True)
        assert (key in [row.pk for row in leg.events.all()]) is seen
    assert not_before([leg.pk, uuid4()]) == not_before([]) == UUID(int=0)


def test_months_are_made_ahead_once(db):
    now = moment.real()
    before = months.months_ahead(now)
    assert before >= 12
    assert months.ahead(now, months=before) == 0
    assert months.ahead(now, months=before + 2) == 2 * len(months.TABLES)
    assert months.months_ahead(now) == before + 2


def test_an_archived_month_of_the_audit_is_out_of_sight_and_still_verified(world):
    leg = world.referral(Status.SENT)
    months.make("consortium_auditentry", OLD)
    entry = AuditEntry.objects.filter(object_id=str(leg.pk)).latest("id")
    old = copied(entry, id=old_key())
    old.save(force_insert=True)
    assert lies_in("consortium_auditentry", old.pk) == OLD.table("consortium_auditentry")
    assert months.archive("consortium_auditentry", OLD) == 1
    assert not AuditEntry.objects.filter(pk=old.pk).exists()
    assert lies_in("archive.consortium_auditentry", old.pk) == f"archive.{OLD.table('consortium_auditentry')}"
    with acting(SYSTEM):
        assert chain.walk().faults == {}
    with acting(world.actor("province", "EXPERT")):
        assert counted("archive.consortium_auditentry") == 0


def test_what_is_changed_in_the_archive_is_found(world):
    leg = world.referral(Status.SENT)
    months.make("consortium_auditentry", OLD)
    entry = AuditEntry.objects.filter(object_id=str(leg.pk)).latest("id")
    old = copied(entry, id=old_key(), request_id="like no other")
    old.save(force_insert=True)
    months.archive("consortium_auditentry", OLD)
    with connection.cursor() as cursor:
        cursor.execute("update archive.consortium_auditentry set purpose = 'STATISTICS' where id = %s", [old.pk])
    with acting(SYSTEM):
        (fault,) = chain.walk().faults.values()
    assert fault.kind == chain.Kind.EDITED


def test_a_month_of_events_is_held_by_the_notices_of_it(world):
    leg = world.referral(Status.SENT)
    months.make("consortium_event", OLD)
    event = Event.objects.filter(subject_id=leg.pk).latest("id")
    old = copied(event, id=old_key())
    old.save(force_insert=True)
    Notice.objects.create(event=old, person=world.people["province", "EXPERT", 1], created_at=moment.now())
    with pytest.raises(Held, match="1 rows of consortium_notice"), transaction.atomic():
        months.archive("consortium_event", OLD)
    assert months.archive("consortium_event", OLD, forget=True) == 1
    assert not Event.objects.filter(pk=old.pk).exists()
    assert Event.objects.filter(pk=event.pk).exists()
    assert counted("archive.consortium_event") == 1
    with pytest.raises(Held, match="is not there"):
        months.archive("consortium_event", OLD)
