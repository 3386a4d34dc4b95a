"""The monthly report: its text, map and plots as they can be taken out of the PDF, who gets it, what is withheld."""

from ctypes import c_int, c_uint
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from consortium.models import Alliance, Division, DivisionLevel, Hospital, Membership
from consortium.roles import Role
from referrals.coverage import Reach
from referrals.models import Referral, Status
from referrals.monthly import outlines
from referrals.monthly.report import SHADES, minutes
from tests.edge.client import Edge, as_role
from tests.edge.many import statements
from tests.world import NOW, World

LEAD, OBSERVER = ("province", Role.ALLIANCE_ADMIN), ("province", Role.COMMISSION_OBSERVER)


@pytest.fixture
def alliance(world: World) -> Alliance:
    """An alliance of two: in February six legs that were sent and one that was accepted, in March one that was sent."""
    made = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    for name in ("province", "county"):
        Membership.objects.create(alliance=made, hospital=world.hospitals[name], joined_date=date(2025, 1, 1))
    legs = [world.referral(Status.SENT) for _ in range(6)] + [world.referral(Status.ACCEPTED)]
    at = datetime(2026, 2, 10, tzinfo=UTC)
    Referral.objects.filter(pk__in=[leg.pk for leg in legs]).update(sent_at=at)
    world.referral(Status.SENT)
    return made


def get(edge: Edge, month: str = "2026-02", alliance: str = "walk", query: str = "") -> Any:
    """The raw answer."""
    return edge.client.get(f"/reports/coverage/{alliance}/{month}.pdf{query}")


def opened(edge: Edge, month: str = "2026-02", query: str = "") -> pypdfium2.PdfDocument:
    """The report."""
    response = get(edge, month, query=query)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf"), response.content
    assert response["Content-Disposition"] == f'inline; filename="coverage-walk-{month}.pdf"'
    return pypdfium2.PdfDocument(response.content)


def words(made: pypdfium2.PdfDocument) -> str:
    """Its text without blanks."""
    return "".join("".join(page.get_textpage().get_text_range() for page in made).split())


def said(text: str, *wanted: str) -> None:
    """Every one of these stands in the text."""
    assert [one for one in wanted if "".join(one.split()) not in text] == [], text


def fills(made: pypdfium2.PdfDocument) -> dict[tuple[int, int, int], int]:
    """How many areas are filled with each colour."""
    found: dict[tuple[int, int, int], int] = {}
    for page in made:
        for shape in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
            filled, stroked = c_int(), c_int()
            pdfium.FPDFPath_GetDrawMode(shape.raw, filled, stroked)
            if not filled.value:
                continue
            parts = [c_uint() for _ in range(4)]
            pdfium.FPDFPageObj_GetFillColor(shape.raw, *parts)
            colour = (parts[0].value, parts[1].value, parts[2].value)
            found[colour] = found.get(colour, 0) + 1
    return found


def test_the_report_of_a_month_tells_its_figures(world, alliance):
    text = words(opened(as_role(world, *LEAD)))
    said(
        text, "测试联盟", "转诊协作月报 2026 年 2 月", "期间 2026-02-01 至 2026-02-28", "送达转诊 7 例",
        "生成人 province ALLIANCE_ADMIN 1", "生成时间 2026-03-02 09:00",
        "县域覆盖率 0.8% 1 / 122 100.0%", "接受率 100.0% 1 / 1 14.3%", "分流率 0.0% 0 / 1", "闭环率 — 0 / 0",
        "二、县域覆盖", "空白 121 个", "有成员 0 个", "活跃 1 个", "已服务 0 个", "长沙市：芙蓉区、天心区",
        "三、成员医院（按级别）", "省级 1 家", "县级 1 家", "四、流向", "长沙市 → 湖南省 7",
        "五、趋势（2025-03 至 2026-02）", "六、接收医院", "province医院 7 100.0%（1/1）", "七、时限", "八、指标定义",
        "期内送达且已答复的转诊中，接收方同意接收或列入候床的比例。",
    )  # fmt: skip
    assert "未结束" not in text
    assert "隐去" not in text


def test_the_map_is_drawn_as_areas_in_four_shades(world, alliance):
    made = opened(as_role(world, *LEAD))
    found = fills(made)
    assert [page for page in made if list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]))] == []
    one = len(outlines.outlines().counties["430121"])
    assert found[SHADES[Reach.ACTIVE]] == one + 1  # the county and the legend
    assert found[SHADES[Reach.SERVED]] == found[SHADES[Reach.MEMBER]] == 1  # the legend alone


def test_every_county_and_prefecture_has_an_outline_within_the_map():
    found = outlines.outlines()
    for shapes, number in ((found.counties, 122), (found.prefectures, 14)):
        assert len(shapes) == number
        points = [point for rings in shapes.values() for ring in rings for point in ring]
        assert all(0 <= x <= found.width and 0 <= y <= found.height for x, y in points)
        assert all(len(ring) >= 3 for rings in shapes.values() for ring in rings)


def test_the_codes_of_the_map_are_those_of_the_divisions(db):
    found = outlines.outlines()
    for level, shapes in ((DivisionLevel.COUNTY, found.counties), (DivisionLevel.PREFECTURE, found.prefectures)):
        assert set(shapes) == set(Division.objects.filter(level=level).values_list("code", flat=True))


def test_a_path_is_read_as_svg_means_it():
    assert outlines.rings("M10,20l-4,2l2-1z") == [[(10, 20), (6, 22), (8, 21)]]
    assert outlines.rings("M1,1l1,0l0,1zM5,5l1-1l0.5,2z") == [[(1, 1), (2, 1), (2, 2)], [(5, 5), (6, 4), (6.5, 6)]]


def test_the_running_month_says_that_it_is_not_over(world, alliance):
    said(
        words(opened(as_role(world, *LEAD), "2026-03")), "本月未结束", "期间 2026-03-01 至 2026-03-02", "送达转诊 1 例"
    )


def test_an_observers_report_withholds_small_counts(world, alliance):
    text = words(opened(as_role(world, *OBSERVER)))
    said(text, "1 至 4 的计数", "接受率 — 隐去 / 隐去", "长沙市 → 湖南省 7", "送达转诊 7 例")
    said(words(opened(as_role(world, *OBSERVER), "2026-03")), "送达转诊 隐去 例")


def test_for_one_capability(world, alliance):
    said(words(opened(as_role(world, *LEAD), query="?capability=PICU")), "能力 PICU", "送达转诊 7 例")
    said(words(opened(as_role(world, *LEAD), query="?capability=NICU")), "送达转诊 0 例", "没有成员之间的转诊")


@pytest.mark.parametrize("month", ["2026-04", "2026-13", "2026", "2026-1", "20260-1", "x"])
def test_what_is_no_month_that_has_begun_is_refused(world, alliance, month):
    response = get(as_role(world, *LEAD), month)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "INVALID_INPUT")


def test_who_gets_it(world, alliance):
    for place, role in (("county", Role.ALLIANCE_ADMIN), ("province", Role.EXPERT), ("province", Role.HOSPITAL_ADMIN)):
        response = get(as_role(world, place, role))
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    assert get(as_role(world, *LEAD), alliance="none").status_code == 404
    assert get(Edge()).status_code == 401


def test_few_and_many_members_take_the_same_statements(world, alliance):
    edge = as_role(world, *LEAD)
    few = len(statements(lambda: get(edge)))
    for number in range(25):
        code = f"{number:018}"
        place = Hospital.objects.create(name=f"医院{code}", credit_code=code, level="COUNTY", division_id="430181")
        Membership.objects.create(alliance=alliance, hospital=place, joined_date=date(2026, 1, 1))
        leg = world.referral(Status.SENT)
        Referral.objects.filter(pk=leg.pk).update(performer_hospital=place, sent_at=NOW.replace(month=2))
    assert len(statements(lambda: get(edge))) == few
    said(words(opened(edge)), "另有 6 行未列出")


@pytest.mark.parametrize(("taken", "shown"), [(None, "—"), (0, "0 分"), (119.4, "119 分"), (120, "2.0 小时")])
def test_times_taken_in_minutes_or_hours(taken, shown):
    assert minutes(taken) == shown
