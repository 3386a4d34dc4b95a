"""Which slides somebody has opened: a case is signed only by who has opened them all."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from consortium import access, trail
from consortium.access import Actor
from consortium.models import Person
from telemedicine.models import PathologyCase, Slide, SlideView


def open_slide(*, by: Actor, id: UUID, now: datetime) -> SlideView:
    """Note that the actor opened a slide of a case they see, the first time; each opening is on the audit trail."""
    with transaction.atomic(savepoint=False):
        slide = Slide.objects.select_related("case").filter(pk=id).first()
        if slide is None or slide.withdrawn_at:
            raise access.not_found()
        case = access.find(by, PathologyCase, slide.case_id)
        role = access.require(by, "open_slide")
        view, _made = SlideView.objects.get_or_create(slide=slide, person=by.person, defaults={"opened_at": now})
        trail.audit(by, "open_slide", slide, role=role, purpose="TREATMENT", patient_id=case.patient_id, now=now)
    return view


def slides_for(by: Actor) -> QuerySet[Slide]:
    """The slides in order, each with the moment at which the actor first opened it."""
    mine = SlideView.objects.filter(slide=OuterRef("pk"), person=by.person)
    return Slide.objects.annotate(seen_at=Subquery(mine.values("opened_at")[:1])).order_by("id")


def unopened(case: PathologyCase, person: Person) -> list[str]:
    """The barcodes of the slides that somebody has not opened yet."""
    left = case.slides.filter(withdrawn_at__isnull=True).exclude(views__person=person)
    return list(left.order_by("id").values_list("barcode", flat=True))


def every_slide_opened(case: PathologyCase, person: Person) -> bool:
    """Whether somebody has opened every slide of a case that was not withdrawn."""
    return not unopened(case, person)
