"""Entry for an ASGI server: live streams and tiles at hand on the event loop, all else as WSGI in lasting threads.

The threads last, so each keeps its database connection from request to request; Django's own ASGI handler runs every
request in a thread of its own and so connects anew each time (docs/adr/0015).
"""

import asyncio
import os
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
web = get_wsgi_application()

from django.conf import settings  # noqa: E402 - only once the settings are chosen
from django.utils.module_loading import import_string  # noqa: E402 - likewise

STREAM = "/graphql/stream/"
UPLOADS = "/uploads/"
SILENCE = 60  # seconds without a byte after which a line is taken for dead, so that it frees its thread
pages = WSGIMiddleware(web, workers=settings.WEB_THREADS)  # type: ignore[arg-type]
# A slide may take hours over a poor line: it waits in threads of its own, and nobody's page waits with it.
slides = WSGIMiddleware(web, workers=settings.UPLOAD_THREADS)  # type: ignore[arg-type]
live = import_string("schema.live.server.application")  # by name: this room imports nothing above it
tile_at_hand = import_string("schema.views.slides.at_hand")


def impatient(receive: Any) -> Any:
    """What comes over a line, which ends when it has been silent for long."""

    async def next_message() -> Any:
        try:
            return await asyncio.wait_for(receive(), SILENCE)
        except TimeoutError:
            return {"type": "http.disconnect"}

    return next_message


async def send_at_once(headers: dict[str, str], body: bytes, send: Any) -> None:
    """Send an answer that is ready."""
    told = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": told})
    await send({"type": "http.response.body", "body": body})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request."""
    if scope["type"] == "http":
        # In WSGI `X_Forwarded_Proto` and `X-Forwarded-Proto` are one name, so a client could speak for the proxy.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        if scope["path"] == STREAM:
            await live(scope, receive, send)
            return
        if tile := tile_at_hand(scope):
            headers, body = tile
            await send_at_once(headers, body, send)
            return
        if scope["path"].startswith(UPLOADS):
            await slides(scope, impatient(receive), send)
            return
    await pages(scope, receive, send)
