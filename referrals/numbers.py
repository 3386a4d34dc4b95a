"""Readable numbers for cases and legs: what people quote on the phone."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def next_number(letter: str, now: datetime) -> str:
    """A number such as `R26-0001234`: kind, year in China, and a count that never repeats."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('referrals_number')")
        (count,) = cursor.fetchone()
    return f"{letter}{timezone.localtime(now):%y}-{count:07d}"
