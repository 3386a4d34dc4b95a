"""What grows with the years: page 1 against page 5 000, and N referrals against ten times as many.

`./refnet bench growth [--rows N] [--rounds N] [--pages N]`. The worklist of the busiest hospital over HTTP, a session
signed in. Requests to both databases take turns, so that a busy machine is busy for both. Nothing is asserted.
"""

import argparse
import statistics
from contextlib import ExitStack
from typing import Any

from django.db import connections

from bench.limit import machine, results
from bench.limit.client import Asked, Line, latencies
from bench.limit.statements import LIST, NODES
from bench.network import loading
from bench.over_http.measure import ours_on, server
from bench.reads import asked_of, signed_in
from consortium.models import Person
from referrals.models import Referral
from schema.keyset import cursor
from schema.worklist import ORDERS
from tests.live.server import database_url

MARKS = {"page": 1.2, "rows": 1.3}
DEEP = LIST.format("", "", NODES)
OPEN = LIST.format(", open: true", "totalCount", NODES)


def places(pages: int) -> tuple[str, int, str]:
    """Where this process's database is, how many pages inside the deep page begins, and its cursor."""
    hospital = Person.objects.get(username="office").roles.get().hospital_id
    rows = Referral.objects.filter(performer_hospital=hospital, sent_at__isnull=False).order_by("-id")
    seen = rows.count() // 2  # what was closed a year ago is seen no more
    page = min(pages, max(1, seen // 20 - 1))
    return database_url(), page, cursor(ORDERS["NEWEST"], rows[20 * (page - 1)])


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="refnet bench growth")
    parser.add_argument("--rows", type=int, default=10_000, help="referrals; and ten times as many")
    parser.add_argument("--rounds", type=int, default=100, help="requests of each kind")
    parser.add_argument("--pages", type=int, default=5000, help="the page deep inside, or the last if there are fewer")
    options = parser.parse_args(arguments)
    before = machine.busy()
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        kinds: dict[str, Asked] = {}
        empty = connections["default"].settings_dict["NAME"]
        for rows in (options.rows, 10 * options.rows):
            loading.use(rows, of=empty)
            url, page, after = places(options.pages)
            connections.close_all()
            port = stack.enter_context(server(ours_on, DATABASE_URL=url, REFNET_DATABASE_ROLE="refnet_app"))
            headers = signed_in(port)
            kinds[f"{rows} rows, the open worklist"] = asked_of(port, OPEN, {}, headers)
            kinds[f"{rows} rows, page 1"] = asked_of(port, DEEP, {}, headers)
            kinds[f"{rows} rows, deep inside (page {page})"] = asked_of(port, DEEP, {"after": after}, headers)
        lines = {name: Line(asked.port) for name, asked in kinds.items()}
        taken: dict[str, list[float]] = {name: [] for name in kinds}
        for turn in range(options.rounds + 10):
            for name, asked in kinds.items():
                took = latencies(lines[name], [asked], 1)
                if turn >= 10:  # warm by then
                    taken[name] += took
    medians = {name: round(statistics.median(each) * 1e3, 2) for name, each in taken.items()}
    small, large = list(medians.items())[:3], list(medians.items())[3:]
    bars = {
        f"{large[2][0]} / page 1": (large[2][1] / large[1][1], MARKS["page"]),
        "open worklist, 10 N / N": (large[0][1] / small[0][1], MARKS["rows"]),
        "page 1, 10 N / N": (large[1][1] / small[1][1], MARKS["rows"]),
        "deep page, 10 N / N": (large[2][1] / small[2][1], MARKS["rows"]),
    }
    print()
    results.table(["request", "median ms"], [[name, f"{each:.2f}"] for name, each in medians.items()])
    results.table(["ratio", "is", "mark"], [[name, f"{is_:.2f}", f"{mark}"] for name, (is_, mark) in bars.items()])
    found = {"rows": options.rows, "machine": machine.described(before), "median_ms": medians}
    found["ratios"] = {name: round(is_, 2) for name, (is_, _mark) in bars.items()}
    print(f"  the machine: {found['machine']}")
    results.keep(f"growth-{options.rows}", found, bars, f"{options.rows} referrals and ten times as many")


if __name__ == "__main__":
    main()
