"""Workers are killed every second while notices go out: each must arrive at least once and have its effect once.

Doctors submit referrals all the while. A real HTTP receiver stands for the hospitals' systems and for the SMS gateway:
it acts on an id once, and loses every tenth answer after acting, so that repetitions are certain to come.
"""

import argparse
import multiprocessing
import os
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone

from consortium import worker
from consortium.models import Delivery, Notice, Preference, WebhookEndpoint
from tests.receiver import Taken, receiving
from tests.world import World

PROCESSES = multiprocessing.get_context("forkserver")
WORKERS = 4
KILLS, FINISHING = 15, 30  # one kill each second, and the seconds in which the survivors must finish


@dataclass
class Effects:
    """What the receiver did: once for each id, however often it is asked."""

    done: Counter[str] = field(default_factory=Counter)
    doubles: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, request: Taken) -> int:
        """Act on a new id, drop a double; every tenth answer to a new one is lost."""
        key = request.headers.get("webhook-id") or request.headers["idempotency-key"]
        with self.lock:
            if key in self.done:
                self.doubles += 1
                return 200
            self.done[key] += 1
            return 503 if len(self.done) % 10 == 0 else 200


def begin() -> Any:
    """Start a worker: a process of its own, forked from one that has read the code, since reading takes seconds."""
    started = PROCESSES.Process(target=worker.run, kwargs={"jobs": False})
    started.start()
    return started


def end(process: Any) -> None:
    """Kill a worker, without a word to it."""
    process.kill()
    process.join()


def submit(world: World, enough: threading.Event) -> None:
    """Submit referrals one after the other, each in transactions of its own, until it is enough."""
    while not enough.is_set():
        world.take("submit_referral", world.draft())
    connection.close()


def ready(url: str) -> World:
    """The small world, with a system listening at both hospitals and everybody wanting short messages."""
    world = World.make()
    for place in ("county", "province"):
        WebhookEndpoint.objects.create(
            hospital=world.hospitals[place], name="HIS", url=f"{url}/{place}", salt=b"1" * 32, created_at=timezone.now()
        )
    Preference.objects.bulk_create(
        Preference(person=person, channel="SMS", address="13800000000") for person in world.people.values()
    )
    return world


def main() -> int:
    """Run the drill, print the counts, and return 0 if nothing was lost and nothing was done twice."""
    parser = argparse.ArgumentParser(prog="refnet drill outbox", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help=f"one each second, {KILLS} by default")
    kills = parser.parse_args().kills
    effects, enough = Effects(), threading.Event()
    with receiving(silence=0.02, decide=effects.act) as receiver:
        told = {"SMS_URL": f"{receiver.url}/sms", "DELIVERY_TIMEOUT": "1", "INTRANETS": "127.0.0.0/8"}
        os.environ.update({f"REFNET_{name}": value for name, value in told.items()})
        PROCESSES.set_forkserver_preload(["tests.drills", "consortium.worker", "tests.world"])
        doctors = threading.Thread(target=submit, args=(ready(receiver.url), enough))
        workers = [begin() for _n in range(WORKERS)]
        began = time.monotonic()
        doctors.start()
        try:
            at_work = sum(kill_one(workers) for _n in range(kills))
            enough.set()
            doctors.join()
            finish()
        finally:
            enough.set()
            for process in workers:
                end(process)
    print(f"workers killed {kills}, of these with claims under way {at_work}")
    return report(effects, time.monotonic() - began)


def kill_one(workers: list[Any]) -> bool:
    """Replace a worker by a new one after a second, mostly the oldest; whether any claim was under way."""
    time.sleep(1)
    claimed = Delivery.objects.filter(state=Delivery.State.PENDING, attempts__gt=0, last_error="")
    at_work = claimed.filter(next_at__gt=timezone.now()).exists()
    end(workers.pop(0 if random.random() < 0.7 else random.randrange(WORKERS)))  # noqa: S311 - chance of a drill
    workers.append(begin())
    return at_work


def finish() -> None:
    """Wait until nothing is left to send, for some seconds at most."""
    last = time.monotonic() + FINISHING
    while time.monotonic() < last and Delivery.objects.filter(state=Delivery.State.PENDING).exists():
        time.sleep(0.2)


def report(effects: Effects, seconds: float) -> int:
    """Compare what was written with what was done, and say it."""
    rows = {str(pk): state for pk, state in Delivery.objects.values_list("pk", "state")}
    lost = rows.keys() - effects.done.keys()
    strange = effects.done.keys() - rows.keys()
    twice = [key for key, times in effects.done.items() if times != 1]
    unsent = [key for key, state in rows.items() if state != Delivery.State.SENT]
    print(f"notices {Notice.objects.count()} · deliveries {len(rows)} · seconds {seconds:.0f}")
    print(f"requests {sum(effects.done.values()) + effects.doubles} · doubles dropped by id {effects.doubles}")
    print(f"lost {len(lost)} · effects twice {len(twice)} · unknown {len(strange)} · not marked sent {len(unsent)}")
    passed = bool(rows) and not (lost or twice or strange or unsent)
    print("PASSED" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
