"""The rows of a statement: querysets of the gate put into a plan's text, with a place for what differs by request.

A page is cut before anything is joined: for each place of the person one scan in the order of an index, no longer than
the page, and of these the first rows.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import F, Field, Q, QuerySet
from django.utils import timezone

from consortium import access
from consortium.access import Actor, any_of
from consortium.database.prepared import Bound
from schema.compiled import Hole, Plan
from schema.keyset import Order, ordered
from schema.reads import COUNTED
from schema.rows import HandOver, literal, quoted

PROBE = timedelta(hours=11)
MANY = 40  # places of one person, beyond which they are not looked through one by one
Compiled = tuple[str, Sequence[Any]]


@dataclass
class Statement:
    """A statement with what never changes of its values, and how far from now its moments are."""

    text: str
    constants: dict[str, Any] = field(default_factory=dict)
    moments: dict[str, timedelta] = field(default_factory=dict)
    planned: bool = True  # whether each value is of a kind that a prepared statement takes
    lasting: bool = True  # whether it holds at every moment of the day
    in_order: bool = False  # whether a page of it is found by an index in its order
    named: dict[Any, str] = field(default_factory=dict)  # the places of what stands in it already

    def slot(self, value: Any, later: Any) -> str:
        """The place of a value in the text: of one that was found now, and of the same at the probe's moment."""
        if isinstance(value, Bound):
            return value.slot
        if value is None or isinstance(value, bool | int):
            return "null" if value is None else str(value).lower()
        if isinstance(value, str) and isinstance(value, Enum):
            return literal(str(value.value))
        if not isinstance(value, datetime) and value == later and (type(value), value) in self.named:
            return self.named[type(value), value]
        name = f"c{len(self.constants) + len(self.moments)}"
        if isinstance(value, datetime) and value != later:
            self.moments[name] = later  # see `filled`
            return f"%({name})s::timestamptz"
        self.lasting = self.lasting and value == later
        self.planned = self.planned and isinstance(value, str | UUID | date)
        self.constants[name] = value
        cast = {UUID: "::uuid", datetime: "::timestamptz", date: "::date"}.get(type(value), "")
        place = f"%({name})s{cast}"
        if value == later and isinstance(value, str | UUID):
            self.named[type(value), value] = place
        return place


def filled(plan: Plan, sql_of: Callable[[Actor, datetime], list[Compiled]], by: Actor, *, probe: bool) -> Statement:
    """The statement of a plan with the rows for a person at their moment; `sql_of` gives those of each hole in order.

    What lasts is found out by asking for another moment of the same day: moments that moved with it are kept as their
    distance from now, and where anything else moved, nothing is kept.
    """
    now = access.moment(by)
    local = timezone.localtime(now)
    other = now + PROBE if local.hour < 12 else now - PROBE
    probe = probe and timezone.localdate(other) == local.date()
    found = sql_of(by, now)
    again = sql_of(access.at_time(by, other), other) if probe else found
    made = Statement(plan.text, lasting=probe)
    for hole, (sql, params), (sql_later, params_later) in zip(plan.holes, found, again, strict=True):
        made.lasting = made.lasting and sql == sql_later
        slots = iter([made.slot(a, b) for a, b in zip(params, params_later or params, strict=False)])
        text = re.sub(r"%([s%])", lambda place, slots=slots: next(slots) if place[1] == "s" else "%%", sql)
        made.text = made.text.replace(hole.mark, text)
    for name, later in made.moments.items():
        made.moments[name] = later - other
    return made


def compiled(rows: QuerySet[Any]) -> Compiled | None:
    """The SQL of rows; nothing if there can be none."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, params


def chosen(rows: QuerySet[Any], hole: Hole, keys: Sequence[str] = ()) -> QuerySet[Any]:
    """Of the rows their key, their place in an order, and what of their annotations is read."""
    used = sorted(hole.row.used) if hole.row else []
    places = {f"cut_{at}": F(key) for at, key in enumerate(keys)}
    return rows.values(*used, cut_key=F("pk"), **places)


def whole(rows: QuerySet[Any]) -> Compiled | None:
    """The SQL of chosen rows with all of their columns: what is shown of a row that was cut is not read again."""
    found = compiled(rows)
    if found is None:
        return None
    sql, params = found
    table = quoted(rows.model._meta.db_table)
    return re.sub(r"^SELECT (DISTINCT )?", lambda head: f"{head[0]}{table}.*, ", sql, count=1), params


def nobody(rows: QuerySet[Any], hole: Hole) -> Compiled:
    """No row, of the same shape."""
    used = "".join(f", null::boolean as {quoted(name)}" for name in sorted(hole.row.used if hole.row else ()))
    meta = rows.model._meta
    table = quoted(meta.db_table)
    return f"select {table}.*, {quoted(meta.pk.column)} as cut_key{used} from {table} where false", []


def within(rows: QuerySet[Any], hole: Hole) -> Compiled:
    """The rows of a list within, of every row at once; their order is the list's own."""
    return compiled(chosen(rows.order_by(), hole)) or nobody(rows, hole)


def inner(hole: Hole, by: Actor, said: dict[Any, Compiled]) -> Compiled | None:
    """What a hole within is filled with for somebody; a condition that has been `said` is not written twice."""
    if hole.rows:
        return within(hole.rows(by), hole)
    if hole.of is None or hole.row is None:
        return None
    condition = hole.of(by)
    if (hole.mark, condition) not in said:
        said[hole.mark, condition] = hole.row.where(condition)
    return said[hole.mark, condition]


def single(rows: QuerySet[Any], hole: Hole) -> Compiled:
    """The one row of the key that is put in."""
    pk = rows.model._meta.pk
    found = whole(chosen(rows.order_by().filter(pk=Bound("pk", pk)), hole))
    sql, params = found or nobody(rows, hole)
    return f"select c.*, 1 as cut_place from ({sql}) c", params


def all_of(rows: QuerySet[Any], hole: Hole) -> Compiled:
    """All of the rows in their order."""
    sql, params = whole(chosen(rows, hole)) or nobody(rows, hole)
    return f"select c.*, row_number() over () as cut_place from ({sql}) c", params


def page(
    rows: QuerySet[Any],
    hole: Hole,
    *,
    order: Order,
    most: int,
    behind: Sequence[Field] | None,
    arms: Sequence[Q] | None,
) -> Compiled:
    """The first rows of a page and one more, behind the place that is put in."""
    place = [Bound(f"k{at}", key) for at, key in enumerate(behind)] if behind else None
    parts = [rows] if arms is None else [rows.filter(arm) for arm in (arms if len(arms) <= MANY else [any_of(arms)])]
    each = [found for part in parts if (found := whole(chosen(ordered(part, order, place), hole, order.keys)[:most]))]
    if not each:
        raise HandOver("nothing to read", always=False)
    keys = ", ".join(f"cut_{at}{' desc' if order.descending else ''}" for at in range(len(order.keys)))
    text = " union ".join(f"({sql})" for sql, _params in each)
    if len(each) > 1:
        text = f"select * from ({text}) u order by {keys} limit {most}"
    return f"select c.*, row_number() over (order by {keys}) as cut_place from ({text}) c", [
        param for _sql, params in each for param in params
    ]


def counted(rows: QuerySet[Any], arms: Sequence[Q] | None) -> Compiled:
    """How many rows there are, or one more than are counted."""
    rows = rows if arms is None else rows.filter(any_of(arms))
    found = compiled(rows.order_by().values("pk")[: COUNTED + 1])
    return (f"select count(*) from ({found[0]}) c", found[1]) if found else ("0", [])
