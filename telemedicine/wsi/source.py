"""Where a slide's bytes come from: a local file, any seekable binary object, or a reader of ranges."""

import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, runtime_checkable

from telemedicine.wsi.faults import BadSlide, Fault

BLOCK = 256 * 1024
BLOCKS_KEPT = 64


@runtime_checkable
class Source(Protocol):
    """Bytes with a length that can be read anywhere, from several threads at once."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on; fewer at the end."""


class FileSource:
    """A local file, read without moving a shared position."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on; fewer at the end."""
        return os.pread(self._descriptor, length, offset)

    def read_at_once(self, offset: int, length: int) -> bytes | None:
        """The same, if the system has all of it in memory; None where a disk would have to be waited for."""
        held = bytearray(length)
        try:
            if os.preadv(self._descriptor, [held], offset, os.RWF_NOWAIT) == length:
                return bytes(held)
        except (OSError, AttributeError):  # not in memory, or a system that cannot say
            pass
        return None

    def close(self) -> None:
        """Give the file back; reading afterwards fails."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            self.close()


class StreamSource:
    """A seekable binary object, one read at a time."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lock = Lock()
        self.size = stream.seek(0, os.SEEK_END)

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on; fewer at the end."""
        with self._lock:
            self._stream.seek(offset)
            return bytes(self._stream.read(length))


def as_source(given: Any) -> Source:
    """A path, a reader with `read_at` and `size`, or a seekable binary object, as a source."""
    if isinstance(given, str | Path):
        return FileSource(given)
    if isinstance(given, Source):
        return given
    return StreamSource(given)


def at_once(source: Source, offset: int, length: int) -> bytes | None:
    """Bytes of a local file that can be had without waiting, or None."""
    return source.read_at_once(offset, length) if isinstance(source, FileSource) else None


class Window:
    """A source seen through large blocks, so that parsing costs few reads; every read is complete or TRUNCATED."""

    def __init__(self, source: Source) -> None:
        self.size = source.size
        self._source = source
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise BadSlide(Fault.TRUNCATED, f"{length} bytes at {offset} of {self.size}")
        if length > BLOCK:
            found = self._source.read_at(offset, length)
        else:
            first, last = offset // BLOCK, (offset + length - 1) // BLOCK if length else offset // BLOCK
            joined = b"".join(self._block(number) for number in range(first, last + 1))
            start = offset - first * BLOCK
            found = joined[start : start + length]
        if len(found) != length:
            raise BadSlide(Fault.TRUNCATED, f"{len(found)} of {length} bytes at {offset}")
        return found

    def _block(self, number: int) -> bytes:
        """One block, from memory if it was read lately."""
        if number in self._blocks:
            self._blocks.move_to_end(number)
        else:
            self._blocks[number] = self._source.read_at(number * BLOCK, min(BLOCK, self.size - number * BLOCK))
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return self._blocks[number]
