"""Tables as files that Excel and WPS open: CSV with a byte-order mark (several in a ZIP), or one workbook.

A text that a spreadsheet would take for a formula is never one: in CSV it is led by an apostrophe (OWASP), in a
workbook it is typed as text.
"""

import csv
import zipfile
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from referrals.exports.tables import Cell, Table
from referrals.models import ExportFormat

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
WIDEST = 48  # characters of a column
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same tables are the same archive


def written(tables: Sequence[Table], form: ExportFormat) -> tuple[bytes, str]:
    """The file and the ending of its name."""
    if form == ExportFormat.XLSX:
        return _workbook(tables), "xlsx"
    return _archive(tables), "zip"


def comma_separated(table: Table) -> bytes:
    """One table as CSV: UTF-8 with a byte-order mark, by which Excel knows it."""
    text = StringIO(newline="")
    rows = csv.writer(text)
    rows.writerows([[harmless(cell) for cell in row] for row in (table.head, *table.rows)])
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: Cell) -> Cell:
    """The cell, a text led by an apostrophe where it would be taken for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell


def _archive(tables: Sequence[Table]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, table in enumerate(tables):
            archive.writestr(zipfile.ZipInfo(f"{number:02}-{table.title}.csv", EPOCH), comma_separated(table))
    return made.getvalue()


def _workbook(tables: Sequence[Table]) -> bytes:
    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.title[:31])
        sheet.freeze_panes = "A2"
        for number, head in enumerate(table.head):
            longest = max([_width(head), *(_width(row[number]) for row in table.rows)])
            sheet.column_dimensions[get_column_letter(number + 1)].width = min(longest, WIDEST) + 2
        sheet.append([_cell(sheet, head, bold=True) for head in table.head])
        for row in table.rows:
            sheet.append([_cell(sheet, value) for value in row])
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def _cell(sheet: Any, value: Cell, *, bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, float):
        cell.number_format = "0.0%"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _width(value: Cell) -> int:
    """The width of a cell in columns of Latin letters; a Chinese character takes two."""
    text = "" if value is None else str(value)
    return sum(2 if ord(sign) > 255 else 1 for sign in text)
