"""The scanner of the demo cases: a few made-up slides in real formats, sent and judged as every other file."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from consortium.access import Actor
from telemedicine.models import Slide, Upload, UploadState
from telemedicine.uploads.announce import announce_upload
from telemedicine.uploads.check import check, settle_ready
from telemedicine.uploads.receive import receive_piece
from telemedicine.wsi.check import Inspection, inspect
from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff

WIDTH, HEIGHT = 1024, 768


class Scanner:
    """Makes each file once and judges it once, however many slides show it; a DICOM series names its patient."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in a folder."""
        self.folder = folder
        self.judged: dict[Path, Inspection] = {}

    @classmethod
    @contextmanager
    def at_work(cls) -> Iterator["Scanner"]:
        """A scanner whose own files are gone afterwards."""
        with TemporaryDirectory(prefix="refnet-scans-") as folder:
            yield cls(Path(folder))

    def scan(self, slide: Slide, *, kind: str, seed: int, patient: str, by: Actor, at: datetime) -> Upload:
        """The picture of a slide, made up, sent by the lab and judged: it is in the store when this returns."""
        path = self.series(patient, seed) if kind == "dicom" else self.file(kind, seed)
        data, name = path.read_bytes(), f"{slide.barcode}{path.suffix}"
        upload = announce_upload(by=by, slide=slide.pk, name=name, size=len(data), now=at)
        upload = receive_piece(by=by, id=upload.pk, offset=0, length=len(data), blocks=[data], now=at)
        if kind == "dicom":
            upload = check(upload, now=at)
        else:
            if path not in self.judged:
                self.judged[path] = inspect(path)
            upload = settle_ready(upload, self.judged[path], now=at)
        if upload.state != UploadState.READY:
            raise RuntimeError(f"a demo slide was refused: {upload.refusal_code}")
        return upload

    def file(self, kind: str, seed: int) -> Path:
        """One of the scanner's files of a kind."""
        path = self.folder / f"{seed}.{kind}"
        if not path.exists():
            make = make_svs if kind == "svs" else make_tiff
            make(path, width=WIDTH, height=HEIGHT, seed=seed)
        return path

    def series(self, patient: str, seed: int) -> Path:
        """The zip of a DICOM series that names its patient; made once for each."""
        folder = self.folder / f"{patient}-{seed}"
        path = folder.with_suffix(".zip")
        if not path.exists():
            name = f"Demo^Patient={patient[0]}^{patient[1:]}"
            make_dicom(folder, width=WIDTH, height=HEIGHT, seed=seed, patient=name)
            with zipfile.ZipFile(path, "w") as archive:
                for part in sorted(folder.iterdir()):
                    archive.writestr(zipfile.ZipInfo(part.name, (2026, 1, 15, 9, 30, 0)), part.read_bytes())
        return path
