"""The written rule: who sees which case and how much, who may at most take which step, in plain Python.

Written from the domain specification, sections 2 to 5 and 7, and where that is silent from `docs/domain.md` (Who sees
what) and the decisions named beside each line. It knows nothing of `consortium.access`, of the table of permissions
or of the policies of the database: that is the point of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FULL, SUMMARY = "FULL", "SUMMARY"  # section 7: access begins at send, narrows at reject or redirect, ends after close
RETENTION = timedelta(days=365)  # docs/domain.md, "Who sees what"

DOCTOR, OFFICE, EXPERT = "REFERRING_DOCTOR", "REFERRAL_OFFICE", "EXPERT"
ADMIN, HOTLINE, AUDITOR = "HOSPITAL_ADMIN", "HOTLINE_AGENT", "AUDITOR"
LAB, LEAD, PATHOLOGIST = "PATHOLOGY_LAB", "PATHOLOGY_LEAD", "PATHOLOGIST"


@dataclass(frozen=True)
class Party:
    """One side of a case: a department of a hospital."""

    hospital: object
    department: object


@dataclass(frozen=True)
class Post:
    """A role that somebody holds, held or will hold at one place."""

    role: str
    hospital: object
    department: object
    starts: datetime
    ends: datetime | None

    def runs(self, now: datetime) -> bool:
        """Section 1: dated; revoking it takes effect on the next request."""
        return self.starts <= now and (self.ends is None or self.ends > now)

    def at(self, party: Party | None) -> bool:
        """A department's role does not reach the hospital, a hospital's reaches all its departments (ADR 0003)."""
        if party is None:
            return False
        if self.department is not None:
            return self.department == party.department
        return self.hospital is not None and self.hospital == party.hospital


@dataclass(frozen=True)
class Opened:
    """An emergency access to the cases of one patient, by one of somebody's posts."""

    patient: object
    post: Post
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Somebody:
    """A person with all their posts, whenever they run."""

    id: int
    active: bool
    posts: tuple[Post, ...]
    opened: tuple[Opened, ...] = ()

    def roles(self, now: datetime) -> set[str]:
        """The roles that count now; none of a closed account."""
        return {post.role for post in self.posts if post.runs(now)} if self.active else set()

    def holds(self, roles: Iterable[str], party: Party | None, now: datetime) -> bool:
        """Whether one of the roles counts now on a side of a case."""
        wanted = set(roles)
        return self.active and any(post.role in wanted and post.runs(now) and post.at(party) for post in self.posts)

    def opens(self, patient: object, now: datetime) -> bool:
        """Section 7, break-glass: for its time alone, and while the role by which it was had still counts."""
        return self.active and any(
            one.patient == patient and one.starts <= now < one.ends and one.post.runs(now) and one.post.role in OPENING
            for one in self.opened
        )

    def opens_any(self, now: datetime) -> bool:
        """Whether any emergency access runs."""
        return any(self.opens(one.patient, now) for one in self.opened)


@dataclass(frozen=True)
class Request:
    """What every case has: a referral leg, an offer of the green channel, a pathology case."""

    id: object
    number: str
    thread: object  # the episode; the case itself in pathology
    patient: object
    sender: Party
    receiver: Party | None
    state: str
    sent: datetime | None
    closed: datetime | None
    author: int


@dataclass(frozen=True)
class Leg(Request):
    """One referral from one department to another."""

    clinical: object
    follows: object  # the leg it is based on
    reported: bool  # as entered in error
    green: bool


@dataclass(frozen=True)
class Call(Request):
    """One hospital asked for one green-channel patient."""

    leg: object
    leg_state: str


@dataclass(frozen=True)
class Glass(Request):
    """One pathology case."""

    reader: int | None


# Section 2, and for the specialist who is the author of what is referred down ADR 0011.
READS_SENT = (DOCTOR, OFFICE, EXPERT)
READS_RECEIVED = (EXPERT, OFFICE)
# Section 2 and docs/domain.md, "Remote pathology"; the lead's role is section 5, "claim, assign, reassign".
READS_GLASS_SENT = (LAB, LEAD)
READS_GLASS_RECEIVED = (LAB, LEAD, PATHOLOGIST)
NARROWING = ("REJECTED", "REDIRECTED")
NOT_TAKEN = ("DECLINED", "RELEASED", "WITHDRAWN")
OPENING = (DOCTOR, EXPERT)  # who treats patients at the bedside
# Who registers patients may ask for one by the whole identity number (section 3, "shows the patient's open case").
REGISTERS = (DOCTOR, LAB)
IDENTIFIES = (DOCTOR, OFFICE, EXPERT, LAB, LEAD, PATHOLOGIST)  # those who treat; nobody else holds a full view


def kept(case: Request, now: datetime) -> bool:
    """Whether the receiver may still read it: open, or closed within the retention."""
    return case.closed is None or case.closed > now - RETENTION


def sees_leg(who: Somebody, leg: Leg, now: datetime) -> str | None:
    """How much somebody sees of a leg."""
    if who.holds(READS_SENT, leg.sender, now) or who.opens(leg.patient, now):
        return FULL
    if leg.sent is not None and kept(leg, now) and who.holds(READS_RECEIVED, leg.receiver, now):
        return SUMMARY if leg.state in NARROWING else FULL
    if leg.reported and who.holds((ADMIN,), leg.sender, now):
        return SUMMARY  # ADR 0007
    if leg.green and leg.author == who.id and HOTLINE in who.roles(now):
        return SUMMARY  # section 2, "sees own tickets only"; ADR 0012
    return None


def sees_call(who: Somebody, call: Call, now: datetime) -> str | None:
    """How much somebody sees of an offer; never the identity, which hangs on the leg."""
    if who.holds(READS_SENT, call.sender, now):
        return FULL
    if kept(call, now) and who.holds(READS_RECEIVED, call.receiver, now):
        return SUMMARY if call.state in NOT_TAKEN or call.leg_state in NARROWING else FULL
    return None


def sees_glass(who: Somebody, case: Glass, now: datetime) -> str | None:
    """Whether somebody sees a pathology case; it does not narrow."""
    if who.holds(READS_GLASS_SENT, case.sender, now) or who.opens(case.patient, now):
        return FULL
    received = case.sent is not None and kept(case, now) and who.holds(READS_GLASS_RECEIVED, case.receiver, now)
    return FULL if received else None


def reads_all_opinions(who: Somebody, case: Glass, now: datetime) -> bool:
    """What readers say among themselves stays on the performer's side; the sender is told the preliminary one."""
    return who.holds(READS_GLASS_RECEIVED, case.receiver, now)


SENDER, RECEIVER = "sender", "receiver"
Sides = dict[str, tuple[str, ...]]
_CARERS: Sides = {SENDER: (DOCTOR, OFFICE, EXPERT), RECEIVER: (EXPERT, OFFICE)}
_SENDERS: Sides = {SENDER: (DOCTOR, OFFICE)}
_ASKERS: Sides = {SENDER: (DOCTOR, OFFICE, EXPERT)}
_RECEIVERS: Sides = {RECEIVER: (EXPERT, OFFICE)}
_SPECIALIST: Sides = {RECEIVER: (EXPERT,)}
_BOOKERS: Sides = {RECEIVER: (OFFICE,)}
Steps = dict[str, Sides]
# Section 3, the column "who"; the last two of the sender's are ADR 0011.
LEG_STEPS: Steps = {
    "updateReferral": {SENDER: (DOCTOR,)},
    "submitReferral": {SENDER: (DOCTOR,)},
    "approveReferral": {SENDER: (OFFICE,)},
    "returnReferral": {SENDER: (OFFICE,)},
    **dict.fromkeys(("openReferral", "claimReferral", "releaseReferral", "requestInformation"), _RECEIVERS),
    "supplyInformation": _ASKERS,
    **dict.fromkeys(("acceptReferral", "waitlistReferral", "redirectReferral"), _RECEIVERS),
    **dict.fromkeys(("adviseReferral", "rejectReferral"), _SPECIALIST),
    **dict.fromkeys(("resendReferral", "closeReferral"), _SENDERS),
    **dict.fromkeys(("bookReferral", "rescheduleReferral", "loseBooking"), _BOOKERS),
    **dict.fromkeys(("holdReferral", "resumeReferral"), _CARERS),
    **dict.fromkeys(("departReferral", "turnBackReferral"), _SENDERS),
    **dict.fromkeys(("arriveReferral", "recordNoShow"), _RECEIVERS),
    **dict.fromkeys(("returnOutcome", "referDown", "amendOutcome", "broadcastDown"), _SPECIALIST),
    **dict.fromkeys(("acknowledgeOutcome", "cancelReferral", "confirmExpiry"), _SENDERS),
    **dict.fromkeys(("sendRecord", "recordFollowUp"), _SENDERS),
    "recordDeath": _CARERS,
    "reportError": {SENDER: (DOCTOR, EXPERT)},
    "confirmError": {SENDER: (ADMIN,)},
    # Section 4: the sender's steps, then either side's.
    **dict.fromkeys(("widenBroadcast", "chooseOffer"), _ASKERS),
    **dict.fromkeys(("giveConsent", "refuseConsent", "divertReferral"), _SENDERS),
    **dict.fromkeys(("identifyPatient", "signHandover", "standDown"), _CARERS),
    "recordMilestone": {SENDER: (DOCTOR, EXPERT), RECEIVER: (EXPERT,)},
    "reviewQuality": _RECEIVERS,
}
CALL_STEPS: Steps = {
    **dict.fromkeys(("readOffer", "negotiateOffer", "offerPlace", "declineOffer", "confirmPhoneAnswer"), _RECEIVERS),
    "recordPhoneAnswer": _ASKERS,
}
_LAB: Sides = {SENDER: (LAB,)}
_READER: Sides = {RECEIVER: (PATHOLOGIST,)}
_LEAD: Sides = {RECEIVER: (LEAD,)}
_QUALITY: Sides = {RECEIVER: (LAB, LEAD)}
# Section 5; who is assigned, second or third reader narrows this further, never widens it.
GLASS_STEPS: Steps = {
    **dict.fromkeys(("updatePathology", "registerSpecimen", "registerBlock", "registerSlides", "withdrawSlide"), _LAB),
    **dict.fromkeys(("reserveFrozen", "submitPathology", "fixPathology", "supplyMaterial", "cancelPathology"), _LAB),
    **dict.fromkeys(("acknowledgeReport", "recordFinalResult"), _LAB),
    **dict.fromkeys(("passQuality", "failQuality"), _QUALITY),
    **dict.fromkeys(("assignPathology", "reassignPathology"), _LEAD),
    "nameAdjudicator": {RECEIVER: (PATHOLOGIST, LEAD)},
    **dict.fromkeys(("confirmReservation", "claimPathology", "startReading", "declineReading"), _READER),
    **dict.fromkeys(("requestMaterial", "givePreliminaryOpinion", "requestSecondRead"), _READER),
    **dict.fromkeys(("giveSecondOpinion", "adjudicateOpinion", "signReport", "amendReport"), _READER),
    "declareUndiagnosable": _READER,
    # "either"; the laboratory of the performer too, by docs/domain.md, "Remote pathology".
    "referPathology": {SENDER: (LAB,), RECEIVER: (PATHOLOGIST, LAB)},
}
STEPS: dict[type[Request], Steps] = {Leg: LEG_STEPS, Call: CALL_STEPS, Glass: GLASS_STEPS}


def by_role(who: Somebody, case: Request, step: str, now: datetime) -> bool:
    """Whether the tables give a step to a role that somebody has on a side of a case."""
    sides = STEPS[type(case)].get(step, {})
    return who.holds(sides.get(SENDER, ()), case.sender, now) or who.holds(sides.get(RECEIVER, ()), case.receiver, now)


def may_at_most(who: Somebody, case: Request, step: str, now: datetime) -> bool:
    """Whether somebody may take a step of a case, whatever its state."""
    theirs = step != "reportError" or case.author == who.id  # section 3, "author"
    return theirs and by_role(who, case, step, now)


def sees(who: Somebody, case: Request, now: datetime) -> str | None:
    """How much somebody sees of a case of any kind."""
    if isinstance(case, Leg):
        return sees_leg(who, case, now)
    if isinstance(case, Call):
        return sees_call(who, case, now)
    assert isinstance(case, Glass)  # there is no fourth kind
    return sees_glass(who, case, now)
