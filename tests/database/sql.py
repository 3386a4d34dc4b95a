"""Plain SQL as the application, in somebody's name: no model, no filter, no gate of Django."""

from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from consortium.access import Actor
from consortium.database.acting import acting


def asked(by: Actor | None, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a question in somebody's name."""
    with acting(by), connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def counted(by: Actor | None, table: str, condition: str = "true", *values: Any) -> int:
    """How many rows of a table are there for somebody."""
    return int(asked(by, f"select count(*) from {table} where {condition}", *values)[0][0])


def changed(by: Actor | None, statement: str, *values: Any) -> int:
    """How many rows a statement touched in somebody's name; undone afterwards."""
    with transaction.atomic():
        with acting(by), connection.cursor() as cursor:
            cursor.execute(statement, values)
            number = cursor.rowcount
        transaction.set_rollback(True)
    return number


@contextmanager
def refused(match: str) -> Any:
    """The database refuses with these words."""
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        yield
