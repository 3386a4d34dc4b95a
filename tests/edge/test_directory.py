"""Hospitals, departments and catalogues: found by what they can do, how free, how fresh, where, and by name."""

from datetime import date, timedelta
from typing import Any

import pytest

from consortium.models import (
    Alliance,
    Capability,
    ClockRule,
    Concept,
    Department,
    Division,
    Hospital,
    Membership,
)
from consortium.roles import Role
from tests.edge.client import Edge, as_role, code_of, gid
from tests.world import NOW, World

DOCTOR = Role.REFERRING_DOCTOR
ALL = {"county", "city", "province", "province2", "foreign"}
DEPARTMENTS = ALL | {"county.other", "province.other"}
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def places(_module_world: World) -> World:
    """The small world with figures of several ages, an alliance with dated members, and one suspended place."""
    world = _module_world
    picu, nicu = world.picu.kind, Concept.objects.get(system="CAPABILITY", code="NICU")
    figures: dict[str, dict[str, Any]] = {
        "city": {"beds_total": 9, "beds_free": 5, "held": 2, "as_of": NOW - 10 * MINUTE},
        "county": {"beds_total": 2, "beds_free": 0, "as_of": NOW - 3000 * MINUTE},
        "foreign": {},
    }
    for name, figure in figures.items():
        Capability.objects.create(department=world.departments[name], kind=picu, **figure)
    Capability.objects.create(department=world.departments["city"], kind=nicu)
    alliance = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    today = NOW.date()
    dates: dict[str, tuple[date, date | None]] = {
        "province": (today, None),
        "city": (today - timedelta(days=9), today + timedelta(days=1)),
        "county": (today - timedelta(days=9), today),
        "foreign": (today + timedelta(days=1), None),
    }
    for name, (joined, left) in dates.items():
        hospital = world.hospitals[name]
        Membership.objects.create(alliance=alliance, hospital=hospital, joined_date=joined, left_date=left)
    Hospital.objects.filter(pk=world.hospitals["province2"].pk).update(kind="CHILDREN")
    closed = Hospital.objects.create(
        name="停用医院", credit_code="x" * 18, level="COUNTY", division_id="430181", status="SUSPENDED"
    )
    Department.objects.create(hospital=closed, name="儿科", specialty=world.departments["city"].specialty)
    Department.objects.create(
        hospital=world.hospitals["city"], name="停用科", specialty=picu_specialty(world), status="CLOSED"
    )
    return world


def picu_specialty(world: World) -> Concept:
    """The specialty of the world's departments."""
    return world.departments["city"].specialty


def found(edge: Edge, world: World, field: str, filters: str) -> list[str]:
    """The names in the world of what is found, in the order of the answer."""
    document = f"{{ {field}(first: 100{', ' if filters else ''}{filters}) {{ totalCount nodes {{ id name }} }} }}"
    page = edge.data(document)[field]
    rows = world.hospitals if field == "hospitals" else world.departments
    names = {gid(row): name for name, row in rows.items()}
    assert page["totalCount"] == len(page["nodes"])
    return [names.get(node["id"], node["name"]) for node in page["nodes"]]


BOTH: list[tuple[str, set[str]]] = [
    ('capability: "PICU"', {"city", "county", "foreign", "province"}),
    ('capability: "NICU"', {"city"}),
    ('capability: "PICU", minFree: 0', {"city", "county", "province"}),
    ('capability: "PICU", minFree: 1', {"city", "province"}),
    ('capability: "PICU", minFree: 3', {"city", "province"}),
    ('capability: "PICU", minFree: 4', {"province"}),
    ('capability: "PICU", minFree: 20', {"province"}),
    ('capability: "PICU", minFree: 21', set()),
    ('capability: "PICU", maxAgeMinutes: 9', set()),
    ('capability: "PICU", maxAgeMinutes: 10', {"city"}),
    ('capability: "PICU", maxAgeMinutes: 60', {"city", "province"}),
    ('capability: "PICU", maxAgeMinutes: 3000', {"city", "province", "county"}),
    ('capability: "PICU", minFree: 4, maxAgeMinutes: 59', set()),
    ('alliance: "walk"', {"province", "city"}),
    ('alliance: "walk", capability: "PICU", minFree: 4', {"province"}),
]
HOSPITALS: list[tuple[str, set[str]]] = [
    ("", ALL),
    *BOTH,
    ("level: PROVINCE", {"province", "province2"}),
    ("level: CITY", {"city"}),
    ("level: COUNTY", {"county", "foreign"}),
    ("kind: CHILDREN", {"province2"}),
    ("kind: GENERAL", ALL - {"province2"}),
    ('division: "430000"', ALL),
    ('division: "430100"', {"city", "county", "foreign"}),
    ('division: "430121"', {"county"}),
    ('division: "430900"', set()),
    ('text: "county"', {"county"}),
    ('text: "医院"', ALL),
    ('text: "医"', ALL),
    ('text: "医院county"', set()),
    ('text: "院医"', set()),
    ('text: "%"', set()),
    ('text: ""', ALL),
    ('level: COUNTY, division: "430121", text: "医院", capability: "PICU"', {"county"}),
]


@pytest.mark.parametrize(("filters", "expected"), HOSPITALS, ids=[text or "all" for text, _names in HOSPITALS])
def test_hospitals_by_each_filter(world, places, filters, expected):
    names = found(as_role(world, "county", DOCTOR), places, "hospitals", filters)
    assert (set(names), len(names)) == (expected, len(expected))


ROOMS: list[tuple[str, set[str]]] = [
    ("", DEPARTMENTS),
    *BOTH[:-2],
    ('alliance: "walk"', {"province", "province.other", "city"}),
    ("level: COUNTY", {"county", "county.other", "foreign"}),
    ('division: "430121"', {"county", "county.other"}),
    ('specialty: "07"', DEPARTMENTS - {"county.other", "province.other"}),
    ('specialty: "03"', {"county.other", "province.other"}),
    ('specialty: "0"', DEPARTMENTS),
    ('specialty: "99"', set()),
    ('text: "内科"', {"county.other", "province.other"}),
    ('text: "儿"', DEPARTMENTS - {"county.other", "province.other"}),
    ('text: "city"', {"city"}),
]


@pytest.mark.parametrize(("filters", "expected"), ROOMS, ids=[text or "all" for text, _names in ROOMS])
def test_departments_by_each_filter(world, places, filters, expected):
    names = found(as_role(world, "county", DOCTOR), places, "departments", filters)
    assert (set(names), len(names)) == (expected, len(expected))


def test_departments_of_one_hospital(world, places):
    edge, named = as_role(world, "county", DOCTOR), gid(places.hospitals["province"])
    assert set(found(edge, places, "departments", f'hospital: "{named}"')) == {"province", "province.other"}


@pytest.mark.parametrize("filters", ["minFree: 2147483647", "maxAgeMinutes: 2147483647", "minFree: -2147483648"])
def test_a_figure_that_no_place_has_finds_none_and_is_no_fault(world, places, filters):
    expected = ["city", "county", "province"] if "-" in filters else []
    for field in ("hospitals", "departments"):
        names = found(as_role(world, "county", DOCTOR), places, field, f'capability: "PICU", {filters}')
        assert sorted(names) in (expected, ["city", "county", "province"])  # any age at all is old enough


@pytest.mark.parametrize("field", ["hospitals", "departments"])
@pytest.mark.parametrize(
    ("filters", "argument"),
    [('capability: "NOTHING"', "capability"), ('alliance: "none"', "alliance"), ('division: "990000"', "division")],
)
def test_a_code_of_nothing_is_named_instead_of_an_empty_list(world, field, filters, argument):
    answer = as_role(world, "county", DOCTOR).answer(f"{{ {field}({filters}) {{ totalCount }} }}")
    assert (code_of(answer), answer["errors"][0]["extensions"]["field"]) == ("INVALID_INPUT", argument)


def test_the_most_free_come_first_and_what_is_not_counted_last(world, places):
    names = found(as_role(world, "county", DOCTOR), places, "departments", 'capability: "PICU", sort: MOST_FREE')
    assert names == ["province", "city", "county", "foreign"]


def distances(edge: Edge, field: str) -> list[tuple[str, int | None]]:
    """The names with their distances, nearest first."""
    document = f"{{ {field}(first: 100, sort: NEAREST) {{ nodes {{ name distanceKm }} }} }}"
    return [(node["name"], node["distanceKm"]) for node in edge.data(document)[field]["nodes"]]


def test_the_nearest_come_first_and_what_is_unknown_last(world, places):
    """One degree of latitude is 111.2 km; the county is at the origin, one place has no centre."""
    Division.objects.filter(pk="430121").update(latitude=28.0, longitude=113.0)
    Division.objects.filter(pk="430181").update(latitude=29.0, longitude=113.0)
    Division.objects.filter(pk="430100").update(latitude=28.5, longitude=113.0)
    Division.objects.filter(pk="430000").update(latitude=None, longitude=None)
    listed = distances(as_role(world, "county", DOCTOR), "hospitals")
    assert listed[:3] == [("county医院", 0), ("city医院", 56), ("foreign医院", 111)]
    assert set(listed[3:]) == {("province医院", None), ("province2医院", None)}
    assert [km for _name, km in distances(as_role(world, "county", DOCTOR), "departments")][-3:] == [None] * 3


def test_without_a_place_of_ones_own_no_distance_is_known(world, places):
    Division.objects.filter(pk="430000").update(latitude=None, longitude=None)
    for edge in (as_role(world, "province", DOCTOR), as_role(world, "county", Role.COMMISSION_OBSERVER)):
        assert {km for _name, km in distances(edge, "hospitals")} == {None}


def test_a_figure_shows_its_age_and_what_is_promised(world, places):
    document = '{ departments(capability: "PICU") { nodes { name hospital { name } capabilities { %s } } } }'
    shape = "kind { code } bedsTotal bedsFree held bedsAvailable asOf ageMinutes version"
    page = as_role(world, "county", DOCTOR).data(document % shape)["departments"]
    shown = {
        node["hospital"]["name"]: figure
        for node in page["nodes"]
        for figure in node["capabilities"]
        if figure["kind"]["code"] == "PICU"
    }
    city, foreign = shown["city医院"], shown["foreign医院"]
    assert (city["bedsFree"], city["held"], city["bedsAvailable"], city["ageMinutes"]) == (5, 2, 3, 10)
    assert city["asOf"] == "2026-03-02T08:50:00+08:00"
    assert {name: foreign[name] for name in ("bedsFree", "bedsAvailable", "asOf", "ageMinutes")} == {
        "bedsFree": None, "bedsAvailable": None, "asOf": None, "ageMinutes": None,
    }  # fmt: skip


def test_a_hospital_shows_its_active_departments_and_its_memberships(world, places):
    document = """query($id: ID!) { hospital(id: $id) { name status
        departments { name } memberships { joinedDate leftDate alliance { code memberCount } } } }"""
    shown = as_role(world, "county", DOCTOR).data(document, id=gid(places.hospitals["city"]))["hospital"]
    assert shown["departments"] == [{"name": "儿科"}]
    member = {"joinedDate": "2026-02-21", "leftDate": "2026-03-03", "alliance": {"code": "walk", "memberCount": 2}}
    assert shown["memberships"] == [member]


def test_catalogues_hold_what_is_valid_today(world):
    edge = as_role(world, "county", DOCTOR)
    today = NOW.date()
    dated = {"system": "REASON/REJECT", "label_zh": "试", "label_en": "t", "source": "test"}
    for code, begins, ends in (
        ("ENDED", -9, -1), ("LAST_DAY", -9, 0), ("BEGINS", 0, None), ("TOMORROW", 1, None),
    ):  # fmt: skip
        last = None if ends is None else today + timedelta(days=ends)
        Concept.objects.create(code=code, valid_from=today + timedelta(days=begins), valid_to=last, **dated)
    codes = {row["code"] for row in edge.data('{ reasons(catalogue: "REJECT") { code } }')["reasons"]}
    assert codes & {"ENDED", "LAST_DAY", "BEGINS", "TOMORROW"} == {"LAST_DAY", "BEGINS"}
    ClockRule.objects.filter(kind="HOLD").update(valid_to=today - timedelta(days=1))
    assert edge.data('{ clocks(kind: "HOLD") { kind } }') == {"clocks": []}
    triage = edge.data('{ clocks(kind: "TRIAGE") { priority targetMinutes holder } }')["clocks"]
    assert [(row["priority"], row["targetMinutes"]) for row in triage] == [
        ("STAT", 15), ("ASAP", 240), ("URGENT", 1440), ("ROUTINE", 7200),
    ]  # fmt: skip
    listed = edge.data('{ concepts(system: ICD10, text: "J18") { nodes { code } } }')["concepts"]["nodes"]
    assert [row["code"] for row in listed] == sorted(row["code"] for row in listed)
    assert {"code": "J18.900"} in listed


def test_divisions_by_level_and_parent(world):
    edge = as_role(world, "county", DOCTOR)
    assert edge.data("{ divisions(level: PROVINCE) { name } }")["divisions"] == [{"name": "湖南省"}]
    assert len(edge.data("{ divisions(level: PREFECTURE) { code } }")["divisions"]) == 14
    assert len(edge.data("{ divisions(level: COUNTY) { code } }")["divisions"]) == 122
    assert len(edge.data('{ divisions(parent: "430100") { code } }')["divisions"]) == 9
    assert edge.data('{ divisions(parent: "430100", level: PROVINCE) { code } }')["divisions"] == []
