"""Fills the levels of a made-up slide tile by tile, holding a few tiles in memory whatever the slide's size."""

import io
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from telemedicine.wsi.generate.tissue import GLASS, Tissue


@dataclass(frozen=True)
class Plan:
    """The size of a level and of its tiles, in pixels."""

    width: int
    height: int
    tile: int
    downsample: int

    @property
    def columns(self) -> int:
        """Tiles side by side."""
        return -(-self.width // self.tile)

    @property
    def rows(self) -> int:
        """Tiles above each other."""
        return -(-self.height // self.tile)


def planned(width: int, height: int, *, tile: int, factor: int, smallest: int) -> list[Plan]:
    """The levels of a pyramid, each smaller by the factor, until the longer side is at most `smallest`."""
    levels = [Plan(width, height, tile, 1)]
    while max(levels[-1].width, levels[-1].height) > smallest:
        last = levels[-1]
        levels.append(Plan(-(-last.width // factor), -(-last.height // factor), tile, last.downsample * factor))
    return levels


class Spool:
    """The encoded tiles of one level on disk, in the order they were made, found by their number."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed with the object)
        self._offsets = array("Q", bytes(8 * plan.columns * plan.rows))
        self.lengths = array("I", bytes(4 * plan.columns * plan.rows))
        self._end = 0

    def add(self, number: int, data: bytes) -> None:
        """Keep a tile."""
        self._file.write(data)
        self._offsets[number], self.lengths[number] = self._end, len(data)
        self._end += len(data)

    def tile(self, number: int) -> bytes:
        """A kept tile."""
        self._file.seek(self._offsets[number])
        return self._file.read(self.lengths[number])

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()


def filled(
    tissue: Tissue, plans: list[Plan], folder: Path, encode: Callable[[Image.Image], bytes]
) -> tuple[list[Spool], Image.Image]:
    """Every level's tiles on disk, and the picture of the smallest level."""
    spools = [Spool(plan, folder) for plan in plans]
    top = plans[-1]
    overview = Image.new("RGB", (top.columns * top.tile, top.rows * top.tile), GLASS)

    def draw(level: int, column: int, row: int) -> Image.Image:
        plan = plans[level]
        if level == 0:
            image = tissue.tile(column * plan.tile, row * plan.tile, plan.tile, plan.tile)
        else:
            image = Image.new("RGB", (plan.tile, plan.tile), GLASS)
            below = plans[level - 1]
            factor = plan.downsample // below.downsample
            for number in range(factor * factor):
                across, down = number % factor, number // factor
                child = column * factor + across, row * factor + down
                if child[0] < below.columns and child[1] < below.rows:
                    at = across * plan.tile // factor, down * plan.tile // factor
                    image.paste(draw(level - 1, *child).reduce(factor), at)
        spools[level].add(row * plan.columns + column, encode(image))
        return image

    for row in range(top.rows):
        for column in range(top.columns):
            overview.paste(draw(len(plans) - 1, column, row), (column * top.tile, row * top.tile))
    return spools, overview.crop((0, 0, top.width, top.height))


def encoded(image: Image.Image, quality: int, *, rgb: bool = False, abbreviated: bool = False) -> bytes:
    """A JPEG of a picture; abbreviated or RGB ones bear no marker that says so, as scanners write them."""
    out = io.BytesIO()
    subsampling = "4:4:4" if rgb else "4:2:0"
    kind = {"streamtype": 2} if abbreviated else {}
    image.save(out, "JPEG", quality=quality, subsampling=subsampling, keep_rgb=rgb, **kind)
    data = out.getvalue()
    return bare(data) if rgb or abbreviated else data


def tables(quality: int, *, rgb: bool = False) -> bytes:
    """The table stream that belongs to abbreviated pictures of a quality."""
    out = io.BytesIO()
    subsampling = "4:4:4" if rgb else "4:2:0"
    Image.new("RGB", (16, 16)).save(out, "JPEG", quality=quality, subsampling=subsampling, keep_rgb=rgb, streamtype=1)
    return bare(out.getvalue())


def bare(stream: bytes) -> bytes:
    """A stream without JFIF and Adobe markers, its components numbered 0, 1, 2 instead of R, G, B."""
    kept, at = [stream[:2]], 2
    while stream[at + 1] not in (0xDA, 0xD9):
        end = at + 2 + (stream[at + 2] << 8 | stream[at + 3])
        segment = stream[at:end]
        if segment[1] == 0xC0 and segment[10] == ord("R"):
            segment = segment[:10] + b"".join(bytes((n, *segment[11 + 3 * n : 13 + 3 * n])) for n in range(3))
        if segment[1] not in (0xE0, 0xEE):
            kept.append(segment)
        at = end
    scan = stream[at:]
    if scan[1] == 0xDA and scan[5] == ord("R"):
        scan = scan[:5] + b"".join(bytes((n, scan[6 + 2 * n])) for n in range(3)) + scan[11:]
    return b"".join([*kept, scan])
