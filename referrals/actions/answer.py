"""The performer's answer: open, take in hand, ask, accept, waitlist, advise, reject, redirect."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consortium import capacity, enquiries, lifecycle, registry
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Hospital, Priority, Side
from consortium.models import Status as Membership
from consortium.requirements import requirement
from referrals import content
from referrals.actions.send import send
from referrals.models import Decision, Ending, InformationRequest, Referral, Status
from referrals.numbers import next_number

ANSWERABLE = [Status.SENT, Status.IN_TRIAGE]


@requirement(lambda by: Q(opened_at__isnull=True))
def not_yet_opened(referral: Referral, by: Actor) -> Refused | None:
    """The read receipt is given once."""
    if referral.opened_at:
        return Refused(Code.INVALID_STATE, _("该单此前已被查看，回执只发一次。"))
    return None


@requirement(lambda by: Q(hops__lt=settings.MAX_HOPS))
def hops_left(referral: Referral, by: Actor) -> Refused | None:
    """A case is not passed on for ever."""
    if referral.hops >= settings.MAX_HOPS:
        return Refused(
            Code.TOO_MANY_HOPS,
            _("该病例已改转 {hops} 次，达到上限；请接受、列入候床、回复建议或拒绝。").format(hops=referral.hops),
        )
    return None


def change_priority(
    referral: Referral, move: Move, priority: int | None, reason: str | None, comment: str = ""
) -> None:
    """Set another priority with its coded reason and words beside it, remembered in the event."""
    if priority is None or priority == referral.priority:
        return
    if not reason:
        raise Refused(Code.INVALID_INPUT, _("调整优先级须选择原因。"), field="priorityReason")
    move.because("PRIORITY_CHANGE", reason, comment, field="priorityReason", comment_field="priorityComment")
    move.detail["priority"] = {
        "from": Priority(referral.priority).name,
        "to": Priority(priority).name,
        "reason": reason,
    }
    referral.priority = priority


def decide(referral: Referral, move: Move, decision: Decision) -> None:
    """Remember the answer, when the first was given, and that the case is in somebody's hand."""
    referral.decision = decision
    referral.decided_at = referral.decided_at or move.event_at
    referral.claimed_by = referral.claimed_by or move.by.person


@transition(
    Referral,
    label=gettext_lazy("查看回执"),
    sources=[Status.SENT],
    target=None,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[not_yet_opened],
)
def open_referral(referral: Referral, move: Move) -> None:
    """Tell the sender that the referral has been read, once."""
    referral.opened_at = move.event_at


@transition(
    Referral,
    label=gettext_lazy("认领"),
    sources=[Status.SENT],
    target=Status.IN_TRIAGE,
    sides=[Side.PERFORMER],
)
def claim_referral(referral: Referral, move: Move) -> None:
    """Take the referral in hand; one claim wins."""
    referral.claimed_by = move.by.person
    referral.opened_at = referral.opened_at or move.event_at


@transition(
    Referral,
    label=gettext_lazy("退回待认领"),
    sources=[Status.IN_TRIAGE],
    target=Status.SENT,
    sides=[Side.PERFORMER],
    tells=[Side.PERFORMER],
)
def release_referral(referral: Referral, move: Move) -> None:
    """Put the referral back for a colleague to claim."""
    referral.claimed_by = None


@transition(
    Referral,
    label=gettext_lazy("要求补充资料"),
    sources=[Status.IN_TRIAGE],
    target=Status.INFO_NEEDED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def request_information(
    referral: Referral, move: Move, *, items: list[str], note: str = "", due_at: datetime | None = None
) -> None:
    """Ask the sender for coded items; the limit moves to the sender until they are supplied."""
    enquiries.ask(
        InformationRequest(referral=referral),
        referral,
        move,
        catalogue="INFORMATION_ITEM",
        limit="INFORMATION",
        items=items,
        note=note,
        due_at=due_at,
    )


@transition(
    Referral,
    label=pgettext_lazy("step", "接受"),
    sources=ANSWERABLE,
    target=Status.ACCEPTED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER, Side.PERFORMER],
)
def accept_referral(
    referral: Referral,
    move: Move,
    *,
    instructions: str = "",
    priority: int | None = None,
    priority_reason: str | None = None,
    priority_comment: str = "",
) -> None:
    """Accept the patient and hold a place of the needed capability; NO_CAPACITY when none is left."""
    change_priority(referral, move, priority, priority_reason, priority_comment)
    decide(referral, move, Decision.ACCEPTED)
    department = referral.performer_department
    referral.held_capacity_id = capacity.hold(department, referral.needed_capability) if department else None
    referral.instructions = instructions.strip()


@transition(
    Referral,
    label=gettext_lazy("列入候床"),
    sources=ANSWERABLE,
    target=Status.WAITLISTED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER, Side.PERFORMER],
)
def waitlist_referral(
    referral: Referral,
    move: Move,
    *,
    instructions: str = "",
    priority: int | None = None,
    priority_reason: str | None = None,
    priority_comment: str = "",
) -> None:
    """Accept the patient without a place yet; the performer makes contact by a date that follows from the priority."""
    change_priority(referral, move, priority, priority_reason, priority_comment)
    decide(referral, move, Decision.WAITLISTED)
    referral.instructions = instructions.strip()


@transition(
    Referral,
    label=pgettext_lazy("step", "回复建议"),
    sources=ANSWERABLE,
    target=Status.ADVISED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def advise_referral(referral: Referral, move: Move, *, advice: Mapping[str, str]) -> None:
    """Answer with structured advice instead of a place; the patient stays, and the referral counts as diverted."""
    given = {name: text.strip() for name, text in advice.items() if text and text.strip()}
    if "recommendation" not in given:
        raise Refused(Code.INVALID_INPUT, _("请写明处理建议。"), field="advice.recommendation")
    decide(referral, move, Decision.ADVISED)
    referral.advice = given


@transition(
    Referral,
    label=pgettext_lazy("step", "拒绝"),
    sources=ANSWERABLE,
    target=Status.REJECTED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def reject_referral(
    referral: Referral,
    move: Move,
    *,
    reason: str,
    comment: str = "",
    alternative_hospital: UUID | None = None,
    no_alternative_reason: str | None = None,
) -> None:
    """Decline with a coded reason and name another hospital, or say by a code why none is needed."""
    if alternative_hospital:
        referral.alternative_hospital = Hospital.objects.filter(
            ~Q(pk__in=[referral.performer_hospital_id, referral.requester_hospital_id]),
            pk=alternative_hospital,
            status=Membership.ACTIVE,
        ).first()
        if referral.alternative_hospital is None:
            raise Refused(
                Code.INVALID_INPUT, _("建议医院不存在、已暂停或就是当前双方，请另选。"), field="alternativeHospital"
            )
    elif no_alternative_reason:
        day = timezone.localdate(move.now)
        registry.reason("NO_ALTERNATIVE", no_alternative_reason, comment, on=day, field="noAlternativeReason")
        move.detail["noAlternativeReason"] = no_alternative_reason
    else:
        raise Refused(
            Code.INVALID_INPUT,
            _("拒绝时请推荐另一家医院，或选择无需推荐的原因。"),
            field="alternativeHospital",
        )
    referral.reject_reason = move.because("REJECT", reason, comment)
    decide(referral, move, Decision.REJECTED)


@transition(
    Referral,
    label=pgettext_lazy("step", "改转"),
    sources=[*ANSWERABLE, Status.ACCEPTED, Status.WAITLISTED],
    target=Status.REDIRECTED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[hops_left],
)
def redirect_referral(
    referral: Referral, move: Move, *, performer_department: UUID, reason: str, comment: str = ""
) -> None:
    """Pass the patient on to a hospital not yet visited, as a new leg; the own view narrows to the summary."""
    move.because("REDIRECT", reason, comment)
    department = content.destination(performer_department)
    legs = Referral.objects.filter(case=referral.case_id)
    with beyond():  # wherever it has been
        visited = legs.filter(
            Q(performer_hospital=department.hospital_id, sent_at__isnull=False)
            | Q(requester_hospital=department.hospital_id)
        ).exists()
    if visited:
        raise Refused(
            Code.ALREADY_VISITED,
            _("该病例已到过“{hospital}”，请改转其他医院。").format(hospital=department.hospital.name),
            field="performerDepartment",
        )
    leg = content.copy_of(
        referral,
        number=next_number("R", move.now),
        created_at=move.event_at,
        hops=referral.hops + 1,
    )
    content.aim(leg, department)
    send(leg, move.now)
    lifecycle.begin(leg, move, status=Status.SENT, tells=(Side.PERFORMER,))
    capacity.release(referral.held_capacity_id)
    referral.held_capacity = None
    decide(referral, move, Decision.REDIRECTED)
    referral.end(Ending.REDIRECTED, move.now)
