"""How well time limits are met, and where they are about to be missed; figures only, no patient.

For observers, counts from 1 to 4 are withheld together with what is computed from them.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, F, FloatField, Q, QuerySet
from django.db.models.functions import ExtractHour
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access, clocks
from consortium.access import Actor
from consortium.database.acting import reporting
from consortium.directory import current_members
from consortium.errors import Code, Refused
from consortium.models import Alliance, ClockRun, Hospital
from referrals.figures import LONGEST, cell, place_within, run_counts, tells_little, within_days

PACE_OVER = timedelta(days=90)
FARTHEST = 7 * 24 * 60


class By(Enum):
    """By what attainment is grouped."""

    HOSPITAL = "HOSPITAL"
    KIND = "KIND"
    HOUR = "HOUR"


class Percentile(Aggregate):
    """A continuous percentile of PostgreSQL, from 0 to 1."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) within group (order by %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: str, share: float, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)


@dataclass(frozen=True)
class Attained:
    """How one group met its limits: within target ÷ judged; completeness is judged ÷ begun."""

    group: str
    within: int | None
    judged: int | None
    completeness: float | None
    median_minutes: float | None
    p90_minutes: float | None

    @property
    def share(self) -> float | None:
        """The share within target, from 0 to 1."""
        return round(self.within / self.judged, 4) if self.within is not None and self.judged else None


@dataclass(frozen=True)
class Forecast:
    """The open limits of one kind at one hospital: missed already, and about to be."""

    hospital: Hospital
    kind: str
    breached: int | None
    breaching: int | None


@reporting()
def attainment(
    *,
    by: Actor,
    since: date,
    until: date,
    grouping: By,
    now: datetime,
    alliance: str | None = None,
    hospital: UUID | None = None,
    kind: str | None = None,
) -> list[Attained]:
    """How the limits that began from the first to the last day were met, the largest group first."""
    if not since <= until or until - since > LONGEST:
        raise Refused(Code.INVALID_INPUT, _("起止日期须先后有序，且不超过三年。"), field="since")
    runs, withheld = _scope(by, alliance, hospital, timezone.localdate(now))
    runs = runs.filter(**within_days("started_at", since, until), **({"kind": kind} if kind else {}))
    column: Any = {By.HOSPITAL: F("hospital__name"), By.KIND: F("kind"), By.HOUR: ExtractHour("started_at")}[grouping]
    judged = Q(met__isnull=False, stopped_at__isnull=False)
    rows = (
        runs.values(group=column)
        .annotate(
            **run_counts(),
            median=Percentile("taken_seconds", 0.5, filter=judged),
            p90=Percentile("taken_seconds", 0.9, filter=judged),
        )
        .order_by("-begun", "group")
    )
    return [_attained(row, withheld) for row in rows]


def _attained(row: dict[str, Any], withheld: bool) -> Attained:
    within, judged, begun = row["within"], row["judged"], row["begun"]
    # The rest of a withheld count must not be found by subtraction.
    if tells_little(withheld, within, judged - within, judged, begun - judged):
        return Attained(str(row["group"]), None, None, None, None, None)
    return Attained(
        group=str(row["group"]),
        within=within,
        judged=judged,
        completeness=round(judged / begun, 4),
        median_minutes=_minutes(row["median"]),
        p90_minutes=_minutes(row["p90"]),
    )


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 2)


@reporting()
def breach_forecast(
    *, by: Actor, minutes: int, now: datetime, alliance: str | None = None, hospital: UUID | None = None
) -> list[Forecast]:
    """What is missed already, and what will be within so many minutes if each place works at its own pace.

    The pace is the median of the last 90 days for the kind at the hospital. A run that has taken longer than its pace,
    and one without a known pace, counts as about to be missed.
    """
    if not 1 <= minutes <= FARTHEST:
        raise Refused(Code.INVALID_INPUT, _("分钟数须在 1 到 {limit} 之间。").format(limit=FARTHEST), field="minutes")
    runs, withheld = _scope(by, alliance, hospital, timezone.localdate(now))
    soon = runs.filter(stopped_at__isnull=True, due_at__lte=now + timedelta(minutes=minutes))
    pace = _pace(runs, now)
    counts: dict[tuple[Any, str], list[int]] = {}
    for run in soon.select_related("hospital", "rule").order_by("hospital__name", "kind"):
        found = counts.setdefault((run.hospital, run.kind), [0, 0])
        if clocks.elapsed(run, now) >= timedelta(minutes=run.target_minutes):
            found[0] += 1
        elif _will_miss(run, pace.get((run.hospital_id, run.kind)), now):
            found[1] += 1
    return [
        Forecast(place, kind, *(cell(count, withheld) for count in found)) for (place, kind), found in counts.items()
    ]


def _pace(runs: QuerySet[ClockRun], now: datetime) -> dict[tuple[UUID | None, str], float]:
    """The median seconds that each hospital took for each kind."""
    ended = runs.filter(started_at__gte=now - PACE_OVER, met__isnull=False, stopped_at__isnull=False)
    medians = ended.values_list("hospital", "kind").annotate(median=Percentile("taken_seconds", 0.5))
    return {(place, kind): median for place, kind, median in medians}


def _will_miss(run: ClockRun, pace: float | None, now: datetime) -> bool:
    elapsed = clocks.elapsed(run, now).total_seconds()
    return pace is None or pace > run.target_minutes * 60 or elapsed > pace


def _scope(by: Actor, alliance: str | None, hospital: UUID | None, on: date) -> tuple[QuerySet[ClockRun], bool]:
    """The runs that the actor may count, and whether small counts are withheld; NOT_FOUND for what is not theirs."""
    if (alliance is None) == (hospital is None):
        raise Refused(Code.INVALID_INPUT, _("请指定联盟或医院，二者之一。"), field="alliance")
    if hospital:
        if UUID(str(hospital)) in by.reach("view_hospital_figures").hospitals:
            return ClockRun.objects.filter(hospital=hospital), False
        raise access.not_found()
    found = Alliance.objects.filter(code=alliance).first()
    divisions = by.reach("view_suppressed_coverage").divisions
    if found is None or (found.lead_id not in by.reach("view_coverage").hospitals and not divisions):
        raise access.not_found()
    runs = ClockRun.objects.filter(hospital__in=current_members(on).filter(alliance=found).values("hospital"))
    if found.lead_id in by.reach("view_coverage").hospitals:
        return runs, False
    return runs.filter(place_within("hospital__division", divisions)), True
