"""One emergency's story in the demo: the words that only the green channel knows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consortium import access
from consortium.models import Department
from consortium.roles import Role
from referrals import actions
from referrals.demo.patients import consent_of
from referrals.demo.story import WRITTEN, Story
from referrals.models import UNANSWERED, Offer, OfferStatus, PhoneAnswer

REASONS = {
    "cannot": ["NO_BED", "NO_TEAM", "TEAM_BUSY"],
    "refuse": ["FAMILY_REFUSED", "COST"],
    "divert": ["CONDITION_WORSE", "ROAD_BLOCKED"],
    "abandon": ["FALSE_ALARM", "RULED_OUT", "IMPROVED"],
    "review": ["CONSENT_DELAY", "TRANSPORT_DELAY", "TEAM_DELAY"],
}
# Before the call, in the order of time; the electrocardiogram only with chest pain.
ONSET = ("ONSET", "FIRST_CONTACT", "FIRST_DOOR")
# What is done at the door and after it, in the order of time.
TREATMENT = {
    "CHEST_PAIN": ("DOOR", "TEAM", "BALLOON"),
    "STROKE": ("DOOR", "CT", "NEEDLE"),
    "TRAUMA": ("DOOR", "TEAM", "CT", "KNIFE"),
    "CRITICAL_MATERNAL": ("DOOR", "TEAM", "KNIFE"),
    "CRITICAL_CHILD": ("DOOR", "TEAM", "ANTIBIOTIC", "BED"),
    "CRITICAL_NEWBORN": ("DOOR", "ANTIBIOTIC", "BED"),
    "ONCOLOGY_EMERGENCY": ("DOOR", "TEAM", "BED"),
}


@dataclass
class Emergency(Story):
    """A story that begins with a call to several hospitals at once."""

    def because(self, step: str) -> str:
        """A coded reason for a step."""
        return self.chance.choice(REASONS[step]) if step in REASONS else super().because(step)

    def asked_now(self, *statuses: OfferStatus) -> Offer | None:
        """The first hospital whose offer stands in one of these states, those that have read it before others."""
        rows = Offer.objects.select_related(*Offer.LOADED).filter(referral=self.leg, status__in=statuses)
        return min(rows, key=lambda row: (row.read_at is None, row.ring, row.rank), default=None)

    def answer(self, action: Callable[..., Offer], at: datetime, *statuses: OfferStatus, **given: Any) -> None:
        """Let the first hospital in one of these states take a step; nothing where there is none."""
        if offer := self.asked_now(*statuses):
            department = offer.performer_department or self.parties.sender
            by = self.cast.actor(Role.EXPERT, department, at, self.number)
            action(by=by, id=offer.pk, expected_version=offer.version, now=at, **given)

    def call(self, at: datetime) -> None:
        """The doctor calls for help, with what is known of the patient."""
        text, known = self.parties.text, self.patient
        if "know" in self.plot.words:
            known = {name: known[name] for name in ("sex", "birth_date") if name in known}
        written = {name: text[name] for name in WRITTEN if name != "reason"}
        leg = actions.activate_green_channel(
            by=self.cast.actor(Role.REFERRING_DOCTOR, self.parties.sender, at),
            kind=self.plot.kind,
            requester_department=self.parties.sender.pk,
            patient=known,
            diagnoses=text["diagnoses"],
            needed_capability=text["capability"],
            now=at,
            **written,
        )
        self.legs.append(leg)

    def look(self, at: datetime) -> None:
        """A hospital reads the call."""
        self.answer(actions.read_offer, at, OfferStatus.ASKED)

    def talk(self, at: datetime) -> None:
        """A hospital asks back."""
        self.answer(actions.negotiate_offer, at, *UNANSWERED, message="请先补充最近一次血压与意识状态。")

    def can(self, at: datetime) -> None:
        """A hospital can take the patient."""
        self.answer(actions.offer_place, at, *UNANSWERED, message="团队已就位，到达后直接送抢救室。")

    def cannot(self, at: datetime) -> None:
        """A hospital cannot."""
        self.answer(actions.decline_offer, at, *UNANSWERED, reason=self.because("cannot"))

    def phone(self, at: datetime) -> None:
        """The sender types what a hospital said on the telephone."""
        if offer := self.asked_now(*UNANSWERED):
            actions.record_phone_answer(
                by=self.sender(at),
                id=offer.pk,
                expected_version=offer.version,
                now=at,
                answer=PhoneAnswer.CAN_TAKE,
                spoken_with="值班医生",
            )

    def confirm(self, at: datetime) -> None:
        """That hospital confirms it."""
        self.answer(actions.confirm_phone_answer, at, OfferStatus.OFFERED)

    def silence(self, at: datetime) -> None:
        """Nobody has answered: the clock calls the next ring."""
        self.take(actions.widen_on_silence, access.SYSTEM, at)

    def widen(self, at: datetime) -> None:
        """The sender calls the next ring."""
        self.take(actions.widen_broadcast, self.sender(at), at)

    def pick(self, at: datetime) -> None:
        """The sender chooses."""
        offer = self.asked_now(OfferStatus.OFFERED)
        self.take(actions.choose_offer, self.sender(at), at, offer=offer and offer.pk)

    def know(self, at: datetime) -> None:
        """The patient's identity is found out."""
        self.take(actions.identify_patient, self.sender(at), at, patient=self.patient)

    def agree(self, at: datetime) -> None:
        """The patient or the family consents."""
        self.take(actions.give_consent, self.sender(at), at, **consent_of(self.patient))

    def refuse(self, at: datetime) -> None:
        """The family refuses."""
        self.take(actions.refuse_consent, self.sender(at), at, reason=self.because("refuse"))

    def record(self, by: access.Actor, at: datetime, kinds: Iterable[str], since: datetime, until: datetime) -> None:
        """Record milestones, evenly between two moments."""
        kinds = list(kinds)
        for place, kind in enumerate(kinds):
            when = since + (until - since) * place / max(1, len(kinds) - 1)
            self.take(actions.record_milestone, by, at, kind=kind, at=when)

    def onset(self, at: datetime) -> None:
        """The sender records what happened before the call."""
        called = self.leg.created_at
        began = called - timedelta(minutes=self.chance.randint(30, 90))
        kinds = (*ONSET, "ECG") if self.plot.kind == "CHEST_PAIN" else ONSET
        self.record(self.sender(at), at, kinds, began, called)

    def leave(self, at: datetime) -> None:
        """The ambulance leaves."""
        self.depart(at)
        if self.leg.emergency in TREATMENT:
            self.record(self.sender(at), at, ["FIRST_DOOR_OUT"], at, at)

    def divert(self, at: datetime) -> None:
        """The ambulance drives to another hospital."""
        self.take(
            actions.divert_referral,
            self.sender(at),
            at,
            performer_department=self.elsewhere().pk,
            reason=self.because("divert"),
        )
        self.follow()

    def elsewhere(self) -> Department:
        """A department of another hospital that can do what the patient needs."""
        needed = self.leg.needed_capability
        able = self.cast.able[needed.code if needed else ""]
        here = (self.leg.requester_hospital_id, self.leg.performer_hospital_id)
        return self.chance.choice([row for row in able if row.hospital_id not in here])

    def sign(self, at: datetime) -> None:
        """The escort signs the handover."""
        condition = "途中平稳，持续监护，交接时意识清楚。"
        self.take(actions.sign_handover, self.sender(at), at, condition=condition, given="病历摘要、影像光盘")

    def countersign(self, at: datetime) -> None:
        """The receiving specialist signs it."""
        self.take(actions.sign_handover, self.receiver(at), at, remarks="已核对，患者送入抢救室。")

    def come(self, at: datetime) -> None:
        """The patient is there."""
        self.take(actions.arrive_referral, self.receiver(at), at)

    def treat(self, at: datetime) -> None:
        """The specialist records what was done when."""
        self.record(self.receiver(at), at, TREATMENT[self.plot.kind], self.leg.arrived_at or at, at)

    def review(self, at: datetime) -> None:
        """The specialist says why it took so long."""
        kinds = TREATMENT[self.plot.kind]
        cause = self.because("review")
        self.take(actions.review_quality, self.receiver(at), at, from_kind=kinds[0], to_kind=kinds[-1], cause=cause)

    def abandon(self, at: datetime) -> None:
        """The sender stands down."""
        self.take(actions.stand_down, self.sender(at), at, reason=self.because("abandon"))

    def step_down(self, at: datetime) -> None:
        """The specialist returns the outcome and calls hospitals below for a bed."""
        self.take(
            actions.broadcast_down,
            self.receiver(at),
            at,
            outcome=self.written_outcome(at),
            reason="病情稳定，转回当地继续康复",
            **consent_of(self.patient),
        )
        self.follow()
