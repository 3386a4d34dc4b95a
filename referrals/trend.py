"""How the figures of an alliance went, month by month: each month counted exactly as `coverage` counts it.

However many months are asked for, the number of statements is the same.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.utils.translation import gettext as _

from consortium.database.acting import reporting
from consortium.errors import Code, Refused
from consortium.models import Level, Membership, Status
from referrals import observing, rollup
from referrals.coverage import counties
from referrals.figures import Indicator, Rate, Scope, judged, of_legs, of_runs, place_within, run_counts, run_parts

MOST_MONTHS = 24


@dataclass(frozen=True)
class Month:
    """The figures of one month; `complete` tells whether its last day is within what was asked for."""

    since: date
    until: date
    complete: bool
    sent: int | None
    indicators: list[Rate]

    @property
    def name(self) -> str:
        """Year and month, such as 2026-11."""
        return f"{self.since:%Y-%m}"


@reporting()
def trend(over: Scope, *, months: int, now: datetime) -> list[Month]:
    """The month of the scope's last day and so many before it, the earliest first, whatever day the scope begins with.

    For observers a month of which something small is withheld takes as much of others with it as the total would tell.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(Code.INVALID_INPUT, _("月数须在 1 到 {limit} 之间。").format(limit=MOST_MONTHS), field="months")
    scopes = list(_months(over, months))
    late = _each([(each.since, each.late(now)) for each in scopes], {"late": Count("pk")})
    sums = _each([(each.since, each.sums()) for each in scopes], rollup.sums())
    legs = {month: judged(found, late[month]["late"]) for month, found in sums.items()}
    runs = _each([(each.since, each.runs()) for each in scopes], run_counts())
    reached, units = _reached(over, scopes), counties(over).count()
    hidden = observing.of_legs(legs) if over.withheld else frozenset()
    unmet = observing.of_groups({at: run_parts(row) for at, row in runs.items()}) if over.withheld else frozenset()
    gone = {at: {name for month, name in hidden if month == at} for at in legs}
    return [
        Month(
            since=each.since,
            until=each.until,
            complete=each.until.day == monthrange(each.until.year, each.until.month)[1],
            sent=None if "SENT" in gone[each.since] else legs[each.since]["SENT"],
            indicators=[
                Rate(Indicator.COVERED, reached[each.since], units, 1.0),
                *of_legs(legs[each.since], gone[each.since]),
                of_runs(runs[each.since], each.since in unmet),
            ],
        )
        for each in scopes
    ]


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of a month."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _months(over: Scope, months: int) -> Iterable[Scope]:
    last = over.until.year * 12 + over.until.month - 1
    for number in range(last - months + 1, last + 1):
        first, end = month_of(date(number // 12, number % 12 + 1, 1))
        yield replace(over, since=first, until=min(end, over.until))


def _each(of: Sequence[tuple[date, QuerySet[Any]]], wanted: dict[str, Any]) -> dict[date, dict[str, int]]:
    """The counts of each month, by one statement."""
    first, *rest = [rows.order_by().values(month=Value(month)).annotate(**wanted) for month, rows in of]
    empty = dict.fromkeys(wanted, 0)
    found = {row.pop("month"): row for row in first.union(*rest, all=True)}
    return {month: found.get(month, empty) for month, _rows in of}


def _reached(over: Scope, scopes: Sequence[Scope]) -> dict[date, int]:
    """In how many county units a member stood at the end of each month."""
    memberships = list(
        Membership.objects.filter(
            Q(left_date__isnull=True) | Q(left_date__gt=scopes[0].until),
            place_within("hospital__division", over.divisions),
            alliance=over.alliance,
            joined_date__lte=over.until,
            hospital__level=Level.COUNTY,
            hospital__status=Status.ACTIVE,
        ).values_list("hospital__division", "joined_date", "left_date")
    )
    return {
        each.since: len({place for place, joined, left in memberships if _held(joined, left, each.until)})
        for each in scopes
    }


def _held(joined: date, left: date | None, on: date) -> bool:
    return joined <= on and (left is None or left > on)
