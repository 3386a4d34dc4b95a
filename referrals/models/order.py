"""The orders of a worklist, and an index for each place that a worklist is about and each order of it."""

from typing import Any

from django.db import models
from django.db.models import F, Func, Q


class Deadline(Func):
    """The end of the running limit, for ordering: what has none comes last.

    Its far future stands in the text of the statement, not in a parameter: else a prepared one would find no index.
    """

    template = "coalesce(%(expressions)s, timestamptz '9999-01-01 00:00:00+00')"
    output_field = models.DateTimeField()

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(*(expressions or ("due_at",)), **extra)


OPEN = Q(closed_at__isnull=True)
PLACES = {
    "sent": "requester_hospital",
    "dept_sent": "requester_department",
    "received": "performer_hospital",
    "dept_received": "performer_department",
}


def worklist_indexes() -> list[models.Index]:
    """One index for each place that a worklist is about and each order of it: of everything, and of what is open."""
    found = []
    for short, place in PLACES.items():
        for which, condition in (("referral", None), ("open", OPEN)):
            name = f"{which}_{short}"
            found += [
                models.Index(fields=[place, "-id"], name=f"{name}_newest", condition=condition),
                models.Index(F(place), F("priority"), Deadline(), F("id"), name=f"{name}_urgent", condition=condition),
                models.Index(F(place), Deadline(), F("id"), name=f"{name}_due", condition=condition),
            ]
        found.append(models.Index(fields=[place, "status", "-id"], name=f"referral_{short}_status"))
    return found
