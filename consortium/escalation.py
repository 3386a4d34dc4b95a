"""Reminders that climb: duty person, head of department, hospital, alliance, each repeating until somebody acts.

Every reminder is an event of the case with the notices of those who are reminded, written once for each run, rung and
repetition. Nobody on a rung: the alliance is alarmed instead, so that no silence goes unnoticed.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from consortium import access, lifecycle
from consortium.access import SYSTEM
from consortium.directory import current_members
from consortium.duty import on_duty
from consortium.models import (
    ClockRun,
    Duty,
    Escalation,
    EscalationRule,
    Post,
    PractitionerRole,
    Rung,
    ServiceRequest,
)
from consortium.outbox import REMINDER
from consortium.registry import valid_on
from consortium.roles import roles_with

log = logging.getLogger(__name__)
POSTS = {Rung.DUTY: Post.DUTY, Rung.HEAD: Post.HEAD}


@dataclass
class Tally:
    """What one round of reminders did."""

    reminders: int = 0
    alarms: int = 0  # somebody was missing on a rung
    unheard: list[str] = field(default_factory=list)  # numbers of cases for which there was nobody at all


@dataclass(frozen=True)
class Due:
    """A rung of the ladder that is due, with the number of its repetition."""

    rung: Rung
    repetition: int


def escalate(model: type[ServiceRequest], *, now: datetime) -> Tally:
    """Give every reminder that is due on the open cases of a kind; safe to run twice at once, and to run late.

    A round that comes late gives the current repetition, not those that were missed.
    """
    tally, ladder = Tally(), _ladder(now)
    runs = list(_running(model, ladder, now))
    priorities = dict(model.objects.filter(pk__in={run.subject_id for run in runs}).values_list("pk", "priority"))
    for run in runs:
        given = {(done.rung, done.repetition) for done in run.escalations.all()}
        if any((due.rung, due.repetition) not in given for due in _due(ladder, priorities[run.subject_id], run, now)):
            _remind(model, run.pk, run.subject_id, ladder, now, tally)
    return tally


def _ladder(now: datetime) -> list[EscalationRule]:
    return list(EscalationRule.objects.filter(valid_on(timezone.localdate(now))).order_by("priority", "after_minutes"))


def _running(model: type[ServiceRequest], ladder: list[EscalationRule], now: datetime) -> Iterator[ClockRun]:
    """The runs on open cases that end soon enough for somebody to be reminded."""
    ahead = timedelta(minutes=max((-rule.after_minutes for rule in ladder), default=0))
    open_cases = model.objects.filter(pk=OuterRef("subject_id"), closed_at__isnull=True)
    rows = ClockRun.objects.filter(Exists(open_cases), stopped_at__isnull=True, due_at__lte=now + ahead)
    yield from rows.filter(subject_kind=model.KIND).order_by("due_at").prefetch_related("escalations")


def _due(ladder: list[EscalationRule], priority: int, run: ClockRun, now: datetime) -> Iterator[Due]:
    """The rungs that a run has reached, quiet hours observed."""
    for rule in ladder:
        if rule.priority != priority or run.due_at is None or quiet(rule, now):
            continue
        late = now - run.due_at - timedelta(minutes=rule.after_minutes)
        if late >= timedelta(0):
            yield Due(Rung(rule.rung), late // timedelta(minutes=rule.repeat_minutes))


def quiet(rule: EscalationRule, now: datetime) -> bool:
    """Whether a moment lies in the quiet hours of a rule, which may span midnight."""
    if rule.quiet_from is None or rule.quiet_to is None:
        return False
    clock: time = timezone.localtime(now).time()
    if rule.quiet_from <= rule.quiet_to:
        return rule.quiet_from <= clock < rule.quiet_to
    return clock >= rule.quiet_from or clock < rule.quiet_to


def _remind(
    model: type[ServiceRequest], run_id: UUID, case_id: UUID, ladder: list[EscalationRule], now: datetime, tally: Tally
) -> None:
    """Give what is due on one run, in one transaction under the lock of its case; a case in other hands is left."""
    with transaction.atomic():
        rows = model.objects.select_related(*model.LOADED)
        locked = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
        case = locked.filter(pk=case_id, closed_at__isnull=True).first()
        run = ClockRun.objects.select_related("rule").filter(pk=run_id, stopped_at__isnull=True).first()
        if case is None or run is None or case.silent_since:
            return
        given = set(run.escalations.values_list("rung", "repetition"))
        for due in _due(ladder, case.priority, run, now):
            if (due.rung, due.repetition) not in given:
                _give(case, run, due, now, tally)


def _give(case: ServiceRequest, run: ClockRun, due: Due, now: datetime, tally: Tally) -> None:
    """Record one reminder on the case and tell those whom it is for."""
    hospital, department = _responsible(case, run)
    people = whom(due.rung, hospital, department, now)
    missing = not people
    if missing:
        people = whom(Rung.ALLIANCE, hospital, department, now) | whom(Rung.HOSPITAL, hospital, department, now)
        tally.alarms += 1
    move = lifecycle.move(SYSTEM, REMINDER, None, now=now)
    move.people = people
    move.reason_code = f"{due.rung}_EMPTY" if missing else str(due.rung)
    move.detail = {"clock": run.kind, "rung": due.rung, "repetition": due.repetition, "who": sorted(people)}
    Escalation.objects.create(run=run, rung=due.rung, repetition=due.repetition, event=lifecycle.note(case, move))
    tally.reminders += 1
    if not people:
        tally.unheard.append(case.number)
        log.error("nobody to remind: case %s, limit %s, rung %s", case.number, run.kind, due.rung)


def _responsible(case: ServiceRequest, run: ClockRun) -> tuple[UUID | None, UUID | None]:
    """Who answers for a run: its holder; the sender, who can phone, for the patient's and before somebody is chosen."""
    if run.hospital_id is None:
        return case.requester_hospital_id, case.requester_department_id
    return run.hospital_id, run.department_id


def whom(rung: str, hospital: UUID | None, department: UUID | None, now: datetime) -> dict[int, UUID]:
    """The people on a rung for a department of a hospital at a moment, with the hospital they stand for."""
    if rung in POSTS:
        posted = on_duty(department, now, post=POSTS[Rung(rung)]) if department else Duty.objects.none()
        return dict(posted.values_list("person", "department__hospital"))
    if rung == Rung.HOSPITAL:
        return _holders("answer_for_hospital", Q(hospital=hospital), now) if hospital else {}
    leads = current_members(timezone.localdate(now)).filter(hospital=hospital).values("alliance__lead")
    return _holders("answer_for_alliance", Q(hospital__in=leads), now)


def _holders(permission: str, place: Q, now: datetime) -> dict[int, UUID]:
    roles = PractitionerRole.objects.filter(access.running(now), place, role__in=roles_with(permission))
    return dict(roles.filter(department__isnull=True).values_list("person", "hospital"))
