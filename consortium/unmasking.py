"""Showing a patient's whole numbers: a recorded act of those who treat the patient, with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from consortium import access, registry, trail
from consortium.access import Actor
from consortium.errors import checked
from consortium.models import ServiceRequest, Side, Unmasking

CATALOGUE = "UNMASK"
SIDES = (Side.REQUESTER, Side.PERFORMER)


@dataclass(frozen=True)
class Numbers:
    """The whole numbers of a patient and guardian; nothing of them is printed or logged."""

    id_number: str | None = field(repr=False)
    phone: str = field(repr=False)
    guardian_phone: str = field(repr=False)


def unmask_patient(
    *, by: Actor, id: UUID, kinds: Sequence[type[ServiceRequest]], reason: str, comment: str = "", now: datetime
) -> tuple[Unmasking, Numbers]:
    """The whole numbers of the patient of a case, and the row that says who saw them and why.

    NOT_FOUND for a case the actor does not see, FORBIDDEN in the narrowed view or without the permission at one of its
    parties; INVALID_INPUT and COMMENT_REQUIRED as the reason's catalogue has it.
    """
    case, patient = _seen(by, id, kinds)
    role = next((role for side in SIDES for role in access.roles_for(by, "unmask_patient", case, side)), None)
    if role is None or not case.full_view:
        raise access.forbidden()
    why = registry.reason(CATALOGUE, reason, comment, on=timezone.localdate(now))
    row = checked(
        Unmasking(
            patient=patient,
            subject_kind=case.KIND,
            subject_id=case.pk,
            person=by.person,
            hospital_id=role.hospital_id,
            reason_code=why.code,
            comment=comment.strip(),
            shown_at=now,
        )
    )
    row.save(force_insert=True)
    trail.audit(by, "unmask_patient", case, role=role, purpose=why.code, patient_id=patient.pk, now=now)
    return row, Numbers(patient.id_number, patient.phone, patient.guardian_phone)


def _seen(by: Actor, id: UUID, kinds: Sequence[type[ServiceRequest]]) -> tuple[Any, Any]:
    """The case of a key, whichever kind it is of, with its patient; NOT_FOUND for what the actor does not see."""
    for kind in kinds:
        case: Any = access.visible(by, kind).select_related(kind.OF_PATIENT).filter(pk=id).first()
        if case is not None:
            return case, case.patient
    raise access.not_found()
