"""What happens to a file that has come whole: judged in a limited process, then put into the store or thrown away.

Checks run in a process of their own, begun by the request that brought the last byte. Should the machine die meanwhile,
`manage.py check_uploads` or `clean_uploads` takes up what was left.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium import access, lifecycle
from telemedicine import store
from telemedicine.images import mark_verified
from telemedicine.models import SlideImage, Upload, UploadState
from telemedicine.uploads import incoming
from telemedicine.uploads.announce import refuse
from telemedicine.wsi import SENTENCES as FILE_SENTENCES
from telemedicine.wsi import Fault
from telemedicine.wsi.check import Inspection, inspect
from telemedicine.wsi.identity import Patient

ABANDONED = timedelta(minutes=40)  # after which a check that nobody finished is begun again; above its own limits
PROCESSES = 2  # checks at a time on one database
LOCKS = 7_201_964  # the family of advisory locks that counts them

lifecycle.NOTED["upload_slide"] = _("上传切片图像")

SENTENCES = {
    "TERMINATED": _("上传已由本人终止，文件已删除；需要时请重新上传。"),
    "EXPIRED": _("上传中断过久已失效，文件已删除；请重新上传。"),
    "LOST": _("服务器上的文件已丢失；请重新上传，并告知管理员。"),
} | {str(code): sentence for code, sentence in FILE_SENTENCES.items()}


def begin_checks() -> None:
    """Begin to check what waits, in a process that outlives this request and this server."""
    if settings.CHECK_UPLOADS:
        subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "check_uploads"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=settings.JOB_ENVIRONMENT,
        )


@contextmanager
def place_to_check() -> Iterator[bool]:
    """Whether this process may check now; a few may, on all machines together."""
    with connection.cursor() as cursor:
        taken = None
        for number in range(PROCESSES):
            cursor.execute("select pg_try_advisory_lock(%s, %s)", [LOCKS, number])
            if cursor.fetchone()[0]:
                taken = number
                break
        try:
            yield taken is not None
        finally:
            if taken is not None:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCKS, taken])


def waiting(now: datetime) -> Q:
    """The condition that an upload waits to be checked."""
    return Q(state=UploadState.CHECKING) & (Q(writer=None) | Q(written_at__lt=now - ABANDONED))


def check_next(*, now: datetime) -> Upload | None:
    """Check the upload that has waited longest; nothing if none waits."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update(skip_locked=True).filter(waiting(now)).order_by("received_at").first()
        if upload is None:
            return None
        upload.writer, upload.written_at = uuid4(), now
        upload.save(update_fields=["writer", "written_at"])
    return check(upload, now=now)


def check(upload: Upload, *, now: datetime) -> Upload:
    """Judge a whole file and settle its upload, READY with its image or REFUSED with a code; either way once."""
    path = incoming.path(upload.pk)
    if not path.is_file():
        return settle_refused(upload, "LOST", now=now)
    upload.digest = upload.digest or incoming.digest(upload.pk)
    if upload.sha256 and upload.digest != upload.sha256:
        return settle_refused(upload, Fault.WRONG_CHECKSUM, now=now)
    unpacked = path.with_suffix(".parts")
    shutil.rmtree(unpacked, ignore_errors=True)
    found = inspect(path, name=upload.name, patient=whose(upload), unpack_to=unpacked)
    try:
        if found.refusal and found.refusal.code == Fault.NO_SPACE:
            return upload  # our fault and not the file's: it is checked again when there is room
        if found.refusal:
            return settle_refused(upload, found.refusal.code, now=now)
        return settle_ready(upload, found, now=now)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def whose(upload: Upload) -> Patient:
    """Whose slide it should be; an identity unknown is not compared."""
    patient = upload.case.patient
    return Patient(
        name=patient.name,
        identifiers=tuple(filter(None, [patient.id_number, upload.slide.barcode, upload.case.number])),
        birth_date=patient.birth_date,
    )


def settle_refused(upload: Upload, code: str, *, now: datetime) -> Upload:
    """The upload as refused, unless somebody else settled it."""
    with transaction.atomic():
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        if row.writer == upload.writer:
            row.digest = upload.digest
            refuse(row, str(code), now=now)
    return row


def settle_ready(upload: Upload, found: Inspection, *, now: datetime) -> Upload:
    """Put the file, its index and its pictures into the store, and let the slide show them."""
    if found.slide is None:
        raise ValueError("an accepted file without an index")
    image = described(upload, found, now)
    try:
        image.pictures = kept_pictures(image.pk, found)
        image.files = kept_files(upload, found)
        with transaction.atomic():
            row = Upload.objects.select_for_update().select_related("case").get(pk=upload.pk)
            if row.writer != upload.writer:
                raise RuntimeError("another process took over this check")
            SlideImage.objects.filter(slide=upload.slide_id, replaced_at=None).update(replaced_at=now)
            image.save(force_insert=True)
            row.state, row.settled_at, row.writer, row.digest = UploadState.READY, now, None, upload.digest
            row.save(update_fields=["state", "settled_at", "writer", "digest"])
            mark_verified(image.slide, now)
            on_the_trail(image, now)
            transaction.on_commit(lambda: incoming.remove(upload.pk))
    except BaseException:
        store.remove(image.pk)
        raise
    return row


def described(upload: Upload, found: Inspection, now: datetime) -> SlideImage:
    """The row of an image, by what was found in the file."""
    slide = found.slide
    assert slide is not None  # noqa: S101 - asked before
    mpp = sum(slide.mpp) / 2 if slide.mpp else None
    size = upload.size
    if found.unpacked:
        size = sum(path.stat().st_size for path in found.unpacked.rglob("*") if path.is_file())
    # The key of its upload, so that what a crash left in the store can be told apart.
    return SlideImage(
        id=upload.pk, case_id=upload.case_id, slide_id=upload.slide_id, upload=upload, hospital_id=upload.hospital_id,
        sha256=upload.digest, size=size, format=slide.format[:20], width=slide.width, height=slide.height, mpp=mpp,
        magnification=slide.magnification, added_at=now,
        metadata={"vendor": slide.vendor, "notes": [str(finding.code) for finding in found.findings]},
    )  # fmt: skip


def kept_pictures(image: UUID, found: Inspection) -> dict[str, dict[str, object]]:
    """The index, the overview and the pictures beside the tissue, in the store; a label is marked as one."""
    top = store.folder(image)
    kept: dict[str, dict[str, object]] = {
        "index": {"file": store.put(f"{top}/index", found.index), "label": False},
        "overview": {"file": store.put(f"{top}/overview.jpg", found.overview), "label": False},
    }
    labels = {picture.name: picture.shows_label for picture in found.slide.associated()} if found.slide else {}
    for number, (name, data) in enumerate(found.pictures.items()):
        if data:
            file = store.put(f"{top}/picture-{number}.jpg", data)
            kept[f"beside-{name}"] = {"file": file, "label": labels.get(name, True)}
    return kept


def kept_files(upload: Upload, found: Inspection) -> list[str]:
    """The file, or those that its archive held, in the store; on one disk they are moved, so there is one copy."""
    top = store.folder(upload.pk)
    if found.unpacked is None:
        return [store.put_file(f"{top}/parts/{store.SINGLE}", incoming.path(upload.pk))]
    paths = sorted(path for path in found.unpacked.rglob("*") if path.is_file())
    return [store.put_file(f"{top}/parts/{path.relative_to(found.unpacked)}", path) for path in paths]


def on_the_trail(image: SlideImage, now: datetime) -> None:
    """An event on the case, in the name of who sent the slide."""
    by = access.actor(image.upload.created_by, now=now)
    role = next(iter(by.roles_with("upload_slide")), None)
    taking = lifecycle.move(by, "upload_slide", role, now=now)
    taking.detail = {"slide": str(image.slide_id), "image": str(image.pk), "sha256": image.sha256}
    lifecycle.note(image.case, taking)
