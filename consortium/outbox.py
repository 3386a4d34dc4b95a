"""Notices and deliveries: written with the step; deliveries are claimed by one worker at a time, retried, and given up
loudly.

A delivery is a row of the step's own transaction, so neither a crash nor a lost queue loses it. A worker claims it for
`lease()`, longer than any attempt may take, and marks it afterwards: one that dies in between has it sent again, under
the same id. So each arrives at least once, and a receiver that remembers ids acts on it once.
"""

import logging
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from consortium.channels import Undelivered, send
from consortium.database import prepared
from consortium.database.together import Writing
from consortium.models import Channel, Delivery, Event, Person, Priority, ServiceRequest

logger = logging.getLogger("refnet.outbox")

REMINDER = "escalate"  # the kind of event by which somebody is reminded of a time limit
PEOPLE = (Channel.EMAIL, Channel.SMS, Channel.WECOM)
SYSTEMS = (Channel.WEBHOOK,)
FIRST_PAUSE, LONGEST_PAUSE, GROWTH, JITTER = timedelta(seconds=5), timedelta(hours=6), 4, 0.2

# One statement for everybody who hears of a step: whoever holds one of the roles at one of the places, for the place of
# their oldest such role, and the people who are named, but not who took it. Its notices sort as their event does. A
# routine notice within somebody's quiet hours waits for their end; hours that pass midnight end on the next day if the
# evening part has begun.
POST = """
with moment as (
    select %(now)s::timestamptz as at, (%(now)s::timestamptz at time zone %(zone)s) as here
), letter as (
    select * from unnest(%(events)s::uuid[], %(priorities)s::int[], %(texts)s::text[]) as l (event_id, priority, text)
), named as (
    select * from unnest(%(heard)s::uuid[], %(people)s::bigint[], %(theirs)s::uuid[])
        as n (event_id, person_id, hospital_id)
    where person_id is distinct from %(but)s
), staff as (
    select distinct on (s.event_id, r.person_id) s.event_id, r.person_id, r.hospital_id
    from unnest(%(told)s::uuid[], %(hospitals)s::uuid[], %(departments)s::uuid[], %(roles)s::text[])
        as s (event_id, hospital_id, department_id, role)
    join consortium_practitionerrole r on r.role = s.role and r.hospital_id = s.hospital_id
        and (r.department_id is null or r.department_id = s.department_id)
    join consortium_person p on p.id = r.person_id and p.is_active
    where r.starts_at <= %(now)s and (r.ends_at is null or r.ends_at > %(now)s)
        and r.person_id is distinct from %(but)s
        and not exists (select from named n where n.event_id = s.event_id and n.person_id = r.person_id)
    order by s.event_id, r.person_id, r.id
), heard as (
    select * from staff union all select * from named
), notice as (
    insert into consortium_notice (id, event_id, person_id, created_at)
    select (left(event_id::text, 19) || substr(gen_random_uuid()::text, 20))::uuid, event_id, person_id, %(now)s
    from heard
    returning id, event_id, person_id
), receivers as (
    select l.event_id, l.priority, l.text, n.id as notice_id, null::uuid as endpoint_id, told.hospital_id, p.channel,
        p.address,
        case when l.priority < %(routine)s or p.quiet_from is null then m.at
             when p.quiet_from < p.quiet_until and m.here::time >= p.quiet_from and m.here::time < p.quiet_until
                 then (m.here::date + p.quiet_until) at time zone %(zone)s
             when p.quiet_from > p.quiet_until and m.here::time >= p.quiet_from
                 then (m.here::date + 1 + p.quiet_until) at time zone %(zone)s
             when p.quiet_from > p.quiet_until and m.here::time < p.quiet_until
                 then (m.here::date + p.quiet_until) at time zone %(zone)s
             else m.at end as next_at
    from heard told
    join letter l on l.event_id = told.event_id
    join notice n on n.event_id = told.event_id and n.person_id = told.person_id
    join consortium_preference p on p.person_id = told.person_id and p.active
        and p.least_priority >= l.priority and (p.steps = '{}' or %(kind)s = any(p.steps))
    cross join moment m
    union all
    select l.event_id, l.priority, l.text, null, w.id, w.hospital_id, 'WEBHOOK', w.url, m.at
    from unnest(%(concerned)s::uuid[], %(parties)s::uuid[]) as party (event_id, hospital_id)
    join letter l on l.event_id = party.event_id
    join consortium_webhookendpoint w on w.hospital_id = party.hospital_id and w.deactivated_at is null
        and (w.steps = '{}' or %(kind)s = any(w.steps))
    cross join moment m
), delivery as (
    insert into consortium_delivery (id, event_id, notice_id, endpoint_id, hospital_id, channel, address, text,
        priority, state, attempts, created_at, next_at, last_error)
    select gen_random_uuid(), event_id, notice_id, endpoint_id, hospital_id, channel, address, text, priority,
        'PENDING', 0, %(now)s, next_at, ''
    from receivers
)
select true
"""


@dataclass(frozen=True)
class Staff:
    """Whoever holds a role at a hospital as a whole or at one of its departments."""

    hospital: UUID | None
    department: UUID | None
    role: str


@dataclass(frozen=True)
class Letter:
    """What is said of one event: to whom (person to the hospital they stand for; the staff), and to whose systems."""

    event: Event
    people: Mapping[int, UUID]
    staff: Collection[Staff]
    hospitals: Collection[UUID]
    priority: int
    text: str


def post(letters: Sequence[Letter], *, kind: str, but: Person | None, now: datetime) -> None:
    """Write the notices and deliveries of a step's stored events, in the running transaction and by one statement: to
    everybody who hears of it `but` who took it, as each prefers, and to the systems of the hospitals that take part."""
    named = [(letter.event.pk, person, hospital) for letter in letters for person, hospital in letter.people.items()]
    staff = [(letter.event.pk, some) for letter in letters for some in letter.staff]
    parties = [(letter.event.pk, hospital) for letter in letters for hospital in letter.hospitals]
    values: dict[str, Any] = {
        "kind": kind,
        "events": [letter.event.pk for letter in letters],
        "priorities": [letter.priority for letter in letters],
        "texts": [letter.text for letter in letters],
        "heard": [event for event, _person, _hospital in named],
        "people": [person for _event, person, _hospital in named],
        "theirs": [hospital for _event, _person, hospital in named],
        "told": [event for event, _some in staff],
        "hospitals": [some.hospital for _event, some in staff],
        "departments": [some.department for _event, some in staff],
        "roles": [some.role for _event, some in staff],
        "but": but.pk if but else None,
        "concerned": [event for event, _hospital in parties],
        "parties": [hospital for _event, hospital in parties],
        "routine": Priority.ROUTINE.value,
        "now": now,
        "zone": settings.TIME_ZONE,
    }
    prepared.fetch(POST, values)


def call_back(cases: Sequence[ServiceRequest], *, but: str, writing: Writing) -> None:
    """Add to what is to be written that people are called back what they have not been sent yet: reminders of cases
    that ended, everything of a patient who died.

    Systems are still told, and everybody of the step `but` by which they ended.
    """
    died = [case.thread_id for case in cases if case.silent_since]
    ended = [case.pk for case in cases if not case.open]
    if died or ended:
        idle = Q(event__thread_id__in=died) | Q(event__subject_id__in=ended, event__kind=REMINDER)
        waiting = Delivery.objects.filter(idle, state=Delivery.State.PENDING, notice__isnull=False)
        writing.change(waiting.exclude(event__kind=but), state=Delivery.State.WITHDRAWN)


def lease() -> timedelta:
    """For how long a claim keeps other workers away: three times what one attempt may take as a whole."""
    return timedelta(seconds=3 * settings.DELIVERY_TIMEOUT)


def pause(attempts: int, *, chance: float) -> timedelta:
    """How long to wait after so many failed attempts: 5 s, 20 s, 80 s … 6 h, up to a fifth more or less by chance."""
    planned = min(FIRST_PAUSE * GROWTH ** (attempts - 1), LONGEST_PAUSE)
    return planned * (1 + JITTER * (2 * chance - 1))


def claim(*, now: datetime, limit: int, channels: Iterable[Channel] = (*PEOPLE, *SYSTEMS)) -> list[Delivery]:
    """Take due deliveries, the urgent first, for one attempt each; no other worker takes them while the lease runs."""
    with transaction.atomic():
        due = Delivery.objects.filter(state=Delivery.State.PENDING, next_at__lte=now, channel__in=list(channels))
        rows = list(
            due.select_for_update(of=("self",), skip_locked=True)
            .select_related("event", "endpoint")
            .order_by("priority", "next_at")[:limit]
        )
        until = now + lease()
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(attempts=F("attempts") + 1, next_at=until)
    for row in rows:
        row.attempts, row.next_at = row.attempts + 1, until
    return rows


def attempt(delivery: Delivery) -> Undelivered | None:
    """Send a claimed delivery and return why it failed, if it did; touches no database."""
    if delivery.attempts > settings.DELIVERY_ATTEMPTS:
        return Undelivered("WORKER_DIED", final=True)  # as often as it was claimed
    if delivery.endpoint and delivery.endpoint.deactivated_at:
        return Undelivered("DEACTIVATED", final=True)
    try:
        send(delivery)
    except Undelivered as failed:
        return failed
    return None


def settle(delivery: Delivery, failed: Undelivered | None, *, now: datetime) -> None:
    """Write what came of an attempt; nothing if the claim has meanwhile passed to another worker."""
    mine = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING, attempts=delivery.attempts)
    if failed is None:
        mine.update(state=Delivery.State.SENT, sent_at=now, last_error="")
    elif failed.final or delivery.attempts >= settings.DELIVERY_ATTEMPTS:
        if mine.update(state=Delivery.State.DEAD, last_error=failed.reason):
            logger.error("given up: %s %s, %s", delivery.channel, delivery.pk, failed.reason)
    else:
        wait = pause(delivery.attempts, chance=random.random())  # noqa: S311 - spreads load, guards nothing
        mine.update(next_at=now + wait, last_error=failed.reason)


def deliver(*, now: datetime) -> tuple[int, int]:
    """Send all that is due, one after the other, and return how many were taken and how many were not."""
    taken = missed = 0
    while claimed := claim(now=now, limit=1):
        failed = attempt(claimed[0])
        settle(claimed[0], failed, now=now)
        taken, missed = taken + (failed is None), missed + (failed is not None)
    return taken, missed
