"""A slide as an index: its levels, where every stored tile lies, and what the file says about itself."""

import io
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from PIL import Image

from telemedicine.wsi.faults import BadSlide, Fault, NoSuchTile
from telemedicine.wsi.jpeg import START
from telemedicine.wsi.source import Source, at_once

JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Level:
    """One size of the slide, in pixels; `raw` says whether its stored tiles are served as they are."""

    width: int
    height: int
    tile_width: int
    tile_height: int
    downsample: float
    raw: bool

    @property
    def columns(self) -> int:
        """How many tiles lie side by side; the last one reaches beyond the picture."""
        return -(-self.width // self.tile_width)

    @property
    def rows(self) -> int:
        """How many tiles lie above each other; the last one reaches beyond the picture."""
        return -(-self.height // self.tile_height)


@dataclass(frozen=True, slots=True)
class Associated:
    """A picture beside the tissue; `shows_label` where the glass label with the patient's name may be seen on it."""

    name: str
    width: int
    height: int
    shows_label: bool


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where the stored tiles of a level lie in one part of the slide, and what replaces their first two bytes."""

    part: int
    opening: bytes
    offsets: "array[int]"
    lengths: "array[int]"


@dataclass(frozen=True)
class Slide:
    """An opened slide. Tiles are addressed by level (0 is the largest), column and row, at the file's own grid."""

    format: str
    vendor: str
    levels: tuple[Level, ...]
    mpp: tuple[float, float] | None = None
    magnification: float | None = None
    associated_images: tuple[Associated, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    # The files that the slide consists of, by their names relative to the first one's folder.
    part_names: tuple[str, ...] = ("",)
    # The file among them that OpenSlide opens.
    entry: str = ""
    stored: tuple[Tiles | None, ...] = field(default=(), repr=False)
    sources: tuple[Source | None, ...] = field(default=(), repr=False, compare=False)
    decoder: Any = field(default=None, repr=False, compare=False)

    @property
    def width(self) -> int:
        """Pixels across, at full size."""
        return self.levels[0].width

    @property
    def height(self) -> int:
        """Pixels from top to bottom, at full size."""
        return self.levels[0].height

    def associated(self) -> tuple[Associated, ...]:
        """The label, macro and thumbnail pictures that the file carries."""
        return self.associated_images

    def number(self, level: int, column: int, row: int) -> int:
        """A tile's place in its level, row by row; NoSuchTile outside the grid."""
        if 0 <= level < len(self.levels):
            size = self.levels[level]
            if 0 <= column < size.columns and 0 <= row < size.rows:
                return row * size.columns + column
        raise NoSuchTile(f"level {level}, column {column}, row {row}")

    def raw_tile(self, level: int, column: int, row: int, *, waiting: bool = True) -> bytes | None:
        """The stored JPEG, self-contained and undecoded; None where it must be decoded; NoSuchTile outside the grid.

        Without waiting also None where its bytes are not in this machine's memory.
        """
        number = self.number(level, column, row)
        tiles = self.stored[level]
        if tiles is None:
            return None
        length = tiles.lengths[number]
        if not length:
            size = self.levels[level]
            return blank(size.tile_width, size.tile_height)
        source = self.sources[tiles.part]
        if source is None:
            raise BadSlide(Fault.UNREADABLE, f"part {tiles.part} is not at hand")
        data = (
            source.read_at(tiles.offsets[number], length) if waiting else at_once(source, tiles.offsets[number], length)
        )
        if data is None:
            return None
        if len(data) != length or data[:2] != START:
            raise BadSlide(Fault.DAMAGED_TILE, f"level {level}, column {column}, row {row}")
        return tiles.opening + data[2:]

    def tile(self, level: int, column: int, row: int) -> tuple[bytes, str]:
        """A tile of the full tile size and its media type, as stored or decoded in a limited process."""
        raw = self.raw_tile(level, column, row)
        if raw is not None:
            return raw, JPEG
        if self.decoder is None:
            raise BadSlide(Fault.UNREADABLE, "no decoder for a slide without a local path")
        return self.decoder.tile(self, level, column, row), JPEG

    def associated_image(self, name: str) -> tuple[bytes, str]:
        """An associated picture as JPEG, decoded in a limited process; NoSuchTile for an unknown name."""
        if name not in {image.name for image in self.associated_images}:
            raise NoSuchTile(name)
        if self.decoder is None:
            raise BadSlide(Fault.UNREADABLE, "no decoder for a slide without a local path")
        return self.decoder.associated(name), JPEG

    def reading(self, sources: Sequence[Source | None], decoder: Any = None) -> "Slide":
        """The same index over these sources, one for each part."""
        if len(sources) != len(self.part_names):
            raise ValueError(f"{len(self.part_names)} sources are needed, not {len(sources)}")
        return replace(self, sources=tuple(sources), decoder=decoder)


@cache
def blank(width: int, height: int) -> bytes:
    """A white tile, for places the scanner left out."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "JPEG", quality=50)
    return out.getvalue()
