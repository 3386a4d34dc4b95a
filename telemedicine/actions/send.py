"""The lab's side on the way to the expert: reserve a frozen section, submit, mend, supply, cancel."""

from datetime import datetime
from uuid import UUID

from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consortium import enquiries
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Side
from consortium.requirements import requirement
from referrals import content as patients
from telemedicine import content, experts, images
from telemedicine.models import Ending, Kind, PathologyCase, QualityResult, Status

BEFORE_ISSUE = [
    Status.DRAFT,
    Status.RESERVED,
    Status.SUBMITTED,
    Status.RETURNED,
    Status.POOLED,
    Status.ASSIGNED,
    Status.READING,
    Status.MORE_NEEDED,
    Status.PRELIMINARY,
    Status.SECOND_REVIEW,
]
# A frozen section in these states keeps its experts from the next one.
UNFINISHED = [Status.SUBMITTED, Status.POOLED, Status.ASSIGNED, Status.READING]
# The point at which the report's limit begins, by kind; a frozen section has two.
SENT_AS = {Kind.ROUTINE: "routine_sent", Kind.CYTOLOGY: "cytology_sent", Kind.SECOND_OPINION: "opinion_sought"}


@requirement(lambda by: Q(kind=Kind.FROZEN))
def is_frozen(case: PathologyCase, by: Actor) -> Refused | None:
    """Only a frozen section is reserved."""
    if case.kind != Kind.FROZEN:
        return Refused(Code.INVALID_STATE, _("只有术中冰冻需要预约；其他类型请直接提交。"))
    return None


@requirement(
    lambda by: Q(reservation_confirmed_at__isnull=True) & (Q(standby_expert__isnull=True) | Q(standby_expert=by.person))
)
def not_yet_confirmed(case: PathologyCase, by: Actor) -> Refused | None:
    """A reservation is confirmed once, by the expert who was asked for if one was."""
    if case.reservation_confirmed_at:
        return Refused(Code.INVALID_STATE, _("该冰冻预约已经确认。"))
    if by.person and case.standby_expert_id not in (None, by.person.pk):
        return Refused(Code.FORBIDDEN, _("该冰冻预约指定了另一位待命专家，请由其确认。"))
    return None


@transition(
    PathologyCase,
    label=gettext_lazy("预约冰冻"),
    sources=[Status.DRAFT, Status.RESERVED],
    target=Status.RESERVED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[is_frozen],
)
def reserve_frozen(case: PathologyCase, move: Move, *, planned_at: datetime, standby_expert: int | None = None) -> None:
    """Ask for a standby expert at a planned time; asked again, it must be confirmed again."""
    if planned_at <= move.now:
        raise Refused(Code.INVALID_INPUT, _("计划时间必须晚于现在。"), field="plannedAt")
    if case.performer_department_id is None:
        raise Refused(Code.INCOMPLETE, _("请选择会诊科室。"), field="performerDepartment")
    content.aim(case, patients.destination(case.performer_department_id))
    case.standby_expert = None
    if standby_expert:
        who = experts.colleague(case, standby_expert, "confirm_reservation", now=move.now, field="standbyExpert")
        if refused := experts.unfit(case, who, load=False, field="standbyExpert"):
            raise refused
        case.standby_expert = who.person
        move.people, move.tells = told(case, who.person.pk), ()
    case.planned_at, case.reservation_confirmed_at = planned_at, None
    case.sent_at = case.sent_at or move.now


@transition(
    PathologyCase,
    label=gettext_lazy("确认冰冻预约"),
    sources=[Status.RESERVED],
    target=None,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[not_yet_confirmed, experts.fit_to_read],
)
def confirm_reservation(case: PathologyCase, move: Move) -> None:
    """Stand by for the frozen section; the case comes to this expert once its slides pass."""
    case.standby_expert, case.reservation_confirmed_at = move.by.person, move.event_at


@transition(
    PathologyCase,
    label=gettext_lazy("提交病理会诊"),
    sources=[Status.DRAFT, Status.RESERVED],
    target=Status.SUBMITTED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def submit_pathology(case: PathologyCase, move: Move) -> None:
    """Send a complete case whose pictures are all there; the specimen's time is fixed and the report's limit begins."""
    content.require_complete(case, today=timezone.localdate(move.now))
    content.aim(case, patients.destination(case.performer_department_id))
    require_images(case)
    case.specimen_received_at = case.specimens.aggregate(first=Min("received_at"))["first"]
    case.submitted_at, case.sent_at = move.now, case.sent_at or move.now
    if case.kind != Kind.FROZEN:
        move.reach(SENT_AS[Kind(case.kind)])
    else:
        before = PathologyCase.objects.filter(
            kind=Kind.FROZEN, performer_department=case.performer_department_id, status__in=UNFINISHED
        )
        with beyond():  # whoever sent it
            behind = before.exclude(pk=case.pk).exists()
        move.reach("frozen_behind" if behind else "frozen_alone")
        move.since("FROZEN_BEHIND" if behind else "FROZEN", case.specimen_received_at)


def require_images(case: PathologyCase) -> None:
    """INCOMPLETE unless every picture has arrived whole and was verified."""
    if not images.all_verified(case):
        raise Refused(Code.INCOMPLETE, _("还有切片图像未上传完成或未通过校验，请完成后再提交。"), field="slides")


@transition(
    PathologyCase,
    label=gettext_lazy("整改后重新提交"),
    sources=[Status.RETURNED],
    target=Status.SUBMITTED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def fix_pathology(case: PathologyCase, move: Move, *, note: str) -> None:
    """Send the case again with the defects mended; the report's limit runs on with what was left of it."""
    if not note.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明整改了什么。"), field="note")
    content.require_complete(case, today=timezone.localdate(move.now))
    require_images(case)
    check = case.quality_checks.filter(result=QualityResult.FAILED).latest("id")
    check.fixed_at, check.fix_note = move.event_at, note.strip()
    checked(check).save()


@transition(
    PathologyCase,
    label=gettext_lazy("补充材料"),
    sources=[Status.MORE_NEEDED],
    target=Status.READING,
    sides=[Side.REQUESTER],
)
def supply_material(case: PathologyCase, move: Move, *, answer: str) -> None:
    """Answer what the pathologist asked for; the report's limit runs on with what was left of it."""
    require_images(case)
    enquiries.answer(case.material_requests, move, answer)
    move.people = told(case, case.assigned_to_id)


def told(case: PathologyCase, *people: int | None) -> dict[int, UUID]:
    """People of the performer's side who are told by name, for their hospital."""
    return {person: case.performer_hospital_id for person in people if person and case.performer_hospital_id}


@transition(
    PathologyCase,
    label=pgettext_lazy("step", "取消病理会诊"),
    sources=BEFORE_ISSUE,
    target=Status.CANCELLED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def cancel_pathology(case: PathologyCase, move: Move, *, reason: str, comment: str = "") -> None:
    """Withdraw before a report is issued, with a coded reason; whoever has it in hand is told."""
    move.because("PATHOLOGY_CANCEL", reason, comment)
    move.people = told(case, case.assigned_to_id)
    case.end(Ending.CANCELLED, move.now)
