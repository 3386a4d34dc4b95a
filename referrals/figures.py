"""The figures of an alliance: what each is, what it is made of, over which rows it is counted, and what is withheld.

Every figure comes with its numerator, denominator and completeness. For observers, counts from 1 to 4 are withheld.
Legs entered in error are counted nowhere.
"""

from collections.abc import Container, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access
from consortium.access import Actor
from consortium.directory import current_members
from consortium.errors import Code, Refused
from consortium.models import Alliance, ClockRun, DivisionLevel
from referrals import observing, rollup
from referrals.models import Decision, Ending, LegCount, Referral
from referrals.models import Status as State
from referrals.suppression import is_small

LONGEST = timedelta(days=1100)


class Indicator(Enum):
    """What is measured of an alliance."""

    COVERED = "COVERED"
    ACCEPTANCE = "ACCEPTANCE"
    DIVERSION = "DIVERSION"
    LOOP_CLOSURE = "LOOP_CLOSURE"
    CLOCK_ATTAINMENT = "CLOCK_ATTAINMENT"


class Counted(Enum):
    """The sets of legs that figures count."""

    SENT = "SENT"
    ANSWERED = "ANSWERED"
    ACCEPTED = "ACCEPTED"
    ADVISED = "ADVISED"
    ARRIVED = "ARRIVED"
    COMPLETED = "COMPLETED"
    SERVED = "SERVED"


ARRIVED = Q(arrived_at__isnull=False)
WHICH: dict[Counted, Q] = {
    Counted.SENT: Q(),
    Counted.ANSWERED: ~Q(decision=""),
    Counted.ACCEPTED: Q(decision__in=[Decision.ACCEPTED, Decision.WAITLISTED]),
    Counted.ADVISED: Q(decision=Decision.ADVISED),
    Counted.ARRIVED: ARRIVED,
    Counted.COMPLETED: ARRIVED & Q(ending=Ending.COMPLETED),
    Counted.SERVED: ARRIVED | Q(decision=Decision.ADVISED),
}


@dataclass(frozen=True)
class Definition:
    """What an indicator is called and made of; `above` and `below` are the legs it counts, if it counts legs."""

    label: str | Promise
    meaning: str | Promise
    numerator: str | Promise
    denominator: str | Promise
    above: Counted | None = None
    below: Counted | None = None


DEFINITIONS: dict[Indicator, Definition] = {
    Indicator.COVERED: Definition(
        gettext_lazy("县域覆盖率"),
        gettext_lazy("期末至少有一家在册且正常运行的县级成员医院的县级单元，占全部县级单元的比例。"),
        gettext_lazy("有成员的县级单元"),
        gettext_lazy("全部县级单元"),
    ),
    Indicator.ACCEPTANCE: Definition(
        gettext_lazy("接受率"),
        gettext_lazy("期内送达且已答复的转诊中，接收方同意接收或列入候床的比例。完整度为已答复数与送达数之比。"),
        gettext_lazy("接受或候床的转诊"),
        gettext_lazy("已答复的转诊"),
        Counted.ACCEPTED,
        Counted.ANSWERED,
    ),
    Indicator.DIVERSION: Definition(
        gettext_lazy("分流率"),
        gettext_lazy(
            "期内送达且已答复的转诊中，接收方给出诊疗建议、患者留在当地治疗的比例。完整度为已答复数与送达数之比。"
        ),
        gettext_lazy("附建议退回的转诊"),
        gettext_lazy("已答复的转诊"),
        Counted.ADVISED,
        Counted.ANSWERED,
    ),
    Indicator.LOOP_CLOSURE: Definition(
        gettext_lazy("闭环率"),
        gettext_lazy(
            "期内送达且患者已到院的转诊中，转归已回传并由转出方确认的比例。完整度为已结束或已超时数与到院数之比。"
        ),
        gettext_lazy("转归已确认的转诊"),
        gettext_lazy("患者已到院的转诊"),
        Counted.COMPLETED,
        Counted.ARRIVED,
    ),
    Indicator.CLOCK_ATTAINMENT: Definition(
        gettext_lazy("时限达标率"),
        gettext_lazy("成员医院期内开始的各项时限中，已可判定者按时完成的比例。完整度为已判定数与开始数之比。"),
        gettext_lazy("按时完成的时限"),
        gettext_lazy("已可判定的时限"),
    ),
}


@dataclass(frozen=True)
class Rate:
    """A share with what it is made of; `completeness` is the part of the rows that can already be judged."""

    indicator: Indicator
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

    @property
    def definition(self) -> Definition:
        """What the indicator is."""
        return DEFINITIONS[self.indicator]


@dataclass(frozen=True)
class Scope:
    """Over what figures are counted; `divisions` are those that an observer is limited to (none: no limit)."""

    alliance: Alliance
    capability: str | None
    since: date
    until: date
    divisions: frozenset[str] | None

    @property
    def withheld(self) -> bool:
        """Whether the reader is an observer, from whom small counts are withheld."""
        return self.divisions is not None

    @cached_property
    def hidden(self) -> frozenset[Hashable]:
        """What is withheld of how many legs went from where to where, by the names of `observing.of_places`."""
        if not self.withheld:
            return frozenset()
        columns = ("", "__level", "__division", "__division__level", "__division__parent")
        ends = ("requester_hospital", "performer_hospital")
        pairs = self.sums().order_by(*ends).values_list(*(end + column for end in ends for column in columns))
        found = pairs.annotate(count=Sum("sent")).filter(count__gt=0)
        return observing.of_places((_place(*row[:5]), _place(*row[5:10]), row[10]) for row in found)

    def legs(self) -> QuerySet[Referral]:
        """The legs that were sent in the period between members on its last day, from the reader's divisions."""
        return self.legs_anywhere().filter(place_within("requester_hospital__division", self.divisions))

    def legs_anywhere(self) -> QuerySet[Referral]:
        """The same, whichever division they come from."""
        members = current_members(self.until).filter(alliance=self.alliance).values("hospital")
        rows = Referral.objects.filter(
            **within_days("sent_at", self.since, self.until),
            requester_hospital__in=members,
            performer_hospital__in=members,
        ).exclude(status=State.ENTERED_IN_ERROR)
        return rows.filter(needed_capability__code=self.capability) if self.capability else rows

    def sums(self) -> QuerySet[LegCount]:
        """What `legs` are, summed up."""
        return self.sums_anywhere().filter(place_within("requester_hospital__division", self.divisions))

    def sums_anywhere(self) -> QuerySet[LegCount]:
        """What `legs_anywhere` are, summed up."""
        members = current_members(self.until).filter(alliance=self.alliance).values("hospital")
        rows = LegCount.objects.filter(
            rollup.within(self.since, self.until), requester_hospital__in=members, performer_hospital__in=members
        )
        return rows.filter(capability__code=self.capability) if self.capability else rows

    def late(self, now: datetime) -> QuerySet[Referral]:
        """The legs whose patient arrived and whose limit has passed: they can be judged though they are open."""
        return self.legs().filter(ARRIVED, closed_at__isnull=True, due_at__lt=now)

    def runs(self) -> QuerySet[ClockRun]:
        """The limits that began in the period and that a member held; for a capability, those of the legs needing it.

        Membership counts as on the last day.
        """
        members = current_members(self.until).filter(alliance=self.alliance).values("hospital")
        rows = ClockRun.objects.filter(
            place_within("hospital__division", self.divisions),
            **within_days("started_at", self.since, self.until),
            hospital__in=members,
        )
        if not self.capability:
            return rows
        needing = Referral.objects.filter(needed_capability__code=self.capability).values("pk")
        return rows.filter(subject_id__in=needing)


def scope(by: Actor, *, alliance: str, capability: str | None, since: date, until: date) -> Scope:
    """What the actor may count from the first to the last day; NOT_FOUND for an alliance that is not theirs to see."""
    if not since <= until or until - since > LONGEST:
        raise Refused(Code.INVALID_INPUT, _("起止日期须先后有序，且不超过三年。"), field="since")
    found = Alliance.objects.select_related("lead").filter(code=alliance).first()
    if found is not None and found.lead_id in by.reach("view_coverage").hospitals:
        return Scope(found, capability, since, until, None)
    divisions = by.reach("view_suppressed_coverage").divisions
    if found is None or not divisions:
        raise access.not_found("alliance")
    return Scope(found, capability, since, until, divisions)


def within_days(column: str, since: date, until: date) -> dict[str, datetime]:
    """The condition that a moment lies in the days from the first to the last, by the network's own midnights."""
    zone = timezone.get_current_timezone()
    return {
        f"{column}__gte": datetime.combine(since, time.min, zone),
        f"{column}__lt": datetime.combine(until + timedelta(days=1), time.min, zone),
    }


def place_within(path: str, divisions: Iterable[str] | None) -> Q:
    """The condition that a place stands in one of the divisions or below; none given: no condition."""
    if divisions is None:
        return Q()
    codes = list(divisions)
    return (
        Q(**{f"{path}__in": codes}) | Q(**{f"{path}__parent__in": codes}) | Q(**{f"{path}__parent__parent__in": codes})
    )


def judged(found: Mapping[str, Any], late: int) -> dict[str, Any]:
    """Sums of legs with what can be judged by now: what ended, and what is late."""
    return {**found, "JUDGED": found["JUDGED"] + late}


def run_counts() -> dict[str, Count]:
    """How many limits began, can be judged, and were met, as aggregates by name."""
    judged = Q(met__isnull=False, stopped_at__isnull=False)
    return {
        "begun": Count("pk"),
        "judged": Count("pk", filter=judged),
        "within": Count("pk", filter=judged & Q(met=True)),
    }


def _place(hospital: Any, level: str, division: str, of: str, parent: str | None) -> observing.Place:
    """A hospital with what it is counted under; the province's own stand under the province."""
    county = of == DivisionLevel.COUNTY
    return observing.Place(hospital, level, parent if county and parent else division, division if county else None)


def of_legs(found: Mapping[str, int], hidden: Container[str]) -> list[Rate]:
    """Acceptance and diversion of what was answered, loop closure of what arrived, from `counts`, without `hidden`."""
    told = {name: None if name in hidden else count for name, count in found.items()}
    answered, judged = part(told["ANSWERED"], told["SENT"]), part(told["JUDGED"], told["ARRIVED"])
    return [
        Rate(indicator, told[above.value], told[below.value], completeness)
        for indicator, above, below, completeness in (
            (Indicator.ACCEPTANCE, Counted.ACCEPTED, Counted.ANSWERED, answered),
            (Indicator.DIVERSION, Counted.ADVISED, Counted.ANSWERED, answered),
            (Indicator.LOOP_CLOSURE, Counted.COMPLETED, Counted.ARRIVED, judged),
        )
    ]


def run_parts(found: Mapping[str, int]) -> tuple[int, int, int]:
    """What `run_counts` found, as parts that exclude one another: met, missed, not yet judged."""
    return found["within"], found["judged"] - found["within"], found["begun"] - found["judged"]


def of_runs(found: Mapping[str, int], hidden: bool) -> Rate:
    """Attainment of time limits from `run_counts`, withheld as a whole or not at all."""
    begun, judged, within = found["begun"], found["judged"], found["within"]
    if hidden:
        return Rate(Indicator.CLOCK_ATTAINMENT, None, None, None)
    return Rate(Indicator.CLOCK_ATTAINMENT, within, judged, part(judged, begun))


def part(some: int | None, of: int | None) -> float | None:
    """A part from 0 to 1; empty of nothing, and where one of the counts is withheld."""
    return round(some / of, 4) if of and some is not None else None


def cell(count: int, withheld: bool) -> int | None:
    """A count that is part of no sum, or nothing if it is small and the reader an observer."""
    return None if withheld and is_small(count) else count
