"""Web servers side by side, each as it would be deployed: the same requests, in turn, as ratios to the first of them.

`./refnet bench serving [--rows N] [--rounds N] [--seconds N]`. Two processes each. A page of the worklist, an operation
that reads nothing, and `/livez`, which never leaves the event loop: what the server itself costs. Beside the clock
stands what the server's processes used of the processor for each request, which other work on the machine moves least,
and their memory. What is not installed is left out, and said. Nothing is asserted by the clock.
"""

import argparse
import importlib.util
import os
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from bench.limit import machine, results
from bench.limit.client import Asked, Line, latencies, throughput
from bench.limit.statements import READS
from bench.network import loading
from bench.over_http.measure import started
from bench.reads import asked_of, signed_in
from tests.live.server import database_url

CLIENTS, WORKERS, TURNS, BLOCKS = 8, 2, 4, 10
LIST, NOTHING, LIVE = "worklist", "{ __typename }", "/livez"
TICKS = os.sysconf("SC_CLK_TCK")
HERE = ["-m", "consortium.serve", "--workers", str(WORKERS), "--port"]
GUNICORN = ["-m", "gunicorn", "--workers", str(WORKERS), "--keep-alive", "5", "--log-level", "warning"]
GRANIAN = ["-m", "granian", "--workers", str(WORKERS), "--interface", "asgi", "--no-ws", "--log-level", "warning"]
ASGI, WSGI = "consortium.asgi:application", "consortium.wsgi:application"


def ours(http: str, loop: str) -> list[str]:
    """Our own way to begin uvicorn."""
    return [*HERE, "{port}", "--http", http, "--loop", loop]


def gunicorn(worker: str, application: str, *more: str) -> list[str]:
    """Gunicorn with a kind of worker."""
    return [*GUNICORN, "--worker-class", worker, "--bind", "127.0.0.1:{port}", *more, application]


def granian(loop: str) -> list[str]:
    """Granian on an event loop."""
    return [*GRANIAN, "--host", "127.0.0.1", "--port", "{port}", "--loop", loop, ASGI]


# The packages that each needs, and how it is begun. The last has no streams and no lanes: a bound, not a candidate.
CANDIDATES: dict[str, tuple[list[str], list[str]]] = {
    "uvicorn, h11, asyncio": ([], ours("h11", "asyncio")),
    "uvicorn, httptools, asyncio": (["httptools"], ours("httptools", "asyncio")),
    "uvicorn, httptools, uvloop": (["httptools", "uvloop"], ours("httptools", "uvloop")),
    "granian, asyncio": (["granian"], granian("asyncio")),
    "granian, uvloop": (["granian", "uvloop"], granian("uvloop")),
    "gunicorn, uvicorn's worker": (["gunicorn", "uvicorn_worker"], gunicorn("uvicorn_worker.UvicornWorker", ASGI)),
    "gunicorn, gthread (no streams)": (["gunicorn"], gunicorn("gthread", WSGI, "--threads", str(settings.WEB_THREADS))),
}


@dataclass
class Measured:
    """What was seen of one kind of request at one server."""

    asked: list[Asked]
    taken: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # milliseconds for each request


def family(process: int) -> list[int]:
    """A process and all below it, where /proc tells."""
    found = [process]
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        for child in tasks.read_text().split():
            found += family(int(child))
    return found


def used(process: int) -> float | None:
    """The seconds of processor that a server has used so far; unknown without /proc."""
    try:
        texts = [Path(f"/proc/{one}/stat").read_text() for one in family(process)]
    except OSError:
        return None
    return sum(sum(map(int, text.rpartition(")")[2].split()[11:13])) for text in texts) / TICKS


def memory(process: int) -> float | None:
    """The mebibytes that the largest process of a server holds; unknown without /proc."""
    try:
        texts = [Path(f"/proc/{one}/status").read_text() for one in family(process)]
    except OSError:
        return None
    return max(int(text.partition("VmRSS:")[2].split()[0]) for text in texts) / 1024


def kinds_of(port: int, headers: dict[str, str]) -> dict[str, Measured]:
    """The requests that a server answers."""
    found = {
        LIST: asked_of(port, READS[LIST].document, {}, headers),
        NOTHING: asked_of(port, NOTHING, {}, headers),
        LIVE: Asked.of(port, LIVE, b"", {}),
    }
    line, kept = Line(port), {}
    for kind, asked in found.items():
        try:
            line.ask(asked)
        except RuntimeError:  # /livez is answered before WSGI
            continue
        kept[kind] = Measured([asked])
    return kept


def hurry(one: Measured, process: int, seconds: float) -> None:
    """Eight clients for so long."""
    before = used(process)
    one.rates.append(throughput(one.asked, clients=CLIENTS, seconds=seconds))
    after = used(process)
    if before is not None and after is not None:
        one.processor.append((after - before) / (one.rates[-1] * seconds) * 1e3)


def measured(rounds: int, seconds: float) -> dict[str, Any]:
    """Every server that is installed, taking turns."""
    connections.close_all()
    ends = {"DATABASE_URL": database_url(), "REFNET_DATABASE_ROLE": "refnet_app"}
    with ExitStack() as stack:
        servers: dict[str, tuple[int, int]] = {}
        for name, (packages, words) in CANDIDATES.items():
            if missing := [one for one in packages if importlib.util.find_spec(one) is None]:
                print(f"  LEFT OUT: {name}: not installed: {', '.join(missing)}", flush=True)
                continue
            servers[name] = stack.enter_context(
                started(lambda port, words=words: [sys.executable, *(w.format(port=port) for w in words)], **ends)  # type: ignore[misc]
            )
        headers = signed_in(next(iter(servers.values()))[0])
        seen = {name: kinds_of(port, headers) for name, (port, _process) in servers.items()}
        hold_equal(seen)
        for kind in (LIST, NOTHING, LIVE):
            turns(kind, seen, servers, rounds, seconds)
            print(f"  {kind}", flush=True)
        sizes = {name: memory(process) for name, (_port, process) in servers.items()}
    return {
        name: {kind: summed(one) for kind, one in kinds.items()} | {"largest_process_mib": sizes[name]}
        for name, kinds in seen.items()
    }


def hold_equal(seen: dict[str, dict[str, Measured]]) -> None:
    """End unless all say the same."""
    answers = {name: Line(kinds[LIST].asked[0].port).ask(kinds[LIST].asked[0]) for name, kinds in seen.items()}
    if len(set(answers.values())) != 1 or b'"nodes"' not in next(iter(answers.values())):
        sys.exit(f"the answers differ: {answers}")


def turns(
    kind: str, seen: dict[str, dict[str, Measured]], servers: dict[str, tuple[int, int]], rounds: int, seconds: float
) -> None:
    """One kind of request at every server, one client and then eight, each turn beginning with another server."""
    there = [(kinds[kind], servers[name]) for name, kinds in seen.items() if kind in kinds]
    lines = [Line(port) for _one, (port, _process) in there]
    for line, (one, _where) in zip(lines, there, strict=True):
        latencies(line, one.asked, 20)  # warm
    for _ in range(BLOCKS):
        for line, (one, _where) in zip(lines, there, strict=True):
            one.taken += latencies(line, one.asked, max(1, rounds // BLOCKS))
    for turn in range(TURNS if seconds else 0):
        for one, (_port, process) in there[turn % len(there) :] + there[: turn % len(there)]:
            hurry(one, process, seconds / TURNS)


def summed(one: Measured) -> dict[str, float | None]:
    """The figures of one kind at one server."""
    return {
        "median_ms": round(statistics.median(one.taken) * 1e3, 3),
        "per_second": round(statistics.median(one.rates), 1) if one.rates else None,
        "processor_ms": round(statistics.median(one.processor), 3) if one.processor else None,
    }


def against(found: dict[str, Any], name: str, kind: str, figure: str) -> float | None:
    """A figure as a ratio to the first server's."""
    first = found[next(iter(found))][kind][figure]
    own = found[name].get(kind, {}).get(figure)
    return round(own / first, 2) if own and first else None


def shown(found: dict[str, Any]) -> None:
    """The tables."""
    for kind in (LIST, NOTHING, LIVE):
        print(f"\n  {kind}: one client's median, answers a second to {CLIENTS}, processor for each; × the first")
        rows = []
        for name, kinds in found.items():
            cells = [name]
            for figure in ("median_ms", "per_second", "processor_ms"):
                own, ratio = kinds.get(kind, {}).get(figure), against(found, name, kind, figure)
                cells += ["–" if own is None else f"{own:.2f}", "–" if ratio is None else f"{ratio:.2f}"]
            rows.append([*cells, f"{kinds['largest_process_mib'] or 0:.0f}"])
        results.table(["server", "ms", "×", "a second", "×", "processor ms", "×", "MiB"], rows)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="refnet bench serving")
    parser.add_argument("--rows", type=int, default=20_000, help="referrals in the database")
    parser.add_argument("--rounds", type=int, default=200, help="requests of one client, of each kind")
    parser.add_argument("--seconds", type=float, default=8, help="of eight clients, of each kind; 0 for none")
    options = parser.parse_args(arguments)
    before = machine.busy()
    loading.use(options.rows)
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    found = measured(options.rounds, options.seconds)
    shown(found)
    told = {"rows": options.rows, "machine": machine.described(before), "servers": found}
    print(f"  the machine: {told['machine']}")
    figure = "processor_ms" if options.seconds and used(os.getpid()) is not None else "median_ms"
    bars = {name: (against(found, name, LIST, figure) or 0, 1.0) for name in found}
    results.keep("serving", told, bars, f"A page of the worklist: {figure} as a ratio to the first")


if __name__ == "__main__":
    main()
