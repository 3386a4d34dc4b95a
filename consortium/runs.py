"""What runs on a case and what stops, as it follows from its events and the rules: computed, nothing read or stored.

A limit between steps goes by the time of record, one that touches a milestone by the time of the event (the bedside's).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.utils import timezone

from consortium.calendars import between, later
from consortium.models import ClockRule, Event, Priority, ServiceRequest

MILESTONE = "milestone:"
RECORD_MILESTONE = "record_milestone"
ZERO = timedelta(0)


@dataclass(frozen=True)
class Rules:
    """The rules that can hold on a case, with the alliances that both of its hospitals belonged to."""

    rows: Sequence[ClockRule]
    shared: Sequence[tuple[UUID, date, date | None]] = ()

    @cached_property
    def by_kind(self) -> dict[str, list[ClockRule]]:
        """The rules of each kind of limit, in order of the kinds; the most particular and newest of a kind first."""
        found: dict[str, list[ClockRule]] = {}
        for rule in sorted(
            self.rows, key=lambda rule: (rule.kind, rule.priority is None, -rule.valid_from.toordinal())
        ):
            found.setdefault(rule.kind, []).append(rule)
        return found

    def clinical(self, kind: str) -> bool:
        """Whether a milestone begins or ends the limit."""
        return any(is_clinical(rule) for rule in self.by_kind[kind])

    def pick(self, kind: str, priority: int, day: date) -> ClockRule | None:
        """The rule of a kind on a day: the strictest of the alliances' own, else the shipped one."""
        alliances = {key for key, joined, left in self.shared if joined <= day and (left is None or day < left)}
        best: dict[UUID | None, ClockRule] = {}
        for rule in self.by_kind.get(kind, ()):
            holds = rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to)
            if (
                holds
                and rule.priority in (None, priority)
                and (rule.alliance_id is None or rule.alliance_id in alliances)
            ):
                best.setdefault(rule.alliance_id, rule)
        own = [rule for alliance, rule in best.items() if alliance]
        return min(own, key=lambda rule: rule.target_minutes) if own else best.get(None)


@dataclass(frozen=True)
class Point:
    """One event as the clocks see it: the names it goes by, when it was recorded and happened, and what it left."""

    names: frozenset[str]
    recorded_at: datetime
    event_at: datetime
    status: str
    priority: int
    due: dict[str, str] = field(default_factory=dict)
    since: dict[str, str] = field(default_factory=dict)


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


def points(events: Iterable[Event], priority: int) -> list[Point]:
    """The events as points, in their order; of a milestone that was recorded again, the last record counts."""
    found = list(events)
    changes = [event.detail["priority"] for event in found if "priority" in event.detail]
    current = Priority[changes[0]["from"]].value if changes else priority
    last = {kind: event for event in found for kind, _at in _milestones(event)}
    result = []
    for event in found:
        if "priority" in event.detail:
            current = Priority[event.detail["priority"]["to"]].value
        due, since = event.detail.get("due", {}), event.detail.get("since", {})
        if event.kind != RECORD_MILESTONE:
            names = _reached(event)
            result.append(Point(names, event.recorded_at, event.event_at, event.to_status, current, due, since))
        for kind, at in _milestones(event):
            if last[kind] is event:
                names = frozenset({f"{MILESTONE}{kind}"})
                result.append(Point(names, event.recorded_at, at, event.to_status, current))
    return result


def _reached(event: Event) -> frozenset[str]:
    """The names of the points that a step reached."""
    own = [event.kind, *event.detail.get("points", [])]
    reached = event.from_status != event.to_status
    return frozenset([event.kind, *(f"{name}>{event.to_status}" for name in own), *([f">{event.to_status}"] * reached)])


def _milestones(event: Event) -> list[tuple[str, datetime]]:
    """The milestones that an event tells, with when they happened: its own, or those that a new leg takes over."""
    told = []
    if event.kind == RECORD_MILESTONE:
        told = [event.detail["milestone"]]
    elif not event.from_status:
        told = event.detail.get("milestones", [])
    return [(row["kind"], datetime.fromisoformat(row["at"])) for row in told]


def follow(case: ServiceRequest, events: Iterable[Event], rules: Rules) -> dict[str, list[Run]]:
    """Every run of every limit of a case, by kind, the earliest first; nothing is read or stored."""
    found = points(events, case.priority)
    void = any(point.names & case.VOID for point in found)
    runs: dict[str, list[Run]] = {}
    for kind in rules.by_kind:
        runs[kind] = _runs_of(kind, found, rules, case.ENDS, case.silent_since)
        for run in runs[kind]:
            run.met = None if void else run.met
    return runs


def _runs_of(
    kind: str, found: list[Point], rules: Rules, ends: frozenset[str], silent_since: datetime | None
) -> list[Run]:
    clinical = rules.clinical(kind)
    ordered = sorted(found, key=lambda point: point.event_at) if clinical else found
    runs: list[Run] = []
    for point in ordered:
        at = point.event_at if clinical else point.recorded_at
        if silent_since and silent_since < at:
            _hush(runs, silent_since)
        if runs and runs[-1].stopped_at is None:
            _carry_on(runs[-1], point, at, ends)
        rule = rules.pick(kind, point.priority, timezone.localdate(at))
        if rule is None or not (beginning := point.names & _names(rule.start_step)):
            continue
        if clinical and runs:  # it runs once, from the first of its beginnings
            continue
        if runs and runs[-1].stopped_at is None:
            if all(name.startswith(">") for name in beginning):  # the state was only reached again
                continue
            runs[-1].stop(at, fulfilled=False)
        begun = datetime.fromisoformat(point.since[kind]) if kind in point.since else at
        runs.append(_started(rule, begun, point.due.get(kind)))
    if silent_since:
        _hush(runs, silent_since)
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


def _hush(runs: list[Run], since: datetime) -> None:
    """Stop what runs at the moment from which nobody may be reminded, or at once if it began later."""
    if runs and runs[-1].stopped_at is None:
        runs[-1].stop(max(runs[-1].ticking_since, since), fulfilled=False)


def is_clinical(rule: ClockRule) -> bool:
    """Whether a milestone begins or ends the limit."""
    return MILESTONE in f"{rule.start_step}|{rule.stop_step}"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split("|")) - {""}
