"""Which of the front's own documents the read engine answers, and what hands the others over."""

from pathlib import Path

import pytest
from graphql import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from consortium.counts import COUNTS
from consortium.roles import Role
from referrals.models import Status
from tests.edge.client import as_role, gid
from tests.edge.possible import legs
from tests.world import COUNTY_DOCTOR, World

SOURCES = sorted((Path(__file__).parents[2] / "web" / "src").rglob("*.graphql"))
DEFINITIONS = [one for path in SOURCES for one in parse(path.read_text(encoding="utf-8")).definitions]
FRAGMENTS = {one.name.value: one for one in DEFINITIONS if isinstance(one, FragmentDefinitionNode)}
OPERATIONS = {one.name.value: one for one in DEFINITIONS if isinstance(one, OperationDefinitionNode) and one.name}


class Spreads(Visitor):
    """Collects the fragments that a definition needs, and those that they need."""

    def __init__(self, found: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self.found = found

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        """`...Name`."""
        if node.name.value not in self.found:
            self.found[node.name.value] = FRAGMENTS[node.name.value]
            visit(FRAGMENTS[node.name.value], self)


def document(name: str) -> str:
    """An operation of the front with its fragments."""
    found: dict[str, FragmentDefinitionNode] = {}
    visit(OPERATIONS[name], Spreads(found))
    return "\n".join(print_ast(one) for one in (OPERATIONS[name], *found.values()))


def handed(before: dict[str, int]) -> list[str]:
    """Why operations were handed over since."""
    return sorted(name for name, number in COUNTS.items() if "over:" in name and number > before.get(name, 0))


@pytest.fixture(scope="module")
def rows(_module_world: World) -> None:
    """Something to see in every box."""
    legs(_module_world)


FILTERS: list[dict[str, object]] = [
    {}, {"open": True}, {"open": False}, {"status": ["SENT", "IN_TRIAGE"]}, {"priority": ["STAT", "URGENT"]},
    {"direction": "UP"}, {"pathway": "GREEN_CHANNEL"}, {"holder": "PERFORMER"}, {"overdue": True}, {"patient": "孙"},
    {"sort": "MOST_URGENT"}, {"sort": "NEAREST_DEADLINE"}, {"first": 2},
]  # fmt: skip


@pytest.mark.parametrize("who", [COUNTY_DOCTOR, ("province", Role.EXPERT), ("county", Role.REFERRAL_OFFICE)], ids=str)
def test_the_worklist_is_compiled_in_every_box_and_under_every_filter(world, rows, who):
    edge, before, shown = as_role(world, *who), dict(COUNTS), 0
    department = gid(world.departments["province"])
    for box in ("IN", "OUT", "MINE"):
        for given in [*FILTERS, {"department": department}]:
            page = edge.data(document("Worklist"), **{"sort": "NEWEST", "first": 20, "box": box} | given)["worklist"]
            shown += any(node["availableActions"] for node in page["nodes"])
    # A box of places that one has no role at is empty without being asked for.
    assert set(handed(before)) <= {"reads handed over: nothing to read"}
    assert shown > 5


def test_the_second_page_of_the_worklist_is_compiled(world, rows):
    edge, given = as_role(world, "province", Role.EXPERT), {"sort": "NEAREST_DEADLINE", "first": 3, "box": "IN"}
    first = edge.data(document("Worklist"), **given)["worklist"]
    before = dict(COUNTS)
    second = edge.data(document("Worklist"), **given, after=first["pageInfo"]["endCursor"])["worklist"]
    assert handed(before) == []
    assert len(second["nodes"]) == 3


def test_the_counts_of_the_worklist_are_compiled(world, rows):
    edge, before = as_role(world, *COUNTY_DOCTOR), dict(COUNTS)
    found = edge.data(document("WorklistCounts"), received=False, sent=True)
    assert found["out"]["totalCount"] > 20
    assert handed(before) == []


# What shows a patient's identity, or why a step is refused, is one case at a time and goes field by field.
ONE_BY_ONE = {
    "ReferralPreview": "reads handed over: Patient.identity behind IDENTITY",
    "CaseWhole": "reads handed over: Patient.identity behind IDENTITY",
}


@pytest.mark.parametrize("name", [*ONE_BY_ONE, "CaseOfReferral"])
def test_one_case_is_handed_over_for_what_only_one_case_shows(world, name):
    leg, edge, before = world.referral(Status.SENT), as_role(world, "province", Role.EXPERT), dict(COUNTS)
    edge.data(document(name), id=gid(leg.case if name == "CaseWhole" else leg))
    assert handed(before) == ([ONE_BY_ONE[name]] if name in ONE_BY_ONE else [])
