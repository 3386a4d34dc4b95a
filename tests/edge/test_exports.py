"""Figures as files: asked for once, made in the background, followed, cancelled, downloaded by who asked, deleted."""

import csv
import zipfile
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from django.db import transaction

from consortium.models import Alliance, AuditEntry, Hospital, Membership, PractitionerRole
from consortium.roles import Role
from referrals import exports
from referrals.exports import files, jobs
from referrals.exports.tables import Table
from referrals.models import Export, ExportFormat, ExportTable, Referral, Status
from tests.edge.client import Edge, as_role, code_of, new_key
from tests.edge.many import statements
from tests.world import CHINA, NOW

LEAD, OBSERVER = ("province", Role.ALLIANCE_ADMIN), ("province", Role.COMMISSION_OBSERVER)
SHAPE = "export { id version state done total problem name size sha256 url tables expiresAt settledAt }"
ASKED = {"alliance": "walk", "since": "2026-01-01", "until": "2026-03-02", "format": "XLSX"}
ONE = "query($id: ID!) { export(id: $id) { state done total problem url version } }"


@pytest.fixture(autouse=True)
def _disk(settings, tmp_path) -> None:
    """Files lie on a disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def alliance(world) -> Alliance:
    """An alliance with five legs between two members."""
    made = Alliance.objects.create(code="walk", name="=测试联盟", lead=world.hospitals["province"])
    for name in ("province", "county"):
        Membership.objects.create(alliance=made, hospital=world.hospitals[name], joined_date=date(2025, 1, 1))
    for _ in range(5):
        world.referral(Status.SENT)
    return made


@pytest.fixture
def lead(world, alliance) -> Edge:
    """The administrator of the alliance."""
    return as_role(world, *LEAD)


def ask(edge: Edge, **given: Any) -> dict[str, Any]:
    """What was asked for, as the answer says."""
    return dict(edge.done("requestExport", SHAPE, **ASKED | given)["export"])


def made(edge: Edge, **given: Any) -> dict[str, Any]:
    """A finished export."""
    asked = ask(edge, **given)
    assert exports.run_next(now=NOW) is not None
    return asked | dict(edge.data(ONE, id=asked["id"])["export"])


def downloaded(edge: Edge, url: str) -> bytes:
    """The file."""
    response = edge.client.get(url)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def test_a_workbook_is_asked_for_made_and_downloaded(world, lead):
    asked = ask(lead)
    assert (asked["state"], asked["done"], asked["total"], asked["url"]) == ("WAITING", 0, 8, None)
    assert asked["tables"] == list(ExportTable.values)
    assert exports.run_next(now=NOW).state == "READY"
    assert exports.run_next(now=NOW) is None
    found = lead.data("{ exports { nodes { " + SHAPE[8:-1] + " } } }")["exports"]["nodes"]
    (row,) = found
    assert (row["state"], row["done"], row["name"]) == ("READY", 8, "coverage-walk-2026-01-01-2026-03-02.xlsx")
    assert row["expiresAt"] == (NOW + timedelta(days=7)).astimezone(CHINA).isoformat()
    content = downloaded(lead, row["url"])
    assert len(content) == row["size"]
    book = openpyxl.load_workbook(BytesIO(content))
    assert book.sheetnames == [
        "说明", "指标", "县域覆盖", "按级别成员数", "流向（市州）", "流向（医院）", "月度趋势", "按医院",
    ]  # fmt: skip
    assert (book["说明"]["B2"].value, book["说明"]["B2"].data_type) == ("=测试联盟（walk）", "s")
    rows = list(book["县域覆盖"].iter_rows(values_only=True))
    assert len(rows) == 123
    assert [row for row in rows if row[0] == "430121"] == [
        ("430121", "长沙市", "长沙县", 2, "活跃", 1, "无", 5, 0),
    ]  # fmt: skip
    assert list(book["流向（医院）"].iter_rows(values_only=True))[1:] == [("county医院", "province医院", 5)]
    trend = list(book["月度趋势"].iter_rows(values_only=True))
    assert (len(trend), trend[-1][:3]) == (13, ("2026-03", "否", 5))
    assert [entry.purpose for entry in AuditEntry.objects.filter(action="download_export")] == ["STATISTICS"]


def test_csv_has_a_byte_order_mark_and_no_formula(lead):
    row = made(lead, format="CSV", tables=["INDICATORS"], capability="PICU")
    archive = zipfile.ZipFile(BytesIO(downloaded(lead, row["url"])))
    assert archive.namelist() == ["00-说明.csv", "01-指标.csv"]
    data = archive.read("00-说明.csv")
    assert data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(StringIO(data.decode("utf-8-sig"))))
    assert lines[1] == ["联盟", "'=测试联盟（walk）"]
    assert lines[2] == ["能力", "PICU"]
    figures = list(csv.reader(StringIO(archive.read("01-指标.csv").decode("utf-8-sig"))))
    assert figures[1][:4] == ["县域覆盖率", "0.0082", "1", "122"]
    assert figures[2][:4] == ["接受率", "", "0", "0"]


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", "\tx", "\rx"])
def test_what_looks_like_a_formula_is_text_in_both_kinds_of_file(text):
    table = Table("X", "表", ("甲", "乙"), [(text, -5)])
    written = StringIO(files.comma_separated(table).decode("utf-8-sig"), newline="")
    assert list(csv.reader(written))[1] == [f"'{text}", "-5"]
    content, ending = files.written([table], ExportFormat.XLSX)
    cell = openpyxl.load_workbook(BytesIO(content))["表"]["A2"]
    assert (ending, cell.data_type) == ("xlsx", "s")


def test_an_observers_file_withholds_small_counts(world, alliance):
    world.referral(Status.ACCEPTED)
    edge = as_role(world, *OBSERVER)
    row = made(edge, tables=["INDICATORS"])
    book = openpyxl.load_workbook(BytesIO(downloaded(edge, row["url"])))
    assert list(book["指标"].iter_rows(values_only=True))[2][1:4] == (None, "隐去", "隐去")
    assert book["说明"]["B7"].value.startswith("是：")


def test_the_same_request_again_is_one_export(lead):
    key = new_key()
    first, second = (ask(lead, idempotencyKey=key) for _ in range(2))
    assert first == second
    assert Export.objects.count() == 1


def test_who_has_three_unfinished_waits_for_them(lead):
    for _ in range(3):
        ask(lead)
    assert code_of(lead.attempt("requestExport", **ASKED).json()) == "LIMIT_EXCEEDED"
    exports.run_next(now=NOW)
    assert ask(lead)["state"] == "WAITING"


@pytest.mark.parametrize(
    ("given", "field"),
    [({"months": 0}, "months"), ({"since": "2026-03-03"}, "since"), ({"capability": "NONE"}, "capability")],
)
def test_an_input_that_cannot_be_is_refused(lead, given, field):
    answer = lead.attempt("requestExport", **ASKED | given).json()["data"]["requestExport"]["errors"]
    assert [(error["code"], error["field"]) for error in answer] == [("INVALID_INPUT", field)]


def test_a_cancelled_export_is_not_made(lead):
    row = ask(lead)
    given = {"id": row["id"], "expectedVersion": 1}
    assert lead.done("cancelExport", SHAPE, **given)["export"]["state"] == "CANCELLED"
    assert exports.run_next(now=NOW) is None
    assert code_of(lead.attempt("cancelExport", **given).json()) == "INVALID_STATE"
    assert lead.client.get(f"/exports/{row['id']}/").status_code == 400


def test_one_that_is_cancelled_while_it_is_made_ends_without_a_file(lead, monkeypatch):
    row = ask(lead)

    def cancelled_after_one(source: Any) -> Any:
        for number, table in enumerate(tables(source)):
            if number == 1:
                lead.done("cancelExport", SHAPE, id=row["id"], expectedVersion=1)
            yield table

    tables = jobs.tables
    monkeypatch.setattr(jobs, "tables", cancelled_after_one)
    assert exports.run_next(now=NOW).state == "CANCELLED"
    kept = Export.objects.get()
    assert (kept.state, kept.done, bool(kept.file)) == ("CANCELLED", 1, False)


def test_a_full_disk_is_told_to_who_asked(lead, monkeypatch):
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "written", full)
    row = made(lead)
    assert (row["state"], row["url"]) == ("FAILED", None)
    assert row["problem"].startswith("服务器存储空间不足")


def test_who_lost_the_role_meanwhile_gets_a_reason_and_no_file(world, lead):
    ready, waiting = made(lead), ask(lead)
    PractitionerRole.objects.filter(person=lead.person).update(ends_at=NOW)
    assert exports.run_next(now=NOW).state == "FAILED"
    assert Export.objects.get(requested_at=NOW, state="FAILED").problem.startswith("没有找到该对象")
    assert waiting["state"] == "WAITING"
    assert lead.client.get(ready["url"]).status_code == 404


def test_an_abandoned_one_is_taken_up_again_three_times_at_most(lead):
    ask(lead)
    for attempt in (1, 2, 3):
        Export.objects.update(state="RUNNING", written_at=NOW - timedelta(seconds=121), attempts=attempt - 1)
        if attempt == 1:
            Export.objects.update(written_at=NOW - timedelta(seconds=119))
            assert exports.run_next(now=NOW) is None  # somebody still works on it
            Export.objects.update(written_at=NOW - timedelta(seconds=121))
        with transaction.atomic():
            assert exports.run_next(now=NOW).state == "READY"
            transaction.set_rollback(True)
    Export.objects.update(state="RUNNING", written_at=NOW - timedelta(seconds=121), attempts=3)
    failed = exports.run_next(now=NOW)
    assert (failed.state, failed.problem[:6]) == ("FAILED", "生成过程多次")


def test_only_who_asked_sees_and_downloads_it(world, lead):
    row = made(lead)
    other = Edge(world.newcomer("other", LEAD).person)
    assert other.code(ONE, id=row["id"]) == "NOT_FOUND"
    assert other.data("{ exports { totalCount } }") == {"exports": {"totalCount": 0}}
    assert other.client.get(row["url"]).status_code == 404
    assert Edge().client.get(row["url"]).status_code == 401
    assert code_of(other.attempt("cancelExport", id=row["id"], expectedVersion=2).json()) == "NOT_FOUND"


def test_a_file_is_deleted_after_a_week(lead, tmp_path):
    row = made(lead)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert exports.tidy(now=NOW + timedelta(days=7, seconds=-1)) == 0
    assert exports.tidy(now=NOW + timedelta(days=7)) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    found = lead.data(ONE, id=row["id"])["export"]
    assert (found["state"], found["url"]) == ("EXPIRED", None)
    response = lead.client.get(row["url"])
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "INVALID_STATE")


def test_in_english_the_file_is_in_english(lead):
    lead.headers["Accept-Language"] = "en"
    row = made(lead, tables=["MEMBERS"])
    book = openpyxl.load_workbook(BytesIO(downloaded(lead, row["url"])))
    assert book.sheetnames == ["About", "Members by level"]


def test_few_and_many_hospitals_take_the_same_statements(world, lead, alliance):
    ask(lead)
    ask(lead)
    few = len(statements(lambda: exports.run_next(now=NOW)))
    for number in range(20):
        code = f"{number:018}"
        place = Hospital.objects.create(name=f"医院{code}", credit_code=code, level="COUNTY", division_id="430181")
        Membership.objects.create(alliance=alliance, hospital=place, joined_date=date(2026, 1, 1))
        leg = world.referral(Status.SENT)
        Referral.objects.filter(pk=leg.pk).update(requester_hospital=place)
    assert len(statements(lambda: exports.run_next(now=NOW))) == few
