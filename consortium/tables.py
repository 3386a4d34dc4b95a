"""Reading a table that somebody sends: CSV or XLSX into rows of plain text, and what is wrong with the file itself."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_ROWS = 20_000
MAX_LINES = 5 * MAX_ROWS  # blank ones with them
MAX_COLUMNS = 100
OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1")
DIALLED = re.compile(r"\+\d[\d -]*")
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    LookupError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Problem:
    """One mistake: the line (1 is the first, 0 the whole file), the column by its heading, the value, the remedy."""

    line: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Formula:
    """A cell that computes instead of saying; it is never followed."""

    text: str


Cell = str | Formula
Row = tuple[int, list[Cell]]


@dataclass(frozen=True)
class Table:
    """The heading and its line in the file, and each row that is not blank with its line."""

    line: int
    heading: list[str]
    rows: list[Row]


class Unreadable(Exception):
    """The file as a whole cannot be read; `problem` says why and what to do."""

    def __init__(self, message: str, *, line: int = 0, value: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(line, "", value, message)


def read_table(path: Path) -> Table:
    """The table of a CSV file (UTF-8 or GB18030) or of the first sheet of an XLSX file; `Unreadable` otherwise."""
    _reader(path.name)
    if not path.is_file():
        raise Unreadable(_("文件不存在，或不是普通文件；请核对路径。"), value=path.name)
    _bounded(path.name, path.stat().st_size)
    return table_of(path.name, path.read_bytes())


def table_of(name: str, content: bytes) -> Table:
    """The table of a file that was sent: its kind is told by the end of its name; `Unreadable` as with `read_table`."""
    read = _reader(name)
    _bounded(name, len(content))
    if not content.strip():
        raise Unreadable(_("文件是空的；第一行应为列名。"), value=name)
    return _table(read(content))


def _reader(name: str) -> Callable[[bytes], Iterator[Row]]:
    read = {".csv": read_csv, ".xlsx": read_xlsx}.get(Path(name).suffix.lower())
    if read is None:
        raise Unreadable(_("只能导入 .csv 或 .xlsx 文件；旧版 .xls 请另存为 .xlsx。"), value=name)
    return read


def _bounded(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise Unreadable(_("文件超过 {limit} MB；请分成几个文件导入。").format(limit=MAX_BYTES // 1024**2), value=name)


def read_csv(content: bytes) -> Iterator[Row]:
    """The rows of a CSV file with the line on which each begins."""
    reader = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            yield line, [Formula(text) if is_formula(text) else text.strip() for text in row]
            line = reader.line_num + 1
    except csv.Error as error:
        message = _("这一行的引号或字段长度有误（{error}）；请用表格软件重新保存为 CSV UTF-8。")
        raise Unreadable(message.format(error=error), line=line) from error


def read_xlsx(content: bytes) -> Iterator[Row]:
    """The rows of the first sheet of an XLSX file with their numbers."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise Unreadable(_("工作簿解压后过大；请删去图片与多余的工作表后再导入。"))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        for line, cells in enumerate(book.worksheets[0].iter_rows(max_col=MAX_COLUMNS), start=1):
            if line > MAX_LINES:
                raise Unreadable(_("工作表过长；请删去数据后面的空行。"), line=line)
            yield line, [_cell(cell) for cell in cells]
    except DAMAGED as error:
        protected = content.startswith(OLD_EXCEL)
        raise Unreadable(
            _("这是旧版 .xls 或加了密码的工作簿；请去掉密码，另存为 .xlsx。")
            if protected
            else _("文件不是有效的 .xlsx 工作簿；请用表格软件打开后另存为 .xlsx。")
        ) from error


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute the text rather than show it; a telephone number after + is none."""
    start = text.lstrip()[:1]
    return bool(start) and start in "=+-@＝＋＠" and not DIALLED.fullmatch(text.strip())


def shown(cell: Cell) -> str:
    """The text of a cell as it stands in the file."""
    return cell.text if isinstance(cell, Formula) else cell


def _table(found: Iterable[Row]) -> Table:
    heading: list[str] = []
    began = 0
    rows: list[Row] = []
    for line, cells in found:
        if not any(cells):
            continue
        if not heading:
            began, heading = line, [shown(cell) for cell in cells]
            while not heading[-1]:
                heading.pop()
            continue
        if len(rows) == MAX_ROWS:
            raise Unreadable(_("超过 {limit} 行；请分成几个文件导入。").format(limit=MAX_ROWS), line=line)
        rows.append((line, cells))
    if not rows:
        raise Unreadable(_("文件里没有数据；第一行应为列名，其后每行一个科室。"))
    return Table(began, heading, rows)


def _decoded(content: bytes) -> str:
    """The text of a CSV file: UTF-8 with or without byte-order mark, else GB18030 as Chinese Excel saves it."""
    if content.startswith(UTF16) or b"\0" in content:
        raise Unreadable(_("文件不是文本 CSV（可能是 Unicode 文本或二进制）；请另存为“CSV UTF-8（逗号分隔）”。"))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            failed = error
    line = content[: failed.start].count(b"\n") + 1
    raise Unreadable(_("编码既不是 UTF-8 也不是 GB18030；请另存为“CSV UTF-8（逗号分隔）”。"), line=line) from failed


def _cell(cell: Any) -> Cell:
    """What a cell of a workbook shows, as text."""
    value = cell.value
    if cell.data_type in ("f", "e") or (isinstance(value, str) and is_formula(value)):
        return Formula(str(getattr(value, "text", value)))
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()
