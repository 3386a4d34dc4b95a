"""Where the network reaches and where it is blind: county units, members, flows and rates of an alliance.

What is counted, and what is withheld from whom, is in `figures`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consortium.access import Actor
from consortium.database.acting import reporting
from consortium.directory import current_members
from consortium.models import Capability, Division, DivisionLevel, Level, Status
from referrals import observing, rollup
from referrals.figures import (
    WHICH,
    Counted,
    Indicator,
    Rate,
    Scope,
    judged,
    of_legs,
    of_runs,
    place_within,
    run_counts,
    run_parts,
    scope,
)
from referrals.models import LegCount, Referral
from referrals.observing import TOTAL

ACTIVE_WITHIN = timedelta(days=90)


class Reach(Enum):
    """How far the alliance reaches a county unit, the least first."""

    NONE = "NONE"
    MEMBER = "MEMBER"
    ACTIVE = "ACTIVE"
    SERVED = "SERVED"


# What each level of reach is called and means.
LEVELS: dict[Reach, tuple[str | Promise, str | Promise]] = {
    Reach.NONE: (_("空白"), _("没有在册且正常运行的县级成员医院。")),
    Reach.MEMBER: (_("有成员"), _("有县级成员医院，但截至期末 90 天内没有转出或接收转诊。")),
    Reach.ACTIVE: (_("活跃"), _("截至期末 90 天内转出或接收过转诊，但期内尚无患者到院或得到诊疗建议。")),
    Reach.SERVED: (_("已服务"), _("期内有该县转出的患者到院，或得到了诊疗建议。")),
}


class Grouping(Enum):
    """By what the flow matrix is drawn."""

    HOSPITAL = "HOSPITAL"
    PREFECTURE = "PREFECTURE"
    LEVEL = "LEVEL"


class End(Enum):
    """The two ends of a leg."""

    ORIGIN = "ORIGIN"
    DESTINATION = "DESTINATION"


Path = tuple[str, str, str, str]  # names of origin and destination, and their codes
COLUMN = {End.ORIGIN: "requester_hospital", End.DESTINATION: "performer_hospital"}


@dataclass(frozen=True)
class County:
    """One county unit of the map."""

    division: Division
    reach: Reach
    members: int
    has_capability: bool
    sent: int | None
    served: int | None


@dataclass(frozen=True)
class Flow:
    """How many legs went from one place to another; the codes are a hospital's key, a division's or a level's code."""

    origin: str
    destination: str
    origin_code: str
    destination_code: str
    legs: int | None


@dataclass(frozen=True)
class HospitalFigures:
    """The legs that one hospital sent or received in the period, by the hospital's key."""

    hospital: UUID
    sent: int | None
    indicators: list[Rate]


@dataclass(frozen=True)
class Coverage:
    """The figures of one alliance, capability and period."""

    scope: Scope
    now: datetime
    counties: list[County]
    members_by_level: dict[str, int]
    flows: list[Flow]
    indicators: list[Rate]
    sent: int | None

    def indicator(self, wanted: Indicator) -> Rate:
        """One of the indicators."""
        return next(rate for rate in self.indicators if rate.indicator is wanted)

    def levels(self) -> dict[Reach, int]:
        """How many county units are at each level of reach, the least first."""
        found = [county.reach for county in self.counties]
        return {reach: found.count(reach) for reach in Reach}


@reporting()
def coverage(
    *,
    by: Actor,
    alliance: str,
    capability: str | None,
    since: date,
    until: date,
    grouping: Grouping,
    now: datetime,
) -> Coverage:
    """The coverage from the first to the last day; NOT_FOUND for an alliance that is not the actor's to see."""
    asked = scope(by, alliance=alliance, capability=capability, since=since, until=until)
    found = list(_counties(asked))
    reached = sum(1 for county in found if county.reach is not Reach.NONE)
    members = current_members(until).filter(alliance=asked.alliance, hospital__status=Status.ACTIVE)
    levels = dict(
        members.filter(place_within("hospital__division", asked.divisions))
        .values_list("hospital__level")
        .annotate(count=Count("pk"))
    )
    totals = judged(asked.sums().aggregate(**rollup.sums()), asked.late(now).count())
    runs = asked.runs().aggregate(**run_counts())
    return Coverage(
        scope=asked,
        now=now,
        counties=found,
        members_by_level={level: levels.get(level, 0) for level in Level.values},
        flows=flows(asked, grouping),
        indicators=[
            Rate(Indicator.COVERED, reached, len(found), 1.0),
            *of_legs(totals, observing.of_whole(totals, sent=TOTAL not in asked.hidden) if asked.withheld else ()),
            of_runs(runs, asked.withheld and bool(observing.of_groups({TOTAL: run_parts(runs)}))),
        ],
        sent=None if TOTAL in asked.hidden else totals[Counted.SENT.value],
    )


@reporting()
def breakdown(over: Scope, *, end: End, now: datetime) -> list[HospitalFigures]:
    """The legs of the scope by the hospital at one end, the busiest first."""
    legs: Any = over.sums().values(hospital=F(COLUMN[end])).annotate(**rollup.sums())
    late = dict(over.late(now).values_list(COLUMN[end]).annotate(count=Count("pk")))
    found = [judged(row, late.get(row["hospital"], 0)) for row in legs.filter(SENT__gt=0).order_by("-SENT", "hospital")]
    unsent = {row["hospital"] for row in found if (end.name, row["hospital"]) in over.hidden}
    hidden = observing.of_legs({row["hospital"]: row for row in found}, unsent=unsent) if over.withheld else frozenset()
    gone = {row["hospital"]: {"SENT"} if row["hospital"] in unsent else set() for row in found}
    for place, name in hidden:
        gone[place].add(name)
    told = [
        HospitalFigures(
            row["hospital"], None if row["hospital"] in unsent else row["SENT"], of_legs(row, gone[row["hospital"]])
        )
        for row in found
    ]
    return [each for each in told if each.sent is not None] + sorted(
        (each for each in told if each.sent is None), key=lambda each: str(each.hospital)
    )


def counted(
    over: Scope, which: Counted, *, origin: str | None = None, destination: str | None = None, hospital: Any = None
) -> QuerySet[Referral]:
    """The legs behind a figure: of a set, from and to a division or what lies in it, by a hospital at either end."""
    rows = over.legs().filter(WHICH[which])
    for end, division in ((End.ORIGIN, origin), (End.DESTINATION, destination)):
        if division:
            rows = rows.filter(place_within(f"{COLUMN[end]}__division", [division]))
    if hospital:
        rows = rows.filter(Q(requester_hospital=hospital) | Q(performer_hospital=hospital))
    return rows


def _counties(over: Scope) -> Iterable[County]:
    """Each county unit with how far the alliance reaches it."""
    active_members = current_members(over.until).filter(
        alliance=over.alliance, hospital__level=Level.COUNTY, hospital__status=Status.ACTIVE
    )
    members = dict(active_members.values_list("hospital__division").annotate(count=Count("pk")))
    able: set[str] = set()
    if over.capability:
        places = Capability.objects.filter(
            kind__code=over.capability, department__hospital__in=active_members.values("hospital")
        )
        able = set(places.values_list("department__hospital__division", flat=True))
    recent = replace(over, since=over.until - ACTIVE_WITHIN).sums_anywhere()
    active = {
        code
        for end in COLUMN.values()
        for code, _count in recent.values_list(f"{end}__division").annotate(count=Sum("sent")).filter(count__gt=0)
    }
    sent = {
        code: (count, served)
        for code, count, served in over.sums_anywhere()
        .values_list("requester_hospital__division")
        .annotate(count=Sum("sent"), out=Sum("served"))
        .filter(count__gt=0)
    }
    seen = list(counties(over))
    # Neither how many were served nor, beside how many were sent, how many were not; and no county alone.
    groups = {county.code: sent.get(county.code, (0, 0)) for county in seen}
    unserved = observing.of_groups({code: (served, legs - served) for code, (legs, served) in groups.items()})
    for county in seen:
        legs, served = sent.get(county.code, (0, 0))
        reach = Reach.NONE
        if county.code in members:
            reach = Reach.SERVED if served else Reach.ACTIVE if county.code in active else Reach.MEMBER
        yield County(
            division=county,
            reach=reach,
            members=members.get(county.code, 0),
            has_capability=county.code in able,
            sent=None if ("COUNTY", county.code) in over.hidden else legs,
            served=None if over.withheld and county.code in unserved else served,
        )


def counties(over: Scope) -> QuerySet[Division]:
    """The county units that the reader may see, by code."""
    rows = Division.objects.select_related("parent__parent").filter(level=DivisionLevel.COUNTY).order_by("code")
    if over.divisions is None:
        return rows
    here = over.divisions
    return rows.filter(Q(pk__in=here) | Q(parent__in=here) | Q(parent__parent__in=here))


def flows(over: Scope, grouping: Grouping) -> list[Flow]:
    """The matrix of origin and destination, the strongest flow first."""
    legs = over.sums()
    if grouping is Grouping.PREFECTURE:
        found = _by_prefecture(legs)
    else:
        name, code = {Grouping.HOSPITAL: ("name", "pk"), Grouping.LEVEL: ("level", "level")}[grouping]
        columns = [f"{COLUMN[end]}__{column}" for column in (name, code) for end in End]
        rows = legs.values_list(*columns).annotate(count=Sum("sent")).filter(count__gt=0).order_by("-count", *columns)
        found = [((str(a), str(b), str(c), str(d)), count) for a, b, c, d, count in rows]
    hidden = {name[1:] for name in over.hidden if isinstance(name, tuple) and name[0] == grouping.name}
    gone = {tuple(map(str, codes)) for codes in hidden}
    told = [Flow(*names, None if names[2:] in gone else count) for names, count in found]
    # What is withheld comes last: its place among the others would tell how much it is.
    return [flow for flow in told if flow.legs is not None] + sorted(
        (flow for flow in told if flow.legs is None), key=lambda flow: (flow.origin, flow.destination)
    )


def _by_prefecture(legs: QuerySet[LegCount]) -> list[tuple[Path, int]]:
    """The matrix between prefectures; the province's own hospitals stand under the province."""
    pair = [f"{COLUMN[end]}__division" for end in End]
    above = {
        d.code: d.parent if d.level == DivisionLevel.COUNTY and d.parent else d
        for d in Division.objects.select_related("parent")
    }
    sums: dict[Path, int] = {}
    for origin, destination, count in legs.values_list(*pair).annotate(count=Sum("sent")).filter(count__gt=0):
        start, end = above[origin], above[destination]
        key = (start.name, end.name, start.code, end.code)
        sums[key] = sums.get(key, 0) + count
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))
