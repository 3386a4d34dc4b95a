"""The process that judges one foreign file within limits: reads a request, leaves its findings as files."""

import errno
import hashlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from openslide import OpenSlide
from PIL import Image

from telemedicine.wsi import archive, blob, foreign, jpeg, limits, opening, sniff
from telemedicine.wsi.faults import BadSlide, Fault, Note
from telemedicine.wsi.slide import Associated, Slide

SAMPLES = 400  # stored tiles of a level that are decoded whole
THUMBNAIL = 1024
DISK = {errno.ENOSPC: Fault.NO_SPACE, errno.EDQUOT: Fault.NO_SPACE, errno.EFBIG: Fault.ZIP_BOMB}
FOUND, INDEX = "found.json", "index.bin"
UNPACKED = "unpacked"


def examine(path: Path, name: str, sha256: str | None, folder: Path) -> dict[str, Any]:
    """What is to be said of a file; its index, thumbnail and other pictures are left in the folder."""
    with path.open("rb") as file:
        kind = sniff.kind(file.read(sniff.HEAD), name)
        file.seek(0)
        if sha256 and hashlib.file_digest(file, "sha256").hexdigest() != sha256.lower():
            raise BadSlide(Fault.WRONG_CHECKSUM)
    place = path
    if kind == sniff.Kind.ZIP:
        place = folder / UNPACKED
        place.mkdir()
        archive.unpack(path, place)
    slide, patient = opening.opened(place, lambda entry: foreign.described(foreign.opened(str(entry))))
    sweep(slide)
    slide = _pictures(slide, opening.entry_path(slide, place), folder)
    (folder / INDEX).write_bytes(blob.dump(slide))
    return {"notes": list(_notes(slide, patient)), "patient": patient}


def sweep(slide: Slide) -> None:
    """Every stored tile that would be served is a JPEG of the declared size; a sample of them decodes whole."""
    for number, (level, tiles) in enumerate(zip(slide.levels, slide.stored, strict=True)):
        if tiles is None:
            continue
        count = level.columns * level.rows
        step = max(1, count // SAMPLES)
        for place in range(count):
            data = slide.raw_tile(number, place % level.columns, place // level.columns)
            where = f"level {number}, tile {place}"
            if data is None:
                raise BadSlide(Fault.DAMAGED_TILE, where)
            found = jpeg.header(data)
            if found.components != 3 or found.bits != 8:
                raise BadSlide(Fault.DAMAGED_TILE, where)
            if (found.width, found.height) != (level.tile_width, level.tile_height):
                raise BadSlide(Fault.DECOMPRESSION_BOMB, f"{where}: {found.width} x {found.height}")
            if place % step == 0:
                _decoded(data, where)


def _decoded(data: bytes, where: str) -> Image.Image:
    """The picture of a stored tile; DAMAGED_TILE if it does not decode."""
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG"])
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise BadSlide(Fault.DAMAGED_TILE, where) from error
    return image.convert("RGB")


def _pictures(slide: Slide, entry: Path, folder: Path) -> Slide:
    """Leave thumbnail and associated pictures in the folder; the slide without those that do not decode."""
    seen = foreign.opened(str(entry)) if slide.associated_images or None in slide.stored else None
    image = _overview(slide, seen)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    (folder / "overview.jpg").write_bytes(foreign.as_jpeg(image))
    kept: list[Associated] = []
    for picture in slide.associated_images:
        try:
            data = foreign.as_jpeg(foreign.associated(seen, picture.name)) if seen else b""
        except BadSlide:
            continue  # the tissue is sound; a picture beside it is not worth refusing it
        (folder / f"associated-{picture.name}.jpg").write_bytes(data)
        kept.append(picture)
    return replace(slide, associated_images=tuple(kept))


def _overview(slide: Slide, seen: OpenSlide | None) -> Image.Image:
    """The smallest level as one picture."""
    number, level = len(slide.levels) - 1, slide.levels[-1]
    if slide.stored[-1] is None and seen is not None:
        return foreign.region(seen, (level.width, level.height), (0, 0), (level.width, level.height))
    image = Image.new("RGB", (level.width, level.height), "white")
    for row in range(level.rows):
        for column in range(level.columns):
            data = slide.raw_tile(number, column, row)
            if data is not None:
                tile = _decoded(data, f"level {number}, column {column}, row {row}")
                image.paste(tile, (column * level.tile_width, row * level.tile_height))
    return image


def _notes(slide: Slide, patient: dict[str, str]) -> Iterator[str]:
    """What a reader of the slide should know."""
    if None in slide.stored:
        yield Note.DECODED_TILES
    if slide.facts.get("planes", 1) > 1:
        yield Note.FIRST_PLANE_ONLY
    if any(image.shows_label for image in slide.associated_images):
        yield Note.LABEL_PRESENT
    if slide.magnification is None:
        yield Note.NO_MAGNIFICATION
    if slide.mpp is None:
        yield Note.NO_SCALE
    if any(patient.values()):
        yield Note.PATIENT_TAGS


def main() -> None:
    """Answer the one request on the input."""
    request = json.load(sys.stdin)
    limits.apply(limits.Limits(**request["limits"]), patient=True)
    folder = Path(request["folder"])
    try:
        found = examine(Path(request["path"]), request["name"], request["sha256"], folder)
    except BadSlide as error:
        found = {"fault": error.fault, "detail": error.detail}
    except MemoryError:
        found = {"fault": Fault.TOO_MUCH_MEMORY, "detail": ""}
    except OSError as error:
        if error.errno not in DISK:
            raise
        found = {"fault": DISK[error.errno], "detail": str(error.strerror)}
    (folder / FOUND).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
