"""The order of a list and a place in it, as an opaque text: cut by key, the last page costs what the first does."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.expressions import BaseExpression
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused


@dataclass(frozen=True)
class Order:
    """A total order of a list: columns or expressions (all in one direction) and the key at last."""

    name: str
    keys: tuple[str, ...]
    expressions: dict[str, BaseExpression] | None = None
    descending: bool = False


def ordered(rows: QuerySet[Any], order: Order, place: Sequence[Any] | None) -> QuerySet[Any]:
    """The rows in an order, from a place in it on."""
    rows = rows.annotate(**order.expressions) if order.expressions else rows
    rows = rows.filter(Beyond(order, place)) if place else rows
    return rows.order_by(*(f"-{key}" if order.descending else key for key in order.keys))


class Beyond(Func):
    """Whether a row lies behind a place: PostgreSQL compares it as a whole, and finds it by an index of these keys."""

    conditional = True

    def __init__(self, order: Order, place: Sequence[Any]) -> None:
        self.sign = "<" if order.descending else ">"
        values = [value if hasattr(value, "resolve_expression") else Value(value) for value in place]
        super().__init__(*map(F, order.keys), *values, output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]
        """`(a, b) < (x, y)`."""
        sides = [compiler.compile(one) for one in self.get_source_expressions()]
        half = len(sides) // 2
        keys, values = (", ".join(sql for sql, _params in part) for part in (sides[:half], sides[half:]))
        return f"(({keys}) {self.sign} ({values}))", [param for _sql, params in sides for param in params]


def cursor(order: Order, row: Any) -> str:
    """The place of a row in an order, as an opaque text."""
    values = [getattr(row, key) for key in order.keys]
    text = json.dumps([order.name, *values], default=_text, ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def placed(order: Order, after: str) -> list[Any]:
    """The place that a cursor of the same order names."""
    try:
        name, *texts = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if name != order.name or len(texts) != len(order.keys):
            raise ValueError(name)
        return [_value(key, text) for key, text in zip(order.keys, texts, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused(
            Code.INVALID_INPUT,
            _("游标 after 无效：请使用同一查询、同一排序返回的 endCursor。"),
            field="after",
        ) from error


def _value(key: str, text: Any) -> Any:
    """The value of a key in a cursor; ValueError for what no cursor of ours contains."""
    if not isinstance(text, str):
        if type(text) is int and abs(text) < 2**31 and key in ("priority", "distance", "occupied"):
            return text
    elif key == "id":
        return UUID(text)
    elif key.endswith("_at") and timezone.is_aware(moment := datetime.fromisoformat(text)):
        return moment
    elif key in ("name", "code", "username") and "\x00" not in text and text.encode():
        return text
    raise ValueError(key)
