"""Makes an Aperio-like SVS: RGB tiles of 240 pixels without a colour marker, levels 1, 4, 16, three other pictures."""

import zlib
from pathlib import Path

from PIL import Image

from telemedicine.wsi.generate.container import ASCII, BYTES, LONG, SHORT, Tag, TiffWriter, text
from telemedicine.wsi.generate.label import label, macro
from telemedicine.wsi.generate.pyramid import encoded, filled, planned, tables
from telemedicine.wsi.generate.tiff import write_level
from telemedicine.wsi.generate.tissue import Tissue
from telemedicine.wsi.jpeg import RGB, YCBCR

QUALITY = 70
TILE = 240
JPEG, DEFLATE = 7, 8


def make_svs(path: Path, *, width: int, height: int, seed: int, patient: str = "演示患者") -> None:
    """Write a slide of this size in pixels at 40x, its label bearing the invented patient's name."""
    plans = planned(width, height, tile=TILE, factor=4, smallest=max(1, max(width, height) // 16 + 1))
    spools, overview = filled(
        Tissue(width, height, seed),
        plans,
        path.parent,
        lambda image: encoded(image, QUALITY, rgb=True, abbreviated=True),
    )
    said = (
        f"Aperio Image Library v11.2.1 \n{width}x{height} [0,0 {width}x{height}] ({TILE}x{TILE}) JPEG/RGB Q={QUALITY}"
    )
    known = f"|AppMag = 40|ScanScope ID = SS{seed % 10000:04}|Filename = {seed}|MPP = 0.2500"
    known += "|Date = 01/15/26|Time = 09:30:00"
    thumbnail = overview.copy()
    thumbnail.thumbnail((768, 768))
    glass_label = label(seed, patient)
    with TiffWriter(path, big=False) as writer:
        for number, spool in enumerate(spools):
            plan = spool.plan
            reduced = f"\n-> {plan.width}x{plan.height} - " if number else ""
            tags: list[Tag] = [(254, LONG, [0]), (270, ASCII, text(said + reduced + known))]
            write_level(writer, spool, tables(QUALITY, rgb=True), RGB, tags)
            if number == 0:
                size = f"-> {thumbnail.width}x{thumbnail.height} - "
                _picture(writer, thumbnail, JPEG, 0, f"{said}{size}{known}")
        words = f"label {glass_label.width}x{glass_label.height}"
        _picture(writer, glass_label, DEFLATE, 1, f"Aperio Image Library v11.2.1 \n{words}")
        photograph = macro(overview, glass_label)
        words = f"macro {photograph.width}x{photograph.height}"
        _picture(writer, photograph, JPEG, 9, f"Aperio Image Library v11.2.1 \n{words}")


def _picture(writer: TiffWriter, image: Image.Image, compression: int, kind: int, description: str) -> None:
    """Write one of the other pictures as a single strip."""
    data = encoded(image, 85, abbreviated=True) if compression == JPEG else zlib.compress(image.tobytes())
    offsets, lengths = writer.pictures([data])
    tags: list[Tag] = [
        (254, LONG, [kind]),
        (256, LONG, [image.width]),
        (257, LONG, [image.height]),
        (258, SHORT, [8, 8, 8]),
        (259, SHORT, [compression]),
        (262, SHORT, [YCBCR if compression == JPEG else RGB]),
        (270, ASCII, text(description)),
        (273, LONG, offsets),
        (277, SHORT, [3]),
        (278, LONG, [image.height]),
        (279, LONG, lengths),
        (284, SHORT, [1]),
    ]
    if compression == JPEG:
        tags += [(347, BYTES, tables(85)), (530, SHORT, [2, 2])]
    writer.directory(tags)
