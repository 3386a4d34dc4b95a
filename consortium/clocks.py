"""Time limits: which ones run on a case, who holds them, when they end; stored as they follow from the events.

`keep` stores what a step changed, in its transaction; `differs` tells whether what is stored still follows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
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


def rules_for(cases: Sequence[ServiceRequest]) -> list[Rules]:
    """The rules that can hold on each case; one statement, and another if alliances have rules of their own."""
    wanted = {"", *(case.emergency for case in cases)}
    rows = list(ClockRule.objects.filter(emergency__in=wanted).order_by("id"))
    own = {rule.alliance_id for rule in rows if rule.alliance_id}
    asked = [case for case in cases if case.performer_hospital_id]
    members = _members(own, asked) if own and asked else {}
    return [
        Rules(
            [rule for rule in rows if rule.emergency in ("", case.emergency)],
            list(_shared(members.get(case.requester_hospital_id, ()), members.get(case.performer_hospital_id, ()))),
        )
        for case in cases
    ]


Stay = tuple[UUID, date, date | None]  # in an alliance, from, until


def _members(alliances: Iterable[UUID], cases: Iterable[ServiceRequest]) -> dict[UUID | None, list[Stay]]:
    """The stays in these alliances of the hospitals of cases."""
    parties = {hospital for case in cases for hospital in (case.requester_hospital_id, case.performer_hospital_id)}
    stays: dict[UUID | None, list[Stay]] = defaultdict(list)
    for member in Membership.objects.filter(alliance__in=alliances, hospital__in=parties):
        stays[member.hospital_id].append((member.alliance_id, member.joined_date, member.left_date))
    return stays


def _shared(ours: Iterable[Stay], theirs: Iterable[Stay]) -> Iterator[Stay]:
    """When two hospitals were in one alliance together."""
    theirs = list(theirs)
    for alliance, joined, left in ours:
        for other, other_joined, other_left in theirs:
            if alliance == other:
                yield alliance, max(joined, other_joined), min(filter(None, (left, other_left)), default=None)


def due(case: ServiceRequest, kind: str, *, now: datetime) -> datetime | None:
    """When a limit that began now would end on a case, or nothing if the registry sets none."""
    (rules,) = rules_for([case])
    rule = rules.pick(kind, case.priority, timezone.localdate(now))
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


def keep(moved: Sequence[tuple[ServiceRequest, Event | None]]) -> None:
    """Store the runs of cases as they follow from their events (and one each not yet stored), and set the worklist's
    columns; the cases themselves are left to be saved. As many statements for one case as for many.
    """
    old = [case.pk for case, _event in moved if not case._state.adding]
    stored = _by_case(ClockRun.objects.filter(subject_id__in=old).order_by("kind", "turn")) if old else {}
    changed = Differences([], [], [])
    for case, wanted in zip([case for case, _event in moved], _wanted(moved, old), strict=True):
        changed.add(stored.get(case.pk, []), wanted)
        _show(case, wanted)
    ClockRun.objects.bulk_create(changed.made)
    if changed.altered:
        ClockRun.objects.bulk_update(changed.altered, KEPT)
    if changed.surplus:
        ClockRun.objects.filter(pk__in=[run.pk for run in changed.surplus]).delete()


def differs(case: ServiceRequest) -> bool:
    """Whether what is stored of a case's clocks is not what follows from its events."""
    (wanted,) = _wanted([(case, None)], [case.pk])
    changed = Differences([], [], [])
    changed.add(list(ClockRun.objects.filter(subject_id=case.pk).order_by("kind", "turn")), wanted)
    before = {name: getattr(case, name) for name in SHOWN}
    _show(case, wanted)
    return bool(changed.made or changed.altered or changed.surplus) or before != {n: getattr(case, n) for n in SHOWN}


def refresh(case: ServiceRequest) -> None:
    """Store what follows from the events of a case whose circumstances changed without a step of its own."""
    keep([(case, None)])
    type(case).objects.filter(pk=case.pk).update(**{name: getattr(case, name) for name in SHOWN})


def _by_case(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.subject_id].append(row)
    return found


@dataclass
class Differences:
    """What must be done to the stored runs so that they are the wanted ones."""

    made: list[ClockRun]
    altered: list[ClockRun]
    surplus: list[ClockRun]

    def add(self, stored: Iterable[ClockRun], wanted: Iterable[ClockRun]) -> None:
        """Compare the runs of one more case."""
        left = {(run.kind, run.turn): run for run in stored}
        for run in wanted:
            old = left.pop((run.kind, run.turn), None)
            if old is None:
                self.made.append(run)
            elif any(getattr(old, name) != getattr(run, name) for name in KEPT):
                run.pk = old.pk
                self.altered.append(run)
        self.surplus += left.values()


def _wanted(moved: Sequence[tuple[ServiceRequest, Event | None]], old: Sequence[UUID]) -> Iterator[list[ClockRun]]:
    """The runs of each case as rows; `old` are those of which events are stored."""
    events = _by_case(Event.objects.filter(subject_id__in=old).order_by("id")) if old else {}
    for (case, event), rules in zip(moved, rules_for([case for case, _event in moved]), strict=True):
        told = [*events.get(case.pk, []), *([event] if event else [])]
        followed = follow(case, told, rules)
        yield [_row(case, kind, turn, run) for kind, runs in followed.items() for turn, run in enumerate(runs, start=1)]


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
    """Set the worklist's columns: the limit between steps that began last and ticks, the tighter of two that began
    together; none on a closed case."""
    ticking = [run for run in runs if run.stopped_at is None and run.paused_at is None and not is_clinical(run.rule)]
    shown: Any = max(ticking, key=_tightest, default=None) if case.open else None
    case.clock_kind, case.clock_holder = (shown.kind, shown.holder) if shown else ("", "")
    case.clock_started_at, case.due_at = (shown.started_at, shown.due_at) if shown else (None, None)


def _tightest(run: ClockRun) -> tuple[datetime, float]:
    return run.started_at, -run.due_at.timestamp() if run.due_at else 0.0
