"""Places of a capability: what a department reports, and what is promised, given back and taken by cases."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from consortium import access, lifecycle, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Capability, Concept, Department


def hold(department: Department, kind: Concept | None) -> Capability | None:
    """Promise one place and return its capability; nothing where places are not counted; NO_CAPACITY when full."""
    place = _counted(department, kind)
    if place and kind and not _taken(place):
        raise Refused(
            Code.NO_CAPACITY,
            _("“{kind}”已无空位可预留；可以先列入候床，或改转有空位的医院。").format(kind=kind.label),
        )
    return place


def hold_if_left(department: Department, kind: Concept | None) -> Capability | None:
    """Promise one place if the figure still has one: in an emergency the hospital's word outweighs its figure."""
    place = _counted(department, kind)
    return place if place and _taken(place) else None


def _counted(department: Department, kind: Concept | None) -> Capability | None:
    """The department's capability of this kind, where its places are counted."""
    return (
        Capability.objects.filter(department=department, kind=kind, beds_free__isnull=False).first() if kind else None
    )


def _taken(place: Capability) -> bool:
    """Whether a place was left and is now promised; of two promises for the last one exactly one is kept."""
    return bool(Capability.objects.filter(pk=place.pk, held__lt=F("beds_free")).update(held=F("held") + 1))


def release(capability_id: UUID | None) -> None:
    """Give a promised place back."""
    if capability_id:
        Capability.objects.filter(pk=capability_id).update(held=Greatest(F("held") - 1, 0))


def occupy(capability_id: UUID | None) -> None:
    """Turn a promised place into a taken one; the age of the department's own figure does not change."""
    if capability_id:
        Capability.objects.filter(pk=capability_id).update(
            held=Greatest(F("held") - 1, 0), beds_free=Greatest(F("beds_free") - 1, 0)
        )


def update_capacity(
    *, by: Actor, id: UUID, expected_version: int, beds_total: int, beds_free: int, as_of: datetime, now: datetime
) -> Capability:
    """Report how many places there are and how many are free, and when they were counted."""
    with transaction.atomic(savepoint=False):
        row = Capability.objects.select_for_update(of=("self",)).select_related("department").filter(pk=id).first()
        if row is None:
            raise access.not_found()
        department = row.department
        role = access.require_at(by, "update_capacity", hospital=department.hospital_id, department=department.pk)
        if row.version != expected_version:
            raise Refused(Code.STALE_VERSION, _("床位数刚被他人更新，请刷新后核对再填。"), field="expectedVersion")
        if beds_free < 0 or beds_total < 0 or beds_free > beds_total:
            raise Refused(Code.INVALID_INPUT, _("空床数应在 0 与总床位之间。"), field="bedsFree")
        if as_of > now + lifecycle.CLOCK_SKEW:
            raise Refused(Code.INVALID_INPUT, _("统计时间不能晚于现在。"), field="asOf")
        row.beds_total, row.beds_free, row.as_of, row.version = beds_total, beds_free, as_of, row.version + 1
        checked(row).save()
        trail.audit(by, "update_capacity", row, role=role, purpose="ADMINISTRATION", patient_id=None, now=now)
    return row
