"""A region of a slide as one picture, put together from its tiles in a limited process."""

import base64
import io

from PIL import Image

from telemedicine.wsi.decode import POOL, Pool
from telemedicine.wsi.slide import Slide

LONGEST = 2048  # pixels of a picture's longer side


def region(
    slide: Slide, *, x: int, y: int, width: int, height: int, pool: Pool = POOL
) -> tuple[bytes, tuple[int, int]]:
    """A region, in pixels of the largest level, as JPEG of at most `LONGEST` on its longer side; and its size.

    The finest level is taken that gives no more than twice as much; BadSlide if a tile cannot be read.
    """
    number = next(
        (n for n, each in enumerate(slide.levels) if max(width, height) / each.downsample <= 2 * LONGEST),
        len(slide.levels) - 1,
    )
    level = slide.levels[number]
    left, top = min(int(x / level.downsample), level.width - 1), min(int(y / level.downsample), level.height - 1)
    across = max(1, min(round(width / level.downsample), level.width - left))
    down = max(1, min(round(height / level.downsample), level.height - top))
    tiles = [
        [column * level.tile_width - left, row * level.tile_height - top, _text(slide, number, column, row)]
        for row in range(top // level.tile_height, (top + down - 1) // level.tile_height + 1)
        for column in range(left // level.tile_width, (left + across - 1) // level.tile_width + 1)
    ]
    shape = {"shape": [across, down], "tile": [level.tile_width, level.tile_height], "longest": LONGEST}
    data = pool.ask({"want": "mosaic", "tiles": tiles} | shape)
    with Image.open(io.BytesIO(data)) as made:  # ours, so its header may be believed
        return data, made.size


def _text(slide: Slide, level: int, column: int, row: int) -> str:
    return base64.b64encode(slide.tile(level, column, row)[0]).decode()
