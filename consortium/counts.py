"""What a process counts of its own work since it began; `/livez` tells it."""

from collections import Counter
from threading import Lock

COUNTS: Counter[str] = Counter()
_lock = Lock()


def count(name: str) -> None:
    """One more of what is named so."""
    with _lock:
        COUNTS[name] += 1
