"""What OpenSlide makes of a file; runs in limited processes only, since it parses whatever it is given."""

import base64
import io
from typing import Any

from openslide import OpenSlide, OpenSlideError, open_slide
from PIL import Image

from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.pyramid import LARGEST_TOP, MAX_SIDE
from telemedicine.wsi.slide import Associated, Level, Slide

TILE = 512
QUALITY = 85
FORMATS = {"hamamatsu": "ndpi", "mirax": "mrxs", "zeiss": "czi", "leica": "scn", "ventana": "bif"}
LARGEST_PICTURE = 4096


def opened(path: str) -> OpenSlide:
    """The file as OpenSlide sees it; UNREADABLE if it does not."""
    try:
        slide = open_slide(path)
    except (OpenSlideError, OSError) as error:
        raise BadSlide(Fault.UNREADABLE, str(error)) from error
    if not isinstance(slide, OpenSlide):
        raise BadSlide(Fault.NOT_A_SLIDE, "a plain picture")
    return slide


def described(slide: OpenSlide) -> Slide:
    """The index of a slide all of whose tiles must be decoded, on a grid of our own."""
    (full_width, full_height), *_rest = slide.level_dimensions
    if max(full_width, full_height) > MAX_SIDE:
        raise BadSlide(Fault.TOO_LARGE, f"{full_width} x {full_height}")
    if max(slide.level_dimensions[-1]) > LARGEST_TOP:
        raise BadSlide(Fault.NO_PYRAMID)
    vendor = str(slide.properties.get("openslide.vendor", ""))
    scale = [decimal(slide.properties.get(f"openslide.mpp-{axis}")) for axis in "xy"]
    levels = tuple(
        Level(*size, TILE, TILE, float(downsample), False)
        for size, downsample in zip(slide.level_dimensions, slide.level_downsamples, strict=True)
    )
    return Slide(
        format=FORMATS.get(vendor, "tiff"),
        vendor=vendor,
        levels=levels,
        mpp=(scale[0], scale[1]) if scale[0] and scale[1] else None,
        magnification=decimal(slide.properties.get("openslide.objective-power")),
        associated_images=tuple(
            Associated(name, *image.size, shows_label=name != "thumbnail")
            for name, image in slide.associated_images.items()
        ),
        stored=(None,) * len(levels),
    )


def decimal(text: str | None) -> float | None:
    """A positive number, or None."""
    try:
        value = float(text or 0)
    except ValueError:
        return None
    return value if value > 0 else None


def region(slide: OpenSlide, size: tuple[int, int], at: tuple[int, int], shape: tuple[int, int]) -> Image.Image:
    """A part of the level of this size, on white where the scanner left something out."""
    if size not in slide.level_dimensions:
        raise BadSlide(Fault.UNREADABLE, f"no level of {size}")
    level = slide.level_dimensions.index(size)
    scale = slide.level_downsamples[level]
    try:
        found = slide.read_region((round(at[0] * scale), round(at[1] * scale)), level, shape)
    except OpenSlideError as error:
        raise BadSlide(Fault.DAMAGED_TILE, str(error)) from error
    paper = Image.new("RGB", shape, "white")
    paper.paste(found, (0, 0), found)
    return paper


def associated(slide: OpenSlide, name: str) -> Image.Image:
    """An associated picture, no larger than a screen needs."""
    try:
        found: Any = slide.associated_images[name]
    except (OpenSlideError, KeyError) as error:
        raise BadSlide(Fault.DAMAGED_TILE, name) from error
    paper = Image.new("RGB", found.size, "white")
    paper.paste(found, (0, 0), found)
    paper.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE))
    return paper


def joined(request: dict[str, Any]) -> Image.Image:
    """Stored tiles put together at their places on white; DAMAGED_TILE for a tile that is none of this size."""
    paper = Image.new("RGB", tuple(request["shape"]), "white")
    for left, top, text in request["tiles"]:
        try:
            with Image.open(io.BytesIO(base64.b64decode(text)), formats=("JPEG",)) as tile:
                if list(tile.size) != request["tile"]:
                    raise BadSlide(Fault.DAMAGED_TILE, f"a tile of {tile.size}")
                paper.paste(tile.convert("RGB"), (left, top))
        except (OSError, Image.DecompressionBombError) as error:
            raise BadSlide(Fault.DAMAGED_TILE, str(error)) from error
    paper.thumbnail((request["longest"], request["longest"]))
    return paper


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as JPEG."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
