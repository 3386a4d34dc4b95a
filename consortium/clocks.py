"""Time limits: which ones run on a case, who holds them, when they end; stored as they follow from the events.

`keep` stores what a step changed, in its transaction; `differs` tells whether what is stored still follows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from consortium.calendars import between, later
from consortium.models import ClockRule, ClockRun, Event, Membership, ServiceRequest, Side
from consortium.registry import valid_on
from consortium.runs import Rules, Run, follow, is_clinical

SHOWN = ("clock_kind", "clock_holder", "clock_started_at", "due_at")
KEPT = (
    "target_minutes", "holder", "hospital_id", "department_id", "rule_id", "started_at", "due_at", "paused_at",
    "paused_in", "paused_seconds", "taken_seconds", "stopped_at", "met",
)  # fmt: skip


def rules_for(case: ServiceRequest) -> Rules:
    """The rules that can hold on a case; one statement, and another if alliances have rules of their own."""
    rows = list(ClockRule.objects.filter(emergency__in=["", case.emergency]).order_by("id"))
    own = {rule.alliance_id for rule in rows if rule.alliance_id}
    if not own or case.performer_hospital_id is None:
        return Rules(rows)
    members = Membership.objects.filter(
        alliance__in=own, hospital__in=[case.requester_hospital_id, case.performer_hospital_id]
    )
    by_hospital: dict[UUID, list[tuple[UUID, date, date | None]]] = defaultdict(list)
    for member in members:
        by_hospital[member.hospital_id].append((member.alliance_id, member.joined_date, member.left_date))
    shared = [
        (alliance, max(joined, other_joined), min(filter(None, (left, other_left)), default=None))
        for alliance, joined, left in by_hospital[case.requester_hospital_id]
        for other, other_joined, other_left in by_hospital[case.performer_hospital_id]
        if alliance == other
    ]
    return Rules(rows, shared)


def due(case: ServiceRequest, kind: str, *, now: datetime) -> datetime | None:
    """When a limit that began now would end on a case, or nothing if the registry sets none."""
    rule = rules_for(case).pick(kind, case.priority, timezone.localdate(now))
    return later(now, timedelta(minutes=rule.target_minutes), rule.calendar) if rule else None


def target(kind: str, priority: int, *, now: datetime) -> timedelta | None:
    """The shipped target of a limit for a priority on a day, or nothing if the registry sets none."""
    day = timezone.localdate(now)
    rule = Rules(list(ClockRule.objects.filter(valid_on(day), kind=kind, alliance=None))).pick(kind, priority, day)
    return timedelta(minutes=rule.target_minutes) if rule else None


def elapsed(run: ClockRun, now: datetime) -> timedelta:
    """The time that a run has taken of its target by now; pauses do not count."""
    if run.taken_seconds is not None or run.due_at is None:
        return timedelta(seconds=run.taken_seconds or 0)
    return timedelta(minutes=run.target_minutes) - between(now, run.due_at, run.rule.calendar)


def keep(case: ServiceRequest, event: Event | None = None) -> None:
    """Store the runs of a case as they follow from its events (and one not yet stored), and set its worklist columns.

    The case itself is left to be saved. Three statements, and one for each way in which runs changed.
    """
    new = event is not None and case._state.adding
    stored = [] if new else list(ClockRun.objects.filter(subject_id=case.pk).order_by("kind", "turn"))
    wanted = list(_wanted(case, event))
    changed = _differences(stored, wanted)
    ClockRun.objects.bulk_create(changed.made)
    if changed.altered:
        ClockRun.objects.bulk_update(changed.altered, KEPT)
    if changed.surplus:
        ClockRun.objects.filter(pk__in=[run.pk for run in changed.surplus]).delete()
    _show(case, wanted)


def differs(case: ServiceRequest) -> bool:
    """Whether what is stored of a case's clocks is not what follows from its events."""
    stored = list(ClockRun.objects.filter(subject_id=case.pk).order_by("kind", "turn"))
    changed = _differences(stored, wanted := list(_wanted(case, None)))
    before = {name: getattr(case, name) for name in SHOWN}
    _show(case, wanted)
    return bool(changed.made or changed.altered or changed.surplus) or before != {n: getattr(case, n) for n in SHOWN}


def refresh(case: ServiceRequest) -> None:
    """Store what follows from the events of a case whose circumstances changed without a step of its own."""
    keep(case)
    type(case).objects.filter(pk=case.pk).update(**{name: getattr(case, name) for name in SHOWN})


@dataclass
class Differences:
    """What must be done to the stored runs so that they are the wanted ones."""

    made: list[ClockRun]
    altered: list[ClockRun]
    surplus: list[ClockRun]


def _differences(stored: list[ClockRun], wanted: list[ClockRun]) -> Differences:
    left = {(run.kind, run.turn): run for run in stored}
    found = Differences([], [], [])
    for run in wanted:
        old = left.pop((run.kind, run.turn), None)
        if old is None:
            found.made.append(run)
        elif any(getattr(old, name) != getattr(run, name) for name in KEPT):
            run.pk = old.pk
            found.altered.append(run)
    found.surplus = list(left.values())
    return found


def _wanted(case: ServiceRequest, event: Event | None) -> Iterator[ClockRun]:
    """The runs of a case as rows."""
    events: list[Event] = []
    if event is None or not case._state.adding:
        events = list(Event.objects.filter(subject_id=case.pk).order_by("id"))
    for kind, runs in follow(case, [*events, event] if event else events, rules_for(case)).items():
        for turn, run in enumerate(runs, start=1):
            yield _row(case, kind, turn, run)


def _row(case: ServiceRequest, kind: str, turn: int, run: Run) -> ClockRun:
    prefix = "" if run.rule.holder == Side.PATIENT else run.rule.holder.lower()
    return ClockRun(
        subject_kind=case.KIND,
        subject_id=case.pk,
        thread_id=case.thread_id,
        kind=kind,
        turn=turn,
        rule=run.rule,
        target_minutes=max(0, round(run.target.total_seconds() / 60)),
        holder=run.rule.holder,
        hospital_id=getattr(case, f"{prefix}_hospital_id") if prefix else None,
        department_id=getattr(case, f"{prefix}_department_id") if prefix else None,
        started_at=run.started_at,
        due_at=run.due_at,
        paused_at=run.paused_at,
        paused_in=run.paused_in,
        paused_seconds=round(run.paused.total_seconds()),
        taken_seconds=None if run.ticking else max(0, round((run.target - run.left).total_seconds())),
        stopped_at=run.stopped_at,
        met=run.met,
    )


def _show(case: ServiceRequest, runs: Iterable[ClockRun]) -> None:
    """Set the worklist's columns: the limit between steps that began last and ticks, none on a closed case."""
    ticking = [run for run in runs if run.stopped_at is None and run.paused_at is None and not is_clinical(run.rule)]
    shown: Any = max(ticking, key=lambda run: run.started_at, default=None) if case.open else None
    case.clock_kind, case.clock_holder = (shown.kind, shown.holder) if shown else ("", "")
    case.clock_started_at, case.due_at = (shown.started_at, shown.due_at) if shown else (None, None)
