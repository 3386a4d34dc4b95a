"""The feed of events for a reader that must miss none, in whatever order transactions commit.

A later transaction may commit first, so neither a time nor an id tells what a reader has seen; a snapshot of the
database does. An event is new to a reader when its transaction is visible now and was not in the reader's snapshot.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import DataError, connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.models import Event

CHANNEL = "refnet_events"  # notified by a trigger in every transaction that writes an event; it only wakes
SLICE = 200
TX = "consortium_event.tx"
SNAPSHOT = r"[0-9]{1,19}:[0-9]{1,19}:[0-9,]{0,4000}"
MARK = re.compile(rf"({SNAPSHOT})(?:~({SNAPSHOT})~([0-9]{{1,19}})~([0-9a-f-]{{36}}))?")


@dataclass(frozen=True)
class Mark:
    """How far a reader has come: all that `seen` shows and, on the way to what `until` shows, all up to an event."""

    seen: str
    until: str = ""
    tx: str = ""
    id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.seen}~{self.until}~{self.tx}~{self.id}" if self.until else self.seen

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """The mark that a reader was given; INVALID_INPUT for anything else."""
        found = MARK.fullmatch(text)
        try:
            if found is None:
                raise ValueError(text)
            seen, until, tx, id = found.groups()
            mark = cls(seen, until or "", tx or "", UUID(id) if id else None)
            with connection.cursor() as cursor:
                cursor.execute(
                    "select %s::pg_snapshot, nullif(%s, '')::pg_snapshot, nullif(%s, '')::xid8",
                    [mark.seen, mark.until, mark.tx],
                )
        except (ValueError, DataError) as error:
            raise Refused(
                Code.INVALID_INPUT,
                _("续传位置无效：请原样使用收到的最后一个事件 id，或不带它重新订阅。"),
                field="lastEventId",
            ) from error
        return mark


def present() -> str:
    """The snapshot of this moment: which transactions have committed."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_snapshot()::text")
        return str(cursor.fetchone()[0])


def ways(since: Mark, until: str) -> Iterator[tuple[Mark, QuerySet[Event]]]:
    """The way from a mark to a snapshot, in one or two stages: where each begins, and its events in order."""
    if since.until:
        yield since, _between(since.seen, since.until).filter(_behind(since))
        since = Mark(since.until)
    yield Mark(since.seen, until), _between(since.seen, until)


def slices(since: Mark, until: str) -> Iterator[tuple[Mark, list[Event]]]:
    """Every event that a snapshot shows behind a mark, in order of `(tx, id)`, few at a time."""
    for stage, events in ways(since, until):
        found = list(events[:SLICE])
        while found:
            yield stage, found
            last = at(stage, found[-1])
            found = list(events.filter(_behind(last))[:SLICE]) if len(found) == SLICE else []


def at(stage: Mark, event: Event) -> Mark:
    """The mark of a reader who has come to an event of a stage."""
    return Mark(stage.seen, stage.until, str(event.tx), event.pk)


def _between(seen: str, until: str) -> QuerySet[Event]:
    # The first two conditions are for the index. The second also leaves out what a restored dump brought from a
    # cluster that had come further.
    condition = f"""
        {TX} >= pg_snapshot_xmin(%s::pg_snapshot) and {TX} < pg_snapshot_xmax(%s::pg_snapshot)
        and not pg_visible_in_snapshot({TX}, %s::pg_snapshot) and pg_visible_in_snapshot({TX}, %s::pg_snapshot)"""
    new = RawSQL(condition, [seen, until, seen, until], output_field=BooleanField())  # noqa: S611 - bound parameters
    return Event.objects.filter(new).order_by("tx", "id")


def _behind(mark: Mark) -> RawSQL:
    behind = "(consortium_event.tx, consortium_event.id) > (%s::xid8, %s::uuid)"
    return RawSQL(behind, [mark.tx, str(mark.id)], output_field=BooleanField())  # noqa: S611 - bound parameters
