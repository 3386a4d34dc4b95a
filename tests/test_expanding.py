"""The rules for changing tables that are in use: each planted fault is found, each right way passes."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.core.management import CommandError, call_command
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import Q

from consortium.database import expanding
from consortium.management.commands import lint_migrations

CHECK = models.CheckConstraint(condition=Q(version__gt=0), name="version_positive")
UNIQUE = models.UniqueConstraint(fields=["person"], name="one_each")
INDEX = models.Index(fields=["version"], name="by_version")
TABLE = migrations.CreateModel("Brick", [("id", models.BigAutoField(primary_key=True)), ("person", models.TextField())])
FILL = migrations.RunSQL("update consortium_event set comment = '' where comment is null", migrations.RunSQL.noop)
NOTHING = migrations.RunPython.noop
HOSPITAL = models.ForeignKey("consortium.hospital", models.PROTECT, related_name="+")


def add(field: Any) -> migrations.AddField:
    """A new column of the events."""
    return migrations.AddField("event", "colour", field)


def alter(name: str, field: Any) -> migrations.AlterField:
    """Another definition of a column of the events."""
    return migrations.AlterField("event", name, field)


def apart(database: list[Any], state: list[Any] | None = None) -> migrations.SeparateDatabaseAndState:
    """Steps of the database and of the state that are not the same."""
    return migrations.SeparateDatabaseAndState(database, state or [])


def linted(operations: list[Any], **about: Any) -> list[str]:
    """The rules that a migration with these steps, the next of the network's, breaks."""
    kind = type("Migration", (migrations.Migration,), {"operations": operations, **about})
    before = MigrationLoader(None).project_state(("consortium", "0008_cases"))
    return [fault.rule for fault in expanding.faults(kind("0099_planted", "consortium"), before)]


@pytest.mark.parametrize(("operations", "rules"), [
    ([add(models.TextField())], ["required"]),
    ([add(models.TextField(default="red"))], ["required"]),  # Django's default is not the database's
    ([add(models.TextField(default="red", db_default="red"))], []),
    ([add(models.TextField(null=True))], []),
    ([migrations.RenameField("event", "comment", "words")], ["rename"]),
    ([migrations.RenameModel("Event", "Happening")], ["rename"]),
    ([migrations.RemoveField("event", "comment")], ["drop"]),
    ([migrations.DeleteModel("Notice")], ["drop"]),
    ([apart([], [migrations.RemoveField("event", "comment")])], []),
    ([apart([migrations.RemoveField("event", "comment")])], ["drop"]),
    ([FILL], []),
    ([migrations.RunPython(NOTHING, NOTHING)], []),
    ([add(models.TextField(null=True)), FILL], ["mixed"]),
    ([add(models.TextField(null=True)), migrations.RunPython(NOTHING, NOTHING)], ["mixed"]),
    ([migrations.RunPython(NOTHING)], ["reverse"]),
    ([migrations.RunSQL("comment on table consortium_event is 'insert x'")], ["reverse"]),
    ([migrations.AddIndex("event", INDEX)], ["index"]),
    ([migrations.RunSQL("create index x on consortium_event (kind)", "drop index x")], ["index"]),
    ([migrations.RunSQL("create unique index if not exists x on consortium_event (kind)", "")], ["index"]),
    ([migrations.RunSQL("create function f() returns trigger as $$ begin update a; end $$ language plpgsql", "")], []),
    ([TABLE, migrations.AddConstraint("brick", UNIQUE)], []),
    ([migrations.AddConstraint("event", CHECK)], ["constraint"]),
    ([AddConstraintNotValid("event", CHECK)], []),
    ([alter("kind", models.CharField(max_length=20))], ["type"]),
    ([alter("kind", models.CharField(max_length=90))], []),
    ([alter("kind", models.IntegerField())], ["type"]),
    ([alter("kind", models.CharField(max_length=40, unique=True))], ["index"]),
    ([alter("kind", models.CharField(max_length=40, null=True))], []),
    ([alter("actor_hospital", HOSPITAL)], ["tighten"]),
    ([alter("actor_hospital", models.ForeignKey("consortium.person", models.PROTECT, null=True))], ["type"]),
    ([migrations.RemoveConstraint("practitionerrole", "role_once")], []),
])  # fmt: skip
def test_each_fault_is_found_and_each_right_way_passes(operations, rules):
    assert linted(operations) == rules


def test_without_a_transaction_only_steps_that_need_none():
    concurrent = AddIndexConcurrently("event", INDEX)
    assert linted([concurrent], atomic=False) == []
    assert linted([ValidateConstraint("event", "x")], atomic=False) == []
    assert linted([concurrent, add(models.TextField(null=True))], atomic=False) == ["apart"]


def test_a_fault_may_be_accepted_with_a_reason_and_only_by_its_name():
    operations = [migrations.AddIndex("event", INDEX)]
    assert linted(operations, accepted={"index": "a few rows"}) == []
    assert linted(operations, accepted={"index": " "}) == ["index"]
    assert linted(operations, accepted={"drop": "why"}) == ["index"]
    assert linted([], accepted={"indx": "why"}) == ["indx"]


def test_our_own_migrations_keep_the_rules_and_the_command_says_what_does_not(monkeypatch, capsys):
    call_command("lint_migrations")
    assert "0 faults" in capsys.readouterr().out
    monkeypatch.setitem(lint_migrations.SINCE, "referrals", "0003")
    with pytest.raises(CommandError):
        call_command("lint_migrations")
    assert "referrals.0003_clocks [drop] Remove field suspended_clock" in capsys.readouterr().out
