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
SUBMITTING, KILLING, LONGEST = 12, 25, 55  # seconds since the beginning


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


def submit(world: World, many: int) -> None:
    """Submit referrals one after the other, each in transactions of its own, for some seconds at most."""
    end = time.monotonic() + SUBMITTING
    for _n in range(many):
        if time.monotonic() < end:
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
    parser.add_argument("--referrals", type=int, default=250, help="how many are submitted at most, 250 by default")
    options = parser.parse_args()
    effects, kills, killed_at_work = Effects(), 0, 0
    began = time.monotonic()
    with receiving(silence=0.02, decide=effects.act) as receiver:
        told = {"SMS_URL": f"{receiver.url}/sms", "DELIVERY_TIMEOUT": "1", "INTRANETS": "127.0.0.0/8"}
        os.environ.update({f"REFNET_{name}": value for name, value in told.items()})
        PROCESSES.set_forkserver_preload(["tests.drills", "consortium.worker", "tests.world"])
        world = ready(receiver.url)
        doctors = threading.Thread(target=submit, args=(world, options.referrals))
        workers = [begin() for _n in range(WORKERS)]
        doctors.start()
        try:
            while time.monotonic() - began < LONGEST:
                time.sleep(1)
                waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
                if not doctors.is_alive() and not waiting.exists():
                    break
                if time.monotonic() - began > KILLING:
                    continue
                # The oldest most times, so that some live long enough to work; any of them now and then.
                end(workers.pop(0 if random.random() < 0.7 else random.randrange(WORKERS)))  # noqa: S311
                killed_at_work += waiting.filter(attempts__gt=0, next_at__gt=timezone.now(), last_error="").exists()
                kills += 1
                workers.append(begin())
        finally:
            for process in workers:
                end(process)
            doctors.join()
    return report(effects, kills, killed_at_work, time.monotonic() - began)


def report(effects: Effects, kills: int, killed_at_work: int, seconds: float) -> int:
    """Compare what was written with what was done, and say it."""
    rows = {str(pk): state for pk, state in Delivery.objects.values_list("pk", "state")}
    lost = rows.keys() - effects.done.keys()
    strange = effects.done.keys() - rows.keys()
    twice = [key for key, times in effects.done.items() if times != 1]
    unsent = [key for key, state in rows.items() if state != Delivery.State.SENT]
    print(f"notices {Notice.objects.count()} · deliveries {len(rows)} · seconds {seconds:.0f}")
    print(f"workers killed {kills}, of these with claims under way {killed_at_work}")
    print(f"requests {sum(effects.done.values()) + effects.doubles} · doubles dropped by id {effects.doubles}")
    print(f"lost {len(lost)} · effects twice {len(twice)} · unknown {len(strange)} · not marked sent {len(unsent)}")
    passed = bool(rows) and kills > 0 and not (lost or twice or strange or unsent)
    print("PASSED" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
