"""Columns that hold what nobody may read in the database: encrypted text, and the blind index that finds it."""

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute
from psycopg2 import Binary

from consortium import cipher


class Sealed(bytes):
    """An envelope as it is stored; it shows nothing of itself."""

    def __repr__(self) -> str:
        """Nothing that a log could keep."""
        return "<sealed>"

    __str__ = __repr__


class Opened(DeferredAttribute):
    """Opens a value when it is first asked for, so that rows whose number nobody reads cost nothing."""

    def __get__(self, row: Any, owner: Any = None) -> Any:
        """The text; `cipher.Unopened` if it was altered or moved."""
        if row is None:
            return self
        value = super().__get__(row, owner)
        if isinstance(value, Sealed):
            value = row.__dict__[self.field.attname] = cipher.unseal(value, place=place(row, self.field))
        return value

    def __set__(self, row: Any, value: Any) -> None:
        """As given, or as it came from the database."""
        row.__dict__[self.field.attname] = value


def place(row: models.Model, field: models.Field) -> bytes:
    """Where a value belongs: its table, column and row."""
    return "\0".join((row._meta.db_table, str(field.column), str(row.pk))).encode()


class EncryptedField(models.CharField):
    """Text that is stored sealed and bound to its row, whose key must be known before it is saved.

    It can be asked only whether it is null, and by what its envelope begins with (`__head`); it is stored through its
    row alone, because `update()` knows no row.
    """

    descriptor_class = Opened
    empty_strings_allowed = True

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Bytes."""
        return "bytea"

    def get_internal_type(self) -> str:
        """As bytes, for the schema editor's defaults."""
        return "BinaryField"

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """An envelope, not yet opened; empty text is stored as nothing at all."""
        return value if value is None else Sealed(value) if len(value) else ""

    def pre_save(self, row: models.Model, add: bool) -> Any:
        """The envelope of the row's text, or the stored one if nobody opened it and its key is still in use."""
        value = row.__dict__.get(self.attname)
        if isinstance(value, Sealed) and value[: cipher.HEAD] == cipher.head():
            return value
        text = getattr(row, self.attname)
        return Sealed(cipher.seal(text, place=place(row, self))) if text else text

    def get_prep_value(self, value: Any) -> Any:
        """An envelope, or nothing; TypeError for clear text."""
        if value is None or value == "" or isinstance(value, Sealed):
            return value
        raise TypeError(f"{self.name} is stored sealed: save it through its row, and look it up by its blind index")

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """As the driver takes bytes."""
        value = value if prepared else self.get_prep_value(value)
        return None if value is None else Binary(bytes(value or b""))

    def get_lookup(self, lookup_name: str) -> Any:
        """Whether it is null; FieldError for anything that would compare clear text."""
        if lookup_name not in ("isnull", Head.lookup_name):
            raise FieldError(f"{self.name} is stored sealed and cannot be compared: look it up by its blind index")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        """Not for dumps."""
        raise TypeError(f"{self.name} is stored sealed and is not written to fixtures")


@EncryptedField.register_lookup
class Head(models.Transform):
    """By which algorithm and key an envelope was sealed."""

    lookup_name = "head"
    function = "substring"
    template = f"%(function)s(%(expressions)s from 1 for {cipher.HEAD})"
    output_field = models.BinaryField()


class BlindIndexField(models.BinaryField):
    """The blind index of an encrypted column `of`, written whenever the row is."""

    def __init__(self, *args: Any, of: str, **options: Any) -> None:
        """Of which column of the same row."""
        super().__init__(*args, **options)
        self.of = of

    def deconstruct(self) -> Any:
        """With that column."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"of": self.of}

    def pre_save(self, row: models.Model, add: bool) -> Any:
        """The mark of the text; as it is while nobody opened the text."""
        kept = getattr(row, self.attname)
        if isinstance(row.__dict__.get(self.of), Sealed) and kept is not None and kept[0] == cipher.mark("")[0]:
            return kept
        text = getattr(row, self.of)
        found = cipher.mark(text) if text else None
        setattr(row, self.attname, found)
        return found


@BlindIndexField.register_lookup
class KeyOf(models.Transform):
    """Under which key a blind index was computed."""

    lookup_name = "key"
    function = "substring"
    template = "%(function)s(%(expressions)s from 1 for 1)"
    output_field = models.BinaryField()
