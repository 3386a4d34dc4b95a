"""The levels of a tiled TIFF or Aperio slide, and which of them may be served as stored."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from telemedicine.wsi import jpeg, tiff
from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.slide import Associated, Level, Slide, Tiles
from telemedicine.wsi.source import Window
from telemedicine.wsi.tiff import Directory

MAX_SIDE = 1_000_000
MAX_TILES = 2_000_000
MAX_TILE_SIDE = 4096
MAX_TILE_BYTES = 32 * 1024 * 1024
LARGEST_TOP = 8192  # pixels of the smallest level's longer side: beyond it an overview costs too many tiles
JPEG_COMPRESSION = 7
READABLE = {1, 5, 7, 8, 32946, 33003, 33005}  # none, LZW, JPEG, deflate twice, Aperio's JPEG 2000 twice
# Foreign layouts, told by a tag's words: their tiles overlap or lie apart, so only OpenSlide knows their places.
LAYOUTS = {
    "philips": (tiff.SOFTWARE, "Philips"),
    "trestle": (tiff.SOFTWARE, "MedScan"),
    "leica": (tiff.DESCRIPTION, "www.leica-microsystems.com/scn"),
    "ventana": (tiff.XMP, "iScan"),
}


@dataclass(frozen=True)
class _Found:
    """A directory that holds a level, and its shape."""

    directory: Directory
    level: Level


def needs_openslide(directories: list[Directory]) -> str | None:
    """The vendor of a TIFF whose layout only OpenSlide knows, or None."""
    first = directories[0]
    if tiff.NDPI_MARK in first.entries:
        return "hamamatsu"
    for vendor, (tag, words) in LAYOUTS.items():
        if any(words in d.text(tag) for d in directories[:3]):
            return vendor
    return None


def read(window: Window, directories: list[Directory]) -> Slide:
    """The slide of a tiled TIFF; refused if any number in it is impossible."""
    description = directories[0].text(tiff.DESCRIPTION)
    aperio = description.startswith("Aperio")
    found = list(_levels(directories, aperio))
    if not found:
        raise BadSlide(Fault.NOT_TILED)
    _check_pyramid([each.level for each in found])
    stored = tuple(_tiles(window, each) for each in found)
    words = dict(re.findall(r"\|\s*([^|=]+?)\s*=\s*([^|]*)", description)) if aperio else {}
    return Slide(
        format="svs" if aperio else "tiff",
        vendor="aperio" if aperio else "generic-tiff",
        levels=tuple(
            Level(*_shape(each.level), each.level.downsample, tiles is not None)
            for each, tiles in zip(found, stored, strict=True)
        ),
        mpp=_aperio_scale(words) if aperio else _scale(directories[0]),
        magnification=_decimal(words.get("AppMag")),
        associated_images=tuple(_associated(directories)) if aperio else (),
        facts={name: words[name].strip() for name in ("ScanScope ID", "Date", "Time") if name in words},
        stored=stored,
    )


def _shape(level: Level) -> tuple[int, int, int, int]:
    """A level's four sides."""
    return level.width, level.height, level.tile_width, level.tile_height


def _levels(directories: list[Directory], aperio: bool) -> Iterator[_Found]:
    """The tiled directories, largest first, of the same picture as the first one."""
    kept = [
        d
        for number, d in enumerate(directories)
        if d.tiled and (aperio or number == 0 or d.number(tiff.SUBFILE) & 1)
    ]  # fmt: skip
    shapes = [_sides(directory) for directory in kept]
    for directory, (width, height, across, down) in sorted(
        zip(kept, shapes, strict=True), key=lambda pair: pair[1][0], reverse=True
    ):
        full_width, full_height = max(shapes)[:2]
        downsample = (full_width / width + full_height / height) / 2
        yield _Found(directory, Level(width, height, across, down, downsample, False))


def _sides(directory: Directory) -> tuple[int, int, int, int]:
    """Width, height, tile width and tile height, each possible."""
    names = (tiff.WIDTH, tiff.HEIGHT, tiff.TILE_WIDTH, tiff.TILE_HEIGHT)
    width, height, across, down = (directory.number(name) for name in names)
    if not (width and height and across and down):
        raise BadSlide(Fault.BAD_STRUCTURE, "a side of zero")
    if max(width, height) > MAX_SIDE or max(across, down) > MAX_TILE_SIDE:
        raise BadSlide(Fault.TOO_LARGE, f"{width} x {height} in {across} x {down}")
    if -(-width // across) * -(-height // down) > MAX_TILES:
        raise BadSlide(Fault.TOO_MANY_TILES, f"{width} x {height} in {across} x {down}")
    return width, height, across, down


def _check_pyramid(levels: list[Level]) -> None:
    """The levels show one picture, and the smallest is small enough for an overview."""
    first = levels[0]
    for level in levels:
        ratios = first.width / level.width, first.height / level.height
        rounding = max(1 / level.width, 1 / level.height)
        if abs(ratios[0] / ratios[1] - 1) > 0.02 + 2 * rounding:
            raise BadSlide(Fault.BAD_STRUCTURE, f"levels of different shape: {ratios}")
    if max(levels[-1].width, levels[-1].height) > LARGEST_TOP:
        raise BadSlide(Fault.NO_PYRAMID)


def _tiles(window: Window, found: _Found) -> Tiles | None:
    """Where the tiles of a level lie, if each may be served as stored; None if they must be decoded."""
    directory, level = found.directory, found.level
    compression = directory.number(tiff.COMPRESSION, 1)
    if compression not in READABLE:
        raise BadSlide(Fault.UNKNOWN_COMPRESSION, str(compression))
    offsets, lengths = directory.numbers(tiff.TILE_OFFSETS), directory.numbers(tiff.TILE_COUNTS)
    planes = directory.number(tiff.SAMPLES, 1) if directory.number(tiff.PLANAR, 1) == 2 else 1
    wanted = level.columns * level.rows * planes
    if len(offsets) != wanted or len(lengths) != wanted:
        raise BadSlide(Fault.BAD_STRUCTURE, f"{len(offsets)} offsets and {len(lengths)} lengths of {wanted} tiles")
    if max(lengths) > MAX_TILE_BYTES:
        raise BadSlide(Fault.DECOMPRESSION_BOMB, f"a tile of {max(lengths)} bytes")
    if any(offset + length > window.size for offset, length in zip(offsets, lengths, strict=True) if length):
        raise BadSlide(Fault.TRUNCATED, "tiles behind the end")
    bits = set(directory.numbers(tiff.BITS))
    if compression != JPEG_COMPRESSION or bits != {8} or planes != 1 or directory.number(tiff.SAMPLES, 1) != 3:
        return None
    tables = jpeg.tables_of(directory.data(tiff.JPEG_TABLES))
    first = next((number for number, length in enumerate(lengths) if length), None)
    if first is None:
        raise BadSlide(Fault.DAMAGED_TILE, "a level without a tile")
    stream = window.read(offsets[first], lengths[first])
    header = jpeg.header(jpeg.START + tables + stream[2:] if stream[:2] == jpeg.START else stream)
    opening = jpeg.opening(header, tables, directory.number(tiff.PHOTOMETRIC))
    if opening is None:
        return None
    if (header.width, header.height) != (level.tile_width, level.tile_height):
        raise BadSlide(Fault.DECOMPRESSION_BOMB, f"a tile of {header.width} x {header.height}")
    return Tiles(0, opening, array("Q", offsets), array("I", lengths))


def _associated(directories: list[Directory]) -> Iterator[Associated]:
    """Aperio's other pictures: the second directory is the thumbnail, label and macro bear their names."""
    for number, directory in enumerate(directories):
        if directory.tiled:
            continue
        size = directory.number(tiff.WIDTH), directory.number(tiff.HEIGHT)
        lines = directory.text(tiff.DESCRIPTION).splitlines()
        named = lines[1].split(" ", 1)[0] if len(lines) > 1 else ""
        if number == 1:
            yield Associated("thumbnail", *size, shows_label=False)
        elif named in ("label", "macro"):
            yield Associated(named, *size, shows_label=True)  # the macro photograph shows the label's end of the glass


def _decimal(text: str | None) -> float | None:
    """A positive decimal number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < 1e6 else None


def _aperio_scale(words: dict[str, str]) -> tuple[float, float] | None:
    """Micrometres per pixel of an Aperio description."""
    value = _decimal(words.get("MPP"))
    return (value, value) if value else None


def _scale(directory: Directory) -> tuple[float, float] | None:
    """Micrometres per pixel of a resolution tag; an unlikely scale (below 5000 pixels per cm) says nothing."""
    unit = {2: 25_400.0, 3: 10_000.0}.get(directory.number(tiff.RESOLUTION_UNIT, 2), 0)
    x, y = directory.ratio(tiff.X_RESOLUTION), directory.ratio(tiff.Y_RESOLUTION)
    if not (unit and x and y):
        return None
    mpp = unit / x, unit / y
    return mpp if all(0.01 <= value <= 2 for value in mpp) else None
