"""Where requests wait, and how many may: lanes with threads of their own, which refuse at once what they cannot take.

A request that is refused here was not begun. The green channel has a lane of its own that never refuses, so its steps
wait behind nothing else.
"""

import asyncio
import json
import time
from contextvars import copy_context
from io import BytesIO
from typing import Any

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from consortium.errors import Code

ARRIVED = "refnet.arrived"  # in the scope of a request: the moment, by the monotonic clock
BUSY_NOW = "503 Service Unavailable"


class Lane:
    """Threads that answer requests by WSGI; `waiting` is how many may wait for one, None for any number."""

    def __init__(self, application: Any, *, threads: int, waiting: int | None) -> None:
        self._most = None if waiting is None else threads + waiting
        self._within = 0
        self._served = application if waiting is None else punctual(application)
        self._threads = WSGIMiddleware(self._served, workers=threads)

    @property
    def full(self) -> bool:
        """Whether the next request would be refused."""
        return self._most is not None and self._within >= self._most

    async def __call__(self, scope: Any, receive: Any, send: Any, *, body: bytes | None = None) -> None:
        """Answer one request, or say that there is no room for it; one whose body was read is answered as a whole."""
        if self.full:
            await refuse(scope, send)
            return
        scope[ARRIVED] = time.monotonic()
        self._within += 1
        try:
            if body is None:
                await self._threads(scope, receive, send)
            else:
                await self._as_a_whole(scope, body, send)
        finally:
            self._within -= 1

    async def _as_a_whole(self, scope: Any, body: bytes, send: Any) -> None:
        # Once to a thread and once back, where a2wsgi goes four times each: a tenth of a worklist (docs/adr/0046).
        given = build_environ(scope, BytesIO(body))  # type: ignore[arg-type]
        loop, known = asyncio.get_running_loop(), copy_context()
        start, content = await loop.run_in_executor(self._threads.executor, known.run, answered, self._served, given)
        await send(start)
        await send({"type": "http.response.body", "body": content})


def answered(application: Any, given: Any) -> tuple[dict[str, Any], bytes]:
    """What a WSGI application says: how its answer starts, as ASGI has it, and all of the body."""
    start: dict[str, Any] = {"type": "http.response.start"}

    def begin(status: str, headers: list[tuple[str, str]], _failure: Any = None) -> None:
        start["status"] = int(status[:3])
        start["headers"] = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    chunks = application(given, begin)
    try:
        return start, b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def punctual(application: Any) -> Any:
    """The WSGI application, but for requests that have waited so long that nobody expects their answer any more."""

    def answer(environ: Any, start_response: Any) -> Any:
        scope = environ["asgi.scope"]
        if time.monotonic() - scope[ARRIVED] > settings.WAITING_SECONDS:
            headers, body = busy(scope)
            start_response(BUSY_NOW, [(name.decode(), value.decode("latin-1")) for name, value in headers])
            return [body]
        return application(environ, start_response)

    return answer


def busy(scope: Any) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the answer to what was not begun, in the reader's language."""
    language = dict(scope["headers"]).get(b"accept-language", b"").lower()
    with override("en" if language.startswith(b"en") else settings.LANGUAGE_CODE):
        said = _("服务繁忙，请求未开始处理；请稍后重试。")
    error = {"message": said, "extensions": {"code": Code.UNAVAILABLE.value}}
    body = json.dumps({"errors": [error]}, ensure_ascii=False).encode()
    headers = {
        b"content-type": b"application/json; charset=utf-8",
        b"content-length": str(len(body)).encode(),
        b"cache-control": b"no-store",
        b"retry-after": str(settings.RETRY_SECONDS).encode(),
    }
    return list(headers.items()), body


async def give_up(send: Any) -> None:
    """Tell a sender who was too slow, and hang up."""
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def refuse(scope: Any, send: Any) -> None:
    """Say that there is no room now and when to come again."""
    headers, body = busy(scope)
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def whole(receive: Any, *, most: int) -> bytes | None:
    """The body of a request, at most one byte more than allowed; None from a client that is gone.

    It is waited for on the event loop, so that whoever sends a byte a minute holds no thread; TimeoutError in the end.
    """
    body = b""
    async with asyncio.timeout(settings.REQUEST_SECONDS):
        while len(body) <= most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")[: most + 1 - len(body)]
            if not message.get("more_body"):
                break
    return body
