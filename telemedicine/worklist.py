"""The worklist of pathology: which cases somebody has before them, filtered as every worklist is."""

from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import Q, QuerySet

from consortium import access
from consortium.access import Actor
from consortium.models import Side
from referrals.worklist import about_patient, narrowed
from telemedicine.models import PathologyCase, Status


class Tray(Enum):
    """The boxes of a pathology worklist."""

    IN = "IN"
    OUT = "OUT"
    POOL = "POOL"
    MINE = "MINE"


def worklist(
    *,
    by: Actor,
    box: Tray,
    now: datetime,
    patient: str | None = None,
    organ: str | None = None,
    subspecialty: str | None = None,
    holder: str | None = None,
    **filters: Any,
) -> QuerySet[PathologyCase]:
    """The visible cases of a box that match every filter; `patient` is a name, an identity or a case's number."""
    rows = narrowed(
        access.visible(by, PathologyCase).filter(_in_tray(by, box)),
        now=now,
        organ__code=organ,
        subspecialty__code=subspecialty,
        clock_holder=holder,
        **filters,
    )
    return rows.filter(about_patient("patient", patient.strip())) if patient and patient.strip() else rows


def _in_tray(by: Actor, box: Tray) -> Q:
    received = Q(sent_at__isnull=False) & by.reach("view_received_pathology").over(Side.PERFORMER.lower())
    if box is Tray.IN:
        return received
    if box is Tray.POOL:
        return received & Q(status=Status.POOLED)
    if box is Tray.OUT:
        return by.reach("view_sent_pathology").over(Side.REQUESTER.lower())
    mine: tuple[str, ...] = ("assigned_to", "second_reader", "adjudicator", "standby_expert", "created_by")
    found = Q()
    for column in mine:
        found |= Q(**{column: by.person})
    return found
