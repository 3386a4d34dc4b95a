"""The tables of the edge: every operation, who may call it at whose hospital, and what everybody else is told."""

from collections.abc import Callable
from datetime import date
from uuid import uuid4

from graphene.utils.str_converters import to_camel_case

from consortium import lifecycle
from consortium.roles import HELD_AT, Place, Role
from referrals.models import OfferStatus, Status
from schema import ids
from telemedicine.models import PathologyCase
from tests.world import id_number

DOCTOR, OFFICE, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT, Role.HOSPITAL_ADMIN
SYSTEM, SECURITY = Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN
HOTLINE = Role.HOTLINE_AGENT  # reads the calls made by themselves
NOBODY, FORBIDDEN, NOT_FOUND, OK = "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "OK"
STALE = "STALE_VERSION"  # the answer that only somebody gets who may take the step
OWN, PARTNER, FOREIGN = "county", "province", "foreign"
PARTIES: list[tuple[str, list[Role]]] = [
    (OWN, list(Role)),
    (PARTNER, list(Role)),
    (FOREIGN, list(Role)),
    ("county.other", [role for role in Role if Place.DEPARTMENT in HELD_AT[role]]),
    ("province.other", [role for role in Role if Place.DEPARTMENT in HELD_AT[role]]),
]
IDS = [party for party, _roles in PARTIES]
CARE = {DOCTOR, OFFICE, EXPERT}  # who reads referrals; an office works for its whole hospital
SEES = {(OWN, role) for role in CARE} | {(PARTNER, OFFICE), (PARTNER, EXPERT)}

LAB, LEAD, PATHOLOGIST = Role.PATHOLOGY_LAB, Role.PATHOLOGY_LEAD, Role.PATHOLOGIST
SEES_SLIDES = {(OWN, LAB), (OWN, LEAD), (PARTNER, LAB), (PARTNER, LEAD), (PARTNER, PATHOLOGIST)}

SENDER = {(OWN, DOCTOR), (OWN, OFFICE)}
SENDERS = SENDER | {(OWN, EXPERT)}  # a specialist is the author of what is referred down
RECEIVER = {(PARTNER, EXPERT), (PARTNER, OFFICE)}
SPECIALIST = {(PARTNER, EXPERT)}
BOOKER = {(PARTNER, OFFICE)}
AUTHOR, OWN_OFFICE = {(OWN, DOCTOR)}, {(OWN, OFFICE)}
# The column "who" of the table of transitions (domain, 3), with a state from which the step can be taken.
STEPS: dict[str, tuple[Status, set[tuple[str, Role]]]] = {
    "update_referral": (Status.DRAFT, AUTHOR),
    "submit_referral": (Status.DRAFT, AUTHOR),
    "approve_referral": (Status.OFFICE_REVIEW, OWN_OFFICE),
    "return_referral": (Status.OFFICE_REVIEW, OWN_OFFICE),
    "open_referral": (Status.SENT, RECEIVER),
    "claim_referral": (Status.SENT, RECEIVER),
    "release_referral": (Status.IN_TRIAGE, RECEIVER),
    "request_information": (Status.IN_TRIAGE, RECEIVER),
    "supply_information": (Status.INFO_NEEDED, SENDERS),
    "accept_referral": (Status.SENT, RECEIVER),
    "waitlist_referral": (Status.SENT, RECEIVER),
    "advise_referral": (Status.SENT, SPECIALIST),
    "reject_referral": (Status.SENT, SPECIALIST),
    "redirect_referral": (Status.SENT, RECEIVER),
    "resend_referral": (Status.ADVISED, SENDER),
    "close_referral": (Status.ADVISED, SENDER),
    "book_referral": (Status.ACCEPTED, BOOKER),
    "reschedule_referral": (Status.SCHEDULED, BOOKER),
    "lose_booking": (Status.SCHEDULED, BOOKER),
    "hold_referral": (Status.SCHEDULED, SENDERS | RECEIVER),
    "resume_referral": (Status.ON_HOLD, SENDERS | RECEIVER),
    "depart_referral": (Status.SCHEDULED, SENDER),
    "turn_back_referral": (Status.IN_TRANSIT, SENDER),
    "arrive_referral": (Status.IN_TRANSIT, RECEIVER),
    "record_no_show": (Status.SCHEDULED, RECEIVER),
    "send_record": (Status.ARRIVED, SENDER),
    "return_outcome": (Status.ARRIVED, SPECIALIST),
    "refer_down": (Status.ARRIVED, SPECIALIST),
    "acknowledge_outcome": (Status.OUTCOME_RETURNED, SENDER),
    "amend_outcome": (Status.OUTCOME_RETURNED, SPECIALIST),
    "record_follow_up": (Status.CLOSED, SENDER),
    "cancel_referral": (Status.SENT, SENDER),
    "record_death": (Status.SENT, SENDERS | RECEIVER),
    "report_error": (Status.SENT, AUTHOR),
}
# The same for the green channel (domain, 4): steps of a leg, then of an offer.
GREEN: dict[str, tuple[Status, set[tuple[str, Role]]]] = {
    "identify_patient": (Status.ACCEPTED, SENDERS | RECEIVER),
    "widen_broadcast": (Status.BROADCAST, SENDERS),
    "choose_offer": (Status.BROADCAST, SENDERS),
    "give_consent": (Status.ACCEPTED, SENDER),
    "refuse_consent": (Status.ACCEPTED, SENDER),
    "divert_referral": (Status.IN_TRANSIT, SENDER),
    "sign_handover": (Status.IN_TRANSIT, SENDERS | RECEIVER),
    "stand_down": (Status.BROADCAST, SENDERS),
    "record_milestone": (Status.ARRIVED, {(OWN, DOCTOR), (OWN, EXPERT), (PARTNER, EXPERT)}),
    "review_quality": (Status.ARRIVED, RECEIVER),
    "broadcast_down": (Status.ARRIVED, SPECIALIST),
}
OFFERS: dict[str, tuple[OfferStatus, set[tuple[str, Role]]]] = {
    "read_offer": (OfferStatus.ASKED, RECEIVER),
    "negotiate_offer": (OfferStatus.READ, RECEIVER),
    "offer_place": (OfferStatus.NEGOTIATING, RECEIVER),
    "decline_offer": (OfferStatus.OFFERED, RECEIVER),
    "record_phone_answer": (OfferStatus.ASKED, SENDERS),
    "confirm_phone_answer": (OfferStatus.OFFERED, RECEIVER),
}
UNSENT = {Status.DRAFT, Status.OFFICE_REVIEW, Status.BROADCAST}
CLOCKED = {"confirm_expiry", "confirm_error"}  # need another step before; see test_a_reported_error
OTHERS = {"updateCapacity", "grantRole", "revokeRole", "issueApiToken", "revokeApiToken", "readNotice"}
OTHERS |= {"setClockRule", "setDuty", "swapDuty", "acceptSwap"}
OTHERS |= {"setPreference", "createWebhookEndpoint", "rotateWebhookSecret", "deactivateWebhookEndpoint"}
OTHERS |= {"replayDeliveries", "resendDelivery", "createReferral", "activateGreenChannel"}
OTHERS |= {"saveReportDraft", "addAddendum", "requestExport", "cancelExport", "unmaskPatient"}
OTHERS |= {"createPerson", "issueSetupLink", "deactivatePerson", "unlockPerson", "resetSecondFactor"}
OTHERS |= {"breakGlass", "endBreakGlass", "reviewBreakGlass"}
# What has tables of its own: in tests/edge/test_pathology.py, and in test_slide_access.py.
PATHOLOGY = {to_camel_case(name) for name in lifecycle.STEPS[PathologyCase]}
PATHOLOGY |= {"createPathology", "openSlide", "setExpertise"}
VIEWING = {"reportViewing", "annotateSlide", "changeAnnotation", "deleteAnnotation", "keepKeyImage", "discardKeyImage"}
OF_FILES = {"keepKeyImage"}  # reads the file of a slide: tests/slides/test_viewing.py
_KINDS = (
    "Referral", "Case", "Hospital", "Capability", "Notice", "PractitionerRole", "ApiToken", "Department", "Duty",
    "DutySwap", "Offer", "WebhookEndpoint", "Delivery", "PathologyCase", "Report", "Slide", "Annotation", "KeyImage",
    "Export", "BreakGlass",
)  # fmt: skip
ABSENT = {kind: ids.encode(kind, uuid4()) for kind in _KINDS}
ABSENT |= {kind: ids.encode(kind, 2**31 - 1) for kind in ("Person", "Account")}


# query: (document, the kind of id it takes)
QUERIES: dict[str, tuple[str, str]] = {
    "me": ("{ me { username } }", ""),
    "notices": ("{ notices { nodes { id } } }", ""),
    "divisions": ("{ divisions { code } }", ""),
    "hospitals": ("{ hospitals { nodes { name } } }", ""),
    "hospital": ("query($id: ID!) { hospital(id: $id) { name } }", "Hospital"),
    "departments": ("{ departments { nodes { name } } }", ""),
    "alliances": ("{ alliances { code } }", ""),
    "alliance": ('{ alliance(code: "walk") { code } }', ""),
    "concepts": ("{ concepts(system: ICD10) { nodes { code } } }", ""),
    "reasons": ('{ reasons(catalogue: "REJECT") { code } }', ""),
    "reasonCatalogues": ("{ reasonCatalogues }", ""),
    "clocks": ("{ clocks { kind } }", ""),
    "staff": ("{ staff { nodes { role } } }", ""),
    "accounts": ("{ accounts { nodes { username } } }", ""),
    "colleague": ('{ colleague(username: "nobody") { name } }', ""),
    "worklist": ("{ worklist(box: IN) { nodes { number } } }", ""),
    "referral": ("query($id: ID!) { referral(id: $id) { number } }", "Referral"),
    "case": ("query($id: ID!) { case(id: $id) { number } }", "Case"),
    "patientLookup": (f'{{ patientLookup(idNumber: "{id_number(date(2022, 1, 5), 1)}") {{ known }} }}', ""),
    "specialists": ("query($id: ID!) { specialists(referral: $id) { name } }", "Referral"),
    "coverage": ('{ coverage(alliance: "walk") { since } }', ""),
    "countedReferrals": ('{ countedReferrals(alliance: "walk", legs: SENT) { nodes { number } } }', ""),
    "exports": ("{ exports { nodes { state } } }", ""),
    "export": ("query($id: ID!) { export(id: $id) { state } }", "Export"),
    "attainment": ('{ attainment(alliance: "walk") { group } }', ""),
    "breachForecast": ('{ breachForecast(alliance: "walk") { kind } }', ""),
    "escalationLadder": ("{ escalationLadder { rung } }", ""),
    "roster": (
        'query($id: ID!) { roster(department: $id, since: "2026-03-02T00:00:00+08:00", '
        'until: "2026-03-03T00:00:00+08:00") { id } }',
        "Department",
    ),
    "onDuty": ("query($id: ID!) { onDuty(department: $id) { id } }", "Department"),
    "dutySwaps": ("{ dutySwaps { id } }", ""),
    "preferences": ("{ preferences { channel } }", ""),
    "webhookEndpoints": ("{ webhookEndpoints { name } }", ""),
    "deliveries": ("{ deliveries { nodes { kind } } }", ""),
    "offers": ("{ offers { nodes { number } } }", ""),
    "offer": ("query($id: ID!) { offer(id: $id) { number } }", "Offer"),
    "greenTargets": (
        'query($id: ID!) { greenTargets(kind: "CRITICAL_CHILD", origin: $id) { rank } }',
        "Department",
    ),
    "greenKinds": ("{ greenKinds { concept { code } } }", ""),
    "greenMilestones": ("{ greenMilestones { concept { code } } }", ""),
    "pathologyWorklist": ("{ pathologyWorklist(box: IN) { nodes { number } } }", ""),
    "pathologyCase": ("query($id: ID!) { pathologyCase(id: $id) { number } }", "PathologyCase"),
    "pathologyReaders": ("query($id: ID!) { pathologyReaders(department: $id) { openLimit } }", "Department"),
    "pathologists": ("query($id: ID!) { pathologists(department: $id) { name } }", "Department"),
    "pathologyLedger": ("{ pathologyLedger(grouping: ORGAN) { group } }", ""),
    "uploads": ("query($id: ID!) { uploads(slide: $id) { name } }", "Slide"),
    "slideImages": ("query($id: ID!) { slideImages(slide: $id) { format } }", "Slide"),
    "slideSpace": ("{ slideSpace { used } }", ""),
    "slideScreen": ("query($id: ID!) { slideScreen(slide: $id) { caseNumber } }", "Slide"),
    "reportTemplates": ("{ reportTemplates { code } }", ""),
    "report": ("query($id: ID!) { report(id: $id) { version } }", "Report"),
    "reportDraft": ("query($id: ID!) { reportDraft(case: $id) { version } }", "PathologyCase"),
    "diagnosticReport": ("query($id: ID!) { diagnosticReport(id: $id) }", "Report"),
    "auditTrail": ("{ auditTrail { nodes { action } } }", ""),
    "auditChains": ("{ auditChains { chain } }", ""),
    "breakGlassAccesses": ("{ breakGlassAccesses { nodes { state } } }", ""),
    "breakGlassAccess": ("query($id: ID!) { breakGlassAccess(id: $id) { state } }", "BreakGlass"),
    "breakGlassReviews": ("{ breakGlassReviews { nodes { state } } }", ""),
    "verifyReport": ('{ verifyReport(code: "x") { version } }', ""),
}


# query: (roles that may ask it at all, whose place it must be for an answer about one thing; nothing: anybody's)
_READS = {LAB, LEAD, PATHOLOGIST}
OF_PATHOLOGY: dict[str, tuple[set[Role], Callable[[str, Role], bool] | None]] = {
    "pathologyWorklist": (_READS, None),
    "pathologyCase": (_READS, lambda party, role: (party, role) in SEES_SLIDES),
    "pathologyReaders": (_READS, lambda party, role: party == PARTNER),
    "pathologists": ({LEAD}, lambda party, role: party == PARTNER),
    "pathologyLedger": ({LEAD}, None),
    "uploads": ({LAB}, lambda party, role: party == OWN),  # the sender's lab alone
    "slideImages": (_READS, lambda party, role: (party, role) in SEES_SLIDES),
    "slideSpace": ({LAB}, None),
    "slideScreen": (_READS, lambda party, role: (party, role) in SEES_SLIDES),
}


def expected_of(query: str, party: str, role: Role, *, absent: bool) -> str:
    """The code that a role at a party gets from a query about the standard referral and its like."""
    if query in ("referral", "case"):
        reads = role in CARE | {ADMIN, HOTLINE}
        return (OK if (party, role) in SEES and not absent else NOT_FOUND) if reads else FORBIDDEN
    if query == "specialists":
        seen = (party, role) in SEES and not absent
        return (OK if seen else NOT_FOUND) if role in (OFFICE, EXPERT) else FORBIDDEN
    if query == "worklist":
        return OK if role in CARE | {ADMIN, HOTLINE} else FORBIDDEN
    if query == "offers":
        return OK if role in CARE else FORBIDDEN
    if query == "offer":
        return (OK if (party, role) in SEES and not absent else NOT_FOUND) if role in CARE else FORBIDDEN
    if query == "greenTargets":
        return ("INVALID_INPUT" if absent else OK) if role in (DOCTOR, OFFICE, HOTLINE) else FORBIDDEN
    if query in ("webhookEndpoints", "deliveries"):
        return OK if role == ADMIN else FORBIDDEN
    if query == "colleague":
        return OK if role in (ADMIN, SECURITY) else FORBIDDEN
    if query == "accounts":
        return OK if role in (SYSTEM, SECURITY) else FORBIDDEN
    if query in ("auditTrail", "auditChains"):
        return OK if role == Role.AUDITOR else FORBIDDEN
    if query == "breakGlassReviews":
        return OK if role in (Role.AUDITOR, ADMIN) else FORBIDDEN
    if query == "breakGlassAccess":  # the doctor's of the foreign hospital, to a patient of the county
        own = party == OWN and role in (Role.AUDITOR, ADMIN)
        return OK if (own or (party, role) == (FOREIGN, DOCTOR)) and not absent else NOT_FOUND
    if query == "staff":
        return OK if role in (ADMIN, Role.ALLIANCE_ADMIN, SECURITY) else FORBIDDEN
    if query == "patientLookup":
        return OK if role in (DOCTOR, LAB) else FORBIDDEN  # who registers patients
    if query in ("coverage", "countedReferrals", "attainment", "breachForecast") and role == Role.ALLIANCE_ADMIN:
        return OK if party == PARTNER else NOT_FOUND
    if query in ("attainment", "breachForecast"):
        return {Role.COMMISSION_OBSERVER: OK, ADMIN: NOT_FOUND}.get(role, FORBIDDEN)
    if query in ("report", "reportDraft", "diagnosticReport"):
        return OK if (party, role) in SEES_SLIDES and not absent else NOT_FOUND
    if query in OF_PATHOLOGY:
        reads, kind = OF_PATHOLOGY[query]
        there = not kind or (kind(party, role) and not absent)
        return FORBIDDEN if role not in reads else OK if there else NOT_FOUND
    if query in ("roster", "onDuty"):
        return OK  # an absent department has an empty roster
    if query in ("exports", "export"):  # one's own; nobody asked for one here
        figures = role in (Role.ALLIANCE_ADMIN, Role.COMMISSION_OBSERVER)
        return FORBIDDEN if not figures else OK if query == "exports" else NOT_FOUND
    if query == "countedReferrals":
        return FORBIDDEN
    if query == "coverage":
        return OK if role == Role.COMMISSION_OBSERVER else FORBIDDEN
    return NOT_FOUND if absent else OK
