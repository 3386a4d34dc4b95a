"""The measurement itself: three servers, one client, the three kinds of request taking turns."""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.utils import timezone
from openslide import OpenSlide
from openslide.deepzoom import DeepZoomGenerator

from bench.over_http import example
from schema import ids
from telemedicine import tiles
from telemedicine.models import SlideImage, Status, UploadState
from telemedicine.uploads.announce import announce_upload
from telemedicine.uploads.check import check_next
from telemedicine.uploads.receive import receive_piece
from tests.edge.client import as_role
from tests.slides.lab import LAB, PATHOLOGIST, glass, lab_case
from tests.slides.server import PATIENCE, ROOT, free_port
from tests.world import World

LINES, ROUNDS = 4, 3  # connections that ask at the same time, and turns of each kind
PLACES = 400
MARKS = {"throughput": 5, "p95": 3}
OURS, ZOOM, FILE = "ours: session, grant, stored tile", "OpenSlide's example server", "a plain file"


@dataclass
class Kind:
    """One kind of request: where, what, with which headers; and what was measured of it."""

    port: int
    paths: list[str]
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.taken) / self.seconds

    @property
    def p95(self) -> float:
        """Seconds that 19 of 20 answers did not exceed."""
        return statistics.quantiles(self.taken, n=20)[-1]


def over_http(path: Path, seconds: float) -> tuple[float, float]:
    """Measure for about so many seconds; print and return throughput against DeepZoom, and p95 against a file."""
    world = World.make()
    image = kept(world, path)
    reader = as_role(world, "province", PATHOLOGIST)
    cookies = {settings.SESSION_COOKIE_NAME: reader.client.cookies[settings.SESSION_COOKIE_NAME].value}
    shown = tiles.opened.get(image.pk)
    plain = Path(settings.MEDIA_ROOT) / "plain.jpeg"
    plain.write_bytes(shown.tile(0, 0, 0)[0])
    with OpenSlide(path) as opened:
        zoom = DeepZoomGenerator(opened, tile_size=254, overlap=1, limit_bounds=True)
        theirs = zoom.level_count - 1, zoom.level_tiles[-1]
    with (
        server(ours_on) as ours,
        server(lambda port: example.command(path, port)) as zooming,
        server(file_on, REFNET_BENCH_FILE=str(plain)) as reading,
    ):
        at = f"/slides/{ids.encode('SlideImage', image.pk)}"
        cookies |= granted(ours, f"{at}/info", cookies)
        full = shown.levels[0]
        kinds = {
            OURS: Kind(ours, places(f"{at}/tiles/0/{{}}_{{}}", full.columns, full.rows), as_header(cookies)),
            ZOOM: Kind(zooming, places(f"/slide_files/{theirs[0]}/{{}}_{{}}.jpeg", *theirs[1])),
            FILE: Kind(reading, ["/file"]),
        }
        for _turn in range(ROUNDS):
            for kind in kinds.values():
                ask(kind, seconds / ROUNDS / len(kinds))
    return told(kinds)


def kept(world: World, path: Path) -> SlideImage:
    """The slide as a lab's upload, received, checked and stored, its case before the provincial experts."""
    case, now, data = lab_case(world, Status.RETURNED), timezone.now(), path.read_bytes()
    by = world.actor("county", LAB)
    named: dict[str, Any] = {"name": path.name, "size": len(data), "sha256": sha256(data).hexdigest(), "metadata": ""}
    upload = announce_upload(by=by, slide=glass(case).pk, **named, now=now)
    receive_piece(by=by, id=upload.pk, offset=0, length=len(data), blocks=[data], now=now)
    checked = check_next(now=now)
    if checked is None or checked.state != UploadState.READY:
        raise RuntimeError(f"the slide was not taken: {checked and checked.refusal_code}")
    return SlideImage.objects.get(upload=upload)


def ours_on(port: int) -> list[str]:
    """How to start the service."""
    return [sys.executable, "-m", "consortium.serve", "--port", str(port)]


def file_on(port: int) -> list[str]:
    """How to start the plain file's server, the same as the service's."""
    return [*ours_on(port), "bench.over_http.reference:application"]


@contextmanager
def server(command: Callable[[int], list[str]], **known: str) -> Iterator[int]:
    """A server, answering while within; its port."""
    with started(command, **known) as (port, _process):
        yield port


@contextmanager
def started(command: Callable[[int], list[str]], **known: str) -> Iterator[tuple[int, int]]:
    """A server, answering while within; its port and the number of its process."""
    port = free_port()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command(port), cwd=ROOT, env=os.environ | known, stdout=said, stderr=said)
        try:
            end = time.monotonic() + PATIENCE
            while not answers(port):
                if process.poll() is not None or time.monotonic() > end:
                    said.seek(0)
                    raise RuntimeError(f"{command(port)[2]} did not start: {said.read().decode()[-2000:]}")
                time.sleep(0.1)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def answers(port: int) -> bool:
    """Whether anything answers there."""
    with suppress(OSError):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/file")
        line.getresponse().read()
        line.close()
        return True
    return False


def granted(port: int, path: str, cookies: dict[str, str]) -> dict[str, str]:
    """The cookie of a grant, asked for as the viewer does."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path, headers=as_header(cookies))
    answer = line.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    name, _equals, value = (answer.getheader("Set-Cookie") or "").partition(";")[0].partition("=")
    line.close()
    return {name: value}


def as_header(cookies: dict[str, str]) -> dict[str, str]:
    """Cookies as a browser sends them."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def places(pattern: str, columns: int, rows: int) -> list[str]:
    """The paths of tiles anywhere in a grid, the same in each run."""
    chance = Random(1)  # noqa: S311 (no secret)
    return [pattern.format(chance.randrange(columns), chance.randrange(rows)) for _ in range(PLACES)]


def ask(kind: Kind, seconds: float) -> None:
    """Ask over some lasting connections at once for so long, and add up what each answer took."""
    began = time.perf_counter()
    lines = [threading.Thread(target=one_line, args=(kind, number, began + seconds)) for number in range(LINES)]
    for line in lines:
        line.start()
    for line in lines:
        line.join()
    kind.seconds += time.perf_counter() - began


def one_line(kind: Kind, number: int, end: float) -> None:
    """Ask one thing after the other over one connection until it is time."""
    line = http.client.HTTPConnection("127.0.0.1", kind.port, timeout=30)
    while time.perf_counter() < end:
        path = kind.paths[number % len(kind.paths)]
        began = time.perf_counter()
        line.request("GET", path, headers=kind.headers)
        answer = line.getresponse()
        data = answer.read()
        kind.taken.append(time.perf_counter() - began)
        if answer.status != 200 or data[:2] != b"\xff\xd8":
            raise RuntimeError(f"{path} answered {answer.status}")
        number += LINES
    line.close()


def told(kinds: dict[str, Kind]) -> tuple[float, float]:
    """Print what was measured, and give the two ratios."""
    print(f"\n  over HTTP, {LINES} connections, two processes of uvicorn; the example as it comes")
    for name, kind in kinds.items():
        median = statistics.median(kind.taken)
        print(f"    {name:<34} {kind.rate:>7.0f}/s  median {median * 1e3:>6.2f} ms  p95 {kind.p95 * 1e3:>6.2f} ms")
    throughput, late = kinds[OURS].rate / kinds[ZOOM].rate, kinds[OURS].p95 / kinds[FILE].p95
    print(f"    throughput {throughput:.1f} x the example's (mark: at least {MARKS['throughput']})")
    print(f"    p95 {late:.1f} x a plain file's (mark: at most {MARKS['p95']})")
    return throughput, late
