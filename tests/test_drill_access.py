"""Who sees what, answered independently and compared in one small random network; the whole drill is
`./refnet drill access`. Every bug of `tests.drills.access.plants` must be found."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.drills.access import plants, quiet, rule
from tests.drills.access.drilling import Drill, Size, network
from tests.drills.access.rule import FULL, SUMMARY, Call, Glass, Leg, Party, Post, Somebody
from tests.drills.access.tally import Tally

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TOLD = (
    "leg DRAFT", "leg SENT", "leg REJECTED", "leg REDIRECTED", "leg long closed", "leg ENTERED_IN_ERROR", "sent again",
    "offer ASKED", "offer RELEASED", "offer DECLINED", "called by the hotline",
    "glass DRAFT", "glass SECOND_REVIEW", "glass ISSUED", "glass long closed",
)  # fmt: skip
SMALL = Size(scenes=0, named=TOLD, people=9, wide=1, mutations=6, disturbed=1)
HERE, THERE, ELSEWHERE = Party("h1", "d1"), Party("h2", "d2"), Party("h3", "d3")
EVERY_CHECK = {
    "closed account", "faults", "too large", "texts said", "hidden is absent", "view", "identity", "steps",
    "steps forbidden", "legs after it", "offers of it", "legs of a case", "seen", "hidden file is absent",
    "rows of a list", "count of a list", "pages of a list", "list refused", "notices", "deliveries", "looked up",
    "mutations of the rule", "step on hidden is on absent", "step not done", "step unknown", "step forbidden",
    "answers undisturbed", "hidden rows disturbed", "number of answers",
}  # fmt: skip


@pytest.fixture(scope="module")
def drill(django_db_setup, django_db_blocker) -> Iterator[Drill]:
    """One network for all tests here; nothing that is asked leaves anything behind."""
    with django_db_blocker.unblock(), network(7, SMALL) as made:
        yield made


@pytest.mark.slow
def test_the_rule_and_the_edge_agree_about_everybody_and_everything(drill):
    tally = Tally()
    drill.everybody(tally)
    assert tally.differences == []
    assert EVERY_CHECK - {"closed account", "deliveries"} <= set(tally.checks) <= EVERY_CHECK


@pytest.mark.slow
def test_plain_sql_shows_no_row_but_those_of_the_rule(drill):
    tally = Tally()
    drill.tables(tally)
    assert tally.differences == []
    assert set(tally.checks) == {"rows for nobody", "rows shown", "rows kept back", "rows written"}


@pytest.mark.slow
def test_each_layer_stands_alone(drill):
    tally = Tally()
    drill.gate_open(tally, 2)
    drill.policies_off(tally, 2)
    assert tally.differences == []


@pytest.mark.slow
@pytest.mark.parametrize("name", plants.IN_THE_GATE)
def test_a_bug_planted_in_the_gate_is_found(drill, name):
    assert len(drill.planted(*plants.IN_THE_GATE[name])) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", plants.IN_THE_POLICIES)
def test_a_bug_planted_in_the_policies_is_found(drill, name):
    assert len(drill.beneath(plants.IN_THE_POLICIES[name])) == 1


@pytest.mark.slow
def test_a_count_past_the_gate_is_heard_as_interference(drill):
    now, people = drill.net.lab.now, drill.facts.people
    person = next(person for person in drill.net.asked if people[person.pk].roles(now) & {"EXPERT"})
    tally = Tally()
    with plants.no_policies(), plants.compiled_anew(), plants.count_past_the_gate():
        quiet.undisturbed(drill.asker(person, tally), drill.ask_again)
    assert [sentence for sentence in tally.differences if sentence.startswith("disturbed: ")] != []


def somebody(role: str, at: Party, *, whole_hospital: bool = False, **dates: timedelta) -> Somebody:
    """Somebody with one post; `starts` and `ends` count from now."""
    starts, ends = NOW + dates.get("starts", timedelta(days=-1)), dates.get("ends")
    place = (at.hospital, None if whole_hospital else at.department)
    return Somebody(1, True, (Post(role, *place, starts, None if ends is None else NOW + ends),))


def leg(state: str = "SENT", **given: object) -> Leg:
    """A leg from here to there."""
    fixed = {
        "id": "r", "number": "R26-1", "thread": "c", "patient": "p", "sender": HERE, "receiver": THERE, "state": state,
        "sent": NOW, "closed": None, "author": 9, "clinical": "s", "follows": None, "reported": False, "green": False,
    }  # fmt: skip
    return Leg(**fixed | given)  # type: ignore[arg-type]


LONG_AGO = NOW - timedelta(days=366)


@pytest.mark.parametrize(
    ("who", "case", "expected"),
    [
        (somebody("REFERRING_DOCTOR", HERE), leg(sent=None, state="DRAFT"), FULL),
        (somebody("REFERRING_DOCTOR", THERE), leg(), None),
        (somebody("REFERRING_DOCTOR", Party("h1", "other")), leg(), None),
        (somebody("REFERRING_DOCTOR", Party("h1", "other"), whole_hospital=True), leg(), FULL),
        (somebody("REFERRING_DOCTOR", HERE, starts=timedelta(days=1)), leg(), None),
        (somebody("REFERRING_DOCTOR", HERE, ends=timedelta(days=0)), leg(), None),
        (somebody("REFERRING_DOCTOR", HERE), leg("CLOSED", closed=LONG_AGO), FULL),
        (somebody("EXPERT", THERE), leg(sent=None), None),
        (somebody("EXPERT", THERE), leg(), FULL),
        (somebody("EXPERT", THERE), leg("REDIRECTED", closed=NOW), SUMMARY),
        (somebody("EXPERT", THERE), leg("CLOSED", closed=LONG_AGO), None),
        (somebody("EXPERT", ELSEWHERE), leg(), None),
        (somebody("HOSPITAL_ADMIN", HERE, whole_hospital=True), leg(), None),
        (somebody("HOSPITAL_ADMIN", HERE, whole_hospital=True), leg(reported=True), SUMMARY),
        (somebody("HOSPITAL_ADMIN", THERE, whole_hospital=True), leg(reported=True), None),
        (somebody("HOTLINE_AGENT", HERE), leg(green=True, author=1), SUMMARY),
        (somebody("HOTLINE_AGENT", HERE), leg(green=True, author=2), None),
        (somebody("AUDITOR", THERE), leg(), None),
        (Somebody(1, False, somebody("EXPERT", THERE).posts), leg(), None),
    ],
)
def test_the_written_rule_says_what_the_specification_says(who, case, expected):
    assert rule.sees(who, case, NOW) == expected


def test_the_written_rule_on_offers_and_on_pathology():
    fixed = {"number": "", "thread": "c", "patient": "p", "sender": HERE, "receiver": THERE, "author": 9}
    asked = Call(id="o", state="ASKED", sent=NOW, closed=None, leg="r", leg_state="BROADCAST", **fixed)
    over = Call(id="o", state="RELEASED", sent=NOW, closed=NOW, leg="r", leg_state="ACCEPTED", **fixed)
    expert = somebody("EXPERT", THERE)
    assert [rule.sees(expert, call, NOW) for call in (asked, over)] == [FULL, SUMMARY]
    draft = Glass(id="g", state="DRAFT", sent=None, closed=None, reader=None, **fixed)
    sent = Glass(id="g", state="POOLED", sent=NOW, closed=None, reader=None, **fixed)
    for role, at, expected in (
        ("PATHOLOGIST", THERE, [None, FULL]),
        ("PATHOLOGY_LAB", HERE, [FULL, FULL]),
        ("EXPERT", THERE, [None, None]),
    ):
        assert [rule.sees(somebody(role, at), case, NOW) for case in (draft, sent)] == expected
    lab = somebody("PATHOLOGY_LAB", HERE)
    assert [rule.may_at_most(lab, sent, step, NOW) for step in ("submitPathology", "signReport")] == [True, False]
