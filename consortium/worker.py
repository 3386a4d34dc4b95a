"""The process beside the web server: it delivers, and runs the periodic jobs by Django Q's scheduler and queue.

People and systems have lanes of their own, so that a hospital's hanging system holds up nobody's message. Any number of
workers may run: deliveries and jobs are claimed in the database.
"""

import logging
import signal
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection, connections, transaction
from django_q.cluster import Cluster
from django_q.models import Schedule

from consortium import moment, outbox
from consortium.channels import Undelivered
from consortium.models import Channel, Delivery

logger = logging.getLogger("refnet.worker")

LANES = {"people": outbox.PEOPLE, "systems": outbox.SYSTEMS}
WIDTH = 8  # attempts at a time in each lane
IDLE = 0.5  # seconds between two looks at an empty outbox
RECOVERY = 2.0  # seconds to wait when the database is away
JOB = "refnet: "


def run(*, jobs: bool = True) -> None:
    """Work until SIGTERM or SIGINT, then finish the attempts that are under way; with `jobs`, run the schedule too."""
    asked: list[int] = []
    stop = Event()
    cluster = _cluster() if jobs else None
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda number, _frame: asked.append(number))
    with ThreadPoolExecutor(len(LANES)) as pool:
        lanes = [pool.submit(work, channels, stop) for channels in LANES.values()]
        while not asked and not any(lane.done() for lane in lanes) and (cluster is None or cluster.sentinel.is_alive()):
            time.sleep(0.2)
        stop.set()
    if cluster:
        cluster.stop()
    for lane in lanes:
        lane.result()
    if not asked:
        raise SystemExit("the scheduler has ended by itself")  # loudly, so that the supervisor starts us again


def work(channels: Iterable[Channel], stop: Event) -> None:
    """Deliver by these channels until told to stop; what was begun is finished and written down."""
    under_way: dict[Future[Undelivered | None], Delivery] = {}
    with ThreadPoolExecutor(WIDTH) as senders:
        while not stop.is_set() or under_way:
            try:
                if not stop.is_set():
                    _begin(channels, under_way, senders)
                if under_way:
                    _finish(under_way)
                else:
                    stop.wait(IDLE)
            except Error as error:
                # The rows wait in the database; whatever was sent unrecorded is sent again under the same id.
                logger.error("the database is away: %s", type(error).__name__)
                connection.close()
                stop.wait(RECOVERY)
    connection.close()


def schedule_jobs() -> None:
    """Make the stored schedule equal to `settings.JOBS`; what is due stays due."""
    with transaction.atomic():
        with connection.cursor() as cursor:  # two workers may start at once
            cursor.execute("lock table django_q_schedule in share row exclusive mode")
        Schedule.objects.filter(name__startswith=JOB).exclude(name__in=[JOB + name for name in settings.JOBS]).delete()
        for name, minutes in settings.JOBS.items():
            planned: dict[str, Any] = {
                "func": "django.core.management.call_command",
                "args": repr((name,)),
                "kwargs": "verbosity=0",  # what is wrong is logged; the rest is for who asks by hand
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            }
            Schedule.objects.update_or_create(name=JOB + name, defaults=planned)


def _cluster() -> Any:
    """Django Q's own processes, started before any thread of ours and without our connections."""
    schedule_jobs()
    connections.close_all()
    cluster = Cluster()
    cluster.start()
    return cluster


def _begin(
    channels: Iterable[Channel], under_way: dict[Future[Undelivered | None], Delivery], senders: ThreadPoolExecutor
) -> None:
    if free := WIDTH - len(under_way):
        close_old_connections()
        for delivery in outbox.claim(now=moment.now(), limit=free, channels=channels):
            under_way[senders.submit(outbox.attempt, delivery)] = delivery


def _finish(under_way: dict[Future[Undelivered | None], Delivery]) -> None:
    done, _rest = wait(under_way, timeout=IDLE, return_when=FIRST_COMPLETED)
    for future in done:
        outbox.settle(under_way.pop(future), future.result(), now=moment.now())
