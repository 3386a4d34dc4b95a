"""Whether the pictures of a case's slides are there."""

from datetime import datetime

from telemedicine.models import PathologyCase, Slide


def mark_verified(slide: Slide, now: datetime) -> None:
    """Remember that the picture of a slide arrived whole and was verified."""
    slide.verified_at = now
    slide.save(update_fields=["verified_at"])


def all_verified(case: PathologyCase) -> bool:
    """Whether every slide of a case that was not withdrawn has its picture, whole and verified."""
    return not case.slides.filter(withdrawn_at__isnull=True, verified_at__isnull=True).exists()
