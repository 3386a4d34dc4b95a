"""What a migration may do while the release before still runs on the same tables: expand, backfill, contract.

Expand: only add, in a way that old code does not notice. Backfill: change rows, in a file of their own. Contract, one
release later: drop what no code uses any more. A migration that must break a rule says why in its class:
`accepted = {"index": "the table is new and empty"}`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import NotSupportedError, connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

RULES = {
    "required": "a new column must be null or have a db_default: old code inserts rows without it",
    "rename": "old code still asks by the old name: add the new one, copy, drop the old one a release later",
    "drop": "old code still reads it: first take it out of the state alone, drop it in the database a release later",
    "mixed": "rows are changed in a migration of their own, not in one that changes tables",
    "reverse": "it must be reversible: give the reverse, or RunPython.noop where nothing is to be undone",
    "index": "it locks the table while it is built: AddIndexConcurrently in a migration with atomic = False",
    "constraint": "it locks the table while every row is checked: AddConstraintNotValid, then ValidateConstraint",
    "type": "another type rewrites the table, or old code cannot read it: add a column, copy, drop the old one",
    "tighten": "old code may still write null: backfill first, tighten a release later",
    "apart": "without a transaction only steps that need none, so that half of it leaves no half-made table",
}
# The first migration of each app that must keep the rules; no installation held patients before.
SINCE = {"consortium": "0009", "referrals": "0007", "telemedicine": "0008"}
# Accepted of the migrations that make 0.2.0, for which the service stands still (docs/operations.md): rule and reason.
STANDING_STILL = "part of the upgrade to 0.2.0, during which no older code runs"
ACCEPTED: Mapping[str, Mapping[str, str]] = {
    "consortium.0011_sign_in": {"constraint": STANDING_STILL},
    "consortium.0012_audit_chain": {"index": STANDING_STILL},
    "consortium.0015_sealed_numbers": {"constraint": STANDING_STILL, "required": STANDING_STILL},
    # Numbers in clear must not outlive the upgrade, so what would take two releases is done in one.
    "consortium.0017_no_clear_numbers": dict.fromkeys(("constraint", "drop", "mixed", "rename"), STANDING_STILL),
    "consortium.0009_sounds": {"index": STANDING_STILL},
}
OUTSIDE = (AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint, migrations.RunPython, migrations.RunSQL)
BODY = re.compile(r"(\$\w*\$).*?\1|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)  # of a function, a remark, a literal
CHANGES_ROWS = re.compile(r"(?:^|;)\s*(insert|update|delete|merge|truncate)\b", re.IGNORECASE)
LOCKS = re.compile(
    r"\bcreate\s+(unique\s+)?index\s+(?!concurrently)(?:if\s+not\s+exists\s+)?\S+\s+on\s+(\w+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Fault:
    """One rule that one migration breaks, and where."""

    migration: str
    rule: str
    what: str

    def __str__(self) -> str:
        """As a line with the remedy."""
        return f"{self.migration} [{self.rule}] {self.what}: {RULES[self.rule]}"


def faults(migration: migrations.Migration, state: ProjectState) -> Iterator[Fault]:
    """What breaks a rule in a migration that begins at this state and is not accepted with a reason there."""
    name = f"{migration.app_label}.{migration.name}"
    accepted: Mapping[str, str] = {**ACCEPTED.get(name, {})} | getattr(migration, "accepted", {})
    for rule, what in _broken(migration, state):
        if not accepted.get(rule, "").strip():
            yield Fault(name, rule, what)
    yield from (Fault(name, rule, "unknown rule") for rule in accepted if rule not in RULES)


def _broken(migration: migrations.Migration, state: ProjectState) -> Iterator[tuple[str, str]]:
    app, new, operations = migration.app_label, set[str](), list(migration.operations)
    if (
        len(operations) > 1
        and any(_changes_rows(one) for one in operations)
        and not all(map(_changes_rows, operations))
    ):
        yield "mixed", "rows and tables"
    if not migration.atomic and not all(isinstance(one, OUTSIDE) for one in operations):
        yield "apart", "not atomic"
    for operation in operations:
        if not operation.reversible:
            yield "reverse", operation.describe()
        for one in _in_database(operation):
            yield from _of(one, app, new, state)
            if isinstance(one, migrations.CreateModel):
                new.add(one.name_lower)
        state = state.clone()
        operation.state_forwards(app, state)


def _in_database(operation: Operation) -> list[Operation]:
    """What an operation does to the tables: nothing of what only the state hears of."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return [inner for one in operation.database_operations for inner in _in_database(one)]
    return [operation]


def _changes_rows(operation: Operation) -> bool:
    return isinstance(operation, migrations.RunPython) or any(
        CHANGES_ROWS.search(sql) for sql in _statements(operation)
    )


def _statements(operation: Operation) -> list[str]:
    """The SQL of an operation without the bodies of functions, remarks and literals."""
    if not isinstance(operation, migrations.RunSQL):
        return []
    given = operation.sql if isinstance(operation.sql, list | tuple) else [operation.sql]
    return [BODY.sub(" ", one if isinstance(one, str) else one[0]) for one in given]


def _of(one: Any, app: str, new: set[str], state: ProjectState) -> Iterator[tuple[str, str]]:
    """The rules that one operation breaks on tables that were there before."""
    what = one.describe()
    if isinstance(one, migrations.RenameField | migrations.RenameModel | migrations.AlterModelTable):
        yield "rename", what
    elif isinstance(one, migrations.DeleteModel | migrations.RemoveField):
        yield "drop", what
    elif isinstance(one, migrations.RunSQL):
        yield from (("index", f"{what} on {found[2]}") for sql in _statements(one) for found in LOCKS.finditer(sql))
    elif getattr(one, "model_name_lower", None) in new:
        return  # nobody reads or writes it yet
    elif isinstance(one, migrations.AddField):
        if not _old_code_may_leave_out(one.field):
            yield "required", what
    elif isinstance(one, migrations.AlterField):
        yield from _altered(state.models[app, one.model_name_lower].fields[one.name], one.field, what)
    elif isinstance(one, migrations.AddIndex) and not isinstance(one, AddIndexConcurrently):
        yield "index", what
    elif isinstance(one, migrations.AddConstraint) and not isinstance(one, AddConstraintNotValid):
        yield "constraint", what


def _old_code_may_leave_out(field: Any) -> bool:
    return field.null or field.many_to_many or field.has_db_default() or field.generated


def _altered(before: Any, after: Any, what: str) -> Iterator[tuple[str, str]]:
    if before.null and not after.null:
        yield "tighten", what
    if (after.unique and not before.unique) or (after.db_index and not before.db_index):
        yield "index", what
    if _kind(before) != _kind(after) or (_length(after) or 10**9) < (_length(before) or 10**9):
        yield "type", what


def _kind(field: Any) -> str:
    """The type of a column without its length; of a reference, what it refers to."""
    if field.remote_field:
        return str(field.remote_field.model).lower()
    try:
        return re.sub(r"\(.*\)", "", field.db_type(connection) or "")
    except (AttributeError, NotSupportedError):
        return type(field).__name__


def _length(field: Any) -> int | None:
    return field.max_length if isinstance(field, models.CharField) else None
