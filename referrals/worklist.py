"""The worklist: which referrals somebody has before them, filtered and in the order of the day."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from consortium import access, cipher, search
from consortium.access import Actor
from consortium.models import ServiceRequest
from referrals.models import Deadline, Referral

CASE = TypeVar("CASE", bound=ServiceRequest)
FEW = 3000  # cases


class Box(Enum):
    """The three boxes of a worklist."""

    IN = "IN"
    OUT = "OUT"
    MINE = "MINE"


def deadline() -> Deadline:
    """The end of the running limit, for ordering: what has none comes last."""
    return Deadline()


def worklist(*, by: Actor, box: Box, now: datetime, **filters: Any) -> QuerySet[Referral]:
    """The visible referrals of a box that match every filter; `patient` is a name, an identity or a referral number."""
    rows = matching(by=by, now=now, **filters)
    return rows.filter(access.any_of(arms(by, box=box)))


def matching(
    *,
    by: Actor,
    now: datetime,
    status: Sequence[str] | None = None,
    open: bool | None = None,
    priority: Sequence[int] | None = None,
    direction: str | None = None,
    pathway: str | None = None,
    department: UUID | None = None,
    overdue: bool | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    patient: str | None = None,
    holder: str | None = None,
) -> QuerySet[Referral]:
    """The visible referrals that match every filter, of whatever box."""
    rows = narrowed(
        access.visible(by, Referral),
        now=now,
        status=status,
        open=open,
        priority=priority,
        department=department,
        overdue=overdue,
        created_from=created_from,
        created_to=created_to,
        direction=direction,
        pathway=pathway,
        clock_holder=holder,
    )
    return _about(rows, patient.strip()) if patient and patient.strip() else rows


def narrowed(
    rows: QuerySet[CASE],
    *,
    now: datetime,
    status: Sequence[str] | None = None,
    open: bool | None = None,
    priority: Sequence[int] | None = None,
    department: UUID | None = None,
    overdue: bool | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    **exact: Any,
) -> QuerySet[CASE]:
    """The cases of any kind that match what every kind has, and each of the columns named in `exact`, if given."""
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if status:
        rows = rows.filter(status__in=status)
    if priority:
        rows = rows.filter(priority__in=priority)
    if open is not None:
        rows = rows.filter(closed_at__isnull=open)
    if department:
        rows = rows.filter(Q(performer_department=department) | Q(requester_department=department))
    if overdue is not None:
        late = Q(due_at__lt=now)
        rows = rows.filter(late if overdue else ~late | Q(due_at__isnull=True))
    if created_from:
        rows = rows.filter(created_at__gte=created_from)
    return rows.filter(created_at__lt=created_to) if created_to else rows


def arms(by: Actor, *, box: Box) -> list[Q]:
    """The conditions of a box, place by place: a referral lies in it if one of them holds."""
    if box is Box.IN:
        return [Q(sent_at__isnull=False) & arm for arm in by.reach("view_received_referral").arms("performer")]
    if box is Box.OUT:
        return by.reach("view_sent_referral").arms("requester")
    return [Q(claimed_by=by.person), Q(created_by=by.person)]


def _about(rows: QuerySet[Referral], text: str) -> QuerySet[Referral]:
    """Those about a patient's name or identity number, or with a number; a statement asks how many it may be about.

    Few are found by their keys. Many are found soon in any order, so one page of them is.
    """
    rows = rows.filter(about_patient("case__patient", text) | Q(case__number=text.upper()))
    with connection.cursor() as cursor:
        given: list[Any] = [search.wanted(text), list(cipher.marks(text)), text.upper(), FEW]
        cursor.execute("select access.cases_about(%s::text[], %s::bytea[], %s, %s)", given)
        (few,) = cursor.fetchone()
    return rows if few is None else rows.filter(case__in=few)


def about_patient(path: str, text: str) -> Q:
    """The condition that a case has a number, or that the patient at a path has a name or identity number."""
    return (
        Q(**{f"{path}__name_grams__contains": search.wanted(text)})
        | Q(**{f"{path}__id_mark__in": cipher.marks(text)})
        | Q(number=text.upper())
    )
