"""Slides as other programs would write them, and files as somebody malicious would."""

import io
import struct
import zlib
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from telemedicine.wsi.generate.container import BYTES, LONG, SHORT, Tag, TiffWriter, text
from telemedicine.wsi.generate.pyramid import encoded, tables
from telemedicine.wsi.generate.tissue import Tissue

DEFLATE, JPEG = 8, 7


def chance(seed: int) -> Random:
    """Numbers that look like chance and are the same each time."""
    return Random(seed)  # noqa: S311 (no secret)


def picture(width: int = 512, height: int = 512, seed: int = 3) -> Image.Image:
    """A part from the middle of some tissue."""
    return Tissue(4096, 4096, seed).tile(1800, 1800, width, height)


def tiled(path: Path, *, side: int = 512, tile: int = 256, changed: dict[int, Tag] | None = None, **how: Any) -> Path:
    """One tiled level; `changed` tags replace or add to the right ones, `drop` leaves some out."""
    image = picture(side, side)
    compression, quality = how.get("compression", JPEG), 75
    parts = [image.crop((x, y, x + tile, y + tile)) for y in range(0, side, tile) for x in range(0, side, tile)]
    pack = how.get("pack") or (
        (lambda part: zlib.compress(part.tobytes()))
        if compression == DEFLATE
        else lambda part: encoded(part, quality, abbreviated=True)
    )
    with TiffWriter(path, big=how.get("big", False)) as writer:
        offsets, lengths = writer.pictures([pack(part) for part in parts])
        for hole in how.get("holes", ()):
            offsets[hole] = lengths[hole] = 0
        tags: dict[int, Tag] = {
            tag[0]: tag
            for tag in [
                (256, LONG, [side]),
                (257, LONG, [side]),
                (258, SHORT, [8, 8, 8]),
                (259, SHORT, [compression]),
                (262, SHORT, [how.get("photometric", 6 if compression == JPEG else 2)]),
                (277, SHORT, [3]),
                (284, SHORT, [1]),
                (322, SHORT, [tile]),
                (323, SHORT, [tile]),
                (324, LONG, offsets),
                (325, LONG, lengths),
            ]
        }
        if compression == JPEG:
            tags |= {347: (347, BYTES, tables(quality)), 530: (530, SHORT, [2, 2])}
        tags |= changed or {}
        writer.directory([tag for number, tag in tags.items() if number not in how.get("drop", ())])
    return path


def cyclic(path: Path, *, big: bool = False) -> Path:
    """A tiled TIFF whose directory names itself as the next one."""
    tiled(path, big=big)
    data = bytearray(path.read_bytes())
    counted, link, step, first = ("<Q", "<Q", 20, 8) if big else ("<H", "<I", 12, 4)
    (at,) = struct.unpack_from(link, data, first)
    (count,) = struct.unpack_from(counted, data, at)
    struct.pack_into(link, data, at + struct.calcsize(counted) + count * step, at)
    path.write_bytes(data)
    return path


def endless(path: Path, directories: int = 200) -> Path:
    """A TIFF of very many tiny directories."""
    with TiffWriter(path, big=False) as writer:
        for _number in range(directories):
            writer.directory([(256, LONG, [16]), (257, LONG, [16]), (270, 2, text("one more"))])
    return path


def ndpi(path: Path) -> Path:
    """A slide as Hamamatsu writes it: strips of JPEG, two levels, tags of its own."""
    image = picture(1024, 768)
    with TiffWriter(path, big=False) as writer:
        for scale, lens in ((1, 20.0), (4, 5.0)):
            level = image.reduce(scale) if scale > 1 else image
            offsets, lengths = writer.pictures([whole_jpeg(level)])
            writer.directory(
                [
                    (254, LONG, [0]),
                    (256, LONG, [level.width]),
                    (257, LONG, [level.height]),
                    (258, SHORT, [8, 8, 8]),
                    (259, SHORT, [JPEG]),
                    (262, SHORT, [6]),
                    (271, 2, text("Hamamatsu")),
                    (273, LONG, offsets),
                    (277, SHORT, [3]),
                    (278, LONG, [level.height]),
                    (279, LONG, lengths),
                    (282, 5, struct.pack("<II", 22000 // scale, 1)),
                    (283, 5, struct.pack("<II", 22000 // scale, 1)),
                    (296, SHORT, [3]),
                    (65420, LONG, [1]),
                    (65421, 11, struct.pack("<f", lens)),
                    (65422, 9, bytes(4)),
                    (65423, 9, bytes(4)),
                    (65424, 9, bytes(4)),
                ]
            )
    return path


def whole_jpeg(image: Image.Image) -> bytes:
    """A self-contained JPEG."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
