"""Several tables in one statement: rows that are read together, rows that are written together.

Columns, types and values are those of the models; the text depends on the shape alone, so that it is planned once. The
parts of a writing all see the database as it was before, none what another one writes. So one row may stand in one
part only, and whatever a policy asks of a row that is written here must be written by a statement of its own, before.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import UpdateQuery

from consortium.database import prepared

ModelT = TypeVar("ModelT", bound=Model)


def read(text: str, values: Mapping[str, Any], *models: type[Model]) -> list[list[Any]]:
    """The rows that a statement finds: for each model one column, the JSON list of its whole rows, null for none.

    Not for models with arrays or bytes, which JSON has no word for.
    """
    found = prepared.fetch(text, values)
    assert found is not None  # noqa: S101 - a row of lists
    return [_rows(model, given or []) for model, given in zip(models, found, strict=True)]


def _rows(model: type[ModelT], given: list[dict[str, Any]]) -> list[ModelT]:
    names, read = _reading(model)
    return [
        model.from_db(DEFAULT_DB_ALIAS, names, [turn(row[name]) if turn else row[name] for name, turn in read])
        for row in given
    ]


@cache
def _reading(model: type[Model]) -> tuple[list[str], list[tuple[str, Any]]]:
    """The attributes of a model, and for each its column and what turns JSON into its value."""
    # Text, numbers and JSON are as they are; what else there is says itself how its text is read.
    same = ("CharField", "JSONField", "IntegerField", "BooleanField")
    fields = model._meta.concrete_fields
    kinds = [None if field.get_internal_type().endswith(same) else field.to_python for field in fields]
    return [field.attname for field in fields], [(f.column, turn) for f, turn in zip(fields, kinds, strict=True)]


@cache
def _columns(model: type[Model]) -> list[tuple[Any, str, str]]:
    """The fields of a model with their columns and the placeholders of their values."""
    fields: Any = [field for field in model._meta.concrete_fields if not field.generated]
    own = [getattr(field, "get_placeholder", None) for field in fields]
    places = [place(None, None, connection) if place else "%s" for place in own]
    return [(f, connection.ops.quote_name(f.column), place) for f, place in zip(fields, places, strict=True)]


def _of(model: type[Model], names: Iterable[str]) -> str:
    fields: Any = [model._meta.get_field(name) for name in names]
    return ", ".join(connection.ops.quote_name(field.column) for field in fields)


class Writing:
    """What is to be written by one statement, in the running transaction; nothing is until `store`."""

    def __init__(self) -> None:
        self.parts, self.values, self.made = list[str](), list[Any](), list[Model]()
        self.counted = list[str]()  # the parts that must find their row

    def insert(self, rows: Iterable[Model], *, unique: Iterable[str] = (), changing: Iterable[str] = ()) -> None:
        """Add new rows of one table; where one with the same `unique` columns stands, its `changing` are set instead.

        The rows do not learn what the database fills in by itself.
        """
        if not (new := list(rows)):
            return
        model, texts, values = type(new[0]), [], list[Any]()
        for row in new:
            places = []
            for field, _column, place in _columns(model):
                value = field.pre_save(row, add=True)
                if isinstance(value, DatabaseDefault):
                    places.append("default")
                else:
                    places.append(place)
                    values.append(field.get_db_prep_save(value, connection))
            texts.append(f"({', '.join(places)})")
        columns = ", ".join(column for _field, column, _place in _columns(model))
        sql = f"insert into {model._meta.db_table} ({columns}) values {', '.join(texts)}"  # noqa: S608 - of the models
        if unique:
            sets = ", ".join(f"{name} = excluded.{name}" for name in _of(model, changing).split(", "))
            sql += f" on conflict ({_of(model, unique)}) do update set {sets}"
        self._add(sql, values)
        self.made += new

    def update(self, row: Model, names: Iterable[str] | None = None) -> None:
        """Add a stored row with what it holds now, in these columns or in all; `store` fails if it is not there."""
        meta, wanted = row._meta, None if names is None else set(names)
        sets, values = [], list[Any]()
        for field, column, place in _columns(type(row)):
            if not field.primary_key and (wanted is None or field.name in wanted):
                sets.append(f"{column} = {place}")
                values.append(field.get_db_prep_save(field.pre_save(row, add=False), connection))
        sql = f"update {meta.db_table} set {', '.join(sets)} where id = %s returning 1"  # noqa: S608 - of the models
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
        for kept in (self.parts, self.values, self.made, self.counted):
            kept.clear()
