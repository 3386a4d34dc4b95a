"""Coverage, figure by figure, on a network small enough to count by hand (domain, 6)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from consortium.models import Alliance, Capability, Concept, Department, Hospital, Membership
from consortium.roles import Role
from referrals.models import Referral, Status
from tests.edge.client import Edge, as_role, code_of, gid
from tests.edge.many import copies, statements
from tests.world import CHINA, NOW, World

LEAD, OBSERVER = ("province", Role.ALLIANCE_ADMIN), Role.COMMISSION_OBSERVER
SINCE, UNTIL = date(2026, 2, 1), date(2026, 3, 2)
RATE = "{ numerator denominator value completeness suppressed }"
SHAPE = f"""capability since until suppressed covered {RATE} acceptance {RATE} diversion {RATE} loopClosure {RATE}
    counties {{ division {{ code }} reach members hasCapability sent served }} membersByLevel {{ level count }}
    flows {{ origin destination legs }}"""


@dataclass
class Counted:
    """The network and the leg that all others are copies of."""

    world: World
    alliance: Alliance
    leg: Referral

    def send(self, origin: str, destination: str, *legs: dict[str, Any]) -> None:
        """Store legs between two places, sent in the period unless told otherwise."""
        rooms = self.world.departments
        parties = {
            "requester_hospital_id": rooms[origin].hospital_id,
            "requester_department_id": rooms[origin].pk,
            "performer_hospital_id": rooms[destination].hospital_id,
            "performer_department_id": rooms[destination].pk,
            "sent_at": datetime(2026, 2, 10, 8, tzinfo=CHINA),
            "needed_capability_id": None,
        }
        copies(self.leg, [parties | leg for leg in legs])

    def join(self, name: str, division: str, joined: date = SINCE, left: date | None = None, **given: Any) -> None:
        """A county hospital in a division, a member from one day to another."""
        made = Hospital.objects.create(name=name, credit_code=name, level="COUNTY", division_id=division, **given)
        specialty = self.world.departments["city"].specialty
        self.world.departments[name] = Department.objects.create(hospital=made, name="儿科", specialty=specialty)
        Membership.objects.create(alliance=self.alliance, hospital=made, joined_date=joined, left_date=left)


DONE = {"closed_at": NOW, "ending": "COMPLETED", "status": Status.CLOSED}
ACCEPTED, ADVISED, REJECTED = {"decision": "ACCEPTED"}, {"decision": "ADVISED"}, {"decision": "REJECTED"}
HERE = ACCEPTED | {"arrived_at": NOW}
LATE = {"due_at": NOW - timedelta(seconds=1)}
RUNNING = {"due_at": NOW + timedelta(hours=1)}


def at(*moment: int) -> dict[str, Any]:
    """Sent at this moment in China."""
    return {"sent_at": datetime(*moment, tzinfo=CHINA)}  # type: ignore[misc, arg-type]


@pytest.fixture(scope="module")
def counted(_module_world: World) -> Counted:
    """Fifteen legs that count, and beside each border one that does not."""
    world = _module_world
    alliance = Alliance.objects.create(code="hand", name="手算联盟", lead=world.hospitals["province"])
    leg = world.referral(Status.SENT)
    Referral.objects.filter(pk=leg.pk).update(sent_at=datetime(2020, 1, 1, tzinfo=CHINA))
    made = Counted(world, alliance, leg)
    for name in ("province", "city", "county", "foreign"):
        Membership.objects.create(alliance=alliance, hospital=world.hospitals[name], joined_date=UNTIL)
    made.join("静", "430102")
    made.join("动", "430103")
    made.join("停", "430104", status="SUSPENDED")
    made.join("退", "430105", left=UNTIL)
    made.join("未", "430111", joined=UNTIL + timedelta(days=1))
    outsider = Hospital.objects.create(name="外", credit_code="外", level="COUNTY", division_id="430112")
    world.departments["外"] = Department.objects.create(
        hospital=outsider, name="儿科", specialty=world.departments["city"].specialty
    )
    for name in ("county", "外"):
        Capability.objects.create(department=world.departments[name], kind=world.picu.kind)
    picu = {"needed_capability_id": leg.needed_capability_id}
    given = [HERE | DONE, HERE | RUNNING, ACCEPTED, ADVISED, REJECTED, {}]
    made.send("county", "province", *(row | picu for row in given))
    made.send("county", "province", ACCEPTED | at(2026, 2, 1), at(2026, 3, 2, 23, 59, 59))
    made.send("foreign", "city", {"decision": "WAITLISTED"}, {"decision": "REDIRECTED"}, HERE | LATE, {}, {})
    made.send("province", "county", HERE | DONE, ACCEPTED)
    # None of these is counted in the period.
    made.send("county", "province", HERE | at(2026, 1, 31, 23, 59, 59), HERE | at(2026, 3, 3))
    wrong = {"closed_at": NOW, "ending": "ENTERED_IN_ERROR", "status": Status.ENTERED_IN_ERROR}
    made.send("county", "province", HERE | wrong, ADVISED | wrong)
    made.send("county", "province2", HERE, ADVISED)
    made.send("外", "province", HERE)
    made.send("退", "province", HERE)
    made.send("动", "province", at(2025, 12, 2), at(2025, 12, 1, 23, 59, 59))  # 90 days before the last day, and more
    made.send("静", "province", at(2025, 12, 1, 23, 59, 59))
    return made


def ask(edge: Edge, shape: str = SHAPE, **arguments: Any) -> dict[str, Any]:
    """Coverage of the hand-counted alliance in its period."""
    given = {"since": f'"{SINCE}"', "until": f'"{UNTIL}"'} | arguments
    listed = ", ".join(f"{name}: {value}" for name, value in given.items() if value is not None)
    return dict(edge.data(f'{{ coverage(alliance: "hand", {listed}) {{ {shape} }} }}')["coverage"])


def rate(numerator: int | None, denominator: int | None, completeness: float | None) -> dict[str, Any]:
    """A rate as it is answered."""
    value = round(numerator / denominator, 4) if numerator is not None and denominator else None
    return {
        "numerator": numerator, "denominator": denominator, "value": value, "completeness": completeness,
        "suppressed": numerator is None or denominator is None,
    }  # fmt: skip


@pytest.fixture
def lead(world: World) -> Edge:
    """The administrator of the alliance."""
    return as_role(world, *LEAD)


def reach_of(found: dict[str, Any]) -> dict[str, str]:
    """The counties that the alliance reaches somehow."""
    return {c["division"]["code"]: c["reach"] for c in found["counties"] if c["reach"] != "NONE"}


def test_four_levels_of_reach_over_122_counties(lead, counted):
    found = ask(lead)
    assert len(found["counties"]) == 122
    assert reach_of(found) == {"430102": "MEMBER", "430103": "ACTIVE", "430121": "SERVED", "430181": "SERVED"}
    assert found["covered"] == rate(4, 122, 1.0)
    cells = {c["division"]["code"]: (c["members"], c["sent"], c["served"]) for c in found["counties"]}
    assert {code: cell for code, cell in cells.items() if any(cell)} == {
        "430102": (1, 0, 0), "430103": (1, 0, 0), "430121": (1, 8, 3), "430181": (1, 5, 1),
    }  # fmt: skip
    assert [c["division"]["code"] for c in found["counties"]] == sorted(cells)


def test_the_counties_of_one_level_of_reach(lead, counted):
    for reach, number in (("NONE", 118), ("MEMBER", 1), ("ACTIVE", 1), ("SERVED", 2)):
        assert len(ask(lead, f"counties(reach: {reach}) {{ reach }}")["counties"]) == number


def test_members_by_level_on_the_last_day(lead, counted):
    levels = [{"level": "PROVINCE", "count": 1}, {"level": "CITY", "count": 1}, {"level": "COUNTY", "count": 4}]
    assert ask(lead)["membersByLevel"] == levels
    before = ask(lead, until='"2026-03-01"')["membersByLevel"]
    assert [row["count"] for row in before] == [0, 0, 3]  # the standing members joined on the 2nd; one left on it
    after = ask(lead, until='"2026-03-03"')["membersByLevel"]
    assert [row["count"] for row in after] == [1, 1, 5]


FLOWS = {
    "PREFECTURE": [("长沙市", "湖南省", 8), ("长沙市", "长沙市", 5), ("湖南省", "长沙市", 2)],
    "HOSPITAL": [
        ("county医院", "province医院", 8), ("foreign医院", "city医院", 5), ("province医院", "county医院", 2),
    ],
    "LEVEL": [("COUNTY", "PROVINCE", 8), ("COUNTY", "CITY", 5), ("PROVINCE", "COUNTY", 2)],
}  # fmt: skip


@pytest.mark.parametrize("grouping", FLOWS)
def test_flows_by_each_grouping_strongest_first(lead, counted, grouping):
    flows = ask(lead, "flows { origin destination legs }", grouping=grouping)["flows"]
    assert [(flow["origin"], flow["destination"], flow["legs"]) for flow in flows] == FLOWS[grouping]


def test_rates_with_what_they_are_made_of(lead, counted):
    """15 sent, 11 answered: 8 accepted or waitlisted, 1 advised; 4 arrived, 2 completed, 1 more overdue."""
    found = ask(lead)
    assert found["acceptance"] == rate(8, 11, 0.7333)
    assert found["diversion"] == rate(1, 11, 0.7333)
    assert found["loopClosure"] == rate(2, 4, 0.75)
    assert found["suppressed"] is False


def test_by_capability(lead, counted):
    found = ask(lead, capability='"PICU"')
    assert found["acceptance"] == rate(3, 5, 0.8333)
    assert found["diversion"] == rate(1, 5, 0.8333)
    assert found["loopClosure"] == rate(1, 2, 0.5)
    assert [flow["legs"] for flow in found["flows"]] == [6]
    reach = {"430102": "MEMBER", "430103": "MEMBER", "430121": "SERVED", "430181": "MEMBER"}
    assert reach_of(found) == reach
    able = [county["division"]["code"] for county in found["counties"] if county["hasCapability"]]
    assert able == ["430121"]  # not 430112, whose hospital is no member
    assert [c for c in ask(lead)["counties"] if c["hasCapability"]] == []


def test_the_borders_of_the_period_are_midnights_in_china(lead, counted):
    def sent(since: str, until: str) -> int:
        flows = ask(lead, "flows { legs }", since=f'"{since}"', until=f'"{until}"', grouping="LEVEL")["flows"]
        return sum(flow["legs"] for flow in flows)

    assert sent("2026-03-02", "2026-03-02") == 1
    assert sent("2026-02-01", "2026-03-02") == 15
    assert sent("2026-01-31", "2026-03-02") == 16
    assert sent("2026-02-02", "2026-03-02") == 14
    assert sent("2026-02-01", "2026-03-03") == 16


def test_an_empty_period_has_no_value(lead, counted):
    found = ask(lead, since='"2026-02-20"', until='"2026-02-21"')
    assert found["acceptance"] == rate(0, 0, None)
    assert found["loopClosure"] == rate(0, 0, None)


def test_the_last_90_days_if_nothing_is_said(lead, counted):
    found = ask(lead, "since until", since=None, until=None)
    assert found == {"since": "2025-12-02", "until": "2026-03-02"}


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        ("2026-03-02", "2026-03-01", "INVALID_INPUT"),
        ("2026-03-02", "2026-03-02", "OK"),
        ("2023-02-26", "2026-03-02", "OK"),  # 1100 days
        ("2023-02-25", "2026-03-02", "INVALID_INPUT"),
        ("2026-02-30", "2026-03-02", "BAD_REQUEST"),
    ],
)
def test_a_period_begins_before_it_ends_and_is_not_too_long(lead, counted, since, until, code):
    document = f'{{ coverage(alliance: "hand", since: "{since}", until: "{until}") {{ since }} }}'
    answer = lead.answer(document)
    assert code_of(answer) == code
    if code == "INVALID_INPUT":
        assert answer["errors"][0]["extensions"]["field"] == "since"


def observer(world: World, place: str) -> Edge:
    """An observer of the division in which a hospital stands."""
    return as_role(world, place, OBSERVER)


def test_an_observer_of_the_province_sees_no_count_from_1_to_4(world, counted):
    found = ask(observer(world, "province"))
    assert found["suppressed"] is True
    assert found["covered"] == rate(4, 122, 1.0)
    # Of 15 sent 11 are answered and 8 accepted: beside 15, the 11 would tell of 4 that wait.
    assert found["acceptance"] == rate(8, None, None)
    assert (found["diversion"]["numerator"], found["diversion"]["denominator"]) == (None, None)
    assert (found["diversion"]["value"], found["diversion"]["suppressed"]) == (None, True)
    loop = found["loopClosure"]
    assert (loop["numerator"], loop["denominator"], loop["value"], loop["suppressed"]) == (None, None, None, True)
    assert [flow["legs"] for flow in found["flows"]] == [8, None, None]  # 5, or the total would tell of the 2
    cells = {c["division"]["code"]: (c["sent"], c["served"]) for c in found["counties"]}
    assert (cells["430121"], cells["430181"], cells["430102"]) == ((8, None), (None, None), (0, 0))


def test_an_observer_sees_the_own_division_only(world, counted):
    county, city = ask(observer(world, "county")), ask(observer(world, "city"))
    assert [c["division"]["code"] for c in county["counties"]] == ["430121"]
    assert county["covered"] == rate(1, 1, 1.0)
    assert county["flows"] == [{"origin": "长沙市", "destination": "湖南省", "legs": 8}]
    assert [row["count"] for row in county["membersByLevel"]] == [0, 0, 1]
    assert len(city["counties"]) == 9
    assert city["covered"] == rate(4, 9, 1.0)
    assert [row["count"] for row in city["membersByLevel"]] == [0, 1, 4]
    assert [flow["legs"] for flow in city["flows"]] == [8, 5]  # what the province sent down has another origin


def test_every_indicator_says_what_it_is_and_what_opens(lead, counted):
    found = ask(
        lead, "indicators { name label definition numeratorLabel denominatorLabel numeratorLegs denominatorLegs }"
    )
    opened = {row["name"]: (row["label"], row["numeratorLegs"], row["denominatorLegs"]) for row in found["indicators"]}
    assert opened == {
        "COVERED": ("县域覆盖率", None, None), "ACCEPTANCE": ("接受率", "ACCEPTED", "ANSWERED"),
        "DIVERSION": ("分流率", "ADVISED", "ANSWERED"), "LOOP_CLOSURE": ("闭环率", "COMPLETED", "ARRIVED"),
        "CLOCK_ATTAINMENT": ("时限达标率", None, None),
    }  # fmt: skip
    assert found["indicators"][0]["definition"].startswith("期末至少有一家在册")
    lead.headers["Accept-Language"] = "en"
    assert ask(lead, "indicators { label }")["indicators"][1] == {"label": "Acceptance rate"}


def test_the_four_levels_with_definitions(lead, counted):
    levels = ask(lead, "levels { reach rank label counties definition }")["levels"]
    assert [(row["reach"], row["rank"], row["label"], row["counties"]) for row in levels] == [
        ("NONE", 0, "空白", 118), ("MEMBER", 1, "有成员", 1), ("ACTIVE", 2, "活跃", 1), ("SERVED", 3, "已服务", 2),
    ]  # fmt: skip
    assert all(row["definition"].endswith("。") for row in levels)


MONTHS = "trend(months: %d) { month since until complete sent indicators { numerator denominator value } }"


@pytest.fixture
def joined_long_ago(counted: Counted) -> None:
    """The standing members have been members for a year."""
    Membership.objects.filter(alliance=counted.alliance, joined_date=UNTIL).update(joined_date=date(2025, 3, 2))


def test_the_trend_counts_each_month_by_its_own_members(lead, counted, joined_long_ago):
    months = ask(lead, MONTHS % 4)["trend"]
    assert [(row["month"], row["since"], row["until"], row["complete"], row["sent"]) for row in months] == [
        ("2025-12", "2025-12-01", "2025-12-31", True, 0), ("2026-01", "2026-01-01", "2026-01-31", True, 1),
        # One of them from the hospital that left on the 2nd of March, and was a member until then.
        ("2026-02", "2026-02-01", "2026-02-28", True, 15), ("2026-03", "2026-03-01", "2026-03-02", False, 1),
    ]  # fmt: skip
    reached = [row["indicators"][0]["numerator"] for row in months]
    assert reached == [2, 2, 5, 4]
    for row in months:
        given = {"since": f'"{row["since"]}"', "until": f'"{row["until"]}"'}
        whole = ask(lead, "sent indicators { numerator denominator value }", **given)
        assert whole == {"sent": row["sent"], "indicators": row["indicators"]}


@pytest.mark.parametrize("months", [0, 25])
def test_a_trend_is_of_1_to_24_months(lead, counted, months):
    answer = lead.answer(f'{{ coverage(alliance: "hand") {{ trend(months: {months}) {{ month }} }} }}')
    assert (code_of(answer), answer["errors"][0]["extensions"]["field"]) == ("INVALID_INPUT", "months")


def test_a_trend_of_2_and_24_months_takes_the_same_statements(lead, counted):
    document = '{ coverage(alliance: "hand") { %s breakdown { hospital { name } sent indicators { value } } } }'
    two, many = (statements(lambda n=n: lead.data(document % (MONTHS % n))) for n in (2, 24))
    assert len(two) == len(many)


def test_an_observers_trend_withholds_small_months(world, counted, joined_long_ago):
    months = ask(observer(world, "province"), MONTHS % 4)["trend"]
    assert [row["sent"] for row in months] == [0, None, None, None]  # 1 and 1 beside 15 would follow from the 17 in all
    assert months[1]["indicators"][1] == {"numerator": None, "denominator": None, "value": None}
    assert months[2]["indicators"][3] == {"numerator": None, "denominator": None, "value": None}


def test_the_breakdown_by_hospital_at_each_end(lead, counted):
    shape = "breakdown(end: %s) { hospital { name division { name } } sent indicators { name numerator denominator } }"
    found = ask(lead, shape % "DESTINATION")["breakdown"]
    assert [(row["hospital"]["name"], row["sent"]) for row in found] == [
        ("province医院", 8), ("city医院", 5), ("county医院", 2),
    ]  # fmt: skip
    parts = [(rate["name"], rate["numerator"], rate["denominator"]) for rate in found[0]["indicators"]]
    assert parts == [("ACCEPTANCE", 4, 6), ("DIVERSION", 1, 6), ("LOOP_CLOSURE", 1, 2)]
    found = ask(lead, shape % "ORIGIN")["breakdown"]
    assert [(row["hospital"]["name"], row["sent"]) for row in found] == [
        ("county医院", 8), ("foreign医院", 5), ("province医院", 2),
    ]  # fmt: skip


BEHIND = """query($legs: CountedLegs!, $origin: String, $hospital: ID) { countedReferrals(alliance: "hand", legs: $legs,
    origin: $origin, hospital: $hospital, since: "2026-02-01", until: "2026-03-02") { totalCount nodes { number } } }"""


def test_the_cases_behind_a_figure_are_those_one_sees_anyway(world, counted):
    both = world.newcomer("both", ("province", Role.ALLIANCE_ADMIN), ("province", Role.REFERRAL_OFFICE))
    edge = Edge(both.person)

    def number(legs: str, **given: str) -> int:
        return int(edge.data(BEHIND, legs=legs, **given)["countedReferrals"]["totalCount"])

    # Of the 15 legs counted, 8 came to the own hospital and 2 went from it.
    assert {legs: number(legs) for legs in ("SENT", "ANSWERED", "ACCEPTED", "ADVISED", "ARRIVED", "COMPLETED")} == {
        "SENT": 10, "ANSWERED": 8, "ACCEPTED": 6, "ADVISED": 1, "ARRIVED": 3, "COMPLETED": 2,
    }  # fmt: skip
    assert (number("SENT", origin="430121"), number("SERVED", origin="430121")) == (8, 3)
    assert number("SENT", origin="430181") == 0
    assert number("SENT", hospital=gid(world.hospitals["county"])) == 10
    assert number("SENT", hospital=gid(world.hospitals["city"])) == 0


def test_who_sees_figures_only_opens_no_case(world, lead, counted):
    assert lead.data(BEHIND, legs="SENT")["countedReferrals"] == {"totalCount": 0, "nodes": []}
    assert observer(world, "province").code(BEHIND, legs="SENT") == "FORBIDDEN"
    assert as_role(world, "province2", Role.ALLIANCE_ADMIN).code(BEHIND, legs="SENT") == "NOT_FOUND"


def test_another_alliance_is_not_there_for_its_neighbours_administrator(world, counted):
    document = '{ coverage(alliance: "%s") { since } }'
    for place in ("county", "city", "foreign", "province2"):
        edge = as_role(world, place, Role.ALLIANCE_ADMIN)
        responses = [edge.send({"query": document % code}) for code in ("hand", "none")]
        assert [code_of(response.json()) for response in responses] == ["NOT_FOUND", "NOT_FOUND"]
        assert responses[0].content == responses[1].content
    assert as_role(world, "province", OBSERVER).code(document % "none") == "NOT_FOUND"
    assert Concept.objects.filter(system="CAPABILITY", code="PICU").count() == 1
