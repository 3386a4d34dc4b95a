"""What else the machine was doing, as a ratio of the same run bears it and a figure does not; what a server uses."""

import os
import platform
import time
from pathlib import Path

STAT = Path("/proc/stat")


def busy() -> float | None:
    """The share of the processors that something uses, over half a second; unknown without /proc."""
    before = _ticks()
    time.sleep(0.5)
    after = _ticks()
    if before is None or after is None:
        return None
    idle, total = after[0] - before[0], after[1] - before[1]
    return 1 - idle / total if total else None


def _ticks() -> tuple[int, int] | None:
    if not STAT.exists():
        return None
    fields = [int(field) for field in STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def described(before: float | None) -> dict[str, object]:
    """What to write beside figures; `before` is how busy it was before we began."""
    return {
        "processors": os.cpu_count(),
        "busy_before": None if before is None else round(before, 2),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def family(process: int) -> list[int]:
    """A process and all below it, where /proc tells."""
    found = [process]
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        for child in tasks.read_text().split():
            found += family(int(child))
    return found


def used(process: int) -> float | None:
    """The seconds of processor that a server's threads have used so far; unknown without /proc."""
    try:
        tasks = [task for one in family(process) for task in Path(f"/proc/{one}/task").glob("*/schedstat")]
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9 if tasks else None
    except OSError:
        return None


def memory(process: int) -> float | None:
    """The mebibytes that the largest process of a server holds; unknown without /proc."""
    try:
        texts = [Path(f"/proc/{one}/status").read_text() for one in family(process)]
    except OSError:
        return None
    return max(int(text.partition("VmRSS:")[2].split()[0]) for text in texts) / 1024
