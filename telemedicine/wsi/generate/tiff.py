"""Makes a tiled pyramid TIFF or BigTIFF as converters write them: YCbCr tiles, tables kept apart."""

from pathlib import Path

from telemedicine.wsi.generate.container import BYTES, LONG, RATIONAL, SHORT, Tag, TiffWriter, rational, text
from telemedicine.wsi.generate.pyramid import Spool, encoded, filled, planned, tables
from telemedicine.wsi.generate.tissue import Tissue
from telemedicine.wsi.jpeg import RGB, YCBCR

QUALITY = 80
MPP = 0.25


def make_tiff(
    path: Path, *, width: int, height: int, seed: int, tile: int = 256, big: bool = False, factor: int = 2
) -> None:
    """Write a slide of this size in pixels, 0.25 micrometres each; the same seed gives the same bytes."""
    plans = planned(width, height, tile=tile, factor=factor, smallest=max(512, tile))
    spools, _overview = filled(
        Tissue(width, height, seed), plans, path.parent, lambda image: encoded(image, QUALITY, abbreviated=True)
    )
    with TiffWriter(path, big=big) as writer:
        for number, spool in enumerate(spools):
            scale = rational(10_000 / (MPP * spool.plan.downsample))
            tags: list[Tag] = [
                (254, LONG, [1 if number else 0]),
                (282, RATIONAL, scale),
                (283, RATIONAL, scale),
                (296, SHORT, [3]),
                (305, 2, text("Refnet slide generator")),
            ]
            write_level(writer, spool, tables(QUALITY), YCBCR, tags)


def write_level(writer: TiffWriter, spool: Spool, shared: bytes, photometric: int, tags: list[Tag]) -> None:
    """Write a level's tiles in the order of the grid and its directory; the spool is given back."""
    plan = spool.plan
    offsets, lengths = writer.pictures(spool.tile(number) for number in range(plan.columns * plan.rows))
    spool.close()
    shape: list[Tag] = [
        (256, LONG, [plan.width]),
        (257, LONG, [plan.height]),
        (258, SHORT, [8, 8, 8]),
        (259, SHORT, [7]),
        (262, SHORT, [photometric]),
        (277, SHORT, [3]),
        (284, SHORT, [1]),
        (322, SHORT, [plan.tile]),
        (323, SHORT, [plan.tile]),
        (324, LONG, offsets),
        (325, LONG, lengths),
        (347, BYTES, shared),
    ]
    writer.directory([*shape, *([(530, SHORT, [1, 1])] if photometric == RGB else [(530, SHORT, [2, 2])]), *tags])
