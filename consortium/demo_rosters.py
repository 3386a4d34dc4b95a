"""Who answers for the departments of the demo network at which time, and how its named people want to hear.

One hospital in seven keeps no roster, on purpose: what is late there ends as an alarm to the hospital and its alliance.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone

from consortium import channels
from consortium.models import Channel, Department, Duty, Person, Post, Preference, Priority
from consortium.roles import Role

UNROSTERED = 7  # every so many hospitals by their credit code, the named accounts' excepted
WEEKS = range(-1, 4)  # of the roster, around the present one
ANSWERING = (Role.EXPERT, Role.REFERRING_DOCTOR)
# Named account: the least urgent priority of which it is told by e-mail, and its quiet hours.
MAILED: dict[str, tuple[Priority, tuple[time, time] | None]] = {
    "county.doctor": (Priority.ROUTINE, (time(21), time(7))),
    "county.office": (Priority.URGENT, None),
    "city.expert": (Priority.ASAP, None),
    "province.expert": (Priority.STAT, None),
    "province.office": (Priority.ROUTINE, (time(20), time(8))),
}


def plan(held: Iterable[tuple[Person, Role, Any]], named: Iterable[str], now: datetime) -> Iterator[Duty]:
    """The duties of every department: a week each by turns, and a head; none at the hospitals without a roster."""
    staff: dict[Department, list[Person]] = defaultdict(list)
    kept = set(named)
    at_home = {place.hospital_id for person, _role, place in held if _is_named(person, place, kept)}
    for person, role, place in held:
        if isinstance(place, Department) and role in ANSWERING and person not in staff[place]:
            staff[place].append(person)
    codes = sorted({place.hospital.credit_code for place in staff})
    for place, people in staff.items():
        if place.hospital_id in at_home or codes.index(place.hospital.credit_code) % UNROSTERED != UNROSTERED - 1:
            yield from _roster(place, people, now)


def _is_named(person: Person, place: Any, named: set[str]) -> bool:
    return isinstance(place, Department) and person.username in named


def _roster(place: Department, people: list[Person], now: datetime) -> Iterator[Duty]:
    """A department's roster: its people by turns from Monday to Monday, the last of them its head all the while."""
    today = timezone.localtime(now).replace(hour=8, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    weeks = [monday + timedelta(weeks=week) for week in (*WEEKS, WEEKS.stop)]
    for turn, (starts_at, ends_at) in enumerate(pairwise(weeks)):
        person = people[turn % len(people)]
        yield Duty(department=place, person=person, post=Post.DUTY, starts_at=starts_at, ends_at=ends_at)
    yield Duty(department=place, person=people[-1], post=Post.HEAD, starts_at=weeks[0], ends_at=weeks[-1])


def prefer() -> None:
    """Let named people wish to hear by e-mail at reserved addresses; at work only where the operator set e-mail up."""
    people = Person.objects.in_bulk(MAILED, field_name="username")
    Preference.objects.bulk_create(
        Preference(
            person=people[username],
            channel=Channel.EMAIL,
            address=f"{username}@example.org",
            active=channels.is_open(Channel.EMAIL),
            least_priority=least,
            quiet_from=quiet[0] if quiet else None,
            quiet_until=quiet[1] if quiet else None,
        )
        for username, (least, quiet) in MAILED.items()
        if username in people
    )
