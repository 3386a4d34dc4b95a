"""From the chosen hospital to its bed: identity, consent, diversion, handover, stand-down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, capacity, lifecycle
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Patient, Side
from referrals import content
from referrals.actions.green.checks import consent_awaited, is_green, unidentified
from referrals.actions.travel import BOTH, give_back
from referrals.actions.withdraw import OPEN
from referrals.models import Ending, Handover, Journey, Milestone, Referral, Status
from referrals.numbers import next_number

NOT_YET_THERE = [Status.ACCEPTED, Status.SCHEDULED, Status.IN_TRANSIT]


@transition(
    Referral,
    label=gettext_lazy("核实身份"),
    sources=OPEN,
    target=None,
    sides=BOTH,
    tells=BOTH,
    requires=[is_green, unidentified],
)
def identify_patient(referral: Referral, move: Move, *, patient: Mapping[str, Any]) -> None:
    """Put the real identity in the place of the temporary one; a patient the network knows is recognised."""
    if not patient.get("id_number"):
        raise Refused(Code.INVALID_INPUT, _("请填写身份证号。"), field="patient.idNumber")
    unknown = referral.case.patient
    hospital = referral.requester_hospital
    found = content.register_patient(by=move.by, hospital=hospital, now=move.now, **patient)
    found = Patient.objects.select_for_update(no_key=True).get(pk=found.pk)
    if found.deceased_at:  # every limit of the case would fall silent
        raise Refused(
            Code.INVALID_STATE,
            _("该身份证号的患者已登记死亡，请核对号码；如登记有误，请联系登记医院。"),
            field="patient.idNumber",
        )
    referral.case.patient = found
    referral.case.save(update_fields=["patient"])
    move.detail["temporaryIdentity"] = unknown.temporary_identity


@transition(
    Referral,
    label=gettext_lazy("登记同意转院"),
    sources=[Status.ACCEPTED, Status.SCHEDULED],
    target=None,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[is_green, consent_awaited],
)
def give_consent(
    referral: Referral,
    move: Move,
    *,
    consent_by: str,
    consent_relation: str,
    emergency_basis: str = "",
    comment: str = "",
) -> None:
    """Record who consented to the transfer, or who approved it in an emergency, and when; the patient may leave now."""
    if not consent_by.strip():
        raise Refused(Code.INVALID_INPUT, _("请填写同意人。"), field="consentBy")
    referral.consent_by, referral.consent_relation = consent_by.strip(), consent_relation.strip()
    if emergency_basis:
        move.because("EMERGENCY_APPROVAL", emergency_basis, comment, field="emergencyBasis")
        content.require_approver(referral)
    else:
        content.require_guardian(referral, today=timezone.localdate(move.now))
    referral.consent_at = move.event_at


@transition(
    Referral,
    label=gettext_lazy("登记拒绝转院"),
    sources=[Status.ACCEPTED, Status.SCHEDULED],
    target=Status.CANCELLED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[is_green, consent_awaited],
)
def refuse_consent(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """The patient or family refuses: the leg ends, what was held is released and the chosen hospital told."""
    move.because("GREEN_CONSENT_REFUSED", reason, comment)
    referral.consent_refused_at = move.event_at
    give_back(referral, move)
    referral.end(Ending.CANCELLED, move.now)


@transition(
    Referral,
    label=gettext_lazy("途中改道"),
    sources=[Status.IN_TRANSIT],
    target=Status.REDIRECTED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[is_green],
)
def divert_referral(
    referral: Referral,
    move: Move,
    *,
    performer_department: UUID,
    reason: str,
    comment: str = "",
    condition: str = "",
    eta: datetime | None = None,
) -> None:
    """Drive to another hospital: a new leg that is under way already; the old one's view narrows to the summary."""
    move.because("GREEN_DIVERT", reason, comment)
    department = content.destination(performer_department)
    if department.hospital_id == referral.performer_hospital_id:
        raise Refused(Code.INVALID_INPUT, _("正在驶往该院，请另选医院。"), field="performerDepartment")
    if eta and eta <= move.event_at:
        raise Refused(Code.INVALID_INPUT, _("预计到达时间必须晚于改道时间。"), field="eta")
    give_back(referral, move)
    sheet = referral.journeys.latest("id")
    leg = content.copy_of(
        referral,
        number=next_number("G", move.now),
        created_by=move.by.person,
        created_at=move.event_at,
        sent_at=move.now,
        departed_at=referral.departed_at,
    )
    content.aim(leg, department)
    leg.held_capacity_id = capacity.hold_if_left(department, referral.needed_capability)
    move.limit("TRANSIT", eta)
    move.detail["milestones"] = [
        {"kind": row.kind.code, "at": row.at.isoformat()}
        for row in Milestone.objects.filter(referral=referral, superseded_at__isnull=True).select_related("kind")
    ]
    lifecycle.begin(leg, move, status=Status.IN_TRANSIT, tells=(Side.PERFORMER,))
    checked(
        Journey(
            referral=leg,
            departed_at=sheet.departed_at,
            vehicle=sheet.vehicle,
            escort=sheet.escort,
            eta=eta,
            condition=condition.strip() or sheet.condition,
        )
    ).save()
    Milestone.objects.filter(referral=referral).update(referral=leg)  # the times are the patient's and travel along
    referral.end(Ending.REDIRECTED, move.now)


@transition(
    Referral,
    label=gettext_lazy("交接签字"),
    sources=NOT_YET_THERE,
    target=None,
    sides=BOTH,
    tells=BOTH,
    requires=[is_green],
)
def sign_handover(
    referral: Referral, move: Move, *, condition: str = "", on_the_way: str = "", given: str = "", remarks: str = ""
) -> None:
    """Sign the handover for one's own side: the sender says how the patient is, the receiver remarks; each once."""
    sheet: Handover = getattr(referral, "handover", None) or Handover(referral=referral)
    if access.role_for(move.by, "sign_handover", referral, Side.REQUESTER):
        _once(sheet.sender_signed_at)
        if not condition.strip():
            raise Refused(Code.INVALID_INPUT, _("请填写交接时病情。"), field="condition")
        sheet.condition, sheet.on_the_way, sheet.given = condition.strip(), on_the_way.strip(), given.strip()
        sheet.sender, sheet.sender_signed_at = move.by.person, move.event_at
    else:
        _once(sheet.receiver_signed_at)
        sheet.remarks = remarks.strip()
        sheet.receiver, sheet.receiver_signed_at = move.by.person, move.event_at
    checked(sheet).save()
    move.detail["signed"] = sheet.signed


def _once(signed_at: datetime | None) -> None:
    if signed_at:
        raise Refused(Code.INVALID_STATE, _("本方已经签字。"))


@transition(
    Referral,
    label=gettext_lazy("终止绿色通道"),
    sources=OPEN,
    target=Status.CANCELLED,
    sides=BOTH,
    tells=BOTH,
    requires=[is_green],
)
def stand_down(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """Either side ends the green channel with a coded reason; everybody who was asked or chosen is told."""
    move.because("GREEN_STAND_DOWN", reason, comment)
    give_back(referral, move)
    referral.end(Ending.CANCELLED, move.now)
