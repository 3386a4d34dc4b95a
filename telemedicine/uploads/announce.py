"""Who may send what for which slide: uploads are announced, found again, and given up."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from consortium import access, trail
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.errors import Code, Refused, checked
from consortium.models import Hospital, Side, uuid7
from telemedicine.actions.write import IN_THE_LAB
from telemedicine.models import PathologyCase, Slide, SlideImage, Upload, UploadState
from telemedicine.uploads import incoming

HELD = (UploadState.RECEIVING, UploadState.CHECKING)


def announce_upload(
    *, by: Actor, slide: UUID, name: str, size: int, sha256: str = "", metadata: str = "", now: datetime
) -> Upload:
    """Begin an upload for a slide of the actor's lab; the same announcement, before any byte came, is the same upload.

    LIMIT_EXCEEDED beyond the largest file, the hospital's quota or its uploads at a time; STORAGE_FULL without room.
    """
    allowed_size(size)
    with transaction.atomic():
        row = Slide.objects.filter(pk=slide).first()
        if row is None or row.withdrawn_at:
            raise access.not_found("slide")
        case = access.find(by, PathologyCase, row.case_id)
        role = lab_role(by, case)
        if role is None:
            raise access.forbidden()
        fixable(case)
        upload = Upload(
            id=uuid7(), case=case, slide=row, hospital_id=case.requester_hospital_id, size=size, sha256=sha256.lower(),
            name=plain_name(name), metadata=metadata, created_at=now, expires_at=now + waiting(),
        )  # fmt: skip
        upload.created_by_id = by.person.pk  # type: ignore[union-attr]
        # Announcements of one hospital wait for each other, so that two cannot share its last room.
        Hospital.objects.select_for_update(no_key=True).get(pk=upload.hospital_id)
        if again := announced_before(upload):
            return again
        within_quota(upload)
        checked(upload).save(force_insert=True)
        trail.audit(by, "announce_upload", upload, role=role, purpose="TREATMENT", patient_id=case.patient_id, now=now)
    return upload


def waiting() -> timedelta:
    """How long an upload waits for its next byte."""
    return timedelta(days=settings.UPLOAD_DAYS)


def plain_name(name: str) -> str:
    """A file name without folders and unprintable characters, at most 120 long; it names nothing on our disk."""
    shown = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())
    return shown.strip()[-120:] or "slide"


def allowed_size(size: int) -> None:
    """LIMIT_EXCEEDED unless the size is that of a slide the service takes."""
    if not 1 <= size <= settings.SLIDE_BYTES:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("切片文件大小须在 1 字节到 {limit} GB 之间。").format(limit=round(settings.SLIDE_BYTES / 2**30, 2)),
            field="Upload-Length",
        )


def lab_role(by: Actor, case: Any) -> Any:
    """The role by which the actor uploads slides to a case as its sender's lab, if there is one."""
    return access.role_for(by, "upload_slide", case, Side.REQUESTER)


def fixable(case: Any) -> None:
    """INVALID_STATE unless slides may still come to the case."""
    if not case.open or case.status not in IN_THE_LAB:
        raise Refused(
            Code.INVALID_STATE,
            _("该会诊单现在不接收切片：请在草稿、质检退回或待补充材料时上传。"),
        )


def announced_before(upload: Upload) -> Upload | None:
    """The same announcement whose answer may have been lost; only as long as nothing was received for it."""
    return Upload.objects.filter(
        slide=upload.slide, size=upload.size, sha256=upload.sha256, metadata=upload.metadata, offset=0, writer=None,
        state=UploadState.RECEIVING, created_by=upload.created_by, expires_at__gt=upload.created_at,
    ).first()  # fmt: skip


def held_bytes(hospital: UUID) -> int:
    """What a hospital's slides take of its quota: those kept, and those announced at their full size."""
    with beyond():  # whichever department's
        kept = SlideImage.objects.filter(hospital=hospital, removed_at=None).aggregate(sum=Sum("size"))["sum"]
        coming = Upload.objects.filter(hospital=hospital, state__in=HELD).aggregate(sum=Sum("size"))["sum"]
    return (kept or 0) + (coming or 0)


def within_quota(upload: Upload) -> None:
    """LIMIT_EXCEEDED if the hospital has too many uploads or bytes; STORAGE_FULL if the disk has no room for it."""
    with beyond():
        number = Upload.objects.filter(hospital=upload.hospital_id, state__in=HELD).count()
    if number >= settings.UPLOADS_AT_A_TIME:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("本院同时进行的上传已达 {limit} 个；请等待完成或终止不用的上传。").format(
                limit=settings.UPLOADS_AT_A_TIME
            ),
        )
    free = settings.SLIDE_QUOTA_BYTES - held_bytes(upload.hospital_id)
    if upload.size > free:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("本院切片空间还剩 {free} GB，不够存放此文件；请联系管理员扩容。").format(
                free=round(max(free, 0) / 2**30, 2)
            ),
            field="Upload-Length",
        )
    if upload.size > incoming.room():
        raise storage_full()


def storage_full() -> Refused:
    """The answer when the disk is full."""
    return Refused(Code.STORAGE_FULL, _("服务器存储空间不足，已收到的部分仍保留；请联系管理员，稍后可从断点继续。"))


def find_upload(*, by: Actor, id: UUID) -> Upload:
    """The upload for somebody of the sender's lab; NOT_FOUND for everybody else."""
    upload = Upload.objects.select_related("case").filter(pk=id).first()
    seen = upload and access.visible(by, PathologyCase).filter(pk=upload.case_id).exists()
    if upload is None or not seen or lab_role(by, upload.case) is None:
        raise access.not_found()
    return upload


def alive(upload: Upload, now: datetime) -> None:
    """INVALID_STATE if the upload was refused, given up, or has waited too long."""
    late = upload.state == UploadState.RECEIVING and upload.expires_at <= now
    if late or upload.state == UploadState.REFUSED:
        raise Refused(Code.INVALID_STATE, _("该上传已失效或被拒收，文件已删除；请重新上传。"))


def end_upload(*, by: Actor, id: UUID, now: datetime) -> None:
    """Give up an upload that is not yet whole: its bytes are gone, and the slide may be sent anew."""
    find_upload(by=by, id=id)
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=id)
        alive(upload, now)
        if upload.state != UploadState.RECEIVING:
            raise Refused(Code.INVALID_STATE, _("文件已收齐，不能再终止上传。"))
        refuse(upload, "TERMINATED", now=now)


def refuse(upload: Upload, code: str, *, now: datetime) -> None:
    """Settle a locked upload as refused; its file goes when the transaction is done."""
    upload.state, upload.refusal_code = UploadState.REFUSED, code
    upload.settled_at, upload.writer = now, None
    upload.save(update_fields=["state", "refusal_code", "settled_at", "writer", "digest"])
    transaction.on_commit(lambda: incoming.remove(upload.pk))
