"""Counting time on a calendar: around the clock, or on Chinese working days only.

A working day counts from midnight to midnight in the network's zone. Public holidays and the working weekends that make
up for them come from the `holidays` library, which carries the State Council's yearly notices.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import holidays
from django.utils import timezone

from consortium.models import Calendar

ONE_DAY = timedelta(days=1)


@cache
def is_working_day(day: date) -> bool:
    """Whether people work on a day in China: not on holidays, on weekends only where one is made up for."""
    return bool(_year(day.year).is_working_day(day))


@cache
def _year(year: int) -> Any:
    return holidays.country_holidays("CN", years=year)


def later(start: datetime, length: timedelta, calendar: str) -> datetime:
    """The moment at which so much time of the calendar has passed; a negative length is simply taken off."""
    if calendar == Calendar.ALWAYS or length <= timedelta(0):
        return start + length
    moment = timezone.localtime(start)
    while True:
        midnight = _midnight_after(moment)
        if is_working_day(moment.date()):
            if length <= midnight - moment:
                return moment + length
            length -= midnight - moment
        moment = midnight


def between(start: datetime, end: datetime, calendar: str) -> timedelta:
    """How much time of the calendar lies between two moments; negative if the end comes first."""
    if end < start:
        return -between(end, start, calendar)
    if calendar == Calendar.ALWAYS:
        return end - start
    moment, last = timezone.localtime(start), timezone.localtime(end)
    passed = timedelta(0)
    while moment < last:
        until = min(_midnight_after(moment), last)
        passed += until - moment if is_working_day(moment.date()) else timedelta(0)
        moment = until
    return passed


def _midnight_after(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + ONE_DAY, time.min, moment.tzinfo)
