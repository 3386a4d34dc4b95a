"""A4 paper for Chinese text: an embedded font, lines broken by the rules of Chinese setting, pages counted."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import segno
from django.utils import timezone
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import FontFace

from consortium import seal
from consortium.access import Actor
from consortium.errors import Code, Refused

# Noto Sans SC comes as a wheel of data, pinned by its checksum; it is never imported, so a report alone needs it.
WHEEL, FILE = "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"
NAME = "Noto"
MARGIN, LABEL, LINE = 18.0, 40.0, 5.2  # millimetres: the margins, the column of labels, a line of text
INK, GREY, PALE = 0, 95, 225
MARKED = [(x, y) for y in (70.0, 150.0, 230.0) for x in (60.0, 150.0)]  # where a page says whose copy it is
MARK_SIZE, MARK_WIDTH, SLANT = 9.0, 96.0, 30  # points, millimetres, degrees
SEALED = 34.0  # millimetres left to the QR code beside a signature
# A word of the Latin script or a number stays whole; every other character may begin a line.
PIECES = re.compile(r"[A-Za-z0-9µ%.+()/:_-]+|\s|.", re.DOTALL)
RAISED = {"<super>": "^", "<sub>": ""}  # how a plain line writes small figures
NEVER_FIRST = set("，。、；：？！）》”’】％…—,.;:?!)")


class Paper(FPDF):
    """Pages with the same head and foot, a word across each page if it is not in force, and whose copy it is."""

    def __init__(self, *, head: Sequence[str], foot: str, across: str, made_at: datetime, mark: str = "") -> None:
        super().__init__(format="A4")
        self.head, self.foot, self.across = [printable(line) for line in head], printable(foot), across
        self.mark = printable(mark)
        self.add_font(NAME, fname=font())
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=22)
        self.set_lang("zh-CN")
        self.set_title(" ".join(self.head))
        self.set_creator("Refnet")
        self.set_creation_date(made_at)
        self.add_page()

    def header(self) -> None:
        """The hospital, what this is, and a rule below; under everything, whose copy it is."""
        self._mark()
        if self.across:
            self.set_font(NAME, size=72)
            self.set_text_color(PALE)
            width = self.get_string_width(self.across)
            with self.rotation(40, self.w / 2, self.h / 2):
                self.text(self.w / 2 - width / 2, self.h / 2 + 10, self.across)
        self.set_y(12)
        for size, line in zip((17, 13), self.head, strict=True):
            self.ink(size)
            self.cell(0, size * 0.5, line, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.rule()

    def _mark(self) -> None:
        self.set_text_color(PALE)
        self.set_font(NAME, size=MARK_SIZE)
        width = self.get_string_width(self.mark)
        if width > MARK_WIDTH:
            self.set_font(NAME, size=MARK_SIZE * MARK_WIDTH / width)
            width = MARK_WIDTH
        for x, y in MARKED if self.mark else ():
            with self.rotation(SLANT, x, y):
                self.text(x - width / 2, y, self.mark)

    def footer(self) -> None:
        """What this copy is, and which page of how many."""
        self.set_y(-16)
        self.ink(8, GREY)
        self.cell(0, 5, self.foot)
        self.set_x(self.l_margin)
        self.cell(0, 5, f"第 {self.page_no()}/{{nb}} 页", align="R")

    def ink(self, size: float, grey: int = INK) -> None:
        """Write in this size from here on."""
        self.set_font(NAME, size=size)
        self.set_text_color(grey)

    def rule(self) -> None:
        """A line across the page."""
        self.ln(1.5)
        self.set_draw_color(GREY)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.ln(2.5)

    def heading(self, text: str) -> None:
        """The title of a part, never alone at the foot of a page."""
        self.ln(1.5)
        self.keep(3)
        self.ink(11.5)
        self.cell(0, 7, printable(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def entry(self, label: str, text: str) -> None:
        """A label and what belongs to it beside it, over as many lines and pages as it takes."""
        self.ink(10)
        width = self.epw - LABEL
        for number, line in enumerate(self.lines(text, width)):
            self.keep(1)
            self.ink(10, GREY)
            self.cell(LABEL, LINE, printable(label) if number == 0 else "")
            self.ink(10)
            self.cell(width, LINE, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def paragraph(self, text: str) -> None:
        """Words over the whole width."""
        self.ink(10)
        for line in self.lines(text, self.epw):
            self.keep(1)
            self.cell(0, LINE + 0.4, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def cut(self, text: str) -> None:
        """A dashed line across the page at which it is cut in two, with a word on it."""
        self.ln(3)
        self.keep(2)
        self.set_draw_color(GREY)
        self.set_dash_pattern(dash=2, gap=1.5)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.set_dash_pattern()
        self.ink(8, GREY)
        self.cell(0, 5, printable(text), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def signature(self, entries: Sequence[tuple[str, str]], *, code: str, address: str) -> None:
        """Who answers for it, and how it is checked: by the code, or by the QR code beside it."""
        top, asked = self.get_y(), f"{address}?code={code}"
        self.set_right_margin(self.r_margin + SEALED)
        for label, text in (*entries, ("核验码", seal.printed_code(code)), ("核验地址", address)):
            self.entry(label, text)
        self.set_right_margin(self.r_margin - SEALED)
        self.qr(asked, self.w - self.r_margin - 32, top, 32)

    def pair(self, entries: Sequence[tuple[str, str]]) -> None:
        """Short entries, two in a line."""
        half = self.epw / 2
        for number, (label, text) in enumerate(entries):
            self.ink(10, GREY)
            self.cell(22, LINE + 0.6, printable(label))
            self.ink(10)
            last = number % 2 == 1 or number == len(entries) - 1
            follow = (XPos.LMARGIN, YPos.NEXT) if last else (XPos.RIGHT, YPos.TOP)
            self.cell(half - 22, LINE + 0.6, printable(text), new_x=follow[0], new_y=follow[1])

    def grid(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table whose head is repeated on each page."""
        self.ink(9)
        self.set_draw_color(180)
        plain: dict[str, Any] = {"headings_style": FontFace(fill_color=(240, 240, 240))}
        with self.table(line_height=LINE, padding=0.8, text_align="LEFT", wrapmode=WrapMode.CHAR, **plain) as table:
            for row in (head, *rows):
                table.row([printable(cell) for cell in row])
        self.ln(1)

    def qr(self, text: str, x: float, y: float, size: float) -> None:
        """A QR code as drawn squares, sharp at any magnification."""
        matrix = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=2)]
        step = size / len(matrix)
        self.set_fill_color(INK)
        for down, row in enumerate(matrix):
            for right, dark in enumerate(row):
                if dark:
                    self.rect(x + right * step, y + down * step, step, step, style="F")

    def picture(self, data: bytes, caption: str) -> None:
        """A picture half as wide as the page, with its caption below."""
        width = self.epw / 2
        self.keep(16)
        self.image(BytesIO(data), w=width, h=width * 0.75, keep_aspect_ratio=True)
        self.entry("", caption)

    def keep(self, lines: int) -> None:
        """Go to the next page if so many lines no longer fit on this one."""
        if self.will_page_break(lines * LINE):
            self.add_page()

    def lines(self, text: str, width: float) -> Iterator[str]:
        """The lines of a text in the size that is set; one at least."""
        room = width - 2 * self.c_margin
        for paragraph in printable(text).split("\n"):
            line = ""
            for piece in self._pieces(paragraph, room):
                if line and self.get_string_width(line + piece) > room:
                    yield line
                    line = piece.lstrip()
                else:
                    line += piece
            yield line

    def _pieces(self, paragraph: str, room: float) -> Iterator[str]:
        """What may begin a line: words and characters, each with the marks that must follow it."""
        held = ""
        for match in PIECES.finditer(paragraph):
            piece = match.group()
            if held and piece in NEVER_FIRST:
                held += piece
                continue
            yield from [held] if self.get_string_width(held) <= room else held
            held = piece
        yield from [held] if self.get_string_width(held) <= room else held


def font() -> Path:
    """Where the font lies; INTERNAL, with what to install, where it is missing."""
    found = find_spec(WHEEL)
    for folder in (found and found.submodule_search_locations) or ():
        if (path := Path(folder) / FILE).is_file():
            return path
    raise Refused(Code.INTERNAL, _("本机缺少报告所用的字体：请管理员按 requirements.txt 安装依赖后重启服务。"))


@cache
def _drawn(path: Path) -> frozenset[int]:
    """The characters that a font can draw."""
    sheet = FPDF()
    sheet.add_font(NAME, fname=path)
    return frozenset(getattr(sheet.fonts[NAME.lower()], "cmap", ()))


def printable(text: str) -> str:
    """The text without control characters, and with what the font cannot draw written in another way."""
    drawn = _drawn(font())
    return "".join(
        _plain(kind, "".join(run), drawn) for kind, run in groupby(text.replace("\r\n", "\n"), lambda s: _raised(s)[0])
    )


def _plain(kind: str, run: str, drawn: frozenset[int]) -> str:
    """A run of signs at one height: 10⁻³ as 10^−3 and CO₂ as CO2; of others, what is missing by its code."""
    if kind and any(ord(sign) not in drawn for sign in run):
        return RAISED[kind] + "".join(_raised(sign)[1] for sign in run)
    return "".join(
        sign if sign == "\n" or ord(sign) in drawn else " " if ord(sign) < 32 else f"〓[U+{ord(sign):04X}]"
        for sign in run
    )


def _raised(sign: str) -> tuple[str, str]:
    """Whether a sign is a small figure or letter, above or below the line, and what it is on the line."""
    kind, _space, plain = unicodedata.decomposition(sign).partition(" ")
    return (kind, "".join(chr(int(part, 16)) for part in plain.split())) if kind in RAISED else ("", sign)


def mark(by: Actor, now: datetime) -> str:
    """Whose copy a page is: the reader, for which hospital, and when."""
    role = next(iter(by.held), None)
    at = f"（{role.hospital.name}）" if role and role.hospital else ""
    return f"{by.person.name if by.person else ''}{at} {moment(now)} 阅"


def moment(value: datetime) -> str:
    """A moment in the network's own zone, to the minute."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
