"""Which hospitals to ask first: by what they can do, how free and how fresh their figure is, and how far they are."""

import csv
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import IntegerField, OuterRef, Q, QuerySet, Subquery

from consortium.directory import FAR_AWAY, distance_km
from consortium.models import Capability, Department, Division, GreenRule, Hospital, Level, Status, TravelTime


@cache
def estimate() -> Mapping[str, float]:
    """How a journey is estimated where nobody measured it: detour, speed (km/h), shortest (minutes).

    From `consortium/data/travel_estimate.csv`.
    """
    with (settings.BASE_DIR / "consortium" / "data" / "travel_estimate.csv").open(encoding="utf-8") as file:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Target:
    """A department that may be asked, with the facts by which it was ranked."""

    department: Department
    able: bool
    free_places: int | None
    figure_as_of: datetime | None
    fresh: bool
    travel_minutes: int | None
    travel_source: str
    rank: int = 0

    @property
    def order(self) -> tuple[Any, ...]:
        """Able first; free by a fresh figure, by a stale one, uncounted, full; then near, then roomy, then by name."""
        capacity = 2 if self.free_places is None else 3 if self.free_places <= 0 else 0 if self.fresh else 1
        distance = math.inf if self.travel_minutes is None else self.travel_minutes
        return (
            not self.able,
            capacity,
            distance,
            -(self.free_places or 0),
            self.department.hospital.name,
            str(self.department.pk),
        )


def targets(
    rule: GreenRule,
    *,
    origin: Hospital,
    now: datetime,
    travel_from: Division | None = None,
    capability: str | None = None,
    specialty: str | None = None,
    tried: Collection[UUID] = (),
    only: Collection[UUID] | None = None,
) -> list[Target]:
    """The departments to ask, the best first, one for each hospital that was not yet tried; by two statements.

    Upward: who has the capability, then departments of the specialty at a higher level. Downward: departments of the
    specialty at a lower level. `only` restricts to named departments, whatever they can do.
    """
    start = travel_from or origin.division
    wanted, field = capability or rule.capability, specialty or rule.specialty
    fresh_since = now - timedelta(minutes=rule.fresh_minutes)
    places = {row.department_id: row for row in Capability.objects.filter(kind__code=wanted)} if wanted else {}
    found = departments(origin, tried)
    if only is not None:
        found = found.filter(pk__in=only)
    else:
        by_specialty = Q(specialty__code__startswith=field) if field else Q(pk__in=[])
        elsewhere = Q(hospital__level__in=_levels(origin.level, below=rule.goes_down))
        found = found.filter(Q(pk__in=places.keys()) & _anywhere(rule, elsewhere) | by_specialty & elsewhere)
    ranked = sorted((_target(row, places, fresh_since) for row in _with_travel(found, start)), key=lambda t: t.order)
    return [Target(**vars(target) | {"rank": rank}) for rank, target in enumerate(_one_each(ranked), start=1)]


def departments(origin: Hospital, tried: Collection[UUID]) -> QuerySet[Department]:
    """The departments that take part at hospitals other than these."""
    rows = Department.objects.filter(status=Status.ACTIVE, hospital__status=Status.ACTIVE)
    return rows.exclude(hospital__in=[origin.pk, *tried]).select_related("hospital")


def _anywhere(rule: GreenRule, elsewhere: Q) -> Q:
    """An able hospital is asked wherever it is; downward only below."""
    return elsewhere if rule.goes_down else Q()


def _levels(level: str, *, below: bool) -> list[str]:
    tiers = [Level.PROVINCE.value, Level.CITY.value, Level.COUNTY.value]
    here = tiers.index(level)
    return tiers[here + 1 :] if below else tiers[:here]


def _with_travel(rows: QuerySet[Department], start: Division) -> QuerySet[Any]:
    """The rows with kilometres in a straight line, and the minutes of the table where it has a row."""
    known = TravelTime.objects.filter(origin=start, destination=OuterRef("hospital__division"))
    return rows.annotate(
        kilometres=distance_km("hospital__division__", start),
        minutes=Subquery(known.values("minutes")[:1], output_field=IntegerField()),
        minutes_source=Subquery(known.values("source")[:1]),
    )


def _target(row: Any, places: dict[UUID, Capability], fresh_since: datetime) -> Target:
    place = places.get(row.pk)
    counted = place is not None and place.beds_free is not None
    minutes, source = travel(row.kilometres, row.minutes, row.minutes_source)
    return Target(
        department=row,
        able=place is not None,
        free_places=place.beds_free - place.held if counted and place and place.beds_free is not None else None,
        figure_as_of=place.as_of if place else None,
        fresh=place is not None and place.as_of is not None and place.as_of >= fresh_since,
        travel_minutes=minutes,
        travel_source=source,
    )


def travel(kilometres: int, minutes: int | None, source: str | None) -> tuple[int | None, str]:
    """Minutes on the road and where they come from: the table, else an estimate that says so, else unknown."""
    if minutes is not None:
        return minutes, source or ""
    if kilometres >= FAR_AWAY:
        return None, ""
    road = estimate()
    by_road = math.ceil(round(kilometres * road["detour"] / road["speed"] * 60, 6))  # 70.00000000000001 is 70
    source = f"ESTIMATE 直线距离 × {road['detour']:g}，{road['speed']:g} km/h"
    return max(round(road["shortest"]), by_road), source


def _one_each(ranked: Iterable[Target]) -> Iterable[Target]:
    """The first of each hospital."""
    seen: set[UUID] = set()
    for target in ranked:
        if target.department.hospital_id not in seen:
            seen.add(target.department.hospital_id)
            yield target
