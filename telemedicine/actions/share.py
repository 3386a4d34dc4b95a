"""The performer's side before reading: quality of the slides, the pool, who reads."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import registry
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Person, Side
from consortium.requirements import requirement
from telemedicine import experts
from telemedicine.actions.send import told
from telemedicine.models import Kind, PathologyCase, QualityCheck, QualityResult, Recusal, Status

CONFLICT = "CONFLICT_OF_INTEREST"


@requirement(lambda by: Q(assigned_to=by.person))
def assigned_reader(case: PathologyCase, by: Actor) -> Refused | None:
    """Only who has the case in hand reads and signs it."""
    if by.person and case.assigned_to_id != by.person.pk:
        return Refused(Code.FORBIDDEN, _("该病例由另一位专家负责；如需更换，请病理会诊负责人重新分派。"))
    return None


def check_quality(case: PathologyCase, move: Move, result: QualityResult, **found: Any) -> None:
    """Store what came of a look at the slides."""
    checked(QualityCheck(case=case, result=result, checked_at=move.event_at, checked_by=move.by.person, **found)).save()


def pool(case: PathologyCase, move: Move) -> str:
    """Put the case before all who read its subspecialty; a frozen section may not stay there long."""
    case.assigned_to, case.assigned_at = None, None
    if case.kind == Kind.FROZEN:
        move.reach("frozen_pooled")
    return Status.POOLED


def hand(case: PathologyCase, move: Move, person: int, *, field: str | None = None) -> None:
    """Put the case into somebody's hand, who is told."""
    experts.entrust(case, person, move.now, field=field)
    move.people = told(case, case.assigned_to_id)


@transition(
    PathologyCase,
    label=gettext_lazy("质检合格"),
    sources=[Status.SUBMITTED],
    target=Status.POOLED,
    sides=[Side.PERFORMER],
    tells=[Side.PERFORMER],
)
def pass_quality(case: PathologyCase, move: Move, *, note: str = "") -> str:
    """Let the slides be read: by the standby expert who confirmed, or by who claims them from the pool."""
    check_quality(case, move, QualityResult.PASSED, note=note.strip())
    if case.standby_expert and case.reservation_confirmed_at:
        who = experts.colleague(case, case.standby_expert.pk, "claim_pathology", now=move.now, field="id")
        if experts.unfit(case, who) is None:
            move.tells = ()
            hand(case, move, case.standby_expert.pk)
            return Status.ASSIGNED
    return pool(case, move)


@transition(
    PathologyCase,
    label=gettext_lazy("质检退回"),
    sources=[Status.SUBMITTED],
    target=Status.RETURNED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def fail_quality(case: PathologyCase, move: Move, *, defects: list[Mapping[str, Any]], note: str = "") -> None:
    """Send the slides back with coded defects, each of one slide or of all; the limit pauses on the sender."""
    if not defects:
        raise Refused(Code.INVALID_INPUT, _("请至少选择一项缺陷。"), field="defects")
    codes = [defect["code"] for defect in defects]
    found = registry.concepts(
        "REASON/SLIDE_DEFECT", dict.fromkeys(codes), on=timezone.localdate(move.now), field="defects"
    )
    if any(defect.comment_required for defect in found) and not note.strip():
        raise Refused(Code.COMMENT_REQUIRED, _("选择“其他”时，请写明缺陷。"), field="note")
    barcodes = set(case.slides.values_list("barcode", flat=True))
    rows = [{"code": defect["code"], "slide": (defect.get("barcode") or "").strip()} for defect in defects]
    if any(row["slide"] and row["slide"] not in barcodes for row in rows):
        raise Refused(Code.INVALID_INPUT, _("缺陷所指的切片不属于本例。"), field="defects")
    check_quality(case, move, QualityResult.FAILED, defects=rows, note=note.strip())
    move.reason_code, move.comment = codes[0], note.strip()


@transition(
    PathologyCase,
    label=gettext_lazy("认领病理会诊"),
    sources=[Status.POOLED],
    target=Status.ASSIGNED,
    sides=[Side.PERFORMER],
    requires=[experts.fit_to_read],
)
def claim_pathology(case: PathologyCase, move: Move) -> None:
    """Take a case out of the pool; one claim wins."""
    if move.by.person:
        hand(case, move, move.by.person.pk)


@transition(
    PathologyCase,
    label=gettext_lazy("分派病理会诊"),
    sources=[Status.POOLED],
    target=Status.ASSIGNED,
    sides=[Side.PERFORMER],
)
def assign_pathology(case: PathologyCase, move: Move, *, expert: int) -> None:
    """Give a case of the pool to a pathologist, by subspecialty, load and conflict of interest."""
    hand(case, move, expert, field="expert")


@transition(
    PathologyCase,
    label=gettext_lazy("重新分派"),
    sources=experts.IN_HAND,
    target=Status.ASSIGNED,
    sides=[Side.PERFORMER],
)
def reassign_pathology(case: PathologyCase, move: Move, *, expert: int, reason: str, comment: str = "") -> str | None:
    """Give a case to another pathologist, with a coded reason; opinions that were given are kept."""
    code = move.because("REASSIGN", reason, comment)
    before = case.assigned_to
    if before and code == CONFLICT:
        recuse(case, move, before, code)
    case.second_reader, case.adjudicator, case.second_agreement, case.settled_class = None, None, "", ""
    hand(case, move, expert, field="expert")
    if before and case.assigned_to == before:
        raise Refused(Code.INVALID_INPUT, _("该病例已由此专家负责，请另选专家。"), field="expert")
    move.people = told(case, case.assigned_to_id, before.pk if before else None)
    # What the sender was asked for is still due.
    return Status.MORE_NEEDED if case.material_requests.filter(answered_at__isnull=True).exists() else None


@transition(
    PathologyCase,
    label=gettext_lazy("开始阅片"),
    sources=[Status.ASSIGNED],
    target=Status.READING,
    sides=[Side.PERFORMER],
    requires=[assigned_reader],
)
def start_reading(case: PathologyCase, move: Move) -> None:
    """Begin to read."""
    case.started_at = case.started_at or move.event_at


@transition(
    PathologyCase,
    label=gettext_lazy("谢绝阅片"),
    sources=[Status.ASSIGNED],
    target=Status.POOLED,
    sides=[Side.PERFORMER],
    tells=[Side.PERFORMER],
    requires=[assigned_reader],
)
def decline_reading(case: PathologyCase, move: Move, *, reason: str, comment: str = "") -> None:
    """Put the case back into the pool with a coded reason; a conflict of interest lasts."""
    code = move.because("PATHOLOGY_DECLINE", reason, comment)
    if move.by.person and code == CONFLICT:
        recuse(case, move, move.by.person, code)
    pool(case, move)


def recuse(case: PathologyCase, move: Move, person: Person, code: str) -> None:
    """Let somebody take no part in a case any more."""
    Recusal.objects.get_or_create(
        case=case, person=person, defaults={"reason_code": code, "declined_at": move.event_at}
    )
