"""What a viewer shows of one slide: the slides of its case, what was drawn and kept, and what was seen of them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consortium.access import Actor
from consortium.errors import Refused
from telemedicine import annotations, key_images, viewing
from telemedicine.models import Annotation, KeyImage, PathologyCase, Slide, SlideImage, SlideTrace


@dataclass(frozen=True)
class Glass:
    """One slide as the viewer lists it, and how far the actor has read it."""

    slide: Slide
    image: SlideImage | None
    opened: bool
    share: float  # of the image, 0 to 1


@dataclass(frozen=True)
class Screen:
    """Everything that a viewer shows of one slide beside its tiles."""

    case: PathologyCase
    slides: list[Glass]
    shown: Glass
    annotations: list[Annotation]
    key_images: list[KeyImage]
    trace: SlideTrace | None
    may_annotate: bool
    may_keep: bool


def screen(*, by: Actor, slide: UUID) -> Screen:
    """The screen of a slide that the actor sees; NOT_FOUND otherwise. Takes the same statements for any case."""
    found = viewing.find_slide(by, slide)
    case = found.case
    images = {
        image.slide_id: image for image in SlideImage.objects.filter(case=case, replaced_at=None, removed_at=None)
    }
    traces = {trace.image_id: trace for trace in SlideTrace.objects.filter(case=case, person=by.person)}
    opened = set(viewing.opened_by(by.person).filter(slide__case=case).values_list("slide", flat=True))
    slides = []
    for row in case.slides.filter(withdrawn_at=None).select_related("block__specimen"):
        image = images.get(row.pk)
        trace = traces.get(image.pk) if image else None
        slides.append(Glass(row, image, row.pk in opened, trace.share if trace else 0.0))
    shown = next(glass for glass in slides if glass.slide.pk == found.pk)
    image = shown.image
    drawn = annotations.shown_to(by, Annotation.objects.filter(image=image)).select_related("person", "image__slide")
    kept = key_images.kept(by).filter(case=case).select_related("person", "image__slide")
    return Screen(
        case=case,
        slides=slides,
        shown=shown,
        annotations=list(drawn),
        key_images=list(kept),
        trace=traces.get(image.pk) if image else None,
        may_annotate=bool(image) and allowed(annotations.may_annotate, by, case, image),
        may_keep=bool(image) and allowed(key_images.may_keep, by, case, image),
    )


def allowed(may: Any, by: Actor, case: PathologyCase, image: Any) -> bool:
    """Whether an action would be allowed now, by the very check that the action makes."""
    image.case = case
    try:
        may(by, image)
    except Refused:
        return False
    return True
