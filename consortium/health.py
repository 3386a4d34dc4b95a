"""What a supervisor or a proxy asks: `/livez`, whether the process answers; `/readyz`, whether it should be asked.

Neither says why not: that stands in the log.
"""

import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now
from django_q.models import Schedule

from consortium.counts import COUNTS
from consortium.leaving import leaving
from consortium.worker import JOB

logger = logging.getLogger("refnet.health")
LATE = timedelta(minutes=3)  # the scheduler looks every minute
KEPT = 2.0  # seconds for which an answer is told again, so that asking often costs nothing
PATIENCE = 5.0  # seconds after which the database counts as away
UNGUARDED = """
    select count(*) from pg_class where not (relrowsecurity and relforcerowsecurity)
    and oid in (select polrelid from pg_policy)
"""


class Health:
    """Of one process; asked from its event loop, it asks the database in one thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "health")
        self._migrated = False
        self._asking: asyncio.Future[dict[str, Any]] | None = None
        self._until = 0.0

    async def ready(self) -> tuple[int, dict[str, Any]]:
        """Status and words for `/readyz`."""
        if leaving():
            return 503, {"ready": False}
        if self._asking is None or (self._asking.done() and time.monotonic() > self._until):
            loop = asyncio.get_running_loop()
            self._asking = asyncio.ensure_future(loop.run_in_executor(self._thread, self._asked))
            self._until = time.monotonic() + KEPT
        try:
            found = await asyncio.wait_for(asyncio.shield(self._asking), PATIENCE)
        except TimeoutError:
            logger.error("not ready: the database does not answer")
            found = {"ready": False}
        return (200 if found["ready"] else 503), found

    def _asked(self) -> dict[str, Any]:
        try:
            if connection.connection is not None and not connection.is_usable():
                connection.close()
            lacking = self._lacking()
            if lacking:
                logger.error("not ready: %s", lacking)
                return {"ready": False}
            return {"ready": True, "worker": "working" if worker_is_heard() else "silent"}
        except DatabaseError as error:
            logger.error("not ready: the database is away (%s)", type(error).__name__)
            connection.close()
            return {"ready": False}

    def _lacking(self) -> str:
        """What is missing before requests may be answered; "" if nothing is."""
        if not self._migrated:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return "migrations are not applied"
            self._migrated = True
        with connection.cursor() as cursor:
            cursor.execute(UNGUARDED)
            return "policies of row-level security are switched off" if cursor.fetchone()[0] else ""


def worker_is_heard() -> bool:
    """Whether some worker's scheduler has done what was due; a silent one is told, for pages work without it."""
    return Schedule.objects.filter(name=f"{JOB}tick", next_run__gt=Now() - LATE).exists()


_health = Health()


async def answer(path: str, send: Any) -> None:
    """Answer `/livez` or `/readyz`."""
    status, words = (200, {"alive": True, "counts": dict(COUNTS)}) if path == "/livez" else await _health.ready()
    body = json.dumps(words).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
