"""Where slides are kept: Django's storage API over a folder or an S3 bucket, read by ranges either way."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages

from telemedicine.wsi import FileSource, Source

SINGLE = "slide"  # what the only file of a slide is called in the store


class Moved(File):
    """A local file that a storage of the same disk takes over instead of copying it."""

    def temporary_file_path(self) -> str:
        """Where it lies."""
        return str(self.name)


class RangeSource:
    """An object of a bucket, read by ranges; safe for many threads, as the client of each is."""

    def __init__(self, bucket: Any, key: str) -> None:
        self._object = bucket.Object(key)
        self.size = int(self._object.content_length)

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on; fewer at the end."""
        if length <= 0 or offset >= self.size:
            return b""
        last = min(offset + length, self.size) - 1
        found = self._object.meta.client.get_object(
            Bucket=self._object.bucket_name, Key=self._object.key, Range=f"bytes={offset}-{last}"
        )
        with found["Body"] as body:
            return bytes(body.read())


def store() -> Any:
    """The storage of slides."""
    return storages["slides"]


def folder(image: UUID) -> str:
    """Where all that belongs to an image is kept; spread over folders by its last, random digits."""
    return f"slides/{image.hex[-2:]}/{image}"


def put_file(name: str, path: Path) -> str:
    """Take a local file into the store, by moving it where that is possible; the name it got."""
    with path.open("rb") as file:
        return str(store().save(name, Moved(file, name=str(path))))


def put(name: str, data: bytes) -> str:
    """Keep bytes under a name; the name they got."""
    return str(store().save(name, File(BytesIO(data))))


def get(name: str) -> bytes:
    """The bytes of a name."""
    with store().open(name) as file:
        return bytes(file.read())


def source(name: str) -> Source:
    """A stored file to be read by ranges, without fetching the whole."""
    if local := local_path(name):
        return FileSource(local)
    kept = store()
    return RangeSource(kept.bucket, kept._normalize_name(name))


def local_path(name: str) -> Path | None:
    """Where a stored file lies on this machine, or nothing if it lies elsewhere."""
    kept = store()
    return Path(kept.path(name)) if isinstance(kept, FileSystemStorage) else None


def local_copy(image: UUID, names: Iterable[str]) -> Path:
    """A folder of this machine with an image's files, fetched once; for what only OpenSlide can decode.

    The copies together stay below a size; the longest unused go first.
    """
    whole = copies() / str(image)
    if not whole.is_dir():
        copies().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copies(), prefix=".") as temporary:
            fetched = Path(temporary) / "whole"
            for name in names:
                target = fetched / part_name(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with store().open(name) as stored, target.open("wb") as file:
                    shutil.copyfileobj(stored, file, 1 << 20)
            if not whole.is_dir():
                fetched.rename(whole)
        sweep_copies(whole)
    os.utime(whole)
    return whole


def part_name(name: str) -> str:
    """The name of a stored file within its slide."""
    return name.split("/parts/", 1)[1]


def copies() -> Path:
    """Where local copies lie."""
    return Path(settings.MEDIA_ROOT) / "copies"


def sweep_copies(keep: Path) -> None:
    """Delete the longest unused copies until the rest is within its size."""
    known = sorted((path for path in copies().iterdir() if path != keep), key=lambda path: path.stat().st_mtime)
    sizes = {path: sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) for path in [*known, keep]}
    total = sum(sizes.values())
    while total > settings.SLIDE_COPIES_BYTES and known:
        oldest = known.pop(0)
        shutil.rmtree(oldest, ignore_errors=True)
        total -= sizes[oldest]


def remove(image: UUID) -> None:
    """Delete all that belongs to an image, here and in the store."""
    remove_below(store(), folder(image))
    shutil.rmtree(copies() / str(image), ignore_errors=True)


def remove_below(kept: Any, place: str) -> None:
    """Delete every file below a place of a storage, and on a disk the empty folders too."""
    try:
        folders, files = kept.listdir(place)
    except FileNotFoundError:
        return
    for name in files:
        kept.delete(f"{place}/{name}")
    for name in folders:
        remove_below(kept, f"{place}/{name}")
    if isinstance(kept, FileSystemStorage):
        kept.delete(place)
