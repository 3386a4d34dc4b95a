"""Time limits: which ones run on a case, who holds them, when they end; stored as they follow from the events.

`keep` adds what a step changed to what the step writes; `differs` tells whether what is stored still follows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from consortium.calendars import between, later
from consortium.database import together
from consortium.database.together import Writing
from consortium.models import ClockRule, ClockRun, Event, Membership, ServiceRequest, Side
from consortium.registry import valid_on
from consortium.runs import Rules, Run, follow, is_clinical

SHOWN = ("clock_kind", "clock_holder", "clock_started_at", "due_at")
ONE_RUN = ("subject_id", "kind", "turn")
KEPT = (
    "target_minutes", "holder", "hospital_id", "department_id", "rule_id", "started_at", "due_at", "paused_at",
    "paused_in", "paused_seconds", "taken_seconds", "stopped_at", "met",
)  # fmt: skip


# What the clocks of cases follow from: the runs and events of those that are stored; the rules of these kinds of cases,
# and the stays of their hospitals in alliances that have rules of their own.
FOLLOW_FROM = """
select
    (select json_agg(r order by kind, turn) from consortium_clockrun r where subject_id = any(%(old)s::uuid[])),
    (select json_agg(e order by id) from consortium_event e where subject_id = any(%(old)s::uuid[])),
    (select json_agg(r order by id) from consortium_clockrule r where emergency = any(%(kinds)s::text[])),
    (select json_agg(m order by id) from consortium_membership m where hospital_id = any(%(parties)s::uuid[])
        and alliance_id in (select alliance_id from consortium_clockrule where alliance_id is not null))
"""


def _read(cases: Sequence[ServiceRequest], old: Sequence[UUID] = ()) -> list[list[Any]]:
    """The runs and events of the old ones, and the rules and stays of all."""
    asked = [case for case in cases if case.performer_hospital_id]
    parties = {hospital for case in asked for hospital in (case.requester_hospital_id, case.performer_hospital_id)}
    kinds = {"", *(case.emergency for case in cases)}
    values = {"old": list(old), "kinds": sorted(kinds), "parties": list(parties)}
    return together.read(FOLLOW_FROM, values, ClockRun, Event, ClockRule, Membership)


def _shared_rules(
    cases: Sequence[ServiceRequest], rows: Sequence[ClockRule], stays: Iterable[Membership]
) -> list[Rules]:
    """The rules that can hold on each case, of those that were read."""
    members: dict[UUID | None, list[Stay]] = defaultdict(list)
    for stay in stays:
        members[stay.hospital_id].append((stay.alliance_id, stay.joined_date, stay.left_date))
    return [
        Rules(
            [rule for rule in rows if rule.emergency in ("", case.emergency)],
            list(_shared(members.get(case.requester_hospital_id, ()), members.get(case.performer_hospital_id, ()))),
        )
        for case in cases
    ]


Stay = tuple[UUID, date, date | None]  # in an alliance, from, until


def _shared(ours: Iterable[Stay], theirs: Iterable[Stay]) -> Iterator[Stay]:
    """When two hospitals were in one alliance together."""
    theirs = list(theirs)
    for alliance, joined, left in ours:
        for other, other_joined, other_left in theirs:
            if alliance == other:
                yield alliance, max(joined, other_joined), min(filter(None, (left, other_left)), default=None)


def due(case: ServiceRequest, kind: str, *, now: datetime) -> datetime | None:
    """When a limit that began now would end on a case, or nothing if the registry sets none."""
    _runs, _events, rows, stays = _read([case])
    (rules,) = _shared_rules([case], rows, stays)
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


def keep(moved: Sequence[tuple[ServiceRequest, Event | None]], writing: Writing) -> None:
    """Add the runs of cases to what is to be written, as they follow from their events (and one each not yet stored),
    and set the worklist's columns; the cases themselves are left to be saved. One statement reads it all.
    """
    changed = Differences([], [], [])
    for (case, _event), (stored, wanted) in zip(moved, _followed(moved), strict=True):
        changed.add(stored, wanted)
        _show(case, wanted)
    if changed.altered:
        writing.insert([*changed.made, *changed.altered], unique=ONE_RUN, changing=KEPT)
    else:
        writing.insert(changed.made)
    if changed.surplus:  # after a correction of the registry; no step of itself takes a run back
        ClockRun.objects.filter(pk__in=[run.pk for run in changed.surplus]).delete()


def differs(case: ServiceRequest) -> bool:
    """Whether what is stored of a case's clocks is not what follows from its events."""
    ((stored, wanted),) = _followed([(case, None)])
    changed = Differences([], [], [])
    changed.add(stored, wanted)
    before = {name: getattr(case, name) for name in SHOWN}
    _show(case, wanted)
    return bool(changed.made or changed.altered or changed.surplus) or before != {n: getattr(case, n) for n in SHOWN}


def refresh(cases: Sequence[ServiceRequest], writing: Writing) -> None:
    """Add to what is to be written what follows from the events of stored cases whose circumstances changed without a
    step of their own."""
    keep([(case, None) for case in cases], writing)
    for case in cases:
        writing.update(case, SHOWN)


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


def _followed(
    moved: Sequence[tuple[ServiceRequest, Event | None]],
) -> Iterator[tuple[list[ClockRun], list[ClockRun]]]:
    """The runs of each case as they are stored, and as they follow from its events and the rules."""
    cases = [case for case, _event in moved]
    stored, events, rules, stays = _read(cases, [case.pk for case in cases if not case._state.adding])
    stored_by, events_by = _by_case(stored), _by_case(events)
    for (case, event), its_rules in zip(moved, _shared_rules(cases, rules, stays), strict=True):
        followed = follow(case, [*events_by[case.pk], *([event] if event else [])], its_rules)
        yield (
            stored_by[case.pk],
            [_row(case, kind, turn, run) for kind, runs in followed.items() for turn, run in enumerate(runs, start=1)],
        )


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
