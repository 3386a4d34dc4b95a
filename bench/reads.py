"""Reads through the real endpoint against SQL written by hand: median, p95, throughput, statements, in one run.

`./refnet bench reads [--rows N] [--rounds N] [--seconds N]`. Ours is the service as it is deployed: two processes, a
session that was signed in, both layers of access, the audit of reads. The limit is one prepared statement behind the
thinnest server. They take turns over the same rows, and answer the same. Ratios stand beside their marks; nothing is
asserted by the clock.
"""

import argparse
import json
import statistics
import sys
from typing import Any

from django.conf import settings
from django.db import connections

from bench.limit import machine, results
from bench.limit.client import Asked, Line, latencies, quantile, throughput
from bench.limit.statements import READS
from bench.network import loading
from bench.network.places import PASSWORD
from bench.over_http.measure import as_header, ours_on, server
from consortium.models import Hospital, Person
from referrals.models import NARROWED, Referral
from schema import ids
from schema.keyset import cursor
from schema.worklist import ORDERS
from tests.edge.client import Edge
from tests.edge.many import statements
from tests.live.server import database_url
from tests.walks.client import Person as Browser

MARKS = {"detail": 1.8}
MARK, THROUGHPUT, STATEMENTS = 1.6, 0.6, 3
PAGE = 5000
CLIENTS = 8
TURNS = 2
Given = tuple[dict[str, Any], list[str]]


def given(hospital: Hospital) -> dict[str, list[Given]]:
    """What each read is asked with: the variables of ours, and the parameters of the limit's."""
    place = str(hospital.pk)
    rows = Referral.objects.filter(performer_hospital=hospital, sent_at__isnull=False).order_by("-id")
    keys = list(rows.values_list("pk", flat=True)[: 20 * PAGE + 1])
    seen = rows.exclude(status__in=NARROWED)[:200]
    deep = keys[min(20 * (PAGE - 1), max(0, len(keys) // 2 - 40))]
    after = cursor(ORDERS["NEWEST"], Referral(pk=deep))
    return {
        "worklist": [({}, [place])],
        "worklist without count": [({}, [place])],
        "everything, counted to the cap": [({}, [place])],
        "a page deep inside": [({"after": after}, [place, str(deep)])],
        "detail": [({"id": ids.encode("Referral", row.pk)}, [place, str(row.pk)]) for row in seen],
    }


def signed_in(port: int) -> dict[str, str]:
    """The headers of the office's session, signed in as a browser does."""
    browser = Browser(f"http://127.0.0.1:{port}", "office", PASSWORD)
    cookies = {one.name: one.value or "" for one in browser.jar}
    return as_header(cookies) | {"X-CSRFToken": cookies[settings.CSRF_COOKIE_NAME]}


def asked_of(port: int, document: str, variables: dict[str, Any], headers: dict[str, str]) -> Asked:
    """An operation as it goes over the wire."""
    return Asked.of(port, "/graphql/", json.dumps({"query": document, "variables": variables}).encode(), headers)


def limit_on(port: int, database: str) -> list[str]:
    """How to start the limit's server."""
    return [sys.executable, "-m", "bench.limit.server", "--port", str(port), "--database", database]


def requests(
    name: str, what: list[Given], ours: int, limit: int, headers: dict[str, str]
) -> tuple[list[Asked], list[Asked]]:
    """The same read for both servers."""
    document = READS[name].document
    return [asked_of(ours, document, variables, headers) for variables, _parameters in what], [
        Asked.of(limit, f"/{name}".replace(" ", "%20"), json.dumps(each).encode(), {}) for _variables, each in what
    ]


def hold_equal(name: str, ours: bytes, limit: bytes) -> None:
    """End unless both said the same."""
    answer = json.loads(ours)
    (field,) = (answer.get("data") or {None: None}).values()
    if field is None or field != json.loads(limit):
        sys.exit(f"{name}: the answers differ\n  ours  {ours.decode()[:3000]}\n  limit {limit.decode()[:3000]}")


def compare(ours: list[Asked], limit: list[Asked], rounds: int, seconds: float) -> dict[str, Any]:
    """Latency of one client and throughput of eight, the two taking turns."""
    lines, taken = (Line(ours[0].port), Line(limit[0].port)), ([], [])  # type: tuple[Line, Line], tuple[list[float], list[float]]
    for line, asked in zip(lines, (ours, limit), strict=True):
        latencies(line, asked, 10)  # warm
    for _ in range(10):
        for line, asked, kept in zip(lines, (ours, limit), taken, strict=True):
            kept += latencies(line, asked, max(1, rounds // 10))
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS if seconds else 0):
        for asked, rate in zip((ours, limit), rates, strict=True):
            rate.append(throughput(asked, clients=CLIENTS, seconds=seconds / TURNS / 2))
    found: dict[str, Any] = {}
    for who, kept, rate in zip(("ours", "limit"), taken, rates, strict=True):
        found[who] = {
            "median_ms": round(statistics.median(kept) * 1e3, 3),
            "p95_ms": round(quantile(kept, 0.95) * 1e3, 3),
            "per_second": round(statistics.mean(rate), 1) if rate else None,
        }
    found["ratio"] = round(statistics.median(taken[0]) / statistics.median(taken[1]), 2)
    found["throughput"] = round(statistics.mean(rates[0]) / statistics.mean(rates[1]), 2) if seconds else None
    return found


def counted(document: str, variables: dict[str, Any]) -> int:
    """How many statements a read takes, all of the request."""
    edge = Edge(Person.objects.get(username="office"))
    edge.data(document, **variables)
    return len(statements(lambda: edge.data(document, **variables)))


def measured(rounds: int, seconds: float) -> dict[str, Any]:
    """Every read, against both servers."""
    hospital = Hospital.objects.get(pk=Person.objects.get(username="office").roles.get().hospital_id)
    what = given(hospital)
    url = database_url()
    ends = {"DATABASE_URL": url, "REFNET_DATABASE_ROLE": "refnet_app"}
    connections.close_all()
    found = {}
    with server(ours_on, **ends) as ours, server(lambda port: limit_on(port, url)) as limit:
        headers = signed_in(ours)
        pairs = {name: requests(name, each, ours, limit, headers) for name, each in what.items()}
        lines = Line(ours), Line(limit)
        for name, pair in pairs.items():
            for one, other in zip(pair[0][:20], pair[1][:20], strict=True):
                hold_equal(name, lines[0].ask(one), lines[1].ask(other))
        for name, (each, pair) in zip(what, zip(what.values(), pairs.values(), strict=True), strict=True):
            found[name] = compare(*pair, rounds, seconds) | {"statements": counted(READS[name].document, each[0][0])}
            print(f"  {name}", flush=True)
    return found


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="refnet bench reads")
    parser.add_argument("--rows", type=int, default=100_000, help="referrals in the database")
    parser.add_argument("--rounds", type=int, default=200, help="requests of one client, of each kind")
    parser.add_argument("--seconds", type=float, default=8, help="of eight clients, of each kind; 0 for none")
    options = parser.parse_args(arguments)
    before = machine.busy()
    loading.use(options.rows)
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    found = measured(options.rounds, options.seconds)
    print(f"\n  {options.rows} referrals; one client, then {CLIENTS}; ours in turn with the limit")
    results.table(
        ["read", "ours ms", "p95", "limit ms", "p95", "ratio", "mark", "ours/s", "limit/s", "ratio", "statements"],
        [
            [
                name,
                f"{each['ours']['median_ms']:.2f}",
                f"{each['ours']['p95_ms']:.2f}",
                f"{each['limit']['median_ms']:.2f}",
                f"{each['limit']['p95_ms']:.2f}",
                f"{each['ratio']:.2f}",
                f"{MARKS.get(name, MARK)}",
                f"{each['ours']['per_second'] or 0:.0f}",
                f"{each['limit']['per_second'] or 0:.0f}",
                f"{each['throughput'] or 0:.2f}",
                f"{each['statements']}",
            ]
            for name, each in found.items()
        ],
    )
    print(f"  marks: throughput at least {THROUGHPUT} of the limit, at most {STATEMENTS} statements a read")
    told = {"rows": options.rows, "machine": machine.described(before), "reads": found}
    print(f"  the machine: {told['machine']}")
    bars = {name: (each["ratio"], MARKS.get(name, MARK)) for name, each in found.items()}
    results.keep(f"reads-{options.rows}", told, bars, f"{options.rows} referrals: times the limit, one client")


if __name__ == "__main__":
    main()
