"""When things happened: milestones in their order, and why an interval took as long as it did."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, lifecycle, registry
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Concept, MilestoneRule, Side
from referrals.actions.green.checks import is_green
from referrals.actions.travel import BOTH
from referrals.models import Milestone, QualityReview, Referral, Status

UNDER_WAY = [Status.BROADCAST, Status.ACCEPTED, Status.SCHEDULED, Status.IN_TRANSIT, Status.ARRIVED]
AT_THE_END = [Status.ARRIVED, Status.OUTCOME_RETURNED, Status.CLOSED]


@transition(
    Referral,
    label=gettext_lazy("记录时间节点"),
    sources=UNDER_WAY,
    target=None,
    sides=BOTH,
    requires=[is_green],
)
def record_milestone(
    referral: Referral, move: Move, *, kind: str, at: datetime, reason: str | None = None, comment: str = ""
) -> None:
    """Record when something happened, by the side that it belongs to; a correction needs a coded reason.

    The performer records from arrival on. INVALID_INPUT names the milestone with which the time is out of order.
    """
    (concept,) = registry.concepts("GREEN_MILESTONE", [kind], on=timezone.localdate(move.now), field="kind")
    rules = {rule.concept.code: rule for rule in MilestoneRule.objects.select_related("concept")}
    _may_record(referral, move, rules[kind], concept)
    if at > move.now + lifecycle.CLOCK_SKEW:
        raise Refused(Code.INVALID_INPUT, _("时间节点不能晚于现在，请核对时间。"), field="at")
    recorded = {row.kind.code: row for row in current(referral)}
    before = recorded.pop(kind, None)
    in_order(concept, at, recorded, rules)
    if before:
        if not reason:
            raise Refused(Code.INVALID_INPUT, _("该节点已有记录；更正请选择原因。"), field="reason")
        move.because("MILESTONE_CORRECTION", reason, comment)
        before.superseded_at = move.now
        before.save(update_fields=["superseded_at"])
    row = Milestone(
        referral=referral,
        kind=concept,
        at=at,
        recorded_at=move.now,
        recorded_by=move.by.person,
        correction_reason=move.reason_code,
    )
    row.save(force_insert=True)
    move.detail["milestone"] = {"kind": kind, "at": at.isoformat()}


def _may_record(referral: Referral, move: Move, rule: MilestoneRule, concept: Concept) -> None:
    """FORBIDDEN on the wrong side, INVALID_STATE before arrival, INVALID_INPUT for another kind of emergency."""
    if access.role_for(move.by, "record_milestone", referral, Side(rule.side)) is None:
        raise access.forbidden()
    if rule.side == Side.PERFORMER and referral.status != Status.ARRIVED:
        raise Refused(Code.INVALID_STATE, _("患者到达后才能记录“{label}”。").format(label=concept.label), field="kind")
    kind = referral.green_kind
    if rule.kinds and kind and kind.code not in rule.kinds:
        raise Refused(
            Code.INVALID_INPUT,
            _("“{label}”不适用于{kind}。").format(label=concept.label, kind=kind.label),
            field="kind",
        )


def current(referral: Referral) -> list[Milestone]:
    """The milestones of a leg that hold now."""
    rows = Milestone.objects.select_for_update(of=("self",)).select_related("kind")
    return list(rows.filter(referral=referral, superseded_at__isnull=True))


def in_order(
    concept: Concept, at: datetime, recorded: Mapping[str, Milestone], rules: Mapping[str, MilestoneRule]
) -> None:
    """INVALID_INPUT if the time is before what must precede it, or after what must follow it."""
    for code, other in recorded.items():
        if code in preceding(concept.code, rules) and other.at > at:
            earlier, later = other.kind, concept
        elif concept.code in preceding(code, rules) and at > other.at:
            earlier, later = concept, other.kind
        else:
            continue
        raise Refused(
            Code.INVALID_INPUT,
            _("时间顺序不对：“{earlier}”不能晚于“{later}”，请核对时间。").format(
                earlier=earlier.label, later=later.label
            ),
            field="at",
        )


def preceding(code: str, rules: Mapping[str, MilestoneRule]) -> set[str]:
    """Every milestone that cannot be later than this one, directly or through others."""
    found: set[str] = set()
    waiting = list(rules[code].after) if code in rules else []
    while waiting:
        earlier = waiting.pop()
        if earlier not in found:
            found.add(earlier)
            waiting += rules[earlier].after if earlier in rules else []
    return found


@transition(
    Referral,
    label=gettext_lazy("质控复盘"),
    sources=AT_THE_END,
    target=None,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[is_green],
    while_closed=True,
)
def review_quality(
    referral: Referral, move: Move, *, from_kind: str, to_kind: str, cause: str, comment: str = ""
) -> None:
    """Say with a coded cause why the time between two milestones was too long; INCOMPLETE if one is not recorded."""
    recorded = {row.kind.code: row for row in current(referral)}
    for kind, field in ((from_kind, "fromKind"), (to_kind, "toKind")):
        if kind not in recorded:
            raise Refused(Code.INCOMPLETE, _("该时间节点还没有记录，请先补记。"), field=field)
    began, ended = recorded[from_kind], recorded[to_kind]
    if ended.at < began.at:
        raise Refused(Code.INVALID_INPUT, _("终止节点不能早于起始节点。"), field="toKind")
    checked(
        QualityReview(
            referral=referral,
            from_kind=began.kind,
            to_kind=ended.kind,
            minutes=int((ended.at - began.at).total_seconds() // 60),
            cause=move.because("GREEN_BREACH", cause, comment),
            comment=move.comment,
            reviewed_at=move.now,
            reviewed_by=move.by.person,
        )
    ).save()
