"""The trail by months: events and audit entries lie in one table for each month, found by their keys alone.

A key of version 7 begins with the moment of its making, so a range of keys is a month (by UTC), and the primary key,
what refers to it and every query stay as they are. What lies in no month has a part `other`, so nothing is refused.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

TABLES = ("consortium_event", "consortium_auditentry")
REFERRING = {"consortium_event": ("consortium_escalation", "consortium_delivery", "consortium_notice")}
ARCHIVE = "archive"  # the schema of months that the service reads no more
LOCK = 7_201_966  # one process makes months at a time
PARTS = """
select c.relname, pg_get_expr(c.relpartbound, c.oid) from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = %s::regclass order by c.relname
"""


class Held(Exception):
    """A month cannot be archived: the text says what still refers to it."""


@dataclass(frozen=True)
class Month:
    """One month, by the moment at which it begins."""

    begins: datetime

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """The month that a moment lies in."""
        return cls(at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0))

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month.of(self.begins + timedelta(days=32))

    @property
    def first_key(self) -> str:
        """The least key of version 7 that can be made in it."""
        text = f"{int(self.begins.timestamp() * 1000):012x}" + "0" * 20
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def table(self, parent: str) -> str:
        """The name of its table."""
        return f"{parent}_{self.begins:%Y_%m}"


def ahead(now: datetime, *, months: int, since: datetime | None = None) -> int:
    """Make the months from `since` (else this one) to so many ahead that are not there; how many tables were made."""
    made = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        for table in TABLES:
            month, last = Month.of(since or now), Month.of(now)
            for _ in range(months):
                last = last.next
            while month.begins <= last.begins:
                if not ready(table, month):
                    make(table, month)
                    made += 1
                month = month.next
    return made


def make(table: str, month: Month) -> None:
    """One month of a table: guarded as a whole by its parent, and by itself for nobody."""
    name = month.table(table)
    with connection.cursor() as cursor:
        cursor.execute(
            f'create table public."{name}" partition of public."{table}" for values from (%s) to (%s)',
            [month.first_key, month.next.first_key],
        )
    guard(name)


def guard(name: str) -> None:
    """Row-level security without a policy, so that who asks for the part itself sees nothing; and nobody empties it."""
    with connection.cursor() as cursor:
        cursor.execute(f'alter table public."{name}" enable row level security')
        cursor.execute(f'alter table public."{name}" force row level security')
        # Only ever added to: swept, and frozen at once, after each twentieth part that is new; never again later.
        cursor.execute(
            f'alter table public."{name}" set (autovacuum_vacuum_insert_scale_factor = 0.05,'
            " autovacuum_freeze_min_age = 0)"
        )
        cursor.execute(
            f'create trigger append_only_part before truncate on public."{name}"'
            " for each statement execute function public.consortium_append_only()"
        )


def months_ahead(now: datetime) -> int:
    """For how many months after this one every table of the trail is ready."""
    found, month = 0, Month.of(now).next
    while all(ready(table, month) for table in TABLES):
        found, month = found + 1, month.next
    return found


def archive(table: str, month: Month, *, forget: bool = False) -> int:
    """Take a month out of the service's sight into the schema `archive`, where it can be dumped; how many rows it has.

    Notices, messages and reminders of the month refer to its events: Held while there are any, unless they are to be
    forgotten with it. Verifying the trail reads the archive too.
    """
    name = month.table(table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        if name not in (part for part, _bound in _parts(table)):
            raise Held(f"{name} is not there")
        cursor.execute(f'select count(*) from public."{name}"')  # noqa: S608 - names of our own
        rows = int(cursor.fetchone()[0])
        for referring in REFERRING.get(table, ()):
            _let_go(referring, name, forget=forget)
        cursor.execute("set constraints all immediate")
        cursor.execute(f'alter table public."{table}" detach partition public."{name}"')
        cursor.execute(
            "select tgname from pg_trigger where tgrelid = %s::regclass and not tgisinternal", [f'public."{name}"']
        )
        for (trigger,) in cursor.fetchall():
            cursor.execute(f'drop trigger "{trigger}" on public."{name}"')
        cursor.execute(f'alter table public."{name}" set schema {ARCHIVE}')
        cursor.execute(
            f'alter table {ARCHIVE}."{table}" attach partition {ARCHIVE}."{name}" for values from (%s) to (%s)',
            [month.first_key, month.next.first_key],
        )
    return rows


def ready(table: str, month: Month) -> bool:
    """Whether a month has its table, be it that of everything before the months began."""
    for name, bound in _parts(table):
        if name == month.table(table):
            return True
        before = bound.partition("FROM (MINVALUE) TO ('")[2].partition("'")[0]
        if before and month.first_key < before:
            return True
    return False


def _let_go(referring: str, name: str, *, forget: bool) -> None:
    """Delete what a table says of the month's events; Held if it says anything and that was not asked for."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'select count(*) from public."{referring}" r join public."{name}" e on r.event_id = e.id'  # noqa: S608 - names of our own
        )
        found = cursor.fetchone()[0]
        if found and not forget:
            raise Held(f"{found} rows of {referring} refer to {name}: --forget deletes them")
        cursor.execute(f'delete from public."{referring}" r using public."{name}" e where r.event_id = e.id')  # noqa: S608 - names of our own


def _parts(table: str) -> list[tuple[str, str]]:
    """The name and the bound of each part."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS, [f"public.{table}"])
        return list(cursor.fetchall())
