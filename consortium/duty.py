"""The duty roster: who answers for a department at a given time, set by the hospital, swapped by two who agree."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from consortium import access, lifecycle, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Department, Duty, DutySwap, Person, Post, PractitionerRole, Priority

SOON = timedelta(days=1)
lifecycle.NOTED |= {"swap_duty": gettext_lazy("换班申请"), "accept_swap": gettext_lazy("换班已同意")}


def on_duty(department: UUID, at: datetime, *, post: str | None = None) -> QuerySet[Duty]:
    """The duties that run at a department at a moment, those on duty before the head, active accounts only."""
    rows = Duty.objects.filter(department=department, starts_at__lte=at, ends_at__gt=at, person__is_active=True)
    return (rows.filter(post=post) if post else rows).select_related("person").order_by("post", "starts_at", "id")


def roster(department: UUID, since: datetime, until: datetime) -> QuerySet[Duty]:
    """The duties of a department that touch a period, the earliest first."""
    return Duty.objects.filter(department=department, starts_at__lt=until, ends_at__gt=since).order_by(
        "starts_at", "post", "id"
    )


def set_duty(
    *,
    by: Actor,
    now: datetime,
    department: UUID,
    person: int,
    starts_at: datetime,
    ends_at: datetime,
    post: str = Post.DUTY,
    id: UUID | None = None,
    expected_version: int | None = None,
) -> Duty:
    """Put somebody of the staff on the roster of a department, or change a duty that is there."""
    with transaction.atomic(savepoint=False):
        place = Department.objects.filter(pk=department).first()
        if place is None:
            raise access.not_found()
        role = access.require_at(by, "set_duty", hospital=place.hospital_id)
        duty = _own(by, id, expected_version) if id else Duty(department=place)
        if duty.department_id != place.pk:
            raise Refused(Code.INVALID_INPUT, _("班次不能改到另一个科室；请撤销后重新排班。"), field="department")
        duty.person = staff_member(place, person, starts_at)
        duty.post, duty.starts_at, duty.ends_at = post, starts_at, ends_at
        _store(duty)
        trail.audit(by, "set_duty", duty, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return duty


def staff_member(place: Department, person: int, at: datetime) -> Person:
    """The person, who holds a role at the department or its hospital; INVALID_INPUT otherwise."""
    at_place = Q(department=place) | Q(hospital=place.hospital_id, department__isnull=True)
    held = PractitionerRole.objects.filter(access.running(at), at_place, person=person).select_related("person").first()
    if held is None:
        raise Refused(Code.INVALID_INPUT, _("值班人员须在该科室或该院有现任岗位。"), field="person")
    return held.person


def swap_duty(*, by: Actor, now: datetime, id: UUID, other: UUID) -> DutySwap:
    """Propose to exchange one's own duty for a colleague's of the same department; it waits for their consent.

    The colleague is told, and again if the proposal is repeated.
    """
    with transaction.atomic(savepoint=False):
        duties = {duty.pk: duty for duty in _locked(id, other)}
        given, taken = duties.get(_key(id)), duties.get(_key(other))
        if given is None or by.person is None or given.person_id != by.person.pk:
            raise access.not_found()
        if taken is None or taken.department_id != given.department_id or taken.person_id == given.person_id:
            raise Refused(Code.INVALID_INPUT, _("只能与同科室同事的班次互换。"), field="other")
        _not_begun(given, taken, now)
        swap, _made = DutySwap.objects.update_or_create(
            given=given,
            taken=taken,
            accepted_at=None,
            defaults={"given_version": given.version, "taken_version": taken.version, "proposed_at": now},
        )
        _tell(by, "swap_duty", swap, taken.person_id, now)
        trail.audit(by, "swap_duty", swap, role=None, purpose="ADMINISTRATION", patient_id=None, now=now)
    return swap


def accept_swap(*, by: Actor, now: datetime, id: UUID) -> DutySwap:
    """Accept an exchange that a colleague proposed, who is told; STALE_VERSION if either duty changed since."""
    with transaction.atomic(savepoint=False):
        swap = DutySwap.objects.select_for_update(of=("self",)).filter(pk=id).first()
        if swap is None or by.person is None:
            raise access.not_found()
        duties = {duty.pk: duty for duty in _locked(swap.given_id, swap.taken_id)}
        given, taken = duties[swap.given_id], duties[swap.taken_id]
        if by.person.pk not in (given.person_id, taken.person_id):
            raise access.not_found()
        if swap.accepted_at:
            raise Refused(Code.INVALID_STATE, _("该换班已经完成。"))
        if by.person.pk != taken.person_id:
            raise Refused(Code.SECOND_PERSON_NEEDED, _("换班须由对方同意。"))
        if (given.version, taken.version) != (swap.given_version, swap.taken_version):
            raise Refused(Code.STALE_VERSION, _("班次在提出换班后有变动，请重新提出。"), field="id")
        _not_begun(given, taken, now)
        _exchange(given, taken)
        swap.accepted_at, swap.version = now, swap.version + 1
        swap.save()
        _tell(by, "accept_swap", swap, taken.person_id, now)
        trail.audit(by, "accept_swap", swap, role=None, purpose="ADMINISTRATION", patient_id=None, now=now)
    return swap


def _tell(by: Actor, kind: str, swap: DutySwap, person: int, now: datetime) -> None:
    """Tell the other person of a swap; within a day of the first duty it does not wait for the end of quiet hours."""
    duties = sorted((swap.given, swap.taken), key=lambda duty: duty.starts_at)
    with override(settings.LANGUAGE_CODE):
        text = _("{step}：{department}，{first} 与 {second}。请登录转诊协作网查看。").format(
            step=lifecycle.label_of(kind),
            department=swap.given.department.name,
            first=_hours(duties[0]),
            second=_hours(duties[1]),
        )
    trail.announce(
        by,
        kind,
        swap,
        to_status="ACCEPTED" if swap.accepted_at else "PROPOSED",
        people={person: swap.given.department.hospital_id},
        priority=Priority.URGENT if duties[0].starts_at - now < SOON else Priority.ROUTINE,
        text=text[:200],
        now=now,
    )


def _hours(duty: Duty) -> str:
    starts, ends = timezone.localtime(duty.starts_at), timezone.localtime(duty.ends_at)
    return (
        f"{starts:%m-%d %H:%M}–{ends:%H:%M}"
        if starts.date() == ends.date()
        else f"{starts:%m-%d %H:%M}–{ends:%m-%d %H:%M}"
    )


def _exchange(given: Duty, taken: Duty) -> None:
    """Give each the other's duty; INVALID_STATE if that puts somebody on the roster twice at a time."""
    given.person, taken.person = taken.person, given.person
    for duty in (given, taken):
        clash = Duty.objects.filter(
            department=duty.department_id,
            person=duty.person_id,
            post=duty.post,
            starts_at__lt=duty.ends_at,
            ends_at__gt=duty.starts_at,
        )
        if clash.exclude(pk=duty.pk).exists():
            raise Refused(Code.INVALID_STATE, _("互换后有人在同一时段值两个班，请另选班次。"))
    for duty in (given, taken):
        duty.version += 1
        duty.save(update_fields=["person", "version"])


def _not_begun(given: Duty, taken: Duty, now: datetime) -> None:
    if min(given.starts_at, taken.starts_at) <= now:
        raise Refused(Code.INVALID_STATE, _("已经开始的班次不能互换。"))


def _locked(*keys: Any) -> QuerySet[Duty]:
    """Duties with their departments, locked in one order."""
    rows = Duty.objects.select_for_update(of=("self",)).select_related("department", "person")
    return rows.filter(pk__in=keys).order_by("pk")


def _key(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _own(by: Actor, id: UUID, expected_version: int | None) -> Duty:
    """A duty of a hospital whose roster the actor keeps, as they saw it."""
    duty = _locked(id).first()
    if duty is None or duty.department.hospital_id not in by.reach("set_duty").hospitals:
        raise access.not_found()
    if duty.version != expected_version:
        raise Refused(Code.STALE_VERSION, _("该班次已被他人修改，请刷新后再操作。"), field="expectedVersion")
    duty.version += 1
    return duty


def _store(duty: Duty) -> None:
    """Store a duty; INVALID_INPUT if its times are out of order or it overlaps another of the same person."""
    if duty.ends_at <= duty.starts_at:  # the database could not even make a period of it
        raise Refused(Code.INVALID_INPUT, _("班次的结束时间必须晚于开始时间。"), field="endsAt")
    try:
        checked(duty).validate_constraints()
    except ValidationError as error:
        raise Refused(Code.INVALID_INPUT, error.messages[0], field="startsAt") from error
    duty.save()
