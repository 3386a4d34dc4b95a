"""A plain file over HTTP, in the server and the threads that our pages have: `bench.over_http.reference:application`.

`REFNET_BENCH_FILE` names it; it is read anew for each request.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from a2wsgi import WSGIMiddleware

THREADS = 4  # as many as our service has


def file(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer any request with the file."""
    data = Path(os.environ["REFNET_BENCH_FILE"]).read_bytes()
    start_response("200 OK", [("Content-Type", "image/jpeg"), ("Content-Length", str(len(data)))])
    return [data]


application = WSGIMiddleware(file, workers=THREADS)  # type: ignore[arg-type]
