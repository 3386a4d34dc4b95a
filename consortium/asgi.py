"""Entry for an ASGI server: live streams on the event loop, everything else as WSGI in a few lasting threads.

The threads last, so each keeps its database connection from request to request; Django's own ASGI handler runs every
request in a thread of its own and so connects anew each time (docs/adr/0015).
"""

import os
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
web = get_wsgi_application()

from django.conf import settings  # noqa: E402 - only once the settings are chosen
from django.utils.module_loading import import_string  # noqa: E402

STREAM = "/graphql/stream/"
pages = WSGIMiddleware(web, workers=settings.WEB_THREADS)  # type: ignore[arg-type]
live = import_string("schema.live.server.application")  # by name: this room imports nothing above it


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request."""
    if scope["type"] == "http":
        # In WSGI `X_Forwarded_Proto` and `X-Forwarded-Proto` are one name, so a client could speak for the proxy.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        if scope["path"] == STREAM:
            await live(scope, receive, send)
            return
    await pages(scope, receive, send)
