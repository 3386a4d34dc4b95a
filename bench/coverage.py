"""The figures of an alliance, summed from the roll-up, against counting every leg, and against SQL written by hand.

`./refnet bench coverage [--rows N] [--rounds N]`. The flow matrix of 90 days, a year and all, each
in turn with its references over the same rows; all must say the same. Nothing is asserted by the clock.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Hashable
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from bench.limit import machine, results
from bench.network import loading
from bench.network.places import ALLIANCE
from consortium import access, moment
from consortium.access import Actor
from consortium.database.acting import acting, reporting
from consortium.models import Person
from referrals.coverage import Grouping, coverage
from referrals.figures import Scope, scope

MARK = 0.1  # times counting: the design asks for an order of magnitude
FLOWS = """
select requester_hospital_id, performer_hospital_id, count(*) from referrals_referral
where sent_at >= %s and sent_at < %s and status <> 'ENTERED_IN_ERROR' and performer_hospital_id is not null
group by 1, 2
"""


def of_period(by: Actor, days: int) -> Scope:
    """The alliance's figures over so many days until yesterday."""
    until = timezone.localdate() - timedelta(days=1)
    return scope(by, alliance=ALLIANCE, capability=None, since=until - timedelta(days=days - 1), until=until)


def summed(by: Actor, days: int) -> dict[Hashable, int]:
    """The flow matrix from the roll-up."""
    pairs = of_period(by, days).sums().values_list("requester_hospital", "performer_hospital")
    return {(start, end): count for start, end, count in pairs.annotate(count=Sum("sent")).filter(count__gt=0)}


def counted(by: Actor, days: int) -> dict[Hashable, int]:
    """The same by counting legs under the same rights."""
    pairs = of_period(by, days).legs().values_list("requester_hospital", "performer_hospital")
    return {(start, end): count for start, end, count in pairs.annotate(count=Count("pk"))}


def by_hand(by: Actor, days: int) -> dict[Hashable, int]:
    """The same by one statement of somebody who needs no rights and knows that all are members."""
    over = of_period(by, days)
    with connection.cursor() as cursor:
        cursor.execute(FLOWS, [midnight(over.since), midnight(over.until + timedelta(days=1))])
        return {(start, end): count for start, end, count in cursor.fetchall()}


def midnight(day: date) -> Any:
    """When a day begins in the network's zone."""
    return timezone.make_aware(timezone.datetime(day.year, day.month, day.day))  # type: ignore[attr-defined]


def taken(work: Callable[[], Any]) -> tuple[float, Any]:
    """The milliseconds of a piece of work, and what came of it."""
    began = time.perf_counter()
    found = work()
    return (time.perf_counter() - began) * 1e3, found


def compare(by: Actor, days: int, rounds: int) -> dict[str, Any]:
    """The three ways in turn; ends if they differ."""
    times: dict[str, list[float]] = {"summed": [], "counted": [], "by hand": []}
    for _ in range(rounds + 1):
        with acting(by), reporting():
            times["summed"].append((one := taken(lambda: summed(by, days)))[0])
            times["counted"].append((two := taken(lambda: counted(by, days)))[0])
        times["by hand"].append((three := taken(lambda: by_hand(by, days)))[0])
        if not one[1] == two[1] == three[1]:
            sys.exit(f"the flows of {days} days differ")
    found: dict[str, Any] = {f"{name}_ms": round(statistics.median(each[1:]), 2) for name, each in times.items()}
    found["ratio"] = round(found["summed_ms"] / found["by hand_ms"], 3)
    return found | {"pairs": len(one[1])}


def whole(by: Actor, rounds: int) -> float:
    """The median milliseconds of everything that the page of a year's coverage shows."""
    over = of_period(by, 365)
    asked = {"alliance": ALLIANCE, "capability": None, "since": over.since, "until": over.until}
    times = []
    for _ in range(rounds):
        with acting(by):
            times.append(
                taken(lambda: coverage(by=by, **asked, grouping=Grouping.PREFECTURE, now=moment.now()))[0]  # type: ignore[arg-type]
            )
    return round(statistics.median(times), 1)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="refnet bench coverage")
    parser.add_argument("--rows", type=int, default=100_000, help="referrals in the database")
    parser.add_argument("--rounds", type=int, default=20, help="of each kind")
    options = parser.parse_args(arguments)
    before = machine.busy()
    loading.use(options.rows)
    by = access.actor(Person.objects.get(username="alliance"), now=moment.now())
    found = {f"flows of {days} days": compare(by, days, options.rounds) for days in (90, 365, 700)}
    print(f"\n  {options.rows} referrals; the flow matrix by hospital, three ways in turn")
    results.table(
        ["figures", "summed ms", "counted ms", "by hand ms", "summed / by hand", "pairs"],
        [
            [
                name,
                *(f"{each[f'{way}_ms']:.2f}" for way in ("summed", "counted", "by hand")),
                f"{each['ratio']:.3f}",
                f"{each['pairs']}",
            ]
            for name, each in found.items()
        ],
    )
    page = whole(by, max(3, options.rounds // 4))
    print(f"  a year's coverage as its page shows it: {page} ms")
    told = {"rows": options.rows, "machine": machine.described(before), "flows": found, "year_ms": page}
    print(f"  the machine: {told['machine']}")
    bars = {name: (each["ratio"], MARK) for name, each in found.items()}
    results.keep(f"coverage-{options.rows}", told, bars, f"{options.rows} referrals: times counting by hand")


if __name__ == "__main__":
    main()
