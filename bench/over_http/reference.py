"""What ours is held against: a small server of DeepZoom tiles made by OpenSlide and Pillow, and of one plain file.

`REFNET_BENCH_SLIDE` and `REFNET_BENCH_FILE` name what it serves; run as `bench.over_http.reference:application`.
"""

import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from a2wsgi import WSGIMiddleware
from openslide import OpenSlide
from openslide.deepzoom import DeepZoomGenerator

TILE = re.compile(r"/zoom/(\d+)/(\d+)_(\d+)\.jpeg")
THREADS = 4  # as many as our service has


class Reference:
    """A WSGI application: `/zoom/LEVEL/COLUMN_ROW.jpeg`, and `/file`."""

    def __init__(self, slide: Path, file: Path) -> None:
        self.zoom = DeepZoomGenerator(OpenSlide(slide), tile_size=254, overlap=1, limit_bounds=True)
        self.file = file

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request with a picture."""
        data = self.picture(environ["PATH_INFO"])
        if data is None:
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        start_response("200 OK", [("Content-Type", "image/jpeg"), ("Content-Length", str(len(data)))])
        return [data]

    def picture(self, path: str) -> bytes | None:
        """The bytes at a path: the file read anew, or a tile made anew; nothing for any other path."""
        if path == "/file":
            return self.file.read_bytes()
        found = TILE.fullmatch(path)
        if not found:
            return None
        level, column, row = map(int, found.groups())
        try:
            tile = self.zoom.get_tile(level, (column, row))
        except ValueError:
            return None
        out = io.BytesIO()
        tile.convert("RGB").save(out, "JPEG", quality=75)
        return out.getvalue()


def application_of(environment: Any) -> Any:
    """The reference as an ASGI application, in threads of its own as our pages are."""
    slide, file = (Path(environment[name]) for name in ("REFNET_BENCH_SLIDE", "REFNET_BENCH_FILE"))
    return WSGIMiddleware(Reference(slide, file), workers=THREADS)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    """`application`, made when the server asks for it."""
    if name == "application":
        return application_of(os.environ)
    raise AttributeError(name)
