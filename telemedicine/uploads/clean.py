"""Order in the cellar: what was given up, what nobody owns, what has been kept long enough."""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from telemedicine import store
from telemedicine.models import SlideImage, Upload, UploadState
from telemedicine.uploads import incoming
from telemedicine.uploads.announce import HELD, refuse
from telemedicine.uploads.check import waiting

YEAR = timedelta(days=365.25)
UNCLAIMED = timedelta(days=1)  # a file without a row may be one whose row is just being written


@dataclass
class Cleaned:
    """What was done."""

    expired: int = 0
    orphans: int = 0
    retired: int = 0
    unchecked: int = 0


def clean(*, now: datetime) -> Cleaned:
    """End the uploads that waited too long, delete what no row names, and the images whose time is over."""
    done = Cleaned()
    for pk in Upload.objects.filter(state=UploadState.RECEIVING, expires_at__lte=now).values_list("pk", flat=True):
        done.expired += expire(pk, now=now)
    done.orphans = forget_incoming() + forget_stored()
    over = Q(case__closed_at__lt=now - settings.SLIDE_YEARS * YEAR)
    for image in SlideImage.objects.filter(over, removed_at=None):
        retire(image, now=now)
        done.retired += 1
    done.unchecked = Upload.objects.filter(waiting(now)).count()
    return done


def expire(pk: UUID, *, now: datetime) -> bool:
    """End one upload if it still waits in vain."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
        late = upload is not None and upload.state == UploadState.RECEIVING and upload.expires_at <= now
        if late and upload is not None:
            refuse(upload, "EXPIRED", now=now)
    return late


def retire(image: SlideImage, *, now: datetime) -> None:
    """Delete the files of an image; its row stays and says when."""
    SlideImage.objects.filter(pk=image.pk).update(removed_at=now)
    store.remove(image.pk)


def forget_incoming() -> int:
    """Delete what lies in the folder of unfinished files and belongs to no upload on its way."""
    alive = {str(pk) for pk in Upload.objects.filter(state__in=HELD).values_list("pk", flat=True)}
    gone = 0
    for path in incoming.folder().iterdir() if incoming.folder().is_dir() else ():
        if path.name.removesuffix(".parts") not in alive and unclaimed(path):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            gone += 1
    return gone


def unclaimed(path: Path) -> bool:
    """Whether a file has lain long enough to be nobody's."""
    try:
        return path.stat().st_mtime < time.time() - UNCLAIMED.total_seconds()
    except FileNotFoundError:
        return False


def forget_stored() -> int:
    """Delete what a crash left in the store: images of which there is no row, nor an upload that may become one."""
    gone = 0
    for image in stored():
        kept = SlideImage.objects.filter(pk=image, removed_at=None).exists()
        if not kept and not Upload.objects.filter(pk=image, state__in=HELD).exists():
            store.remove(image)
            gone += 1
    return gone


def stored() -> list[UUID]:
    """The images that have a folder in the store."""
    kept = store.store()
    found = []
    try:
        for spread in kept.listdir("slides")[0]:
            found += [UUID(name) for name in kept.listdir(f"slides/{spread}")[0]]
    except FileNotFoundError:
        return []
    return found
