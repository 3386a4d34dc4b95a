"""One winner under any race: `./refnet drill race [--threads 200] [--rounds 100] [--connections 40]`.

In every round many threads decide on one case at the same moment, over real connections. Odd rounds: senders choose
among three hospitals that can take a green-channel patient. Even rounds:
specialists accept one referral. Exactly one may win; every loser must hear a clear conflict.
"""

import argparse
import queue
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

from django.db import connections as known

from consortium.errors import Refused
from consortium.models import Event
from referrals import actions
from referrals.models import Offer, OfferStatus, Status
from tests.world import DOCTOR, EXPERT, OFFICE, World

CONFLICTS = {"INVALID_STATE", "STALE_VERSION"}
Try = Callable[[], object]


@dataclass(frozen=True)
class Round:
    """What came of one round."""

    name: str
    winners: int
    refusals: Counter[str]
    stored: int  # winners by the rows afterwards
    seconds: float

    @property
    def passed(self) -> bool:
        """One winner, in the answers and in the rows, and nothing but conflicts for the rest."""
        return self.winners == self.stored == 1 and set(self.refusals) <= CONFLICTS


class Crowd:
    """Threads that start at one moment and share a bounded number of database connections."""

    def __init__(self, threads: int, connections: int) -> None:
        self.barrier = Barrier(threads)
        self.workers = ThreadPoolExecutor(threads)
        self.free: queue.Queue[Any] = queue.Queue()
        for _n in range(min(threads, connections)):
            connection = known.create_connection("default")
            connection.inc_thread_sharing()
            self.free.put(connection)

    def run(self, tries: list[Try]) -> list[str]:
        """The code of each try (OK for a win), all begun together."""
        return list(self.workers.map(self._one, tries))

    def _one(self, attempt: Try) -> str:
        self.barrier.wait()
        known["default"] = connection = self.free.get()
        try:
            attempt()
        except Refused as refused:
            return str(refused.code)
        finally:
            self.free.put(connection)
        return "OK"

    def close(self) -> None:
        """Let threads and connections go."""
        self.workers.shutdown()
        while not self.free.empty():
            self.free.get().close()


def choosing(world: World, threads: int) -> tuple[list[Try], Callable[[], int]]:
    """Tries to choose among three hospitals; and how many were chosen, if the others were released."""
    places = ["province", "province2", "city"]
    leg = world.call(targets=[world.departments[place].pk for place in places])
    offers = {offer.performer_hospital_id: offer for offer in leg.offers.all()}
    standing = [
        world.take("offer_place", offers[world.hospitals[place].pk], by=world.actor(place, EXPERT)) for place in places
    ]
    senders = [world.actor("county", role, n) for role in (DOCTOR, OFFICE) for n in (1, 2)]

    def choose(n: int) -> Try:
        return lambda: actions.choose_offer(
            by=senders[n % 4], id=leg.pk, expected_version=leg.version, now=world.now, offer=standing[n % 3].pk
        )

    def chosen() -> int:
        rows = Offer.objects.filter(referral=leg)
        released = rows.filter(status=OfferStatus.RELEASED).count()
        return rows.filter(status=OfferStatus.CHOSEN).count() if released == len(places) - 1 else -1

    return [choose(n) for n in range(threads)], chosen


def accepting(world: World, threads: int) -> tuple[list[Try], Callable[[], int]]:
    """Tries to accept one referral by two specialists; and how many were recorded."""
    leg = world.referral(Status.SENT, needed_capability=None)
    experts = [world.actor("province", EXPERT, n) for n in (1, 2)]

    def accept(n: int) -> Try:
        return lambda: actions.accept_referral(
            by=experts[n % 2], id=leg.pk, expected_version=leg.version, now=world.now
        )

    return [accept(n) for n in range(threads)], lambda: Event.objects.filter(
        subject_id=leg.pk, kind="accept_referral"
    ).count()


def race(world: World, *, threads: int, rounds: int, connections: int) -> Iterator[Round]:
    """The rounds in turn, on a committed world."""
    crowd = Crowd(threads, connections)
    try:
        for number in range(1, rounds + 1):
            scene = choosing if number % 2 else accepting
            tries, stored = scene(world, threads)
            began = time.monotonic()
            codes = Counter(crowd.run(tries))
            seconds = time.monotonic() - began
            winners = codes.pop("OK", 0)
            yield Round(scene.__name__, winners, codes, stored(), seconds)
    finally:
        crowd.close()


def table(rounds: list[Round]) -> str:
    """The rounds by kind, and every round that did not pass."""
    lines = [f"{'scene':<10} {'rounds':>6} {'one winner':>10} {'losers told':>12} {'slowest s':>10}"]
    for name in sorted({found.name for found in rounds}):
        of = [found for found in rounds if found.name == name]
        refused: Counter[str] = sum((found.refusals for found in of), Counter())
        lines.append(
            f"{name:<10} {len(of):>6} {sum(found.passed for found in of):>10} {sum(refused.values()):>12} "
            f"{max(found.seconds for found in of):>10.2f}  {dict(refused)}"
        )
    lines += [f"✗ round {n}: {found}" for n, found in enumerate(rounds, start=1) if not found.passed]
    return "\n".join(lines)


def main() -> int:
    """Run the drill on the database of the settings, empty but for its catalogues; 1 if a round failed."""
    parser = argparse.ArgumentParser(prog="refnet drill race", description=__doc__)
    parser.add_argument("--threads", type=int, default=200, help="deciders in each round")
    parser.add_argument("--rounds", type=int, default=100, help="rounds, choosing and accepting in turn")
    parser.add_argument("--connections", type=int, default=40, help="database connections they share")
    options = parser.parse_args()
    rounds = []
    for found in race(World.make(), **vars(options)):
        rounds.append(found)
        mark = "✓" if found.passed else "✗"
        print(f"{mark} round {len(rounds)} {found.name} {found.seconds:.1f} s", flush=True)
    print(table(rounds))
    passed = all(found.passed for found in rounds)
    print(f"{'✓' if passed else '✗'} {options.threads} threads × {options.rounds} rounds", flush=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
