"""Sums of legs instead of legs: how many were sent, answered, arrived … between two days, from a few rows a month.

Whole months come from the months' rows, the days at both ends from the days', and what was changed since they were
settled from the changes; together they are exact in every transaction, as if each leg had been counted.
"""

from calendar import monthrange
from datetime import date, timedelta

from django.db import connection
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from referrals.models import SUMS, Grain

KEYS = "day, requester_hospital_id, performer_hospital_id, capability_id"
ADDED = ", ".join(f"{name} = old.{name} + excluded.{name}" for name in SUMS)
TOTALS = ", ".join(f"sum({name})" for name in SUMS)
SETTLE = f"""
with taken as (delete from referrals_legcount where grain = 'C' returning *),
days as (
    insert into referrals_legcount as old (grain, {KEYS}, {", ".join(SUMS)})
    select 'D', {KEYS}, {TOTALS} from taken group by {KEYS}
    on conflict (grain, {KEYS}) where grain <> 'C' do update set {ADDED} returning 1),
months as (
    insert into referrals_legcount as old (grain, {KEYS}, {", ".join(SUMS)})
    select 'M', month, requester_hospital_id, performer_hospital_id, capability_id, {TOTALS}
    from (select *, date_trunc('month', day)::date as month from taken) t
    group by month, requester_hospital_id, performer_hospital_id, capability_id
    on conflict (grain, {KEYS}) where grain <> 'C' do update set {ADDED} returning 1)
select (select count(*) from taken), (select count(*) from days), (select count(*) from months)
"""  # noqa: S608 - no input in it


def within(since: date, until: date) -> Q:
    """The rows that together are the days from the first to the last."""
    changes = Q(grain=Grain.CHANGE, day__gte=since, day__lte=until)
    first = since if since.day == 1 else _next(since)
    last = until if until.day == monthrange(until.year, until.month)[1] else until.replace(day=1) - timedelta(days=1)
    if first > last:
        return changes | Q(grain=Grain.DAY, day__gte=since, day__lte=until)
    ends = Q(day__gte=since, day__lt=first) | Q(day__gt=last, day__lte=until)
    return changes | Q(grain=Grain.MONTH, day__gte=first, day__lte=last) | Q(ends, grain=Grain.DAY)


def _next(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def sums() -> dict[str, Coalesce]:
    """The sums of all columns by the names of `figures.Counted`, in capitals."""
    return {name.upper(): Coalesce(Sum(name), 0) for name in SUMS}


def settle() -> int:
    """Add the changes to their days and months; how many there were. Exact at every moment before, during and after."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE)
        return int(cursor.fetchone()[0])


def recount() -> None:
    """Count every leg anew, by the owner: after rows were loaded past the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("select referrals_recount_legs()")
