"""Statements that PostgreSQL plans once for each connection and then executes again and again.

Behind a pool that hands out connections by transaction a statement may meet a connection that does not know it. Such a
pool needs `REFNET_PREPARE=0`; until somebody sets it, the first such answer switches preparing off in the process, and
what was asked is asked again: here outside of a transaction, by whoever began the transaction otherwise.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import count
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import Error, connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]

from consortium.database.acting import say_next, tell_now

logger = logging.getLogger("refnet.prepared")
KEPT = 300  # statements of one connection; the one that was not used for longest is forgotten
UNKNOWN, KNOWN = "26000", "42P05"  # SQLSTATE: there is no such prepared statement; there is one already
SLOT = re.compile(r"%(?:\((\w+)\)s|%)")
NAMELESS = re.compile(r"%[s%]")
# For the transaction: a plan for any values, so that the fifth execution costs what the hundredth does.
PLANNING = {"plan_cache_mode": "force_generic_plan"}
# The planner takes scope and policies together for far rarer than they are, and would fetch and sort a whole hospital.
IN_ORDER, AS_USUAL = (
    f"select set_config('enable_sort', '{sort}', true), set_config('enable_bitmapscan', '{sort}', true); "
    for sort in ("off", "on")
)
CASTS = {
    "UUIDField": "uuid",
    "DateTimeField": "timestamptz",
    "AutoField": "bigint",
    "BigAutoField": "bigint",
    "BinaryField": "bytea",
    "IntegerField": "bigint",
    "PositiveSmallIntegerField": "bigint",
}
ModelT = TypeVar("ModelT", bound=Model)
_off = False


class LostError(Exception):
    """A connection did not know what this process had prepared; the transaction may begin again, nothing is now."""


def fetch(
    text: str, values: Mapping[str, Any], *, planned: bool = True, in_order: bool = False
) -> tuple[Any, ...] | None:
    """The first row of a statement, see `fetch_all`."""
    return next(iter(fetch_all(text, values, planned=planned, in_order=in_order)), None)


def fetch_all(
    text: str, values: Mapping[str, Any], *, planned: bool = True, in_order: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of a statement with `%(name)s` for its values and `%%` for a per cent sign.

    `in_order` it is planned to read rows by an index in its order; what comes next in the transaction, as usual.
    """
    if in_order:
        say_next(IN_ORDER)
    try:
        return _fetched(text, values, planned=planned)
    finally:
        if in_order:
            say_next(AS_USUAL)


def _fetched(text: str, values: Mapping[str, Any], *, planned: bool) -> list[tuple[Any, ...]]:
    if planned and settings.PREPARE and not _off:
        try:
            return _executed(text, values)
        except LostError:
            if connection.in_atomic_block:
                raise
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchall()


def _executed(text: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        try:
            name, names = _prepared(text)
            places = f"({', '.join(['%s'] * len(names))})" if names else ""
            cursor.execute(f"execute {name}{places}", [values[one] for one in names])
        except Error as error:
            _hold(error)
            raise
        return cursor.fetchall()


@contextmanager
def planned() -> Iterator[None]:
    """Prepare the statements that Django itself executes meanwhile, too: for queries whose text does not vary."""

    def by_name(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if many or not settings.PREPARE or _off:
            return execute(sql, values, many, context)
        try:
            name, names = _prepared(named(sql))
            given = [values[int(one[1:])] for one in names]
            return execute(f"execute {name}({', '.join(['%s'] * len(names))})", given, many, context)
        except Error as error:
            _hold(error)
            raise

    tell_now()
    with connection.execute_wrapper(by_name):
        yield


@lru_cache(maxsize=KEPT)
def named(sql: str) -> str:
    """A statement of Django's with names for its values in their order: `v0`, `v1`, …"""
    numbers = count()
    return NAMELESS.sub(lambda found: "%%" if found[0] == "%%" else f"%(v{next(numbers)})s", sql)


def values_of(given: Sequence[Any]) -> dict[str, Any]:
    """The values of such a statement by their names."""
    return {f"v{number}": value for number, value in enumerate(given)}


class Bound(Expression):
    """In a queryset, a value that is put in only when its SQL is executed; to be among the parameters in person."""

    def __init__(self, name: str, output_field: Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Its place, and itself in its stead."""
        return "%s", [self]

    @property
    def slot(self) -> str:
        """Its place in a text for `fetch`."""
        return f"%({self.name})s::{CASTS.get(self.output_field.get_internal_type(), 'text')}"


class Standing(Generic[ModelT]):
    """A queryset that is asked again and again with other values: its SQL is written once, its rows are models."""

    def __init__(self, rows: Callable[[], QuerySet[ModelT]]) -> None:
        self.rows = rows

    @cached_property
    def _made(self) -> tuple[str, dict[str, Any], Any, Any]:
        """The text, what never changes of its values, and what makes models of its rows."""
        compiler = self.rows().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        constants = {f"c{at}": param for at, param in enumerate(params) if not isinstance(param, Bound)}
        slots = iter([p.slot if isinstance(p, Bound) else f"%(c{at})s" for at, p in enumerate(params)])
        text = re.sub(r"%([s%])", lambda place: next(slots) if place[1] == "s" else "%%", sql)
        return text, constants, compiler, compiler.get_converters(item[0] for item in compiler.select)

    def fetch(self, **values: Any) -> list[ModelT]:
        """The rows for these values, with their relations and annotations."""
        text, constants, compiler, converters = self._made
        # Within a transaction a lost statement could not be asked again.
        found: Any = fetch_all(text, constants | values, planned=not connection.in_atomic_block)
        rows = compiler.apply_converters(found, converters) if converters else found
        columns = compiler.klass_info["select_fields"]
        begin, end = columns[0], columns[-1] + 1
        names = [item[0].target.attname for item in compiler.select[begin:end]]
        model, using = compiler.klass_info["model"], connection.alias
        populators = get_related_populators(compiler.klass_info, compiler.select, using)
        made = []
        for row in rows:
            one = model.from_db(using, names, row[begin:end])
            for populator in populators:
                populator.populate(row, one)
            for name, at in compiler.annotation_col_map.items():
                setattr(one, name, row[at])
            made.append(one)
        return made


def _prepared(text: str) -> tuple[str, list[str]]:
    """The name under which this connection knows a statement, and the names of its values in their order."""
    driver = connection.connection
    of, known = getattr(connection, "prepared", (None, OrderedDict[str, tuple[str, list[str]]]()))
    if of is not driver:
        known = OrderedDict()
        connection.prepared = (driver, known)  # type: ignore[attr-defined]
    if text in known:
        known.move_to_end(text)
        return known[text]
    names: list[str] = []
    name = f"refnet_{sha256(text.encode()).hexdigest()[:24]}"
    with connection.wrap_database_errors, driver.cursor() as cursor:
        if len(known) >= KEPT:
            oldest, _names = known.popitem(last=False)[1]
            cursor.execute(f"deallocate {oldest}")
        cursor.execute(f"prepare {name} as {SLOT.sub(lambda slot: _place(slot, names), text)}")
    known[text] = (name, names)
    return known[text]


def _place(slot: re.Match[str], names: list[str]) -> str:
    name = slot[1]
    if name is None:
        return "%"
    if name not in names:
        names.append(name)
    return f"${names.index(name) + 1}"


def _hold(error: Exception) -> None:
    """LostError for an answer that says that statements get lost; from now on none is prepared."""
    global _off
    if getattr(error.__cause__, "pgcode", None) in (UNKNOWN, KNOWN):
        logger.warning("prepared statements get lost on the way to the database: set REFNET_PREPARE=0")
        _off = True
        raise LostError from error
