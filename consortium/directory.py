"""Finding places: hospitals and departments by what they can do, how free they are, how near, and by name."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import ACos, Cast, Coalesce, Cos, Greatest, Least, Radians, Sin
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import registry, search
from consortium.errors import Code, Refused
from consortium.models import Alliance, Capability, Department, Division, Hospital, Membership, Status

EARTH_KM = 6371.0
FAR_AWAY = 99_999


def current_members(on: date) -> QuerySet[Membership]:
    """The memberships that hold on a day."""
    return Membership.objects.filter(Q(left_date__isnull=True) | Q(left_date__gt=on), joined_date__lte=on)


def able(kind: str, *, min_free: int | None, fresh_since: datetime | None) -> QuerySet[Capability]:
    """The capabilities of a kind with so many places free in a figure that is fresh enough."""
    rows = Capability.objects.filter(kind__code=kind)
    if min_free is not None:
        rows = rows.filter(beds_free__gte=F("held") + min(min_free, FAR_AWAY))
    return rows.filter(as_of__gte=fresh_since) if fresh_since else rows


def since(now: datetime, age_minutes: int | None) -> datetime | None:
    """The moment of a figure of this age; any that is older than every figure counts as a hundred years."""
    return None if age_minutes is None else now - min(timedelta(minutes=age_minutes), timedelta(days=36_525))


def distance_km(path: str, origin: Division | None) -> Any:
    """Kilometres as the crow flies from a division's centre to the one a row stands in, FAR_AWAY where unknown."""
    if origin is None or origin.latitude is None or origin.longitude is None:
        return Value(FAR_AWAY, output_field=IntegerField())
    here, there = Radians(Value(origin.latitude)), Radians(F(f"{path}latitude"))
    across = Radians(F(f"{path}longitude") - Value(origin.longitude))
    cosine = Sin(here) * Sin(there) + Cos(here) * Cos(there) * Cos(across)
    arc = ACos(Least(Value(1.0), Greatest(Value(-1.0), ExpressionWrapper(cosine, output_field=FloatField()))))
    kilometres = ExpressionWrapper(arc * Value(EARTH_KM), output_field=FloatField())
    # PostgreSQL's LEAST and GREATEST pass over what is empty, so an unknown centre must be asked about before.
    known = {f"{path}latitude__isnull": False, f"{path}longitude__isnull": False}
    return Case(When(**known, then=Cast(kilometres, IntegerField())), default=Value(FAR_AWAY))


def must_know(*, on: date, capability: str | None, alliance: str | None, division: str | None) -> None:
    """INVALID_INPUT for a code that names nothing: an empty list would read as "nowhere"."""
    if capability:
        registry.concepts("CAPABILITY", [capability], on=on, field="capability")
    for model, key, code, field in ((Alliance, "code", alliance, "alliance"), (Division, "pk", division, "division")):
        if code and not model._default_manager.filter(**{key: code}).exists():
            raise Refused(
                Code.INVALID_INPUT,
                _("代码“{code}”不存在；请从相应目录中选择。").format(code=code[:40]),
                field=field,
            )


def hospitals(
    *,
    origin: Division | None,
    now: datetime,
    capability: str | None = None,
    min_free: int | None = None,
    max_age_minutes: int | None = None,
    level: str | None = None,
    kind: str | None = None,
    division: str | None = None,
    alliance: str | None = None,
    text: str | None = None,
) -> QuerySet[Hospital]:
    """The hospitals that take part and match every filter, with `distance` in kilometres from a division."""
    must_know(on=timezone.localdate(now), capability=capability, alliance=alliance, division=division)
    rows = Hospital.objects.filter(status=Status.ACTIVE).annotate(distance=distance_km("division__", origin))
    if capability:
        fresh = since(now, max_age_minutes)
        places = able(capability, min_free=min_free, fresh_since=fresh)
        rows = rows.filter(Exists(places.filter(department__hospital=OuterRef("pk"))))
    if level:
        rows = rows.filter(level=level)
    if kind:
        rows = rows.filter(kind=kind)
    if division:
        rows = rows.filter(within(division, "division"))
    if alliance:
        members = current_members(timezone.localdate(now)).filter(alliance__code=alliance, hospital=OuterRef("pk"))
        rows = rows.filter(Exists(members))
    return rows.filter(_named(text)) if text else rows


def departments(
    *,
    origin: Division | None,
    now: datetime,
    hospital: UUID | None = None,
    specialty: str | None = None,
    capability: str | None = None,
    min_free: int | None = None,
    max_age_minutes: int | None = None,
    level: str | None = None,
    division: str | None = None,
    alliance: str | None = None,
    text: str | None = None,
) -> QuerySet[Department]:
    """The departments that take part and match every filter, with `distance` and `occupied` (minus free places)."""
    must_know(on=timezone.localdate(now), capability=capability, alliance=alliance, division=division)
    rows = Department.objects.filter(status=Status.ACTIVE, hospital__status=Status.ACTIVE)
    rows = rows.annotate(distance=distance_km("hospital__division__", origin))
    if hospital:
        rows = rows.filter(hospital=hospital)
    if specialty:
        rows = rows.filter(specialty__code__startswith=specialty)
    fresh = since(now, max_age_minutes)
    if capability:
        places = able(capability, min_free=min_free, fresh_since=fresh).filter(department=OuterRef("pk"))
        taken = Subquery(places.annotate(taken=F("held") - F("beds_free")).values("taken")[:1])
        rows = rows.filter(Exists(places)).annotate(
            occupied=Coalesce(taken, Value(FAR_AWAY), output_field=IntegerField())
        )
    else:
        rows = rows.annotate(occupied=Value(FAR_AWAY, output_field=IntegerField()))
    if level:
        rows = rows.filter(hospital__level=level)
    if division:
        rows = rows.filter(within(division, "hospital__division"))
    if alliance:
        members = current_members(timezone.localdate(now)).filter(
            alliance__code=alliance, hospital=OuterRef("hospital")
        )
        rows = rows.filter(Exists(members))
    return rows.filter(_named(text) | _named(text, "hospital__")) if text else rows


def _named(text: str, path: str = "") -> Q:
    """The condition that a place is named so: part of the name, or how it sounds."""
    return Q(**{f"{path}name_grams__contains": search.wanted(text)}) | search.heard(text, path)


def within(division: str, path: str) -> Q:
    """The condition that a row stands in a division or one below it."""
    return Q(**{path: division}) | Q(**{f"{path}__parent": division}) | Q(**{f"{path}__parent__parent": division})


def with_those_above(division: Division) -> set[str]:
    """The codes of a division and of those above it."""
    above = division.parent
    return {code for code in (division.code, division.parent_id, above.parent_id if above else None) if code}


def home_of(places: Iterable[Hospital]) -> Division | None:
    """The division of the first of somebody's hospitals."""
    return next((place.division for place in places), None)
