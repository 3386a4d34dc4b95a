"""A list of members at the edge: tried, refused row by row, imported once; and whose members an alliance may touch."""

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consortium.member_cells import COLUMNS
from consortium.models import (
    Alliance,
    AuditEntry,
    Capability,
    Concept,
    Department,
    Hospital,
    IdempotencyKey,
    Membership,
)
from consortium.roles import PERMISSIONS, Role
from tests.edge.client import Edge, as_role, issue, new_key
from tests.test_members import GOOD, code, text_of
from tests.world import World

LEAD = Role.ALLIANCE_ADMIN
ROW = GOOD | {"alliance": "walk"}
SECOND = {key: ROW[key] for key in ("credit_code", "hospital", "level", "division", "alliance", "joined")} | {
    "department": "急诊医学科",
    "specialty": "20",
}


@pytest.fixture
def alliance(world: World) -> Alliance:
    """An alliance that the provincial hospital leads, with the city's as a member, which is in another's as well."""
    made = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    other = Alliance.objects.create(code="other", name="另一联盟", lead=world.hospitals["province2"])
    for one in (made, other):
        Membership.objects.create(alliance=one, hospital=world.hospitals["city"], joined_date=date(2025, 1, 1))
    return made


@pytest.fixture
def lead(world: World) -> Edge:
    """Who administers it."""
    return as_role(world, "province", LEAD)


def send(edge: Edge, rows: list[dict[str, str]] | bytes, name: str = "名单.csv", **given: Any) -> Any:
    """The response to a list."""
    content = rows if isinstance(rows, bytes) else text_of(rows).encode()
    language = given.pop("language", "zh-hans")
    data = {"alliance": "walk", "file": SimpleUploadedFile(name, content)} | given
    return edge.client.post("/members/", data, headers=edge.headers | {"Accept-Language": language})


def stored() -> list[Any]:
    """Everything that a list may touch, and the trail."""
    models = (Hospital, Department, Capability, Membership, AuditEntry)
    return [sorted(model._default_manager.values_list(), key=repr) for model in models]


def refused(response: Any) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def problems(response: Any) -> list[tuple[int, str, str]]:
    """The line, the column and the value of each mistake; nothing may be told as done."""
    answer = response.json()
    assert (answer["imported"], answer["report"], answer["problemCount"]) == (False, None, len(answer["problems"]))
    return [(one["line"], one["column"], one["value"]) for one in answer["problems"]]


def test_a_list_is_tried_before_it_is_imported(world, alliance, lead):
    before = stored()
    answer = send(lead, [ROW, SECOND]).json()
    assert stored() == before
    assert (answer["imported"], answer["problems"], answer["problemCount"]) == (False, [], 0)
    counted = {kind: (one["created"], one["updated"], one["unchanged"]) for kind, one in answer["report"].items()}
    assert counted == {
        "hospitals": (1, 0, 0),
        "departments": (2, 0, 0),
        "capabilities": (2, 0, 0),
        "memberships": (1, 0, 0),
    }
    assert answer["report"]["departments"]["new"] == ["长沙县人民医院 儿科", "长沙县人民医院 急诊医学科"]

    done = send(lead, [ROW, SECOND], idempotencyKey=new_key()).json()
    assert (done["imported"], done["report"]) == (True, answer["report"])
    hospital = Hospital.objects.get(credit_code=ROW["credit_code"])
    assert [one.alliance for one in hospital.memberships.all()] == [alliance]
    (entry,) = AuditEntry.objects.filter(action="import_members")
    assert (entry.actor, entry.actor_role, entry.object_id) == (lead.person, LEAD, str(alliance.pk))

    changed = send(lead, [ROW | {"phone": "0731-85600009", "hospital": "长沙县第一人民医院"}]).json()["report"]
    assert changed["hospitals"]["changes"] == [{"name": "长沙县第一人民医院", "fields": ["phone", "name"]}]
    assert changed["departments"]["unchanged"] == 1


@pytest.mark.parametrize("given", [{"alliance": "a\0b"}, {"idempotencyKey": "k\0"}, {"alliance": "x" * 5000}])
def test_strange_words_beside_the_file_are_refused(alliance, lead, given):
    assert refused(send(lead, [ROW], **given))[0] in (400, 404)


def test_one_key_is_one_import(world, alliance, lead):
    key = new_key()
    first = send(lead, [ROW], idempotencyKey=key)
    after = stored()
    Membership.objects.filter(alliance=alliance, hospital__credit_code=ROW["credit_code"]).update(
        joined_date=date(2020, 1, 1)
    )
    again = send(lead, [ROW], idempotencyKey=key)
    assert again.json() == first.json()
    IdempotencyKey.objects.update(answer=None)  # as after a day
    assert send(lead, [ROW], idempotencyKey=key).json() == first.json() | {"report": None}
    assert Membership.objects.get(hospital__credit_code=ROW["credit_code"]).joined_date == date(2020, 1, 1)
    assert len(stored()[-1]) == len(after[-1])
    assert refused(send(lead, [ROW, SECOND], idempotencyKey=key)) == (400, "IDEMPOTENCY_MISMATCH")
    assert refused(send(lead, [ROW], idempotencyKey="")) == (400, "INVALID_INPUT")


def test_every_mistake_is_told_in_the_readers_language_and_nothing_is_kept(world, alliance, lead):
    rows = [ROW | {"level": "镇级", "specialty": "7"}, SECOND, SECOND]
    before, key = stored(), new_key()
    found = send(lead, rows, idempotencyKey=key)
    assert problems(found) == [(2, "级别", "镇级"), (2, "诊疗科目代码", "7"), (4, "科室名称", "急诊医学科")]
    assert "省级、市级、县级" in found.json()["problems"][0]["message"]
    english = send(lead, rows, language="en").json()["problems"][0]["message"]
    assert english == "One of these is wanted: province, city, county." or "county" in english.lower()
    assert stored() == before
    assert send(lead, [ROW], idempotencyKey=key).json()["imported"] is True  # the key is free again


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "a.csv"), (b"PK\x03\x04", "a.xlsx"), (b"x", "a.pdf"), (b"\xff\xfe\x00", "a.csv"), (b"a,b\n1,2\n", "a.csv")],
)
def test_what_is_no_list_is_said_to_be_none(world, alliance, lead, content, name):
    if content:
        assert send(lead, content, name).json()["problemCount"] >= 1
    else:
        assert problems(send(lead, b" ", name)) == [(0, "", "a.csv")]


@pytest.mark.parametrize(
    ("place", "role", "code"),
    [
        (place, role, "OK" if (place, role) == ("province", LEAD) else None)
        for place in ("province", "county")
        for role in Role
    ],
)
def test_who_may_send_a_list(world, alliance, place, role, code):
    before = stored()
    expected = (404, "NOT_FOUND") if "import_members" in PERMISSIONS[role] else (403, "FORBIDDEN")
    response = send(as_role(world, place, role), [ROW])
    assert (response.status_code == 200) if code else (refused(response) == expected)
    assert stored() == before


def test_whoever_is_nobody_or_may_only_read_sends_none(world, alliance, lead):
    assert refused(send(Edge(), [ROW])) == (401, "UNAUTHENTICATED")
    _row, secret = issue(lead.person, "read", now=world.now)
    assert refused(send(Edge(token=secret), [ROW], idempotencyKey=new_key())) == (403, "FORBIDDEN")
    lead.headers.pop("X-CSRFToken")
    assert refused(send(lead, [ROW])) == (400, "BAD_REQUEST")
    assert refused(lead.client.get("/members/")) == (400, "BAD_REQUEST")
    assert lead.client.get("/members/template.xlsx").status_code == 200
    assert refused(as_role(world, "county", Role.EXPERT).client.get("/members/template.xlsx")) == (403, "FORBIDDEN")


@pytest.mark.parametrize("named", ["other", "nowhere", ""])
def test_another_alliance_is_as_good_as_none(world, alliance, lead, named):
    assert refused(send(lead, [ROW], alliance=named)) == (404, "NOT_FOUND")


def city(world: World, **given: str) -> dict[str, str]:
    """A row that says of the city's hospital what is stored."""
    hospital = world.hospitals["city"]
    return {
        "credit_code": hospital.credit_code,
        "hospital": hospital.name,
        "level": hospital.level,
        "division": hospital.division_id,
        "department": "儿科",
        "specialty": "07",
    } | given


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({}, None),
        ({"phone": "0731-85600009"}, "电话"),
        ({"grade": "G2A"}, "等级"),
        ({"outgoing_review": "ALWAYS"}, "转出审核"),
        ({"hospital": "改名医院"}, "医院名称"),
        ({"specialty": "03"}, "诊疗科目代码"),
        ({"department": "新科"}, "科室名称"),
        ({"department_phone": "0731-85600009"}, "科室电话"),
        ({"capability": "VENTILATION"}, "能力代码"),
        ({"alliance": "other", "joined": "2025-01-01"}, "联盟代码"),
        ({"alliance": "walk", "joined": "2025-02-01"}, None),
    ],
)
def test_a_member_of_others_is_described_as_it_is(world, alliance, lead, given, column):
    response = send(lead, [city(world) | given])
    if column:
        assert [where for _line, where, _value in problems(response)] == [column]
    else:
        assert response.json()["problems"] == []


def test_a_hospital_joins_with_the_alliance_and_its_day(world, alliance, lead):
    hospital = world.hospitals["county"]
    row = city(world) | {"credit_code": hospital.credit_code, "hospital": hospital.name, "level": hospital.level}
    row["division"] = hospital.division_id
    assert [where for _line, where, _value in problems(send(lead, [row]))] == ["联盟代码"]
    joining = row | {"alliance": "walk", "joined": "2026-01-01"}
    assert send(lead, [joining], idempotencyKey=new_key()).json()["report"]["memberships"]["created"] == 1
    Membership.objects.filter(alliance__code="other").update(left_date=date(2026, 1, 1))
    assert send(lead, [city(world, phone="0731-85600009")]).json()["report"]["hospitals"]["updated"] == 1


@pytest.mark.parametrize(("language", "heading"), [("zh-hans", list(COLUMNS.values())), ("en", list(COLUMNS))])
def test_the_template_is_a_list_that_can_be_filled(world, alliance, lead, language, heading):
    response = lead.client.get("/members/template.xlsx", {"language": language}, headers={"Accept-Language": "zh"})
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    sheet, notes = book.worksheets
    assert [cell.value for cell in sheet[1]] == heading
    assert {sheet.cell(2, column).number_format for column in range(1, len(COLUMNS) + 1)} == {"@"}
    assert [row[0].value for row in notes.iter_rows(min_row=2)] == heading
    assert all(row[2].value for row in notes.iter_rows(min_row=2))
    for place, key in enumerate(COLUMNS, start=1):
        sheet.cell(2, place, ROW.get(key, ""))
    filled = io.BytesIO()
    book.save(filled)
    assert send(lead, filled.getvalue(), "members.xlsx").json()["problems"] == []


def test_a_large_file_is_refused_before_it_is_read(world, alliance, lead, monkeypatch):
    monkeypatch.setattr("schema.views.members.MAX_BYTES", 100)
    assert refused(send(lead, b"x" * 101)) == (413, "LIMIT_EXCEEDED")


def test_what_an_answer_lists_is_bounded_and_what_it_counts_is_not(world, alliance, lead, monkeypatch):
    monkeypatch.setattr("schema.views.members.MOST", 1)
    answer = send(lead, [ROW, SECOND]).json()["report"]["departments"]
    assert (answer["created"], len(answer["new"])) == (2, 1)
    wrong = send(lead, [ROW | {"level": "x", "specialty": "x"}]).json()
    assert (wrong["problemCount"], len(wrong["problems"])) == (2, 1)


def test_a_list_costs_the_same_however_many_members_of_others_it_names(world, alliance, lead):
    specialty = Concept.objects.get(system="SPECIALTY", code="07")
    rows = []
    for n in range(20):
        hospital = Hospital.objects.create(
            credit_code=code(100 + n), name=f"联{n}医院", level="COUNTY", division_id="430121"
        )
        Department.objects.create(hospital=hospital, name="儿科", specialty=specialty)
        Membership.objects.create(
            alliance=Alliance.objects.get(code="other"), hospital=hospital, joined_date=date(2025, 1, 1)
        )
        row = {"credit_code": hospital.credit_code, "hospital": hospital.name, "division": "430121"}
        rows.append(city(world) | row | {"level": "COUNTY", "alliance": "walk", "joined": "2026-01-01"})
    costs = []
    for some in (rows[:2], rows):
        with CaptureQueriesContext(connection) as asked:
            assert send(lead, some).json()["report"]["memberships"]["created"] == len(some)
        costs.append(len(asked))
    assert costs[0] == costs[1], [query["sql"] for query in asked]
