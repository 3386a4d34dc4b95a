"""Results on the screen, as JSON, and as a picture of the ratios."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

WIDTH, ROW, LEFT, TOP = 1100, 44, 330, 60
INK, GREY, BAR, OVER, PAPER = (25, 25, 25), (130, 130, 130), (45, 95, 130), (176, 58, 46), (255, 255, 255)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns, the first to the left, the others to the right."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    for row in [heads, *rows]:
        first, *others = (text.rjust(width) for text, width in zip(row, widths, strict=True))
        print("   ".join(["  " + first.strip().ljust(widths[0]), *others]))


def keep(name: str, found: Mapping[str, Any], bars: Mapping[str, tuple[float, float]], title: str) -> None:
    """Write the figures and their picture beside the data and say where."""
    folder = Path(settings.DATA_FOLDER) / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, ensure_ascii=False, indent=2), encoding="utf-8")
    picture(bars, title).save(folder / f"{name}.png")
    print(f"\n  {folder / name}.json and .png")


def picture(bars: Mapping[str, tuple[float, float]], title: str) -> Image.Image:
    """A bar for each ratio, and a line where its mark stands; what is over its mark is red."""
    image = Image.new("RGB", (WIDTH, TOP + ROW * len(bars) + 20), PAPER)
    pen = ImageDraw.Draw(image)
    large, small = ImageFont.load_default(20), ImageFont.load_default(16)
    pen.text((16, 16), title, fill=INK, font=large)
    most = max((max(pair) for pair in bars.values()), default=1) * 1.15
    unit = (WIDTH - LEFT - 90) / most
    for place, (name, (ratio, mark)) in enumerate(bars.items()):
        y = TOP + ROW * place
        pen.text((16, y + 8), name, fill=INK, font=small)
        pen.rectangle((LEFT, y + 6, LEFT + ratio * unit, y + ROW - 12), fill=OVER if ratio > mark else BAR)
        pen.text((LEFT + ratio * unit + 6, y + 8), f"{ratio:.2f}", fill=INK, font=small)
        at = LEFT + mark * unit
        pen.line((at, y, at, y + ROW - 6), fill=GREY, width=2)
    return image
