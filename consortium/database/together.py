"""Several tables in one statement: rows that are read together, rows that are written together. Django compiles each
part, so that columns, types and values stand in the models alone.

The parts of a writing all see the database as it was before, none what another one writes. So one row may stand in one
part only, and whatever a policy asks of a row that is written here must be written by a statement of its own, before.
"""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.models import Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery, UpdateQuery

from consortium.database import prepared

ModelT = TypeVar("ModelT", bound=Model)


def read(*wanted: QuerySet[Any]) -> list[list[Any]]:
    """The rows of each of these, in order, by one statement; whole rows, no arrays or bytes among them, no joined relations."""
    parts, values = [], list[Any]()
    for rows in wanted:
        try:
            sql, given = rows.query.sql_with_params()
        except EmptyResultSet:
            sql, given = "select where false", ()
        parts.append(f"(select coalesce(json_agg(part), '[]')::text from ({sql}) part)")  # noqa: S608 - Django's own
        values += given
    found = prepared.fetch(prepared.named("select " + ", ".join(parts)), prepared.values_of(values))
    assert found is not None  # noqa: S101 - a list of texts, each of them may be []
    return [_rows(rows.model, json.loads(text)) for rows, text in zip(wanted, found, strict=True)]


def _rows(model: type[ModelT], given: list[dict[str, Any]]) -> list[ModelT]:
    """Rows from what the database wrote of them as JSON."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    # Text, numbers and JSON are as they are; what else there is says itself how its text is read.
    same = ("CharField", "JSONField", "IntegerField", "BooleanField")
    read = [(field.column, None if field.get_internal_type().endswith(same) else field.to_python) for field in fields]
    return [
        model.from_db(DEFAULT_DB_ALIAS, names, [turn(row[name]) if turn else row[name] for name, turn in read])
        for row in given
    ]


def _place(field: Any) -> str:
    """The placeholder of a column's value; no column that is written so has one that depends on the value."""
    own = getattr(field, "get_placeholder", None)
    return own(None, None, connection) if own else "%s"


class Writing:
    """What is to be written by one statement, in the running transaction; nothing is until `store`."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []
        self.counted: list[str] = []  # the parts that must find their row
        self.made: list[Model] = []

    def insert(self, rows: Iterable[Model], *, unique: Iterable[str] = (), changing: Iterable[str] = ()) -> None:
        """Add new rows of one table; where one with the same `unique` columns stands, its `changing` are set instead.

        The rows do not learn what the database fills in by itself.
        """
        if not (new := list(rows)):
            return
        meta = new[0]._meta
        query = InsertQuery(
            type(new[0]),
            on_conflict=OnConflict.UPDATE if unique else None,
            unique_fields=[meta.get_field(name) for name in unique],
            update_fields=[meta.get_field(name) for name in changing],
        )
        query.insert_values([field for field in meta.concrete_fields if not field.generated], new)
        for row in new:
            row._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]
        ((sql, values),) = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        self._add(sql, values)
        self.made += new

    def update(self, row: Model, names: Iterable[str] | None = None) -> None:
        """Add a stored row with what it holds now, in these columns or in all; `store` fails if it is not there."""
        meta = row._meta
        fields = [f for f in meta.concrete_fields if not f.primary_key and not f.generated]
        if names is not None:
            fields = [meta.get_field(name) for name in names]  # type: ignore[misc]
        row._prepare_related_fields_for_save(operation_name="save", fields=fields)  # type: ignore[attr-defined]
        quoted = connection.ops.quote_name
        # Not Django's UPDATE, in whose text an empty value is a word: it would be planned anew for each mixture.
        places = ", ".join(f"{quoted(field.column)} = {_place(field)}" for field in fields)
        sql = f"update {quoted(meta.db_table)} set {places} where {quoted(meta.pk.column)} = %s returning 1"  # noqa: S608
        values = [field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields]
        self.counted.append(self._add(sql, [*values, row.pk]))

    def change(self, rows: QuerySet[Any], **values: Any) -> None:
        """Add a change to whatever rows there are."""
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(values)
        sql, given = query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        self._add(sql, given)

    def _add(self, sql: str, values: Iterable[Any]) -> str:
        name = f"part{len(self.parts)}"
        self.parts.append(f"{name} as ({sql})")
        self.values += values
        return name

    def store(self) -> None:
        """Write it all; DatabaseError if a row that was to be updated is not there, or not for who acts."""
        if not self.parts:
            return
        found = " + ".join(f"(select count(*) from {name})" for name in self.counted) or "0"  # noqa: S608 - ours
        text = prepared.named(f"with {', '.join(self.parts)} select {found}")
        if prepared.fetch(text, prepared.values_of(self.values)) != (len(self.counted),):
            raise DatabaseError("a row that was to be updated is not there")
        for row in self.made:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        self.__init__()  # type: ignore[misc]
