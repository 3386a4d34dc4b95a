"""Readable numbers for cases and legs: what people quote on the phone."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def next_number(letter: str, now: datetime) -> str:
    """A number such as `R26-0001234`: kind, year in China, and a count that never repeats."""
    (number,) = next_numbers(letter, now, 1)
    return number


def next_numbers(letter: str, now: datetime, wanted: int) -> list[str]:
    """So many numbers, by one statement."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('referrals_number') from generate_series(1, %s)", [wanted])
        counts = [count for (count,) in cursor.fetchall()]
    return [f"{letter}{timezone.localtime(now):%y}-{count:07d}" for count in counts]
