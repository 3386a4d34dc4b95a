"""A patient's whole numbers on the wire: asked for with a reason, shown once, and written down."""

from typing import Any

import graphene

from consortium.models import Unmasking
from consortium.unmasking import Numbers, unmask_patient
from referrals.models import Referral
from schema.action import Action
from schema.base import OWN, Type
from telemedicine.models import PathologyCase

KINDS = (Referral, PathologyCase)


class UnmaskingType(Type):
    """That you had a patient's whole numbers shown, and why; the numbers stand only in the answer that showed them."""

    id_number = graphene.String(description="Resident identity number, only in the first answer (身份证号).")
    phone = graphene.String(description="Telephone, only in the first answer (联系电话).")
    guardian_phone = graphene.String(description="Guardian's telephone, only in the first answer (监护人电话).")

    class Meta:
        """Only one's own."""

        model, name, rule = Unmasking, "Unmasking", OWN
        fields = ("reason_code", "comment", "shown_at")

    def resolve_id_number(self: Any, info: Any) -> str | None:
        """Kept only in the request that asked for it."""
        return shown(info, self).id_number

    def resolve_phone(self: Any, info: Any) -> str | None:
        """Kept only in the request that asked for it."""
        return shown(info, self).phone

    def resolve_guardian_phone(self: Any, info: Any) -> str | None:
        """Kept only in the request that asked for it."""
        return shown(info, self).guardian_phone


def shown(info: Any, row: Unmasking) -> Any:
    """The numbers that this request may show; nothing of them when an answer is repeated."""
    return info.context.actor.shown.get(row.pk, Numbers(None, None, None))


class UnmaskPatient(Action):
    """Show the whole identity and telephone numbers of the patient of a case; who, when and why is written down."""

    returns = ("unmasking", UnmaskingType, Unmasking)
    objects = {"id": ("Referral", "PathologyCase")}

    class Input:
        """Whose, and why."""

        id = graphene.ID(required=True, description="The referral or pathology case that is open before you.")
        reason = graphene.String(required=True, description="Coded reason, catalogue UNMASK (原因).")
        comment = graphene.String(description="Words beside the reason; some reasons need them (说明).")

    @staticmethod
    def perform(*, by: Any, now: Any, id: Any, reason: str, comment: str = "") -> Unmasking:
        """See `consortium.unmasking.unmask_patient`."""
        row, numbers = unmask_patient(by=by, now=now, kinds=KINDS, id=id, reason=reason, comment=comment)
        by.shown[row.pk] = numbers
        return row


class Mutation:
    """What those who treat a patient do to see whole numbers."""

    unmask_patient = UnmaskPatient.Field(description=UnmaskPatient.__doc__)
