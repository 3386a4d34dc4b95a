"""How long a request's transaction waits: for a statement, for a lock, between statements, and in all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused

# SQLSTATE of what was given up: a statement, or the session between two; a lock, or one of two that wait in a ring.
TOO_LONG = {"57014", "25P03", "25P04"}
LOCKED = {"55P03", "40P01", "40001"}
GONE = {"57P01", "57P02", "57P03", "08000", "08003", "08006", "53300"}  # stopped, restarting, line lost, no more room


def settings_of_a_transaction() -> dict[str, str]:
    """The database's own limits for a request, in milliseconds; to be set by `set_config(name, value, true)`.

    Set within the transaction they hold behind a pooler in transaction mode too, and end with it.
    """
    return {name: str(round(seconds * 1000)) for name, seconds in settings.DATABASE_PATIENCE.items()}


@contextmanager
def limited() -> Iterator[None]:
    """No statement after the request's whole time."""
    end = time.monotonic() + settings.REQUEST_SECONDS

    def in_time(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if time.monotonic() > end:
            raise too_long()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(in_time):
        yield


def too_long() -> Refused:
    """The refusal of what took longer than allowed."""
    return Refused(Code.TIMED_OUT, _("处理超时，未作任何更改；请缩小查询范围或稍后重试。"))


def is_away(error: DatabaseError) -> bool:
    """Whether the database cannot be asked at all."""
    state = getattr(error.__cause__, "pgcode", None)
    return state in GONE or (state is None and isinstance(error, OperationalError | InterfaceError))


def refused(error: DatabaseError) -> Refused | None:
    """What the client is told of an error that is nobody's fault and may be tried again; nothing for any other."""
    state = getattr(error.__cause__, "pgcode", None)
    if state in TOO_LONG:
        return too_long()
    if state in LOCKED:
        return Refused(Code.BUSY, _("有人正在处理同一对象，未作任何更改；请稍后重试。"))
    if is_away(error):
        return Refused(Code.UNAVAILABLE, _("服务暂时不可用，未作任何更改；请稍后重试。"))
    return None
