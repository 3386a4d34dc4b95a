"""The worklist: its boxes and every filter, with exactly the rows that the words of the filter mean."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from consortium.models import Priority
from consortium.roles import Role
from referrals.models import Direction, Referral, Status
from tests.edge.client import Edge, as_role, gid
from tests.edge.many import copies, statements
from tests.world import NOW, World, patient

DOCTOR, OFFICE, EXPERT = Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT
HOUR = timedelta(hours=1)
UNSENT = (Status.DRAFT, Status.OFFICE_REVIEW, Status.BROADCAST)  # before nobody but their senders
STATES = [status for status in Status if status not in UNSENT]


@pytest.fixture(scope="module")
def legs(_module_world: World) -> dict[str, Referral]:
    """Referrals by name: one in each state, and copies of the sent one that differ in one thing each."""
    world = _module_world
    made = {str(status): world.referral(status) for status in Status}
    made["claimed"] = made["IN_TRIAGE"]
    made["green"] = world.green(Status.ACCEPTED)
    sent = world.referral(Status.SENT, patient=patient(name="诸葛小明"))
    made["named"] = sent
    differences: dict[str, dict[str, Any]] = {
        "stat": {"priority": Priority.STAT},
        "asap": {"priority": Priority.ASAP},
        "routine": {"priority": Priority.ROUTINE},
        "down": {"direction": Direction.DOWN},
        "lateral": {"direction": Direction.LATERAL},
        "late": {"due_at": NOW - timedelta(seconds=1)},
        "just": {"due_at": NOW},
        "endless": {"due_at": None, "clock_kind": "", "clock_holder": ""},
        "patients": {"clock_holder": "PATIENT"},
        "old": {"created_at": NOW - 48 * HOUR},
        "older": {"created_at": NOW - 72 * HOUR},
        "other": {"performer_department_id": world.departments["province.other"].pk},
        "from_other": {"requester_department_id": world.departments["county.other"].pk},
        "san": {"name": "诸葛亮"},
        "ming": {"name": "王小明"},
        "latin": {"name": "Zhu Ge"},
    }
    made |= dict(zip(differences, copies(sent, differences.values()), strict=True))
    made["passed on"] = Referral.objects.get(based_on=made["REDIRECTED"])
    made["claimed2"] = copies(sent, [{"claimed_by_id": world.people["province", EXPERT, 2].pk}])[0]
    return made


def found(edge: Edge, legs: dict[str, Referral], box: str, filters: str = "") -> set[str]:
    """The names of the referrals in a box under filters; a number that has no name stays as it is."""
    document = f"{{ worklist(box: {box}, first: 100{filters}) {{ totalCount nodes {{ id number }} }} }}"
    page = edge.data(document)["worklist"]
    names = {gid(row): name for name, row in legs.items()}
    assert page["totalCount"] == len(page["nodes"])
    return {names.get(node["id"], node["number"]) for node in page["nodes"]}


@pytest.fixture
def office(world: World) -> Edge:
    """The office at the province, which sees all that its hospital was sent."""
    return as_role(world, "province", OFFICE)


SENT_ALL = {str(status) for status in STATES} - {"IN_TRIAGE"} | {"claimed"}
COPIES = {
    "named", "stat", "asap", "routine", "down", "lateral", "late", "just", "endless", "patients", "old", "older",
    "from_other", "san", "ming", "latin", "claimed2",
}  # fmt: skip
RECEIVED = SENT_ALL | COPIES | {"other", "green"}
WITH_SENDER = {*map(str, UNSENT), "passed on"}


def test_the_boxes_hold_what_was_received_sent_and_taken_in_hand(world, legs):
    assert found(as_role(world, "province", OFFICE), legs, "IN") == RECEIVED
    assert found(as_role(world, "province", EXPERT), legs, "IN") == RECEIVED - {"other"}
    assert found(as_role(world, "province.other", EXPERT), legs, "IN") == {"other"}
    sent = RECEIVED | WITH_SENDER
    assert found(as_role(world, "county", OFFICE), legs, "OUT") == sent
    assert found(as_role(world, "county", DOCTOR), legs, "OUT") == sent - {"from_other"}
    assert found(as_role(world, "county.other", DOCTOR), legs, "OUT") == {"from_other"}
    assert found(as_role(world, "county", OFFICE), legs, "IN") == set()
    assert found(as_role(world, "province", OFFICE), legs, "OUT") == set()
    assert found(as_role(world, "foreign", OFFICE), legs, "IN") == set()


def test_my_box_holds_what_i_wrote_or_took_in_hand_and_may_still_see(world, legs):
    assert found(as_role(world, "county", DOCTOR), legs, "MINE") == RECEIVED - {"from_other"} | WITH_SENDER
    assert found(as_role(world, "county", DOCTOR, 2), legs, "MINE") == set()
    assert found(as_role(world, "province", EXPERT, 2), legs, "MINE") == {"claimed2"}
    mine = found(as_role(world, "province", EXPERT), legs, "MINE")
    assert {"claimed", "ACCEPTED", "REJECTED", "CLOSED"} <= mine
    assert not {"SENT", "DRAFT", "named"} & mine


def test_a_redirected_leg_is_before_the_one_who_got_it(world, legs):
    assert found(as_role(world, "province2", OFFICE), legs, "IN") == {"passed on"}
    assert found(as_role(world, "province2", OFFICE), legs, "OUT") == set()


@pytest.mark.parametrize("status", [str(status) for status in STATES])
def test_by_state(world, legs, status, office):
    expected = {name for name in RECEIVED if legs[name].status == status}
    assert found(office, legs, "IN", f", status: [{status}]") == expected
    more = {name for name in RECEIVED if legs[name].status in (status, "CLOSED")}
    assert found(office, legs, "IN", f", status: [{status}, CLOSED]") == more


OPEN = RECEIVED - {"CLOSED", "CANCELLED", "REDIRECTED", "ENTERED_IN_ERROR"}
ALL_URGENT = RECEIVED - {"stat", "asap", "routine", "green"}
FILTERS: list[tuple[str, set[str]]] = [
    ("", RECEIVED),
    ("status: []", RECEIVED),
    ("status: null", RECEIVED),
    ("open: true", OPEN),
    ("open: false", RECEIVED - OPEN),
    ("open: null", RECEIVED),
    ("priority: [STAT]", {"stat", "green"}),
    ("priority: [ASAP, ROUTINE]", {"asap", "routine"}),
    ("priority: [URGENT]", ALL_URGENT),
    ("direction: DOWN", {"down"}),
    ("direction: LATERAL", {"lateral"}),
    ("direction: UP", RECEIVED - {"down", "lateral"}),
    ("pathway: ROUTINE", RECEIVED - {"green"}),
    ("pathway: GREEN_CHANNEL", {"green"}),
    ("holder: PATIENT", {"patients", "ON_HOLD"}),
    ("overdue: true", {"late"}),
    ("overdue: false", RECEIVED - {"late"}),
    ('createdFrom: "2026-03-02T09:00:00+08:00"', RECEIVED - {"old", "older"}),
    ('createdTo: "2026-03-02T09:00:00+08:00"', {"old", "older"}),
    ('createdTo: "2026-03-02T01:00:00Z"', {"old", "older"}),
    ('createdFrom: "2026-02-27T09:00:00+08:00", createdTo: "2026-02-28T09:00:00+08:00"', {"older"}),
    ('createdFrom: "2026-02-28T09:00:01+08:00", createdTo: "2026-03-02T09:00:00+08:00"', set()),
    ('patient: "诸"', (COPIES | {"other"}) - {"ming", "latin"}),
    ('patient: "诸葛"', (COPIES | {"other"}) - {"ming", "latin"}),
    ('patient: "葛亮"', {"san"}),
    ('patient: "诸葛亮"', {"san"}),
    ('patient: "小明"', {"ming", "named"}),
    ('patient: "王小明"', {"ming"}),
    ('patient: " 王 小明 "', {"ming"}),
    ('patient: "明小"', set()),
    ('patient: "zhu ge"', {"latin"}),
    ('patient: "%"', set()),
    ('patient: "_"', set()),
    ('patient: "欧阳"', set()),
    ('patient: " "', RECEIVED),
    ("open: true, priority: [URGENT], overdue: true", {"late"}),
    ("priority: [STAT], direction: DOWN", set()),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=[text or "nothing" for text, _names in FILTERS])
def test_by_each_filter(world, legs, office, filters, expected):
    names = {
        name for name, row in legs.items() if name in RECEIVED and row.case.patient.name == "诸葛小明"
    }  # copies are named 孙多多 unless told otherwise
    if filters in ('patient: "诸"', 'patient: "诸葛"'):
        expected = names | {"san"}
    assert found(office, legs, "IN", f", {filters}" if filters else "") == expected


@pytest.mark.parametrize("few", [0, 1, 3000])
def test_the_same_are_found_whether_they_are_few_or_many(world, legs, office, monkeypatch, few):
    """By the keys of few cases or in the order of all: only the way there differs."""
    monkeypatch.setattr("referrals.worklist.FEW", few)
    for text, expected in (("诸葛亮", {"san"}), ("欧阳", set()), (legs["san"].number, {"san"})):
        sql = statements(lambda text=text, expected=expected: by_name(office, legs, text, expected))
        assert sum('"case_id" IN (' in one for one in sql) == (1 if few and expected else 0)


def test_the_number_of_one_leg_does_not_find_the_other_legs_of_its_case(world, legs):
    first, second = legs["REDIRECTED"], legs["passed on"]
    assert first.case_id == second.case_id
    sender = as_role(world, "county", OFFICE)
    assert found(sender, legs, "OUT", f', patient: "{first.number}"') == {"REDIRECTED"}
    assert found(sender, legs, "OUT", f', patient: "{first.case.number}"') == {"REDIRECTED", "passed on"}


def by_name(office: Edge, legs: Any, text: str, expected: set[str]) -> None:
    """Whoever is found by a text."""
    assert found(office, legs, "IN", f', patient: "{text}"') == expected


@pytest.mark.parametrize("holder", ["REQUESTER", "PERFORMER"])
def test_by_whose_move_it_is(world, legs, office, holder):
    expected = {name for name in RECEIVED if legs[name].clock_holder == holder}
    assert found(office, legs, "IN", f", holder: {holder}") == expected
    assert ("claimed" in expected) is (holder == "PERFORMER")
    assert ("INFO_NEEDED" in expected) is (holder == "REQUESTER")


def test_by_department_of_either_side(world, legs, office):
    named = {name: gid(world.departments[name]) for name in ("province", "province.other", "county", "county.other")}
    assert found(office, legs, "IN", f', department: "{named["province.other"]}"') == {"other"}
    assert found(office, legs, "IN", f', department: "{named["province"]}"') == RECEIVED - {"other"}
    assert found(office, legs, "IN", f', department: "{named["county.other"]}"') == {"from_other"}
    assert found(office, legs, "IN", f', department: "{named["county"]}"') == RECEIVED - {"from_other"}


def test_by_the_patients_number_and_by_the_numbers_of_leg_and_case(world, legs, office):
    row = legs["san"]
    for text in (row.case.patient.id_number, row.number, row.case.number):
        assert found(office, legs, "IN", f', patient: "{text}"') == {"san"}
        assert found(office, legs, "IN", f', patient: " {text.lower()} "') == {"san"}
        assert found(office, legs, "IN", f', patient: "{text[:-1]}"') == set()
    with_x = copies(legs["SENT"], [{"id_number": "11010519491231002X"}])[0]
    assert found(office, legs, "IN", ', patient: "11010519491231002x"') == {with_x.number}


def test_nobody_finds_a_patient_by_number_whom_they_do_not_see(world, legs):
    for text in ("诸葛亮", legs["san"].case.patient.id_number, legs["san"].number):
        for box in ("IN", "OUT", "MINE"):
            assert found(as_role(world, "foreign", OFFICE), legs, box, f', patient: "{text}"') == set()


def test_a_limit_shows_what_is_left_of_it(world, legs, office):
    clocks = '{ worklist(box: IN, patient: "%s") { nodes { clock { kind overdue remainingMinutes dueAt } } } }'
    shown = {
        name: office.data(clocks % legs[name].number)["worklist"]["nodes"][0]["clock"]
        for name in ("named", "late", "just", "endless")
    }
    assert shown["endless"] is None
    assert shown["named"]["remainingMinutes"] == 24 * 60
    assert shown["named"]["dueAt"] == "2026-03-03T09:00:00+08:00"
    assert (shown["just"]["overdue"], shown["just"]["remainingMinutes"]) == (False, 0)
    assert (shown["late"]["overdue"], shown["late"]["remainingMinutes"]) == (True, -1)
    assert legs["late"].due_at.astimezone(UTC) < NOW
