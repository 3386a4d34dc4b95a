"""Statements that PostgreSQL plans once for each connection and then executes again and again.

Behind a pool that hands out connections by transaction a statement may meet a connection that does not know it: such a
pool needs `REFNET_PREPARE=0`, and until somebody sets it the first such answer switches preparing off in the process.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Any

from django.conf import settings
from django.db import Error, connection

logger = logging.getLogger("refnet.prepared")
KEPT = 300  # statements of one connection; the one that was not used for longest is forgotten
UNKNOWN, KNOWN = "26000", "42P05"  # SQLSTATE: there is no such prepared statement; there is one already
SLOT = re.compile(r"%(?:\((\w+)\)s|%)")
NAMELESS = re.compile(r"%[s%]")
# For the transaction: a plan for any values, so that the fifth execution costs what the hundredth does.
PLANNING = {"plan_cache_mode": "force_generic_plan"}
_off = False


class LostError(Exception):
    """A connection did not know what this process had prepared; the transaction may begin again, nothing is now."""


def fetch(text: str, values: Mapping[str, Any], *, planned: bool = True) -> tuple[Any, ...] | None:
    """The first row of a statement, with `%(name)s` for its values and `%%` for a per cent sign."""
    with connection.cursor() as cursor:
        if not (planned and settings.PREPARE) or _off:
            cursor.execute(text, values)
            return cursor.fetchone()
        try:
            name, names = _prepared(text)
            places = f"({', '.join(['%s'] * len(names))})" if names else ""
            cursor.execute(f"execute {name}{places}", [values[one] for one in names])
        except Error as error:
            _hold(error)
            raise
        return cursor.fetchone()


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
    with driver.cursor() as cursor:
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
    state = getattr(error, "pgcode", None) or getattr(error.__cause__, "pgcode", None)
    if state in (UNKNOWN, KNOWN):
        logger.warning("prepared statements get lost on the way to the database: set REFNET_PREPARE=0")
        _off = True
        raise LostError from error
