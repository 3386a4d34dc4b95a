"""The outlines of counties and prefectures, drawn as areas; from `consortium/data/hunan_map.json`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from consortium.paper import Paper
from consortium.plots import Box

MARKS = re.compile(r"[Mlz]|-?\d+(?:\.\d+)?")
Point = tuple[float, float]
Colour = tuple[int, int, int]
PAPER: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Outlines:
    """Rings of points by division code, in units of the map, and how wide and high it is."""

    width: float
    height: float
    counties: Mapping[str, list[list[Point]]]
    prefectures: Mapping[str, list[list[Point]]]


@cache
def outlines() -> Outlines:
    """The map as it is shipped."""
    with (settings.BASE_DIR / "consortium" / "data" / "hunan_map.json").open(encoding="utf-8") as file:
        found = json.load(file)
    _x, _y, width, height = map(float, found["viewBox"].split())
    counties, prefectures = (
        {each["code"]: rings(each["path"]) for each in found[name]} for name in ("counties", "prefectures")
    )
    return Outlines(width, height, counties, prefectures)


def rings(path: str) -> list[list[Point]]:
    """The closed rings of an SVG path of moves (absolute) and lines (relative)."""
    found: list[list[Point]] = []
    x = y = 0.0
    numbers: list[float] = []
    begun = False
    for mark in MARKS.findall(path):
        if mark in "Mlz":
            begun = mark == "M"
            continue
        numbers.append(float(mark))
        if len(numbers) == 2:
            x, y = numbers if begun else (x + numbers[0], y + numbers[1])
            if begun:
                found.append([])
            found[-1].append((x, y))
            numbers, begun = [], False
    return found


def draw(page: Paper, box: Box, colours: Mapping[str, Colour]) -> None:
    """The map in a box: each county in its colour, those without one as paper, prefectures with a stronger border."""
    found = outlines()
    scale = min(box.width / found.width, box.height / found.height)
    page.set_draw_color(150)
    page.set_line_width(0.08)
    for code, areas in found.counties.items():
        page.set_fill_color(*colours.get(code, PAPER))
        for ring in areas:
            page.polygon([(box.x + x * scale, box.y + y * scale) for x, y in ring], style="DF")
    page.set_draw_color(60)
    page.set_line_width(0.25)
    for areas in found.prefectures.values():
        for ring in areas:
            page.polygon([(box.x + x * scale, box.y + y * scale) for x, y in ring], style="D")
    page.set_line_width(0.2)
