"""Files of a case: taken in by what they are, not by what they are called, and served only through the case."""

from contextlib import ExitStack
from datetime import datetime
from hashlib import sha256
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, lifecycle, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Side, uuid7
from referrals.models import Attachment, Referral

SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF-", "application/pdf", "pdf"),
    (0, b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (128, b"DICM", "application/dicom", "dcm"),
)


lifecycle.NOTED["add_attachment"] = gettext_lazy("添加附件")


def media_type(head: bytes) -> tuple[str, str]:
    """The media type and ending that the first bytes say; INVALID_INPUT for any other content."""
    for offset, magic, kind, ending in SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return kind, ending
    raise Refused(Code.INVALID_INPUT, _("只能上传 PDF、JPEG、PNG 或 DICOM 文件；请转换格式后重试。"), field="file")


def add_attachment(
    *, by: Actor, id: UUID, name: str, file: "File[Any]", now: datetime, expected_sha256: str | None = None
) -> Attachment:
    """Add a file to an open referral that the actor sees in full; the same content again is the same attachment."""
    if not 1 <= (file.size or 0) <= settings.ATTACHMENT_BYTES:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("文件大小须在 1 字节到 {limit} MB 之间；请压缩或拆分。").format(
                limit=settings.ATTACHMENT_BYTES // 1024 // 1024
            ),
            field="file",
        )
    digest = checksum(file)
    if expected_sha256 and expected_sha256.lower() != digest:
        raise Refused(Code.INVALID_INPUT, _("文件校验和不符，上传可能中断；请重新上传。"), field="sha256")
    file.seek(0)
    kind, ending = media_type(file.read(160))
    row: Any = Attachment(id=uuid7(), name=name.strip()[-120:] or f"file.{ending}", media_type=kind, size=file.size)
    with ExitStack() as undo:  # a file without its row is taken off the disk again, whatever happened
        with transaction.atomic():
            referral = access.find(by, Referral.objects.select_for_update(of=("self",)), id)
            role = allowed_to_add(by, referral)
            if existing := Attachment.objects.filter(referral=referral, sha256=digest).first():
                return existing
            row.referral, row.case_id, row.sha256 = referral, referral.case_id, digest
            row.added_at, row.added_by_id = now, role.person_id
            file.seek(0)
            row.file.name = row.file.storage.save(f"attachments/{row.pk.hex[:2]}/{row.pk}.{ending}", file)
            undo.callback(row.file.storage.delete, row.file.name)
            checked(row).save(force_insert=True)
            taking = lifecycle.move(by, "add_attachment", role, now=now)
            taking.detail = {"attachment": str(row.pk), "sha256": digest}
            lifecycle.note(referral, taking)
        undo.pop_all()
    return row


def allowed_to_add(by: Actor, referral: Any) -> Any:
    """The role by which the actor may add to an open referral seen in full; FORBIDDEN or INVALID_STATE otherwise."""
    sides = (Side.REQUESTER, Side.PERFORMER)
    role = next((r for side in sides if (r := access.role_for(by, "add_attachment", referral, side))), None)
    if role is None or not referral.full_view:
        raise access.forbidden()
    if not referral.open:
        raise Refused(Code.INVALID_STATE, _("该单已结束，不能再添加附件。"))
    return role


def checksum(file: "IO[Any] | File[Any]") -> str:
    """SHA-256 of the whole content, hexadecimal."""
    digest = sha256()
    file.seek(0)
    while block := file.read(1 << 16):
        digest.update(block)
    return digest.hexdigest()


def open_attachment(*, by: Actor, id: UUID, now: datetime) -> Attachment:
    """The attachment for somebody who sees its referral in full, its reading audited; NOT_FOUND otherwise."""
    row = Attachment.objects.select_related("case").filter(pk=id).first()
    if row is None:
        raise access.not_found()
    legs = access.visible_in_full(by, Referral).filter(case=row.case_id)
    if not legs.exists():
        raise access.not_found()
    trail.audit(
        by,
        "read_attachment",
        row,
        role=next(iter(by.held), None),
        purpose="TREATMENT",
        patient_id=row.case.patient_id,
        now=now,
    )
    return row
