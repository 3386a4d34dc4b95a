"""The story of a night over HTTP: a stroke in the county, three hospitals asked, one chosen, diverted, treated, home.

Needs a network in which the people of the cast have the published password; standard library only.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.receiver import Receiver
from tests.walks.client import Failed, Listener, Person
from tests.walks.story import PASSWORD, expect

NAME, GUARDIAN, PHONE = "欧阳示例", "欧阳家属", "13900001234"
OFFERS = """{ offers(open: true) { nodes { id number version status accessLevel ring rank travelMinutes travelSource
    kind { code } facts { reason age sex summary vitals { systolic } exams { name result } treatment allergies
    diagnoses { code } } events { kind comment } availableActions { action allowed code reason }
    clock { kind holder }
    requesterHospital { name } performerHospital { name } } } }"""
OFFER = "query($id: ID!) { offer(id: $id) { id version status accessLevel facts { summary } } }"
PHONE_ANSWER = "query($id: ID!) { referral(id: $id) { offers { id version status unconfirmed } } }"
NOTICES = "subscription { noticesReceived { kind subjectId } }"
CHANGES = """subscription($id: ID!) { caseChanged(id: $id) { event { kind } case { legs { status } } } }"""
TOLD = "{ deliveries(channel: [WEBHOOK], first: 100) { nodes { state channel hospital { name } } } }"
READ = """query($id: ID!) { referral(id: $id) { id number version status accessLevel direction consentAt
    case { id } patient { displayName identity { name } } greenKind { code }
    performerHospital { name } milestones { kind { code } at } handover { signed } clock { kind holder }
    clocks { kind holder hospital { name } department { name } roles remainingMinutes met } events { kind }
    offers { id version status performerHospital { name } }
    qualityReviews { minutes cause } followedBy { id number version status direction } } }"""


@dataclass
class Night:
    """The people of the story by their parts, and what happens to them."""

    url: str
    cast: Mapping[str, str]
    receiver: Receiver
    pass_on: Callable[[], None] = lambda: None  # delivers what is due, where no worker does
    people: dict[str, Person] = field(default_factory=dict)
    streams: dict[str, Listener] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def who(self, part: str) -> Person:
        """Somebody of the cast, signed in at the first call."""
        if part not in self.people:
            self.people[part] = Person(self.url, self.cast[part], PASSWORD)
        return self.people[part]

    def department_of(self, part: str) -> str:
        """The department at which somebody works."""
        roles = self.who(part).ask("{ me { roles { department { id } } } }")["me"]["roles"]
        return str(next(role["department"]["id"] for role in roles if role["department"]))

    def hospital_of(self, part: str) -> str:
        """The hospital at which somebody works."""
        roles = self.who(part).ask("{ me { roles { hospital { id } } } }")["me"]["roles"]
        return str(roles[0]["hospital"]["id"])

    def read(self, part: str, referral: Mapping[str, Any]) -> dict[str, Any]:
        """One referral, as a person sees it."""
        return dict(self.who(part).ask(READ, id=referral["id"])["referral"])

    def called(self, part: str) -> dict[str, Any]:
        """The newest open offer before somebody."""
        return dict(self.who(part).ask(OFFERS)["offers"]["nodes"][0])

    def answer(self, part: str, action: str, offer: Mapping[str, Any], **given: Any) -> dict[str, Any]:
        """The offer after an answer that must succeed."""
        return self.who(part).step(action, offer, of="offer", **given)


def minutes_ago(minutes: int) -> str:
    """A moment of the night."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def told(night: Night) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every step of the night with its name, in order."""
    who, seen = night.who, night.seen

    def listens() -> None:
        for part in ("county.office", "near.expert"):
            night.streams[part] = who(part).listen(NOTICES)
        who("county.admin").do(
            "createWebhookEndpoint",
            of="webhookEndpoint",
            shape="id",
            hospital=night.hospital_of("county.admin"),
            name="院内系统",
            url=night.receiver.url,
        )

    def activates() -> None:
        parts = ("near.expert", "far.expert", "other.expert")
        seen["leg"] = who("county.doctor").do(
            "activateGreenChannel",
            kind="STROKE",
            requesterDepartment=night.department_of("county.doctor"),
            patient={"name": NAME, "phone": PHONE, "guardianName": GUARDIAN, "sex": "MALE", "birthDate": "1958-05-01"},
            summary=f"{NAME}，右侧肢体无力 40 分钟，家属{GUARDIAN} {PHONE}，血压 180/100",
            vitals={"systolic": 180},
            targets=[night.department_of(part) for part in parts],
        )
        expect(seen["leg"]["status"], "BROADCAST", "status")
        leg = night.read("county.doctor", seen["leg"])
        expect(len(leg["offers"]), 3, "hospitals asked")
        (ring,) = [clock for clock in leg["clocks"] if clock["kind"] == "GREEN_RING"]
        expect((ring["holder"], bool(ring["department"]), bool(ring["roles"])), ("REQUESTER", True, True), "the holder")
        for part in ("county.office", "near.expert"):
            night.streams[part].until(
                lambda told: told["noticesReceived"]["kind"] == "activate_green_channel", "the activation"
            )
        night.streams["case"] = who("county.doctor").listen(CHANGES, id=leg["case"]["id"])

    def sees_the_clocks() -> None:
        offer = night.called("near.expert")
        expect((offer["clock"]["kind"], offer["clock"]["holder"]), ("GREEN_ANSWER", "PERFORMER"), "the answer's limit")

    def reads_without_identity() -> None:
        for part in ("near.expert", "far.expert", "other.expert"):
            offer = night.called(part)
            expect(offer["accessLevel"], "FULL", "what an asked hospital sees")
            for secret in (NAME, GUARDIAN, PHONE):
                if secret in json.dumps(offer, ensure_ascii=False):
                    raise Failed(f"{part} reads {secret} before being chosen")
            expect(who(part).refused(READ, id=seen["leg"]["id"]), "NOT_FOUND", "the leg before being chosen")
            seen[part] = night.answer(part, "readOffer", offer)

    def answers() -> None:
        seen["far.expert"] = night.answer("far.expert", "negotiateOffer", seen["far.expert"], message="CT 已完成？")
        night.answer("other.expert", "declineOffer", seen["other.expert"], reason="NO_TEAM")
        for part in ("near.expert", "far.expert"):
            seen[part] = night.answer(part, "offerPlace", seen[part], message="卒中团队已就位")

    def chooses_at_once() -> None:
        leg, codes = night.read("county.doctor", seen["leg"]), []

        def choose(part: str, offer: str) -> None:
            payload = who(part).attempt(
                "chooseOffer", id=leg["id"], expectedVersion=leg["version"], offer=seen[offer]["id"]
            )
            codes.append("OK" if not payload["errors"] else payload["errors"][0]["code"])
            if not payload["errors"]:
                seen["leg"], seen["chosen"] = payload["referral"], offer

        pairs = [("county.doctor", "near.expert"), ("county.office", "far.expert")]
        who("county.office")
        threads = [threading.Thread(target=choose, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(sorted(codes)[1] if len(codes) == 2 else codes, "OK", "one of two choices")
        if sorted(codes)[0] not in ("INVALID_STATE", "STALE_VERSION"):
            raise Failed(f"the loser heard {codes}")
        lost = "far.expert" if seen["chosen"] == "near.expert" else "near.expert"
        released = who(lost).ask(OFFER, id=seen[lost]["id"])["offer"]
        expect(
            (released["status"], released["accessLevel"], released["facts"]),
            ("RELEASED", "SUMMARY", None),
            "the released hospital's view",
        )
        expect(night.read(seen["chosen"], seen["leg"])["patient"]["identity"], {"name": NAME}, "identity when chosen")

    def consents() -> None:
        code = who("county.doctor").code("departReferral", seen["leg"], condition="清醒")
        expect(code, "CONSENT_REQUIRED", "leaving before consent")
        seen["leg"] = who("county.doctor").step("giveConsent", seen["leg"], consentBy=GUARDIAN, consentRelation="儿子")

    def departs() -> None:
        seen["leg"] = who("county.doctor").step(
            "departReferral", seen["leg"], condition="嗜睡，NIHSS 12", vehicle="120"
        )
        for kind, minutes in (("ONSET", 100), ("FIRST_CONTACT", 60)):
            seen["leg"] = who("county.doctor").step("recordMilestone", seen["leg"], kind=kind, at=minutes_ago(minutes))
        code = who("county.doctor").code("recordMilestone", seen["leg"], kind="FIRST_DOOR_OUT", at=minutes_ago(70))
        expect(code, "INVALID_INPUT", "a time out of order")

    def diverts() -> None:
        old = who("county.doctor").step(
            "divertReferral",
            seen["leg"],
            performerDepartment=night.department_of("other.expert"),
            reason="CONDITION_WORSE",
        )
        expect(old["status"], "REDIRECTED", "status of the old leg")
        expect(night.read(seen["chosen"], old)["accessLevel"], "SUMMARY", "the first hospital's view")
        (leg,) = night.read("county.doctor", old)["followedBy"]
        expect(leg["status"], "IN_TRANSIT", "status of the new leg")
        seen["leg"] = leg

    def hands_over() -> None:
        code = who("other.expert").code("arriveReferral", seen["leg"])
        expect(code, "INCOMPLETE", "arrival before the handover is signed")
        leg = who("county.doctor").step("signHandover", seen["leg"], condition="嗜睡，血压 170/95", given="CT 片")
        leg = who("other.expert").step("signHandover", leg, remarks="已核对")
        seen["leg"] = who("other.expert").step("arriveReferral", leg)
        expect(night.read("other.expert", seen["leg"])["handover"], {"signed": True}, "handover")

    def needle() -> None:
        for kind, minutes in (("DOOR", 45), ("CT", 30), ("NEEDLE", 4)):
            seen["leg"] = who("other.expert").step("recordMilestone", seen["leg"], kind=kind, at=minutes_ago(minutes))
        times = [row["kind"]["code"] for row in night.read("county.doctor", seen["leg"])["milestones"]]
        expect(times, ["ONSET", "FIRST_CONTACT", "DOOR", "CT", "NEEDLE"], "milestones")
        seen["leg"] = who("other.expert").step(
            "reviewQuality", seen["leg"], fromKind="DOOR", toKind="NEEDLE", cause="CONSENT_DELAY"
        )
        review = night.read("county.doctor", seen["leg"])["qualityReviews"]
        expect(review, [{"minutes": 41, "cause": "CONSENT_DELAY"}], "review")
        clocks = {clock["kind"]: clock for clock in night.read("county.doctor", seen["leg"])["clocks"]}
        expect((clocks["STROKE_CT"]["holder"], clocks["STROKE_CT"]["met"]), ("PERFORMER", True), "door to CT in time")
        expect(clocks["STROKE_NEEDLE"]["met"], True, "door to needle within the hour")

    def goes_home() -> None:
        up = who("other.expert").step(
            "broadcastDown",
            seen["leg"],
            outcome={"diagnoses": ["I63.900"], "treatment": "静脉溶栓，肌力恢复至 4 级。"},
            reason="回当地康复",
            consentBy=GUARDIAN,
            consentRelation="儿子",
        )
        expect(up["status"], "OUTCOME_RETURNED", "status of the upward leg")
        offer = night.called("county.expert")
        night.answer("county.expert", "offerPlace", offer, message="康复床位已备")
        (down,) = night.read("other.expert", up)["followedBy"]
        seen["down"] = who("other.doctor").step("chooseOffer", down, offer=offer["id"])
        seen["up"] = up

    def closes() -> None:
        leg = who("other.doctor").step("departReferral", seen["down"], condition="平稳")
        leg = who("other.doctor").step("signHandover", leg, condition="平稳")
        leg = who("county.expert").step("signHandover", leg)
        leg = who("county.expert").step("arriveReferral", leg)
        expect(leg["status"], "ARRIVED", "status of the downward leg")
        up = who("county.doctor").step("acknowledgeOutcome", seen["up"])
        expect(up["status"], "CLOSED", "status of the upward leg")

    def was_told() -> None:
        for kind in ("choose_offer", "depart_referral", "arrive_referral", "record_milestone", "acknowledge_outcome"):
            night.streams["case"].until(lambda told, kind=kind: told["caseChanged"]["event"]["kind"] == kind, kind)
        night.streams["near.expert"].until(lambda told: told["noticesReceived"]["kind"] == "choose_offer", "the choice")
        night.pass_on()
        end = time.monotonic() + 20
        while len(night.receiver.ids()) < 10 and time.monotonic() < end:
            time.sleep(0.2)
        rows = who("county.admin").ask(TOLD)["deliveries"]["nodes"]
        if len(night.receiver.ids()) < 10 or len(rows) < 10:
            raise Failed(f"of {len(rows)} deliveries to the hospital's system {len(night.receiver.taken)} came")
        if NAME in "".join(request.body.decode() for request in night.receiver.taken):
            raise Failed("a message outside the house names the patient")

    def phones() -> None:
        leg = who("county.doctor").do(
            "activateGreenChannel",
            kind="STROKE",
            requesterDepartment=night.department_of("county.doctor"),
            targets=[night.department_of("near.expert")],
        )
        (offer,) = who("county.doctor").ask(PHONE_ANSWER, id=leg["id"])["referral"]["offers"]
        offer = who("county.doctor").step(
            "recordPhoneAnswer", offer, of="offer", answer="CAN_TAKE", spokenWith="神经内科值班医生"
        )
        state = who("county.doctor").ask(PHONE_ANSWER, id=leg["id"])["referral"]["offers"][0]
        expect((state["status"], state["unconfirmed"]), ("OFFERED", True), "an answer by telephone")
        who("near.expert").step("confirmPhoneAnswer", offer, of="offer")
        state = who("county.doctor").ask(PHONE_ANSWER, id=leg["id"])["referral"]["offers"][0]
        expect((state["status"], state["unconfirmed"]), ("OFFERED", False), "the answer when confirmed")
        code = who("near.expert").code("confirmPhoneAnswer", state, of="offer")
        expect(code, "INVALID_STATE", "confirming it again")
        leg = night.read("county.doctor", leg)
        leg = who("county.doctor").step("chooseOffer", leg, offer=offer["id"])
        leg = who("county.doctor").step("refuseConsent", leg, reason="COST")
        expect(leg["status"], "CANCELLED", "status when consent is refused")

    def stands_down() -> None:
        leg = who("county.doctor").do(
            "activateGreenChannel",
            kind="TRAUMA",
            requesterDepartment=night.department_of("county.doctor"),
            targets=[night.department_of("near.expert")],
        )
        offer, key = night.called("near.expert"), str(uuid4())
        ended = who("county.office").step("standDown", leg, reason="FALSE_ALARM", key=key)
        expect(who("county.office").step("standDown", leg, reason="FALSE_ALARM", key=key), ended, "the same key again")
        expect(ended["status"], "CANCELLED", "status")
        expect(who("near.expert").ask(OFFER, id=offer["id"])["offer"]["status"], "WITHDRAWN", "the offer")

    yield "接通实时流，登记院内系统 · live streams open, a hospital's system listens", listens
    yield "一键启动，三家医院被询问 · one click asks three hospitals", activates
    yield "时限与持有方可见 · limits are shown with their holders", sees_the_clocks
    yield "被询问方看到病情，看不到身份 · they read the facts, not the identity", reads_without_identity
    yield "一家谢绝，两家可以接收 · one declines, two can take", answers
    yield "两人同时选定，仅一家胜出 · two choose at once, one wins", chooses_at_once
    yield "同意转院是计时环节 · consent is a timed stage", consents
    yield "出发，时间顺序有校验 · departs, the order of times is checked", departs
    yield "途中改道 · diverted on the way", diverts
    yield "双方签字交接后到达 · arrives when both have signed", hands_over
    yield "溶栓时间与质控复盘 · needle time and review", needle
    yield "下转快速通道 · the downward fast track", goes_home
    yield "回到当地，闭环 · home, the loop closes", closes
    yield "实时流、通知与推送都已送达 · streams, notices and pushes have arrived", was_told
    yield "电话答复待确认，确认后生效 · a telephone answer waits for its confirmation", phones
    yield "误启动后终止 · a false alarm is stood down", stands_down
