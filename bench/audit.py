"""What the audit trail costs: a case read and a page of the worklist, with the trail's insert and without.

`./refnet bench audit [--rounds N] [--rows N] [--writers N]`. Both kinds of request take turns in the same run over the
same rows, each in a transaction that is really committed; so the price holds the insert, the link and the wait for the
disk. The mark of the design (a page under all layers at most 1.3 times the same without) stands beside the ratio;
nothing is asserted. At last, how many readings of one hospital, hence of one chain, can be written down in a second.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up, as all that needs the database
from django.db import connections  # noqa: E402

from consortium import trail  # noqa: E402
from consortium.models import AuditLink  # noqa: E402
from consortium.roles import Role  # noqa: E402
from referrals.models import Status  # noqa: E402
from schema.disclosures import Disclosures  # noqa: E402
from tests.edge.client import as_role, gid  # noqa: E402
from tests.edge.many import copies  # noqa: E402
from tests.world import NOW, World  # noqa: E402

MARK = 1.3
PAGE = """{ worklist(box: IN, open: true, first: 20) { nodes { number status priority patient { displayName age }
    requesterHospital { name } requesterDepartment { name } clock { dueAt overdue } } } }"""
CASE = """query($id: ID!) { referral(id: $id) { number status patient { displayName identity { name phone } }
    clinical { summary diagnoses { code } } events { kind eventAt } availableActions { action allowed } } }"""


def timed(call: Callable[[], Any]) -> float:
    """The milliseconds that a call takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def in_turn(call: Callable[[], Any], rounds: int) -> dict[bool, float]:
    """The median milliseconds with the trail (True) and without, taken in turn."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds + 4):
        kept = number % 2 == 0
        with nullcontext() if kept else patch.object(Disclosures, "write"):
            took = timed(call)
        if number >= 4:  # warm by then
            found[kept].append(took)
    return {kept: statistics.median(times) for kept, times in found.items()}


def written_at_once(world: World, row: Any, writers: int, each: int) -> float:
    """Readings of one hospital's people written down in a second, by so many at the same time."""
    by, patient = world.actor("province", Role.EXPERT), row.case.patient_id

    def write(_number: int) -> None:
        for _n in range(each):
            reading = trail.Reading("read_referral", "referral", object_id=str(row.pk), patient_id=patient)
            trail.disclosed(by, [reading], now=NOW)
        connections.close_all()

    began = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    return writers * each / (time.perf_counter() - began)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="refnet bench audit")
    parser.add_argument("--rounds", type=int, default=150, help="requests of each kind, with and without")
    parser.add_argument("--rows", type=int, default=2000, help="referrals in the worklist")
    parser.add_argument("--writers", type=int, default=8, help="people of one hospital who read at once")
    options = parser.parse_args(arguments)
    settings.ALLOWED_HOSTS = ["testserver"]
    world = World.make()
    row, edge = world.referral(Status.SENT), as_role(world, "province", Role.EXPERT)
    copies(row, [{}] * options.rows)
    calls = {
        "a page of the worklist": lambda: edge.data(PAGE),
        "a referral by itself": lambda: edge.data(CASE, id=gid(row)),
    }
    print(f"\n  {options.rows} referrals, {options.rounds} requests of each kind, in turn")
    for name, call in calls.items():
        took = in_turn(call, options.rounds)
        ratio = took[True] / took[False]
        print(
            f"  {name}: {took[True]:.1f} ms with the trail, {took[False]:.1f} ms without: × {ratio:.2f} (mark {MARK})"
        )
    rate = written_at_once(world, row, options.writers, 200)
    print(f"  {options.writers} at once into one chain: {rate:.0f} readings a second")
    print(f"  {AuditLink.objects.count()} links")


if __name__ == "__main__":
    main()
