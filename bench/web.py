"""The worklist in a real browser: its first load on a slow line, and the wait from a click to its answer.

`./refnet bench web [--rounds N] [--rows N]`; needs Chromium and the built pages. The marks of the design stand beside
the figures and nothing is asserted: browser, server and database share this machine. The reference is the line itself:
the time that it needs for these bytes and one round trip, which no page can beat.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from referrals.models import Referral, Status
from tests.browser import installed, told
from tests.edge.client import gid
from tests.edge.many import copies
from tests.live.server import running
from tests.world import EXPERT, World

LINE = {"down": 1_600_000, "up": 750_000, "latency": 150}  # bit/s, bit/s, ms
MARKS = {"seconds": 2.0, "bytes": 150_000, "requests": 8, "step": 0.1}
PASSWORD = "a-long-enough-secret"  # noqa: S105 - of somebody who exists in this measurement alone


def inbox(world: World, rows: int, steps: int) -> list[Referral]:
    """Referrals that wait for the provincial expert: so many to be seen, and the newest few to be claimed."""
    first = world.referral(Status.SENT)
    copies(first, [{}] * (rows - steps - 1))
    return [world.referral(Status.SENT) for _ in range(steps)]


def walked(folder: Path, **given: Any) -> dict[str, Any]:
    """What the script beside this file tells."""
    node, _script = installed(folder, "app.mjs")
    shutil.copy(Path(__file__).with_suffix(".mjs"), folder)
    return told([node, str(folder / "web.mjs")], given | {"shots": "", "patience": 60_000}, seconds=1200)


def show_loads(name: str, loads: list[dict[str, float]]) -> None:
    """Print what the loads of one kind cost, beside the marks and what the line alone would need."""
    seconds = [one["seconds"] for one in loads]
    size, requests = max(one["bytes"] for one in loads), max(one["requests"] for one in loads)
    least = size * 8 / LINE["down"] + LINE["latency"] / 1000
    median, slowest = statistics.median(seconds), max(seconds)
    print(f"  {name}: usable after {median:.2f} s, at most {slowest:.2f} (mark {MARKS['seconds']})")
    print(f"    {size / 1000:.1f} kB (mark {MARKS['bytes'] // 1000}) in {requests} requests (mark {MARKS['requests']})")
    print(f"    the line alone needs {least:.2f} s for that")


def show_clicks(name: str, clicks: list[dict[str, float]]) -> None:
    """Print how long one kind of click waited, and how much of that passed until the server's answer was there."""
    whole, server = ([one[part] * 1000 for one in clicks] for part in ("whole", "server"))
    own = [one - waited for one, waited in zip(whole, server, strict=True)]
    print(
        f"  {name}: {statistics.median(whole):.0f} ms, at most {max(whole):.0f};"
        f" of it {statistics.median(server):.0f} ms for the server's answer"
        f" and {statistics.median(own):.0f} ms our own (mark of a step {MARKS['step'] * 1000:.0f})"
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="refnet bench web")
    parser.add_argument("--rounds", type=int, default=5, help="loads of each kind")
    parser.add_argument("--rows", type=int, default=300, help="referrals in the list")
    parser.add_argument("--steps", type=int, default=10, help="of them opened and claimed")
    options = parser.parse_args(arguments)
    world = World.make()
    waiting = inbox(world, options.rows, options.steps)
    expert = world.people["province", EXPERT, 1]
    expert.set_password(PASSWORD)
    expert.save()
    with running() as server, tempfile.TemporaryDirectory(prefix="refnet-bench-") as folder:
        found = walked(
            Path(folder),
            base=server.url,
            line=LINE,
            rounds=options.rounds,
            expert={"username": expert.username, "password": PASSWORD},
            referrals=[{"id": gid(one), "number": one.number} for one in waiting],
        )
    print(f"\n  the worklist of {options.rows} referrals at {LINE['down'] / 1e6} Mbit/s and {LINE['latency']} ms")
    show_loads("cold", found["cold"])
    show_loads("warm", found["warm"])
    print("\n  from the click to the screen, line unthrottled")
    show_clicks("opening a preview", found["preview"])
    show_clicks("claiming", found["step"])


if __name__ == "__main__":
    main()
