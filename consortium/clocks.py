"""Time limits: what runs on a case, who holds it, when it ends; all of it follows from the events and the registry.

`follow` computes; `keep` stores what a step changed, in its transaction; `rebuild` proves that both agree. A limit between
steps goes by the time of record, one between milestones by the time of the event (the bedside's).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from consortium.calendars import between, later
from consortium.models import ClockRule, ClockRun, Event, Membership, Priority, ServiceRequest, Side
from consortium.registry import valid_on

MILESTONE = "milestone:"
RECORD_MILESTONE = "record_milestone"
ZERO = timedelta(0)
KEPT = (
    "target_minutes", "holder", "hospital_id", "department_id", "rule_id", "started_at", "due_at", "paused_at",
    "paused_in", "paused_seconds", "taken_seconds", "stopped_at", "met",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One event as the clocks see it: the names it goes by, when it was recorded and happened, and what it left."""

    names: frozenset[str]
    recorded_at: datetime
    event_at: datetime
    status: str
    priority: int
    due: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """One run of a limit, while it is computed; `left` is what was left when it last began to tick."""

    rule: ClockRule
    started_at: datetime
    target: timedelta
    left: timedelta
    ticking_since: datetime
    due_at: datetime | None
    paused: timedelta = ZERO
    paused_at: datetime | None = None
    paused_in: str = ""
    stopped_at: datetime | None = None
    met: bool | None = None

    @property
    def ticking(self) -> bool:
        """Whether time passes for its holder."""
        return self.stopped_at is None and self.paused_at is None

    def pause(self, at: datetime, status: str) -> None:
        """Let no time pass from here."""
        self.left -= between(self.ticking_since, at, self.rule.calendar)
        self.paused_at, self.paused_in, self.due_at = at, status, None

    def go_on(self, at: datetime) -> None:
        """Let time pass again, with what was left."""
        if self.paused_at is not None:
            self.paused += at - self.paused_at
        self.paused_at, self.paused_in, self.ticking_since = None, "", at
        self.due_at = later(at, self.left, self.rule.calendar)

    def stop(self, at: datetime, *, fulfilled: bool) -> None:
        """End it; one that ended unfulfilled before its time says nothing about its holder."""
        if self.paused_at is None:
            self.left -= between(self.ticking_since, at, self.rule.calendar)
        else:
            self.paused += at - self.paused_at
        in_time = self.left >= ZERO
        self.stopped_at, self.paused_at, self.paused_in = at, None, ""
        self.met = in_time if fulfilled else None if in_time else False


# --- what follows from the events


def points(events: Iterable[Event], priority: int) -> list[Point]:
    """The events as points, in their order; of a milestone that was recorded again, the last record counts."""
    found = list(events)
    changes = [event.detail["priority"] for event in found if "priority" in event.detail]
    current = Priority[changes[0]["from"]].value if changes else priority
    last = {event.detail.get("kind"): event for event in found if event.kind == RECORD_MILESTONE}
    result = []
    for event in found:
        if event.kind == RECORD_MILESTONE:
            if last[event.detail.get("kind")] is not event:
                continue
            names = frozenset({f"{MILESTONE}{event.detail.get('kind')}"})
        else:
            reached = event.from_status != event.to_status
            names = frozenset({event.kind, f"{event.kind}>{event.to_status}", *([f">{event.to_status}"] * reached)})
        if "priority" in event.detail:
            current = Priority[event.detail["priority"]["to"]].value
        due = event.detail.get("due", {})
        result.append(Point(names, event.recorded_at, event.event_at, event.to_status, current, due))
    return result


def follow(case: ServiceRequest, events: Iterable[Event], rules: "Rules") -> dict[str, list[Run]]:
    """Every run of every limit of a case, by kind, the earliest first; nothing is read or stored."""
    found = points(events, case.priority)
    void = any(point.names & case.VOID for point in found)
    runs: dict[str, list[Run]] = {}
    for kind in rules.kinds:
        runs[kind] = _runs_of(kind, found, rules, case.ENDS)
        for run in runs[kind]:
            _hush(run, case.silent_since)
            run.met = None if void else run.met
    return runs


def _runs_of(kind: str, found: list[Point], rules: "Rules", ends: frozenset[str]) -> list[Run]:
    clinical = rules.clinical(kind)
    ordered = sorted(found, key=lambda point: point.event_at) if clinical else found
    runs: list[Run] = []
    for point in ordered:
        at = point.event_at if clinical else point.recorded_at
        if runs and runs[-1].stopped_at is None:
            _carry_on(runs[-1], point, at, ends)
        rule = rules.pick(kind, point.priority, timezone.localdate(at))
        if rule is None or not (beginning := point.names & _names(rule.start_step)):
            continue
        if runs and runs[-1].stopped_at is None:
            if all(name.startswith(">") for name in beginning):  # the state was only reached again
                continue
            runs[-1].stop(at, fulfilled=False)
        runs.append(_started(rule, at, point.due.get(kind)))
    return runs


def _carry_on(run: Run, point: Point, at: datetime, ends: frozenset[str]) -> None:
    """Let a point stop, pause or resume the run."""
    if point.names & _names(run.rule.stop_step):
        run.stop(at, fulfilled=True)
    elif point.names & ends:
        run.stop(at, fulfilled=False)
    elif point.status in _names(run.rule.paused_in):
        if run.paused_at is None:
            run.pause(at, point.status)
    elif run.paused_at is not None:
        run.go_on(at)


def _started(rule: ClockRule, at: datetime, due: str | None) -> Run:
    due_at = datetime.fromisoformat(due) if due else later(at, timedelta(minutes=rule.target_minutes), rule.calendar)
    target = between(at, due_at, rule.calendar) if due else timedelta(minutes=rule.target_minutes)
    return Run(rule, at, target, target, at, due_at)


def _hush(run: Run, since: datetime | None) -> None:
    """Stop a run at the moment from which nobody may be reminded; it says nothing about its holder."""
    if since and (run.stopped_at is None or run.stopped_at > since):
        if run.stopped_at is None and run.paused_at is None:
            run.stop(max(run.started_at, since), fulfilled=False)
        run.stopped_at, run.paused_at, run.paused_in = max(run.started_at, since), None, ""
        run.left, run.met = max(run.left, ZERO), None


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split("|")) - {""}


# --- the registry


@dataclass(frozen=True)
class Rules:
    """The rules that can hold on a case, with the alliances that both of its hospitals belonged to."""

    rows: Sequence[ClockRule]
    shared: Sequence[tuple[UUID, date, date | None]] = ()

    @property
    def kinds(self) -> list[str]:
        """The kinds of limits, in order."""
        return sorted({rule.kind for rule in self.rows})

    def clinical(self, kind: str) -> bool:
        """Whether a milestone begins or ends the limit."""
        return any(MILESTONE in f"{rule.start_step}|{rule.stop_step}" for rule in self.rows if rule.kind == kind)

    def pick(self, kind: str, priority: int, day: date) -> ClockRule | None:
        """The rule of a kind on a day: the strictest of the alliances' own, else the shipped one."""
        alliances = {key for key, joined, left in self.shared if joined <= day and (left is None or day < left)}
        best: dict[UUID | None, ClockRule] = {}
        for rule in sorted(self.rows, key=lambda rule: (rule.priority is None, -rule.valid_from.toordinal())):
            holds = rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to)
            applies = rule.kind == kind and rule.priority in (None, priority)
            if holds and applies and (rule.alliance_id is None or rule.alliance_id in alliances):
                best.setdefault(rule.alliance_id, rule)
        own = [rule for alliance, rule in best.items() if alliance]
        return min(own, key=lambda rule: rule.target_minutes) if own else best.get(None)


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
    for hospital, *dated in members.values_list("hospital", "alliance", "joined_date", "left_date"):
        by_hospital[hospital].append((dated[0], dated[1], dated[2]))
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


# --- what is stored


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


SHOWN = ("clock_kind", "clock_holder", "clock_started_at", "due_at")


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
    ticking = [
        run
        for run in runs
        if run.stopped_at is None and run.paused_at is None and MILESTONE not in f"{run.rule.start_step}{run.rule.stop_step}"
    ]
    shown: Any = max(ticking, key=lambda run: run.started_at, default=None) if case.open else None
    case.clock_kind, case.clock_holder = (shown.kind, shown.holder) if shown else ("", "")
    case.clock_started_at, case.due_at = (shown.started_at, shown.due_at) if shown else (None, None)


def ticking(rows: Any) -> Any:
    """Those of stored runs that tick: neither stopped nor pausing."""
    return rows.filter(Q(stopped_at__isnull=True, paused_at__isnull=True))
