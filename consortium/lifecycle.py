"""One step of a case, in one transaction: lock, authorise, check, apply, record, tell.

A step is a function decorated with `transition`. The same table answers what is possible now (`choices`) and guards the
step itself (`refusal`), so a page and a rule cannot disagree. Only this module assigns `status`.
"""

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, clocks, moment, outbox, registry, trail
from consortium.access import Actor
from consortium.database import prepared
from consortium.database.together import Writing
from consortium.errors import Code, Refused, checked
from consortium.models import Event, Person, PractitionerRole, ServiceRequest, Side
from consortium.requirements import Requirement
from consortium.roles import ON_BEHALF, Role, roles_with
from consortium.trail import Move

CASE = TypeVar("CASE", bound=ServiceRequest)

CLOCK_SKEW = timedelta(minutes=1)
LATE_ENTRY = timedelta(minutes=5)
# What may change on a case that moves as the consequence of another one's step.
CARRIED = ("status", "version", "closed_at", "clock_kind", "clock_holder", "clock_started_at", "due_at")


@dataclass(frozen=True)
class Step:
    """One row of the table of transitions."""

    name: str
    model: type[ServiceRequest]
    label: str | Promise
    sources: frozenset[str]
    target: str | None
    sides: tuple[Side, ...]
    tells: tuple[Side, ...]
    requires: tuple[Requirement, ...]
    while_closed: bool
    apply: Callable[..., str | None]


@dataclass(frozen=True)
class Choice:
    """What one step means for one actor now: allowed, or why not and who could take it."""

    step: Step
    refusal: Refused | None
    who: tuple[tuple[Side, tuple[Role, ...]], ...]


STEPS: dict[type[ServiceRequest], dict[str, Step]] = {}
# What else is recorded of a case, by the name of its action, with the label that a timeline shows.
NOTED: dict[str, str | Promise] = {outbox.REMINDER: gettext_lazy("超时提醒")}


def transition(
    model: type[CASE],
    *,
    label: str | Promise,
    sources: Iterable[str],
    target: str | None,
    sides: Iterable[Side],
    tells: Iterable[Side] = (),
    requires: Iterable[Requirement] = (),
    while_closed: bool = False,
) -> Callable[[Callable[..., str | None]], Callable[..., CASE]]:
    """Make a step of a function `(case, move, **inputs)`, which changes the case and may return its new state.

    Without `target` the state stays, unless the function returns one. No `sides` means that only the clock may act.
    """

    def register(apply: Callable[..., str | None]) -> Callable[..., CASE]:
        step = Step(
            apply.__name__,
            model,
            label,
            frozenset(sources),
            target,
            tuple(sides),
            tuple(tells),
            tuple(requires),
            while_closed,
            apply,
        )
        STEPS.setdefault(model, {})[step.name] = step

        @functools.wraps(apply)
        def take(*, by: Actor, id: UUID, expected_version: int, **inputs: Any) -> CASE:
            return _take(step, by=by, id=id, expected_version=expected_version, **inputs)

        take.step = step  # type: ignore[attr-defined]
        return take

    return register


def label_of(kind: str) -> str | Promise:
    """The label of an event's kind, to be put into the reader's language."""
    step = next((table[kind] for table in STEPS.values() if kind in table), None)
    return step.label if step else NOTED.get(kind, kind)


def status_label(kind: str, status: str) -> str:
    """The label of a state of one kind of case in the reader's language."""
    model: Any = next(model for model in STEPS if kind == model.KIND)
    return str(dict(model._meta.get_field("status").choices)[status])


def fits(step: Step, case: ServiceRequest) -> bool:
    """Whether the case is in a state from which the step can be taken, by whomever."""
    return case.status in step.sources and (case.open or step.while_closed)


def refusal(step: Step, case: ServiceRequest, by: Actor) -> Refused | None:
    """Why the actor cannot take the step on the case as it stands, or nothing: role, then state, then requirements."""
    if _role(step, case, by) is None and not (by is access.SYSTEM and not step.sides):
        return access.forbidden()
    if not fits(step, case):
        return Refused(
            Code.INVALID_STATE,
            _("“{label}”在当前状态“{status}”下不能进行；请刷新后查看现在可以做什么。").format(
                label=step.label, status=case.get_status_display()
            ),
        )
    return next((found for check in step.requires if (found := check(case, by))), None)


def fitting(step: Step) -> Q:
    """The condition that `fits` is."""
    state = Q(status__in=sorted(step.sources))
    return state if step.while_closed else state & Q(closed_at__isnull=True)


def allowing(step: Step, by: Actor) -> Q | None:
    """The condition under which `refusal` has nothing to say to a person; nothing if a requirement has none."""
    if not by.may_anywhere(step.name):
        return access.any_of(())
    asked = [check.holds(by) for check in step.requires if check.holds]
    if len(asked) < len(step.requires):
        return None
    held = access.any_of(access.held_on(by, step.name, side, among=_readers(step.model, side)) for side in step.sides)
    return functools.reduce(operator.and_, asked, held & fitting(step))


def choices(case: ServiceRequest, by: Actor) -> list[Choice]:
    """Every step of the case's kind with what it means for the actor now; needs no further statement."""
    return [Choice(step, refusal(step, case, by), who(step)) for step in STEPS[type(case)].values() if step.sides]


def move(
    by: Actor,
    step: str,
    role: PractitionerRole | None,
    *,
    now: datetime,
    event_at: datetime | None = None,
    backdating_reason: str = "",
    backdating_comment: str = "",
) -> Move:
    """Begin a move; INVALID_INPUT for an event in the future, or for a late entry without a coded reason.

    COMMENT_REQUIRED if that reason needs words.
    """
    happened = event_at or now
    if happened > now + CLOCK_SKEW:
        raise Refused(Code.INVALID_INPUT, _("发生时间不能晚于现在，请核对时间。"), field="eventAt")
    late = now - happened > LATE_ENTRY
    if late:
        if not backdating_reason:
            raise Refused(
                Code.INVALID_INPUT,
                _("补记超过 5 分钟前的事件，需要选择补记原因。"),
                field="backdatingReason",
            )
        registry.reason(
            "BACKDATING",
            backdating_reason,
            backdating_comment,
            on=timezone.localdate(now),
            field="backdatingReason",
            comment_field="backdatingComment",
        )
    why = (backdating_reason, backdating_comment.strip()) if late else ("", "")
    return Move(step, by, role, now, happened, *why)


def begin(case: ServiceRequest, taking: Move, *, status: str, tells: tuple[Side, ...] = ()) -> None:
    """Store a new case in its first state, with its event, audit entry, clocks and notices."""
    begin_all([case], taking, status=status, tells=tells)


def begin_all(cases: Sequence[ServiceRequest], taking: Move, *, status: str, tells: tuple[Side, ...] = ()) -> None:
    """Store new cases of one kind as `begin` does, by as many statements as for one."""
    for case in cases:
        case.status = status
    writing = Writing()
    events = _clocked([(case, "") for case in cases], taking, writing)
    writing.insert(checked(case) for case in cases)
    _record(events, replace(taking, tells=tells), writing)


def carry(
    cases: Sequence[ServiceRequest],
    taking: Move,
    *,
    status: str,
    tells: tuple[Side, ...] = (),
    also: Iterable[str] = (),
) -> None:
    """Move locked cases of one kind as the consequence of a step on another one, each with its event and notices.

    `also` names further columns that changed. By as many statements as for one; nothing where there are none.
    """
    if not cases:
        return
    before = [(case, case.status) for case in cases]
    for case in cases:
        case.status, case.version = status, case.version + 1
    writing = Writing()
    events = _clocked(before, taking, writing)
    for case in cases:
        writing.update(case, [*CARRIED, *also])
    _record(events, replace(taking, tells=tells), writing)


def note(case: ServiceRequest, taking: Move) -> Event:
    """Record on the trail what happened to a case without moving it, and tell whom the move names; the event."""
    event = trail.event_of(case, taking, case.status)
    _record([(case, event)], taking, Writing())
    return event


def _clocked(moved: Sequence[tuple[CASE, str]], taking: Move, writing: Writing) -> list[tuple[CASE, Event]]:
    """The cases, with their states before, as pairs with their events; clocks kept, idle reminders called back."""
    events = [(case, trail.event_of(case, taking, before)) for case, before in moved]
    clocks.keep(events, writing)
    outbox.call_back([case for case, _event in events], but=taking.step, writing=writing)
    return events


def _record(moved: Sequence[tuple[CASE, Event]], taking: Move, writing: Writing) -> None:
    """Write the step with what is remembered of it, and tell those who may act next."""
    entries = [
        trail.Entry(case, event, {side: _next_roles(case, side) for side in taking.tells}) for case, event in moved
    ]
    trail.record(entries, taking, writing, label=label_of(taking.step))


def _take(
    step: Step,
    *,
    by: Actor,
    id: UUID,
    expected_version: int,
    now: datetime | None = None,
    event_at: datetime | None = None,
    backdating_reason: str = "",
    backdating_comment: str = "",
    on_behalf_of: int | None = None,
    **inputs: Any,
) -> Any:
    """Take the step; see the module's promise."""
    now = now or by.at or moment.now()
    with transaction.atomic(savepoint=False):
        case = _locked(step.model, by, id)
        if refused := refusal(step, case, by):
            raise refused
        if case.version != expected_version:
            raise Refused(
                Code.STALE_VERSION,
                _("该单已被他人更新（当前版本 {now}，您看到的是版本 {seen}）；请刷新，看过变化后再操作。").format(
                    now=case.version, seen=expected_version
                ),
                field="expectedVersion",
            )
        taking = move(
            by,
            step.name,
            _role(step, case, by),
            now=now,
            event_at=event_at,
            backdating_reason=backdating_reason,
            backdating_comment=backdating_comment,
        )
        if taking.event_at < case.created_at:
            raise Refused(Code.INVALID_INPUT, _("发生时间不能早于建单时间，请核对时间。"), field="eventAt")
        taking.tells = step.tells
        taking.on_behalf_of = _specialist(step, case, taking, on_behalf_of)
        before = case.status
        case.status = step.apply(case, taking, **inputs) or step.target or before
        case.version += 1
        writing = Writing()
        events = _clocked([(case, before)], taking, writing)
        writing.update(checked(case))
        _record(events, taking, writing)
        case.after_step(taking)
    return case


def _locked(model: type[ServiceRequest], by: Actor, id: UUID) -> Any:
    """The case and what it is locked together with, for the actor who may see it; NOT_FOUND otherwise."""
    # From the widest row to the case itself, so that steps on neighbouring cases wait instead of blocking each other.
    locked = (*model.LOCKED, "self")
    rows: Any = model.objects.select_related(*model.LOADED).select_for_update(of=locked, no_key=True)
    with prepared.planned():
        return rows.get(pk=id) if by is access.SYSTEM else access.find(by, rows, id)


def _role(step: Step, case: ServiceRequest, by: Actor) -> PractitionerRole | None:
    """The role in which the actor takes a step; who may take it in their own name does not act on behalf.

    A role counts on a side only where it lets its holder read the case: a doctor of the receiving hospital, whom an
    emergency lets read it, takes none of the sender's steps.
    """
    held = [
        role
        for side in step.sides
        for role in access.roles_for(by, step.name, case, side)
        if role.role in _readers(step.model, side)
    ]
    return min(held, key=lambda role: step.name in ON_BEHALF.get(Role(role.role), ()), default=None)


def who(step: Step) -> tuple[tuple[Side, tuple[Role, ...]], ...]:
    """The roles that may take a step, by side; a permission counts only where its holder may read the case."""
    return tuple(
        (side, tuple(role for role in roles_with(step.name) if role in _readers(step.model, side)))
        for side in step.sides
    )


def _readers(model: type[ServiceRequest], side: Side) -> set[Role]:
    """The roles that can come to see a case of this kind from one side."""
    return {role for arm in model.ARMS if arm.side == side for role in roles_with(arm.permission)}


def specialists(step: Step, case: ServiceRequest, *, now: datetime) -> QuerySet[PractitionerRole]:
    """The running roles at the case of those who take a step in their own name: an office names one of them."""
    holders = [other for other in roles_with(step.name) if step.name not in ON_BEHALF.get(other, ())]
    return trail.staff(case, dict.fromkeys(step.sides, holders), now=now)


def _specialist(step: Step, case: ServiceRequest, taking: Move, person: int | None) -> Person | None:
    """The specialist whose decision an office enters; INVALID_INPUT if the step is theirs and none is named."""
    role = taking.role
    if role is None or step.name not in ON_BEHALF.get(Role(role.role), ()):
        return None
    staff = specialists(step, case, now=taking.now)
    found = staff.filter(person=person).select_related("person").first() if person else None
    if found is None:
        raise Refused(
            Code.INVALID_INPUT,
            _("转诊办代录时，请注明作出决定的本科室专家。"),
            field="onBehalfOf",
        )
    return found.person


def _next_roles(case: ServiceRequest, side: Side) -> set[Role]:
    """The roles on one side that may act next, or, when nobody may, those who may see how it ended.

    Nobody hears of what they cannot see: the performer nothing before the case is sent, no role without a view.
    """
    if side == Side.PERFORMER and case.sent_at is None:
        return set()
    steps = [
        step.name
        for step in STEPS[type(case)].values()
        if side in step.sides
        and case.status in step.sources
        and (case.open or step.while_closed)
        and all(check(case, access.SYSTEM) is None for check in step.requires)
    ]
    return _readers(type(case), side) & {role for name in steps or [case.VIEWED_BY[side]] for role in roles_with(name)}
