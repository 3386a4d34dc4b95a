"""The trail: written once with every step, refused to everybody who would change it, down to the database."""

from collections import Counter

import pytest
from django.db import DatabaseError, connection, transaction

from consortium.models import AuditEntry, Event, Notice
from referrals.models import Referral, Status

TABLES = ("consortium_event", "consortium_auditentry")
ALTERATIONS = [
    ("consortium_event", "update consortium_event set comment = 'x'"),
    ("consortium_event", "update consortium_event set actor_id = null"),
    ("consortium_event", "delete from consortium_event"),
    ("consortium_event", "truncate consortium_event cascade"),
    ("consortium_auditentry", "update consortium_auditentry set purpose = 'x'"),
    ("consortium_auditentry", "delete from consortium_auditentry"),
    ("consortium_auditentry", "truncate consortium_auditentry"),
]


@pytest.mark.parametrize(("table", "statement"), ALTERATIONS, ids=[statement for _table, statement in ALTERATIONS])
def test_the_database_refuses_to_alter_the_trail(world, table, statement):
    world.referral(Status.SENT)
    with pytest.raises(DatabaseError, match=rf"{table}(_\d{{4}}_\d\d)? is append-only"), transaction.atomic():
        connection.cursor().execute(f"set constraints all immediate; {statement}")


@pytest.mark.parametrize("model", [Event, AuditEntry])
def test_the_models_cannot_alter_it_either(world, model):
    world.referral(Status.SENT)
    row = model.objects.latest("id")
    for alter in (row.save, row.delete, model.objects.all().delete, lambda: model.objects.update(request_id="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            alter()


def test_every_event_has_one_audit_entry_and_every_version_one_event(world):
    for status in Status:
        world.referral(status)
    events = Event.objects.values_list("kind", "subject_id", "actor_id", "actor_role", "actor_hospital_id")
    audits = AuditEntry.objects.values_list("action", "object_id", "actor_id", "actor_role", "actor_hospital_id")
    assert Counter((kind, str(subject), *who) for kind, subject, *who in events) == Counter(audits)
    for referral in Referral.objects.all():
        trail = world.events(referral)
        assert [event.version for event in trail] == list(range(1, referral.version + 1))
        assert [event.to_status for event in trail][-1] == referral.status
        assert [event.from_status for event in trail] == ["", *(event.to_status for event in trail[:-1])]
        assert {event.thread_id for event in trail} == {referral.case_id}


def test_a_notice_carries_no_name_and_nobody_hears_of_their_own_step(world):
    for status in Status:
        world.referral(status)
    assert {field.name for field in Notice._meta.concrete_fields} == {
        "id", "event", "person", "created_at", "read_at",
    }  # fmt: skip
    assert not [n for n in Notice.objects.select_related("event") if n.person_id == n.event.actor_id]


def test_the_request_that_caused_a_step_is_on_the_trail(world):
    referral = world.referral(Status.SENT)
    by = world.actor("province", "EXPERT")
    by = type(by)(**vars(by) | {"request_id": "0190-request"})
    world.take("open_referral", referral, by=by)
    assert world.events(referral)[-1].request_id == "0190-request"
    assert AuditEntry.objects.latest("id").request_id == "0190-request"
