"""A small network to test in: five hospitals, one person per role and place, and referrals in every state.

The standard referral goes from the county hospital to the provincial one, for a child of four who needs the PICU.
`World.referral` brings one into a state by real steps only; `World.take` takes one step with sensible inputs;
`World.attempt` takes it, undoes it, and says what came of it.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext

from consortium import access, grants
from consortium.access import Actor
from consortium.errors import Refused
from consortium.identity import credit_check_digit, id_check_digit
from consortium.models import Capability, Concept, Department, Event, Hospital, Person, Priority
from consortium.roles import HELD_AT, Place, Role
from referrals import actions
from referrals.models import Case, Offer, OfferStatus, Referral, Status

CHINA = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
OK = "OK"

DOCTOR, OFFICE, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT, Role.HOSPITAL_ADMIN

# name: (division, level, office review of what it sends)
HOSPITALS = {
    "county": ("430121", "COUNTY", "ROUTINE_ONLY"),
    "city": ("430100", "CITY", "NEVER"),
    "province": ("430000", "PROVINCE", "NEVER"),
    "province2": ("430000", "PROVINCE", "NEVER"),
    "foreign": ("430181", "COUNTY", "NEVER"),
}
# A second department of the two hospitals between which the standard referral goes.
OTHERS = ("county.other", "province.other")
CLINICAL = [role for role in Role if Place.DEPARTMENT in HELD_AT[role]]
COLLEAGUES = (DOCTOR, OFFICE, EXPERT)

# Who takes each step of the standard referral.
COUNTY_DOCTOR, COUNTY_OFFICE = ("county", DOCTOR), ("county", OFFICE)
EXPERT_THERE, OFFICE_THERE = ("province", EXPERT), ("province", OFFICE)
BY: dict[str, tuple[str, Role]] = {
    "update_referral": COUNTY_DOCTOR,
    "submit_referral": COUNTY_DOCTOR,
    "approve_referral": COUNTY_OFFICE,
    "return_referral": COUNTY_OFFICE,
    "open_referral": EXPERT_THERE,
    "claim_referral": EXPERT_THERE,
    "release_referral": EXPERT_THERE,
    "request_information": EXPERT_THERE,
    "supply_information": COUNTY_DOCTOR,
    "accept_referral": EXPERT_THERE,
    "waitlist_referral": EXPERT_THERE,
    "advise_referral": EXPERT_THERE,
    "reject_referral": EXPERT_THERE,
    "redirect_referral": EXPERT_THERE,
    "resend_referral": COUNTY_DOCTOR,
    "close_referral": COUNTY_DOCTOR,
    "book_referral": OFFICE_THERE,
    "reschedule_referral": OFFICE_THERE,
    "lose_booking": OFFICE_THERE,
    "hold_referral": COUNTY_DOCTOR,
    "resume_referral": COUNTY_DOCTOR,
    "depart_referral": COUNTY_DOCTOR,
    "turn_back_referral": COUNTY_DOCTOR,
    "arrive_referral": OFFICE_THERE,
    "record_no_show": OFFICE_THERE,
    "send_record": COUNTY_DOCTOR,
    "return_outcome": EXPERT_THERE,
    "refer_down": EXPERT_THERE,
    "acknowledge_outcome": COUNTY_DOCTOR,
    "amend_outcome": EXPERT_THERE,
    "record_follow_up": COUNTY_DOCTOR,
    "cancel_referral": COUNTY_DOCTOR,
    "record_death": COUNTY_DOCTOR,
    "confirm_expiry": COUNTY_DOCTOR,
    "report_error": COUNTY_DOCTOR,
    "confirm_error": ("county", ADMIN),
    "broadcast_down": EXPERT_THERE,
    # The green channel: steps of the leg, then of an offer.
    "identify_patient": COUNTY_DOCTOR,
    "widen_broadcast": COUNTY_DOCTOR,
    "choose_offer": COUNTY_DOCTOR,
    "give_consent": COUNTY_DOCTOR,
    "refuse_consent": COUNTY_DOCTOR,
    "divert_referral": COUNTY_DOCTOR,
    "sign_handover": COUNTY_DOCTOR,
    "stand_down": COUNTY_DOCTOR,
    "record_milestone": COUNTY_DOCTOR,
    "review_quality": EXPERT_THERE,
    "record_phone_answer": COUNTY_DOCTOR,
    "read_offer": EXPERT_THERE,
    "negotiate_offer": EXPERT_THERE,
    "offer_place": EXPERT_THERE,
    "decline_offer": EXPERT_THERE,
    "confirm_phone_answer": EXPERT_THERE,
}
# The steps that bring the standard referral into a state; "propose_expiry" is the clock's.
PATHS: dict[Status, list[str]] = {
    Status.DRAFT: [],
    Status.OFFICE_REVIEW: ["submit_referral"],
    Status.BROADCAST: [],
    Status.SENT: ["submit_referral"],
    Status.IN_TRIAGE: ["submit_referral", "claim_referral"],
    Status.INFO_NEEDED: ["submit_referral", "claim_referral", "request_information"],
    Status.ACCEPTED: ["submit_referral", "accept_referral"],
    Status.WAITLISTED: ["submit_referral", "waitlist_referral"],
    Status.ADVISED: ["submit_referral", "advise_referral"],
    Status.REJECTED: ["submit_referral", "reject_referral"],
    Status.REDIRECTED: ["submit_referral", "redirect_referral"],
    Status.SCHEDULED: ["submit_referral", "accept_referral", "book_referral"],
    Status.ON_HOLD: ["submit_referral", "accept_referral", "hold_referral"],
    Status.IN_TRANSIT: ["submit_referral", "accept_referral", "book_referral", "depart_referral"],
    Status.ARRIVED: ["submit_referral", "accept_referral", "book_referral", "depart_referral", "arrive_referral"],
    Status.NO_SHOW: ["submit_referral", "accept_referral", "book_referral", "record_no_show"],
    Status.OUTCOME_RETURNED: ["submit_referral", "accept_referral", "arrive_referral", "return_outcome"],
    Status.CLOSED: ["submit_referral", "accept_referral", "arrive_referral", "return_outcome", "acknowledge_outcome"],
    Status.CANCELLED: ["submit_referral", "accept_referral", "cancel_referral"],
    Status.ENTERED_IN_ERROR: ["submit_referral", "report_error", "confirm_error"],
}
ON_THE_ROAD = ["give_consent", "depart_referral"]
THERE = [*ON_THE_ROAD, "sign_handover", "sign_there", "arrive_referral"]
# The steps that bring a green-channel leg into a state, from where its hospital was chosen.
GREEN_PATHS: dict[Status, list[str]] = {
    Status.BROADCAST: [],
    Status.ACCEPTED: [],
    Status.SCHEDULED: ["book_referral"],
    Status.ON_HOLD: ["hold_referral"],
    Status.IN_TRANSIT: ON_THE_ROAD,
    Status.REDIRECTED: [*ON_THE_ROAD, "divert_referral"],
    Status.ARRIVED: THERE,
    Status.OUTCOME_RETURNED: [*THERE, "return_outcome"],
    Status.CLOSED: [*THERE, "return_outcome", "acknowledge_outcome"],
    Status.CANCELLED: ["refuse_consent"],
    Status.ENTERED_IN_ERROR: ["report_error", "confirm_error"],
}
OUTCOME = {
    "diagnoses": ["J18.900"],
    "diagnosis_note": "右下肺",
    "treatment": "抗感染 7 天",
    "drugs": "阿莫西林",
    "red_flags": "再次高热",
    "rehabilitation": "呼吸训练",
    "follow_up_date": date(2026, 3, 9),
}

_patients = count(1)


def id_number(birth: date, n: int) -> str:
    """An invented resident identity number with a right check digit; odd `n` is male."""
    first17 = f"{430121 + n // 1000}{birth:%Y%m%d}{n % 1000:03d}"
    return first17 + id_check_digit(first17)


def patient(birth: date = date(2022, 1, 5), **given: Any) -> dict[str, Any]:
    """An invented patient, another one on each call; a child with a guardian unless told otherwise."""
    n = next(_patients)
    guardian = {"guardian_name": "李四", "guardian_relation": "母亲"}
    return {"name": f"王小{'一二三四五六七八九十'[n % 10]}", "id_number": id_number(birth, n)} | guardian | given


WRITES = re.compile(r"\b(insert into|delete from|(?<!for )(?<!key )update)\b", re.IGNORECASE)


def spelled_out(sql: str) -> str:
    """A statement of this connection, by its text where it is named by what was prepared."""
    _driver, known = getattr(connection, "prepared", (None, {}))
    return next((text for text, (name, _values) in known.items() if f"execute {name}" in sql), sql)


@dataclass(frozen=True)
class Attempt:
    """What came of a step that was taken and undone: its code (or OK), the field it names, and what it wrote."""

    code: str
    field: str | None = None
    message: str = ""
    writes: tuple[str, ...] = ()


@dataclass
class World:
    """The hospitals by name, their departments, and the people by (place, role, number)."""

    hospitals: dict[str, Hospital]
    departments: dict[str, Department]
    people: dict[tuple[str, Role, int], Person]
    picu: Capability
    now: datetime = NOW
    actors: dict[tuple[str, Role, int], Actor] = field(default_factory=dict)

    @classmethod
    def make(cls) -> "World":
        """Store the network; the catalogues must be there."""
        specialty = {c.code: c for c in Concept.objects.filter(system="SPECIALTY", code__in=["03", "07"])}
        hospitals, departments = {}, {}
        for n, (name, (division, level, review)) in enumerate(HOSPITALS.items(), start=1):
            first17 = f"12{division}4448{n:05d}"
            hospitals[name] = Hospital.objects.create(
                credit_code=first17 + credit_check_digit(first17),
                name=f"{name}医院",
                level=level,
                division_id=division,
                outgoing_review=review,
            )
            departments[name] = Department.objects.create(
                hospital=hospitals[name], name="儿科", specialty=specialty["07"]
            )
        for name in OTHERS:
            hospital = hospitals[name.partition(".")[0]]
            departments[name] = Department.objects.create(hospital=hospital, name="内科", specialty=specialty["03"])
        picu = Capability.objects.create(
            department=departments["province"],
            kind=Concept.objects.get(system="CAPABILITY", code="PICU"),
            beds_total=30,
            beds_free=20,
            as_of=NOW - timedelta(hours=1),
        )
        world = cls(hospitals, departments, {}, picu)
        world._enrol()
        return world

    def _enrol(self) -> None:
        """One person per role and place, and a colleague of each doctor, expert and office."""
        keys = [(place, role, 1) for place in HOSPITALS for role in Role]
        keys += [(place, role, 2) for place in HOSPITALS for role in COLLEAGUES]
        keys += [(place, role, 1) for place in OTHERS for role in CLINICAL]
        made = Person.objects.bulk_create(
            Person(username=f"{place}-{role}-{n}", name=f"{place} {role} {n}") for place, role, n in keys
        )
        self.people = dict(zip(keys, made, strict=True))
        grants.enrol(
            ((self.people[key], key[1], self.place(key[0], key[1])) for key in keys),
            starts_at=self.now - timedelta(days=1),
        )
        grants.sync()

    def place(self, name: str, role: Role) -> Any:
        """Where a role is held at a place of this world: the department if possible, else hospital, else division."""
        if Place.DEPARTMENT in HELD_AT[role]:
            return self.departments[name]
        hospital = self.hospitals[name.partition(".")[0]]
        return hospital if Place.HOSPITAL in HELD_AT[role] else hospital.division

    def actor(self, place: str, role: Role, n: int = 1) -> Actor:
        """The person of a role at a place, as somebody who acts now; read once."""
        key = (place, role, n)
        if key not in self.actors:
            self.actors[key] = access.actor(self.people[key], now=self.now)
        return self.actors[key]

    def newcomer(self, name: str, *held: tuple[str, Role]) -> Actor:
        """Another person with these roles at these places."""
        person = Person.objects.create(username=name, name=name)
        wanted = [(person, role, self.place(place, role)) for place, role in held]
        grants.enrol(wanted, starts_at=self.now - timedelta(days=1))
        grants.sync()
        return access.actor(person, now=self.now)

    def draft(self, *, by: Actor | None = None, **given: Any) -> Referral:
        """A complete draft of the standard referral."""
        written = {
            "patient": given.pop("patient", None) or patient(),
            "requester_department": self.departments["county"].pk,
            "performer_department": self.departments["province"].pk,
            "priority": Priority.URGENT,
            "needed_capability": "PICU",
            "reason": "重症肺炎，请求 PICU",
            "summary": "发热 3 天，气促 1 天",
            "diagnoses": ["J18.900"],
            "vitals": {"temperature": 39.5, "spo2": 91.0},
            "allergies": "青霉素",
            "consent_by": "李四",
            "consent_relation": "母亲",
            "now": self.now,
        }
        return actions.create_referral(by=by or self.actor(*COUNTY_DOCTOR), **written | given)

    def call(self, *, by: Actor | None = None, **given: Any) -> Referral:
        """A green-channel call for a critical child from the county; the province is asked, being the one able."""
        written = {
            "kind": "CRITICAL_CHILD",
            "requester_department": self.departments["county"].pk,
            "patient": {"name": "王小急", "sex": "MALE", "birth_date": date(2022, 1, 5), "guardian_name": "李四"},
            "targets": [self.departments["province"].pk],
            "summary": "高热 2 天，意识模糊 1 小时，血压 60/30",
            "now": self.now,
        }
        return actions.activate_green_channel(by=by or self.actor(*COUNTY_DOCTOR), **written | given)

    def offer(self, status: OfferStatus = OfferStatus.ASKED, *, of: Referral | None = None, **given: Any) -> Offer:
        """The province's offer of a call, brought into a state by real steps."""
        referral = of or self.call(**given)
        steps = {
            OfferStatus.ASKED: [],
            OfferStatus.READ: ["read_offer"],
            OfferStatus.NEGOTIATING: ["negotiate_offer"],
            OfferStatus.OFFERED: ["offer_place"],
            OfferStatus.DECLINED: ["decline_offer"],
            OfferStatus.CHOSEN: ["offer_place"],
        }
        offer = referral.offers.get(performer_hospital=self.hospitals["province"])
        for step in steps.get(status, []):
            offer = self.take(step, offer)
        if status == OfferStatus.CHOSEN:
            self.take("choose_offer", referral, only={"offer": offer.pk})
        if status == OfferStatus.WITHDRAWN:
            self.take("stand_down", referral)
        if status == OfferStatus.RELEASED:
            self.take("widen_broadcast", referral, only={"targets": [self.departments["province2"].pk]})
            other = referral.offers.get(performer_hospital=self.hospitals["province2"])
            other = self.take("offer_place", other, by=self.actor("province2", EXPERT))
            self.take("choose_offer", self.read(referral), only={"offer": other.pk})
        offer = Offer.objects.select_related(*Offer.LOADED).get(pk=offer.pk)
        assert offer.status == status, f"{offer.status} instead of {status}"
        return offer

    def green(self, status: Status, **given: Any) -> Referral:
        """A green-channel leg in a state, brought there by real steps."""
        offer = self.offer(OfferStatus.ASKED if status == Status.BROADCAST else OfferStatus.CHOSEN, **given)
        referral = self.read(offer.referral)
        for step in GREEN_PATHS[status]:
            by = self.actor(*EXPERT_THERE) if step == "sign_there" else None
            referral = self.take(step.replace("sign_there", "sign_handover"), self.read(referral), by=by)
        assert referral.status == status, f"{referral.status} instead of {status}"
        return self.read(referral)

    def referral(self, status: Status, **given: Any) -> Referral:
        """The standard referral in a state, brought there by the steps of `PATHS`."""
        if status == Status.OFFICE_REVIEW:
            given.setdefault("priority", Priority.ROUTINE)
        referral = self.call(**given) if status == Status.BROADCAST else self.draft(**given)
        for step in PATHS[status]:
            # Nobody can miss an appointment before its time.
            now = self.now + timedelta(hours=3) if step == "record_no_show" else self.now
            referral = self.take(step, referral, now=now)
        assert referral.status == status, f"{referral.status} instead of {status}"
        return self.read(referral)

    def read(self, referral: Referral) -> Referral:
        """The referral as it is stored now, with all that a step reads."""
        return Referral.objects.select_related(*Referral.LOADED).get(pk=referral.pk)

    def inputs(self, step: str) -> dict[str, Any]:
        """Inputs that every standard referral accepts for a step."""
        later = self.now + timedelta(hours=2)
        given: dict[str, dict[str, Any]] = {
            "update_referral": {"summary": "补充：呼吸困难加重"},
            "return_referral": {"reason": "MISSING_EXAM"},
            "request_information": {"items": ["BLOOD_COUNT", "CURRENT_VITALS"]},
            "supply_information": {"answer": "白细胞 20"},
            "accept_referral": {"instructions": "请带齐影像"},
            "waitlist_referral": {"instructions": "等候通知"},
            "advise_referral": {"advice": {"recommendation": "就地抗感染"}},
            "reject_referral": {"reason": "NO_BED", "alternative_hospital": self.hospitals["province2"].pk},
            "redirect_referral": {
                "performer_department": self.departments["province2"].pk,
                "reason": "BED_AVAILABLE_ELSEWHERE",
            },
            "resend_referral": {"performer_department": self.departments["city"].pk},
            "close_referral": {"reason": "MANAGED_LOCALLY"},
            "book_referral": {"kind": "BED", "place": f"{next(_patients)} 床", "starts_at": later},
            "reschedule_referral": {
                "reason": "BED_DELAYED",
                "kind": "BED",
                "place": f"{next(_patients)} 床",
                "starts_at": later + timedelta(hours=1),
            },
            "lose_booking": {"reason": "BED_CLOSED"},
            "hold_referral": {"reason": "STABILISATION", "review_at": self.now + timedelta(days=2)},
            "depart_referral": {"condition": "平稳", "vehicle": "湘A 12345", "eta": self.now + timedelta(minutes=90)},
            "turn_back_referral": {"reason": "ROAD_BLOCKED"},
            "record_no_show": {"reason": "UNREACHABLE"},
            "send_record": {"note": "全部病历与影像"},
            "return_outcome": {"outcome": OUTCOME},
            "refer_down": {
                "outcome": OUTCOME,
                "reason": "回当地康复",
                "consent_by": "李四",
                "consent_relation": "母亲",
            },
            "amend_outcome": {"outcome": OUTCOME | {"treatment": "抗感染 10 天"}},
            "record_follow_up": {"note": "电话随访，恢复良好"},
            "cancel_referral": {"reason": "CONDITION_IMPROVED"},
            "record_death": {"comment": "抢救无效"},
            "confirm_expiry": {"reason": "NO_RESPONSE"},
            "report_error": {"reason": "DUPLICATE_ENTRY"},
            "broadcast_down": {
                "outcome": OUTCOME,
                "reason": "回当地康复",
                "consent_by": "李四",
                "consent_relation": "母亲",
            },
            "identify_patient": {"patient": patient()},
            "give_consent": {"consent_by": "李四", "consent_relation": "母亲"},
            "refuse_consent": {"reason": "FAMILY_REFUSED"},
            "divert_referral": {"performer_department": self.departments["city"].pk, "reason": "CONDITION_WORSE"},
            "sign_handover": {"condition": "镇静，SpO2 96%"},
            "stand_down": {"reason": "RULED_OUT"},
            "record_milestone": {"kind": "FIRST_CONTACT", "at": self.now - timedelta(minutes=30)},
            "record_phone_answer": {"answer": "CAN_TAKE", "spoken_with": "值班医生"},
            "negotiate_offer": {"message": "能否先完善血气？"},
            "offer_place": {"message": "PICU 3 床备好"},
            "decline_offer": {"reason": "NO_BED"},
        }
        return given.get(step, {})

    def take(self, step: str, referral: Referral, *, by: Actor | None = None, **given: Any) -> Referral:
        """Take one step, by the person of `BY` and with `inputs` unless told otherwise; `only=` replaces the inputs."""
        if by is None:
            by = access.SYSTEM if step == "propose_expiry" else self.actor(*BY[step])
        given = {"expected_version": referral.version, "now": self.now} | given
        only = given.pop("only", None)
        inputs = self.inputs(step) if only is None else only
        return getattr(actions, step)(by=by, id=referral.pk, **inputs | given)

    def attempt(self, step: str, referral: Referral, **given: Any) -> Attempt:
        """Take one step and undo it; what it answered, and every statement by which it wrote."""
        reset_queries()  # Django remembers 9000 statements; past that a capture would look empty
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            code, name, message = OK, None, ""
            try:
                with transaction.atomic():
                    self.take(step, referral, **given)
            except Refused as refused:
                code, name, message = str(refused.code), refused.field, refused.message
            transaction.set_rollback(True)
        writes = tuple(sql for query in queries if WRITES.search(sql := spelled_out(query["sql"])))
        return Attempt(code, name, message, writes)

    def told(self, event: Event) -> set[tuple[str, Role, int]]:
        """Who has a notice of an event."""
        keys = {person.pk: key for key, person in self.people.items()}
        return {keys[person] for person in event.notices.values_list("person_id", flat=True)}

    def events(self, referral: Referral) -> list[Event]:
        """The events of one leg, the oldest first."""
        return list(Event.objects.filter(subject_id=referral.pk).order_by("id"))

    def bed(self) -> tuple[int, int | None]:
        """Places held and free in the province's PICU."""
        self.picu.refresh_from_db()
        return self.picu.held, self.picu.beds_free

    def case(self, referral: Referral) -> Case:
        """The case of a leg as it is stored now."""
        return Case.objects.get(pk=referral.case_id)


def rows() -> dict[str, str]:
    """A digest of every table: equal before and after means that nothing changed."""
    tables = [name for name in connection.introspection.table_names() if name != "django_session"]
    digest = "select '{0}', md5(string_agg(t::text, '|' order by t::text)) from {0} t"
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(digest.format(name) for name in tables))
        return dict(cursor.fetchall())
