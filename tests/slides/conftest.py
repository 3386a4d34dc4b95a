"""Slides are tested at nine o'clock of the small world, on a disk of the test's own, and checked when the test says."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from consortium import moment
from schema.views import uploads
from telemedicine import grants, tiles
from telemedicine.uploads import incoming
from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff
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
        monkeypatch.setattr(moment, "now", made.now)
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
def _nothing_remembered() -> None:
    """No running checksum, grant or open slide of another test."""
    incoming.running = incoming.Running()
    grants.trusted.forget()
    tiles.opened.forget()


@pytest.fixture(scope="session")
def made(tmp_path_factory: Any) -> dict[str, Path]:
    """Slides as scanners make them, small: an Aperio file with a label, a generic pyramid, a zip of DICOM files."""
    folder = tmp_path_factory.mktemp("slides")
    make_svs(folder / "a.svs", width=1500, height=1100, seed=1, patient="王小二")
    make_tiff(folder / "b.tiff", width=1200, height=900, seed=2)
    zipped_dicom(folder, patient="Wang^Yi=王^一")
    return {"svs": folder / "a.svs", "tiff": folder / "b.tiff", "dicom": folder / "c.zip"}


def kept(disk: Path) -> list[Path]:
    """Every file on the disk."""
    return [path for path in disk.rglob("*") if path.is_file()]


def zipped_dicom(folder: Path, *, patient: str) -> Path:
    """A zip of the DICOM files of a slide that name a patient."""
    make_dicom(folder / "c", width=1100, height=900, seed=3, patient=patient)
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        for path in sorted((folder / "c").iterdir()):
            archive.write(path, f"c/{path.name}")
    return folder / "c.zip"
