"""A limited process that decodes tiles on request: a line of JSON in, status, length and bytes out."""

import json
import struct
import sys
from functools import lru_cache
from typing import Any

from openslide import OpenSlide

from telemedicine.wsi import blob, foreign, limits
from telemedicine.wsi.faults import BadSlide, Fault

DONE, REFUSED = b"+", b"-"
LIMITS = limits.Limits(cpu_seconds=0, file_bytes=0)


@lru_cache(maxsize=8)
def held(path: str, stamp: str) -> OpenSlide:
    """An open slide, kept while it is among the last few; another stamp means another file."""
    return foreign.opened(path)


def answer(request: dict[str, Any]) -> bytes:
    """The bytes that a request asks for."""
    if request["want"] == "mosaic":
        return foreign.as_jpeg(foreign.joined(request))
    slide = held(request["path"], request["stamp"])
    if request["want"] == "index":
        return blob.dump(foreign.described(slide))
    if request["want"] == "associated":
        return foreign.as_jpeg(foreign.associated(slide, request["name"]))
    size, at, shape = (tuple(request[name]) for name in ("size", "at", "shape"))
    return foreign.as_jpeg(foreign.region(slide, size, at, shape))


def serve() -> None:
    """Answer until the input ends."""
    limits.apply(LIMITS)
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        try:
            status, data = DONE, answer(json.loads(line))
        except BadSlide as error:
            status, data = REFUSED, error.fault.encode()
        except MemoryError:
            status, data = REFUSED, Fault.TOO_MUCH_MEMORY.encode()
        out.write(status + struct.pack(">I", len(data)) + data)
        out.flush()


if __name__ == "__main__":
    serve()
