"""Where the network reaches and where it is blind: county units, members, flows and rates of an alliance.

Every figure comes with its numerator, denominator and completeness. For observers, counts from 1 to 4 are withheld.
Legs entered in error are counted nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access
from consortium.access import Actor
from consortium.directory import current_members
from consortium.errors import Code, Refused
from consortium.models import Alliance, Capability, Division, DivisionLevel, Level, Status
from referrals.models import Decision, Ending, Referral
from referrals.models import Status as State

ACTIVE_WITHIN = timedelta(days=90)
LONGEST = timedelta(days=1100)
SMALLEST_CELL = 5


class Reach(Enum):
    """How far the alliance reaches a county unit, the least first."""

    NONE = "NONE"
    MEMBER = "MEMBER"
    ACTIVE = "ACTIVE"
    SERVED = "SERVED"


class Grouping(Enum):
    """By what the flow matrix is drawn."""

    HOSPITAL = "HOSPITAL"
    PREFECTURE = "PREFECTURE"
    LEVEL = "LEVEL"


@dataclass(frozen=True)
class Rate:
    """A share with what it is made of; `completeness` is the part of the rows that can already be judged."""

    numerator: int | None
    denominator: int | None
    completeness: float | None

    @property
    def value(self) -> float | None:
        """The share from 0 to 1, empty when nothing was counted or a count is withheld."""
        if self.numerator is None or not self.denominator:
            return None
        return round(self.numerator / self.denominator, 4)

    @property
    def suppressed(self) -> bool:
        """Whether a count is withheld because it is small."""
        return self.numerator is None or self.denominator is None


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
    """How many legs went from one place to another."""

    origin: str
    destination: str
    legs: int | None


@dataclass(frozen=True)
class Coverage:
    """The figures of one alliance, capability and period."""

    alliance: Alliance
    capability: str | None
    since: date
    until: date
    counties: list[County]
    covered: Rate
    members_by_level: dict[str, int]
    flows: list[Flow]
    acceptance: Rate
    diversion: Rate
    loop_closure: Rate
    suppressed: bool = field(default=False)


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
    if not since <= until or until - since > LONGEST:
        raise Refused(Code.INVALID_INPUT, _("起止日期须先后有序，且不超过三年。"), field="since")
    found, divisions = _allowed(by, alliance)
    withheld = divisions is not None
    legs = _legs(found, capability, since, until, on=until)
    counties = list(_counties(found, capability, since, until, divisions, withheld))
    within = _origin_within(divisions)
    reached = sum(1 for county in counties if county.reach is not Reach.NONE)
    members = current_members(until).filter(alliance=found, hospital__status=Status.ACTIVE)
    levels = dict(
        members.filter(place_within("hospital__division", divisions))
        .values_list("hospital__level")
        .annotate(count=Count("pk"))
    )
    return Coverage(
        alliance=found,
        capability=capability,
        since=since,
        until=until,
        counties=counties,
        covered=Rate(reached, len(counties), 1.0),
        members_by_level={level: levels.get(level, 0) for level in Level.values},
        flows=_flows(legs.filter(within), grouping, withheld),
        **_rates(legs.filter(within), withheld, now),
        suppressed=withheld,
    )


def _allowed(by: Actor, code: str) -> tuple[Alliance, frozenset[str] | None]:
    """The alliance, and the divisions that an observer is limited to (none: no limit)."""
    found = Alliance.objects.select_related("lead").filter(code=code).first()
    if found is not None and found.lead_id in by.reach("view_coverage").hospitals:
        return found, None
    divisions = by.reach("view_suppressed_coverage").divisions
    if found is None or not divisions:
        raise access.not_found("alliance")
    return found, divisions


def place_within(path: str, divisions: Iterable[str] | None) -> Q:
    """The condition that a place stands in one of the divisions or below; none given: no condition."""
    if divisions is None:
        return Q()
    codes = list(divisions)
    return (
        Q(**{f"{path}__in": codes}) | Q(**{f"{path}__parent__in": codes}) | Q(**{f"{path}__parent__parent__in": codes})
    )


def _origin_within(divisions: Iterable[str] | None) -> Q:
    return place_within("requester_hospital__division", divisions)


def _legs(alliance: Alliance, capability: str | None, since: date, until: date, *, on: date) -> QuerySet[Referral]:
    """The legs that were sent in a period between members of the alliance, for a capability."""
    zone = timezone.get_current_timezone()
    members = current_members(on).filter(alliance=alliance).values("hospital")
    rows = Referral.objects.filter(
        sent_at__gte=datetime.combine(since, time.min, zone),
        sent_at__lt=datetime.combine(until + timedelta(days=1), time.min, zone),
        requester_hospital__in=members,
        performer_hospital__in=members,
    ).exclude(status=State.ENTERED_IN_ERROR)
    return rows.filter(needed_capability__code=capability) if capability else rows


def _counties(
    alliance: Alliance,
    capability: str | None,
    since: date,
    until: date,
    divisions: frozenset[str] | None,
    withheld: bool,
) -> Iterable[County]:
    """Each county unit with how far the alliance reaches it."""
    active_members = current_members(until).filter(
        alliance=alliance, hospital__level=Level.COUNTY, hospital__status=Status.ACTIVE
    )
    members = dict(active_members.values_list("hospital__division").annotate(count=Count("pk")))
    able: set[str] = set()
    if capability:
        places = Capability.objects.filter(
            kind__code=capability, department__hospital__in=active_members.values("hospital")
        )
        able = set(places.values_list("department__hospital__division", flat=True))
    recent = _legs(alliance, capability, until - ACTIVE_WITHIN, until, on=until)
    active = set(recent.values_list("requester_hospital__division", flat=True).distinct())
    active |= set(recent.values_list("performer_hospital__division", flat=True).distinct())
    helped = Q(arrived_at__isnull=False) | Q(decision=Decision.ADVISED)
    sent = {
        code: (count, served)
        for code, count, served in _legs(alliance, capability, since, until, on=until)
        .values_list("requester_hospital__division")
        .annotate(count=Count("pk"), served=Count("pk", filter=helped))
    }
    within = Division.objects.select_related("parent__parent").filter(_self_within(divisions))
    counties = within.filter(level=DivisionLevel.COUNTY).order_by("code")
    for county in counties:
        count, served = sent.get(county.code, (0, 0))
        reach = Reach.NONE
        if county.code in members:
            reach = Reach.SERVED if served else Reach.ACTIVE if county.code in active else Reach.MEMBER
        yield County(
            division=county,
            reach=reach,
            members=members.get(county.code, 0),
            has_capability=county.code in able,
            sent=cell(count, withheld),
            served=cell(served, withheld),
        )


def _self_within(divisions: frozenset[str] | None) -> Q:
    if divisions is None:
        return Q()
    return Q(pk__in=divisions) | Q(parent__in=divisions) | Q(parent__parent__in=divisions)


def _flows(legs: QuerySet[Referral], grouping: Grouping, withheld: bool) -> list[Flow]:
    """The matrix of origin and destination, the strongest flow first."""
    if grouping is Grouping.PREFECTURE:
        return _by_prefecture(legs, withheld)
    column = {Grouping.HOSPITAL: "name", Grouping.LEVEL: "level"}[grouping]
    pair = (f"requester_hospital__{column}", f"performer_hospital__{column}")
    rows = legs.values_list(*pair).annotate(count=Count("pk")).order_by("-count", *pair)
    return [Flow(origin, destination, cell(count, withheld)) for origin, destination, count in rows]


def _by_prefecture(legs: QuerySet[Referral], withheld: bool) -> list[Flow]:
    """The matrix between prefectures; the province's own hospitals stand under the province."""
    pair = ("requester_hospital__division", "performer_hospital__division")
    above = {
        d.code: d.parent.name if d.level == DivisionLevel.COUNTY and d.parent else d.name
        for d in Division.objects.select_related("parent")
    }
    sums: dict[tuple[str, str], int] = {}
    for origin, destination, count in legs.values_list(*pair).annotate(count=Count("pk")):
        key = (above[origin], above[destination])
        sums[key] = sums.get(key, 0) + count
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return [Flow(origin, destination, cell(count, withheld)) for (origin, destination), count in ordered]


def _rates(legs: QuerySet[Referral], withheld: bool, now: datetime) -> dict[str, Rate]:
    """Acceptance and diversion of what was answered, loop closure of what arrived."""
    judged = Q(closed_at__isnull=False) | Q(due_at__lt=now)
    counts = legs.aggregate(
        sent=Count("pk"),
        answered=Count("pk", filter=~Q(decision="")),
        accepted=Count("pk", filter=Q(decision__in=[Decision.ACCEPTED, Decision.WAITLISTED])),
        advised=Count("pk", filter=Q(decision=Decision.ADVISED)),
        arrived=Count("pk", filter=Q(arrived_at__isnull=False)),
        closed=Count("pk", filter=Q(arrived_at__isnull=False, ending=Ending.COMPLETED)),
        judged=Count("pk", filter=Q(arrived_at__isnull=False) & judged),
    )
    answered, arrived = counts["answered"], counts["arrived"]
    complete = round(answered / counts["sent"], 4) if counts["sent"] else None
    return {
        "acceptance": Rate(cell(counts["accepted"], withheld), cell(answered, withheld), complete),
        "diversion": Rate(cell(counts["advised"], withheld), cell(answered, withheld), complete),
        "loop_closure": Rate(
            cell(counts["closed"], withheld),
            cell(arrived, withheld),
            round(counts["judged"] / arrived, 4) if arrived else None,
        ),
    }


def cell(count: int, withheld: bool) -> int | None:
    """The count, or nothing if it is small and the reader an observer."""
    return None if withheld and 0 < count < SMALLEST_CELL else count
