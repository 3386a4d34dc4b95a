"""Rows of one table as PostgreSQL's COPY reads them: text, made in microseconds, sent while more are made."""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, JSONField, Model

NULL = r"\N"


def text(value: Any) -> str:
    """A value as COPY writes it; a text must hold neither tab, newline nor backslash."""
    if type(value) is str:
        return value
    if value is None:
        return NULL
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return rf"\\x{value.hex()}"
    if isinstance(value, str | int | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return "{" + ",".join(map(text, value)) + "}"
    raise TypeError(value)


class Table:
    """The rows of a model that wait to be sent; a column that is not given holds the model's default."""

    def __init__(self, model: type[Model]) -> None:
        fields = [field for field in model._meta.concrete_fields if not field.has_db_default() or field.has_default()]
        self.name = model._meta.db_table
        self.columns = ", ".join(f'"{field.column}"' for field in fields)
        self.places = {field.attname: place for place, field in enumerate(fields)}
        self.blank = [_default(field) for field in fields]
        self.lines: list[str] = []

    def add(self, **values: Any) -> None:
        """One row."""
        row = self.blank.copy()
        for name, value in values.items():
            row[self.places[name]] = value if type(value) is str else text(value)
        self.lines.append("\t".join(row))

    def taken(self) -> io.StringIO:
        """What waits, as a file; nothing waits afterwards."""
        lines, self.lines = self.lines, []
        return io.StringIO("\n".join(lines) + "\n" if lines else "")


def _default(field: Any) -> str:
    """The default of a column: empty where it may be."""
    if field.null or field.primary_key:
        return NULL
    if field.has_default():
        value = field.get_default()
        return json.dumps(value) if isinstance(field, JSONField) else text(value)
    return NULL if field.is_relation or isinstance(field, DateTimeField | JSONField) else ""
