"""How the launcher runs programs and speaks while they run; standard library only."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
ENVIRONMENT["PYTHONUTF8"] = "1"


def refusal(chinese: str, english: str) -> SystemExit:
    """The end of the program with one sentence that says what to do; to be raised."""
    return SystemExit(f"{chinese}\n{english}")


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what begins, and how long it took if that was worth waiting for."""
    print(f"· {words}", flush=True)
    began = time.monotonic()
    yield
    if (seconds := time.monotonic() - began) > 2:
        print(f"  {seconds:.0f} s", flush=True)


def call(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in the project's folder and return how it ended."""
    return subprocess.run(command, cwd=PROJECT, env=ENVIRONMENT, text=True, errors="replace", check=False, **more)


def ask(*command: str | Path) -> str | None:
    """What a program prints, or None if it fails or is not there."""
    try:
        done = call(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


def begin(*command: str | Path, database_role: str = "", **more: Any) -> subprocess.Popen[str]:
    """Start a program out of the terminal's group, so that Ctrl-C reaches it through us alone.

    In the embedded database it acts in a role without the owner's rights, if one is named.
    """
    environment = (
        ENVIRONMENT if os.environ.get("DATABASE_URL") else ENVIRONMENT | {"REFNET_DATABASE_ROLE": database_role}
    )
    return subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, start_new_session=True, **more)
