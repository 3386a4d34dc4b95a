"""Made-up tissue in haematoxylin and eosin: any tile of it can be drawn alone, and neighbours fit."""

import math
from collections.abc import Iterator
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

GLASS = (243, 241, 245)
STROMA, PALE, CYTOPLASM, LUMEN, BLOOD = (
    (226, 140, 184),
    (247, 214, 229),
    (203, 150, 198),
    (246, 238, 244),
    (201, 62, 84),
)
NUCLEI = ((84, 52, 132), (98, 62, 148), (70, 42, 112), (112, 78, 160))
MARGIN = 16  # pixels drawn around a tile and cut off again, so that softening leaves no seam
COARSE = 64  # pixels of one cell of the outline
PERIOD = 512  # pixels after which the fibres repeat
NUCLEUS_CELL, GLAND_CELL = 30, 380


def mixed(*numbers: int) -> int:
    """A well-mixed 32-bit number that depends on each of these."""
    value = 0x9E3779B9
    for number in numbers:
        value = (value ^ (number & 0xFFFFFFFF)) * 0x85EBCA6B & 0xFFFFFFFF
        value = (value ^ value >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
        value ^= value >> 16
    return value


class Tissue:
    """A section of some pixels at 0.25 micrometres each; one or several pieces on clear glass."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.width, self.height, self.seed = width, height, seed
        self._outline = self._draw_outline()
        self._fibres = self._draw_fibres()

    def _draw_outline(self) -> Image.Image:
        """Where tissue lies, one pixel for each coarse cell: ragged pieces, each an ellipse gnawed by noise."""
        random = Random(self.seed)  # noqa: S311 (drawing, not secrecy)
        across, down = self.width // COARSE + 24, self.height // COARSE + 24
        image = Image.new("L", (across, down), 0)
        pieces = ImageDraw.Draw(image)
        count = random.choice((1, 2, 2, 3))
        for number in range(count):
            wide, high = (across - 24) / count, down - 24
            x = 4 + wide * (number + 0.5) + random.uniform(-0.06, 0.06) * wide
            y = 4 + high * (0.5 + random.uniform(-0.06, 0.06))
            radii = wide * random.uniform(0.36, 0.46), high * random.uniform(0.34, 0.44)
            waves = [(k, random.uniform(0, 0.25 / k), random.uniform(0, math.tau)) for k in range(2, 9)]
            points = []
            for step in range(180):
                angle = math.tau * step / 180
                grown = 1 + sum(size * math.sin(k * angle + phase) for k, size, phase in waves)
                points.append((x + radii[0] * grown * math.cos(angle), y + radii[1] * grown * math.sin(angle)))
            pieces.polygon(points, fill=255)
        small = max(2, across // 6), max(2, down // 6)
        noise = Image.frombytes("L", small, random.randbytes(small[0] * small[1])).resize(
            image.size, Image.Resampling.BICUBIC
        )
        gnawed = ImageChops.multiply(
            image.filter(ImageFilter.GaussianBlur(1.5)), noise.point(lambda v: min(255, 120 + v))
        )
        ImageDraw.Draw(gnawed).rectangle((0, 0, across - 1, down - 1), outline=0)
        return gnawed

    def _draw_fibres(self) -> Image.Image:
        """A repeating texture of wavy fibres and grain, 0 to 255, wide enough to be cut at any place."""
        random = Random(self.seed + 1)  # noqa: S311 (drawing, not secrecy)
        layers = []
        for cells, smooth in (((8, 64), 1), ((64, 64), 1), ((256, 256), 0)):
            lattice = Image.frombytes("L", cells, random.randbytes(cells[0] * cells[1]))
            tripled = Image.new("L", (cells[0] * 3, cells[1] * 3))
            for number in range(9):
                tripled.paste(lattice, (number % 3 * cells[0], number // 3 * cells[1]))
            method = Image.Resampling.BICUBIC if smooth else Image.Resampling.BILINEAR
            box = (cells[0], cells[1], 2 * cells[0], 2 * cells[1])
            layers.append(tripled.resize((PERIOD, PERIOD), method, box=box))
        texture = Image.blend(Image.blend(layers[0], layers[1], 0.4), layers[2], 0.2)
        wide = Image.new("L", (PERIOD * 3, PERIOD * 3))
        for number in range(9):
            wide.paste(texture, (number % 3 * PERIOD, number // 3 * PERIOD))
        return wide

    def tile(self, left: int, top: int, width: int, height: int) -> Image.Image:
        """The picture of a part, in level 0 pixels; parts beyond the slide are glass."""
        x, y, wide, high = left - MARGIN, top - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN
        mask = self._mask(x, y, wide, high)
        image = Image.new("RGB", (wide, high), GLASS)
        if mask.getextrema()[1]:
            image.paste(self._stained(x, y, wide, high), (0, 0), mask)
            image = image.filter(ImageFilter.GaussianBlur(0.8))
        return image.crop((MARGIN, MARGIN, MARGIN + width, MARGIN + height))

    def _mask(self, x: int, y: int, wide: int, high: int) -> Image.Image:
        """How much tissue lies at each pixel: 0 or 255, with a narrow edge."""
        box = tuple(value / COARSE + 4 for value in (x, y, x + wide, y + high))
        limits = (self._outline.width, self._outline.height) * 2
        inside = tuple(min(max(value, 0), limit) for value, limit in zip(box, limits, strict=True))
        if inside != box:
            return Image.new("L", (wide, high), 0)
        grown = self._outline.resize((wide, high), Image.Resampling.BICUBIC, box=box)  # type: ignore[arg-type]
        return grown.point(lambda v: 0 if v < 96 else 255 if v > 104 else (v - 96) * 32)

    def _stained(self, x: int, y: int, wide: int, high: int) -> Image.Image:
        """Stroma with fibres, glands, nuclei and blood cells."""
        corner = x % PERIOD, y % PERIOD
        fibres = Image.new("L", (wide, high))
        for across in range(0, wide, PERIOD):
            for down in range(0, high, PERIOD):
                part = (min(PERIOD, wide - across), min(PERIOD, high - down))
                fibres.paste(
                    self._fibres.crop((corner[0], corner[1], corner[0] + part[0], corner[1] + part[1])), (across, down)
                )
        image = Image.composite(Image.new("RGB", (wide, high), STROMA), Image.new("RGB", (wide, high), PALE), fibres)
        draw = ImageDraw.Draw(image)
        glands = list(self._glands(x, y, wide, high))
        for nucleus in self._loose_nuclei(x, y, wide, high):
            _nucleus(draw, *nucleus)
        for gland in glands:
            _gland(draw, x, y, *gland)
        return image

    def _cells(self, x: int, y: int, wide: int, high: int, size: int, reach: int) -> Iterator[tuple[int, int, int]]:
        """The cells of a grid that may reach into a part, each with its own number."""
        for row in range((y - reach) // size, (y + high + reach) // size + 1):
            for column in range((x - reach) // size, (x + wide + reach) // size + 1):
                yield column * size, row * size, mixed(self.seed, size, column, row)

    def _glands(self, x: int, y: int, wide: int, high: int) -> Iterator[tuple[int, int, int, int, int]]:
        """Centre, radii and number of each gland that reaches into a part."""
        for left, top, number in self._cells(x, y, wide, high, GLAND_CELL, 190):
            if number % 16 < 9 and mixed(self.seed, 7, left // 2400, top // 2400) % 4:
                centre_x, centre_y = left + 150 + number % 83, top + 150 + (number >> 8) % 83
                yield centre_x, centre_y, 70 + (number >> 16) % 90, 70 + (number >> 20) % 90, number

    def _loose_nuclei(self, x: int, y: int, wide: int, high: int) -> Iterator[tuple[float, float, float, float, int]]:
        """Centre, radii and number of each nucleus, relative to the part; crowded in some regions."""
        for left, top, number in self._cells(x, y, wide, high, NUCLEUS_CELL, NUCLEUS_CELL):
            crowd = 3 + mixed(self.seed, 11, left // 700, top // 700) % 9
            if number % 16 >= crowd:
                continue
            centre = left - x + (number >> 4) % NUCLEUS_CELL, top - y + (number >> 9) % NUCLEUS_CELL
            thin = (number >> 14) % 3
            radii = (5.5 + (number >> 16) % 5, (9, 4.5, 6.5)[thin] + (number >> 20) % 3)
            yield *centre, *radii, number


def _nucleus(draw: ImageDraw.ImageDraw, x: float, y: float, wide: float, high: float, number: int) -> None:
    """One nucleus with a paler middle and perhaps a nucleolus; now and then a red cell instead."""
    if number % 61 == 0:
        draw.ellipse((x - 12, y - 12, x + 12, y + 12), fill=BLOOD)
        return
    tone = NUCLEI[number >> 24 & 3]
    draw.ellipse((x - wide, y - high, x + wide, y + high), fill=tone)
    lighter = (tone[0] + 34, tone[1] + 30, tone[2] + 28)
    draw.ellipse((x - wide * 0.6, y - high * 0.6, x + wide * 0.5, y + high * 0.5), fill=lighter)
    if number >> 26 & 1:
        draw.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=tone)


def _gland(draw: ImageDraw.ImageDraw, x: int, y: int, centre_x: int, centre_y: int, *shape: int) -> None:
    """One gland: cytoplasm around a lumen, its nuclei in a ring at the base."""
    across, down, number = shape
    middle = centre_x - x, centre_y - y
    box = (middle[0] - across, middle[1] - down, middle[0] + across, middle[1] + down)
    draw.ellipse(box, fill=CYTOPLASM, outline=PALE, width=3)
    hollow = 0.35 + (number >> 4) % 16 / 64
    inner = (across * hollow, down * hollow)
    draw.ellipse((middle[0] - inner[0], middle[1] - inner[1], middle[0] + inner[0], middle[1] + inner[1]), fill=LUMEN)
    count = int(math.tau * (across + down) / 2 * 0.84 / 19)
    for step in range(count):
        own = mixed(number, step)
        angle = math.tau * (step + (own % 8) / 16) / count
        far = 0.8 + (own >> 8) % 16 / 160
        at = middle[0] + across * far * math.cos(angle), middle[1] + down * far * math.sin(angle)
        tall = abs(math.sin(angle))
        _nucleus(draw, *at, 6 + 4 * (1 - tall) + own % 2, 6 + 4 * tall + (own >> 3) % 2, own | 1 << 20)
