"""The lab's writing: the case, its specimens, blocks and slides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, lifecycle
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Side, uuid7
from referrals import content as patients
from referrals.numbers import next_number
from telemedicine import content
from telemedicine.models import Block, PathologyCase, Slide, Specimen, Status

# Where the lab still puts things together, at first or because it was asked to.
IN_THE_LAB = [Status.DRAFT, Status.RESERVED, Status.RETURNED, Status.MORE_NEEDED]

lifecycle.NOTED["create_pathology"] = gettext_lazy("新建病理会诊")


def create_pathology(
    *,
    by: Actor,
    requester_department: UUID,
    patient: Mapping[str, Any],
    kind: str,
    liability: str,
    organ: str,
    preliminary_class: str,
    now: datetime,
    event_at: datetime | None = None,
    backdating_reason: str = "",
    **written: Any,
) -> PathologyCase:
    """Write a draft for a patient's specimens; the lab's own diagnosis is required, none being a coded answer."""
    sender = patients.sender(requester_department)
    role = access.require_at(by, "create_pathology", hospital=sender.hospital_id, department=sender.pk)
    taking = lifecycle.move(
        by, "create_pathology", role, now=now, event_at=event_at, backdating_reason=backdating_reason
    )
    with transaction.atomic(savepoint=False):
        case = PathologyCase(
            id=uuid7(),
            number=next_number("P", now),
            patient=patients.register_patient(by=by, hospital=sender.hospital, now=now, **patient),
            requester_hospital=sender.hospital,
            requester_department=sender,
            created_by=by.person,
            created_at=taking.event_at,
        )
        given = {"kind": kind, "liability": liability, "organ": organ, "preliminary_class": preliminary_class}
        content.write(case, now, by=by.person, **written | given)
        lifecycle.begin(case, taking, status=Status.DRAFT)
    return case


@transition(
    PathologyCase,
    label=gettext_lazy("修改病理申请"),
    sources=[Status.DRAFT],
    target=None,
    sides=[Side.REQUESTER],
)
def update_pathology(case: PathologyCase, move: Move, **written: Any) -> None:
    """Change a draft; what is not given stays as it is."""
    content.write(case, move.now, by=move.by.person, **written)


@transition(
    PathologyCase,
    label=gettext_lazy("登记标本"),
    sources=IN_THE_LAB,
    target=None,
    sides=[Side.REQUESTER],
)
def register_specimen(case: PathologyCase, move: Move, *, specimen: Mapping[str, Any]) -> None:
    """Register a specimen with its blocks and slides."""
    content.add_specimen(case, move.now, by=move.by.person, given=specimen)


@transition(
    PathologyCase,
    label=gettext_lazy("登记蜡块"),
    sources=IN_THE_LAB,
    target=None,
    sides=[Side.REQUESTER],
)
def register_block(case: PathologyCase, move: Move, *, specimen: UUID, block: Mapping[str, Any]) -> None:
    """Register another block of a specimen, with its slides."""
    found = Specimen.objects.select_related("case").filter(pk=specimen, case=case).first()
    if found is None:
        raise access.not_found("specimen")
    content.add_block(found, move.now, by=move.by.person, given=block)


@transition(
    PathologyCase,
    label=gettext_lazy("登记切片"),
    sources=IN_THE_LAB,
    target=None,
    sides=[Side.REQUESTER],
)
def register_slides(case: PathologyCase, move: Move, *, block: UUID, slides: list[Mapping[str, Any]]) -> None:
    """Register more slides cut from a block: levels, other stains."""
    found = Block.objects.select_related("specimen__case").filter(pk=block, specimen__case=case).first()
    if found is None:
        raise access.not_found("block")
    if not slides:
        raise Refused(Code.INVALID_INPUT, _("请至少登记一张切片。"), field="slides")
    content.add_slides(found, move.now, by=move.by.person, given=slides)


@transition(
    PathologyCase,
    label=gettext_lazy("撤回切片"),
    sources=IN_THE_LAB,
    target=None,
    sides=[Side.REQUESTER],
)
def withdraw_slide(case: PathologyCase, move: Move, *, slide: UUID, reason: str, comment: str = "") -> None:
    """Take a slide out of the case, with a coded reason; what was seen of it stays on the trail."""
    found = Slide.objects.filter(pk=slide, case=case, withdrawn_at__isnull=True).first()
    if found is None:
        raise access.not_found("slide")
    found.withdrawn_reason = move.because("WITHDRAW_SLIDE", reason, comment)
    found.withdrawn_at = move.now
    found.save(update_fields=["withdrawn_reason", "withdrawn_at"])
    move.detail["slide"] = found.barcode
