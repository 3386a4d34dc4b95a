"""The tables of the green channel, domain specification, section 4: who may take a step, and from where."""

from typing import Any

import pytest
from django.db import transaction

from consortium import lifecycle
from consortium.errors import Refused
from consortium.roles import HELD_AT, Role, every_permission
from referrals.actions.green.checks import is_green
from referrals.models import Offer, OfferStatus, Referral, Status
from tests.world import CLINICAL, DOCTOR, EXPERT, GREEN_PATHS, OFFICE, OK, World

FORBIDDEN, INVALID_STATE, NOT_FOUND = "FORBIDDEN", "INVALID_STATE", "NOT_FOUND"
SENDER = {("county", DOCTOR), ("county", OFFICE)}
SENDERS_SIDE = SENDER | {("county", EXPERT)}
RECEIVER = {("province", EXPERT), ("province", OFFICE)}
SPECIALIST = {("province", EXPERT)}
EITHER = SENDER | RECEIVER

BROADCAST, ACCEPTED, SCHEDULED, ON_HOLD = Status.BROADCAST, Status.ACCEPTED, Status.SCHEDULED, Status.ON_HOLD
IN_TRANSIT, ARRIVED, REDIRECTED = Status.IN_TRANSIT, Status.ARRIVED, Status.REDIRECTED
OUTCOME_RETURNED, CLOSED, CANCELLED = Status.OUTCOME_RETURNED, Status.CLOSED, Status.CANCELLED
OPEN = {BROADCAST, ACCEPTED, SCHEDULED, ON_HOLD, IN_TRANSIT, ARRIVED, OUTCOME_RETURNED}
SAME = None
S = OfferStatus

# step of a leg: (from, to, who)
LEG: dict[str, tuple[set[Status], Status | None, set[tuple[str, Role]]]] = {
    "identify_patient": (OPEN, SAME, EITHER | SENDERS_SIDE),
    "widen_broadcast": ({BROADCAST}, SAME, SENDERS_SIDE),
    "choose_offer": ({BROADCAST}, ACCEPTED, SENDERS_SIDE),
    "give_consent": ({ACCEPTED, SCHEDULED}, SAME, SENDER),
    "refuse_consent": ({ACCEPTED, SCHEDULED}, CANCELLED, SENDER),
    "divert_referral": ({IN_TRANSIT}, REDIRECTED, SENDER),
    "sign_handover": ({ACCEPTED, SCHEDULED, IN_TRANSIT}, SAME, EITHER | SENDERS_SIDE),
    "stand_down": (OPEN, CANCELLED, EITHER | SENDERS_SIDE),
    # Of the sender's milestones; those of the performer follow in test_green_times.
    "record_milestone": (
        {BROADCAST, ACCEPTED, SCHEDULED, IN_TRANSIT, ARRIVED},
        SAME,
        {("county", DOCTOR), ("county", EXPERT)},
    ),
    "review_quality": ({ARRIVED, OUTCOME_RETURNED, CLOSED}, SAME, RECEIVER),
    "widen_on_silence": ({BROADCAST}, SAME, set()),
}
LIVE = {S.ASKED, S.READ, S.NEGOTIATING}
# step of an offer: (from, to, who)
OFFER: dict[str, tuple[set[OfferStatus], OfferStatus | None, set[tuple[str, Role]]]] = {
    "read_offer": ({S.ASKED}, S.READ, RECEIVER),
    "negotiate_offer": (LIVE, S.NEGOTIATING, RECEIVER),
    "offer_place": (LIVE, S.OFFERED, RECEIVER),
    "decline_offer": (LIVE | {S.OFFERED}, S.DECLINED, RECEIVER),
    "record_phone_answer": (LIVE, S.OFFERED, SENDERS_SIDE),
    "confirm_phone_answer": ({S.OFFERED}, SAME, RECEIVER),
}


@pytest.fixture(scope="module")
def legs(_module_world: World) -> dict[Status, Referral]:
    """One green-channel leg in each state that it can come to."""
    return {status: _module_world.green(status) for status in GREEN_PATHS}


@pytest.fixture(scope="module")
def offers(_module_world: World) -> dict[OfferStatus, Offer]:
    """One offer in each state."""
    return {status: _module_world.offer(status) for status in OfferStatus}


def ready(world: World, step: str, row: Any) -> dict[str, Any]:
    """What a step needs beside the state: an offer that can be chosen, milestones that can be reviewed."""
    if step == "choose_offer" and row.status == BROADCAST:
        offer = row.offers.get()
        return {"offer": world.take("offer_place", offer).pk if offer.status == S.ASKED else offer.pk}
    if step == "choose_offer":
        return {"offer": row.offers.first().pk if row.offers.exists() else None}
    if step == "widen_broadcast":
        return {"targets": [world.departments["province2"].pk]}
    if step == "review_quality":
        return {"from_kind": "FIRST_CONTACT", "to_kind": "DOOR", "cause": "TRANSPORT_DELAY"}
    return {}


def timed(world: World, row: Referral) -> Referral:
    """The leg with the two milestones that a review needs."""
    for kind, at in (("FIRST_CONTACT", "county"), ("DOOR", "province")):
        if row.status == ARRIVED:
            by = world.actor(at, DOCTOR if at == "county" else EXPERT)
            row = world.take("record_milestone", row, by=by, only={"kind": kind, "at": world.now})
    return row


def test_the_tables_name_every_step():
    steps = {name: step for name, step in lifecycle.STEPS[Referral].items() if is_green in step.requires}
    assert set(LEG) == set(steps)
    assert set(OFFER) == set(lifecycle.STEPS[Offer])
    assert {name for name in (*LEG, *OFFER) if name != "widen_on_silence"} <= every_permission()
    assert not steps["widen_on_silence"].sides


@pytest.mark.parametrize("step", [step for step in LEG if step not in ("review_quality", "widen_on_silence")])
def test_a_step_of_a_leg_is_taken_from_its_states_only(world, legs, step):
    sources, target, _who = LEG[step]
    expected, found, reached = {}, {}, {}
    for status, leg in legs.items():
        expected[status] = OK if status in sources else INVALID_STATE
        given = ready(world, step, leg)
        if status in sources and step in ("give_consent", "refuse_consent"):
            assert leg.consent_at is None
        attempt = world.attempt(step, leg, **given)
        found[status] = attempt.code
        assert attempt.code == OK or attempt.writes == (), step
        if attempt.code == OK:
            with transaction.atomic():
                reached[status] = world.take(step, leg, **given).status
                transaction.set_rollback(True)
    assert found == expected
    assert reached == {status: target or status for status in sources}


@pytest.mark.parametrize("step", [step for step in OFFER if step != "confirm_phone_answer"])
def test_a_step_of_an_offer_is_taken_from_its_states_only(world, offers, step):
    sources, target, _who = OFFER[step]
    found, reached = {}, {}
    for status, offer in offers.items():
        attempt = world.attempt(step, offer)
        found[status] = attempt.code
        assert attempt.code == OK or attempt.writes == (), step
        if attempt.code == OK:
            with transaction.atomic():
                reached[status] = world.take(step, offer).status
                transaction.set_rollback(True)
    assert found == {status: OK if status in sources else INVALID_STATE for status in OfferStatus}
    assert reached == dict.fromkeys(sources, target)


def parties() -> list[tuple[str, Role]]:
    """Every role at every party."""
    whole = [(place, role) for place in ("county", "province", "foreign") for role in Role]
    return whole + [(place, role) for place in ("county.other", "province.other") for role in CLINICAL]


@pytest.mark.parametrize("step", [step for step in LEG if LEG[step][2]])
def test_a_step_of_a_leg_is_taken_by_its_roles_only(world, legs, step):
    sources, _target, who = LEG[step]
    status = ARRIVED if step == "review_quality" else min(sources, key=list(Status).index)
    leg = timed(world, legs[status]) if step == "review_quality" else legs[status]
    sees = SENDERS_SIDE | (set() if status == BROADCAST else RECEIVER)
    expected, found = {}, {}
    given = ready(world, step, leg)
    leg = world.read(leg)
    for party, role in parties():
        allowed = (party, role) in who & sees
        expected[party, role] = OK if allowed else FORBIDDEN if (party, role) in sees else NOT_FOUND
        attempt = world.attempt(step, leg, by=world.actor(party, role), **given)
        found[party, role] = attempt.code
        assert attempt.code == OK or attempt.writes == (), (party, role)
    assert found == expected


@pytest.mark.parametrize("step", OFFER)
def test_a_step_of_an_offer_is_taken_by_its_roles_only(world, offers, step):
    sources, _target, who = OFFER[step]
    offer = offers[min(sources, key=list(OfferStatus).index)]
    if step == "confirm_phone_answer":
        offer = world.take("record_phone_answer", offers[S.READ])
    sees = SENDERS_SIDE | RECEIVER
    expected, found = {}, {}
    for party, role in parties():
        expected[party, role] = OK if (party, role) in who else FORBIDDEN if (party, role) in sees else NOT_FOUND
        attempt = world.attempt(step, offer, by=world.actor(party, role))
        found[party, role] = attempt.code
        assert attempt.code == OK or attempt.writes == (), (party, role)
    assert found == expected


def test_a_call_is_made_by_senders_of_the_department_and_by_the_hotline_of_the_division(world):
    callers = SENDER | {("county", Role.HOTLINE_AGENT)}
    found = {}
    for party, role in parties():
        if party == "province" and role == Role.HOTLINE_AGENT:
            continue  # that division is the whole province, see below
        try:
            with transaction.atomic():
                world.call(by=world.actor(party, role))
                found[party, role] = OK
        except Refused as refused:
            found[party, role] = str(refused.code)
    assert found == {party: OK if party in callers else FORBIDDEN for party in found}
    assert world.call(by=world.actor("province", Role.HOTLINE_AGENT)).status == BROADCAST
    assert HELD_AT[Role.HOTLINE_AGENT]


def test_a_stale_version_is_refused_and_writes_nothing(world, legs, offers):
    for step, (sources, _to, who) in LEG.items():
        if who and step != "review_quality":
            leg = legs[min(sources, key=list(Status).index)]
            given = ready(world, step, leg)
            attempt = world.attempt(step, leg, **given, expected_version=world.read(leg).version - 1)
            assert (attempt.code, attempt.writes) == ("STALE_VERSION", ()), step
    for step, (sources, _to, _who) in OFFER.items():
        if step != "confirm_phone_answer":
            offer = offers[min(sources, key=list(OfferStatus).index)]
            attempt = world.attempt(step, offer, expected_version=99)
            assert (attempt.code, attempt.writes) == ("STALE_VERSION", ()), step
