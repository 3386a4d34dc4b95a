"""The ASGI application of `/graphql/stream/`: a request in, server-sent events out until either side ends it."""

import asyncio
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase

from schema.live.hub import Hub
from schema.live.stream import COMPLETE, Stream, heartbeat

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]
OPENING = b"retry: 1000\n"
_hub: Hub | None = None


def hub() -> Hub:
    """The hub of this process, made with the first stream."""
    global _hub
    _hub = _hub or Hub()
    return _hub


def part() -> None:
    """Cut every stream of this process: its client comes back, to another process if this one is about to end."""
    for stream in _hub.streams if _hub else ():
        stream.cut.set()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request."""
    limit = settings.GRAPHQL_LIMITS["body_bytes"]
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")[: limit + 1 - len(body)]  # one more than allowed, so that the view refuses it
        if not message.get("more_body"):
            break
    opened = await hub().open(ASGIRequest(scope, BytesIO(body)))
    if isinstance(opened, HttpResponseBase):
        await refuse(opened, send)
        return
    try:
        await serve(opened, receive, send)
    finally:
        hub().close(opened)


async def refuse(answer: Any, send: Any) -> None:
    """Send an ordinary answer of Django."""
    content = b"".join(answer)
    answer.headers["Content-Length"] = str(len(content))  # once, whoever has said it already
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.items()]
    headers += [(b"set-cookie", morsel.output(header="").strip().encode()) for morsel in answer.cookies.values()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": content})
    answer.close()


async def serve(stream: Stream, receive: Any, send: Any) -> None:
    """Send until the stream is complete, the client is gone, or it is too slow; cut, it may resume."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    tasks = {
        asyncio.create_task(pump(stream, send)),
        asyncio.create_task(stream.cut.wait()),
        asyncio.create_task(departure(receive)),
    }
    try:
        done, _waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def pump(stream: Stream, send: Any) -> None:
    """Send what was missed, then message after message, and a heartbeat where there is none."""

    async def out(data: bytes, more: bool = True) -> None:
        # A client that takes nothing for so long is gone or as good as gone.
        async with asyncio.timeout(settings.LIVE_LIMITS["send_seconds"]):
            await send({"type": "http.response.body", "body": data, "more_body": more})

    try:
        await out(OPENING)
        for message in stream.opening:
            await out(message)
        while True:
            try:
                async with asyncio.timeout(settings.LIVE_LIMITS["heartbeat_seconds"]):
                    message = await stream.queue.get()
            except TimeoutError:
                if not stream.queue.empty():
                    continue  # it came in the same instant, and the mark below may lie behind it
                message = heartbeat(hub().mark)
            await out(message, more=message is not COMPLETE)
            if message is COMPLETE:
                return
    except (TimeoutError, OSError):
        return


async def departure(receive: Any) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
