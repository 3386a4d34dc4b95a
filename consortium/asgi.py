"""Entry for an ASGI server: live streams and tiles at hand on the event loop, all else as WSGI in lasting threads.

The threads last, so each keeps its database connection from request to request; Django's own ASGI handler runs every
request in a thread of its own and so connects anew each time (docs/adr/0015). Their lanes: docs/adr/0027.
"""

import asyncio
import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
web = get_wsgi_application()

from django.conf import settings  # noqa: E402 - only once the settings are chosen
from django.utils.module_loading import import_string  # noqa: E402 - likewise

from consortium import health, leaving  # noqa: E402 - likewise
from consortium.headers import dressed  # noqa: E402 - likewise
from consortium.lanes import Lane, give_up, refuse, whole  # noqa: E402 - likewise

GRAPHQL = "/graphql/"
STREAM = "/graphql/stream/"
UPLOADS = "/uploads/"
SILENCE = 60  # seconds without a byte after which a line is taken for dead, so that it frees its thread
pages = Lane(web, threads=settings.WEB_THREADS, waiting=settings.WAITING)
green_channel = Lane(web, threads=settings.GREEN_THREADS, waiting=None)
# A slide may take hours over a poor line: it waits in threads of its own, and nobody's page waits with it.
slides = Lane(web, threads=settings.UPLOAD_THREADS, waiting=None)
# By name: this room imports nothing above it.
live = import_string("schema.live.server.application")
part_with_streams = import_string("schema.live.server.part")
tile_at_hand = import_string("schema.views.slides.at_hand")
urgent = import_string("schema.urgency.urgent")


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
    """Answer one request; or begin and end with the server."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        # In WSGI `X_Forwarded_Proto` and `X-Forwarded-Proto` are one name, so a client could speak for the proxy.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        await answer(scope, receive, dressed(send, scope["path"], leaving=leaving.leaving()))
    else:
        await send({"type": "websocket.close"})


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request of HTTP in its lane."""
    path = scope["path"]
    if path in ("/livez", "/readyz"):
        await health.answer(path, send)
    elif path == STREAM:
        if leaving.leaving():
            await refuse(scope, send)
        else:
            await live(scope, receive, send)
    elif tile := tile_at_hand(scope):
        headers, body = tile
        await send_at_once(headers, body, send)
    elif path.startswith(UPLOADS):
        await slides(scope, impatient(receive), send)
    elif path == GRAPHQL and scope["method"] == "POST":
        await operation(scope, receive, send)
    else:
        await pages(scope, impatient(receive), send)


async def operation(scope: Any, receive: Any, send: Any) -> None:
    """Read the whole of an operation before a thread is taken for it, and let the green channel's go its own way."""
    try:
        given = await whole(receive, most=settings.GRAPHQL_LIMITS["body_bytes"])
    except TimeoutError:
        await give_up(send)
        return
    if given is not None:
        lane = green_channel if urgent(given) else pages
        await lane(scope, receive, send, body=given)


async def lifespan(receive: Any, send: Any) -> None:
    """Begin: from now on a signal to end is followed in order; end: nothing is left to do."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            leaving.prepare(part_with_streams)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
