"""How far a long command has come: one line that grows on a terminal, four lines in a log."""

from collections.abc import Callable
from typing import Any

Progress = Callable[[int, int], None]
WIDTH = 30


def silent(done: int, total: int) -> None:
    """Say nothing: for callers without a terminal or a log."""


def shown(stream: Any, label: str) -> Progress:
    """A function `(done, total)` that draws a bar on a terminal, and otherwise writes a line at every quarter."""
    quarter = -1
    terminal = bool(getattr(stream, "isatty", bool)())

    def show(done: int, total: int) -> None:
        nonlocal quarter
        part = done / total if total else 1.0
        if terminal:
            bar = "█" * int(part * WIDTH)
            stream.write(f"\r{label} {bar:░<{WIDTH}} {int(part * 100):3}%" + ("\n" if done >= total else ""))
            stream.flush()
        elif int(part * 4) > quarter:
            quarter = int(part * 4)
            stream.write(f"{label} {quarter * 25} %\n")

    return show
