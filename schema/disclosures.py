"""What one request discloses of patients, collected while it is answered and written by one statement at its end.

Each root field is one reading: a row that was read by itself, or a list with all whom it named. Masked or not, whoever
is named stands in it, for it is collected where a patient is resolved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model

from consortium import trail
from consortium.access import Actor
from consortium.models import Purpose
from consortium.trail import Reading

# Why the lists are read that are not for treatment.
PURPOSES = {
    "counted_referrals": Purpose.STATISTICS,
    "audit_trail": Purpose.AUDIT,
    "break_glass_reviews": Purpose.AUDIT,
    "break_glass_access": Purpose.AUDIT,
    "break_glass_accesses": Purpose.BREAK_GLASS,
}


@dataclass
class Seen:
    """What one root field shows."""

    kind: str = ""
    objects: list[UUID] = field(default_factory=list)
    patients: dict[UUID, None] = field(default_factory=dict)


@dataclass
class Disclosures:
    """What one request has disclosed so far, by the keys of its root fields."""

    readings: list[Reading] = field(default_factory=list)
    told: set[tuple[Any, UUID | None]] = field(default_factory=set)  # what stands on the trail already
    lists: dict[Any, Seen] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)  # of the root fields, by key

    def one(self, root: Any, action: str, model: type[Model], pk: object, patient_id: UUID | None) -> None:
        """A row was read by itself."""
        kind = model._meta.model_name or ""
        self.readings.append(Reading(action, kind, object_id=str(pk), patient_id=patient_id))
        self.told.add((root, patient_id))

    def known(self, root: Any, patient_id: UUID | None) -> None:
        """The act that shows this patient has written its own entry."""
        self.told.add((root, patient_id))

    def page(self, root: Any, model: type[Model], keys: Sequence[Any]) -> None:
        """A page of a list was read; only what is about patients is kept."""
        if keys and hasattr(model, "OF_PATIENT"):
            seen = self.lists.setdefault(root, Seen())
            seen.kind = model._meta.model_name or ""
            seen.objects.extend(keys)

    def patient(self, root: Any, patient_id: UUID) -> None:
        """A patient was named."""
        if (root, patient_id) not in self.told:
            self.lists.setdefault(root, Seen()).patients[patient_id] = None

    def write(self, by: Actor | None, now: datetime) -> None:
        """Put everything on the trail by one statement; nothing if nothing was disclosed."""
        readings = self.readings + [
            Reading(
                f"list_{self.names[root]}"[:40],
                seen.kind,
                objects=tuple(seen.objects),
                patients=tuple(seen.patients),
                purpose=PURPOSES.get(self.names[root], Purpose.TREATMENT),
            )
            for root, seen in self.lists.items()
        ]
        if readings and by is not None:
            trail.disclosed(by, readings, now=now)
