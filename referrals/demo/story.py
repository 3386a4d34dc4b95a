"""One patient's story in the demo: each word of a plot is one step, taken by a person who may take it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from consortium import access
from consortium.models import Department, Priority
from consortium.roles import Role
from referrals import actions
from referrals.demo.cast import Cast, Parties
from referrals.demo.patients import consent_of
from referrals.demo.plots import Plot
from referrals.models import Referral, Status

BED_NUMBERS = 97
WRITTEN = ("reason", "summary", "vitals", "exams", "treatment", "allergies")
REASONS = {
    "return": ["INCOMPLETE_SUMMARY", "MISSING_EXAM"],
    "reject": ["NO_BED", "NO_SPECIALIST_ON_DUTY", "EQUIPMENT_OUT_OF_SERVICE"],
    "redirect": ["HIGHER_LEVEL_NEEDED", "BETTER_CAPABILITY", "BED_AVAILABLE_ELSEWHERE"],
    "cancel": ["CONDITION_IMPROVED", "PATIENT_DECLINED", "WENT_ELSEWHERE", "TRANSPORT_UNAVAILABLE"],
    "rebook": ["BED_DELAYED", "PATIENT_REQUEST", "WEATHER_OR_TRAFFIC"],
    "lose": ["EMERGENCY_PREEMPTED", "BED_CLOSED"],
    "hold": ["STABILISATION", "FAMILY_DECISION", "AWAITING_EXAM"],
    "turn_back": ["VEHICLE_FAULT", "ROAD_BLOCKED"],
    "miss": ["UNREACHABLE", "TRANSPORT_PROBLEM", "FORGOT"],
    "close": ["MANAGED_LOCALLY", "NOT_NEEDED", "PATIENT_DECLINED"],
    "expiry": ["NO_RESPONSE", "CARE_COMPLETED_ELSEWHERE"],
    "error": ["DUPLICATE_ENTRY", "TEST_ENTRY", "WRONG_ENCOUNTER"],
}
QUESTIONS = ["BLOOD_COUNT", "BLOOD_GAS", "COAGULATION", "IMAGING_DICOM", "CURRENT_VITALS", "MEDICATION_HISTORY"]


@dataclass
class Story:
    """A plot with its parties and patient, and the leg at which it has arrived."""

    number: int
    cast: Cast
    plot: Plot
    parties: Parties
    patient: dict[str, Any]
    times: list[datetime]
    chance: Random
    asked: int = 0
    legs: list[Referral] = field(default_factory=list)

    def play(self, scene: int, at: datetime) -> None:
        """Take the step of one scene at its moment."""
        getattr(self, self.plot.words[scene])(at)

    @property
    def leg(self) -> Referral:
        """The leg at which the story has arrived."""
        return self.legs[-1]

    def sender(self, at: datetime) -> access.Actor:
        """The doctor who sent, or the office where the department has none."""
        department = self.leg.requester_department
        role = Role.REFERRING_DOCTOR if self.cast.staff.get((Role.REFERRING_DOCTOR, department.pk)) else None
        return self.cast.actor(role or Role.REFERRAL_OFFICE, department, at)

    def receiver(self, at: datetime, role: Role = Role.EXPERT) -> access.Actor:
        """Somebody on the side that is asked."""
        department = self.leg.performer_department or self.parties.targets[0]
        return self.cast.actor(role, department, at, self.number)

    def take(self, action: Callable[..., Referral], by: access.Actor, now: datetime, /, **inputs: Any) -> None:
        """Take a step on the leg."""
        self.legs[-1] = action(by=by, id=self.leg.pk, expected_version=self.leg.version, now=now, **inputs)

    def because(self, step: str) -> str:
        """A coded reason for a step."""
        return self.chance.choice(REASONS[step])

    def follow(self) -> None:
        """Go on with the leg that came out of the last step."""
        self.legs.append(Referral.objects.select_related(*Referral.LOADED).get(based_on=self.leg))

    def look_again(self) -> None:
        """Go on with the leg as others have left it."""
        if self.legs:
            self.legs[-1] = Referral.objects.select_related(*Referral.LOADED).get(pk=self.leg.pk)

    def next_target(self) -> Department:
        """The hospital's department that is asked next."""
        self.asked += 1
        return self.parties.targets[self.asked]

    def write(self, at: datetime) -> None:
        """The doctor writes the draft."""
        text = self.parties.text
        doctor = self.cast.actor(Role.REFERRING_DOCTOR, self.parties.sender, at)
        leg = actions.create_referral(
            by=doctor,
            requester_department=self.parties.sender.pk,
            patient=self.patient,
            now=at,
            priority=Priority[text["priority"]],
            performer_department=self.parties.targets[0].pk,
            needed_capability=text["capability"],
            diagnoses=text["diagnoses"],
            **{name: text[name] for name in WRITTEN} | consent_of(self.patient),
        )
        self.legs.append(leg)

    def rewrite(self, at: datetime) -> None:
        """The doctor amends the returned draft."""
        summary = self.parties.text["summary"] + "已按转诊办意见补充检查结果。"
        self.take(actions.update_referral, self.sender(at), at, summary=summary)

    def submit(self, at: datetime) -> None:
        """The doctor submits."""
        self.take(actions.submit_referral, self.sender(at), at)

    submit_for_review = submit

    def approve(self, at: datetime) -> None:
        """The office lets it leave, where the hospital reviews."""
        if self.leg.status == Status.OFFICE_REVIEW:
            self.take(actions.approve_referral, self.office(at), at)

    def return_draft(self, at: datetime) -> None:
        """The office gives it back."""
        self.take(actions.return_referral, self.office(at), at, reason=self.because("return"))

    def office(self, at: datetime) -> access.Actor:
        """The sender's referral office."""
        return self.cast.actor(Role.REFERRAL_OFFICE, self.leg.requester_department, at)

    def open(self, at: datetime) -> None:
        """The specialist reads it."""
        self.take(actions.open_referral, self.receiver(at), at)

    def claim(self, at: datetime) -> None:
        """The specialist takes it in hand."""
        self.take(actions.claim_referral, self.receiver(at), at)

    def release(self, at: datetime) -> None:
        """The specialist puts it back."""
        self.take(actions.release_referral, self.receiver(at), at)

    def ask(self, at: datetime) -> None:
        """The specialist asks for more."""
        items = self.chance.sample(QUESTIONS, 2)
        self.take(actions.request_information, self.receiver(at), at, items=items, note="请附最近一次结果与时间。")

    def supply(self, at: datetime) -> None:
        """The sender answers, with the results of the clinical text."""
        exams = "；".join(f"{exam['name']}：{exam['result']}" for exam in self.parties.text["exams"])
        self.take(actions.supply_information, self.sender(at), at, answer=f"复查结果如下。{exams}")

    def accept(self, at: datetime) -> None:
        """The specialist accepts."""
        self.cast.make_room(self.leg, at)
        self.take(actions.accept_referral, self.receiver(at), at, instructions="来院前请保持禁食，并携带全部影像资料。")

    def accept_by_office(self, at: datetime) -> None:
        """The office enters the specialist's decision."""
        self.cast.make_room(self.leg, at)
        office, expert = self.receiver(at, Role.REFERRAL_OFFICE), self.receiver(at).person
        self.take(actions.accept_referral, office, at, on_behalf_of=expert and expert.pk)

    def waitlist(self, at: datetime) -> None:
        """The specialist accepts without a bed."""
        self.take(actions.waitlist_referral, self.receiver(at), at, instructions="有床位后转诊办会电话通知。")

    def advise(self, at: datetime) -> None:
        """The specialist advises."""
        self.take(actions.advise_referral, self.receiver(at), at, advice=self.parties.text["advice"])

    def reject(self, at: datetime) -> None:
        """The specialist declines, naming the hospital that is asked next."""
        further = self.parties.targets[self.asked + 1 :]
        other: dict[str, Any] = {"no_alternative_reason": "CAN_BE_TREATED_AT_ORIGIN"}
        if further:
            other = {"alternative_hospital": further[0].hospital_id}
        self.take(actions.reject_referral, self.receiver(at), at, reason=self.because("reject"), **other)

    def redirect(self, at: datetime) -> None:
        """The specialist passes the patient on."""
        department = self.next_target().pk
        reason = self.because("redirect")
        self.take(actions.redirect_referral, self.receiver(at), at, performer_department=department, reason=reason)
        self.follow()

    def resend(self, at: datetime) -> None:
        """The sender asks the next hospital."""
        self.take(actions.resend_referral, self.sender(at), at, performer_department=self.next_target().pk)
        self.follow()

    def send_again(self, at: datetime) -> None:
        """The sender asks the same hospital again."""
        self.take(actions.resend_referral, self.sender(at), at, performer_department=self.leg.performer_department_id)
        self.follow()

    def close(self, at: datetime) -> None:
        """The sender ends it after advice or rejection."""
        self.take(actions.close_referral, self.sender(at), at, reason=self.because("close"))

    def booked_for(self, at: datetime) -> dict[str, Any]:
        """A bed from shortly before the patient comes, or from some hours after now if that lies ahead."""
        coming = [when for when, word in zip(self.times, self.plot.words, strict=True) if word in ("arrive", "miss")]
        ahead = [when for when in coming if when > at]
        from_now = max(at, self.cast.now) + timedelta(hours=self.chance.randint(4, 72))
        starts_at = max(at, ahead[0] - timedelta(minutes=30)) if ahead else from_now
        bed = f"{self.number % BED_NUMBERS + 1}床"
        return {"kind": "BED", "place": bed, "starts_at": starts_at + timedelta(minutes=1)}

    def book(self, at: datetime) -> None:
        """The office keeps a bed."""
        self.cast.make_room(self.leg, at)
        self.take(actions.book_referral, self.receiver(at, Role.REFERRAL_OFFICE), at, **self.booked_for(at))

    def rebook(self, at: datetime) -> None:
        """The office moves the booking."""
        office = self.receiver(at, Role.REFERRAL_OFFICE)
        self.take(actions.reschedule_referral, office, at, reason=self.because("rebook"), **self.booked_for(at))

    def lose_booking(self, at: datetime) -> None:
        """The hospital needs the bed for somebody else."""
        office = self.receiver(at, Role.REFERRAL_OFFICE)
        self.take(actions.lose_booking, office, at, reason=self.because("lose"))

    def hold(self, at: datetime) -> None:
        """The sender waits for the patient."""
        review_at = at + timedelta(days=4)
        self.take(actions.hold_referral, self.sender(at), at, reason=self.because("hold"), review_at=review_at)

    def resume(self, at: datetime) -> None:
        """The sender goes on."""
        self.take(actions.resume_referral, self.sender(at), at)

    def depart(self, at: datetime) -> None:
        """The patient leaves."""
        self.take(
            actions.depart_referral,
            self.sender(at),
            at,
            condition="生命体征平稳，途中持续心电监护与吸氧。",
            vehicle=f"院前急救车 {self.number % 9 + 1} 号",
            escort="医师1名、护士1名",
            eta=at + timedelta(minutes=self.chance.randint(100, 240)),
        )

    def turn_back(self, at: datetime) -> None:
        """The patient turns back."""
        self.take(actions.turn_back_referral, self.sender(at), at, reason=self.because("turn_back"))

    def arrive(self, at: datetime) -> None:
        """The patient is there."""
        self.take(actions.arrive_referral, self.receiver(at, Role.REFERRAL_OFFICE), at)

    def miss(self, at: datetime) -> None:
        """The patient did not come."""
        office = self.receiver(at, Role.REFERRAL_OFFICE)
        self.take(actions.record_no_show, office, at, reason=self.because("miss"))

    def send_record(self, at: datetime) -> None:
        """The sender supplies the full record."""
        self.take(actions.send_record, self.sender(at), at, note="病历首页、病程记录、检验检查报告与影像光盘。")

    def written_outcome(self, at: datetime) -> dict[str, Any]:
        """The outcome of the clinical text."""
        text = dict(self.parties.text["outcome"])
        return text | {"diagnoses": text.pop("diagnosis"), "follow_up_date": (at + timedelta(days=14)).date()}

    def outcome(self, at: datetime) -> None:
        """The specialist returns the outcome."""
        self.take(actions.return_outcome, self.receiver(at), at, outcome=self.written_outcome(at))

    def amend(self, at: datetime) -> None:
        """The specialist corrects the outcome."""
        outcome = self.written_outcome(at)
        outcome["treatment"] += "。病理与培养结果回报后补充修订。"
        self.take(actions.amend_outcome, self.receiver(at), at, outcome=outcome)

    def refer_down(self, at: datetime) -> None:
        """The specialist returns the outcome and the patient."""
        self.take(
            actions.refer_down,
            self.receiver(at),
            at,
            outcome=self.written_outcome(at),
            reason="病情稳定，转回当地继续治疗与康复",
            **consent_of(self.patient),
        )
        self.follow()

    def acknowledge(self, at: datetime) -> None:
        """The sender closes the loop."""
        self.take(actions.acknowledge_outcome, self.sender(at), at)

    def acknowledge_before(self, at: datetime) -> None:
        """The sender closes the loop of the leg before the one that leads home."""
        home = self.legs.pop()
        self.acknowledge(at)
        self.legs.append(home)

    def follow_up(self, at: datetime) -> None:
        """The sender has phoned the patient."""
        self.take(actions.record_follow_up, self.sender(at), at, note="电话随访：一般情况好，按医嘱服药，已约复查。")

    def cancel(self, at: datetime) -> None:
        """The sender withdraws."""
        self.take(actions.cancel_referral, self.sender(at), at, reason=self.because("cancel"))

    def die(self, at: datetime) -> None:
        """The patient has died: where they arrived, or at home."""
        by = self.receiver(at) if self.leg.arrived_at else self.sender(at)
        self.take(actions.record_death, by, at, comment="抢救无效。")

    def propose_expiry(self, at: datetime) -> None:
        """The clock proposes that the referral expires."""
        self.take(actions.propose_expiry, access.SYSTEM, at)

    def confirm_expiry(self, at: datetime) -> None:
        """The sender lets it expire."""
        self.take(actions.confirm_expiry, self.sender(at), at, reason=self.because("expiry"))

    def report_error(self, at: datetime) -> None:
        """The author reports a wrong entry."""
        self.take(actions.report_error, self.sender(at), at, reason=self.because("error"))

    def confirm_error(self, at: datetime) -> None:
        """The administrator confirms it."""
        admin = self.cast.actor(Role.HOSPITAL_ADMIN, self.leg.requester_department, at)
        self.take(actions.confirm_error, admin, at)
