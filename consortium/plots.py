"""Plots on paper, drawn as lines and areas: sharp at any size, readable in grey, and with their numbers beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fpdf.enums import XPos, YPos

from consortium.paper import GREY, INK, LINE, NAME, Paper, printable

BAR, LIGHT, GRID = (45, 95, 130), (214, 226, 234), 205
SMALL = 7.5  # points


@dataclass(frozen=True)
class Bar:
    """One bar: what it is, how long, and what is written behind it; no length where a count is withheld."""

    label: str
    length: float | None
    text: str


@dataclass(frozen=True)
class Box:
    """A place on the page, in millimetres."""

    x: float
    y: float
    width: float
    height: float


def bars(page: Paper, rows: Sequence[Bar], *, labels: float = 62.0) -> None:
    """Horizontal bars, one in a line, the longest as wide as there is room; broken between pages."""
    longest = max((row.length or 0 for row in rows), default=0)
    room = page.epw - labels - 34
    for row in rows:
        page.keep(1)
        page.ink(9)
        page.cell(labels, LINE, fitted(page, row.label, labels - 2))
        x, y = page.get_x(), page.get_y()
        width = room * row.length / longest if row.length and longest else 0
        if width:
            page.set_fill_color(*BAR)
            page.rect(x, y + 1, width, LINE - 2, style="F")
        page.set_x(x + width + 1)
        page.cell(0, LINE, printable(row.text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def line(
    page: Paper, box: Box, title: str, names: Sequence[str], values: Sequence[float | None], *, share: bool
) -> None:
    """A line through the values in order, with a gap where one is missing; a share goes from 0 to 100 %."""
    known = [value for value in values if value is not None]
    top = 1.0 if share else max([*known, 1])
    inner = Box(box.x + 12, box.y + 7, box.width - 16, box.height - 14)
    _write(page, box.x, box.y + 4, title, size=9)
    page.set_draw_color(GRID)
    page.set_line_width(0.15)
    for part in (0, 0.5, 1):
        y = inner.y + inner.height * (1 - part)
        page.line(inner.x, y, inner.x + inner.width, y)
        _write(page, box.x, y + 1, _shown(top * part, share), grey=GREY)
    step = inner.width / max(1, len(values) - 1)
    points = [
        None if value is None else (inner.x + step * place, inner.y + inner.height * (1 - value / top))
        for place, value in enumerate(values)
    ]
    page.set_draw_color(*BAR)
    page.set_fill_color(*BAR)
    page.set_line_width(0.5)
    for one, other in pairwise(points):
        if one and other:
            page.line(*one, *other)
    for point in points:
        if point:
            page.circle(*point, 0.8, style="F")
    page.set_line_width(0.2)
    every = max(1, -(-len(names) // 6))
    for place, name in enumerate(names):
        if (len(names) - 1 - place) % every == 0:
            _write(page, inner.x + step * place - 5, inner.y + inner.height + 4, name, grey=GREY)
    last = values[-1] if values else None
    _write(page, box.x + box.width - 16, box.y + 4, "—" if last is None else _shown(last, share), size=9)


def fitted(page: Paper, text: str, width: float) -> str:
    """The text in the size that is set, shortened with an ellipsis if it is wider."""
    shown = printable(text)
    if page.get_string_width(shown) <= width:
        return shown
    while shown and page.get_string_width(f"{shown}…") > width:
        shown = shown[:-1]
    return f"{shown}…"


def _shown(value: float, share: bool) -> str:
    return f"{value:.0%}" if share else f"{value:g}"


def _write(page: Paper, x: float, y: float, text: str, *, size: float = SMALL, grey: int = INK) -> None:
    page.set_font(NAME, size=size)
    page.set_text_color(grey)
    page.text(x, y, printable(text))
