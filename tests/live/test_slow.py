"""A client that does not keep up is cut off where it can resume, and holds up nobody."""

import asyncio
from typing import Any

import pytest
from django.http import JsonResponse

from consortium.feed import Mark
from schema.live import server
from schema.live.stream import COMPLETE, Stream, message

MARK = Mark("7:7:")
OPENED = 3  # what a client gets at the start: the head, the pause before coming back, the first heartbeat


class Client:
    """The ASGI server's side of one connection, taking so many messages and then none."""

    def __init__(self, takes: int) -> None:
        self.takes, self.got = takes, []
        self.gone, self.reached = asyncio.Event(), asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: dict[str, Any]) -> None:
        if len(self.got) >= self.takes:
            await asyncio.Event().wait()
        self.got.append(event)
        if len(self.got) == min(self.takes, OPENED):
            self.reached.set()

    @property
    def bodies(self) -> list[bytes]:
        return [event["body"] for event in self.got if event["type"] == "http.response.body"]


def stream(limit: int = 3) -> Stream:
    """A stream that was just opened."""
    return Stream(_subscription(), [b":\nid: 7:7:\n\n"], limit)


def _subscription() -> Any:
    class Subscribed:
        actor = None

    return Subscribed()


def serve(opened: Stream, client: Client, act: Any) -> None:
    """Serve until the stream ends; when it is open, or the client takes no more, something happens."""

    async def both() -> None:
        serving = asyncio.create_task(server.serve(opened, client.receive, client.send))
        await client.reached.wait()
        act()
        await serving

    asyncio.run(both())


def test_a_full_queue_cuts_the_stream_without_an_end() -> None:
    opened, client = stream(), Client(takes=3)

    def flood() -> None:
        for n in range(10):
            opened.put(message(str(n), MARK))

    serve(opened, client, flood)
    assert opened.cut.is_set()
    assert client.bodies == [server.OPENING, b":\nid: 7:7:\n\n"]
    assert all(event.get("more_body", True) for event in client.got)  # so the server closes the connection


def test_a_client_that_takes_nothing_for_long_is_let_go(settings: Any) -> None:
    settings.LIVE_LIMITS = settings.LIVE_LIMITS | {"send_seconds": 0.1}
    opened, client = stream(), Client(takes=2)
    serve(opened, client, lambda: opened.put(message("1", MARK)))
    assert len(client.got) == 2


def test_a_client_that_leaves_ends_the_serving() -> None:
    opened, client = stream(), Client(takes=99)
    serve(opened, client, client.gone.set)
    assert COMPLETE not in client.bodies


def test_the_end_comes_after_what_is_on_its_way() -> None:
    opened, client = stream(), Client(takes=99)

    def end() -> None:
        opened.put(message("1", MARK))
        opened.complete()

    serve(opened, client, end)
    assert client.bodies[2:] == [b"event: next\nid: 7:7:\ndata: 1\n\n", COMPLETE]
    assert client.got[-1]["more_body"] is False


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_a_body_is_read_no_further_than_its_limit(size: int, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    seen: list[int] = []

    class Recorder:
        async def open(self, request: Any) -> Any:
            seen.append(len(request.body))
            return JsonResponse({}, status=400)

    monkeypatch.setattr(server, "hub", Recorder)
    client = Client(takes=9)
    parts = iter([{"type": "http.request", "body": b"x" * size, "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(parts)

    scope = {"type": "http", "method": "POST", "path": "/graphql/stream/", "headers": [], "query_string": b""}
    asyncio.run(server.application(scope, receive, client.send))
    assert seen == [min(size, settings.GRAPHQL_LIMITS["body_bytes"] + 1)]
    assert client.got[0]["status"] == 400
