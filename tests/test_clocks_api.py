"""Clocks, figures and rosters over GraphQL: exact values, who may read them, and at what cost."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consortium import access
from consortium.models import Alliance, ClockRun, Membership
from consortium.roles import Role
from referrals.models import Status
from schema import ids
from schema.views import gate
from tests.world import ADMIN, BY, DOCTOR, EXPERT, NOW, World

MINUTE = timedelta(minutes=1)
CSRF = "refnettestrefnettestrefnettest42"


@pytest.fixture(autouse=True)
def _the_worlds_clock(monkeypatch) -> None:
    """At the edge it is nine o'clock of the small world."""
    monkeypatch.setattr(gate, "moment", SimpleNamespace(now=lambda: NOW))


def ask(world: World, who: tuple[str, Role], document: str, n: int = 1, **variables: Any) -> Any:
    """The data of an answer, or the code of its first error."""
    client = Client()
    client.force_login(world.people[(*who, n)], backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["csrftoken"] = CSRF
    body = json.dumps({"query": document, "variables": variables})
    answer = client.post("/graphql/", body, content_type="application/json", headers={"X-CSRFToken": CSRF}).json()
    return answer["errors"][0]["extensions"]["code"] if answer.get("errors") else answer["data"]


def act(world: World, who: tuple[str, Role], action: str, shape: str, n: int = 1, **given: Any) -> Any:
    """What a mutation returned, or the code with which it was refused."""
    kind = action[0].upper() + action[1:]
    document = f"mutation($input: {kind}Input!) {{ {action}(input: $input) {{ {shape} errors {{ code }} }} }}"
    found = ask(world, who, document, n, input={"idempotencyKey": f"{action}{len(given)}{n}{who}"[:64]} | given)
    if isinstance(found, str):
        return found
    payload = found[action]
    return payload["errors"][0]["code"] if payload["errors"] else payload


CLOCKS = """clocks { kind label targetMinutes elapsedMinutes remainingMinutes holder roles pausedWhy dueAt met
    hospital { name } department { name } }"""


def test_every_limit_of_a_referral_with_its_holder_and_what_is_left(world):
    referral = world.referral(Status.IN_TRIAGE)
    moment = NOW + 100 * MINUTE
    world.take(
        "request_information", referral, now=moment, by=access.at_time(world.actor(*BY["claim_referral"]), moment)
    )
    document = "query($id: ID!) { referral(id: $id) { " + CLOCKS + " } }"
    found = ask(world, ("province", EXPERT), document, id=ids.encode("Referral", referral.pk))
    triage, asked = found["referral"]["clocks"]
    assert triage == {
        "kind": "TRIAGE", "label": "分诊时限（加急）", "targetMinutes": 1440, "elapsedMinutes": 100,
        "remainingMinutes": 1340, "holder": "PERFORMER", "roles": ["REFERRAL_OFFICE", "EXPERT"],
        "pausedWhy": "待补充资料", "dueAt": None, "met": None,
        "hospital": {"name": "province医院"}, "department": {"name": "儿科"},
    }  # fmt: skip
    assert (asked["kind"], asked["holder"], asked["hospital"]["name"]) == ("INFORMATION", "REQUESTER", "county医院")
    assert asked["dueAt"] == (moment + timedelta(days=1)).isoformat()
    assert asked["roles"] == ["REFERRING_DOCTOR", "REFERRAL_OFFICE", "EXPERT"]


def test_the_clocks_of_a_list_cost_one_statement_more_however_many_rows(world):
    document = "{ worklist(box: IN) { nodes { number %s } } }"
    costs = []
    for more in (1, 3):
        for _ in range(more):
            world.referral(Status.ACCEPTED)
        for shape in ("", CLOCKS):
            with CaptureQueriesContext(connection) as queries:
                ask(world, ("province", EXPERT), document % shape)
            costs.append(len(queries))
    assert costs[0] == costs[2]
    assert costs[1] == costs[3] == costs[0] + 1


def test_the_clocks_of_a_case_are_those_of_the_legs_that_one_sees(world):
    up = world.take("redirect_referral", world.referral(Status.SENT))
    (down,) = up.followed_by.all()
    document = "query($id: ID!) { case(id: $id) { clocks { kind hospital { name } stoppedAt } } }"
    seen = {
        place: [
            (run["kind"], run["hospital"]["name"], run["stoppedAt"] is None)
            for run in ask(world, (place, EXPERT), document, id=ids.encode("Case", up.case_id))["case"]["clocks"]
        ]
        for place in ("county", "province", "province2")
    }
    first, second = ("TRIAGE", "province医院", False), ("TRIAGE", "province2医院", True)
    expiry = {place: [run for run in runs if run[0] != "TRIAGE"] for place, runs in seen.items()}
    assert expiry == {"county": [], "province": [], "province2": []}
    assert seen == {"county": [first, second], "province": [first], "province2": [second]}
    nested = "{ worklist(box: IN) { nodes { case { %s } } } }"
    costs = []
    for shape in ("number", "clocks { kind }"):
        with CaptureQueriesContext(connection) as queries:
            ask(world, ("province2", EXPERT), nested % shape)
        costs.append(len(queries))
    assert costs[1] == costs[0]  # the same statement answers it
    assert down.performer_hospital == world.hospitals["province2"]


def allied(world: World) -> None:
    """An alliance of the county and the provincial hospital, led by the latter."""
    alliance = Alliance.objects.create(code="kids", name="儿科联盟", lead=world.hospitals["province"])
    for name in ("county", "province"):
        Membership.objects.create(alliance=alliance, hospital=world.hospitals[name], joined_date=NOW.date())


def answered(world: World, *minutes: int) -> None:
    """Referrals whose triage, of 1440 minutes, took so long."""
    for minute in minutes:
        moment = NOW + minute * MINUTE
        referral = world.referral(Status.SENT)
        world.take("advise_referral", referral, now=moment, by=access.at_time(world.actor("province", EXPERT), moment))


SHAPE = "{ group numerator denominator share completeness medianMinutes p90Minutes suppressed }"
TRIAGE = 'attainment(alliance: "kids", kind: "TRIAGE", until: "2026-03-10", by: %s) ' + SHAPE


def test_attainment_has_numerator_denominator_median_and_p90(world):
    allied(world)
    answered(world, 10, 20, 30, 40, 2000)
    world.referral(Status.SENT)  # still open: begun, not judged
    expected = {
        "numerator": 4, "denominator": 5, "share": 0.8, "completeness": 0.8333, "medianMinutes": 30.0,
        "p90Minutes": 1216.0, "suppressed": False,
    }  # fmt: skip
    for by, group in (("HOSPITAL", "province医院"), ("KIND", "TRIAGE"), ("HOUR", "9")):
        found = ask(world, ("province", Role.ALLIANCE_ADMIN), "{ " + TRIAGE % by + " }")
        assert found == {"attainment": [{"group": group} | expected]}


def test_who_may_read_attainment(world):
    allied(world)
    answered(world, 10, 20, 30, 40, 2000)
    document = "{ " + TRIAGE % "KIND" + " }"
    assert ask(world, ("county", Role.ALLIANCE_ADMIN), document) == "NOT_FOUND"
    assert ask(world, ("province", EXPERT), document) == "FORBIDDEN"
    own = 'query($id: ID!) { attainment(hospital: $id, kind: "TRIAGE", until: "2026-03-10") { denominator } }'
    province = ids.encode("Hospital", world.hospitals["province"].pk)
    assert ask(world, ("province", ADMIN), own, id=province) == {"attainment": [{"denominator": 5}]}
    assert ask(world, ("county", ADMIN), own, id=province) == "NOT_FOUND"
    assert ask(world, ("province", ADMIN), "{ attainment { group } }") == "INVALID_INPUT"


def test_an_observer_sees_no_count_from_one_to_four_nor_what_follows_from_it(world):
    allied(world)
    answered(world, 10, 20, 30, 40, 2000)
    (found,) = ask(world, ("province", Role.COMMISSION_OBSERVER), "{ " + TRIAGE % "KIND" + " }")["attainment"]
    assert found == dict.fromkeys(found) | {"group": "TRIAGE", "suppressed": True}
    answered(world, 10)
    ClockRun.objects.filter(kind="TRIAGE").update(met=True)
    (found,) = ask(world, ("province", Role.COMMISSION_OBSERVER), "{ " + TRIAGE % "KIND" + " }")["attainment"]
    assert (found["numerator"], found["denominator"], found["suppressed"]) == (6, 6, False)


def test_the_forecast_tells_what_is_missed_and_what_will_be_at_the_present_pace(world):
    allied(world)
    for minutes, _who in ((-5, 0), (30, 0), (90, 0)):
        referral = world.referral(Status.SENT)
        ClockRun.objects.filter(subject_id=referral.pk).update(due_at=NOW + minutes * MINUTE)
    shape = "{ hospital { name } kind breached breaching }"
    document = 'query($m: Int!) { breachForecast(alliance: "kids", minutes: $m) ' + shape + " }"
    who = ("province", Role.ALLIANCE_ADMIN)

    def row(breached: int, breaching: int) -> dict[str, Any]:
        place = {"hospital": {"name": "province医院"}, "kind": "TRIAGE"}
        return {"breachForecast": [place | {"breached": breached, "breaching": breaching}]}

    assert ask(world, who, document, m=60) == row(1, 1)
    assert ask(world, who, document, m=120) == row(1, 2)
    answered(world, 1380, 1390, 1400)  # a pace of 1390 minutes: what has taken 1350 will be in time
    assert ask(world, who, document, m=120) == row(1, 1)
    assert ask(world, who, document, m=0) == "INVALID_INPUT"


def test_an_alliance_sets_its_own_limit(world):
    allied(world)
    shape = "clockRule { kind targetMinutes validFrom calendar alliance { code } }"
    given = {"alliance": "kids", "kind": "TRIAGE", "priority": "STAT", "targetMinutes": 10, "source": "联盟决议"}
    assert act(world, ("county", Role.ALLIANCE_ADMIN), "setClockRule", shape, **given) == "NOT_FOUND"
    found = act(world, ("province", Role.ALLIANCE_ADMIN), "setClockRule", shape, **given)
    assert found["clockRule"] == {
        "kind": "TRIAGE", "targetMinutes": 10, "validFrom": "2026-03-03", "calendar": "ALWAYS",
        "alliance": {"code": "kids"},
    }  # fmt: skip


def test_a_roster_is_set_read_and_swapped(world):
    place = ids.encode("Department", world.departments["province"].pk)
    shape = "duty { id version post person { name } startsAt }"

    def put(n: int, day: int) -> dict[str, Any]:
        person = ids.encode("Person", world.people["province", EXPERT, n].pk)
        times = {"startsAt": f"2026-03-{day:02}T08:00:00+08:00", "endsAt": f"2026-03-{day:02}T20:00:00+08:00"}
        key = {"idempotencyKey": f"put-{n}-{day}"}
        return act(world, ("province", ADMIN), "setDuty", shape, department=place, person=person, **times, **key)[
            "duty"
        ]

    put(1, 2)
    mine, theirs = put(1, 3), put(2, 4)
    names = [mine["person"]["name"], theirs["person"]["name"]]
    now = ask(world, ("county", DOCTOR), "query($d: ID!) { onDuty(department: $d) { person { name } } }", d=place)
    assert now == {"onDuty": [{"person": {"name": names[0]}}]}
    swap = act(world, ("province", EXPERT), "swapDuty", "dutySwap { id acceptedAt }", id=mine["id"], other=theirs["id"])
    waiting = "{ dutySwaps { id given { person { name } } } }"
    for n in (1, 2):
        assert len(ask(world, ("province", EXPERT), waiting, n)["dutySwaps"]) == 1
    assert ask(world, ("county", EXPERT), waiting) == {"dutySwaps": []}
    assert act(world, ("county", EXPERT), "acceptSwap", "dutySwap { id }", id=swap["dutySwap"]["id"]) == "NOT_FOUND"
    done = act(world, ("province", EXPERT), "acceptSwap", "dutySwap { acceptedAt }", 2, id=swap["dutySwap"]["id"])
    assert done["dutySwap"]["acceptedAt"] == NOW.isoformat()
    document = """query($d: ID!) { roster(department: $d, since: "2026-03-03T00:00:00+08:00",
        until: "2026-03-05T00:00:00+08:00") { person { name } version } }"""
    found = ask(world, ("county", DOCTOR), document, d=place)["roster"]
    assert found == [{"person": {"name": names[1]}, "version": 2}, {"person": {"name": names[0]}, "version": 2}]


def test_the_ladder_can_be_read(world):
    found = ask(
        world, ("county", DOCTOR), "{ escalationLadder { priority rung afterMinutes repeatMinutes quietFrom } }"
    )
    assert found["escalationLadder"][0] == {
        "priority": "STAT", "rung": "DUTY", "afterMinutes": -5, "repeatMinutes": 5, "quietFrom": None,
    }  # fmt: skip
    assert (len(found["escalationLadder"]), found["escalationLadder"][-1]["quietFrom"]) == (16, "21:00")
