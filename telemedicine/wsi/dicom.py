"""The levels of a DICOM whole-slide series, and where each frame lies in its file."""

import io
import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from telemedicine.wsi import jpeg
from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.pyramid import LARGEST_TOP, MAX_SIDE, MAX_TILE_SIDE, MAX_TILES
from telemedicine.wsi.slide import Associated, Level, Slide, Tiles
from telemedicine.wsi.source import Source, Window

STORAGE = "1.2.840.10008.5.1.4.1.1.77.1.6"
JPEG_SYNTAXES = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
READABLE = JPEG_SYNTAXES | {
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
}
PHOTOMETRIC = {"RGB": jpeg.RGB, "YBR_FULL_422": jpeg.YCBCR, "YBR_FULL": jpeg.YCBCR}
ASIDE = {"LABEL": "label", "OVERVIEW": "macro", "THUMBNAIL": "thumbnail"}
WRONG_VALUES = (
    BytesLengthException,
    InvalidDicomError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    EOFError,
    RecursionError,
    struct.error,
)
ITEM, END = 0xE000FFFE, 0xE0DDFFFE
MAX_PARTS = 64
# Its warnings would quote values, and with them patients, into the log.
config.settings.reading_validation_mode = config.IGNORE
PATIENT = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")


@dataclass(frozen=True)
class _Part:
    """One file of the series: its header, and where its pixel data begins."""

    number: int
    name: str
    source: Source
    header: Dataset
    pixels_at: int

    @property
    def kind(self) -> str:
        """VOLUME, LABEL, OVERVIEW or THUMBNAIL."""
        values = self.header.get("ImageType") or []
        return str(values[2]) if len(values) > 2 else ""


class _Reading(io.RawIOBase):
    """A source as the file object that pydicom wants."""

    name = ""

    def __init__(self, source: Source) -> None:
        self._window, self._at = Window(source), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._window.size)[whence]
        return self._at

    def readinto(self, into: Any) -> int:
        length = max(0, min(len(into), self._window.size - self._at))
        into[:length] = self._window.read(self._at, length)
        self._at += length
        return length


def is_dicom(head: bytes) -> bool:
    """Whether the first bytes are those of a DICOM file."""
    return head[128:132] == b"DICM"


def read(files: Mapping[str, Source]) -> tuple[Slide, dict[str, str]]:
    """The slide of these files, by name, and the patient their headers name; refused if they are not one slide."""
    try:
        return _read(files)
    except WRONG_VALUES as error:  # pydicom reads values when they are asked for, so a bad one may show anywhere
        raise BadSlide(Fault.BAD_STRUCTURE, type(error).__name__) from error
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's or the network's, not pydicom's
        raise BadSlide(Fault.BAD_STRUCTURE, "a broken sequence") from error


def _read(files: Mapping[str, Source]) -> tuple[Slide, dict[str, str]]:
    """As `read`, but with whatever errors the values cause."""
    if len(files) > MAX_PARTS:
        raise BadSlide(Fault.TOO_MANY_DIRECTORIES, f"{len(files)} files")
    parts = [_part(number, name, files[name]) for number, name in enumerate(sorted(files))]
    if len({str(part.header.get("SeriesInstanceUID")) for part in parts}) != 1:
        raise BadSlide(Fault.ZIP_CONTENT, "several series")
    if len({_patient(part.header)["PatientID"] for part in parts}) != 1:
        raise BadSlide(Fault.OTHER_PATIENT, "the files name several patients")
    volumes = sorted(
        (part for part in parts if part.kind == "VOLUME"), key=lambda part: _sides(part.header)[0], reverse=True
    )
    if not volumes:
        raise BadSlide(Fault.NOT_TILED, "no VOLUME image")
    shapes = [_sides(part.header) for part in volumes]
    if len({shape[:2] for shape in shapes}) != len(shapes):
        raise BadSlide(Fault.UNREADABLE, "one level in several files")
    if max(shapes[-1][:2]) > LARGEST_TOP:
        raise BadSlide(Fault.NO_PYRAMID)
    stored = tuple(_tiles(part, Level(*_sides(part.header), 1, False)) for part in volumes)
    levels = tuple(
        Level(*shape, (shapes[0][0] / shape[0] + shapes[0][1] / shape[1]) / 2, tiles is not None)
        for shape, tiles in zip(shapes, stored, strict=True)
    )
    first = volumes[0].header
    slide = Slide(
        format="dicom",
        vendor="dicom",
        levels=levels,
        mpp=_scale(first),
        magnification=_magnification(first),
        associated_images=tuple(_associated(part) for part in parts if part.kind in ASIDE),
        facts={"planes": int(first.get("TotalPixelMatrixFocalPlanes") or 1)},
        part_names=tuple(part.name for part in parts),
        entry=volumes[0].name,
        stored=stored,
        sources=tuple(part.source for part in parts),
    )
    return slide, _patient(first)


def _part(number: int, name: str, source: Source) -> _Part:
    """The header of a file."""
    stream = io.BufferedReader(_Reading(source), 1 << 16)
    header = dcmread(stream, stop_before_pixels=True)
    at = stream.tell()
    if header.get("SOPClassUID") != STORAGE:
        raise BadSlide(Fault.NOT_A_SLIDE, f"part {number}")
    if str(header.file_meta.get("TransferSyntaxUID")) not in READABLE:
        raise BadSlide(Fault.UNKNOWN_COMPRESSION, f"part {number}")
    return _Part(number, name, source, header, at)


def _patient(header: Dataset) -> dict[str, str]:
    """What the header says about the patient, empty where it says nothing."""
    return {name: str(header.get(name) or "").strip() for name in PATIENT}


def _sides(header: Dataset) -> tuple[int, int, int, int]:
    """Width, height, tile width and tile height, each possible."""
    names = ("TotalPixelMatrixColumns", "TotalPixelMatrixRows", "Columns", "Rows")
    width, height, across, down = (int(header.get(name) or 0) for name in names)
    if min(width, height, across, down) < 1:
        raise BadSlide(Fault.BAD_STRUCTURE, "a side of zero")
    aside = str((header.get("ImageType") or [""])[-2:][0]) in ASIDE
    if max(width, height) > MAX_SIDE or (max(across, down) > MAX_TILE_SIDE and not aside):
        raise BadSlide(Fault.TOO_LARGE, f"{width} x {height} in {across} x {down}")
    if -(-width // across) * -(-height // down) > MAX_TILES:
        raise BadSlide(Fault.TOO_MANY_TILES, f"{width} x {height} in {across} x {down}")
    return width, height, across, down


def _tiles(part: _Part, level: Level) -> Tiles | None:
    """Where the frames of a level lie, if each may be served as stored; None if they must be decoded."""
    header = part.header
    places = _places(header, level)
    if str(header.file_meta.TransferSyntaxUID) not in JPEG_SYNTAXES:
        return None
    items = _items(part, len(places))
    if items is None:
        return None
    offsets, lengths = (
        array("Q", bytes(8 * level.columns * level.rows)),
        array("I", bytes(4 * level.columns * level.rows)),
    )
    for place, (offset, length) in zip(places, items, strict=True):
        if place is not None:
            offsets[place], lengths[place] = offset, length
    stream = part.source.read_at(*items[0])
    found = jpeg.header(stream)
    opening = jpeg.opening(found, b"", PHOTOMETRIC.get(str(header.get("PhotometricInterpretation")), 0))
    if opening is None:
        return None
    if (found.width, found.height) != (level.tile_width, level.tile_height):
        raise BadSlide(Fault.DECOMPRESSION_BOMB, f"a frame of {found.width} x {found.height}")
    return Tiles(part.number, opening, offsets, lengths)


def _places(header: Dataset, level: Level) -> list[int | None]:
    """The tile number of each frame, row by row; None for frames of a further plane or optical path."""
    count = int(header.get("NumberOfFrames") or 1)
    grid = level.columns * level.rows
    if not 0 < count <= MAX_TILES:
        raise BadSlide(Fault.TOO_MANY_TILES, f"{count} frames")
    listed = header.get("PerFrameFunctionalGroupsSequence")
    if str(header.get("DimensionOrganizationType")) == "TILED_FULL" or not listed:
        if count < grid:
            raise BadSlide(Fault.BAD_STRUCTURE, f"{count} frames for {grid} tiles")
        return [number if number < grid else None for number in range(count)]
    if len(listed) != count:
        raise BadSlide(Fault.BAD_STRUCTURE, f"{len(listed)} places for {count} frames")
    places: list[int | None] = []
    seen: set[int] = set()
    for group in listed:
        at = (group.get("PlanePositionSlideSequence") or [Dataset()])[0]
        x, y = (int(at.get(f"{axis}PositionInTotalImagePixelMatrix") or 0) - 1 for axis in ("Column", "Row"))
        column, row = x // level.tile_width, y // level.tile_height
        if x % level.tile_width or y % level.tile_height or not (0 <= column < level.columns and 0 <= row < level.rows):
            raise BadSlide(Fault.UNREADABLE, f"a frame off the grid at {x}, {y}")
        number = row * level.columns + column
        places.append(None if number in seen else number)  # seen before: a further plane
        seen.add(number)
    return places


def _items(part: _Part, count: int) -> list[tuple[int, int]] | None:
    """Offset and length of each frame's one fragment; None if frames are in several pieces. One small read a frame."""
    source, at = part.source, part.pixels_at
    head = source.read_at(at, 12)
    if len(head) < 12 or head[:4] != b"\xe0\x7f\x10\x00" or head[8:] != b"\xff\xff\xff\xff":
        raise BadSlide(Fault.BAD_STRUCTURE, "no encapsulated frames")
    tag, length = _item(source, at + 12)
    if tag != ITEM:
        raise BadSlide(Fault.BAD_STRUCTURE, "no table of offsets")
    at += 20 + length
    found: list[tuple[int, int]] = []
    while (item := _item(source, at))[0] == ITEM:
        found.append((at + 8, item[1]))
        at += 8 + item[1]
        if at > source.size or len(found) > MAX_TILES:
            raise BadSlide(Fault.TRUNCATED, "frames behind the end")
    if item[0] != END or len(found) < count:
        raise BadSlide(Fault.TRUNCATED, f"{len(found)} of {count} frames")
    return found if len(found) == count else None


def _item(source: Source, at: int) -> tuple[int, int]:
    """Tag and length of the item at an offset."""
    head = source.read_at(at, 8)
    if len(head) != 8:
        raise BadSlide(Fault.TRUNCATED, "an item behind the end")
    tag, length = struct.unpack("<II", head)
    return tag, length


def _scale(header: Dataset) -> tuple[float, float] | None:
    """Micrometres per pixel."""
    for group in header.get("SharedFunctionalGroupsSequence") or []:
        for measures in group.get("PixelMeasuresSequence") or []:
            if spacing := measures.get("PixelSpacing"):
                down, across = (float(value) * 1000 for value in spacing)
                return (across, down) if min(across, down) > 0 else None
    return None


def _magnification(header: Dataset) -> float | None:
    """The objective's power."""
    for path in header.get("OpticalPathSequence") or []:
        if power := path.get("ObjectiveLensPower"):
            return float(power)
    return None


def _associated(part: _Part) -> Associated:
    """A label, overview or thumbnail; the label may be seen unless a thumbnail says it is not."""
    header = part.header
    hidden = part.kind == "THUMBNAIL" and str(header.get("SpecimenLabelInImage")) == "NO"
    return Associated(
        ASIDE[part.kind],
        int(header.get("TotalPixelMatrixColumns") or header.Columns),
        int(header.get("TotalPixelMatrixRows") or header.Rows),
        shows_label=not hidden,
    )
