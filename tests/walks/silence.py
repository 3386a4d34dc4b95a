"""The same night with nobody on duty: silence widens the call and climbs the ladder until somebody is alarmed.

Nobody waits for minutes: the clock of the demonstration is put ahead. Standard library only.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.walks.client import Failed, Person
from tests.walks.story import PASSWORD, expect

KIND = "CRITICAL_CHILD"
ON_DUTY = "query($department: ID!) { onDuty(department: $department) { person { name } } }"
CALL = """query($id: ID!) { referral(id: $id) { id version status events { kind }
    clocks { kind holder remainingMinutes stoppedAt hospital { name } }
    offers { id version status ring callDueAt unconfirmed performerHospital { id name } clock { kind holder overdue }
             events { kind reasonCode } } } }"""
NOTICES = """query($after: String) { notices(unread: true, first: 100, after: $after) {
    nodes { kind subjectId } pageInfo { hasNextPage endCursor } } }"""


@dataclass
class Silence:
    """The people of the story by their parts, and a way to let minutes pass."""

    url: str
    cast: Mapping[str, str]
    ahead: Callable[[int], None]
    people: dict[str, Person] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def who(self, part: str) -> Person:
        """Somebody of the cast, signed in at the first call."""
        if part not in self.people:
            self.people[part] = Person(self.url, self.cast[part], PASSWORD)
        return self.people[part]

    def department(self) -> str:
        """The department that calls."""
        roles = self.who("county.doctor").ask("{ me { roles { department { id } } } }")["me"]["roles"]
        return str(next(role["department"]["id"] for role in roles if role["department"]))

    def call(self, *targets: str) -> dict[str, Any]:
        """A call to these departments."""
        return self.who("county.doctor").do(
            "activateGreenChannel",
            kind=KIND,
            requesterDepartment=self.department(),
            targets=list(targets),
            summary="高热 2 天，意识模糊 1 小时，血压 70/35",
        )

    def read(self, leg: Mapping[str, Any]) -> dict[str, Any]:
        """A call with its offers, as the sender sees it."""
        return dict(self.who("county.doctor").ask(CALL, id=leg["id"])["referral"])

    def silent_offer(self, leg: Mapping[str, Any]) -> dict[str, Any]:
        """The offer to the hospital where nobody is on duty."""
        return next(row for row in self.read(leg)["offers"] if row["performerHospital"]["id"] == self.seen["hospital"])

    def reminders(self, leg: Mapping[str, Any]) -> list[str]:
        """The rungs of which the silent offer's trail tells, in order."""
        return [row["reasonCode"] for row in self.silent_offer(leg)["events"] if row["kind"] == "escalate"]

    def reminded(self, part: str, offer: Mapping[str, Any]) -> int:
        """How many unread reminders of an offer somebody has."""
        found, page = 0, {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            told = self.who(part).ask(NOTICES, after=page["endCursor"])["notices"]
            found += sum((row["kind"], row["subjectId"]) == ("escalate", offer["id"]) for row in told["nodes"])
            page = told["pageInfo"]
        return found


def told(story: Silence) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every step of the silence with its name, in order."""
    who, seen = story.who, story.seen

    def nobody_is_there() -> None:
        roles = who("silent.expert").ask("{ me { roles { hospital { id } department { id } } } }")["me"]["roles"]
        seen["hospital"], seen["department"] = roles[0]["hospital"]["id"], roles[0]["department"]["id"]
        expect(who("county.doctor").ask(ON_DUTY, department=seen["department"])["onDuty"], [], "the roster")

    def calls() -> None:
        seen["leg"] = story.call(seen["department"])
        offer = story.silent_offer(seen["leg"])
        expect((offer["status"], offer["ring"], offer["clock"]["holder"]), ("ASKED", 1, "PERFORMER"), "the call")

    def widens() -> None:
        story.ahead(11)
        leg = story.read(seen["leg"])
        rings = {row["ring"] for row in leg["offers"]}
        if len(leg["offers"]) < 2 or max(rings) < 2:
            raise Failed(f"no second ring was called: {leg['offers']}")
        expect("widen_on_silence" in [row["kind"] for row in leg["events"]], True, "the silence on the trail")
        offer = story.silent_offer(leg)
        expect((offer["clock"]["overdue"], bool(offer["callDueAt"])), (True, True), "whom to telephone")

    def alarms() -> None:
        story.ahead(10)
        found = story.reminders(seen["leg"])
        for rung in ("DUTY_EMPTY", "HEAD_EMPTY", "HOSPITAL", "ALLIANCE"):
            if rung not in found:
                raise Failed(f"no reminder of {rung} on the trail: {found}")
        offer = story.silent_offer(seen["leg"])
        for part in ("silent.admin", "alliance.admin"):
            if not story.reminded(part, offer):
                raise Failed(f"{part} was not alarmed")

    def is_phoned() -> None:
        other = story.call(seen["department"])
        offer = story.silent_offer(other)
        who("county.doctor").step("recordPhoneAnswer", offer, of="offer", answer="CAN_TAKE", spokenWith="总值班")
        expect(story.silent_offer(other)["unconfirmed"], True, "the telephone's answer")
        seen["other"] = other

    def dies() -> None:
        leg = story.read(seen["leg"])
        ended = who("county.doctor").step("recordDeath", leg, comment="抢救无效")
        expect(ended["status"], "CLOSED", "status")
        who("county.doctor").step("standDown", story.read(seen["other"]), reason="RULED_OUT")
        legs = (seen["leg"], seen["other"])
        before = [story.reminders(leg) for leg in legs]
        heard = [story.reminded(part, story.silent_offer(seen["leg"])) for part in ("silent.admin", "alliance.admin")]
        story.ahead(20)
        expect([story.reminders(leg) for leg in legs], before, "reminders after the end")
        after = [story.reminded(part, story.silent_offer(seen["leg"])) for part in ("silent.admin", "alliance.admin")]
        expect(after, heard, "alarms after the end")
        running = [clock for leg in legs for clock in story.read(leg)["clocks"] if clock["stoppedAt"] is None]
        expect([clock["kind"] for clock in running if clock["kind"] != "EXPIRY"], [], "limits that still run")

    yield "值班表为空的科室 · a department with an empty roster", nobody_is_there
    yield "呼叫发出，无人应答 · it is called, nobody answers", calls
    yield "沉默即扩大询问，并提示电话 · silence widens the call and says whom to phone", widens
    yield "逐级升级，医院与联盟收到警报 · the ladder climbs, hospital and alliance are alarmed", alarms
    yield "电话答复暂记，等待确认 · a telephone answer is noted, to be confirmed", is_phoned
    yield "死亡或终止后，提醒立即停止 · death or stand-down stops every reminder", dies
