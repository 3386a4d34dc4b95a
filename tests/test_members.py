"""The import of members: what a right list makes of an empty network, and every way in which a list can be wrong."""

import csv
import io
import zipfile
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consortium import tables
from consortium.identity import credit_check_digit
from consortium.member_cells import COLUMNS
from consortium.members import Rejected, import_members
from consortium.models import Alliance, Capability, Concept, Department, Hospital, Membership
from tests.world import CHINA

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)


def code(number: int, division: str = "430121") -> str:
    """A valid credit code."""
    first17 = f"12{division}TEST{number:05d}".replace("S", "5")
    return first17 + credit_check_digit(first17)


GOOD = {
    "credit_code": code(1),
    "hospital": "长沙县人民医院",
    "level": "县级",
    "grade": "二级甲等",
    "kind": "综合医院",
    "division": "430121",
    "phone": "0731-85600001",
    "outgoing_review": "一律审核",
    "department": "儿科",
    "specialty": "07",
    "department_phone": "0731-85600002",
    "capability": "PICU:8/3;VENTILATION",
    "as_of": "2026-03-01 08:00",
    "alliance": "pediatric",
    "joined": "2024-05-01",
}
LIST = [
    GOOD,
    GOOD | {"department": "急诊医学科", "specialty": "20", "capability": "", "as_of": "", "department_phone": ""},
    {
        "credit_code": code(2, "430100"),
        "hospital": "长沙市第九医院",
        "level": "CITY",
        "division": "430100",
        "department": "肿瘤科",
        "specialty": "19",
        "capability": "linac；ONCOLOGY_WARD：40/0",
        "as_of": "2026-03-01T00:00:00+00:00",
    },
]


@pytest.fixture(autouse=True)
def alliance() -> Alliance:
    """The alliance that the lists name."""
    lead = Hospital.objects.create(
        credit_code=code(90, "430000"), name="牵头医院", level="PROVINCE", division_id="430000"
    )
    return Alliance.objects.create(code="pediatric", name="儿科专科联盟", lead=lead)


def text_of(rows: list[dict[str, str]], columns: dict[str, str] | None = None) -> str:
    """The rows as CSV under their Chinese headings."""
    columns = columns or COLUMNS
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(columns.values())
    writer.writerows([row.get(key, "") for key in columns] for row in rows)
    return out.getvalue()


def csv_of(folder: Path, rows: list[dict[str, str]], *, encoding: str = "utf-8") -> Path:
    """A CSV file of the rows."""
    path = folder / "members.csv"
    path.write_bytes(text_of(rows).encode(encoding))
    return path


def xlsx_of(folder: Path, rows: list[list[object]], merged: str | None = None) -> Path:
    """A workbook of the rows, the first of which is the heading."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    book.save(folder / "members.xlsx")
    return folder / "members.xlsx"


def counts(path: Path, **options) -> dict[str, tuple[int, int, int]]:
    """How many rows of each kind an import created, updated and left."""
    report = import_members(path=path, now=NOW, **options)
    kinds = ("hospitals", "departments", "capabilities", "memberships")
    tallies = {kind: getattr(report, kind) for kind in kinds}
    return {kind: (len(t.created), len(t.updated), t.unchanged) for kind, t in tallies.items()}


def stored() -> list[list[tuple]]:
    """Everything that an import may touch."""
    models = (Hospital, Department, Capability, Membership)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def problems_of(path: Path) -> list[tuple[int, str, str, str]]:
    """The mistakes in a file; nothing may have been written."""
    before = stored()
    with pytest.raises(Rejected) as rejected:
        import_members(path=path, now=NOW)
    assert stored() == before
    return [(p.line, p.column, p.value, p.message) for p in rejected.value.problems]


NEW = {"hospitals": (2, 0, 0), "departments": (3, 0, 0), "capabilities": (4, 0, 0), "memberships": (1, 0, 0)}
SAME = {"hospitals": (0, 0, 2), "departments": (0, 0, 3), "capabilities": (0, 0, 4), "memberships": (0, 0, 1)}


def test_a_list_becomes_the_network(tmp_path, alliance):
    assert counts(csv_of(tmp_path, LIST)) == NEW

    county = Hospital.objects.get(credit_code=code(1))
    assert (county.name, county.level, county.grade, county.kind, county.division_id) == (
        "长沙县人民医院", "COUNTY", "G2A", "GENERAL", "430121",
    )  # fmt: skip
    assert (county.phone, county.outgoing_review, county.status) == ("0731-85600001", "ALWAYS", "ACTIVE")
    assert county.illustrative is False
    assert "长沙" in county.name_grams
    pediatrics = county.departments.get(name="儿科")
    assert (pediatrics.specialty.code, pediatrics.phone) == ("07", "0731-85600002")
    assert pediatrics.name_grams == ["儿", "儿科", "科"]
    picu = pediatrics.capabilities.get(kind__code="PICU")
    assert (picu.beds_total, picu.beds_free, picu.held) == (8, 3, 0)
    assert picu.as_of == datetime(2026, 3, 1, 8, 0, tzinfo=CHINA)
    ventilation = pediatrics.capabilities.get(kind__code="VENTILATION")
    assert (ventilation.beds_total, ventilation.beds_free, ventilation.as_of) == (None, None, None)
    membership = county.memberships.get()
    assert (membership.alliance, membership.joined_date, membership.left_date) == (alliance, date(2024, 5, 1), None)

    city = Hospital.objects.get(credit_code=code(2, "430100"))
    assert (city.grade, city.kind, city.outgoing_review, city.phone) == ("NONE", "GENERAL", "NEVER", "")
    ward = Capability.objects.get(department__hospital=city, kind__code="ONCOLOGY_WARD")
    assert (ward.beds_total, ward.beds_free) == (40, 0)
    assert ward.as_of == datetime(2026, 3, 1, 8, 0, tzinfo=CHINA)


def test_a_second_run_changes_nothing(tmp_path):
    path = csv_of(tmp_path, LIST)
    assert counts(path) == NEW
    before = stored()
    assert counts(path) == SAME
    assert stored() == before


def test_a_dry_run_says_what_would_change_and_leaves_nothing(tmp_path):
    before = stored()
    assert counts(csv_of(tmp_path, LIST), dry_run=True) == NEW
    assert stored() == before


def test_a_changed_list_updates_what_it_names_and_leaves_what_it_leaves_blank(tmp_path):
    counts(csv_of(tmp_path, LIST))
    changed = GOOD | {
        "hospital": "长沙县第一人民医院",
        "grade": "",
        "capability": "PICU:9/4",
        "as_of": "2026-03-02 08:00",
    }
    changed |= {"joined": "2024-06-01", "specialty": "07.01"}
    assert counts(csv_of(tmp_path, [changed])) == {
        "hospitals": (0, 1, 0),
        "departments": (0, 1, 0),
        "capabilities": (0, 1, 0),
        "memberships": (0, 1, 0),
    }
    county = Hospital.objects.get(credit_code=code(1))
    assert (county.name, county.grade) == ("长沙县第一人民医院", "G2A")
    assert "第一" in county.name_grams
    assert county.departments.count() == 2
    picu = Capability.objects.get(department__hospital=county, kind__code="PICU")
    assert (picu.beds_total, picu.beds_free, picu.version) == (9, 4, 2)
    assert county.memberships.get().joined_date == date(2024, 6, 1)


def test_an_older_count_never_replaces_a_newer_one(tmp_path):
    path = csv_of(tmp_path, LIST)
    counts(path)
    newer = datetime(2026, 3, 2, 7, 0, tzinfo=CHINA)
    Capability.objects.filter(kind__code="PICU").update(beds_free=1, as_of=newer, held=1)
    assert counts(path) == SAME
    assert Capability.objects.values_list("beds_free", "as_of", "held").get(kind__code="PICU") == (1, newer, 1)


def test_a_hospital_may_join_again_after_it_left(tmp_path):
    counts(csv_of(tmp_path, [GOOD]))
    Membership.objects.update(left_date=date(2025, 1, 1))
    again = GOOD | {"joined": "2025-01-02"}
    assert counts(csv_of(tmp_path, [again]))["memberships"] == (1, 0, 0)
    assert Membership.objects.count() == 2
    assert problems_of(csv_of(tmp_path, [GOOD | {"joined": "2025-01-01"}])) == [
        (2, "加入日期", "2025-01-01", "该医院于 2025-01-01 退出过此联盟；重新加入的日期须在其后。")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_csv(tmp_path, encoding):
    assert counts(csv_of(tmp_path, LIST, encoding=encoding)) == NEW
    assert Hospital.objects.filter(name="长沙市第九医院").count() == 1


def test_english_headings_in_any_order(tmp_path):
    keys = dict.fromkeys(reversed(COLUMNS))
    path = tmp_path / "members.CSV"
    path.write_text(text_of(LIST, {key: key.upper() for key in keys}), encoding="utf-8")
    assert counts(path) == NEW


def test_a_workbook_with_numbers_and_dates(tmp_path):
    rows = [
        list(COLUMNS.values()),
        *(
            [row.get(key, "") or None for key in COLUMNS]
            for row in (row | ({"division": int(row["division"]), "specialty": row["specialty"]}) for row in LIST)
        ),
    ]
    columns = list(COLUMNS)
    rows[1][columns.index("as_of")] = datetime(2026, 3, 1, 8, 0)  # noqa: DTZ001 (a cell of Excel has no zone)
    rows[1][columns.index("joined")] = date(2024, 5, 1)
    rows[2][columns.index("joined")] = datetime(2024, 5, 1)  # noqa: DTZ001 (a cell of Excel has no zone)
    path = xlsx_of(tmp_path, [*rows[:2], [None] * 15, *rows[2:]])
    assert counts(path) == NEW
    picu = Capability.objects.get(kind__code="PICU")
    assert picu.as_of == datetime(2026, 3, 1, 8, 0, tzinfo=CHINA)


def test_a_spreadsheet_s_own_way_to_write_times(tmp_path):
    counts(csv_of(tmp_path, [GOOD | {"as_of": "2026/3/1 8:05", "joined": "2024/5/1"}]))
    assert Capability.objects.get(kind__code="PICU").as_of == datetime(2026, 3, 1, 8, 5, tzinfo=CHINA)
    assert Membership.objects.get().joined_date == date(2024, 5, 1)


REQUIRED_BLANK = "此列必填；若是合并单元格，请取消合并并逐行填写。"
PLAIN_TEXT = "单元格是公式、错误值，或以 = + - @ 开头；请改为普通文本。"
MOMENT = "应为北京时间 年-月-日 时:分，例如 2026-03-01 08:00，或带时区的 ISO 时间。"
BAD_CELLS = [
    ("credit_code", "", REQUIRED_BLANK),
    ("credit_code", code(1)[:17] + ("0" if code(1)[17] != "0" else "1"),
     "校验位不符，可能有一位输错；请对照登记证书逐位核对。"),
    ("credit_code", "9.14E+17", "应为 18 位数字与字母（无 I、O、S、V、Z）；若被改成科学计数，请设为文本格式重填。"),
    ("credit_code", "12430121TESI00001X",
     "应为 18 位数字与字母（无 I、O、S、V、Z）；若被改成科学计数，请设为文本格式重填。"),
    ("hospital", "", REQUIRED_BLANK),
    ("hospital", "医" * 121, "超过 120 个字；请缩短。"),
    ("hospital", "长沙县\n人民医院", "含有换行或不可见字符；请重新输入。"),
    ("hospital", '=HYPERLINK("http://x")', PLAIN_TEXT),
    ("hospital", "@SUM(A1)", PLAIN_TEXT),
    ("department", "+cmd|' /C calc'!A0", PLAIN_TEXT),
    ("department", "-2+3", PLAIN_TEXT),
    ("department", "＝1", PLAIN_TEXT),
    ("level", "地级", "应为以下之一：省级、市级、县级。"),
    ("grade", "三甲", "应为以下之一：三级甲等、三级乙等、三级、二级甲等、二级乙等、二级、一级、未定级。"),
    ("kind", "诊所", "应为以下之一：综合医院、儿童医院、妇幼保健院、肿瘤医院、中医医院、其他。"),
    ("outgoing_review", "有时", "应为以下之一：一律审核、仅常规件审核、不审核。"),
    ("division", "430171", "不在行政区划表中；请填 6 位区划代码（开发区、管理区不是行政区划）。"),
    ("division", "430100", "县级医院不能设在“长沙市”（地级区划）；请核对级别与区划代码。"),
    ("phone", "电话", "电话应为 3 至 20 位数字、空格、括号或短横，例如 0731-85600000。"),
    ("department_phone", "1" * 21, "电话应为 3 至 20 位数字、空格、括号或短横，例如 0731-85600000。"),
    ("specialty", "7", "不在诊疗科目目录中；是否为“07”？请把该列设为文本格式，保留前面的 0。"),
    ("specialty", "77", "不在诊疗科目目录中，或当日已停用；请填目录代码，例如 07 儿科。"),
    ("capability", "PICU 8", "“PICU 8”应写成 代码 或 代码:总床位/空床数，例如 PICU:8/3。"),
    ("capability", "PICU:8", "“PICU:8”应写成 代码 或 代码:总床位/空床数，例如 PICU:8/3。"),
    ("capability", "PICU:3/8", "“PICU:3/8”的空床数大于总床位；请核对。"),
    ("capability", "PICU;picu", "能力代码“PICU”写了两次；请只留一个。"),
    ("capability", "XRAY", "能力代码“XRAY”不在目录中，或当日已停用；请从目录中选择。"),
    ("capability", "VENTILATION:8/3", "“VENTILATION”不计床位；请去掉冒号后的数字。"),
    ("as_of", "", "填了床位数就要填统计时间，例如 2026-03-01 08:00。"),
    ("as_of", "2026-03-01", MOMENT),
    ("as_of", "昨天", MOMENT),
    ("as_of", "2026-13-01 08:00", "没有这个时间；请写成 年-月-日 时:分，例如 2026-03-01 08:00。"),
    ("as_of", "2026-03-02 09:02", "统计时间晚于现在；请核对。"),
    ("alliance", "cardiac", "没有代码为“cardiac”的联盟；现有：pediatric。"),
    ("joined", "", "填了联盟就要填加入日期，例如 2024-05-01。"),
    ("joined", "去年", "应为 年-月-日，例如 2024-05-01。"),
    ("joined", "2026-02-30", "没有这一天；请写成 年-月-日，例如 2024-05-01。"),
    ("joined", "2026-03-03", "加入日期晚于今天；请核对。"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "message"), BAD_CELLS, ids=[f"{key}-{value[:12]}" for key, value, _ in BAD_CELLS]
)
def test_a_bad_cell_is_named_with_its_remedy(tmp_path, key, value, message):
    path = csv_of(tmp_path, [LIST[2], GOOD | {key: value}])
    assert problems_of(path) == [(3, COLUMNS[key], value, message)]


def test_a_telephone_may_begin_with_plus(tmp_path):
    counts(csv_of(tmp_path, [GOOD | {"phone": "+86 731 8560-0001"}]))
    assert Hospital.objects.get(credit_code=code(1)).phone == "+86 731 8560-0001"


def test_a_specialty_counts_only_while_it_is_valid(tmp_path):
    Concept.objects.filter(system="SPECIALTY", code="07").update(valid_to=date(2026, 3, 1))
    message = "不在诊疗科目目录中，或当日已停用；请填目录代码，例如 07 儿科。"
    assert problems_of(csv_of(tmp_path, [GOOD])) == [(2, "诊疗科目代码", "07", message)]


def test_every_bad_row_is_reported_at_once(tmp_path):
    rows = [GOOD | {"level": "村级", "division": "1"}, LIST[1] | {"specialty": "x"}, LIST[2], LIST[2] | {"phone": "?"}]
    found = problems_of(csv_of(tmp_path, rows))
    assert [(line, column) for line, column, _value, _message in found] == [
        (2, "级别"),
        (2, "区划代码"),
        (3, "诊疗科目代码"),
        (5, "电话"),
        (5, "科室名称"),
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [GOOD, LIST[1] | {"grade": "三级"}],
            (3, "等级", "三级", "与第 2 行同一医院的“二级甲等”不一致；请统一。"),
        ),
        (
            [GOOD, LIST[1] | {"hospital": "长沙县医院"}],
            (3, "医院名称", "长沙县医院", "与第 2 行同一医院的“长沙县人民医院”不一致；请统一。"),
        ),
        (
            [GOOD, LIST[1] | {"joined": "2024-05-02"}],
            (3, "加入日期", "2024-05-02", "与第 2 行同一医院的加入日期不一致；请统一。"),
        ),
        (
            [GOOD, GOOD | {"specialty": "20"}],
            (3, "科室名称", "儿科", "该医院的这个科室已在第 2 行出现；请合并为一行。"),
        ),
        (
            [GOOD, LIST[1] | {"credit_code": code(3)}],
            (3, "统一社会信用代码", code(3), "与第 2 行医院同名同区划，代码却不同；请核对是否同一家。"),
        ),
    ],
)
def test_rows_that_contradict_each_other(tmp_path, rows, expected):
    assert problems_of(csv_of(tmp_path, rows)) == [expected]


def test_a_name_that_another_hospital_of_the_division_has(tmp_path):
    counts(csv_of(tmp_path, [GOOD]))
    assert problems_of(csv_of(tmp_path, [GOOD | {"credit_code": code(3)}])) == [
        (2, "统一社会信用代码", code(3), f"该区划已有同名医院，代码是 {code(1)}；请核对是否同一家。")
    ]


def test_blank_cells_agree_with_everything(tmp_path):
    rows = [GOOD, LIST[1] | {"grade": "", "kind": "", "phone": "", "outgoing_review": "", "alliance": "", "joined": ""}]
    assert counts(csv_of(tmp_path, rows))["departments"] == (2, 0, 0)


def heading_of(tmp_path, *, without: str = "", also: list[str] | None = None) -> Path:
    """A file with one row under a heading that lacks a column or has others."""
    columns = {key: title for key, title in COLUMNS.items() if key != without}
    lines = text_of([GOOD], columns).splitlines()
    extra = "".join("," + title for title in also or [])
    path = tmp_path / "members.csv"
    path.write_text("\n".join([lines[0] + extra, lines[1] + ",x" * len(also or [])]), encoding="utf-8")
    return path


def test_missing_unknown_and_doubled_columns(tmp_path):
    assert problems_of(heading_of(tmp_path, without="specialty")) == [(1, "诊疗科目代码", "", "缺少这一列；请补上。")]
    (unknown,) = problems_of(heading_of(tmp_path, also=["院长"]))
    assert unknown[:3] == (1, "院长", "院长")
    assert unknown[3].startswith("不认识的列；请删去这一列，或改用：统一社会信用代码、医院名称、级别、")
    assert problems_of(heading_of(tmp_path, also=["Hospital"])) == [
        (1, "Hospital", "Hospital", "这一列出现了两次；请只保留一列。")
    ]


def test_a_cell_beyond_the_heading(tmp_path):
    path = csv_of(tmp_path, [GOOD])
    path.write_text(path.read_text(encoding="utf-8").rstrip() + ",多\n", encoding="utf-8")
    assert problems_of(path) == [(2, "", "多", "列名之外多出一格；若内容含逗号，请用引号括起。")]


EMPTY = "文件里没有数据；第一行应为列名，其后每行一个科室。"
NOT_XLSX = "文件不是有效的 .xlsx 工作簿；请用表格软件打开后另存为 .xlsx。"


def packed(parts: dict[str, bytes]) -> bytes:
    """A zip archive of the parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"", (0, "", "a.csv", "文件是空的；第一行应为列名。")),
        ("a.csv", b" \r\n\r\n", (0, "", "a.csv", "文件是空的；第一行应为列名。")),
        ("a.csv", ",".join(COLUMNS).encode(), (0, "", "", EMPTY)),
        ("a.csv", b",,,\n,,\n", (0, "", "", EMPTY)),
        ("a.txt", b"x", (0, "", "a.txt", "只能导入 .csv 或 .xlsx 文件；旧版 .xls 请另存为 .xlsx。")),
        (
            "a.csv",
            text_of([GOOD]).encode("utf-16"),
            (0, "", "", "文件不是文本 CSV（可能是 Unicode 文本或二进制）；请另存为“CSV UTF-8（逗号分隔）”。"),
        ),
        (
            "a.csv",
            b"a,b\n1,\xff\xff\n",
            (2, "", "", "编码既不是 UTF-8 也不是 GB18030；请另存为“CSV UTF-8（逗号分隔）”。"),
        ),
        ("a.xlsx", b"not a zip", (0, "", "", NOT_XLSX)),
        ("a.xlsx", packed({"x": b"y"}), (0, "", "", NOT_XLSX)),
        ("a.xlsx", packed({"x": b"y"})[:-30], (0, "", "", NOT_XLSX)),
        (
            "a.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600,
            (0, "", "", "这是旧版 .xls 或加了密码的工作簿；请去掉密码，另存为 .xlsx。"),
        ),
    ],
    ids=range(11),
)
def test_files_that_cannot_be_read(tmp_path, name, content, problem):
    (tmp_path / name).write_bytes(content)
    assert problems_of(tmp_path / name) == [problem]


def test_a_quotation_mark_left_open_names_its_line(tmp_path):
    path = csv_of(tmp_path, [GOOD])
    path.write_text(path.read_text(encoding="utf-8") + '"open,x\n', encoding="utf-8")
    ((line, _column, _value, message),) = problems_of(path)
    assert line == 3
    assert message.startswith("这一行的引号或字段长度有误")


def test_a_file_that_is_not_there(tmp_path):
    assert problems_of(tmp_path / "none.csv") == [(0, "", "none.csv", "文件不存在，或不是普通文件；请核对路径。")]


def test_limits_of_size(tmp_path, monkeypatch):
    path = csv_of(tmp_path, LIST)
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    assert counts(path, dry_run=True) == NEW
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert problems_of(path) == [(4, "", "", "超过 2 行；请分成几个文件导入。")]
    path.write_bytes(b"x" * (tables.MAX_BYTES + 1))
    assert problems_of(path) == [(0, "", "members.csv", "文件超过 10 MB；请分成几个文件导入。")]


def test_a_workbook_that_would_fill_the_memory(tmp_path, monkeypatch):
    path = xlsx_of(tmp_path, [list(COLUMNS.values()), [GOOD[key] for key in COLUMNS]])
    monkeypatch.setattr(tables, "MAX_UNPACKED_BYTES", 1000)
    assert problems_of(path) == [(0, "", "", "工作簿解压后过大；请删去图片与多余的工作表后再导入。")]


def test_a_sheet_that_never_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_LINES", 50)
    rows = [list(COLUMNS.values()), [GOOD[key] for key in COLUMNS], *[[None]] * 60, ["x"]]
    assert problems_of(xlsx_of(tmp_path, rows)) == [(51, "", "", "工作表过长；请删去数据后面的空行。")]


def test_formulas_and_error_values_in_a_workbook(tmp_path):
    cells = [GOOD[key] for key in COLUMNS]
    cells[1], cells[8] = '="长沙县"&"人民医院"', "#N/A"
    path = xlsx_of(tmp_path, [list(COLUMNS.values()), cells])
    assert problems_of(path) == [
        (2, "医院名称", '="长沙县"&"人民医院"', PLAIN_TEXT),
        (2, "电话", "#N/A", PLAIN_TEXT),
    ]


def test_merged_cells_leave_blanks_that_are_named(tmp_path):
    rows = [[row.get(key) for key in COLUMNS] for row in LIST[:2]]
    path = xlsx_of(tmp_path, [list(COLUMNS.values()), *rows], merged="A2:A3")
    assert problems_of(path) == [(3, "统一社会信用代码", "", REQUIRED_BLANK)]


def test_a_numeric_specialty_lost_its_zero(tmp_path):
    cells = [GOOD[key] for key in COLUMNS]
    cells[list(COLUMNS).index("specialty")] = 7.0
    message = "不在诊疗科目目录中；是否为“07”？请把该列设为文本格式，保留前面的 0。"
    path = xlsx_of(tmp_path, [list(COLUMNS.values()), cells])
    assert problems_of(path) == [(2, "诊疗科目代码", "7", message)]


def test_a_fault_while_writing_undoes_everything(tmp_path, monkeypatch):
    before = stored()
    monkeypatch.setattr(Membership.objects, "bulk_create", None)
    with pytest.raises(TypeError):
        import_members(path=csv_of(tmp_path, LIST), now=NOW)
    assert stored() == before


def test_the_number_of_statements_does_not_grow_with_the_rows(tmp_path):
    statements = []
    for departments in (1, 300):
        rows = [GOOD | {"department": f"儿科{n}", "capability": "VENTILATION"} for n in range(departments)]
        with CaptureQueriesContext(connection) as captured:
            assert counts(csv_of(tmp_path, rows), dry_run=True)["capabilities"] == (departments, 0, 0)
        statements.append(len(captured))
    assert statements[0] == statements[1]


def run(*arguments: object) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("import_members", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_prints_counts_and_progress(tmp_path):
    path = csv_of(tmp_path, LIST)
    assert run(path).splitlines() == [
        "检查 100 %",
        "医院：新建 2，更新 0，未变 0",
        "科室：新建 3，更新 0，未变 0",
        "能力：新建 4，更新 0，未变 0",
        "成员资格：新建 1，更新 0，未变 0",
    ]


def test_the_command_s_dry_run_names_every_change(tmp_path):
    counts(csv_of(tmp_path, [GOOD]))
    lines = run(csv_of(tmp_path, [GOOD | {"phone": "0731-1"}, *LIST[2:]]), "--dry-run").splitlines()
    assert lines == [
        "检查 100 %",
        "将新建医院 长沙市第九医院",
        "将更新医院 长沙县人民医院：phone",
        "医院：新建 1，更新 1，未变 0",
        "将新建科室 长沙市第九医院 肿瘤科",
        "科室：新建 1，更新 0，未变 1",
        "将新建能力 长沙市第九医院 肿瘤科 LINAC",
        "将新建能力 长沙市第九医院 肿瘤科 ONCOLOGY_WARD",
        "能力：新建 2，更新 0，未变 2",
        "成员资格：新建 0，更新 0，未变 1",
        "以上为试运行，没有写入任何内容。",
    ]
    assert Hospital.objects.get(credit_code=code(1)).phone == "0731-85600001"


def test_the_command_prints_every_mistake_and_fails(tmp_path):
    out = StringIO()
    rows = [GOOD | {"hospital": "坏\x1b[31m名", "level": ""}]
    with pytest.raises(CommandError, match="共 2 处错误，没有写入任何内容；请改正后重新导入。"):
        call_command("import_members", str(csv_of(tmp_path, rows)), stdout=out)
    assert out.getvalue().splitlines()[-2:] == [
        "第 2 行 · 医院名称 · “坏�[31m名” · 含有换行或不可见字符；请重新输入。",
        f"第 2 行 · 级别 · （空） · {REQUIRED_BLANK}",
    ]


def test_now_is_the_clock_of_the_command(tmp_path):
    soon = timezone.localtime(timezone.now() + timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M")
    with pytest.raises(CommandError, match="共 1 处错误"):
        run(csv_of(tmp_path, [GOOD | {"as_of": soon}]))
