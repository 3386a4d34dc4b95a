"""From the table of roles to rows: the group of a role at a place, its guardian grants, and who is in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access, directory, trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import (
    Department,
    DepartmentGrant,
    Division,
    DivisionGrant,
    Hospital,
    HospitalGrant,
    Person,
    PractitionerRole,
)
from consortium.roles import HELD_AT, PERMISSIONS, SEPARATED, Place, Role, every_permission

GRANTS: dict[Place, tuple[type, type]] = {
    Place.HOSPITAL: (Hospital, HospitalGrant),
    Place.DEPARTMENT: (Department, DepartmentGrant),
    Place.DIVISION: (Division, DivisionGrant),
}


@dataclass(frozen=True)
class Synced:
    """What `sync` had to change."""

    permissions: int
    added: int
    removed: int


def place_of(role: PractitionerRole) -> tuple[Place, str]:
    """The kind and key of the finest place at which a role is held."""
    if role.department_id:
        return Place.DEPARTMENT, str(role.department_id)
    if role.hospital_id:
        return Place.HOSPITAL, str(role.hospital_id)
    return Place.DIVISION, str(role.division_id)


def group_name(role: str, place: Place, key: object) -> str:
    """The name of the group that stands for a role at a place."""
    return f"{role}@{place.value}:{key}"


def parse_group(name: str) -> tuple[Role, Place, str] | None:
    """The role and place that a group's name stands for, or nothing for a group of another kind."""
    role, _at, rest = name.partition("@")
    place, _colon, key = rest.partition(":")
    if role in Role.values and key and place in {p.value for p in Place}:
        return Role(role), Place(place), key
    return None


def sync() -> Synced:
    """Make permissions and grants equal the table of roles for every group that stands for a role at a place."""
    with transaction.atomic():
        permissions = _permissions()
        added = removed = 0
        groups = [(group, parsed) for group in Group.objects.all() if (parsed := parse_group(group.name))]
        for place, (_model, grant) in GRANTS.items():
            wanted = {
                (group.pk, permissions[place, name].pk, key)
                for group, (role, where, key) in groups
                if where is place
                for name in PERMISSIONS[role]
            }
            stored = {
                (row.group_id, row.permission_id, str(row.content_object_id)): row.pk
                for row in grant.objects.all()  # type: ignore[attr-defined]
            }
            gone = [pk for found, pk in stored.items() if found not in wanted]
            grant.objects.filter(pk__in=gone).delete()  # type: ignore[attr-defined]
            new = wanted - stored.keys()
            _insert(grant, new)
            added, removed = added + len(new), removed + len(gone)
        return Synced(len(permissions), added, removed)


def enrol(
    people: Iterable[tuple[Person, Role, Hospital | Department | Division]], *, starts_at: datetime
) -> list[PractitionerRole]:
    """Give many people their roles at once; the grants follow from `sync`."""
    wanted = list(people)
    names = {group_name(role, _place(where), where.pk) for _person, role, where in wanted}
    Group.objects.bulk_create([Group(name=name) for name in sorted(names)], ignore_conflicts=True)
    groups = {g.name: g for g in Group.objects.filter(name__in=names)}
    return PractitionerRole.objects.bulk_create(
        _held(person, role, where, groups[group_name(role, _place(where), where.pk)], starts_at)
        for person, role, where in wanted
    )


def grant_role(
    *, by: Actor, person: Person, role: Role, where: Hospital | Department | Division, now: datetime
) -> PractitionerRole:
    """Give a person a role at a place that the actor keeps, from now; it counts on the next request.

    Roles of a division, and those of the three administrators anywhere, are the security administrator's to give.
    """
    acting = _giver(by, where)
    if role in SEPARATED:
        access.require(by, "appoint_administrator")
    if by.person and person.pk == by.person.pk:
        raise Refused(Code.SECOND_PERSON_NEEDED, _("不能给自己授予岗位；请由另一位管理员授予。"), field="person")
    if _place(where) not in HELD_AT[role]:
        raise Refused(
            Code.INVALID_INPUT, _("岗位“{role}”不能设在这里，请换一级。").format(role=role.label), field="role"
        )
    with transaction.atomic(savepoint=False):
        group, _made = Group.objects.get_or_create(name=group_name(role, _place(where), where.pk))
        Group.objects.select_for_update().get(pk=group.pk)
        _must_be_apart(person, role, now)
        if PractitionerRole.objects.filter(person=person, group=group, ends_at__isnull=True).exists():
            raise Refused(Code.INVALID_STATE, _("此人已有该岗位，无需重复授予。"), field="role")
        held = _held(person, role, where, group, now)
        held.save()
        place, permissions = _place(where), _permissions()
        grant = GRANTS[place][1]
        _insert(grant, {(group.pk, permissions[place, name].pk, where.pk) for name in PERMISSIONS[role]})
        _rights_changed(person)
        trail.audit(by, "grant_role", held, role=acting, purpose="ADMINISTRATION", patient_id=None, now=now)
    return held


def revoke_role(*, by: Actor, id: UUID, expected_version: int, now: datetime) -> PractitionerRole:
    """End a role at the actor's hospital now; it counts no more on the next request."""
    with transaction.atomic(savepoint=False):
        held = PractitionerRole.objects.select_for_update().filter(pk=id).first()
        acting = next(_keepers(by, "revoke_role", held.place), None) if held else None
        if held is None or acting is None:
            raise access.not_found()
        if held.role in SEPARATED and not by.may_anywhere("appoint_administrator"):
            raise access.forbidden()
        if held.ends_at and held.ends_at <= now:
            raise Refused(Code.INVALID_STATE, _("该岗位已经结束。"))
        if held.version != expected_version:
            raise Refused(Code.STALE_VERSION, _("该岗位已被他人修改，请刷新后再操作。"), field="expectedVersion")
        held.ends_at, held.version = max(now, held.starts_at), held.version + 1
        held.save()
        _rights_changed(held.person)
        trail.audit(by, "revoke_role", held, role=acting, purpose="ADMINISTRATION", patient_id=None, now=now)
    return held


def _giver(by: Actor, where: Hospital | Department | Division) -> PractitionerRole:
    """The role by which the actor gives roles at a place; FORBIDDEN if none."""
    for role in _keepers(by, "grant_role", where):
        return role
    raise access.forbidden()


def _keepers(by: Actor, permission: str, where: Hospital | Department | Division) -> Iterator[PractitionerRole]:
    """The running roles that give a permission over a place: at its hospital, or in a division around it."""
    if isinstance(where, Division):
        around, hospital = directory.with_those_above(where), None
    else:
        home = where.hospital if isinstance(where, Department) else where
        around, hospital = directory.with_those_above(home.division), home.pk
    for role in by.roles_with(permission):
        if role.division_id in around if role.division_id else not role.department_id and role.hospital_id == hospital:
            yield role


def _must_be_apart(person: Person, role: Role, now: datetime) -> None:
    """INVALID_STATE for a second of the three administrators' roles; the constraint stands behind."""
    if role not in SEPARATED:
        return
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    others = PractitionerRole.objects.filter(person=person, role__in=SEPARATED - {role})
    if others.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now)).exists():
        raise Refused(
            Code.INVALID_STATE, _("系统管理员、安全管理员、审计员须由不同的人担任（三员分立）。"), field="role"
        )


def _rights_changed(person: Person) -> None:
    """Let the person's sessions go on under another key."""
    Person.objects.filter(pk=person.pk).update(rights_changed_at=timezone.now())


def _place(where: Hospital | Department | Division) -> Place:
    return Place(where._meta.model_name)


def _held(
    person: Person, role: Role, where: Hospital | Department | Division, group: Group, starts_at: datetime
) -> PractitionerRole:
    places: dict[str, Any] = {where._meta.model_name or "": where}
    if isinstance(where, Department):
        places["hospital_id"] = where.hospital_id
    return PractitionerRole(person=person, role=role, group=group, starts_at=starts_at, **places)


def _permissions() -> dict[tuple[Place, str], Permission]:
    """The permission rows of the table at each kind of place, made where missing."""
    wanted = {place: ContentType.objects.get_for_model(model) for place, (model, _grant) in GRANTS.items()}
    rows = [
        Permission(content_type=kind, codename=name, name=name)
        for kind in wanted.values()
        for name in sorted(every_permission())
    ]
    Permission.objects.bulk_create(rows, ignore_conflicts=True)
    found = Permission.objects.filter(content_type__in=wanted.values(), codename__in=every_permission())
    by_type = {kind.pk: place for place, kind in wanted.items()}
    return {(by_type[row.content_type_id], row.codename): row for row in found}


def _insert(grant: Any, rows: Iterable[tuple[int, int, object]]) -> None:
    grant.objects.bulk_create(
        (grant(group_id=group, permission_id=permission, content_object_id=key) for group, permission, key in rows),
        batch_size=2000,
        ignore_conflicts=True,
    )
