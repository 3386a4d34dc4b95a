"""The directories of a TIFF or BigTIFF file, read within fixed limits and without trusting any number in it."""

import struct
import sys
from array import array
from dataclasses import dataclass, field

from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.source import Window

MAX_DIRECTORIES = 128
MAX_ENTRIES = 1024
MAX_VALUE_BYTES = 64 * 1024 * 1024
# The size in bytes of one value of each type; the types that hold plain unsigned numbers as array codes.
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
DESCRIPTION, MAKE, STRIP_OFFSETS, SAMPLES, STRIP_COUNTS = 270, 271, 273, 277, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT, SOFTWARE = 282, 283, 284, 296, 305
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, JPEG_TABLES = 322, 323, 324, 325, 347
XMP, NDPI_MARK = 700, 65420


@dataclass(frozen=True)
class Entry:
    """One tag of a directory: its type, how many values, and where they lie."""

    kind: int
    count: int
    at: int


@dataclass(frozen=True)
class Directory:
    """One image of the file: its tags, values read when asked for."""

    window: Window
    order: str
    entries: dict[int, Entry] = field(repr=False)

    def data(self, tag: int) -> bytes:
        """The bytes of a tag's values, empty if the tag is absent."""
        entry = self.entries.get(tag)
        if entry is None:
            return b""
        length = entry.count * SIZES[entry.kind]
        if length > MAX_VALUE_BYTES:
            raise BadSlide(Fault.BAD_STRUCTURE, f"tag {tag} has {length} bytes")
        return self.window.read(entry.at, length)

    def numbers(self, tag: int) -> "array[int]":
        """All values of an unsigned tag, empty if it is absent."""
        entry = self.entries.get(tag)
        if entry is None:
            return array("Q")
        if entry.kind not in NUMBERS:
            raise BadSlide(Fault.BAD_STRUCTURE, f"tag {tag} has type {entry.kind}")
        values = array(NUMBERS[entry.kind], self.data(tag))
        if (self.order == "<") != (sys.byteorder == "little"):
            values.byteswap()
        return values

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of an unsigned tag."""
        entry = self.entries.get(tag)
        if entry is None or not entry.count:
            return default
        if entry.kind not in NUMBERS:
            raise BadSlide(Fault.BAD_STRUCTURE, f"tag {tag} has type {entry.kind}")
        size = SIZES[entry.kind]
        return int.from_bytes(self.window.read(entry.at, size), "little" if self.order == "<" else "big")

    def ratio(self, tag: int) -> float | None:
        """The first value of a rational tag, or None."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind != 5 or not entry.count:
            return None
        above, below = struct.unpack(self.order + "II", self.window.read(entry.at, 8))
        return above / below if below else None

    def text(self, tag: int) -> str:
        """A tag's text, at most 64 kB of it, empty if absent."""
        return self.data(tag)[:65536].split(b"\0", 1)[0].decode("utf-8", "replace") if tag in self.entries else ""

    @property
    def tiled(self) -> bool:
        """Whether the image is stored in tiles."""
        return TILE_OFFSETS in self.entries


def is_tiff(head: bytes) -> bool:
    """Whether the first bytes are those of a TIFF or BigTIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def directories(window: Window) -> list[Directory]:
    """Every directory of the main chain, in its order."""
    head = window.read(0, 8)
    if not is_tiff(head):
        raise BadSlide(Fault.NOT_A_SLIDE)
    order, big = ("<" if head[:1] == b"I" else ">"), b"+" in head[2:4]
    if big and head[4:8] != struct.pack(order + "HH", 8, 0):
        raise BadSlide(Fault.BAD_STRUCTURE, "offsets of an unknown size")
    at = struct.unpack(order + "Q", window.read(8, 8))[0] if big else struct.unpack(order + "I", head[4:])[0]
    found: list[Directory] = []
    seen: set[int] = set()
    while at:
        if at in seen:
            raise BadSlide(Fault.CYCLIC_DIRECTORIES, f"back to {at}")
        if len(found) == MAX_DIRECTORIES:
            raise BadSlide(Fault.TOO_MANY_DIRECTORIES)
        seen.add(at)
        directory, at = _directory(window, at, order, big)
        found.append(directory)
    if not found:
        raise BadSlide(Fault.BAD_STRUCTURE, "no directory")
    return found


def _directory(window: Window, at: int, order: str, big: bool) -> tuple[Directory, int]:
    """The directory at an offset, and where the next one lies."""
    counted, shape, link = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")
    start = struct.calcsize(order + counted)
    step = struct.calcsize(order + shape)
    (count,) = struct.unpack(order + counted, window.read(at, start))
    if not 0 < count <= MAX_ENTRIES:
        raise BadSlide(Fault.BAD_STRUCTURE, f"{count} tags")
    block = window.read(at + start, count * step + struct.calcsize(order + link))
    entries = {}
    for number, (tag, kind, values, held) in enumerate(struct.iter_unpack(order + shape, block[: count * step])):
        if kind not in SIZES:
            continue  # readers skip types they do not know
        inside = SIZES[kind] * values <= len(held)
        field_at = at + start + (number + 1) * step - len(held)
        entries[tag] = Entry(kind, values, field_at if inside else struct.unpack(order + link, held)[0])
    return Directory(window, order, entries), struct.unpack(order + link, block[count * step :])[0]
