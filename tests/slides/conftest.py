"""Slides are tested at nine o'clock of the small world, on a disk of the test's own, and checked when the test says."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schema.views import gate, uploads
from telemedicine.uploads import incoming
from tests.world import NOW


class Clock:
    """The moment of every request; a test may move it."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> Any:
        """The moment."""
        return self.moment


@pytest.fixture(autouse=True)
def clock(request: Any, monkeypatch: Any) -> Clock:
    """Nine o'clock, but not for a live server, whose network is of today."""
    made = Clock()
    if "live_server" not in request.fixturenames:
        monkeypatch.setattr(gate, "timezone", SimpleNamespace(now=made.now))
    return made


@pytest.fixture(autouse=True)
def disk(settings: Any, tmp_path: Path) -> Path:
    """Where files are kept in this test."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture(autouse=True)
def begun(monkeypatch: Any) -> list[str]:
    """What would have been begun beside the request: checks run when a test says so."""
    calls: list[str] = []
    monkeypatch.setattr(uploads, "begin_checks", lambda: calls.append("check"))
    return calls


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """No running checksum of another test."""
    incoming.running = incoming.Running()
    yield


def kept(disk: Path) -> list[Path]:
    """Every file on the disk."""
    return [path for path in disk.rglob("*") if path.is_file()]
