"""What may be done now: the condition of a step says what its check says, and a list tells it by one statement."""

import pytest

from consortium.access import Actor
from consortium.counts import COUNTS
from consortium.lifecycle import STEPS
from consortium.roles import Role
from referrals.models import Offer, OfferStatus, Referral
from tests.edge.client import Edge, as_role
from tests.edge.possible import both_said, legs
from tests.world import ADMIN, DOCTOR, EXPERT, OFFICE, World

PEOPLE = [
    *(("county", role) for role in (DOCTOR, OFFICE, EXPERT, ADMIN, Role.HOTLINE_AGENT, Role.AUDITOR)),
    *(("province", role) for role in (DOCTOR, OFFICE, EXPERT, ADMIN)),
    ("county.other", DOCTOR),
    ("province.other", EXPERT),
    ("foreign", DOCTOR),
]
SHOWN = "action label allowed possible"
WHO = "who { side hospital department roles __typename }"
EVERYTHING = f"""query($box: WorklistBox!) {{ worklist(box: $box, first: 30) {{ nodes {{ number
    may: availableActions(allowed: true) {{ {SHOWN} code reason {WHO} }}
    mayNot: availableActions(allowed: false) {{ {SHOWN} {WHO} }}
    availableActions {{ {SHOWN} __typename }} followedBy {{ availableActions(allowed: true) {{ action }} }} }} }} }}"""


@pytest.fixture(scope="module")
def rows(_module_world: World) -> list[Referral]:
    """Referrals with everything that a requirement asks about."""
    return legs(_module_world)


def actors(world: World) -> list[Actor]:
    """Those of `PEOPLE`, and one of both sides."""
    both = world.newcomer("both", ("province", EXPERT), ("county", DOCTOR), ("province.other", OFFICE))
    return [*(world.actor(*one) for one in PEOPLE), both]


def test_the_condition_of_a_step_of_a_referral_says_what_its_check_says(world, rows):
    by_condition, by_check, answers = both_said(Referral, rows, actors(world))
    assert by_condition == by_check
    assert {step for _by, _row, step in by_check} == {step.name for step in STEPS[Referral].values() if step.sides}
    assert {check.check.__name__ for check, said in answers.items() if said != {True, False}} == set()


def test_the_condition_of_a_step_of_an_offer_says_what_its_check_says(world):
    asked = [world.offer(status) for status in OfferStatus]
    asked.append(world.take("record_phone_answer", world.offer(OfferStatus.READ)))
    by_condition, by_check, answers = both_said(Offer, asked, actors(world))
    assert by_condition == by_check
    assert {step for _by, _row, step in by_check} == set(STEPS[Offer])
    assert list(answers.values()) == [{True, False}]


@pytest.mark.usefixtures("documents_of_any_size")
def test_a_list_tells_what_may_be_done_by_one_statement_as_the_table_does(world, rows):
    """Each answer is compared with graphene's, which asks the checks; see `tests.both`."""
    both = Edge(actors(world)[-1].person)
    asked = [(both, "IN"), (both, "OUT")]
    asked += [(as_role(world, "county", role), "OUT") for role in (DOCTOR, OFFICE)]
    asked += [(as_role(world, "province", role), "IN") for role in (EXPERT, OFFICE)]
    compiled, seen = COUNTS["reads compiled"], set()
    for edge, box in asked:
        nodes = edge.data(EVERYTHING, box=box)["worklist"]["nodes"]
        assert nodes
        for node in nodes:
            seen |= {one["action"] for one in node["may"]}
            assert {one["action"] for one in node["may"]} == {
                one["action"] for one in node["availableActions"] if one["allowed"]
            }
            assert len(node["may"]) + len(node["mayNot"]) == len(node["availableActions"]) > 40
    assert COUNTS["reads compiled"] == compiled + len(asked)
    assert len(seen) > 25
