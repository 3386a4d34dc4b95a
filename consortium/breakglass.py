"""Emergency access (紧急调阅): opened for one patient and an hour at most, told to the patient's hospital, reviewed.

It opens the patient's cases for reading and no step; `access.visible` and the database's policies read its row.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from consortium import access, directory, lifecycle, registry, trail
from consortium.access import SYSTEM, Actor
from consortium.database.acting import beyond
from consortium.errors import Code, Refused, checked
from consortium.identity import read_id_number
from consortium.models import AuditEntry, BreakGlass, Patient, Person, PractitionerRole, Priority, Purpose, Verdict
from consortium.roles import roles_with

ATTEMPT = "try_break_glass"
PERIOD = timedelta(hours=1)  # in which attempts are counted
lifecycle.NOTED |= {
    "break_glass": gettext_lazy("紧急调阅"),
    "end_break_glass": gettext_lazy("紧急调阅提前结束"),
    "review_break_glass": gettext_lazy("紧急调阅已复核"),
    "escalate_break_glass": gettext_lazy("紧急调阅逾期未复核"),
}


class State(StrEnum):
    """Where an emergency access stands."""

    RUNNING = "RUNNING"
    TO_REVIEW = "TO_REVIEW"
    OVERDUE = "OVERDUE"
    REVIEWED = "REVIEWED"


def state(row: BreakGlass, now: datetime) -> State:
    """Where it stands at a moment."""
    if row.reviewed_at:
        return State.REVIEWED
    if row.ends_at > now:
        return State.RUNNING
    return State.TO_REVIEW if row.review_due_at > now else State.OVERDUE


def in_state(wanted: State, now: datetime) -> Q:
    """The condition that an access stands so at a moment."""
    unseen = Q(reviewed_at__isnull=True)
    return {
        State.REVIEWED: ~unseen,
        State.RUNNING: unseen & Q(ends_at__gt=now),
        State.TO_REVIEW: unseen & Q(ends_at__lte=now, review_due_at__gt=now),
        State.OVERDUE: unseen & Q(ends_at__lte=now, review_due_at__lte=now),
    }[wanted]


def knock(*, by: Actor, now: datetime) -> Refused | None:
    """Put an attempt on the trail, whatever comes of it; a refusal beyond so many in an hour. FORBIDDEN without right.

    One person's attempts wait for one another until the transaction ends, so that none escapes the count.
    """
    role = access.require(by, "break_glass")
    assert by.person is not None  # noqa: S101 - who holds a role is somebody
    Person.objects.select_for_update(no_key=True).get(pk=by.person.pk)
    with beyond():
        made = AuditEntry.objects.filter(actor=by.person, action=ATTEMPT, at__gt=now - PERIOD).count()
    trail.audit(by, ATTEMPT, by.person, role=role, purpose=Purpose.BREAK_GLASS, patient_id=None, now=now)
    limit = settings.BREAK_GLASS["attempts_per_hour"]
    if made < limit:
        return None
    message = _("一小时内最多尝试紧急调阅 {limit} 次；请稍后再试，或电话联系患者所属医院。").format(limit=limit)
    return Refused(Code.LIMIT_EXCEEDED, message)


def break_glass(
    *,
    by: Actor,
    now: datetime,
    reason: str,
    comment: str = "",
    id_number: str = "",
    name: str = "",
    number: str = "",
) -> BreakGlass:
    """Open one patient's cases to the actor; whoever has them open already is given the access that runs.

    The patient is named by identity number and name, or by the exact number of a case; else NOT_FOUND.
    """
    with transaction.atomic(savepoint=False):
        role = access.require(by, "break_glass")
        code = registry.reason("BREAK_GLASS", reason, comment, on=timezone.localdate(now)).code
        with beyond():
            patient = _named(id_number, name, number, now)
        Person.objects.select_for_update(no_key=True).get(pk=role.person_id)
        mine = BreakGlass.objects.filter(practitioner_role=role, patient=patient)
        if running := mine.filter(started_at__lte=now, ends_at__gt=now).first():
            return running
        ends_at = now + timedelta(minutes=settings.BREAK_GLASS["minutes"])
        row = BreakGlass(
            person=by.person,
            practitioner_role=role,
            hospital=role.hospital,
            patient=patient,
            patient_hospital=patient.registered_by_hospital,
            reason_code=code,
            comment=comment.strip(),
            started_at=now,
            ends_at=ends_at,
            review_due_at=ends_at + timedelta(hours=settings.BREAK_GLASS["review_hours"]),
        )
        checked(row).save(force_insert=True)
        trail.audit(by, "break_glass", row, role=role, purpose=Purpose.BREAK_GLASS, patient_id=patient.pk, now=now)
        _tell(by, "break_glass", row, _reviewers(row.patient_hospital_id, now), now)
    return row


def _named(id_number: str, name: str, number: str, now: datetime) -> Patient:
    """The one patient who is named exactly; NOT_FOUND otherwise, whichever part is wrong."""
    if bool(number.strip()) == bool(id_number.strip() or name.strip()):
        message = _("请填写患者身份证号和姓名，或只填写一个完整的单号。")
        raise Refused(Code.INVALID_INPUT, message, field="number")
    patients = Patient.objects.select_related("registered_by_hospital")
    if number.strip():
        found = patients.filter(pk__in=patients_of(number)).first()
    else:
        exact = read_id_number(id_number, today=timezone.localdate(now)).number
        found = patients.with_id_number(exact).filter(name=name.strip()).first()
    if found is None:
        raise access.not_found("number" if number.strip() else "idNumber")
    return found


def patients_of(number: str) -> list[UUID]:
    """Whose case has exactly this number, of whatever kind of case that an emergency opens."""
    exact = number.strip().upper()
    return [
        patient
        for model in apps.get_models()
        if getattr(model, "OPENS", False)
        for patient in model._default_manager.filter(number=exact).values_list(model.OF_PATIENT, flat=True)  # type: ignore[attr-defined]
    ]


def end_break_glass(*, by: Actor, id: UUID, expected_version: int, now: datetime) -> BreakGlass:
    """End an access before its time: whoever holds it, or who reviews it. INVALID_STATE if it has ended."""
    with transaction.atomic(savepoint=False):
        row = _locked(by, id, expected_version)
        if row.ends_at <= now:
            raise Refused(Code.INVALID_STATE, _("这次紧急调阅已经结束。"))
        role = _reviewing(by, row) or next((role for role in by.held if role.pk == row.practitioner_role_id), None)
        if role is None or not by.may_write:
            raise access.forbidden()
        row.ends_at, row.ended_by, row.version = now, by.person, row.version + 1
        checked(row).save()
        trail.audit(
            by, "end_break_glass", row, role=role, purpose=Purpose.BREAK_GLASS, patient_id=row.patient_id, now=now
        )
        _tell(by, "end_break_glass", row, {row.person_id: row.hospital_id}, now)
    return row


def review_break_glass(
    *, by: Actor, id: UUID, expected_version: int, verdict: str, comment: str = "", now: datetime
) -> BreakGlass:
    """Say for the patient's hospital whether an access that has ended was justified; never one's own."""
    with transaction.atomic(savepoint=False):
        row = _locked(by, id, expected_version)
        role = _reviewing(by, row)
        if role is None:
            raise access.forbidden()
        if by.person and row.person_id == by.person.pk:
            raise Refused(Code.SECOND_PERSON_NEEDED, _("不能复核自己的紧急调阅，请由他人复核。"))
        if row.ends_at > now or row.verdict:
            raise Refused(Code.INVALID_STATE, _("只能复核已结束且尚未复核的紧急调阅。"))
        if verdict == Verdict.UNJUSTIFIED and not comment.strip():
            raise Refused(Code.COMMENT_REQUIRED, _("认定为不合理时，请写明理由。"), field="comment")
        row.verdict, row.review_comment = verdict, comment.strip()
        row.reviewed_by, row.reviewed_at, row.version = by.person, now, row.version + 1
        checked(row).save()
        trail.audit(by, "review_break_glass", row, role=role, purpose=Purpose.AUDIT, patient_id=row.patient_id, now=now)
        told = {row.person_id: row.hospital_id}
        if verdict == Verdict.UNJUSTIFIED:
            told |= _reviewers(row.hospital_id, now)
        _tell(by, "review_break_glass", row, told, now)
    return row


def escalate(*, now: datetime) -> int:
    """Tell of each review that is overdue, once: those who owe it, the same at the other hospital, the auditors."""
    told = 0
    overdue = BreakGlass.objects.filter(reviewed_at=None, escalated_at=None, review_due_at__lte=now).order_by("id")
    for id in list(overdue.values_list("pk", flat=True)):
        with transaction.atomic():
            row = overdue.select_for_update(skip_locked=True).filter(pk=id).first()
            if row is None:
                continue
            row.escalated_at, row.version = now, row.version + 1
            row.save(update_fields=["escalated_at", "version"])
            people = _auditors(row, now) | _reviewers(row.hospital_id, now) | _reviewers(row.patient_hospital_id, now)
            _tell(SYSTEM, "escalate_break_glass", row, people, now)
            told += 1
    return told


def seen(by: Actor) -> QuerySet[BreakGlass]:
    """The accesses that exist for the actor: their own, and those to patients of hospitals they review or audit."""
    return BreakGlass.objects.filter(Q(person=by.person) | to_review(by, "review_break_glass", "view_break_glass"))


def to_review(by: Actor, *permissions: str) -> Q:
    """The accesses to patients of the hospitals at which, or around which, the actor has one of these permissions."""
    found = Q(pk__in=[])
    for name in permissions:
        found |= access.at_hospitals(by, name, "patient_hospital")
    return found


def opened(by: Actor, now: datetime) -> QuerySet[BreakGlass]:
    """The actor's own accesses that run."""
    return BreakGlass.objects.filter(person=by.person, started_at__lte=now, ends_at__gt=now)


def reads(row: BreakGlass) -> QuerySet[AuditEntry]:
    """What was read by an access, as the trail has it."""
    entries = AuditEntry.objects.filter(
        actor=row.person_id, purpose=Purpose.BREAK_GLASS, at__gte=row.started_at, at__lte=row.ends_at
    )
    return entries.filter(Q(patient=row.patient_id) | Q(patients__contains=[row.patient_id]))


def _locked(by: Actor, id: UUID, expected_version: int) -> BreakGlass:
    """The access, locked; NOT_FOUND if it does not exist for the actor, STALE_VERSION if it changed."""
    row = seen(by).select_for_update(of=("self",)).filter(pk=id).first()
    if row is None:
        raise access.not_found()
    if row.version != expected_version:
        raise Refused(Code.STALE_VERSION, _("该紧急调阅已被他人更新，请刷新后再操作。"), field="expectedVersion")
    return row


def _reviewing(by: Actor, row: BreakGlass) -> PractitionerRole | None:
    """The role by which the actor reviews an access."""
    roles = by.roles_with("review_break_glass")
    return next((role for role in roles if role.hospital_id == row.patient_hospital_id), None)


def _reviewers(hospital: UUID, now: datetime) -> dict[int, UUID]:
    return _holders("review_break_glass", Q(hospital=hospital), hospital, now)


def _auditors(row: BreakGlass, now: datetime) -> dict[int, UUID]:
    """Those who audit the patient's hospital, at it or in a division around it."""
    around = directory.with_those_above(row.patient_hospital.division)
    place = Q(hospital=row.patient_hospital_id) | Q(division__in=around)
    return _holders("view_break_glass", place, row.patient_hospital_id, now)


def _holders(permission: str, place: Q, hospital: UUID, now: datetime) -> dict[int, UUID]:
    roles: Iterable[Any] = roles_with(permission)
    held = PractitionerRole.objects.filter(access.running(now), place, role__in=list(roles))
    return dict.fromkeys(held.order_by("person_id").values_list("person_id", flat=True), hospital)


def _tell(by: Actor, kind: str, row: BreakGlass, people: dict[int, UUID], now: datetime) -> None:
    """Tell people of what happened; the words name hospitals and hours, no patient."""
    with override(settings.LANGUAGE_CODE):
        text = _("{step}：{hospital}，{since}–{until}。请登录转诊协作网查看。").format(
            step=lifecycle.label_of(kind),
            hospital=row.hospital.name,
            since=f"{timezone.localtime(row.started_at):%m-%d %H:%M}",
            until=f"{timezone.localtime(row.ends_at):%H:%M}",
        )
    myself = by.person.pk if by.person else None
    told = {person: hospital for person, hospital in sorted(people.items()) if person != myself}
    status = row.verdict or ("ENDED" if row.ends_at <= now else "OPEN")
    trail.announce(by, kind, row, to_status=status, people=told, priority=Priority.URGENT, text=text[:200], now=now)
