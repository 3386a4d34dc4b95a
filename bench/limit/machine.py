"""What else the machine was doing: a ratio of the same run bears it, an absolute figure does not."""

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
