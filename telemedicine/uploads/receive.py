"""One piece of an upload: taken from a poor line as it comes, and never acknowledged before it is on the disk.

One request holds the pen of an upload at a time. It proves that it still does with every block, under the lock of the
row, so a request that hung on a dead line cannot write into what its successor has written.
"""

import errno
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from consortium.access import Actor
from consortium.database.acting import acting
from consortium.errors import Code, Refused
from telemedicine.models import Upload, UploadState
from telemedicine.uploads import incoming
from telemedicine.uploads.announce import alive, find_upload, fixable, refuse, storage_full, waiting

BLOCK = 1 << 20  # bytes that are written and recorded at once; what one request holds in memory
SILENCE = timedelta(seconds=8)  # without a block recorded for so long, the pen may be taken from a request
RECORDED = 2.0  # seconds after which even a small block is recorded
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass
class Pen:
    """The right to write to one upload, and how far the writing has come."""

    by: Actor
    upload: UUID
    token: UUID
    begun_at: datetime
    start: int
    size: int
    check: Any = None  # the checksum that the piece must have, as it is computed
    at: int = 0
    running: Any = None
    before: Any = None  # the running checksum at the start of a piece that may have to be dropped
    started: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """The moment, on the clock of the request that holds the pen."""
        return self.begun_at + timedelta(seconds=time.monotonic() - self.started)


def receive_piece(
    *, by: Actor, id: UUID, offset: int, length: int | None, blocks: Iterable[bytes], now: datetime,
    check: tuple[Any, bytes] | None = None,
) -> Upload:  # fmt: skip
    """Append a piece at `offset`, and settle the upload if it was the last; what came before a cut is kept.

    `check` is an empty hash and the digest that the piece must have: then it is kept whole or not at all. STALE_VERSION
    for another offset, BUSY while somebody writes, CHECKSUM_MISMATCH, LIMIT_EXCEEDED beyond the size, STORAGE_FULL.
    """
    with acting(by):
        upload = find_upload(by=by, id=id)
        alive(upload, now)
        fixable(upload.case)
    if upload.state != UploadState.RECEIVING and offset == upload.size and not length:
        return upload
    if length is not None and offset + length > upload.size:
        raise too_long()
    pen = take_pen(id, by=by, offset=offset, now=now)
    try:
        if check:
            pen.check, pen.before = check[0], pen.running.copy() if pen.running else None
        with incoming.opened(id) as file:
            for block in gathered(blocks):
                keep_block(pen, file, block)
        if check:
            keep_checked(pen, check[1])
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise storage_full() from error
    finally:
        lay_down(pen)
    return settle(pen)


def too_long() -> Refused:
    """The answer to more bytes than were announced."""
    return Refused(
        Code.LIMIT_EXCEEDED, _("收到的数据超过声明的文件大小；请核对文件后重新上传。"), field="Upload-Offset"
    )


def gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in pieces of about `BLOCK`, sooner on a slow line; what came before its end is not lost."""
    held, since = bytearray(), time.monotonic()
    for block in blocks:
        held += block
        if len(held) >= BLOCK or time.monotonic() - since > RECORDED:
            yield bytes(held)
            held, since = bytearray(), time.monotonic()
    if held:
        yield bytes(held)


def take_pen(id: UUID, *, by: Actor, offset: int, now: datetime) -> Pen:
    """Become the one who writes; BUSY while another one does, STALE_VERSION if the upload stands elsewhere."""
    with acting(by):
        upload = Upload.objects.select_for_update().get(pk=id)
        alive(upload, now)
        if upload.writer and upload.written_at and upload.written_at + SILENCE > now:
            raise Refused(Code.BUSY, _("另一个连接正在写入此上传；请稍候再试。"))
        stored = incoming.path(id).stat().st_size if incoming.path(id).exists() else 0
        if stored < upload.offset:  # the disk lost what it had promised
            upload.offset = stored
        standing = upload.offset
        upload.writer, upload.written_at = (uuid4(), now) if standing == offset else (None, None)
        upload.save(update_fields=["offset", "writer", "written_at"])
    if standing != offset or upload.state != UploadState.RECEIVING:
        raise Refused(
            Code.STALE_VERSION,
            _("断点位置不符：服务器已收到 {offset} 字节；请用 HEAD 查询后继续。").format(offset=standing),
            field="Upload-Offset",
        )
    assert upload.writer is not None  # noqa: S101 - set above
    return Pen(by, id, upload.writer, now, offset, upload.size, at=offset, running=incoming.running.take(id, offset))


def held(pen: Pen) -> Upload:
    """The upload, locked, if the pen still counts; BUSY if it was taken, INVALID_STATE if the upload is gone."""
    upload = Upload.objects.select_for_update().get(pk=pen.upload)
    alive(upload, pen.now())
    if upload.writer != pen.token:
        raise Refused(Code.BUSY, _("此连接中断过久，上传已由另一个连接接替。"))
    return upload


def keep_block(pen: Pen, file: int, block: bytes) -> None:
    """Write a block and record it; a piece with a checksum is recorded when it is whole."""
    if pen.at + len(block) > pen.size:
        raise too_long()
    with acting(pen.by):
        upload = held(pen)
        incoming.write(file, block, pen.at)
        if pen.check is None:
            upload.offset = pen.at + len(block)
        upload.written_at, upload.expires_at = pen.now(), pen.now() + waiting()
        upload.save(update_fields=["offset", "written_at", "expires_at"])
    pen.at += len(block)
    if pen.check is not None:
        pen.check.update(block)
    if pen.running is not None:
        pen.running.update(block)


def keep_checked(pen: Pen, digest: bytes) -> None:
    """Record the piece if its checksum is right; CHECKSUM_MISMATCH, and nothing of it kept, otherwise."""
    if pen.check.digest() != digest:
        pen.at, pen.running = pen.start, pen.before
        raise Refused(
            Code.CHECKSUM_MISMATCH, _("这一段的校验和不符，已丢弃；请从断点重新发送。"), field="Upload-Checksum"
        )
    with acting(pen.by):
        upload = held(pen)
        upload.offset = pen.at
        upload.save(update_fields=["offset"])


def lay_down(pen: Pen) -> None:
    """Let the next one write, and remember the running checksum for it."""
    with acting(pen.by):
        Upload.objects.filter(pk=pen.upload, writer=pen.token).update(writer=None)
    if pen.running is not None:
        incoming.running.keep(pen.upload, pen.at, pen.running)


def settle(pen: Pen) -> Upload:
    """The upload as it stands; once whole it goes to be checked, or CHECKSUM_MISMATCH if the file is another one."""
    with acting(pen.by):
        upload = Upload.objects.select_for_update().get(pk=pen.upload)
        if upload.offset < upload.size or upload.state != UploadState.RECEIVING:
            return upload
        known = incoming.running.take(pen.upload, upload.size)
        upload.digest = known.hexdigest() if known else ""
        upload.received_at = pen.now()
        wrong = bool(known and upload.sha256) and upload.digest != upload.sha256
        if wrong:
            refuse(upload, "WRONG_CHECKSUM", now=pen.now())
        else:
            upload.state = UploadState.CHECKING
            upload.save(update_fields=["state", "digest", "received_at"])
    if wrong:
        raise Refused(
            Code.CHECKSUM_MISMATCH, _("整个文件的 SHA-256 与声明不符，文件已删除；请核对后重新上传。"), field="sha256"
        )
    return upload
