"""Writes TIFF and BigTIFF files: pictures first, directories behind them, numbers little-endian."""

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

from telemedicine.wsi.tiff import SIZES

Tag = tuple[int, int, "bytes | Sequence[int]"]  # number, type, values
ASCII, SHORT, LONG, RATIONAL, BYTES, LONG8 = 2, 3, 4, 5, 7, 16
CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}


class TiffWriter:
    """A file being written; leaving the context completes it."""

    def __init__(self, path: Path, *, big: bool) -> None:
        self.big = big
        self._file = path.open("wb")
        self._file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) if big else struct.pack("<2sHI", b"II", 42, 0))
        self._link = 8 if big else 4

    def __enter__(self) -> "TiffWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def pictures(self, pieces: Iterable[bytes]) -> tuple[list[int], list[int]]:
        """Write tiles or strips one behind the other; their offsets and lengths."""
        offsets, lengths = [], []
        for data in pieces:
            offsets.append(self._file.tell())
            lengths.append(len(data))
            self._file.write(data)
        return offsets, lengths

    def directory(self, tags: list[Tag]) -> None:
        """Write a directory behind everything so far and link it to the one before."""
        entries = []
        for number, kind, values in sorted(tags):
            kind = LONG8 if self.big and number in (273, 279, 324, 325) else kind
            data = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{CODES[kind]}", *values)
            entries.append((number, kind, len(data) // SIZES[kind], self._placed(data)))
        self._align()
        at = self._file.tell()
        counted, shape, link = ("<Q", "<HHQ8s", "<Q") if self.big else ("<H", "<HHI4s", "<I")
        self._file.write(struct.pack(counted, len(entries)))
        for entry in entries:
            self._file.write(struct.pack(shape, *entry))
        end = self._file.tell()
        self._file.write(struct.pack(link, 0))
        self._file.seek(self._link)
        self._file.write(struct.pack(link, at))
        self._link = end
        self._file.seek(0, 2)

    def _placed(self, data: bytes) -> bytes:
        """What stands in the entry: the values themselves if they fit, otherwise where they were written."""
        room = 8 if self.big else 4
        if len(data) <= room:
            return data.ljust(room, b"\0")
        self._align()
        at = self._file.tell()
        self._file.write(data)
        return struct.pack("<Q" if self.big else "<I", at)

    def _align(self) -> None:
        """Go on at an even offset."""
        if self._file.tell() % 2:
            self._file.write(b"\0")


def text(words: str) -> bytes:
    """A text as TIFF keeps it."""
    return words.encode() + b"\0"


def rational(value: float) -> bytes:
    """A fraction with ten-thousandths."""
    return struct.pack("<II", round(value * 10_000), 10_000)
