"""The green channel over the API: whom to ask, the call, and what is answered by screen or by telephone."""

from datetime import timedelta
from typing import Any

from consortium.models import Capability, Concept, GreenRule
from consortium.roles import Role
from referrals.models import OfferStatus, Referral, Status
from tests.edge.calling import LEG, call, doctor, expert, refused
from tests.edge.client import Edge, as_role, code_of, gid, new_key, step
from tests.world import NOW, World, patient

ANSWER = "offer { id version status unconfirmed phoneSpokenWith phoneConfirmedAt answeredAt }"


# --- whom to ask -----------------------------------------------------------------------------------------------------


def test_the_catalogues_of_kinds_and_milestones(world):
    data = doctor(world).data(
        "{ greenKinds { concept { code } capability answerMinutes ringSize goesDown } "
        "greenMilestones { concept { code } side after kinds } }"
    )
    kinds = {kind["concept"]["code"]: kind for kind in data["greenKinds"]}
    assert list(kinds) == sorted(GreenRule.objects.values_list("concept__code", flat=True))
    assert kinds["CRITICAL_CHILD"] == {
        "concept": {"code": "CRITICAL_CHILD"}, "capability": "PICU", "answerMinutes": 10, "ringSize": 3,
        "goesDown": False,
    }  # fmt: skip
    assert [code for code, kind in kinds.items() if kind["goesDown"]] == ["STEP_DOWN"]
    times = {row["concept"]["code"]: row for row in data["greenMilestones"]}
    assert times["FIRST_DOOR_OUT"]["after"] == ["FIRST_DOOR", "FIRST_CONTACT", "ECG"]
    assert (times["DOOR"]["side"], times["DOOR"]["kinds"]) == ("PERFORMER", [])
    assert times["NEEDLE"]["kinds"] == ["CHEST_PAIN", "STROKE"]


def test_a_retired_kind_can_no_longer_be_called(world):
    Concept.objects.filter(system="GREEN_KIND", code="TRAUMA").update(valid_to=NOW.date() - timedelta(days=1))
    edge = doctor(world)
    assert "TRAUMA" not in str(edge.data("{ greenKinds { concept { code } } }"))
    assert refused(edge, "activateGreenChannel", **call(world, kind="TRAUMA")) == ("INVALID_INPUT", "kind")


TARGETS = """query($origin: ID!, $kind: String!, $capability: String) {
    greenTargets(kind: $kind, origin: $origin, capability: $capability) {
        rank able freePlaces figureAsOf fresh travelMinutes travelSource department { hospital { name } } } }"""


def targets(edge: Edge, world: World, kind: str = "CRITICAL_CHILD", **given: Any) -> list[dict[str, Any]]:
    """The ranking for the county."""
    origin = gid(world.departments["county"])
    return list(edge.data(TARGETS, origin=origin, kind=kind, **given)["greenTargets"])


def test_the_ranking_shows_the_facts_by_which_it_was_made(world):
    edge = doctor(world)
    Capability.objects.filter(pk=world.picu.pk).update(held=3)
    first, *others = targets(edge, world)
    assert first == {
        "rank": 1, "able": True, "freePlaces": 17, "figureAsOf": (NOW - timedelta(hours=1)).isoformat(), "fresh": True,
        "travelMinutes": first["travelMinutes"], "travelSource": "ESTIMATE 直线距离 × 1.4，60 km/h",
        "department": {"hospital": {"name": "province医院"}},
    }  # fmt: skip
    assert [(row["rank"], row["able"], row["freePlaces"], row["fresh"]) for row in others] == [
        (2, False, None, False), (3, False, None, False),
    ]  # fmt: skip
    assert targets(as_role(world, "county", Role.HOTLINE_AGENT), world)[0] == first
    assert [row["able"] for row in targets(edge, world, capability="ECMO")] == [False] * 3


def test_no_ranking_of_an_unknown_kind_or_downwards_or_from_nowhere(world):
    edge, origin = doctor(world), gid(world.departments["county"])
    found = {}
    for name, given in {
        "unknown": {"kind": "NOSEBLEED"},
        "down": {"kind": "STEP_DOWN"},
        "place": {"kind": "STROKE", "origin": gid(world.hospitals["county"])},
    }.items():
        answer = edge.answer(TARGETS, **{"origin": origin} | given)
        found[name] = (code_of(answer), answer["errors"][0]["extensions"]["field"])
    assert found == {
        "unknown": ("INVALID_INPUT", "kind"), "down": ("INVALID_INPUT", "kind"), "place": ("INVALID_INPUT", "origin"),
    }  # fmt: skip


# --- the call --------------------------------------------------------------------------------------------------------


def test_one_click_calls_the_first_ring_and_the_same_key_calls_nobody_twice(world):
    edge, key = doctor(world), new_key()
    given = {"kind": "CRITICAL_CHILD", "requesterDepartment": gid(world.departments["county"]), "idempotencyKey": key}
    shape = """referral { number status pathway priority patient { displayName }
        offers { status ring rank priority clock { kind dueAt holder } availableActions { action allowed } } }"""
    first = edge.done("activateGreenChannel", shape, **given)
    assert edge.done("activateGreenChannel", shape, **given) == first
    leg = first["referral"]
    assert (leg["status"], leg["pathway"], leg["priority"]) == ("BROADCAST", "GREEN_CHANNEL", "STAT")
    assert [(o["status"], o["ring"], o["rank"], o["priority"]) for o in leg["offers"]] == [
        ("ASKED", 1, rank, "STAT") for rank in (1, 2, 3)
    ]
    due = (NOW + timedelta(minutes=10)).isoformat()
    assert leg["offers"][0]["clock"] == {"kind": "GREEN_ANSWER", "dueAt": due, "holder": "PERFORMER"}
    allowed = [row["action"] for row in leg["offers"][0]["availableActions"] if row["allowed"]]
    assert allowed == ["recordPhoneAnswer"]
    assert Referral.objects.filter(status=Status.BROADCAST).count() == 1


def test_a_call_is_refused_with_the_field_that_is_wrong(world):
    edge, known = doctor(world), {"idNumber": patient()["id_number"], "name": "王小一"}
    here, there = gid(world.departments["county.other"]), gid(world.departments["province"])
    cases: dict[str, tuple[dict[str, Any], tuple[str, str | None]]] = {
        "kind": ({"kind": "NOSEBLEED"}, ("INVALID_INPUT", "kind")),
        "downward": ({"kind": "STEP_DOWN"}, ("INVALID_INPUT", "kind")),
        "own hospital": ({"targets": [here]}, ("INVALID_INPUT", "targets")),
        "twice": ({"targets": [there, gid(world.departments["province.other"])]}, ("INVALID_INPUT", "targets")),
        "no department": ({"targets": [gid(world.hospitals["province"])]}, ("INVALID_INPUT", "targets")),
        "colleagues": ({"requesterDepartment": here}, ("FORBIDDEN", None)),
        "strangers": ({"requesterDepartment": there}, ("FORBIDDEN", None)),
        "capability": ({"neededCapability": "MAGIC"}, ("INVALID_INPUT", "neededCapability")),
        "vitals": ({"vitals": {"temperature": 99}}, ("INVALID_INPUT", "vitals.temperature")),
        "diagnosis": ({"diagnoses": ["X"]}, ("INVALID_INPUT", "diagnoses")),
        "number": ({"patient": {"idNumber": "1", "name": "甲"}}, ("INVALID_INPUT", "patient.idNumber")),
        "later": ({"eventAt": (NOW + timedelta(hours=1)).isoformat()}, ("INVALID_INPUT", "eventAt")),
    }
    for name, (given, expected) in cases.items():
        assert refused(edge, "activateGreenChannel", **call(world, **given)) == expected, name
    edge.done("activateGreenChannel", **call(world, patient=known))
    assert refused(edge, "activateGreenChannel", **call(world, patient=known)) == ("OPEN_CASE_EXISTS", "patient")


def test_silence_and_refusals_are_answered_by_asking_more(world):
    edge, leg = doctor(world), world.call()
    offer = leg.offers.get()
    expert(world).done("declineOffer", **step(offer, reason="NO_BED"))
    assert refused(expert(world), "declineOffer", **step(world.offer(), reason="TOO_LAZY"))[0] == "INVALID_INPUT"
    leg = world.read(leg)
    assert refused(edge, "widenBroadcast", **step(leg, targets=[gid(world.departments["province"])])) == (
        "INVALID_INPUT", "targets",
    )  # fmt: skip
    shape = "referral { version offers { ring status declineReason performerHospital { name } } }"
    widened = edge.done("widenBroadcast", shape, **step(leg))["referral"]
    assert [(o["ring"], o["status"], o["declineReason"]) for o in widened["offers"]] == [
        (1, "DECLINED", "NO_BED"), (2, "ASKED", ""), (2, "ASKED", ""),
    ]  # fmt: skip
    assert refused(edge, "widenBroadcast", **step(leg) | {"expectedVersion": widened["version"]}) == (
        "INVALID_STATE", None,
    )  # fmt: skip


# --- answers by telephone --------------------------------------------------------------------------------------------


def test_an_answer_by_telephone_counts_at_once_and_stays_unconfirmed_until_they_confirm(world):
    edge, there, offer = doctor(world), expert(world), world.offer()
    given = step(offer, answer="CAN_TAKE", spokenWith="张主任")
    assert refused(edge, "recordPhoneAnswer", **given | {"spokenWith": "  "}) == ("INVALID_INPUT", "spokenWith")
    assert refused(edge, "recordPhoneAnswer", **given | {"answer": "CANNOT_TAKE"}) == ("INVALID_INPUT", "reason")
    assert refused(there, "recordPhoneAnswer", **given) == ("FORBIDDEN", None)
    assert refused(there, "confirmPhoneAnswer", **step(offer))[0] == "INVALID_STATE"
    typed = edge.done("recordPhoneAnswer", ANSWER, **given)["offer"]
    assert (typed["status"], typed["unconfirmed"], typed["phoneSpokenWith"]) == ("OFFERED", True, "张主任")
    leg = world.read(offer.referral)
    chosen = edge.done("chooseOffer", LEG, **step(leg, offer=gid(offer)))["referral"]
    assert chosen["status"] == "ACCEPTED"
    offer.refresh_from_db()
    assert refused(edge, "confirmPhoneAnswer", **step(offer)) == ("FORBIDDEN", None)
    confirmed = there.done("confirmPhoneAnswer", ANSWER, **step(offer))["offer"]
    assert (confirmed["unconfirmed"], confirmed["phoneConfirmedAt"]) == (False, NOW.isoformat())
    offer.refresh_from_db()
    assert refused(there, "confirmPhoneAnswer", **step(offer)) == ("INVALID_STATE", None)


def test_a_refusal_by_telephone_has_its_reason(world):
    edge, offer = doctor(world), world.offer()
    given = step(offer, answer="CANNOT_TAKE", spokenWith="值班医生")
    assert refused(edge, "recordPhoneAnswer", **given, reason="TOO_LAZY")[0] == "INVALID_INPUT"
    shape = "offer { status unconfirmed declineReason closedAt }"
    assert edge.done("recordPhoneAnswer", shape, **given, reason="TEAM_BUSY")["offer"] == {
        "status": "DECLINED", "unconfirmed": True, "declineReason": "TEAM_BUSY", "closedAt": NOW.isoformat(),
    }  # fmt: skip


def test_only_an_offer_of_this_call_that_stands_is_chosen(world):
    edge, leg = doctor(world), world.call()
    other = world.offer(OfferStatus.OFFERED)
    for named in (leg.offers.get(), other):
        assert refused(edge, "chooseOffer", **step(leg, offer=gid(named))) == ("INVALID_STATE", "offer")
    assert refused(edge, "chooseOffer", **step(leg, offer=gid(leg))) == ("INVALID_INPUT", "offer")
    assert refused(expert(world), "negotiateOffer", **step(leg.offers.get(), message=" ")) == (
        "INVALID_INPUT", "message",
    )  # fmt: skip
