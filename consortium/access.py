"""Who may see and do what: the only module that decides access, and the only one that talks to guardian.

A role held at a place stands for a group; the group's guardian grants at that place are the permissions. A person has
them only while the dated role runs and the account is active. Superuser status and global permissions count nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    F,
    Func,
    Model,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.utils.translation import gettext as _

from consortium.database.prepared import Bound, Standing
from consortium.errors import Code, Refused
from consortium.models import (
    Department,
    DepartmentGrant,
    DivisionGrant,
    HospitalGrant,
    Person,
    PractitionerRole,
    ServiceRequest,
    Side,
)
from consortium.roles import SCOPES, Role

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True)
class Reach:
    """The places at which somebody has one permission; a hospital stands for all its departments."""

    hospitals: frozenset[UUID] = frozenset()
    departments: frozenset[UUID] = frozenset()
    divisions: frozenset[str] = frozenset()

    def over(self, prefix: str) -> Q:
        """The rows whose `<prefix>_hospital` or `<prefix>_department` lies within reach."""
        at_hospital = Q(**{f"{prefix}_hospital__in": self.hospitals})
        at_department = Q(**{f"{prefix}_department__in": self.departments})
        if not self.departments:
            return at_hospital
        return at_hospital | at_department if self.hospitals else at_department

    def arms(self, prefix: str) -> list[Q]:
        """The same place by place: the rows of one place lie in the order of an index, those of several do not."""
        return [
            *(Q(**{f"{prefix}_hospital": pk}) for pk in sorted(self.hospitals)),
            *(Q(**{f"{prefix}_department": pk}) for pk in sorted(self.departments)),
        ]


def any_of(conditions: Iterable[Q]) -> Q:
    """The rows for which one of the conditions holds; none if there is no condition."""
    found = Q(pk__in=[])
    for condition in conditions:
        found |= condition
    return found


@dataclass(frozen=True)
class Actor:
    """Somebody who acts now, with the roles that run at this moment; `person` is empty for the system's own clock."""

    person: Person | None
    held: tuple[PractitionerRole, ...] = ()
    at: datetime | None = None
    request_id: str = ""
    permissions: dict[UUID, frozenset[str]] = field(default_factory=dict)
    shown: dict[UUID, Any] = field(default_factory=dict, repr=False)  # secrets to show in this answer and never again
    scopes: frozenset[str] | None = None  # of the token; none for somebody who signed in
    opened: frozenset[UUID] = frozenset()  # patients whose cases an emergency opens to them now
    known: dict[str, Any] = field(default_factory=dict)  # what a requirement read once, for all steps and cases

    def roles_with(self, permission: str) -> Iterable[PractitionerRole]:
        """The running roles that give a permission."""
        return (role for role in self.held if permission in self.permissions[role.pk])

    def reach(self, permission: str) -> Reach:
        """Where this person has a permission."""
        roles = list(self.roles_with(permission))
        return Reach(
            frozenset(r.hospital_id for r in roles if r.hospital_id and not r.department_id),
            frozenset(r.department_id for r in roles if r.department_id),
            frozenset(r.division_id for r in roles if r.division_id),
        )

    @property
    def may_write(self) -> bool:
        """Whether anything may be changed: always in a session, with a token only if its scopes say so."""
        return self.scopes is None or "write" in self.scopes

    def may_anywhere(self, permission: str) -> bool:
        """Whether any running role gives the permission."""
        return any(True for _role in self.roles_with(permission))


SYSTEM = Actor(person=None)


@dataclass(frozen=True)
class Arm:
    """One way in which rows of a case type become visible: a permission on one side, under a condition.

    An `own` arm asks who wrote the row instead of where: its holders see theirs, wherever they hold the permission.
    """

    permission: str
    side: Side
    when: Callable[[datetime], Q]
    full: bool = True
    own: bool = False


def running(now: datetime) -> Q:
    """The condition that a practitioner role counts at a moment."""
    return Q(starts_at__lte=now, person__is_active=True) & (Q(ends_at__isnull=True) | Q(ends_at__gt=now))


def actor(person: Person, *, now: datetime, request_id: str = "", scopes: Iterable[str] | None = None) -> Actor:
    """The person as an actor, by one statement; a token's scopes narrow what the roles give."""
    return in_roles(person, _HELD.fetch(person=person.pk, at=now), now=now, request_id=request_id, scopes=scopes)


def in_roles(
    person: Person,
    roles: Iterable[PractitionerRole],
    *,
    now: datetime,
    request_id: str = "",
    scopes: Iterable[str] | None = None,
) -> Actor:
    """The same of a person whose roles of this moment were read already, as by `held`."""
    return narrowed(replace(_acting(person, tuple(roles), now), request_id=request_id), scopes)


def actors(people: Iterable[Person], *, now: datetime) -> dict[int, Actor]:
    """Many people as actors, by one statement."""
    by_id = {person.pk: person for person in people}
    found: dict[int, list[PractitionerRole]] = {pk: [] for pk in by_id}
    for role in held(now).filter(person__in=found):
        found[role.person_id].append(role)
    return {pk: _acting(by_id[pk], tuple(roles), now) for pk, roles in found.items()}


def narrowed(by: Actor, scopes: Iterable[str] | None) -> Actor:
    """The actor with no more than a token's scopes allow; all of it without a token."""
    if scopes is None:
        return by
    given = frozenset(scopes)
    allowed = frozenset[str]().union(*(SCOPES[scope] for scope in given))
    # An emergency is somebody's own, before a screen; no token opens anything by it.
    return replace(
        by, scopes=given, opened=frozenset(), permissions={pk: names & allowed for pk, names in by.permissions.items()}
    )


def held(now: Any) -> QuerySet[PractitionerRole]:
    """The roles that run at a moment, each with the permissions that its group has at its finest place."""
    granted: dict[str, Any] = {
        place: ArraySubquery(
            model.objects.filter(group=OuterRef("group"), content_object=OuterRef(place)).values("permission__codename")
        )
        for place, model in (("department", DepartmentGrant), ("hospital", HospitalGrant), ("division", DivisionGrant))
    }
    # The one thing about patients that is asked before it is known who asks: by a function that tells no more.
    opened = Func(F("pk"), now, function="access.opened_by", output_field=ArrayField(UUIDField()))
    return (
        PractitionerRole.objects.filter(running(now))
        .select_related("hospital", "department", "division")
        .annotate(
            granted=Case(
                When(department__isnull=False, then=granted["department"]),
                When(hospital__isnull=False, then=granted["hospital"]),
                default=granted["division"],
            ),
            opened=opened,
        )
        .order_by("id")
    )


# Asked at each request: to write its SQL anew took longer than everything else that a list needs.
_HELD = Standing(lambda: held(Bound("at", DateTimeField())).filter(person=Bound("person", Person._meta.pk)))


def _acting(person: Person, held: tuple[PractitionerRole, ...], now: datetime) -> Actor:
    permissions = {role.pk: frozenset[str](role.granted) for role in held}  # type: ignore[attr-defined]
    opened = frozenset[UUID]().union(*(role.opened for role in held if "break_glass" in permissions[role.pk]))  # type: ignore[attr-defined]
    return Actor(person=person, held=held, at=now, permissions=permissions, opened=opened)


def at_time(by: Actor, now: datetime) -> Actor:
    """The same actor, acting at another moment (stories of the demo network)."""
    return replace(by, at=now)


def moment(by: Actor) -> datetime:
    """The moment at which the actor acts; a mistake of ours if nobody set it."""
    if by.at is None:
        raise ValueError("an actor who reads cases needs a moment")
    return by.at


def visible(by: Actor, rows: QuerySet[ModelT] | type[ModelT]) -> QuerySet[ModelT]:
    """The cases (or what is seen through them) that exist for the actor; a case carries `full_view`."""
    queryset: QuerySet[Any] = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
    model = queryset.model
    if through := getattr(model, "SEEN_THROUGH", None):
        relation = model._meta.get_field(through)
        cases = visible(by, relation.related_model)
        if relation.many_to_one:  # it belongs to one case
            return queryset.filter(**{f"{through}__in": cases.values("pk")})
        return queryset.filter(Exists(cases.filter(**{relation.field.name: OuterRef("pk")})))
    some, full = Q(pk__in=[]), Q(pk__in=[])
    for arm in model.ARMS:
        reached = _reached(by, arm)
        if reached is not None:
            rows_of_arm = reached & arm.when(moment(by))
            some |= rows_of_arm
            full = full | rows_of_arm if arm.full else full
    if by.opened and model.OPENS:
        opened = Q(**{f"{model.OF_PATIENT}__in": by.opened})
        some, full = some | opened, full | opened
    view = Case(When(full, then=Value(True)), default=Value(False), output_field=BooleanField())
    return queryset.filter(some).annotate(full_view=view)


def _reached(by: Actor, arm: Arm) -> Q | None:
    """The rows that an arm reaches for the actor, whatever their state; nothing where it reaches none."""
    if arm.own:
        return Q(created_by=by.person) if by.may_anywhere(arm.permission) else None
    reach = by.reach(arm.permission)
    return reach.over(arm.side.lower()) if reach.hospitals or reach.departments else None


def visible_in_full(by: Actor, rows: QuerySet[ModelT] | type[ModelT]) -> QuerySet[ModelT]:
    """The cases of which the actor sees more than the summary."""
    seen: QuerySet[Any] = visible(by, rows)
    return seen.filter(full_view=True)


def may_concern(by: Actor, case: ServiceRequest) -> bool:
    """Whether the parties of a case leave open that the actor sees it; a first look that needs no statement."""
    for arm in case.ARMS:
        if arm.own:
            if by.person and case.created_by_id == by.person.pk and by.may_anywhere(arm.permission):
                return True
            continue
        reach, prefix = by.reach(arm.permission), arm.side.lower()
        if getattr(case, f"{prefix}_hospital_id") in reach.hospitals:
            return True
        if getattr(case, f"{prefix}_department_id") in reach.departments:
            return True
    return bool(by.opened) and case.OPENS and case.patient_id in by.opened


def at_hospitals(by: Actor, permission: str, name: str) -> Q:
    """The rows whose hospital `name` is one at which the actor has a permission, or lies in a division of theirs."""
    reach = by.reach(permission)
    found = Q(**{f"{name}__in": reach.hospitals})
    if reach.divisions:
        for path in ("division", "division__parent", "division__parent__parent"):
            found |= Q(**{f"{name}__{path}__in": reach.divisions})
    return found


def not_found(field: str = "id") -> Refused:
    """The one answer for what is absent and for what one may not see; `field` names the input that told of it."""
    return Refused(Code.NOT_FOUND, _("没有找到该对象：它不存在，或者不在您的权限范围内。"), field=field)


def find(by: Actor, rows: QuerySet[ModelT] | type[ModelT], pk: object) -> ModelT:
    """The one row that the actor may see; NOT_FOUND otherwise, by the same statement."""
    try:
        row = visible(by, rows).filter(pk=pk).first()
    except ValidationError as error:
        raise not_found() from error
    if row is None:
        raise not_found()
    return row


def roles_for(by: Actor, permission: str, case: ServiceRequest, side: Side) -> Iterator[PractitionerRole]:
    """The running roles by which the actor has a permission on one side of a case."""
    prefix = side.lower()
    hospital, department = getattr(case, f"{prefix}_hospital_id"), getattr(case, f"{prefix}_department_id")
    for role in by.roles_with(permission):
        if hospital and (role.department_id == department if role.department_id else role.hospital_id == hospital):
            yield role


def held_on(by: Actor, permission: str, side: Side, *, among: Iterable[Role] | None = None) -> Q:
    """The same as a condition: the cases on one side of which a running role gives the permission, of these roles."""
    counted = None if among is None else set(among)
    roles = [role for role in by.roles_with(permission) if counted is None or role.role in counted]
    departments = {role.department_id for role in roles if role.department_id}
    hospitals = {role.hospital_id for role in roles if role.hospital_id and not role.department_id}
    return Reach(frozenset(hospitals), frozenset(departments)).over(side.lower())


def role_for(by: Actor, permission: str, case: ServiceRequest, side: Side) -> PractitionerRole | None:
    """The first of `roles_for`, if any."""
    return next(roles_for(by, permission, case, side), None)


def require_at(by: Actor, permission: str, *, hospital: UUID, department: UUID | None = None) -> PractitionerRole:
    """The role that gives a permission at a place; FORBIDDEN if none does."""
    for role in by.roles_with(permission):
        if role.department_id == department if role.department_id else role.hospital_id == hospital:
            return role
    raise forbidden()


def require_over(by: Actor, permission: str, department: Department) -> PractitionerRole:
    """The role that gives a permission at a department, or in a division around its hospital; FORBIDDEN if none."""
    division = department.hospital.division
    around = {division.code, division.parent_id, division.parent.parent_id if division.parent else None}
    for role in by.roles_with(permission):
        if role.division_id in around if role.division_id else _holds_at(role, department):
            return role
    raise forbidden()


def _holds_at(role: PractitionerRole, department: Department) -> bool:
    return role.department_id == department.pk if role.department_id else role.hospital_id == department.hospital_id


def require(by: Actor, permission: str) -> PractitionerRole:
    """The first running role that gives a permission anywhere; FORBIDDEN if none does."""
    for role in by.roles_with(permission):
        return role
    raise forbidden()


def forbidden() -> Refused:
    """The answer to somebody whose roles do not allow the step."""
    return Refused(Code.FORBIDDEN, _("您在此处的岗位不允许这一步；请联系有权限的同事，或请医院管理员调整岗位。"))
