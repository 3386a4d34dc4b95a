"""Bytes on their way in: one file for each upload, in a folder of its own beside the store."""

import os
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings

REMEMBERED = 64  # uploads of which this process knows the running checksum


def folder() -> Path:
    """Where unfinished files lie."""
    return Path(settings.MEDIA_ROOT) / "incoming"


def path(upload: UUID) -> Path:
    """The file of an upload."""
    return folder() / str(upload)


def room() -> int:
    """Bytes that may still be written before the reserve of the disk is touched."""
    folder().mkdir(parents=True, exist_ok=True)
    return max(0, shutil.disk_usage(folder()).free - settings.DISK_RESERVE_BYTES)


@contextmanager
def opened(upload: UUID) -> Iterator[int]:
    """The file of an upload, open for writing; made if it is not there."""
    folder().mkdir(parents=True, exist_ok=True)
    file = os.open(path(upload), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def write(file: int, block: bytes, at: int) -> None:
    """Put a block at its place, on the disk when this returns; OSError if the disk is full."""
    left = memoryview(block)
    while left:
        done = os.pwrite(file, left, at)
        left, at = left[done:], at + done
    os.fsync(file)


def remove(upload: UUID) -> None:
    """Take the file of an upload off the disk, if it is there."""
    path(upload).unlink(missing_ok=True)


def digest(upload: UUID) -> str:
    """SHA-256 of the whole file, read once."""
    with path(upload).open("rb") as file:
        found = sha256()
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


class Running:
    """The checksums of what came so far, of the last uploads that this process wrote; another one reads again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[int, Any]] = OrderedDict()
        self._lock = Lock()

    def take(self, upload: UUID, offset: int) -> Any:
        """The checksum of the first `offset` bytes, or nothing if this process does not know it."""
        if offset == 0:
            return sha256()
        with self._lock:
            known, running = self._kept.pop(upload, (-1, None))
        return running if known == offset else None

    def keep(self, upload: UUID, offset: int, running: Any) -> None:
        """Remember a checksum; the oldest is forgotten."""
        with self._lock:
            self._kept[upload] = (offset, running)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)


running = Running()
