"""A folder of decoded tiles that stays below a size, the longest unused going first; safe for many processes."""

import os
import tempfile
from pathlib import Path

SWEEP_EVERY = 256  # writes; between sweeps the folder may exceed its size by so many tiles


class TileCache:
    """Bytes by key below a folder."""

    def __init__(self, folder: str | Path, *, limit_bytes: int) -> None:
        self.folder, self.limit_bytes = Path(folder), limit_bytes
        self._writes = 0

    def get(self, key: str) -> bytes | None:
        """What is kept under a key, marked as used; None if nothing is."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes under a key, whole or not at all; a full disk is no error here."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                file.write(data)
            os.replace(file.name, path)
        except OSError:
            return
        self._writes += 1
        if self._writes % SWEEP_EVERY == 0:
            self.sweep()

    def sweep(self) -> None:
        """Delete the longest unused until nine tenths of the size are left."""
        known = []
        for path in self.folder.glob("*/*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue  # another process swept it
            known.append((found.st_mtime_ns, found.st_size, path))
        total = sum(size for _used, size, _path in known)
        if total <= self.limit_bytes:
            return
        for _used, size, path in sorted(known):
            path.unlink(missing_ok=True)
            total -= size
            if total <= self.limit_bytes * 0.9:
                return

    def _path(self, key: str) -> Path:
        """Where a key's bytes lie."""
        return self.folder / key[:2] / key
