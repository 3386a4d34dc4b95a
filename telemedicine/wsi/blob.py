"""The index of a slide as bytes: stored once beside the file, read back without touching the file."""

import base64
import json
import struct
import sys
import zlib
from array import array
from dataclasses import asdict
from itertools import accumulate, chain

from telemedicine.wsi.slide import Associated, Level, Slide, Tiles

MAGIC = b"RefnetWSI\x01"
LARGEST = 256 * 1024 * 1024


def dump(slide: Slide) -> bytes:
    """The index as bytes, about one or two for each tile."""
    stored = [
        tiles and {"part": tiles.part, "opening": base64.b64encode(tiles.opening).decode()} for tiles in slide.stored
    ]
    head = json.dumps(
        {
            "format": slide.format,
            "vendor": slide.vendor,
            "mpp": slide.mpp,
            "magnification": slide.magnification,
            "levels": [asdict(level) for level in slide.levels],
            "associated": [asdict(image) for image in slide.associated_images],
            "facts": slide.facts,
            "parts": slide.part_names,
            "entry": slide.entry,
            "stored": stored,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    body = b"".join(_little(column) for tiles in slide.stored if tiles for column in (tiles.lengths, _gaps(tiles)))
    return MAGIC + struct.pack("<I", len(head)) + zlib.compress(head + body, 6)


def load(blob: bytes) -> Slide:
    """The index of `dump`, without sources; ValueError if the bytes are none."""
    if not blob.startswith(MAGIC):
        raise ValueError("These bytes are no slide index of this version.")
    start = len(MAGIC) + 4
    (length,) = struct.unpack("<I", blob[len(MAGIC) : start])
    inflater = zlib.decompressobj()
    data = inflater.decompress(blob[start:], LARGEST)
    if not inflater.eof:
        raise ValueError("The slide index is cut short or too large.")
    head, at = json.loads(data[:length]), length
    levels = tuple(Level(**level) for level in head["levels"])
    stored: list[Tiles | None] = []
    for level, tiles in zip(levels, head["stored"], strict=True):
        if tiles is None:
            stored.append(None)
            continue
        count = level.columns * level.rows
        lengths, gaps = _array("I", data[at : at + 4 * count]), _array("q", data[at + 4 * count : at + 12 * count])
        at += 12 * count
        offsets = array("Q", accumulate(gap + before for gap, before in zip(gaps, chain((0,), lengths), strict=False)))
        stored.append(Tiles(tiles["part"], base64.b64decode(tiles["opening"]), offsets, lengths))
    return Slide(
        format=head["format"],
        vendor=head["vendor"],
        levels=levels,
        mpp=head["mpp"] and tuple(head["mpp"]),
        magnification=head["magnification"],
        associated_images=tuple(Associated(**image) for image in head["associated"]),
        facts=head["facts"],
        part_names=tuple(head["parts"]),
        entry=head["entry"],
        stored=tuple(stored),
    )


def _gaps(tiles: Tiles) -> "array[int]":
    """How far each tile begins behind the end of the one before; mostly zero, which compresses to nothing."""
    ends = chain((0,), (offset + length for offset, length in zip(tiles.offsets, tiles.lengths, strict=True)))
    return array("q", (offset - end for offset, end in zip(tiles.offsets, ends, strict=False)))


def _little(values: "array[int]") -> bytes:
    """The values in little-endian order."""
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


def _array(code: str, data: bytes) -> "array[int]":
    """The values of `_little`."""
    values = array(code, data)
    if sys.byteorder == "big":
        values.byteswap()
    return values
