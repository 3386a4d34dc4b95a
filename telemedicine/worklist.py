"""The worklist of pathology: which cases somebody has before them, filtered as every worklist is."""

from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import Q, QuerySet

from consortium import access
from consortium.access import Actor
from referrals.worklist import about_patient, narrowed
from telemedicine.models import PathologyCase, Status


class Tray(Enum):
    """The boxes of a pathology worklist."""

    IN = "IN"
    OUT = "OUT"
    POOL = "POOL"
    MINE = "MINE"


def worklist(*, by: Actor, box: Tray, now: datetime, **filters: Any) -> QuerySet[PathologyCase]:
    """The visible cases of a box that match every filter."""
    return matching(by=by, now=now, **filters).filter(access.any_of(arms(by, box=box)))


def matching(
    *,
    by: Actor,
    now: datetime,
    patient: str | None = None,
    organ: str | None = None,
    subspecialty: str | None = None,
    holder: str | None = None,
    **filters: Any,
) -> QuerySet[PathologyCase]:
    """The visible cases that match every filter, of whatever box; `patient` is a name, an identity or a number."""
    rows = narrowed(
        access.visible(by, PathologyCase),
        now=now,
        organ__code=organ,
        subspecialty__code=subspecialty,
        clock_holder=holder,
        **filters,
    )
    return rows.filter(about_patient("patient", patient.strip())) if patient and patient.strip() else rows


def arms(by: Actor, *, box: Tray) -> list[Q]:
    """The conditions of a box, place by place: a case lies in it if one of them holds."""
    if box is Tray.OUT:
        return by.reach("view_sent_pathology").arms("requester")
    if box is Tray.MINE:
        mine = ("assigned_to", "second_reader", "adjudicator", "standby_expert", "created_by")
        return [Q(**{column: by.person}) for column in mine]
    received = Q(sent_at__isnull=False) & (Q(status=Status.POOLED) if box is Tray.POOL else Q())
    return [received & arm for arm in by.reach("view_received_pathology").arms("performer")]
