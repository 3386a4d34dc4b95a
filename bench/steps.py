"""Accepting a referral: the whole transaction, from taking the key to the commit, against the same one written by hand.

`./refnet bench steps [--rounds N] [--rows N] [--json FILE]`. Both take turns in the same run, each on a referral of its
own, in the same database, as the application's role and under the same policies and triggers, and leave the same rows,
which is checked before anything is measured. By hand means: psycopg2 alone, as few statements as ours, nothing looked
up that the benchmark knows. Prints medians, the ratio beside its mark, and the statements; the clock is not asserted.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext, setup_test_environment

from bench.by_hand.accept import STATEMENTS, Hand
from consortium import idempotency, patience
from consortium.database import prepared
from consortium.database.acting import acting
from consortium.models import Capability, ClockRun
from consortium.roles import Role
from referrals.actions import accept_referral
from referrals.models import Referral, Status
from schema.views import gate
from tests.edge.client import Edge, step
from tests.edge.many import copied, copies
from tests.world import NOW, World

MARK = 2.0
ANSWER = {"document": "0" * 64, "full": True, "data": '{"acceptReferral": {"errors": []}}'}
_keys = count(1)


def legs(world: World, wanted: int) -> Iterator[Referral]:
    """So many referrals that wait for an answer, each with its trail and its running limit."""
    first = world.referral(Status.SENT)
    Capability.objects.filter(pk=world.picu.pk).update(beds_total=30_000, beds_free=30_000)
    runs = list(ClockRun.objects.filter(subject_id=first.pk))
    made = copies(first, [{}] * wanted)
    ClockRun.objects.bulk_create(copied(run, subject_id=leg.pk, thread_id=leg.case_id) for leg in made for run in runs)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return iter(made)


def ours(world: World, leg: Referral) -> None:
    """The transaction as the endpoint makes it, without the reading of the payload."""
    by, key = world.actor("province", Role.EXPERT), f"ours-{next(_keys)}"
    with acting(by, also=patience.settings_of_a_transaction() | prepared.PLANNING):
        assert by.person is not None  # noqa: S101 - an expert
        idempotency.claim(by.person, key, idempotency.fingerprint("AcceptReferral", {"id": str(leg.pk)}))
        accept_referral(by=by, id=leg.pk, expected_version=leg.version, now=NOW)
        idempotency.remember(by.person, key, answer=ANSWER, subject_id=str(leg.pk))


def effects(leg: Referral) -> dict[str, list[Any]]:
    """What a step left, without the keys and the request that are each one's own."""
    asked = {
        "leg": "select to_jsonb(r) from referrals_referral r where id = %s",
        "runs": "select to_jsonb(r) from consortium_clockrun r where subject_id = %s order by kind, turn",
        "events": "select to_jsonb(e) from consortium_event e where subject_id = %s order by id",
        "audit": "select to_jsonb(a) from consortium_auditentry a"
        " where object_id = %s::text and action = 'accept_referral'",
        "links": "select jsonb_build_object('chain', l.chain) from consortium_auditlink l join consortium_auditentry a"
        " on a.id = l.entry_id where a.object_id = %s::text and a.action = 'accept_referral'",
        "notices": "select to_jsonb(n) from consortium_notice n join consortium_event e on e.id = n.event_id"
        " where e.subject_id = %s and e.kind = 'accept_referral' order by person_id",
        "deliveries": "select to_jsonb(d) from consortium_delivery d join consortium_event e on e.id = d.event_id"
        " where e.subject_id = %s and e.kind = 'accept_referral' order by d.channel, d.address",
        "keys": "select to_jsonb(k) from consortium_idempotencykey k where subject_id = %s::text",
    }
    own = {"id", "number", "case_id", "clinical_id", "thread_id", "subject_id", "object_id", "event_id", "notice_id"}
    own |= {"tx", "request_id", "patient_id", "key", "fingerprint", "text"}
    found: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        for name, statement in asked.items():
            cursor.execute(statement, [leg.pk])
            rows = [json.loads(row) if isinstance(row, str) else row for (row,) in cursor.fetchall()]
            found[name] = [{key: value for key, value in row.items() if key not in own} for row in rows]
            for row in found[name] if name == "keys" else ():
                row.pop("created_at")  # by the machine's clock
    return found


def taken(call: Callable[[], Any]) -> float:
    """The milliseconds that a call takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def compared(ways: dict[str, Callable[[Referral], Any]], rows: Iterator[Referral], rounds: int) -> dict[str, Any]:
    """The milliseconds of each way, taken in turn so that a busy machine is busy for all."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds + 10):
        turned = names[number % len(names) :] + names[: number % len(names)]
        for name in turned:
            leg = next(rows)
            took = taken(lambda name=name, leg=leg: ways[name](leg))  # type: ignore[misc]
            if number >= 10:  # warm by then
                found[name].append(took)
    return {
        name: {"median": statistics.median(times), "p95": statistics.quantiles(times, n=20)[-1]}
        for name, times in found.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="refnet bench steps")
    parser.add_argument("--rounds", type=int, default=200, help="referrals accepted in each way")
    parser.add_argument("--rows", type=int, default=2000, help="other referrals that wait")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args(arguments)
    setup_test_environment()
    settings.ALLOWED_HOSTS = ["testserver"]
    gate.moment = type("Clock", (), {"now": staticmethod(lambda: NOW)})  # type: ignore[assignment]
    world = World.make()
    rows = legs(world, 5 * (options.rounds + 12) + options.rows)
    edge = Edge(world.people["province", Role.EXPERT, 1])
    person = world.people["province", Role.EXPERT, 1].pk
    hand, planned, free = Hand(person, NOW), Hand(person, NOW, planned=True), Hand(person, NOW, role="none")
    one, other = next(rows), next(rows)
    world.actor("province", Role.EXPERT)  # read once, before anything is counted
    with CaptureQueriesContext(connection) as queries:
        ours(world, one)
    statements = sum(not query["sql"].startswith(("BEGIN", "COMMIT")) for query in queries)
    hand.accept(other, ANSWER)
    if effects(one) != effects(other):
        raise SystemExit(f"the two do not leave the same:\n{effects(one)}\n{effects(other)}")
    ways = {
        "by hand, under the policies": lambda leg: hand.accept(leg, ANSWER),
        "by hand, and prepared": lambda leg: planned.accept(leg, ANSWER),
        "by hand, as the owner, whom no policy binds": lambda leg: free.accept(leg, ANSWER),
        "ours, the transaction": lambda leg: ours(world, leg),
        "ours, the whole request": lambda leg: edge.done("acceptReferral", "referral { id version }", **step(leg)),
    }
    load, figures = os.getloadavg()[0], compared(ways, rows, options.rounds)
    base = figures["by hand, under the policies"]["median"]
    print(f"\n  {options.rounds} referrals accepted in each way, in turn; load of the machine {load:.1f}")
    for name, took in figures.items():
        print(f"  {name}: median {took['median']:.2f} ms, p95 {took['p95']:.2f} ms, × {took['median'] / base:.2f}")
    print(f"  {statements} statements, of which the first says who acts; by hand {STATEMENTS}; mark × {MARK}")
    if options.json:
        options.json.write_text(json.dumps({"load": load, "statements": statements, "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
