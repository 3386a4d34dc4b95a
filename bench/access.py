"""A page of the worklist through the edge, under row-level security and without it, in turn and in the same run.

`./refnet bench access [--rows N] [--rounds N]`; prints medians and their ratio, asserts nothing. Without
it, the same request runs as the tables' owner, whom no policy binds; everything else, the audit entry too, is the same.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.test.utils import setup_test_environment

from consortium.database import acting
from referrals.models import Status
from schema.views import gate
from tests.edge.client import Edge
from tests.edge.many import copies
from tests.world import EXPERT, NOW, World

MARK = 1.3
PAGE = """{ worklist(box: IN, open: true, first: 20) { totalCount pageInfo { endCursor hasNextPage } nodes {
    id number version status priority createdAt patient { displayName sex } requesterHospital { name }
    requesterDepartment { name } performerDepartment { name } clock { kind dueAt overdue }
} } }"""
DOCUMENTS = {
    "a page of the worklist, with its count": PAGE,
    "the page without the count": PAGE.replace("totalCount ", ""),
}


@contextmanager
def unbound() -> Iterator[None]:
    """Requests act as the owner: the same statements in the same number, and no policy."""
    before = acting.APP
    acting.APP = "none"
    try:
        yield
    finally:
        acting.APP = before


def fill(world: World, rows: int) -> None:
    """Referrals before the provincial expert, and twice as many of others."""
    first = world.referral(Status.SENT)
    elsewhere = {"performer_hospital": world.hospitals["city"], "performer_department": world.departments["city"]}
    varied = [{}, elsewhere, elsewhere]
    given = [{f"{name}_id": place.pk for name, place in varied[n % 3].items()} for n in range(3 * rows)]
    for start in range(0, len(given), 5000):
        copies(first, given[start : start + 5000])
    with connection.cursor() as cursor:
        cursor.execute("analyze")


def taken(ask: Callable[[], Any]) -> float:
    """The seconds of one request."""
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def compare(edge: Edge, document: str, rounds: int) -> tuple[list[float], list[float]]:
    """The seconds with and without, one after the other so that a busy machine is busy for both."""
    bound, free = [], []
    for _ in range(5):
        edge.data(document)
    for number in range(rounds):
        for way in (0, 1) if number % 2 else (1, 0):
            if way:
                bound.append(taken(lambda: edge.data(document)))
            else:
                with unbound():
                    free.append(taken(lambda: edge.data(document)))
    return bound, free


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="refnet bench access")
    parser.add_argument("--rows", type=int, default=10_000, help="referrals of the reader; twice as many of others")
    parser.add_argument("--rounds", type=int, default=100, help="requests of each kind")
    options = parser.parse_args(arguments)
    setup_test_environment()
    gate.moment = type("Clock", (), {"now": staticmethod(lambda: NOW)})  # type: ignore[assignment]
    with transaction.atomic():
        world = World.make()
        fill(world, options.rows)
    edge = Edge(world.people["province", EXPERT, 1])
    print(
        f"\n  {3 * options.rows} referrals, {options.rows} of them the reader's; {options.rounds} requests of each kind"
    )
    for name, document in DOCUMENTS.items():
        bound, free = compare(edge, document, options.rounds)
        with_it, without = statistics.median(bound), statistics.median(free)
        print(
            f"  {name}: {with_it * 1e3:.1f} ms under the policies, {without * 1e3:.1f} without,"
            f" ratio {with_it / without:.2f} (mark {MARK})"
        )


if __name__ == "__main__":
    main()
