"""In whose name the database answers: one transaction, the application's role, one person, set by one statement.

What is set lasts as long as the transaction and not a statement longer, so a pool that hands out connections by
transaction (PgBouncer) cannot mix two people up. Without a person the policies of `policies/` show no row of a patient.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS

SYSTEM_PERSON = "system"  # the clock's own steps and the jobs; which rows they need is in ADR 0022
APP, REPORT, SOUGHT = "refnet_app", "refnet_report", "refnet.sought"
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
def acting(by: Acts | None, *, also: Mapping[str, str] | None = None) -> Iterator[None]:
    """One transaction in the name of an actor: of a person, of the system (`access.SYSTEM`), of nobody (`None`).

    What the database is to be told besides, name by name, is told by the same statement.
    """
    at = "" if by is None or by.at is None or settings.PRODUCTION else by.at.isoformat()
    person = "" if by is None else SYSTEM_PERSON if by.person is None else str(by.person.pk)
    with _as((APP, person, at), {SOUGHT: ""} | dict(also or {})):  # nobody goes on with what another looked up
        yield


@contextmanager
def reporting() -> Iterator[None]:
    """Count for the one who acts: as the role that sees every case of the network but no column that is about a
    patient, and that only for somebody whose role at some place is to see figures."""
    with _meanwhile(REPORT, None):
        yield


@contextmanager
def beyond() -> Iterator[None]:
    """Do as the system what follows from a step on rows that its taker may not see, such as a death elsewhere."""
    with _meanwhile(APP, SYSTEM_PERSON):
        yield


def seek(marks: Iterable[bytes]) -> None:
    """Let the person who acts see the one patient whose identity number has these marks, to the transaction's end.

    Whoever can type the whole number, and may register patients, is told who it belongs to; the reading is audited.
    """
    if current() != _itself():
        with connection.cursor() as cursor:
            cursor.execute("select set_config(%s, %s, true)", [SOUGHT, ",".join(mark.hex() for mark in marks)])


@contextmanager
def _as(wanted: As, also: Mapping[str, str]) -> Iterator[None]:
    """One transaction as a role and a person; within another one, what was set before is set again afterwards.

    Who acts is told with the first statement, by the same message: who asks nothing need not be named.
    """
    tell_now()
    before, nested, outer = current(), connection.in_atomic_block, getattr(connection, "telling", None)
    telling = _Telling(wanted, also)
    try:
        with transaction.atomic(), connection.execute_wrapper(telling):
            connection.telling = telling  # type: ignore[attr-defined]
            _remember(wanted)
            yield
    finally:
        connection.telling = outer  # type: ignore[attr-defined]
        _remember(before)
        if nested and telling.done:
            _set_again(before)


@contextmanager
def _meanwhile(role: str, person: str | None) -> Iterator[None]:
    """Within somebody's transaction, as another role; a connection that acts as itself goes on as itself."""
    tell_now()
    before = current()
    if before == _itself():
        yield
        return
    try:
        _become((role, before[1] if person is None else person, before[2]))
        yield
    finally:
        _remember(before)
        _set_again(before)


class _Telling:
    """Puts who acts before the first statement of a transaction, and other words before a later one."""

    def __init__(self, wanted: As, also: Mapping[str, str]) -> None:
        self.done, self.words = False, ""
        self.sql = BECOME + ", set_config(%s, %s, true)" * len(also)
        self.given = [*wanted, *(text for pair in also.items() for text in pair)]

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Execute a statement, the first one behind the words."""
        if many or not isinstance(sql, str) or (isinstance(params, Mapping) and not self.done):
            tell_now()
        before, given = self.taken()
        if given:
            sql, params = sql if params is not None else sql.replace("%", "%%"), [*given, *(params or ())]
        return execute(before + sql if before else sql, params, many, context)

    def taken(self) -> tuple[str, list[str]]:
        """What is still to be said, with its values; it counts as said."""
        before, given = self.words, list[str]()
        if not self.done:
            before, given = f"{self.sql}; {before}", self.given
        self.done, self.words = True, ""
        return before, given


def tell_now() -> None:
    """Say by a statement of its own who acts, and other words, if that is not said: before what must be alone."""
    telling: _Telling | None = getattr(connection, "telling", None)
    before, given = telling.taken() if telling else ("", [])
    if before:
        with connection.cursor() as cursor:
            cursor.execute(before, given or None)


def say_next(words: str) -> None:
    """Execute a statement that answers nothing, and has no values, by the same message as the next one; else now."""
    telling: _Telling | None = getattr(connection, "telling", None)
    if telling:
        telling.words += words
    else:
        with connection.cursor() as cursor:
            cursor.execute(words)


def _become(wanted: As) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BECOME, wanted)
    _remember(wanted)


def _set_again(before: As) -> None:
    """Set what was set before, unless the transaction has failed: its rollback does."""
    driver = connection.connection
    if driver and not connection.needs_rollback and driver.info.transaction_status == TRANSACTION_STATUS_INTRANS:
        with driver.cursor() as cursor:
            cursor.execute(BECOME, before)


def current() -> As:
    """As whom this thread's connection acts now: role, person, moment."""
    return getattr(connection, "acting_as", _itself())


def _itself() -> As:
    """As whom it acts outside of everything."""
    return (settings.DATABASE_ROLE or "none", settings.DATABASE_PERSON, "")


def _remember(as_whom: As) -> None:
    connection.acting_as = as_whom  # type: ignore[attr-defined]
