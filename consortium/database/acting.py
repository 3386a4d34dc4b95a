"""In whose name the database answers: one transaction, the application's role, one person, set by one statement.

What is set lasts as long as the transaction and not a statement longer, so a pool that hands out connections by
transaction (PgBouncer) cannot mix two people up. Without a person the policies of `policies/` show no row of a patient.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction

SYSTEM_PERSON = "system"  # the clock's own steps and the jobs; which rows they need is in ADR 0022
APP, REPORT = "refnet_app", "refnet_report"
BECOME = (
    "select set_config('role', %s, true), set_config('refnet.person', %s, true), set_config('refnet.now', %s, true)"
)
As = tuple[str, str, str]


class Acts(Protocol):
    """Whoever acts: an `access.Actor`, whose person is empty for the system."""

    @property
    def person(self) -> Any:
        """The person, or nobody."""

    @property
    def at(self) -> Any:
        """The moment."""


@contextmanager
def acting(by: Acts | None) -> Iterator[None]:
    """One transaction in the name of an actor: of a person, of the system (`access.SYSTEM`), of nobody (`None`)."""
    at = "" if by is None or by.at is None or settings.PRODUCTION else by.at.isoformat()
    person = "" if by is None else SYSTEM_PERSON if by.person is None else str(by.person.pk)
    with _as((APP, person, at)):
        yield


@contextmanager
def reporting() -> Iterator[None]:
    """Count for the one who acts: as the role that sees every case of the network but no column that is about a
    patient, and that only for somebody whose role at some place is to see figures."""
    _role, person, at = _current()
    with _as((REPORT, person, at)):
        yield


@contextmanager
def beyond() -> Iterator[None]:
    """Do as the system what follows from a step on rows that its taker may not see, such as a death elsewhere."""
    _role, _person, at = _current()
    with _as((APP, SYSTEM_PERSON, at)):
        yield


@contextmanager
def _as(wanted: As) -> Iterator[None]:
    """One transaction as a role and a person; within another one, what was set before is set again afterwards."""
    before, nested = _current(), connection.in_atomic_block
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(BECOME, wanted)
            _remember(wanted)
            yield
    finally:
        _remember(before)
        # What a savepoint's rollback has not undone; a transaction that failed as a whole undoes everything itself.
        if nested and not connection.needs_rollback and connection.connection:
            with connection.connection.cursor() as cursor:
                cursor.execute(BECOME, before)


def _current() -> As:
    """As whom this thread's connection acts now: as itself, outside of everything."""
    found: As = getattr(connection, "acting_as", (settings.DATABASE_ROLE or "none", settings.DATABASE_PERSON, ""))
    return found


def _remember(as_whom: As) -> None:
    connection.acting_as = as_whom  # type: ignore[attr-defined]
