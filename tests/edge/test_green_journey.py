"""The green channel over the API once a hospital is chosen: the journey, its times, the hotline, and the way down."""

from datetime import timedelta
from typing import Any

from consortium.roles import Role
from referrals.models import Status
from tests.edge.calling import LEG, call, doctor, expert, refused
from tests.edge.client import as_role, gid, inputs, step
from tests.world import DOCTOR, EXPERT, NOW, OFFICE

ANSWER = "offer { status }"


# --- the journey -----------------------------------------------------------------------------------------------------


def test_nobody_leaves_without_consent_which_is_given_once(world):
    edge, leg = doctor(world), world.green(Status.ACCEPTED)
    assert refused(edge, "departReferral", **step(leg) | inputs(world, "depart_referral"))[0] == "CONSENT_REQUIRED"
    given = {"consentBy": "李四", "consentRelation": "母亲"}
    assert refused(edge, "giveConsent", **step(leg) | given | {"consentBy": ""}) == ("INVALID_INPUT", "consentBy")
    alone = given | {"consentRelation": "本人"}
    assert refused(edge, "giveConsent", **step(leg) | alone) == ("CONSENT_REQUIRED", "consentRelation")
    done = edge.done("giveConsent", "referral { version consentAt consentBy }", **step(leg) | given)["referral"]
    assert (done["consentAt"], done["consentBy"]) == (NOW.isoformat(), "李四")
    again = step(leg) | given | {"expectedVersion": done["version"]}
    assert refused(edge, "giveConsent", **again) == ("INVALID_STATE", None)
    no = step(leg, reason="COST") | {"expectedVersion": done["version"]}
    assert refused(edge, "refuseConsent", **no) == ("INVALID_STATE", None)


def test_a_diverted_patient_goes_on_with_all_that_was_recorded(world):
    edge, leg = doctor(world), world.green(Status.ACCEPTED)
    leg = world.take("record_milestone", leg)
    leg = world.take("depart_referral", world.take("give_consent", leg))
    there, elsewhere = gid(world.departments["province"]), gid(world.departments["city"])
    given = step(leg, reason="CONDITION_WORSE", performerDepartment=elsewhere)
    for name, value in {"performerDepartment": there, "eta": NOW.isoformat(), "reason": "WHY_NOT"}.items():
        assert refused(edge, "divertReferral", **given | {name: value}) == ("INVALID_INPUT", name)
    eta = (NOW + timedelta(minutes=20)).isoformat()
    shape = """referral { status followedBy { id number status direction clock { kind dueAt }
        journeys { vehicle eta } milestones { kind { code } } performerHospital { name } } }"""
    done = edge.done("divertReferral", shape, **given, eta=eta)["referral"]
    assert done["status"] == "REDIRECTED"
    (on,) = done["followedBy"]
    assert (on["status"], on["direction"], on["performerHospital"]["name"]) == ("IN_TRANSIT", "UP", "city医院")
    assert (on["clock"], on["milestones"]) == ({"kind": "TRANSIT", "dueAt": eta}, [{"kind": {"code": "FIRST_CONTACT"}}])
    assert [row["eta"] for row in on["journeys"]] == [eta]
    read = (
        "query($id: ID!) { referral(id: $id) { accessLevel reason patient { identity { name } } followedBy { id } } }"
    )
    assert expert(world).data(read, id=gid(leg))["referral"] == {
        "accessLevel": "SUMMARY", "reason": None, "patient": {"identity": None}, "followedBy": [],
    }  # fmt: skip
    seen = expert(world, "city").data(read, id=on["id"])["referral"]
    assert (seen["accessLevel"], seen["patient"]["identity"]) == ("FULL", {"name": "王小急"})


def test_the_handover_is_signed_by_both_before_the_patient_has_arrived(world):
    edge, there, leg = doctor(world), expert(world), world.green(Status.IN_TRANSIT)
    office = as_role(world, "province", OFFICE)
    assert refused(office, "arriveReferral", **step(leg)) == ("INCOMPLETE", None)
    assert refused(edge, "signHandover", **step(leg)) == ("INVALID_INPUT", "condition")
    shape = "referral { version handover { condition given remarks signed senderSignedAt receiverSignedAt } }"
    first = edge.done("signHandover", shape, **step(leg, condition="镇静", given="病历、影像"))["referral"]
    assert first["handover"] == {
        "condition": "镇静", "given": "病历、影像", "remarks": "", "signed": False, "senderSignedAt": NOW.isoformat(),
        "receiverSignedAt": None,
    }  # fmt: skip
    now = step(leg) | {"expectedVersion": first["version"]}
    assert refused(edge, "signHandover", **now, condition="又签") == ("INVALID_STATE", None)
    assert refused(office, "arriveReferral", **now) == ("INCOMPLETE", None)
    second = there.done("signHandover", shape, **now, remarks="已交接")["referral"]
    assert (second["handover"]["signed"], second["handover"]["remarks"]) == (True, "已交接")
    now = step(leg) | {"expectedVersion": second["version"]}
    assert office.done("arriveReferral", LEG, **now)["referral"]["status"] == "ARRIVED"


# --- its times -------------------------------------------------------------------------------------------------------


def test_milestones_are_recorded_by_their_side_in_their_order_and_corrected_with_a_reason(world):
    edge, there, leg = doctor(world), expert(world), world.green(Status.ARRIVED)
    version = leg.version

    def given(kind: str, minutes: int, **more: Any) -> dict[str, Any]:
        at = (NOW - timedelta(minutes=minutes)).isoformat()
        return {"id": gid(leg), "expectedVersion": version, "kind": kind, "at": at} | more

    shape = "referral { version milestones { kind { code } at correctionReason recordedBy { name } } }"
    for who, kind, minutes in ((edge, "FIRST_CONTACT", 60), (edge, "FIRST_DOOR_OUT", 40), (there, "DOOR", 10)):
        version = who.done("recordMilestone", shape, **given(kind, minutes))["referral"]["version"]
    answer = edge.payload("recordMilestone", **given("ONSET", 50))
    assert [error["field"] for error in answer["errors"]] == ["at"]
    assert "“发病”不能晚于“首次医疗接触”" in answer["errors"][0]["message"]
    assert refused(there, "recordMilestone", **given("DOOR", 45, reason="TYPING_ERROR")) == ("INVALID_INPUT", "at")
    assert refused(there, "recordMilestone", **given("KNIFE", 20)) == ("INVALID_INPUT", "at")  # before the door
    assert refused(there, "recordMilestone", **given("BALLOON", 5)) == ("INVALID_INPUT", "kind")  # of another emergency
    assert refused(there, "recordMilestone", **given("TEA_TIME", 5)) == ("INVALID_INPUT", "kind")
    assert refused(there, "recordMilestone", **given("BED", -60)) == ("INVALID_INPUT", "at")  # not yet
    assert refused(edge, "recordMilestone", **given("BED", 5))[0] == "FORBIDDEN"
    assert refused(there, "recordMilestone", **given("ONSET", 90))[0] == "FORBIDDEN"
    assert refused(there, "recordMilestone", **given("DOOR", 12)) == ("INVALID_INPUT", "reason")
    assert refused(there, "recordMilestone", **given("DOOR", 12, reason="BORED"))[0] == "INVALID_INPUT"
    done = there.done("recordMilestone", shape, **given("DOOR", 12, reason="CLOCK_DIFFERENCE"))["referral"]
    assert [(row["kind"]["code"], row["at"], row["correctionReason"]) for row in done["milestones"]] == [
        ("FIRST_CONTACT", (NOW - timedelta(minutes=60)).isoformat(), ""),
        ("FIRST_DOOR_OUT", (NOW - timedelta(minutes=40)).isoformat(), ""),
        ("DOOR", (NOW - timedelta(minutes=12)).isoformat(), "CLOCK_DIFFERENCE"),
    ]
    early = world.green(Status.IN_TRANSIT)
    before = step(early, kind="DOOR", at=NOW.isoformat())
    assert refused(there, "recordMilestone", **before) == ("INVALID_STATE", "kind")


def test_why_an_interval_took_long_is_said_with_a_coded_cause(world):
    there, leg = expert(world), world.green(Status.ARRIVED)
    for who, kind, minutes in ((("county", DOCTOR), "FIRST_CONTACT", 95), (("province", EXPERT), "DOOR", 5)):
        only = {"kind": kind, "at": NOW - timedelta(minutes=minutes)}
        leg = world.take("record_milestone", world.read(leg), by=world.actor(*who), only=only)
    given = step(leg, fromKind="FIRST_CONTACT", toKind="DOOR", cause="TRANSPORT_DELAY")
    assert refused(there, "reviewQuality", **given | {"toKind": "KNIFE"}) == ("INCOMPLETE", "toKind")
    assert refused(there, "reviewQuality", **given | {"fromKind": "ONSET"}) == ("INCOMPLETE", "fromKind")
    backwards = {"fromKind": "DOOR", "toKind": "FIRST_CONTACT"}
    assert refused(there, "reviewQuality", **given | backwards) == ("INVALID_INPUT", "toKind")
    assert refused(there, "reviewQuality", **given | {"cause": "BAD_LUCK"})[0] == "INVALID_INPUT"
    assert refused(there, "reviewQuality", **given | {"cause": "OTHER"})[0] == "COMMENT_REQUIRED"
    assert refused(doctor(world), "reviewQuality", **given) == ("FORBIDDEN", None)
    shape = """referral { qualityReviews { fromKind { code } toKind { code } minutes cause comment
        reviewedBy { name } } }"""
    assert there.done("reviewQuality", shape, **given, comment="大雾封路")["referral"]["qualityReviews"] == [
        {
            "fromKind": {"code": "FIRST_CONTACT"}, "toKind": {"code": "DOOR"}, "minutes": 90,
            "cause": "TRANSPORT_DELAY", "comment": "大雾封路", "reviewedBy": {"name": "province EXPERT 1"},
        }
    ]  # fmt: skip


# --- the hotline, and the way down -----------------------------------------------------------------------------------


def test_a_hotline_agent_calls_for_a_department_of_the_division_and_hands_over(world):
    agent = as_role(world, "county", Role.HOTLINE_AGENT)
    shape = "referral { id number accessLevel status patient { displayName identity { name } } offers { id } }"
    done = agent.done("activateGreenChannel", shape, **call(world, patient={"name": "王小急"}))["referral"]
    assert done == {
        "id": done["id"], "number": done["number"], "accessLevel": "SUMMARY", "status": "BROADCAST", "offers": [],
        "patient": {"displayName": f"绿色通道 {done['number']}", "identity": None},
    }  # fmt: skip
    elsewhere = call(world, requesterDepartment=gid(world.departments["foreign"]))
    assert refused(agent, "activateGreenChannel", **elsewhere) == ("FORBIDDEN", None)
    seen = doctor(world).data(
        "query($id: ID!) { referral(id: $id) { version accessLevel createdBy { name } offers { id version } } }",
        id=done["id"],
    )["referral"]
    assert (seen["accessLevel"], seen["createdBy"]) == ("FULL", {"name": "county HOTLINE_AGENT 1"})
    (offer,) = seen["offers"]
    expert(world).done("offerPlace", id=offer["id"], expectedVersion=offer["version"])
    chosen = {"id": done["id"], "expectedVersion": seen["version"], "offer": offer["id"]}
    assert refused(agent, "chooseOffer", **chosen) == ("FORBIDDEN", None)
    assert doctor(world).done("chooseOffer", LEG, **chosen)["referral"]["status"] == "ACCEPTED"
    status = "query($id: ID!) { referral(id: $id) { status performerHospital { name } } }"
    assert agent.data(status, id=done["id"])["referral"] == {
        "status": "ACCEPTED", "performerHospital": {"name": "province医院"},
    }  # fmt: skip


def test_the_fast_track_down_returns_the_outcome_and_calls_for_one_bed_below(world):
    there, leg = expert(world), world.referral(Status.ARRIVED)
    given = step(leg) | inputs(world, "broadcast_down")
    assert refused(there, "broadcastDown", **given | {"targets": [gid(world.departments["province2"])]})[0] in (
        "INVALID_INPUT",
    )
    assert refused(there, "broadcastDown", **given | {"consentBy": ""})[0] in ("CONSENT_REQUIRED", "INVALID_INPUT")
    assert refused(as_role(world, "province", OFFICE), "broadcastDown", **given) == ("FORBIDDEN", None)
    shape = """referral { status outcomes { version } followedBy { id version status pathway direction
        greenKind { code } offers { id version performerHospital { name level } } } }"""
    done = there.done("broadcastDown", shape, **given)["referral"]
    assert (done["status"], done["outcomes"]) == ("OUTCOME_RETURNED", [{"version": 1}])
    (down,) = done["followedBy"]
    assert (down["status"], down["pathway"], down["greenKind"]) == ("BROADCAST", "GREEN_CHANNEL", {"code": "STEP_DOWN"})
    names = [offer["performerHospital"]["name"] for offer in down["offers"]]
    assert sorted(names) == ["city医院", "county医院", "foreign医院"]
    home = next(offer for offer in down["offers"] if offer["performerHospital"]["name"] == "county医院")
    below = as_role(world, "county", EXPERT)
    offered = below.done("offerPlace", ANSWER, id=home["id"], expectedVersion=home["version"])["offer"]
    assert offered["status"] == "OFFERED"
    chosen = {"id": down["id"], "expectedVersion": down["version"], "offer": home["id"]}
    shape = "referral { status direction consentBy consentAt performerHospital { name } }"
    assert there.done("chooseOffer", shape, **chosen)["referral"] == {
        "status": "ACCEPTED", "direction": "DOWN", "consentBy": "李四", "consentAt": NOW.isoformat(),
        "performerHospital": {"name": "county医院"},
    }  # fmt: skip
