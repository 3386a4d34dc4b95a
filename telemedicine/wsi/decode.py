"""Tiles that cannot be served as stored: decoded by a few limited processes, and kept on disk."""

import json
import os
import selectors
import struct
import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path
from queue import LifoQueue
from typing import Any

from telemedicine.wsi import blob
from telemedicine.wsi.cache import TileCache
from telemedicine.wsi.faults import BadSlide, Fault
from telemedicine.wsi.slide import Slide
from telemedicine.wsi.worker import DONE

PROJECT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 20.0
PROCESSES = max(1, min(4, (os.cpu_count() or 2) // 2))
LARGEST_ANSWER = 256 * 1024 * 1024


def command(module: str) -> dict[str, Any]:
    """How to start one of our modules in a process that inherits no configuration and no secret."""
    return {
        "args": [sys.executable, "-s", "-m", module],
        "cwd": PROJECT,
        "env": {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        "start_new_session": True,
    }


class _Process:
    """One limited process, started when first needed and again after it was lost."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any], timeout: float) -> bytes:
        """Its answer; CRASHED if it died, TOO_SLOW if it did not answer in time, or the fault it found."""
        end = time.monotonic() + timeout
        running = self._running
        if running is None or running.poll() is not None:
            self.stop()
            running = self._running = subprocess.Popen(
                **command("telemedicine.wsi.worker"),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        complete = False
        try:
            _write(running, json.dumps(request).encode() + b"\n")
            status, length = struct.unpack(">cI", _read(running, 5, end))
            if length > LARGEST_ANSWER:
                raise BadSlide(Fault.CRASHED, f"an answer of {length} bytes")
            data = _read(running, length, end)
            complete = True
        finally:
            if not complete:
                self.stop()
        if status != DONE:
            raise BadSlide(Fault(data.decode()), request["want"])
        return data

    def stop(self) -> None:
        """End the process and reap it."""
        if self._running is not None:
            self._running.kill()
            self._running.communicate()
            self._running = None


def _write(running: "subprocess.Popen[bytes]", data: bytes) -> None:
    """Send a request."""
    try:
        if running.stdin:
            running.stdin.write(data)
    except OSError as error:
        raise BadSlide(Fault.CRASHED, "the decoder is gone") from error


def _read(running: "subprocess.Popen[bytes]", length: int, end: float) -> bytes:
    """Exactly so many bytes of an answer, before the clock reaches `end`."""
    pipe = running.stdout
    if pipe is None:
        raise BadSlide(Fault.CRASHED, "no pipe")
    kept = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while len(kept) < length:
            if not waiting.select(max(0.0, end - time.monotonic())):
                raise BadSlide(Fault.TOO_SLOW, "the decoder did not answer")
            found = os.read(pipe.fileno(), min(length - len(kept), 1 << 20))
            if not found:
                raise BadSlide(Fault.CRASHED, "the decoder ended")
            kept += found
    return bytes(kept)


class Pool:
    """A few limited processes shared by the threads of this one; each request waits for a free one."""

    def __init__(self, processes: int = PROCESSES) -> None:
        self._count = processes
        self._made_in = 0
        self._fill()

    def _fill(self) -> None:
        """Take processes of our own: after a fork those of the parent must be left alone."""
        self._made_in = os.getpid()
        self._idle: LifoQueue[_Process] = LifoQueue()
        for _number in range(self._count):
            self._idle.put(_Process())

    def ask(self, request: dict[str, Any], timeout: float = TIMEOUT_SECONDS) -> bytes:
        """The answer of whichever process is free."""
        if self._made_in != os.getpid():
            self._fill()
        process = self._idle.get()
        try:
            return process.ask(request, timeout)
        finally:
            self._idle.put(process)

    def stop(self) -> None:
        """End every process; the next request starts them again."""
        for process in [self._idle.get() for _number in range(self._count)]:
            process.stop()
            self._idle.put(process)


POOL = Pool()


class Decoder:
    """Decodes tiles and pictures of the slide at a local path."""

    def __init__(self, path: str | Path, *, cache: TileCache | None = None, pool: Pool = POOL) -> None:
        self.path = Path(path)
        known = self.path.stat()
        self._stamp = f"{known.st_size}-{known.st_mtime_ns}-{known.st_ino}"
        self._cache, self._pool = cache, pool

    def index(self) -> Slide:
        """What OpenSlide says about the slide, without sources."""
        return blob.load(self._asked({"want": "index"}))

    def tile(self, slide: Slide, level: int, column: int, row: int) -> bytes:
        """A tile as JPEG, of the full tile size and white beyond the picture."""
        size = slide.levels[level]
        request = {
            "want": "tile",
            "size": [size.width, size.height],
            "at": [column * size.tile_width, row * size.tile_height],
            "shape": [size.tile_width, size.tile_height],
        }
        return self._kept(request)

    def associated(self, name: str) -> bytes:
        """A label, macro or thumbnail as JPEG; never kept on disk, since it may show a name."""
        return self._asked({"want": "associated", "name": name})

    def _asked(self, request: dict[str, Any]) -> bytes:
        """A limited process's answer about this file."""
        return self._pool.ask({"path": str(self.path), "stamp": self._stamp, **request})

    def _kept(self, request: dict[str, Any]) -> bytes:
        """The answer from the cache, or asked for and kept there."""
        if self._cache is None:
            return self._asked(request)
        key = blake2b(f"{self.path}\n{self._stamp}\n{json.dumps(request)}".encode(), digest_size=20).hexdigest()
        data = self._cache.get(key)
        if data is None:
            data = self._asked(request)
            self._cache.put(key, data)
        return data
