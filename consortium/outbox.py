"""Deliveries: written with the step, claimed by one worker at a time, retried, and given up loudly.

A delivery is a row of the step's own transaction, so neither a crash nor a lost queue loses it. A worker claims it for
`lease()`, longer than any attempt may take, and marks it afterwards: one that dies in between has it sent again, under
the same id. So each arrives at least once, and a receiver that remembers ids acts on it once.
"""

import logging
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from consortium.channels import Undelivered, send
from consortium.models import Channel, Delivery, Event, Priority

logger = logging.getLogger("refnet.outbox")

PEOPLE = (Channel.EMAIL, Channel.SMS, Channel.WECOM)
SYSTEMS = (Channel.WEBHOOK,)
FIRST_PAUSE, LONGEST_PAUSE, GROWTH, JITTER = timedelta(seconds=5), timedelta(hours=6), 4, 0.2

# One statement for everybody who hears of one event. A routine notice within somebody's quiet hours waits for their
# end; hours that pass midnight end on the next day if the evening part has begun.
POST = """
with moment as (
    select %(now)s::timestamptz as at, (%(now)s::timestamptz at time zone %(zone)s) as here
), receivers as (
    select n.id as notice_id, null::uuid as endpoint_id, told.hospital_id, p.channel, p.address,
        case when %(priority)s < %(routine)s or p.quiet_from is null then m.at
             when p.quiet_from < p.quiet_until and m.here::time >= p.quiet_from and m.here::time < p.quiet_until
                 then (m.here::date + p.quiet_until) at time zone %(zone)s
             when p.quiet_from > p.quiet_until and m.here::time >= p.quiet_from
                 then (m.here::date + 1 + p.quiet_until) at time zone %(zone)s
             when p.quiet_from > p.quiet_until and m.here::time < p.quiet_until
                 then (m.here::date + p.quiet_until) at time zone %(zone)s
             else m.at end as next_at
    from unnest(%(people)s::bigint[], %(theirs)s::uuid[]) as told (person_id, hospital_id)
    join consortium_notice n on n.event_id = %(event)s and n.person_id = told.person_id
    join consortium_preference p on p.person_id = told.person_id and p.active
        and p.least_priority >= %(priority)s and (p.steps = '{}' or %(kind)s = any(p.steps))
    cross join moment m
    union all
    select null, w.id, w.hospital_id, 'WEBHOOK', w.url, m.at
    from consortium_webhookendpoint w cross join moment m
    where w.hospital_id = any(%(hospitals)s::uuid[]) and w.deactivated_at is null
        and (w.steps = '{}' or %(kind)s = any(w.steps))
)
insert into consortium_delivery (id, event_id, notice_id, endpoint_id, hospital_id, channel, address, text, priority,
    state, attempts, created_at, next_at, last_error)
select gen_random_uuid(), %(event)s, notice_id, endpoint_id, hospital_id, channel, address, %(text)s, %(priority)s,
    'PENDING', 0, %(now)s, next_at, ''
from receivers
"""


def post(
    event: Event, *, told: Mapping[int, UUID], hospitals: Iterable[UUID], priority: int, text: str, now: datetime
) -> None:
    """Write the deliveries of an event, in the running transaction and by one statement: to those `told` (person to
    hospital) as each prefers, and to the systems of the hospitals that take part."""
    values: dict[str, Any] = {
        "event": event.pk,
        "kind": event.kind,
        "people": list(told),
        "theirs": [str(hospital) for hospital in told.values()],
        "hospitals": [str(hospital) for hospital in hospitals],
        "priority": priority,
        "routine": Priority.ROUTINE.value,
        "text": text,
        "now": now,
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(POST, values)


def withdraw(thread_id: UUID) -> None:
    """Call back what people of an episode have not been sent yet; systems are still told."""
    waiting = Delivery.objects.filter(event__thread_id=thread_id, state=Delivery.State.PENDING, notice__isnull=False)
    waiting.update(state=Delivery.State.WITHDRAWN)


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
