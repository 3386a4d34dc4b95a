"""Annotations: what a pathologist draws on a slide, each their own, shown to all readers of the case or to nobody."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import PractitionerRole, Side
from telemedicine import geometry as shapes
from telemedicine.models import Annotation, AnnotationKind, PathologyCase, SlideImage, Visibility
from telemedicine.viewing import current_image

MOST_OF_ONE_PERSON = 500  # on one image


def shown_to(by: Actor, rows: QuerySet[Annotation] | None = None) -> QuerySet[Annotation]:
    """The annotations of the cases that the actor sees: one's own, and what others show."""
    mine = Q(person=by.person) | Q(visibility=Visibility.SHOWN)
    return access.visible(by, Annotation.objects.all() if rows is None else rows).filter(mine, deleted_at=None)


def annotate_slide(
    *,
    by: Actor,
    slide: UUID,
    kind: AnnotationKind,
    geometry: Any,
    now: datetime,
    label: str = "",
    visibility: Visibility = Visibility.SHOWN,
) -> Annotation:
    """Draw on the image that a slide has now; LIMIT_EXCEEDED when there is too much of this person on it already."""
    with transaction.atomic(savepoint=False):
        image = current_image(by, slide)
        role = may_annotate(by, image)
        mine = Annotation.objects.filter(image=image, person=by.person, deleted_at=None)
        if mine.count() >= MOST_OF_ONE_PERSON:
            raise Refused(
                Code.LIMIT_EXCEEDED,
                _("一张切片上每人最多 {limit} 条标注；请先删除不用的。").format(limit=MOST_OF_ONE_PERSON),
            )
        made = Annotation(
            case=image.case, image=image, person=by.person, kind=AnnotationKind(kind), label=label.strip(),
            geometry=shapes.settled(AnnotationKind(kind), geometry, width=image.width, height=image.height),
            visibility=Visibility(visibility), created_at=now, changed_at=now,
        )  # fmt: skip
        said(made)
        checked(made).save(force_insert=True)
        told(by, "annotate_slide", made, role, now)
    return made


def change_annotation(
    *, by: Actor, id: UUID, expected_version: int, now: datetime, geometry: Any = None, **words: Any
) -> Annotation:
    """Move, relabel, show or hide an annotation of one's own; what is not given stays."""
    with transaction.atomic(savepoint=False):
        row, role = own(by, id, expected_version)
        if geometry is not None:
            size = {"width": row.image.width, "height": row.image.height}
            row.geometry = shapes.settled(AnnotationKind(row.kind), geometry, **size)
        if words.get("label") is not None:
            row.label = words["label"].strip()
        if words.get("visibility") is not None:
            row.visibility = Visibility(words["visibility"])
        row.changed_at = now
        said(row)
        checked(row).save()
        told(by, "change_annotation", row, role, now)
    return row


def delete_annotation(*, by: Actor, id: UUID, expected_version: int, now: datetime) -> Annotation:
    """Take an annotation of one's own away; its row stays for the trail."""
    with transaction.atomic(savepoint=False):
        row, role = own(by, id, expected_version)
        row.deleted_at = row.changed_at = now
        row.save()
        told(by, "delete_annotation", row, role, now)
    return row


def may_annotate(by: Actor, image: SlideImage) -> PractitionerRole:
    """The role by which the actor draws on an image; FORBIDDEN without one, INVALID_STATE once the case has ended."""
    role = access.role_for(by, "annotate_slide", image.case, Side.PERFORMER)
    if role is None:
        raise access.forbidden()
    if not image.case.open:
        raise Refused(Code.INVALID_STATE, _("该病例已结束，不能再标注。"))
    return role


def own(by: Actor, id: UUID, expected_version: int) -> tuple[Annotation, PractitionerRole]:
    """An annotation of the actor, locked, its version counted on; STALE_VERSION if it is not the one they saw."""
    rows = Annotation.objects.select_for_update(of=("self",)).select_related("image", "case")
    row = access.find(by, rows.filter(person=by.person, deleted_at=None), id)
    role = may_annotate(by, row.image)
    if row.version != expected_version:
        raise Refused(Code.STALE_VERSION, _("该标注已在别处被修改；请刷新后再操作。"), field="expectedVersion")
    row.version += 1
    return row, role


def said(row: Annotation) -> None:
    """INCOMPLETE for a text without words."""
    if row.kind == AnnotationKind.TEXT and not row.label:
        raise Refused(Code.INCOMPLETE, _("文字标注须有内容。"), field="label")


def told(by: Actor, action: str, row: Annotation, role: PractitionerRole, now: datetime) -> None:
    """Put the act on the audit trail."""
    case: PathologyCase = row.case
    trail.audit(by, action, row, role=role, purpose="TREATMENT", patient_id=case.patient_id, now=now)
