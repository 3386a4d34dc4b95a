"""Places of a capability: what a department reports, and what is promised, given back and taken by cases."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from consortium import access, lifecycle, trail
from consortium.access import Actor
from consortium.database import prepared
from consortium.errors import Code, Refused, checked
from consortium.models import Capability, Concept, Department

HOLD = """
with place as (
    select id from consortium_capability
    where department_id = %(department)s and kind_id = %(kind)s and beds_free is not null
), promised as (
    update consortium_capability c set held = c.held + 1 from place where c.id = place.id and c.held < c.beds_free
    returning c.id
)
select id, exists (select from promised) from place
"""


def hold(department: Department, kind: Concept | None) -> UUID | None:
    """Promise one place, whose capability is returned; nothing where places are not counted; NO_CAPACITY when full."""
    place, left = _promised(department, kind)
    if place and kind and not left:
        raise Refused(
            Code.NO_CAPACITY,
            _("“{kind}”已无空位可预留；可以先列入候床，或改转有空位的医院。").format(kind=kind.label),
        )
    return place


def hold_if_left(department: Department, kind: Concept | None) -> UUID | None:
    """Promise one place if the figure still has one: in an emergency the hospital's word outweighs its figure."""
    place, left = _promised(department, kind)
    return place if left else None


def _promised(department: Department, kind: Concept | None) -> tuple[UUID | None, bool]:
    """The department's capability of this kind, where its places are counted, and whether one was left and is promised
    now: one statement. Of two promises for the last place exactly one is kept."""
    if kind is None:
        return None, False
    return prepared.fetch(HOLD, {"department": department.pk, "kind": kind.pk}) or (None, False)


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
