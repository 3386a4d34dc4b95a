"""A row as a statement of the read engine sees it: its columns, what is joined to it, and how values become JSON.

Texts of SQL hold what is known only when they are executed as `%(name)s`, and so `%%` for every other `%`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection
from django.db.models import Field, Model, Q
from django.db.models.sql import Query
from graphql import GraphQLEnumType

from consortium.access import Actor

BATCH = 50  # pairs in one json_build_object: a function of PostgreSQL takes 100 arguments


class HandOver(Exception):
    """The engine does not answer this; the whole operation goes to graphene. The text says why, without values.

    `always` tells that it follows from the document alone, `personal` that it follows from it and from who asks.
    """

    def __init__(self, why: str, *, always: bool = True, personal: bool = False) -> None:
        super().__init__(why)
        self.always, self.personal = always and not personal, personal


class Ready(str):
    """SQL of what is JSON already."""


class Part(dict[str, Any]):
    """A value on the wire that is no row of its own, computed from a row: its fields, and when there is none.

    A field is SQL, a list of parts, or a function that gives one of these if it is selected.
    """

    def __init__(self, present: str, **fields: Any) -> None:
        super().__init__(fields)
        self.present = present


class Source:
    """A FROM clause, which grows by each to-one relation that is needed."""

    def __init__(self, head: str, alias: Callable[[], str], condition: Callable[..., str] | None = None) -> None:
        self.text, self.alias, self.condition = head, alias, condition
        self.joined: dict[tuple[str, str], Row] = {}


class Row:
    """A row of a model under an alias; called with a path, such as `event__kind`, it gives the column as SQL."""

    now, today = "%(now)s::timestamptz", "%(today)s::date"

    def __init__(
        self,
        source: Source,
        model: type[Model],
        alias: str,
        *,
        up: "Row | None" = None,
        extra: Mapping[str, str] | None = None,
        optional: bool = False,
    ) -> None:
        self.source, self.model, self.alias, self.up = source, model, alias, up
        self.extra = extra or {}  # what the rows were annotated with, by name
        self.optional = optional  # whether there may be none
        self.used: set[str] = set()  # of the annotations

    def __call__(self, path: str) -> str:
        """The column at the end of a path of to-one relations."""
        *relations, name = path.split("__")
        row = self
        for relation in relations:
            row = row.joined(relation)
        return f"{row.alias}.{quoted(row.field(name).column)}"

    def field(self, name: str) -> Any:
        """The column of this name."""
        return self.model._meta.pk if name == "pk" else self.model._meta.get_field(name)

    def joined(self, name: str) -> "Row":
        """The row at the other end of a to-one relation."""
        key = (self.alias, name)
        if key not in self.source.joined:
            field = self.field(name)
            target, alias = field.related_model, self.source.alias()
            optional = self.optional or not field.concrete or field.null
            ours, theirs = (
                (field.column, field.target_field.column)
                if field.concrete
                else (field.field.target_field.column, field.field.column)
            )
            self.source.text += (
                f"\n{'left join' if optional else 'join'} {quoted(target._meta.db_table)} {alias}"
                f" on {alias}.{quoted(theirs)} = {self.alias}.{quoted(ours)}"
            )
            self.source.joined[key] = Row(self.source, target, alias, up=self.up, optional=optional)
        return self.source.joined[key]

    def given(self, name: str, kind: str = "") -> str:
        """What the rows were annotated with; nothing of its kind if they were not."""
        if name in self.extra:
            self.used.add(name)
            return self.extra[name]
        return f"null::{kind}"

    @property
    def full_view(self) -> str:
        """Whether the case is seen in full, as the gate said of it, or of the case that this belongs to."""
        row: Row | None = self
        while row is not None:
            if "full_view" in row.extra:
                return row.given("full_view")
            if hasattr(row.model, "ARMS"):
                break
            row = row.up
        raise HandOver(f"{self.model.__name__} without a gate")

    def holds(self, of: Callable[[Actor], Q | None], name: str, reading: Sequence[Callable[[Actor], Q]] = ()) -> str:
        """Whether a condition holds of the row that follows from who asks: Django's, put in when they are known.

        Where it is nothing, the database cannot tell, and the operation is handed over; `name` says of what. What it
        may read beside the row, for anybody, is in `reading`.
        """
        if self.source.condition is None:
            raise HandOver(f"{name} outside of a statement")
        return self.source.condition(self, of, name, reading)

    def where(self, condition: Q) -> tuple[str, Sequence[Any]]:
        """A condition of Django's on this row, as SQL; what it reads beside the row is joined to it."""
        query = Query(self.model)
        query.get_initial_alias()
        clause = condition.resolve_expression(query)
        rows: dict[str, Row] = {}
        for alias, join in query.alias_map.items():
            if join.parent_alias is None:
                rows[alias] = self
            elif query.alias_refcount[alias]:
                rows[alias] = rows[join.parent_alias].joined(join.join_field.name)
        clause = clause.relabeled_clone({alias: row.alias for alias, row in rows.items()})
        try:
            return query.get_compiler(connection=connection).compile(clause)
        except EmptyResultSet:
            return "false", []
        except FullResultSet:
            return "true", []

    def gid(self, kind: str | None, key: str) -> str:
        """The global id of a key, as `ids.encode`; without a kind, of a text that has both."""
        text = f"{key}" if kind is None else f"'{kind}:' || {key}"
        return f"translate(encode(convert_to({text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"

    def literal(self, text: str) -> str:
        """A text as SQL."""
        return literal(text)

    def worded(self, code: str, words: Mapping[str, str]) -> str:
        """The word for a code; the code itself if there is none."""
        return f"coalesce({literal(json.dumps(words, ensure_ascii=False))}::jsonb ->> {code}, {code})"


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL, within a text that is formatted once."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def build(pairs: list[tuple[str, str]]) -> str:
    """The JSON object of some names and values, in their order."""
    parts = [
        f"json_build_object({', '.join(f'{literal(key)}, {value}' for key, value in pairs[at : at + BATCH])})"
        for at in range(0, len(pairs), BATCH)
    ]
    if len(parts) == 1:
        return parts[0]
    inner = " || ', ' || ".join(f"substr({part}::text, 2, length({part}::text) - 2)" for part in parts)
    return f"('{{' || {inner} || '}}')::json"


def shown(kind: Any, sql: str, *, many: bool = False) -> str:
    """A value of a leaf type of the wire as what JSON is built of."""
    if isinstance(kind, GraphQLEnumType) and not many:
        return named(kind, sql)
    if kind.name in ("String", "ID", "Int", "Float", "Boolean", "Date", "GeoJson"):
        return sql
    if kind.name == "DateTime" and not many:
        return moment(sql)
    if kind.name == "Time" and not many:
        return f"replace(to_char(date '2000-01-01' + {sql}, 'HH24:MI:SS.US'), '.000000', '')"
    raise HandOver(f"{kind.name} in a list" if many else kind.name)


def named(kind: GraphQLEnumType, sql: str) -> str:
    """The name of an enum's value; nothing for an empty one."""
    enum = kind.graphene_type._meta.enum  # type: ignore[attr-defined]
    members = {member.value: name for name, member in enum.__members__.items()}
    if all(value == name for value, name in members.items()):
        return f"nullif({sql}, '')"
    cases = " ".join(
        f"when {literal(value) if isinstance(value, str) else value} then {literal(name)}"
        for value, name in members.items()
    )
    return f"case {sql} {cases} end"


def moment(sql: str) -> str:
    """A moment as `DateTime` writes it: ISO 8601 in the network's zone, microseconds where there are any."""
    zone = literal(settings.TIME_ZONE)
    local = f"replace(to_char({sql} at time zone {zone}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '')"
    since, offset = steady(settings.TIME_ZONE)
    between = f"extract(epoch from ({sql} at time zone {zone}) - ({sql} at time zone 'UTC'))::int"
    absolute = f"make_interval(secs => abs({between}))"
    other = (
        f"case when {between} < 0 then '-' else '+' end || to_char({absolute}, 'HH24:MI')"
        f" || case when {between} %% 60 <> 0 then to_char({absolute}, ':SS') else '' end"
    )
    if since is None:
        return f"{local} || {other}"
    return f"{local} || case when {sql} >= {literal(since.isoformat())} then {literal(offset)} else {other} end"


@cache
def steady(name: str) -> tuple[datetime | None, str]:
    """Since when a zone has kept its offset, to the day, and which; nothing for one that still changes it."""
    zone, day = ZoneInfo(name), datetime(2100, 1, 1, tzinfo=UTC)
    offset = day.astimezone(zone).utcoffset()
    while day.year > 1850 and (day - timedelta(days=1)).astimezone(zone).utcoffset() == offset:
        day -= timedelta(days=1)
    return (None, "") if day.year > 2030 else (day, day.astimezone(zone).isoformat()[19:])


def utc(sql: str) -> str:
    """A moment as a cursor holds it."""
    return f"replace(to_char({sql} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '') || '+00:00'"


def kept(field: Field, sql: str) -> str:
    """A key of an order as a cursor holds it, see `keyset.cursor`: as JSON."""
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return f"coalesce('\"' || {utc(sql)} || '\"', 'null')"
    return f"coalesce(to_json({sql})::text, 'null')"
