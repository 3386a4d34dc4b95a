"""Reading a slide on the screen: opened, seen where and how near; a case is signed only by who opened every slide."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.models import Person
from telemedicine.models import PathologyCase, Slide, SlideImage, SlideTrace, SlideView

LONGER_SIDE = 64  # cells of a trace along the longer side of an image
MOST_LOOKS = 100  # in one report


def find_slide(by: Actor, id: UUID) -> Slide:
    """A slide of a case that the actor sees in full, if it was not withdrawn; NOT_FOUND otherwise."""
    slide = Slide.objects.select_related("case").filter(pk=id, withdrawn_at=None).first()
    if slide is None or not access.visible_in_full(by, PathologyCase).filter(pk=slide.case_id).exists():
        raise access.not_found()
    return slide


def current_image(by: Actor, slide: UUID) -> SlideImage:
    """The image of a slide that the actor sees; NOT_FOUND too while it has none, or none any more."""
    found = find_slide(by, slide)
    image = SlideImage.objects.select_related("case").filter(slide=found, replaced_at=None, removed_at=None).first()
    if image is None:
        raise access.not_found()
    return image


def open_slide(*, by: Actor, id: UUID, now: datetime) -> SlideView:
    """Note that the actor opened a slide of a case they see; each opening is on the audit trail.

    The first opening of the image that the slide has now is kept: a new scan must be opened anew.
    """
    with transaction.atomic(savepoint=False):
        slide = find_slide(by, id)
        role = access.require(by, "open_slide")
        view, _made = SlideView.objects.get_or_create(slide=slide, person=by.person, defaults={"opened_at": now})
        if newer := SlideImage.objects.filter(slide=slide, replaced_at=None, added_at__gt=view.opened_at).first():
            view.opened_at = max(now, newer.added_at)
            view.save(update_fields=["opened_at"])
        trail.audit(by, "open_slide", slide, role=role, purpose="TREATMENT", patient_id=slide.case.patient_id, now=now)
    return view


def opened_by(person: Person | None) -> QuerySet[SlideView]:
    """The openings of somebody that still count: of the image that the slide has now, where it has one."""
    newer = SlideImage.objects.filter(slide=OuterRef("slide"), replaced_at=None, added_at__gt=OuterRef("opened_at"))
    return SlideView.objects.filter(~Exists(newer), person=person)


def slides_for(by: Actor) -> QuerySet[Slide]:
    """The slides in order, each with the moment at which the actor first opened it."""
    mine = SlideView.objects.filter(slide=OuterRef("pk"), person=by.person)
    return Slide.objects.annotate(seen_at=Subquery(mine.values("opened_at")[:1])).order_by("id")


def unopened(case: PathologyCase, person: Person) -> list[str]:
    """The barcodes of the slides that somebody has not opened yet."""
    opened = opened_by(person).filter(slide__case=case)
    left = case.slides.filter(withdrawn_at__isnull=True).exclude(pk__in=opened.values("slide"))
    return list(left.order_by("id").values_list("barcode", flat=True))


def every_slide_opened(case: PathologyCase, person: Person) -> bool:
    """Whether somebody has opened every slide of a case that was not withdrawn."""
    return not unopened(case, person)


def report_viewing(*, by: Actor, slide: UUID, looks: list[Mapping[str, Any]], now: datetime) -> SlideTrace:
    """Add what the actor has had before their eyes: regions of the image and the scale at which they were shown.

    The trace only grows, whatever the order in which reports arrive. LIMIT_EXCEEDED beyond `MOST_LOOKS` at once.
    """
    if len(looks) > MOST_LOOKS:
        message = _("一次最多上报 {limit} 个视野。").format(limit=MOST_LOOKS)
        raise Refused(Code.LIMIT_EXCEEDED, message, field="looks")
    with transaction.atomic(savepoint=False):
        image = current_image(by, slide)
        access.require(by, "open_slide")
        size, columns, rows = grid(image.width, image.height)
        SlideTrace.objects.bulk_create(
            [
                SlideTrace(
                    case_id=image.case_id, image=image, person=by.person, columns=columns, rows=rows,
                    cells=bytes(columns * rows), changed_at=now,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        trace = SlideTrace.objects.select_for_update(of=("self",)).get(image=image, person=by.person)
        grown = merged(bytes(trace.cells), looks, size=size, columns=columns, rows=rows)
        if grown != bytes(trace.cells):
            trace.cells, trace.seen, trace.changed_at = grown, sum(1 for cell in grown if cell), now
            trace.save(update_fields=["cells", "seen", "changed_at"])
    return trace


def grid(width: int, height: int) -> tuple[int, int, int]:
    """The side of a trace's cells in pixels of the image, and how many columns and rows of them there are."""
    size = math.ceil(max(width, height) / LONGER_SIDE)
    return size, math.ceil(width / size), math.ceil(height / size)


def merged(cells: bytes, looks: Iterable[Mapping[str, Any]], *, size: int, columns: int, rows: int) -> bytes:
    """The cells after some looks: each the nearest, in per cent of full size, at which its middle was ever shown."""
    kept = bytearray(cells)
    for look in looks:
        left, top, wide, high, scale = (finite(look[name]) for name in ("x", "y", "width", "height", "scale"))
        near = min(100, max(1, round(scale * 100)))
        for row in middles(top, high, size, rows):
            for column in middles(left, wide, size, columns):
                place = row * columns + column
                kept[place] = max(kept[place], near)
    return bytes(kept)


def middles(start: float, length: float, size: int, count: int) -> range:
    """The cells whose middle lies between a start and an end."""
    first, last = start / size - 0.5, (start + max(length, 0)) / size - 0.5
    return range(min(count, max(0, math.ceil(first))), max(0, min(count, math.floor(last) + 1)))


def finite(value: float) -> float:
    """A number of a look; INVALID_INPUT for one that is none."""
    if not math.isfinite(value) or abs(value) > 1e9:
        raise Refused(Code.INVALID_INPUT, _("视野须为图像像素的有限数值。"), field="looks")
    return float(value)
