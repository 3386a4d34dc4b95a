"""Time limits: which one runs on a case, who holds it, when it ends; targets come from the registry."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from consortium.models import ClockRule, ServiceRequest
from consortium.registry import valid_on


def target(kind: str, priority: int, *, now: datetime) -> tuple[timedelta, str] | None:
    """The target time and the holder of a limit for a priority on a day, or nothing if the registry sets none."""
    rule = (
        ClockRule.objects.filter(
            valid_on(timezone.localdate(now)), Q(priority=priority) | Q(priority__isnull=True), kind=kind
        )
        .order_by(F("priority").asc(nulls_last=True), "-valid_from")
        .values_list("target_minutes", "holder")
        .first()
    )
    return (timedelta(minutes=rule[0]), rule[1]) if rule else None


def start(case: ServiceRequest, kind: str, *, now: datetime, due_at: datetime | None = None) -> None:
    """Let a limit run from now, ending at `due_at` or after the registry's target; it replaces the running one."""
    rule = target(kind, case.priority, now=now)
    case.clock_kind, case.clock_started_at = kind, now
    case.due_at = due_at or (now + rule[0] if rule else None)
    case.clock_holder = rule[1] if rule else ""


def suspend(case: ServiceRequest, *, now: datetime) -> None:
    """Set the running limit aside with what is left of it, until `resume`."""
    case.suspended_clock, case.suspended_holder = case.clock_kind, case.clock_holder
    case.suspended_remaining = case.due_at - now if case.due_at else None
    stop(case)


def resume(case: ServiceRequest, *, now: datetime) -> None:
    """Let the limit that was set aside run on with what was left of it."""
    case.clock_kind, case.clock_holder, case.clock_started_at = case.suspended_clock, case.suspended_holder, now
    case.due_at = now + case.suspended_remaining if case.suspended_remaining is not None else None
    case.suspended_clock, case.suspended_holder, case.suspended_remaining = "", "", None


def stop(case: ServiceRequest) -> None:
    """Let no limit run."""
    case.clock_kind, case.clock_holder, case.clock_started_at, case.due_at = "", "", None, None
