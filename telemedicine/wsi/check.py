"""Judges a foreign slide file in a process of its own, within limits: a crash there is an answer, not an outage."""

import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from telemedicine.wsi import blob
from telemedicine.wsi.decode import command
from telemedicine.wsi.examine import FOUND, INDEX, UNPACKED
from telemedicine.wsi.faults import SENTENCES, Fault, Note
from telemedicine.wsi.identity import Patient, differs
from telemedicine.wsi.limits import Limits
from telemedicine.wsi.slide import Slide

logger = logging.getLogger(__name__)

LARGEST_REPORT = 1024 * 1024
LARGEST_PRODUCT = 64 * 1024 * 1024
SIGNALS = {signal.SIGXCPU: Fault.TOO_SLOW, signal.SIGXFSZ: Fault.ZIP_BOMB}


@dataclass(frozen=True)
class Finding:
    """One thing to say of a file: a stable code, and the sentence for people in the active language."""

    code: Fault | Note
    refuses: bool

    @property
    def message(self) -> str:
        """The sentence, which names the remedy."""
        return str(SENTENCES[self.code])


@dataclass(frozen=True)
class Inspection:
    """What was found: the index and pictures of an accepted file, or why it is refused."""

    findings: tuple[Finding, ...]
    slide: Slide | None = None
    index: bytes = b""
    overview: bytes = b""
    pictures: dict[str, bytes] = field(default_factory=dict, repr=False)
    # The unpacked files of an archive, if a place for them was given.
    unpacked: Path | None = None

    @property
    def accepted(self) -> bool:
        """Whether nothing refuses the file."""
        return not any(finding.refuses for finding in self.findings)

    @property
    def refusal(self) -> Finding | None:
        """The first reason to refuse the file."""
        return next((finding for finding in self.findings if finding.refuses), None)


def inspect(
    path: str | Path,
    *,
    name: str = "",
    sha256: str | None = None,
    patient: Patient | None = None,
    unpack_to: Path | None = None,
    limits: Limits | None = None,
) -> Inspection:
    """Judge a file that nobody vouches for; `name` is what its owner called it, `patient` whose it should be.

    Of a refused file nothing is kept. Of an accepted archive the files are moved to `unpack_to`, a path not yet there.
    """
    bound = limits or Limits()
    beside = unpack_to.parent if unpack_to else None
    with _folder(beside) as folder:
        fault = _run(Path(path).absolute(), name or Path(path).name, sha256, folder, bound)
        report: dict[str, Any] = {"fault": fault} if fault else _report(folder)
        if "fault" in report:
            logger.warning("slide refused: %s %s", report["fault"], str(report.get("detail", ""))[:200])
            return Inspection((Finding(Fault(report["fault"]), refuses=True),))
        if patient and differs(report["patient"], patient):
            return Inspection((Finding(Fault.OTHER_PATIENT, refuses=True),))
        return _accepted(folder, report, unpack_to)


@contextmanager
def _folder(beside: Path | None) -> Iterator[Path]:
    """A folder for the products of one inspection, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=".slide-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(path: Path, name: str, sha256: str | None, folder: Path, bound: Limits) -> Fault | None:
    """Let the other process look; the fault if it did not end in peace."""
    request = {"path": str(path), "name": name, "sha256": sha256, "folder": str(folder), "limits": asdict(bound)}
    with (folder / "words.log").open("wb") as words:
        running = subprocess.Popen(
            **command("telemedicine.wsi.examine"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words
        )
        try:
            running.communicate(json.dumps(request).encode(), timeout=bound.wall_seconds)
        except subprocess.TimeoutExpired:
            return Fault.TOO_SLOW
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.communicate()
    if running.returncode == 0:
        return None
    with (folder / "words.log").open("rb") as words:
        logger.warning(
            "slide examiner ended with %s: %s", running.returncode, words.read(65536)[-2000:].decode("utf-8", "replace")
        )
    return SIGNALS.get(signal.Signals(-running.returncode), Fault.CRASHED) if running.returncode < 0 else Fault.CRASHED


def _report(folder: Path) -> dict[str, Any]:
    """What the other process left to say; CRASHED if it is nothing of ours."""
    report = json.loads(_product(folder / FOUND, LARGEST_REPORT) or b"{}")
    known = report["fault"] in Fault.__members__ if "fault" in report else "notes" in report
    return report if known else {"fault": Fault.CRASHED}


def _product(path: Path, largest: int) -> bytes:
    """The content of a product, empty if there is none or it is beyond measure."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > largest:
        return b""
    return path.read_bytes()


def _accepted(folder: Path, report: dict[str, Any], unpack_to: Path | None) -> Inspection:
    """The products of an accepted file."""
    index = _product(folder / INDEX, LARGEST_PRODUCT)
    slide = blob.load(index)
    unpacked = None
    if unpack_to and (folder / UNPACKED).is_dir():
        unpacked = (folder / UNPACKED).rename(unpack_to)
    names = [image.name for image in slide.associated_images]
    return Inspection(
        findings=tuple(Finding(Note(note), refuses=False) for note in report["notes"]),
        slide=slide,
        index=index,
        overview=_product(folder / "overview.jpg", LARGEST_PRODUCT),
        pictures={name: _product(folder / f"associated-{name}.jpg", LARGEST_PRODUCT) for name in names},
        unpacked=unpacked,
    )
