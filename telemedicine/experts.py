"""Who may read a case: subspecialty, load, and no tie to the other side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import BigIntegerField, Count, Exists, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.errors import Code, Refused, checked
from consortium.models import Department, Person, PractitionerRole, Side
from consortium.requirements import requirement
from consortium.roles import roles_with
from telemedicine import catalogues
from telemedicine.models import Expertise, Kind, PathologyCase, Recusal, Status

IN_HAND = [Status.ASSIGNED, Status.READING, Status.MORE_NEEDED, Status.PRELIMINARY, Status.SECOND_REVIEW]
MOST_OPEN = 999


@dataclass(frozen=True)
class Reader:
    """A pathologist with what decides which cases they may read."""

    person: Person
    hospitals: frozenset[UUID]
    expertise: dict[tuple[UUID, str], int]
    in_hand: int
    recused: frozenset[UUID]


def reader(person: Person, hospitals: frozenset[UUID]) -> Reader:
    """The pathologist who has roles at these hospitals; three statements."""
    held = Expertise.objects.filter(person=person, ended_at__isnull=True).select_related("subspecialty")
    limits = {(row.department_id, row.subspecialty.code): row.open_limit for row in held}
    with beyond():  # for whichever department they read
        in_hand = PathologyCase.objects.filter(assigned_to=person, status__in=IN_HAND).count()
        open_cases = Recusal.objects.filter(person=person, case__closed_at__isnull=True)
        recused = frozenset(open_cases.values_list("case_id", flat=True))
    return Reader(person, hospitals, limits, in_hand, recused)


def colleague(case: PathologyCase, person: Any, permission: str, *, now: datetime, field: str) -> Reader:
    """Somebody of the performer's side whose role gives a permission on this case; INVALID_INPUT otherwise."""
    there = trail.staff(case, {Side.PERFORMER: roles_with(permission)}, now=now)
    found = there.filter(person=person).select_related("person").first()
    if found is None:
        raise Refused(Code.INVALID_INPUT, _("请选择会诊科室现任的病理专家。"), field=field)
    held = PractitionerRole.objects.filter(access.running(now), person=found.person, hospital__isnull=False)
    return reader(found.person, frozenset(held.values_list("hospital_id", flat=True)))


def unfit(case: PathologyCase, who: Reader, *, load: bool = True, field: str | None = None) -> Refused | None:
    """Why somebody may not read a case: a conflict of interest, another subspecialty, or enough in hand."""
    tied = case.requester_hospital_id in who.hospitals or case.pk in who.recused
    if tied or who.person.pk in (case.created_by_id, case.preliminary_by_id):
        return Refused(
            Code.CONFLICT_OF_INTEREST,
            _("与申请方有关联或已声明回避的专家不能阅片、复核或仲裁；请由其他专家承担。"),
            field=field,
        )
    wanted = {case.subspecialty.code, catalogues.GENERAL}
    limits = [
        limit
        for (department, subspecialty), limit in who.expertise.items()
        if department == case.performer_department_id and subspecialty in wanted
    ]
    if not limits:
        return Refused(
            Code.NOT_QUALIFIED,
            _("该专家未登记亚专科“{subspecialty}”；请由相应亚专科的专家承担。").format(
                subspecialty=case.subspecialty.label
            ),
            field=field,
        )
    if load and case.kind != Kind.FROZEN and who.in_hand >= max(limits):
        return Refused(
            Code.NO_CAPACITY,
            _("该专家在办 {count} 例，已达上限；请先完成在办病例，或由其他专家承担。").format(count=who.in_hand),
            field=field,
        )
    return None


def _fit(by: Actor) -> Q:
    """The same as a condition, see `unfit`."""
    me: Any = by.person
    hospitals = {role.hospital_id for role in by.held if role.hospital_id}
    held = Expertise.objects.filter(
        Q(subspecialty__code=OuterRef("subspecialty__code")) | Q(subspecialty__code=catalogues.GENERAL),
        person=me,
        ended_at__isnull=True,
        department=OuterRef("performer_department"),
    )
    states = Cast(Value(f"{{{','.join(IN_HAND)}}}"), ArrayField(TextField()))
    free = held.filter(open_limit__gt=Func(me.pk, states, function="access.in_hand", output_field=BigIntegerField()))
    return (
        ~Q(requester_hospital__in=hospitals)
        & ~(Q(created_by=me) | Q(preliminary_by=me))
        & ~Exists(Recusal.objects.filter(person=me, case=OuterRef("pk")))
        & (Q(kind=Kind.FROZEN) & Exists(held) | Exists(free))
    )


@requirement(_fit)
def fit_to_read(case: PathologyCase, by: Actor) -> Refused | None:
    """The actor reads cases of this subspecialty, has a hand free, and has no tie to the other side."""
    if by.person is None:
        return None
    if "reader" not in by.known:
        hospitals = frozenset(role.hospital_id for role in by.held if role.hospital_id)
        by.known["reader"] = reader(by.person, hospitals)
    return unfit(case, by.known["reader"])


def entrust(case: PathologyCase, person: Any, now: datetime, *, field: str | None = None) -> None:
    """Put a case into somebody's hand; refused as `unfit` tells, counted under a lock on what they take at most."""
    # Two cases for one pathologist at once: one sees the other.
    list(Expertise.objects.select_for_update().filter(person=person, ended_at__isnull=True).order_by("id"))
    who = colleague(case, person, "claim_pathology", now=now, field=field or "id")
    if refused := unfit(case, who, field=field):
        raise refused
    case.assigned_to, case.assigned_at = who.person, now


def set_expertise(
    *,
    by: Actor,
    now: datetime,
    department: UUID,
    person: int,
    subspecialty: str,
    open_limit: int,
    ended: bool = False,
) -> Expertise:
    """Let a pathologist of the staff read a subspecialty for a department, up to a load, or no longer."""
    with transaction.atomic(savepoint=False):
        place = Department.objects.filter(pk=department).first()
        if place is None:
            raise access.not_found("department")
        role = access.require_at(by, "set_expertise", hospital=place.hospital_id, department=place.pk)
        if not _pathologists(place, now).filter(person=person).exists():
            raise Refused(Code.INVALID_INPUT, _("请选择会诊科室现任的病理专家。"), field="person")
        if not 1 <= open_limit <= MOST_OPEN:
            message = _("在办上限须在 1 至 {limit} 之间。").format(limit=MOST_OPEN)
            raise Refused(Code.INVALID_INPUT, message, field="openLimit")
        concept = catalogues.concept("SUBSPECIALTY", subspecialty, on=timezone.localdate(now), field="subspecialty")
        kept, _made = Expertise.objects.select_for_update(of=("self",)).get_or_create(
            department=place, person_id=person, subspecialty=concept, defaults={"open_limit": open_limit, "version": 0}
        )
        if kept.version and (kept.open_limit, bool(kept.ended_at)) == (open_limit, ended):
            return kept
        kept.open_limit, kept.ended_at, kept.version = open_limit, now if ended else None, kept.version + 1
        checked(kept).save()
        trail.audit(by, "set_expertise", kept, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return kept


def pathologists_of(by: Actor, department: UUID, *, now: datetime) -> list[Person]:
    """Whom a department's lead may let read, by name; NOT_FOUND for a department that somebody else leads."""
    place = Department.objects.filter(pk=department).first()
    reach = by.reach("set_expertise")
    if place is None or not (place.hospital_id in reach.hospitals or place.pk in reach.departments):
        raise access.not_found("department")
    held = _pathologists(place, now).select_related("person").order_by("person__name", "person_id")
    return list({role.person_id: role.person for role in held}.values())


def _pathologists(place: Department, now: datetime) -> QuerySet[PractitionerRole]:
    """The running roles at a department, or at its whole hospital, that let somebody read."""
    at_place = Q(department=place) | Q(hospital=place.hospital_id, department__isnull=True)
    return PractitionerRole.objects.filter(access.running(now), at_place, role__in=roles_with("claim_pathology"))


def readers_of(by: Actor, department: UUID) -> QuerySet[Expertise]:
    """Who reads what for a department, by subspecialty; NOT_FOUND without a part in its cases."""
    reach = by.reach("view_received_pathology")
    place: Any = Department.objects.filter(pk=department).first()
    if place is None or not (place.hospital_id in reach.hospitals or place.pk in reach.departments):
        raise access.not_found("department")
    return Expertise.objects.filter(department=place, ended_at__isnull=True).order_by(
        "subspecialty__code", "person", "id"
    )


def load_of() -> dict[int, int]:
    """How many unfinished cases each pathologist has in hand; one statement."""
    held = PathologyCase.objects.filter(status__in=IN_HAND).values("assigned_to").annotate(count=Count("pk"))
    with beyond():
        return dict(held.values_list("assigned_to", "count"))
