"""A laboratory's scanner and its line: made-up slides in real formats, sent piece by piece by tus 1.0.0."""

import base64
import time
import zipfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from telemedicine.wsi.generate import make_dicom, make_svs, make_tiff
from tests.walks.client import Failed, Person

SIZE = {"width": 1200, "height": 900}
PIECE = 64 * 1024
PATIENCE = 900  # seconds in which a file that came whole must have been judged
SLIDE = "query($id: ID!) { slideImages(slide: $id) { id format sha256 replacedAt url } }"
# What the DICOM generator writes into its files.
DICOM_PATIENT, DICOM_BIRTH = "演示", (1970, 1, 1)


def scan(folder: Path, kind: str, seed: int) -> Path:
    """A slide as the scanner leaves it: `svs`, `tiff`, or the zip of a DICOM series."""
    path = folder / f"{seed}.{'zip' if kind == 'dicom' else kind}"
    if kind == "svs":
        make_svs(path, **SIZE, seed=seed)
    elif kind == "tiff":
        make_tiff(path, **SIZE, seed=seed)
    else:
        make_dicom(folder / str(seed), **SIZE, seed=seed)
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted((folder / str(seed)).iterdir()):
                archive.write(part, part.name)
    return path


def send(person: Person, slide: str, kind: str, seed: int) -> dict[str, str]:
    """Scan a slide and send it; its image once the service has judged the file, Failed if it does not in time."""
    with TemporaryDirectory() as folder:
        path = scan(Path(folder), kind, seed)
        data, name = path.read_bytes(), path.name
    known = {"slide": slide, "filename": name, "sha256": sha256(data).hexdigest()}
    pairs = ",".join(f"{word} {base64.b64encode(value.encode()).decode()}" for word, value in known.items())
    told = person.tus("POST", "/uploads/", Upload_Length=str(len(data)), Upload_Metadata=pairs)
    place, offset = told["Location"], 0
    while offset < len(data):
        piece = data[offset : offset + PIECE]
        answer = person.tus("PATCH", place, piece, Upload_Offset=str(offset))
        offset = int(answer["Upload-Offset"])
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for image in person.ask(SLIDE, id=slide)["slideImages"]:
            if image["sha256"] == known["sha256"] and not image["replacedAt"]:
                return dict(image)
        time.sleep(0.3)
    raise Failed(f"{person.username}: {name} was not judged in {PATIENCE} s")
