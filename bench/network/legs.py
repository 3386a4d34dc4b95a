"""One referral after another with all that hangs on it, as a province would have written them in two years.

Most go from county to province and city, a seventh come back down; what is old is closed, what is young is on its way,
one in fifty was forgotten on the way. The same number gives the same referrals but for the random part of keys.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from bench.network.places import Network, Ward
from bench.network.table import Table
from consortium import cipher, search
from consortium.identity import id_check_digit
from consortium.models import ClockRun, Event, Notice, Patient
from consortium.models.sealed import place
from referrals.models import (
    Attachment,
    Booking,
    Case,
    ClinicalSummary,
    Diagnosis,
    InformationRequest,
    Outcome,
    Referral,
)

SPAN = timedelta(days=730)
MODELS = (
    Patient,
    Case,
    ClinicalSummary,
    Diagnosis,
    Referral,
    Event,
    Notice,
    ClockRun,
    Attachment,
    InformationRequest,
    Booking,
    Outcome,
)
# Step, state after it, whether the receiver takes it, mean hours since the step before.
WRITTEN = [("create_referral", "DRAFT", False, 0), ("submit_referral", "SENT", False, 0.5)]
SEEN = [("claim_referral", "IN_TRIAGE", True, 2)]
ASKED = [("request_information", "INFO_NEEDED", True, 1), ("supply_information", "IN_TRIAGE", False, 5)]
TAKEN = [("accept_referral", "ACCEPTED", True, 4), ("book_referral", "SCHEDULED", True, 8)]
TREATED = [
    ("arrive_referral", "ARRIVED", True, 48),
    ("return_outcome", "OUTCOME_RETURNED", True, 120),
    ("acknowledge_outcome", "CLOSED", False, 24),
]
STORIES = [
    (58, [*WRITTEN, *SEEN, *TAKEN, *TREATED]),
    (16, [*WRITTEN, *SEEN, *ASKED, *TAKEN, *TREATED]),
    (12, [*WRITTEN, *SEEN, ("advise_referral", "ADVISED", True, 6), ("close_referral", "CLOSED", False, 20)]),
    (6, [*WRITTEN, *SEEN, ("reject_referral", "REJECTED", True, 6), ("close_referral", "CLOSED", False, 20)]),
    (5, [*WRITTEN, ("cancel_referral", "CANCELLED", False, 12)]),
    (3, WRITTEN[:1]),
]
WEIGHTS = [weight for weight, _story in STORIES]
DECISIONS = {"accept_referral": "ACCEPTED", "advise_referral": "ADVISED", "reject_referral": "REJECTED"}
ENDINGS = {"acknowledge_outcome": "COMPLETED", "close_referral": "LOCAL", "cancel_referral": "CANCELLED"}
LIMITS = {"SENT": "TRIAGE", "IN_TRIAGE": "TRIAGE", "ACCEPTED": "BOOKING", "ARRIVED": "OUTCOME"}
FAMILY = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉梅鑫雪浩宇轩梓涵欣怡子墨诗雨晨曦"
SUMMARY = "发热、咳嗽 3 天，气促 1 天；当地予抗感染治疗后无明显好转。查体：双肺可闻及湿啰音。" * 2


@dataclass
class Told:
    """What a story made of a referral."""

    status: str = ""
    columns: dict[str, Any] = field(default_factory=dict)


class Legs:
    """The generator: `tables` fill with each `write`."""

    def __init__(self, network: Network, *, seed: int, until: datetime) -> None:
        self.network, self.until, self.chance = network, until, Random(seed)  # noqa: S311 (no secret)
        self.tables = {model: Table(model) for model in MODELS}
        self.who = Patient()  # stands for each row in turn, where its sealed columns ask for one

    def key(self, at: datetime) -> str:
        """A key of version 7 that says this moment."""
        milli, rest = divmod(int(at.timestamp() * 1_000_000), 1000)
        lot = f"{2 << 62 | self.chance.getrandbits(62):016x}"
        head = f"{milli:012x}"
        return f"{head[:8]}-{head[8:]}-7{rest * 4096 // 1000:03x}-{lot[:4]}-{lot[4:]}"

    def write(self, n: int, of: int) -> None:
        """The n-th of so many referrals, the earliest first; busier by day and in winter."""
        chance = self.chance
        created = self.until - SPAN * (1 - (n + chance.random()) / of)
        created = created.replace(microsecond=created.microsecond or 1)
        down = chance.random() < 0.14
        first, second = self.network.senders.draw(chance), self.network.receivers.draw(chance)
        sender, receiver = (second, first) if down else (first, second)
        patient, case, summary, leg = (self.key(created) for _ in range(4))
        self._patient(patient, n, created, sender)
        told = self._story(case, leg, created, sender, receiver)
        columns = told.columns
        self.tables[Case].add(
            id=case,
            number=f"C{n:09d}",
            patient_id=patient,
            origin_id=sender.hospital,
            opened_at=created,
            closed_at=columns.get("closed_at"),
        )
        self.tables[ClinicalSummary].add(
            id=summary, case_id=case, summary=SUMMARY, vitals={"temperature": 38.5, "spo2": 94.0}, exams="[]"
        )
        for rank, concept in enumerate(chance.sample(self.network.diagnoses, chance.choice((1, 1, 2, 3))), start=1):
            self.tables[Diagnosis].add(id=self.key(created), summary_id=summary, concept_id=concept, rank=rank)
        able = chance.choice(self.network.capabilities[:12]) if chance.random() < 0.3 else None
        self.tables[Referral].add(
            id=leg,
            number=f"R{n:09d}",
            case_id=case,
            clinical_id=summary,
            status=told.status,
            requester_hospital_id=sender.hospital,
            requester_department_id=sender.department,
            performer_hospital_id=receiver.hospital,
            performer_department_id=receiver.department,
            created_by_id=sender.person,
            created_at=created,
            direction="DOWN" if down else "UP",
            reason="病情超出本院诊治能力，请求接收。",
            needed_capability_id=able,
            consent_by="家属",
            consent_relation="本人",
            consent_at=created,
            **columns,
        )

    def _patient(self, key: str, n: int, at: datetime, sender: Ward) -> None:
        chance = self.chance
        name = chance.choice(FAMILY) + chance.choice(GIVEN) + (chance.choice(GIVEN) if chance.random() < 0.8 else "")
        # Counties, days and the three digits of a day: 49 million numbers, each given once.
        day, order = divmod(n, 999)
        area, day = divmod(day, 25_000)
        born = date(1940, 1, 1) + timedelta(days=day)
        first17 = f"{430100 + area:06d}{born:%Y%m%d}{order + 1:03d}"
        number = first17 + id_check_digit(first17)
        self.who.pk = key  # as it is written
        sealed = {
            name: cipher.seal(value, place=place(self.who, Patient._meta.get_field(name)))
            for name, value in (("id_number", number), ("phone", f"139{n % 10**8:08d}"))
        }
        self.tables[Patient].add(
            id=key,
            name=name,
            name_grams=search.grams(name),
            sex="MALE" if order % 2 == 0 else "FEMALE",
            birth_date=born,
            id_mark=cipher.mark(number),
            guardian_phone=b"",
            address="某县某乡",
            registered_at=at,
            registered_by_hospital_id=sender.hospital,
            **sealed,
        )

    def _story(self, case: str, leg: str, created: datetime, sender: Ward, receiver: Ward) -> Told:
        """What happened to it until now: events, notices, limits and what the steps left behind."""
        chance, at, told, before, version = self.chance, created, Told(), "", 0
        (_weight, story), priority = (
            chance.choices(STORIES, WEIGHTS)[0],
            chance.choices((1, 2, 3, 4), (2, 8, 25, 65))[0],
        )
        forgotten = chance.randrange(1, 8) if chance.random() < 0.02 else len(story)
        columns: dict[str, Any] = {"priority": priority}
        runs: dict[str, datetime] = {}
        for step, status, there, hours in story[:forgotten]:
            at += timedelta(hours=chance.expovariate(1 / hours)) if hours else timedelta()
            if at > self.until:
                break
            version, when = version + 1, at.isoformat()
            here, other = (receiver, sender) if there else (sender, receiver)
            event = self.key(at)
            self.tables[Event].add(
                id=event,
                kind=step,
                subject_kind="referral",
                subject_id=leg,
                thread_id=case,
                version=version,
                from_status=before,
                to_status=status,
                event_at=when,
                recorded_at=when,
                actor_id=here.person,
                actor_role="EXPERT" if there else "REFERRING_DOCTOR",
                actor_hospital_id=here.hospital,
                detail="{}",
            )
            if step != "create_referral":
                self.tables[Notice].add(id=self.key(at), event_id=event, person_id=other.person, created_at=when)
            self._left_behind(step, at, leg, case, here, columns)
            self._limits(status, before, at, leg, case, (sender, receiver), columns, runs)
            before = status
        if running := columns.get("clock_kind"):
            rule, minutes = self.network.rules[running, priority]
            self.tables[ClockRun].add(**self._run(leg, case, running, rule, minutes, runs[running], receiver))
        told.status = before
        told.columns = columns | {"version": version}
        return told

    def _left_behind(self, step: str, at: datetime, leg: str, case: str, here: Ward, columns: dict[str, Any]) -> None:
        """The columns and rows that a step writes beside its event."""
        chance, tables = self.chance, self.tables
        if step in DECISIONS:
            columns |= {"decided_at": columns.get("decided_at") or at, "decision": DECISIONS[step]}
        if step in ENDINGS:
            columns |= {"closed_at": at, "ending": ENDINGS[step]}
        if step == "submit_referral":
            columns["sent_at"] = at
            for _ in range(chance.choices((0, 1, 2, 3), (55, 25, 15, 5))[0]):
                tables[Attachment].add(
                    id=self.key(at),
                    case_id=case,
                    referral_id=leg,
                    name="检查报告.pdf",
                    media_type="application/pdf",
                    size=chance.randrange(50_000, 2_000_000),
                    sha256=f"{chance.getrandbits(256):064x}",
                    file=f"bench/{leg}.pdf",
                    added_at=at,
                    added_by_id=here.person,
                )
        elif step == "claim_referral":
            columns |= {"opened_at": at, "claimed_by_id": here.person}
        elif step == "request_information":
            tables[InformationRequest].add(
                id=self.key(at),
                referral_id=leg,
                items='["LAB"]',
                note="请补充近三日检验结果。",
                asked_at=at,
                answer="见附件。",
                answered_at=at,
            )
        elif step == "book_referral":
            tables[Booking].add(
                id=self.key(at),
                referral_id=leg,
                department_id=here.department,
                kind="BED",
                place=leg,
                starts_at=at,
                ends_at=at + timedelta(days=2),
                letter="请携带本通知就诊。",
                state="USED",
            )
        elif step == "arrive_referral":
            columns["arrived_at"] = at
        elif step == "return_outcome":
            tables[Outcome].add(
                id=self.key(at),
                referral_id=leg,
                version=1,
                treatment="抗感染治疗 7 天，好转出院。",
                returned_at=at,
                returned_by_id=here.person,
            )

    def _limits(
        self,
        status: str,
        before: str,
        at: datetime,
        leg: str,
        case: str,
        ends: tuple[Ward, Ward],
        columns: dict[str, Any],
        runs: dict[str, datetime],
    ) -> None:
        """Stop the limit that the state ends, begin the one that it starts."""
        now, was = LIMITS.get(status), columns.get("clock_kind", "")
        if status == "INFO_NEEDED" or now == was:
            return
        performer, table = ends[1], self.tables[ClockRun]
        if was:
            rule, minutes = self.network.rules[was, columns["priority"]]
            began = runs[was]
            taken = int((at - began).total_seconds())
            table.add(
                **self._run(leg, case, was, rule, minutes, began, performer),
                taken_seconds=taken,
                stopped_at=at,
                met=taken <= minutes * 60,
            )
        columns |= {"clock_kind": "", "clock_holder": "", "clock_started_at": None, "due_at": None}
        if now and (now, columns["priority"]) in self.network.rules:
            minutes = self.network.rules[now, columns["priority"]][1]
            runs[now] = at
            columns |= {
                "clock_kind": now,
                "clock_holder": "PERFORMER",
                "clock_started_at": at,
                "due_at": at + timedelta(minutes=minutes),
            }

    def _run(
        self, leg: str, case: str, kind: str, rule: str, minutes: int, began: datetime, holder: Ward
    ) -> dict[str, Any]:
        return {
            "id": self.key(began),
            "subject_kind": "referral",
            "subject_id": leg,
            "thread_id": case,
            "kind": kind,
            "turn": 1,
            "rule_id": rule,
            "target_minutes": minutes,
            "holder": "PERFORMER",
            "hospital_id": holder.hospital,
            "department_id": holder.department,
            "started_at": began,
            "due_at": began + timedelta(minutes=minutes),
        }
