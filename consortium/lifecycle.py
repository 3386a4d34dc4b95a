"""One step of a case, in one transaction: lock, authorise, check, apply, record, tell.

A step is a function decorated with `transition`. The same table answers what is possible now (`choices`) and guards the
step itself (`refusal`), so a page and a rule cannot disagree. Only this module assigns `status`.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from consortium import access, clocks, registry
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import AuditEntry, Event, Notice, Person, PractitionerRole, ServiceRequest, Side
from consortium.roles import ON_BEHALF, Role, roles_with

CASE = TypeVar("CASE", bound=ServiceRequest)
# Asked about `access.SYSTEM`, a requirement answers for nobody in particular: whether anyone could meet it now.
Requirement = Callable[[Any, Actor], Refused | None]

CLOCK_SKEW = timedelta(minutes=1)
LATE_ENTRY = timedelta(minutes=5)


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


@dataclass
class Move:
    """A step while it is being taken: who, when, and what is to be remembered of it."""

    step: str
    by: Actor
    role: PractitionerRole | None
    now: datetime
    event_at: datetime
    backdating_reason: str = ""
    tells: tuple[Side, ...] = ()
    people: frozenset[int] = frozenset()  # who else must hear, by name
    on_behalf_of: Person | None = None
    reason_code: str = ""
    comment: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def limit(self, kind: str, due_at: datetime | None) -> None:
        """Let the limit that the step begins end at a moment of its own, if one is given."""
        if due_at:
            self.detail.setdefault("due", {})[kind] = due_at.isoformat()

    def begins(self, kind: str, since: datetime | None = None) -> None:
        """Begin a limit that only some of these steps begin, at a moment before it if one is given."""
        self.detail.setdefault("begun", {})[kind] = (since or self.now).isoformat()

    def because(self, catalogue: str, code: str, comment: str = "") -> str:
        """Check a coded reason against its catalogue on this day and remember it with its words."""
        self.reason_code = registry.reason(catalogue, code, comment, on=timezone.localdate(self.now)).code
        self.comment = comment.strip()
        return self.reason_code


@dataclass(frozen=True)
class Choice:
    """What one step means for one actor now: allowed, or why not and who could take it."""

    step: Step
    refusal: Refused | None
    who: tuple[tuple[Side, tuple[Role, ...]], ...]


STEPS: dict[type[ServiceRequest], dict[str, Step]] = {}
# What else is recorded of a case, by the name of its action, with the label that a timeline shows.
NOTED: dict[str, str | Promise] = {}


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


def label_of(model: type[ServiceRequest], kind: str) -> str:
    """The label of an event's kind in the reader's language."""
    step = STEPS[model].get(kind)
    return str(step.label if step else NOTED.get(kind, kind))


def refusal(step: Step, case: ServiceRequest, by: Actor) -> Refused | None:
    """Why the actor cannot take the step on the case as it stands, or nothing: role, then state, then requirements."""
    if _role(step, case, by) is None and not (by is access.SYSTEM and not step.sides):
        return access.forbidden()
    if case.status not in step.sources or not (case.open or step.while_closed):
        return Refused(
            Code.INVALID_STATE,
            _("“{label}”在当前状态“{status}”下不能进行；请刷新后查看现在可以做什么。").format(
                label=step.label, status=case.get_status_display()
            ),
        )
    return next((found for check in step.requires if (found := check(case, by))), None)


def choices(case: ServiceRequest, by: Actor) -> list[Choice]:
    """Every step of the case's kind with what it means for the actor now; needs no further statement."""
    return [Choice(step, refusal(step, case, by), _who(step)) for step in STEPS[type(case)].values() if step.sides]


def move(
    by: Actor,
    step: str,
    role: PractitionerRole | None,
    *,
    now: datetime,
    event_at: datetime | None = None,
    backdating_reason: str = "",
) -> Move:
    """Begin a move; INVALID_INPUT for an event in the future, or for a late entry without a coded reason."""
    happened = event_at or now
    if happened > now + CLOCK_SKEW:
        raise Refused(Code.INVALID_INPUT, _("发生时间不能晚于现在，请核对时间。"), field="eventAt")
    if now - happened > LATE_ENTRY:
        if not backdating_reason:
            raise Refused(
                Code.INVALID_INPUT,
                _("补记超过 5 分钟前的事件，需要选择补记原因。"),
                field="backdatingReason",
            )
        registry.concepts(
            "REASON/BACKDATING", [backdating_reason], on=timezone.localdate(now), field="backdatingReason"
        )
    return Move(step, by, role, now, happened, backdating_reason if now - happened > LATE_ENTRY else "")


def begin(case: ServiceRequest, taking: Move, *, status: str, tells: tuple[Side, ...] = ()) -> None:
    """Store a new case in its first state, with its event, audit entry and notices."""
    case.status = status
    event = _event(case, taking, taking.step, "")
    clocks.keep(case, event)
    checked(case).save(force_insert=True)
    _record(case, replace(taking, tells=tells), event)


def note(case: ServiceRequest, taking: Move) -> Event:
    """Record on the trail what happened to a case without moving it; the event."""
    event = _event(case, taking, taking.step, case.status)
    _record(case, taking, event)
    return event


def _take(
    step: Step,
    *,
    by: Actor,
    id: UUID,
    expected_version: int,
    now: datetime | None = None,
    event_at: datetime | None = None,
    backdating_reason: str = "",
    on_behalf_of: int | None = None,
    **inputs: Any,
) -> Any:
    """Take the step; see the module's promise."""
    now = now or by.at or timezone.now()
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
            by, step.name, _role(step, case, by), now=now, event_at=event_at, backdating_reason=backdating_reason
        )
        if taking.event_at < case.created_at:
            raise Refused(Code.INVALID_INPUT, _("发生时间不能早于建单时间，请核对时间。"), field="eventAt")
        taking.tells = step.tells
        taking.on_behalf_of = _specialist(step, case, taking, on_behalf_of)
        before = case.status
        case.status = step.apply(case, taking, **inputs) or step.target or before
        case.version += 1
        event = _event(case, taking, step.name, before)
        clocks.keep(case, event)
        checked(case).save(force_update=True)
        _record(case, taking, event)
        case.after_step(taking)
    return case


def _locked(model: type[ServiceRequest], by: Actor, id: UUID) -> Any:
    """The case and what it is locked together with, for the actor who may see it; NOT_FOUND otherwise."""
    # From the widest row to the case itself, so that steps on neighbouring cases wait instead of blocking each other.
    locked = (*model.LOCKED, "self")
    rows: Any = model.objects.select_related(*model.LOADED).select_for_update(of=locked, no_key=True)
    if by is access.SYSTEM:
        return rows.get(pk=id)
    return access.find(by, rows, id)


def _role(step: Step, case: ServiceRequest, by: Actor) -> PractitionerRole | None:
    """The role in which the actor takes a step; who may take it in their own name does not act on behalf."""
    held = [role for side in step.sides for role in access.roles_for(by, step.name, case, side)]
    return min(held, key=lambda role: step.name in ON_BEHALF.get(Role(role.role), ()), default=None)


def _who(step: Step) -> tuple[tuple[Side, tuple[Role, ...]], ...]:
    """The roles that may take a step, by side; a permission counts only where its holder may read the case."""
    return tuple(
        (side, tuple(role for role in roles_with(step.name) if role in _readers(step.model, side)))
        for side in step.sides
    )


def _readers(model: type[ServiceRequest], side: Side) -> set[Role]:
    """The roles that can come to see a case of this kind from one side."""
    return {role for arm in model.ARMS if arm.side == side for role in roles_with(arm.permission)}


def _specialist(step: Step, case: ServiceRequest, taking: Move, person: int | None) -> Person | None:
    """The specialist whose decision an office enters; INVALID_INPUT if the step is theirs and none is named."""
    role = taking.role
    if role is None or step.name not in ON_BEHALF.get(Role(role.role), ()):
        return None
    holders = [other for other in roles_with(step.name) if step.name not in ON_BEHALF.get(other, ())]
    there = staff(case, dict.fromkeys(step.sides, holders), now=taking.now)
    found = there.filter(person=person).select_related("person").first() if person else None
    if found is None:
        raise Refused(
            Code.INVALID_INPUT,
            _("转诊办代录时，请注明作出决定的本科室专家。"),
            field="onBehalfOf",
        )
    return found.person


def staff(case: ServiceRequest, roles: Mapping[Side, Iterable[Role]], *, now: datetime) -> QuerySet[PractitionerRole]:
    """The running roles of these kinds at the parties of a case."""
    places = Q(pk__in=[])
    for side, kinds in roles.items():
        prefix = side.lower()
        at_place = Q(department=getattr(case, f"{prefix}_department_id"))
        at_place |= Q(hospital=getattr(case, f"{prefix}_hospital_id"), department__isnull=True)
        if getattr(case, f"{prefix}_hospital_id"):
            places |= at_place & Q(role__in=list(kinds))
    return PractitionerRole.objects.filter(access.running(now), places)


def _event(case: ServiceRequest, taking: Move, kind: str, before: str) -> Event:
    """What happened, not yet stored; INVALID_INPUT if a word of it is too long."""
    by, role = taking.by, taking.role
    return checked(
        Event(
            kind=kind,
            subject_kind=case.KIND,
            subject_id=case.pk,
            thread_id=case.thread_id,
            version=case.version,
            from_status=before,
            to_status=case.status,
            event_at=taking.event_at,
            recorded_at=taking.now,
            backdating_reason=taking.backdating_reason,
            actor=by.person,
            actor_role=role.role if role else "",
            actor_hospital_id=hospital_of(role),
            on_behalf_of=taking.on_behalf_of,
            reason_code=taking.reason_code,
            comment=taking.comment,
            detail=taking.detail,
            request_id=by.request_id,
        )
    )


def _record(case: ServiceRequest, taking: Move, event: Event) -> None:
    """Write the event, its audit entry and the notices of those who may act next."""
    by = taking.by
    event.save(force_insert=True)
    audit(by, event.kind, case, role=taking.role, purpose="TREATMENT", patient_id=case.patient_id, now=taking.now)
    told = staff(case, {side: _next_roles(case, side) for side in taking.tells}, now=taking.now)
    people = {*taking.people, *told.values_list("person_id", flat=True)} - {by.person.pk if by.person else None}
    Notice.objects.bulk_create(
        Notice(event=event, person_id=person, created_at=taking.now) for person in sorted(people)
    )


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


def hospital_of(role: PractitionerRole | None) -> UUID | None:
    """The hospital in whose name a role acts."""
    return role.hospital_id if role else None


def audit(
    by: Actor,
    action: str,
    subject: Model,
    *,
    role: PractitionerRole | None,
    purpose: str,
    patient_id: UUID | None,
    now: datetime,
) -> None:
    """Write who touched what and why to the audit trail, in the running transaction."""
    AuditEntry.objects.create(
        action=action,
        actor=by.person,
        actor_role=role.role if role else "",
        actor_hospital_id=hospital_of(role),
        purpose=purpose,
        object_kind=subject._meta.model_name or "",
        object_id=str(subject.pk),
        patient_id=patient_id,
        at=now,
        request_id=by.request_id,
    )


def read_notice(*, by: Actor, id: UUID, now: datetime) -> Notice:
    """Mark one of the actor's own notices as read; reading it again changes nothing."""
    notice = Notice.objects.select_for_update(of=("self",)).filter(pk=id, person=by.person).first()
    if notice is None:
        raise access.not_found()
    if notice.read_at is None:
        notice.read_at = now
        notice.save(update_fields=["read_at"])
    return notice
