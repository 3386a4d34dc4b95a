"""The sender's steps: write, review, send, supply, send again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, enquiries, lifecycle
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Department, Hospital, Patient, Priority, Side
from consortium.requirements import requirement
from referrals import content
from referrals.models import Case, ClinicalSummary, Ending, Referral, Status
from referrals.numbers import next_number

lifecycle.NOTED["create_referral"] = gettext_lazy("新建")


def drafted(
    patient: Patient,
    sender: Department,
    *,
    by: Actor,
    move: Move,
    duplicate_reason: str | None,
    duplicate_comment: str,
    now: datetime,
    **written: Any,
) -> Referral:
    """The first leg of a new case of a patient, not yet begun; OPEN_CASE_EXISTS without a reason for a second case."""
    # Two drafts for one patient at once: one sees the other.
    who = Patient.objects.select_for_update().get(pk=patient.pk)
    if who.deceased_at:
        raise Refused(
            Code.INVALID_STATE, _("该患者已登记死亡，不能新建转诊；如登记有误，请联系登记医院。"), field="patient"
        )
    if existing := content.open_case(who):
        if not duplicate_reason:
            raise Refused(
                Code.OPEN_CASE_EXISTS,
                _("该患者已有未结束的病例 {number}（{hospital}，{date}）；请在原病例上继续，或说明另开的原因。").format(
                    number=existing.number,
                    hospital=existing.origin.name,
                    date=timezone.localdate(existing.opened_at),
                ),
                field="duplicateReason",
            )
        move.because("DUPLICATE_CASE", duplicate_reason, duplicate_comment)
    case = Case.objects.create(
        number=next_number("C", now), patient=who, origin=sender.hospital, opened_at=move.event_at
    )
    referral = Referral(
        case=case,
        number=next_number("R", now),
        clinical=ClinicalSummary(case=case),
        requester_hospital=sender.hospital,
        requester_department=sender,
        created_by=by.person,
        created_at=move.event_at,
    )
    content.write(referral, now, **written)
    return referral


def create_referral(
    *,
    by: Actor,
    requester_department: UUID,
    patient: Mapping[str, Any],
    duplicate_reason: str | None = None,
    duplicate_comment: str = "",
    now: datetime,
    event_at: datetime | None = None,
    backdating_reason: str = "",
    backdating_comment: str = "",
    **written: Any,
) -> Referral:
    """Write a draft for a patient; OPEN_CASE_EXISTS unless a coded reason says why a second case is needed."""
    sender = content.sender(requester_department)
    role = access.require_at(by, "create_referral", hospital=sender.hospital_id, department=sender.pk)
    taking = lifecycle.move(
        by,
        "create_referral",
        role,
        now=now,
        event_at=event_at,
        backdating_reason=backdating_reason,
        backdating_comment=backdating_comment,
    )
    with transaction.atomic(savepoint=False):
        who = content.register_patient(by=by, hospital=sender.hospital, now=now, **patient)
        referral = drafted(
            who,
            sender,
            by=by,
            move=taking,
            duplicate_reason=duplicate_reason,
            duplicate_comment=duplicate_comment,
            now=now,
            **written,
        )
        lifecycle.begin(referral, taking, status=Status.DRAFT)
    return referral


@requirement(lambda by: ~Q(created_by=by.person))
def not_the_author(referral: Referral, by: Actor) -> Refused | None:
    """A second pair of eyes: who wrote it cannot approve it."""
    if by.person and referral.created_by_id == by.person.pk:
        return Refused(Code.SECOND_PERSON_NEEDED, _("本人填写的转诊单须由转诊办的另一位同事审核。"))
    return None


def send(referral: Referral, now: datetime) -> None:
    """Put a leg before its performer, whose triage limit starts now."""
    referral.sent_at = now


def reviewed_at_home(hospital: Hospital, priority: int) -> bool:
    """Whether the hospital's policy wants its office to read this before it leaves."""
    policy = hospital.outgoing_review
    routine = priority == Priority.ROUTINE
    return policy == hospital.OutgoingReview.ALWAYS or (policy == hospital.OutgoingReview.ROUTINE_ONLY and routine)


def dispatch(referral: Referral, now: datetime) -> Status:
    """Send a complete leg on its way; the state it is in then, by the policy of its hospital."""
    content.require_complete(referral, today=timezone.localdate(now))
    content.aim(referral, content.destination(referral.performer_department_id))
    if reviewed_at_home(referral.requester_hospital, referral.priority):
        return Status.OFFICE_REVIEW
    send(referral, now)
    return Status.SENT


@transition(
    Referral,
    label=gettext_lazy("修改草稿"),
    sources=[Status.DRAFT],
    target=None,
    sides=[Side.REQUESTER],
)
def update_referral(referral: Referral, move: Move, **written: Any) -> None:
    """Change a draft; what is not given stays as it is."""
    content.write(referral, move.now, **written)


@transition(
    Referral,
    label=gettext_lazy("提交"),
    sources=[Status.DRAFT],
    target=Status.SENT,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def submit_referral(referral: Referral, move: Move) -> str | None:
    """Send a complete draft to its performer, or to the own office where the hospital's policy wants a review."""
    status = dispatch(referral, move.now)
    if status == Status.OFFICE_REVIEW:
        move.tells = (Side.REQUESTER,)
    return status


@transition(
    Referral,
    label=gettext_lazy("审核通过"),
    sources=[Status.OFFICE_REVIEW],
    target=Status.SENT,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[not_the_author],
)
def approve_referral(referral: Referral, move: Move) -> None:
    """Let the referral leave the hospital."""
    send(referral, move.now)


@transition(
    Referral,
    label=gettext_lazy("退回修改"),
    sources=[Status.OFFICE_REVIEW],
    target=Status.DRAFT,
    sides=[Side.REQUESTER],
    tells=[Side.REQUESTER],
    requires=[not_the_author],
)
def return_referral(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """Give the draft back to its author with a coded reason."""
    move.because("OFFICE_RETURN", reason, comment)


@transition(
    Referral,
    label=gettext_lazy("补充资料"),
    sources=[Status.INFO_NEEDED],
    target=Status.IN_TRIAGE,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def supply_information(referral: Referral, move: Move, *, answer: str) -> None:
    """Answer what the performer asked; its triage limit runs on with what was left of it."""
    enquiries.answer(referral.information_requests, move, answer)


@transition(
    Referral,
    label=gettext_lazy("重新转出"),
    sources=[Status.ADVISED, Status.REJECTED, Status.NO_SHOW],
    target=None,
    sides=[Side.REQUESTER],
)
def resend_referral(referral: Referral, move: Move, *, performer_department: UUID, **written: Any) -> None:
    """Send the patient's referral again, to the same or another department, as a new leg of the same case."""
    facts = referral.clinical
    new_facts = ClinicalSummary.objects.create(
        case=referral.case,
        summary=facts.summary,
        vitals=facts.vitals,
        exams=facts.exams,
        treatment=facts.treatment,
        allergies=facts.allergies,
    )
    new_facts.diagnose([ranked.concept for ranked in facts.ranked.select_related("concept")])
    leg = content.copy_of(
        referral,
        clinical=new_facts,
        number=next_number("R", move.now),
        created_by=move.by.person,
        created_at=move.event_at,
    )
    content.write(leg, move.now, **written | {"performer_department": performer_department})
    content.require_complete(leg, today=timezone.localdate(move.now))
    send(leg, move.now)
    lifecycle.begin(leg, move, status=Status.SENT, tells=(Side.PERFORMER,))
    referral.end(Ending.SENT_AGAIN, move.now)
