"""An empty list of members to be filled: a workbook with its headings, and what each column takes."""

import io

import openpyxl
from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl.styles import Alignment, Font, PatternFill

from consortium.member_cells import CHOICES, COLUMNS, REQUIRED

LINES = 500  # rows set as text beforehand, so that no spreadsheet takes the 0 from 07
WIDTH = 18  # characters


def template() -> bytes:
    """The workbook (XLSX) in the reader's language; its first sheet is what `import_members` reads."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = _("名单")
    for column, key in enumerate(COLUMNS, start=1):
        head = sheet.cell(1, column, _heading(key))
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="FFE3EEF6" if key in REQUIRED else "FFF2F2F2")
        sheet.column_dimensions[head.column_letter].width = WIDTH
        for line in range(2, LINES + 2):
            sheet.cell(line, column).number_format = "@"
    sheet.freeze_panes = "A2"
    notes = book.create_sheet(_("填写说明"))
    notes.append([_("列名"), _("必填"), _("怎样填写")])
    for key in COLUMNS:
        notes.append([_heading(key), _("是") if key in REQUIRED else "", meaning(key)])
    for cell in notes["C"]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in (("A", WIDTH), ("B", 6), ("C", 90)):
        notes.column_dimensions[letter].width = width
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def meaning(key: str) -> str:
    """What one column takes, in the reader's language."""
    if key in CHOICES:
        return _("以下之一：{labels}。").format(labels="、".join(str(label) for label in CHOICES[key].labels))
    return {
        "credit_code": _("18 位，照登记证书填写；同一医院的各行相同。"),
        "hospital": _("全称；同一医院的各行相同。"),
        "division": _("6 位区划代码，例如 430121 长沙县。"),
        "department": _("每个科室一行。"),
        "specialty": _("诊疗科目代码，保留前面的 0，例如 07 儿科。"),
        "phone": _("转诊办电话，例如 0731-85600000。"),
        "department_phone": _("科室值班电话。"),
        "capability": _("代码，或 代码:总床位/空床数；多个用分号隔开，例如 PICU:8/3;VENTILATION。"),
        "as_of": _("填了床位数就必填，北京时间，例如 2026-03-01 08:00。"),
        "alliance": _("联盟代码；还不是成员的医院必填。"),
        "joined": _("填了联盟就必填，例如 2024-05-01。"),
    }[key]


def _heading(key: str) -> str:
    """A heading that the import knows: its English key for whoever reads English."""
    return key if (translation.get_language() or "").startswith("en") else COLUMNS[key]
