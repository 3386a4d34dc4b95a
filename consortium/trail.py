"""What is remembered of a step: its event, its audit entry, who is told, and the messages that must arrive.

Everything is written in the step's own transaction and by the same number of statements for one case as for many.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from consortium import access, outbox, registry
from consortium.access import Actor
from consortium.database.together import Writing
from consortium.errors import checked
from consortium.models import (
    AuditEntry,
    Event,
    Person,
    PractitionerRole,
    Priority,
    Purpose,
    ServiceRequest,
    Side,
)
from consortium.outbox import Letter, Staff

Roles = Mapping[Side, Iterable[str]]


@dataclass
class Move:
    """A step while it is being taken: who, when, and what is to be remembered of it."""

    step: str
    by: Actor
    role: PractitionerRole | None
    now: datetime
    event_at: datetime
    backdating_reason: str = ""
    backdating_comment: str = ""
    tells: tuple[Side, ...] = ()
    people: Mapping[int, UUID] = field(default_factory=dict)  # who else must hear, with the hospital they stand for
    on_behalf_of: Person | None = None
    reason_code: str = ""
    comment: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def limit(self, kind: str, due_at: datetime | None) -> None:
        """Let the limit that the step begins end at a moment of its own, if one is given."""
        if due_at:
            self.detail.setdefault("due", {})[kind] = due_at.isoformat()

    def since(self, kind: str, at: datetime) -> None:
        """Let the limit that the step begins count from a moment before it."""
        self.detail.setdefault("since", {})[kind] = at.isoformat()

    def reach(self, point: str) -> None:
        """Name a point, beside the step itself, at which limits may begin or end: `POINT>STATE` in the registry."""
        self.detail.setdefault("points", []).append(point)

    def because(
        self, catalogue: str, code: str, comment: str = "", *, field: str = "reason", comment_field: str = "comment"
    ) -> str:
        """Check a coded reason against its catalogue on this day and remember it with its words."""
        day = timezone.localdate(self.now)
        self.reason_code = registry.reason(
            catalogue, code, comment, on=day, field=field, comment_field=comment_field
        ).code
        self.comment = comment.strip()
        return self.reason_code


@dataclass(frozen=True)
class Reading:
    """What one request disclosed by one of its fields: a row with its patient, or a list with all whom it named."""

    action: str
    kind: str
    object_id: str = ""
    patient_id: UUID | None = None
    objects: tuple[UUID, ...] = ()
    patients: tuple[UUID, ...] = ()
    purpose: str = Purpose.TREATMENT


@dataclass(frozen=True)
class Entry:
    """One case that moved: what happened to it, and the roles at its parties that are told."""

    case: ServiceRequest
    event: Event
    tells: Roles


def event_of(case: ServiceRequest, taking: Move, before: str) -> Event:
    """What happened, not yet stored; INVALID_INPUT if a word of it is too long."""
    by, role = taking.by, taking.role
    return checked(
        Event(
            kind=taking.step,
            subject_kind=case.KIND,
            subject_id=case.pk,
            thread_id=case.thread_id,
            version=case.version,
            from_status=before,
            to_status=case.status,
            event_at=taking.event_at,
            recorded_at=taking.now,
            backdating_reason=taking.backdating_reason,
            backdating_comment=taking.backdating_comment,
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


def record(entries: Sequence[Entry], taking: Move, writing: Writing, *, label: str | Promise) -> None:
    """Store what a step writes with its events and their audit entries, then tell who must hear; two statements."""
    writing.insert(entry.event for entry in entries)
    writing.insert(
        _audited(taking.by, taking.step, entry.case, taking.role, "TREATMENT", entry.case.patient_id, taking.now)
        for entry in entries
    )
    writing.store()
    letters = [_letter(entry, taking, label) for entry in entries]
    outbox.post(letters, kind=taking.step, but=taking.by.person, now=taking.now)


def announce(
    by: Actor,
    kind: str,
    subject: Any,
    *,
    to_status: str,
    people: Mapping[int, UUID],
    priority: int,
    text: str,
    now: datetime,
) -> Event:
    """Tell people of what happened to something that is no case, in the application and as each prefers; no hospital's
    system hears it. `subject` has KIND and version; `people` are told for the hospital they stand for."""
    event = checked(
        Event(
            kind=kind,
            subject_kind=subject.KIND,
            subject_id=subject.pk,
            thread_id=subject.pk,
            version=subject.version,
            to_status=to_status,
            event_at=now,
            recorded_at=now,
            actor=by.person,
            request_id=by.request_id,
        )
    )
    event.save(force_insert=True)
    outbox.post([Letter(event, people, (), (), priority, text)], kind=kind, but=None, now=now)
    return event


def staff(case: ServiceRequest, roles: Roles, *, now: datetime) -> QuerySet[PractitionerRole]:
    """The running roles of these kinds at the parties of a case."""
    return PractitionerRole.objects.filter(access.running(now), _at(case, roles))


def _at(case: ServiceRequest, roles: Roles) -> Q:
    """The condition that a role is one of these kinds at the parties of a case."""
    places = Q(pk__in=[])
    for side, kinds in roles.items():
        prefix = side.lower()
        at_place = Q(department=getattr(case, f"{prefix}_department_id"))
        at_place |= Q(hospital=getattr(case, f"{prefix}_hospital_id"), department__isnull=True)
        if getattr(case, f"{prefix}_hospital_id"):
            places |= at_place & Q(role__in=list(kinds))
    return places


def _letter(entry: Entry, taking: Move, label: str | Promise) -> Letter:
    case = entry.case
    staffs = [
        Staff(getattr(case, f"{side.lower()}_hospital_id"), getattr(case, f"{side.lower()}_department_id"), role)
        for side, roles in entry.tells.items()
        for role in sorted(roles)
    ]
    parties = {case.requester_hospital_id}
    if case.sent_at and case.performer_hospital_id:
        parties.add(case.performer_hospital_id)
    return Letter(entry.event, taking.people, staffs, parties, case.priority, _text(case, label))


def _text(case: ServiceRequest, label: str | Promise) -> str:
    """What a notice says outside the application: the number, the step and the state; no name, no diagnosis."""
    with override(settings.LANGUAGE_CODE):
        return _("{number}（{priority}）：{step}，现为“{status}”。请登录转诊协作网查看。").format(
            number=case.number,
            priority=Priority(case.priority).label,
            step=label,
            status=case.get_status_display(),
        )


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
    """Write who touched what and why to the audit trail, in the running transaction.

    Whoever reads of a patient without a role at the case, as in an emergency, does so in the first role that they hold.
    """
    role = role or (next(iter(by.held), None) if patient_id else None)
    _audited(by, action, subject, role, purpose, patient_id, now).save(force_insert=True)


def disclosed(by: Actor, readings: Sequence[Reading], *, now: datetime) -> None:
    """Write what one request disclosed, in one statement; what the reader did not get must not be among it."""
    role = next(iter(by.held), None)
    writing = Writing()
    writing.insert(
        AuditEntry(
            action=reading.action,
            actor=by.person,
            actor_role=role.role if role else "",
            actor_hospital_id=hospital_of(role),
            purpose=_purpose(by, reading.purpose, {reading.patient_id, *reading.patients}),
            object_kind=reading.kind,
            object_id=reading.object_id,
            objects_seen=list(reading.objects),
            patient_id=reading.patient_id,
            patients=list(reading.patients),
            at=now,
            request_id=by.request_id,
        )
        for reading in readings
    )
    writing.store()


def _purpose(by: Actor, purpose: str, patients: Iterable[UUID | None]) -> str:
    """The purpose, which is the emergency while one opens any of these patients to the actor."""
    urgent = purpose == Purpose.TREATMENT and any(patient in by.opened for patient in patients)
    return Purpose.BREAK_GLASS if urgent else purpose


def _audited(
    by: Actor,
    action: str,
    subject: Model,
    role: PractitionerRole | None,
    purpose: str,
    patient_id: UUID | None,
    now: datetime,
) -> AuditEntry:
    return AuditEntry(
        action=action,
        actor=by.person,
        actor_role=role.role if role else "",
        actor_hospital_id=hospital_of(role),
        purpose=_purpose(by, purpose, {patient_id}),
        object_kind=subject._meta.model_name or "",
        object_id=str(subject.pk),
        patient_id=patient_id,
        at=now,
        request_id=by.request_id,
    )
