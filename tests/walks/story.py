"""The story of the network over HTTP, step by step.

A county doctor sends a child up, the city passes it on, the province takes it and sends it home, the loop closes; and
beside it what goes wrong in practice. Needs the demo network; invents patients of its own. Standard library only.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.walks.client import Failed, Person

PASSWORD = "Refnet-demo-2026"  # noqa: S105 - the published password of the demo network
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(born: date) -> str:
    """A valid identity number of nobody (GB 11643), different at each call."""
    first = f"430181{born:%Y%m%d}{secrets.randbelow(1000):03d}"
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, WEIGHTS, strict=True)) % 11]


def expect(found: Any, wanted: Any, what: str) -> None:
    """Failed, naming what was expected, unless both are equal."""
    if found != wanted:
        raise Failed(f"{what}: expected {wanted!r}, found {found!r}")


@dataclass
class Stage:
    """The people of the story, the places they know, and what happens on the way."""

    url: str
    people: dict[str, Person] = field(default_factory=dict)
    home: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def person(self, username: str) -> Person:
        """Somebody, signed in at the first call."""
        if username not in self.people:
            self.people[username] = Person(self.url, username, PASSWORD)
        return self.people[username]

    def department_of(self, username: str) -> str:
        """The department at which somebody works."""
        if username not in self.home:
            roles = self.person(username).ask("{ me { roles { department { id } } } }")["me"]["roles"]
            self.home[username] = next(role["department"]["id"] for role in roles if role["department"])
        return str(self.home[username])

    def child(self, years: int = 4) -> dict[str, Any]:
        """An invented child with a guardian."""
        born = datetime.now(UTC).date() - timedelta(days=years * 365 + 40)
        return {
            "name": "示例" + secrets.choice("安宁康健乐"),
            "idNumber": id_number(born),
            "guardianName": "示例母",
            "guardianRelation": "母亲",
            "guardianPhone": "13800000000",
        }

    def draft(self, username: str = "county.doctor", to: str = "city.expert", **given: Any) -> dict[str, Any]:
        """A complete draft for a new child."""
        content = {
            "requesterDepartment": self.department_of(username),
            "performerDepartment": self.department_of(to),
            "patient": self.child(),
            "priority": "URGENT",
            "reason": "重症肺炎，需上级医院进一步诊治",
            "diagnoses": ["J18.900"],
            "summary": "发热、咳嗽 4 天，气促 1 天，双肺可闻及湿啰音，经治疗无好转。",
            "vitals": {"temperature": 39.4, "heartRate": 142, "respiratoryRate": 46, "spo2": 91},
            "consentBy": "示例母",
            "consentRelation": "母亲",
        }
        return self.person(username).do("createReferral", **content | given)

    def sent(self, **given: Any) -> dict[str, Any]:
        """A referral that has left the county for its performer."""
        draft = self.draft(**given)
        reviewed = self.person("county.doctor").step("submitReferral", draft)
        return self.person("county.office").step("approveReferral", reviewed)


READ = """query($id: ID!) { referral(id: $id) {
    id number version status accessLevel closedAt decision
    case { id number closedAt } patient { displayName identity { name idNumber } }
    clinical { summary diagnoses { code } } clock { kind holder dueAt overdue }
    performerHospital { name } direction followedBy { id number version status direction }
    outcomes { version treatment acknowledgedAt } events { kind actor { name } }
    availableActions { action allowed code reason who { side hospital roles } } } }"""
LEGS = "query($id: ID!) { case(id: $id) { closedAt legs { id number version status direction } } }"
COVERAGE = """{ coverage(alliance: "pediatric") { covered { numerator denominator }
    acceptance { numerator denominator } diversion { numerator denominator }
    loopClosure { numerator denominator } } }"""


def read(person: Person, referral: dict[str, Any]) -> dict[str, Any]:
    """One referral, whole, as a person sees it."""
    return dict(person.ask(READ, id=referral["id"])["referral"])


def told(stage: Stage) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every step of the story with its name, in order."""
    who, seen = stage.person, stage.seen
    soon = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    outcome = {
        "diagnoses": ["J18.900"],
        "treatment": "抗感染、呼吸支持 6 天，好转。",
        "redFlags": "再次发热、气促即刻就诊",
    }

    def figures_before() -> None:
        seen["before"] = who("alliance.admin").ask(COVERAGE)["coverage"]
        expect(seen["before"]["covered"], {"numerator": 122, "denominator": 122}, "covered county units")

    def drafts() -> None:
        seen["leg"] = stage.draft()
        expect(seen["leg"]["status"], "DRAFT", "status")
        expect(who("city.expert").refused(READ, id=seen["leg"]["id"]), "NOT_FOUND", "a draft for its performer")

    def submits() -> None:
        draft, key = seen["leg"], str(uuid4())
        seen["leg"] = who("county.doctor").step("submitReferral", draft, key=key)
        again = who("county.doctor").step("submitReferral", draft, key=key)
        expect(again, seen["leg"], "the same key again")
        expect(seen["leg"]["status"], "OFFICE_REVIEW", "status by the hospital's policy")

    def approves() -> None:
        seen["leg"] = who("county.office").step("approveReferral", seen["leg"])
        expect(seen["leg"]["status"], "SENT", "status")

    def opens_and_claims() -> None:
        opened = who("city.expert").step("openReferral", seen["leg"])
        seen["leg"] = who("city.expert").step("claimReferral", opened)
        expect(seen["leg"]["status"], "IN_TRIAGE", "status")
        found = read(who("city.expert"), seen["leg"])
        expect(found["clinical"]["diagnoses"], [{"code": "J18.900"}], "diagnoses")
        expect(found["clock"]["kind"], "TRIAGE", "running limit")

    def asks_and_gets() -> None:
        asked = who("city.expert").step("requestInformation", seen["leg"], items=["BLOOD_COUNT", "IMAGING_DICOM"])
        expect(read(who("county.doctor"), asked)["clock"]["holder"], "REQUESTER", "holder while information is due")
        seen["leg"] = who("county.doctor").step(
            "supplyInformation", asked, answer="WBC 21.3×10⁹/L，CRP 96 mg/L；胸片双肺斑片影。"
        )
        expect(seen["leg"]["status"], "IN_TRIAGE", "status")

    def redirects() -> None:
        target = stage.department_of("province.expert")
        old = who("city.expert").step(
            "redirectReferral", seen["leg"], performerDepartment=target, reason="HIGHER_LEVEL_NEEDED"
        )
        expect(old["status"], "REDIRECTED", "status of the old leg")
        narrowed = read(who("city.expert"), old)
        expect((narrowed["accessLevel"], narrowed["clinical"]), ("SUMMARY", None), "the city's view afterwards")
        seen["case"] = old["case"]["id"]
        legs = who("county.doctor").ask(LEGS, id=seen["case"])["case"]["legs"]
        expect([leg["status"] for leg in legs], ["REDIRECTED", "SENT"], "legs")
        seen["leg"] = legs[1]

    def accepts() -> None:
        seen["leg"] = who("province.expert").step(
            "acceptReferral", seen["leg"], instructions="备好既往影像，持续吸氧。"
        )
        expect(seen["leg"]["status"], "ACCEPTED", "status")

    def books() -> None:
        seen["leg"] = who("province.office").step(
            "bookReferral", seen["leg"], kind="BED", place=f"PICU-{uuid4().hex[:6]}", startsAt=soon
        )
        expect(seen["leg"]["status"], "SCHEDULED", "status")

    def departs() -> None:
        seen["leg"] = who("county.doctor").step(
            "departReferral",
            seen["leg"],
            condition="鼻导管吸氧 2 L/min，SpO₂ 95%，神志清。",
            vehicle="湘A·120",
            escort="医生 1、护士 1",
        )
        expect(seen["leg"]["status"], "IN_TRANSIT", "status")

    def arrives() -> None:
        seen["leg"] = who("province.office").step("arriveReferral", seen["leg"])
        seen["leg"] = who("county.doctor").step("sendRecord", seen["leg"], note="病历首页、化验单、影像光盘")
        expect(seen["leg"]["status"], "ARRIVED", "status")

    def refers_down() -> None:
        seen["leg"] = who("province.expert").step(
            "referDown",
            seen["leg"],
            outcome=outcome,
            reason="回当地继续康复",
            consentBy="示例母",
            consentRelation="母亲",
        )
        expect(seen["leg"]["status"], "OUTCOME_RETURNED", "status of the upward leg")
        legs = who("county.expert").ask(LEGS, id=seen["case"])["case"]["legs"]
        expect([leg["direction"] for leg in legs], ["UP", "UP", "DOWN"], "the legs that the county's specialist sees")
        seen["down"] = legs[2]

    def receives() -> None:
        down = who("county.expert").step("acceptReferral", seen["down"])
        down = who("province.doctor").step("departReferral", down, condition="平稳，家属陪同")
        down = who("county.office").step("arriveReferral", down)
        down = who("county.expert").step("returnOutcome", down, outcome=outcome | {"treatment": "康复随访，恢复良好。"})
        seen["down"] = who("province.doctor").step("acknowledgeOutcome", down)
        expect(seen["down"]["status"], "CLOSED", "status of the downward leg")

    def closes() -> None:
        seen["leg"] = who("county.doctor").step("acknowledgeOutcome", seen["leg"])
        expect(seen["leg"]["status"], "CLOSED", "status")
        if who("county.doctor").ask(LEGS, id=seen["case"])["case"]["closedAt"] is None:
            raise Failed("the case is still open")

    def rejected_and_sent_elsewhere() -> None:
        leg = stage.sent()
        other = who("county.doctor").ask(
            '{ departments(capability: "PICU", level: PROVINCE, first: 1) { nodes { id hospital { id } } } }'
        )["departments"]["nodes"][0]
        leg = who("city.expert").step(
            "rejectReferral", leg, reason="NO_BED", alternativeHospital=other["hospital"]["id"]
        )
        expect(read(who("county.doctor"), leg)["clock"]["kind"], "RESEND", "running limit")
        leg = who("county.doctor").step("resendReferral", leg, performerDepartment=other["id"])
        (new,) = read(who("county.doctor"), leg)["followedBy"]
        expect(new["status"], "SENT", "the new leg")

    def diverted_by_advice() -> None:
        leg = who("city.expert").step(
            "adviseReferral",
            stage.sent(),
            advice={"recommendation": "口服阿莫西林，48 小时复查", "redFlags": "气促加重即转"},
        )
        leg = who("county.doctor").step("closeReferral", leg, reason="MANAGED_LOCALLY")
        expect(leg["status"], "CLOSED", "status")

    def cancelled_after_acceptance() -> None:
        leg = who("city.expert").step("acceptReferral", stage.sent())
        leg = who("county.doctor").step("cancelReferral", leg, reason="CONDITION_IMPROVED")
        expect(leg["status"], "CANCELLED", "status")

    def wrong_hospital() -> None:
        leg = stage.sent()
        expect(who("other.doctor").refused(READ, id=leg["id"]), "NOT_FOUND", "reading")
        expect(who("other.expert").code("acceptReferral", leg), "NOT_FOUND", "accepting")
        expect(who("county.admin").refused(READ, id=leg["id"]), "NOT_FOUND", "the administrator reading")

    def two_accept_at_once() -> None:
        leg = stage.sent(to="province.expert")
        codes: list[str] = []
        start = threading.Barrier(2)

        def accept(name: str) -> None:
            start.wait()
            payload = who(name).attempt("acceptReferral", id=leg["id"], expectedVersion=leg["version"])
            codes.append(payload["errors"][0]["code"] if payload["errors"] else "OK")

        threads = [threading.Thread(target=accept, args=(name,)) for name in ("province.expert", "province.expert2")]
        for name in ("province.expert", "province.expert2"):
            who(name)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(sorted(codes), ["INVALID_STATE", "OK"], "answers to two acceptors")

    def doubled_submit() -> None:
        draft, answers = stage.draft(), []
        key = str(uuid4())

        def submit() -> None:
            answers.append(who("county.doctor").step("submitReferral", draft, key=key))

        threads = [threading.Thread(target=submit) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(len(answers), 2, "answers to a doubled submit")
        expect(answers[0], answers[1], "answers to a doubled submit")
        kinds = [event["kind"] for event in read(who("county.doctor"), draft)["events"]]
        expect(kinds, ["create_referral", "submit_referral"], "events after a doubled submit")

    def stale_version() -> None:
        draft = stage.draft()
        who("county.doctor").step("updateReferral", draft, allergies="青霉素")
        expect(who("county.doctor").code("submitReferral", draft), "STALE_VERSION", "a stale page")

    def figures_after() -> None:
        before, after = seen["before"], who("alliance.admin").ask(COVERAGE)["coverage"]
        # Answered: up leg (redirected, then accepted), down leg, rejection, advice, cancelled acceptance, the race.
        grown = {
            name: tuple(after[name][part] - before[name][part] for part in ("numerator", "denominator"))
            for name in ("acceptance", "diversion", "loopClosure")
        }
        expect(grown, {"acceptance": (4, 7), "diversion": (1, 7), "loopClosure": (2, 2)}, "what coverage grew by")

    yield "联盟管理员查看覆盖 · administrator reads the coverage", figures_before
    yield "县医院起草急转诊 · county drafts an urgent referral", drafts
    yield "提交，重复提交得到同一答复 · submits; a repeated key gets the first answer", submits
    yield "转诊办审核通过 · office approves", approves
    yield "市医院查看并认领 · city opens and claims", opens_and_claims
    yield "要求补充资料，县医院补充 · asks for information, county supplies", asks_and_gets
    yield "市医院改转省医院 · city redirects to the province", redirects
    yield "省专家接受 · provincial expert accepts", accepts
    yield "转诊办预约床位 · office books a bed", books
    yield "县医院出发 · county departs", departs
    yield "省医院登记到达，县医院送达病历 · province records arrival, county sends the record", arrives
    yield "回传结果并下转 · outcome returned, referred down", refers_down
    yield "县医院接收下转并闭环 · county receives the patient, province acknowledges", receives
    yield "县医院确认结果，病例结束 · county acknowledges, the case closes", closes
    yield "被拒绝后转往他院 · rejected, sent elsewhere", rejected_and_sent_elsewhere
    yield "专家建议后本地处理 · diverted by advice", diverted_by_advice
    yield "接受后取消 · cancelled after acceptance", cancelled_after_acceptance
    yield "无关医院：不存在 · another hospital sees NOT_FOUND", wrong_hospital
    yield "两位专家同时接受，仅一人成功 · two accept at once, one wins", two_accept_at_once
    yield "重复提交只有一次效果 · a doubled submit has one effect", doubled_submit
    yield "过期页面得到明确冲突 · a stale version is a clear conflict", stale_version
    yield "覆盖数字随故事变化 · coverage counts what followed", figures_after
