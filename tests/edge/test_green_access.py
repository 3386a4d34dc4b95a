"""Who gets what answer on the green channel: a call and its offers by every role of every party (domain, 4)."""

from typing import Any

import pytest

from referrals.models import Offer, OfferStatus, Referral, Status
from tests.edge.client import as_role, camel, code_of, gid, inputs
from tests.edge.tables import (
    ABSENT,
    ADMIN,
    CARE,
    DOCTOR,
    EXPERT,
    FORBIDDEN,
    FOREIGN,
    GREEN,
    HOTLINE,
    IDS,
    NOT_FOUND,
    OFFERS,
    OFFICE,
    OWN,
    PARTIES,
    PARTNER,
    SEES,
    STALE,
    UNSENT,
)
from tests.world import World

BESIDE = {
    "choose_offer": {"offer": ABSENT["Offer"]},
    "review_quality": {"fromKind": "FIRST_CONTACT", "toKind": "DOOR", "cause": "TRANSPORT_DELAY"},
}
READ = "query($id: ID!) { %s(id: $id) { number accessLevel } }"


@pytest.fixture(scope="module")
def legs(_module_world: World) -> dict[Status, Referral]:
    """A call in each state that the table names."""
    return {status: _module_world.green(status) for status in {state for state, _who in GREEN.values()}}


@pytest.fixture(scope="module")
def offers(_module_world: World) -> dict[str, Offer]:
    """An offer for each step, in a state from which it can be taken."""
    made = {name: _module_world.offer(status) for name, (status, _who) in OFFERS.items()}
    asked = _module_world.offer(OfferStatus.ASKED)
    return made | {"confirm_phone_answer": _module_world.take("record_phone_answer", asked)}


def given(world: World, name: str, row: Any) -> dict[str, Any]:
    """Good inputs of a step, decided on a version that is no more."""
    return inputs(world, name) | BESIDE.get(name, {}) | {"id": gid(row), "expectedVersion": row.version - 1}


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_every_step_of_a_call_by_every_role(world, legs, party, roles):
    """As for a routine referral; an asked hospital is no party before it is chosen."""
    found, expected = {}, {}
    for role in roles:
        edge = as_role(world, party, role)
        for name, (status, who) in GREEN.items():
            sees = (party, role) in SEES and not (party == PARTNER and status in UNSENT)
            found[name, role] = code_of(edge.attempt(camel(name), **given(world, name, legs[status])).json())
            expected[name, role] = STALE if (party, role) in who else FORBIDDEN if sees else NOT_FOUND
    assert found == expected


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_every_step_of_an_offer_by_every_role(world, offers, party, roles):
    found, expected = {}, {}
    for role in roles:
        edge = as_role(world, party, role)
        for name, (_status, who) in OFFERS.items():
            found[name, role] = code_of(edge.attempt(camel(name), **given(world, name, offers[name])).json())
            sees = (party, role) in SEES
            expected[name, role] = STALE if (party, role) in who else FORBIDDEN if sees else NOT_FOUND
    assert found == expected


@pytest.mark.parametrize("status", list(OfferStatus))
def test_how_much_of_an_offer_every_role_sees_in_every_state(world, status):
    """The sender all of it always; the asked hospital only that it was asked, once it was not taken."""
    offer = world.offer(status)
    past = status in (OfferStatus.DECLINED, OfferStatus.RELEASED, OfferStatus.WITHDRAWN)
    found, expected = {}, {}
    for party, roles in PARTIES:
        for role in roles:
            answer = as_role(world, party, role).answer(READ % "offer", id=gid(offer))
            seen = answer["data"]["offer"]["accessLevel"] if code_of(answer) == "OK" else code_of(answer)
            found[party, role] = seen
            level = "SUMMARY" if past and party == PARTNER else "FULL"
            outside = NOT_FOUND if role in CARE else FORBIDDEN
            expected[party, role] = level if (party, role) in SEES else outside
    assert found == expected


def test_what_is_invisible_answers_byte_for_byte_as_what_is_absent(world, legs, offers):
    """A stranger's call and offer; and for the asked hospital the leg itself, of which its offer bears the id."""
    leg = legs[Status.BROADCAST]
    for party, role in ((FOREIGN, EXPERT), (FOREIGN, OFFICE), (PARTNER, EXPERT), (PARTNER, OFFICE)):
        edge = as_role(world, party, role)
        rows: dict[str, Any] = {"referral": leg, "case": leg.case}
        rows |= {"offer": offers["read_offer"]} if party == FOREIGN else {}
        for kind, row in rows.items():
            document = {"query": f"query($id: ID!) {{ {kind}(id: $id) {{ number }} }}"}
            named = [gid(row), ABSENT[kind.capitalize()]]
            answers = [edge.send(document | {"variables": {"id": one}}).content for one in named]
            assert answers[0] == answers[1]
        steps = {name: legs[status] for name, (status, _who) in GREEN.items() if status == Status.BROADCAST}
        steps |= offers if party == FOREIGN else {}
        for name, row in steps.items():
            wanted = given(world, name, row)
            named = [gid(row), ABSENT["Offer" if name in OFFERS else "Referral"]]
            answers = [edge.attempt(camel(name), **wanted | {"id": one}).content for one in named]
            assert answers[0] == answers[1], name


def test_a_diverted_patient_narrows_the_chosen_hospitals_offer_too(world):
    """The facts of an offer are those of the patient, who is in the hands of others now."""
    leg = world.green(Status.IN_TRANSIT)
    offer = leg.offers.get()
    expert, doctor = as_role(world, PARTNER, EXPERT), as_role(world, OWN, DOCTOR)
    shape = "query($id: ID!) { offer(id: $id) { accessLevel facts { summary } kind { code } } }"
    before = expert.data(shape, id=gid(offer))["offer"]
    assert (before["accessLevel"], before["kind"]) == ("FULL", {"code": "CRITICAL_CHILD"})
    world.take("divert_referral", leg)
    assert expert.data(shape, id=gid(offer))["offer"] == {"accessLevel": "SUMMARY", "facts": None, "kind": None}
    assert doctor.data(shape, id=gid(offer))["offer"] == before
    assert code_of(expert.attempt("confirmPhoneAnswer", **given(world, "confirm_phone_answer", offer)).json()) == (
        "INVALID_STATE"
    )


def test_a_hotline_agent_sees_the_own_call_in_summary_and_takes_no_further_step(world):
    agent, other = as_role(world, OWN, HOTLINE), as_role(world, "city", HOTLINE)
    leg = world.call(by=world.actor(OWN, HOTLINE))
    foreign = world.call()
    shape = """query($id: ID!) { referral(id: $id) { number accessLevel status reason greenKind { code }
        patient { displayName identity { name } } clocks { kind } offers { number } milestones { at } } }"""
    seen = agent.data(shape, id=gid(leg))["referral"]
    assert seen | {"clocks": []} == {
        "number": leg.number, "accessLevel": "SUMMARY", "status": "BROADCAST", "reason": None, "greenKind": None,
        "patient": {"displayName": f"绿色通道 {leg.number}", "identity": None},
        "clocks": [], "offers": [], "milestones": None,
    }  # fmt: skip
    assert {clock["kind"] for clock in seen["clocks"]} >= {"GREEN_RING"}
    assert agent.code(shape, id=gid(foreign)) == other.code(shape, id=gid(leg)) == NOT_FOUND
    boxes = {}
    for box in ("IN", "OUT", "MINE"):
        page = agent.data(f"{{ worklist(box: {box}) {{ nodes {{ number }} }} }}")["worklist"]
        boxes[box] = [node["number"] for node in page["nodes"]]
    assert boxes == {"IN": [], "OUT": [], "MINE": [leg.number]}
    codes = {
        name: code_of(agent.attempt(camel(name), **given(world, name, leg)).json())
        for name, (status, _who) in GREEN.items()
    }
    assert codes == dict.fromkeys(GREEN, FORBIDDEN)
    assert as_role(world, OWN, ADMIN).code(shape, id=gid(leg)) == NOT_FOUND
