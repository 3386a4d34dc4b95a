"""More than a process can take is refused at once, and the green channel is not kept waiting by any of it."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from consortium import seal
from consortium.lanes import Lane
from consortium.roles import Role
from referrals.models import Referral
from schema import urgency
from schema.urgency import urgent
from tests.edge.client import gid, issue
from tests.endpoint.test_headers import ask
from tests.live.server import Server, running
from tests.world import World

DOCTOR = Role.REFERRING_DOCTOR
ACTIVATE = (
    "mutation Call($input: ActivateGreenChannelInput!) "
    "{ activateGreenChannel(input: $input) { referral { number } errors { code } } }"
)


@contextmanager
def locked(table: str) -> Iterator[None]:
    """While within, whoever reads the table waits."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"lock table {table} in access exclusive mode")
                held.set()
                done.wait(120)
        finally:
            connection.close()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert held.wait(30)
        yield
    finally:
        done.set()
        holding.join()


def in_the_background(work: Any) -> tuple[threading.Thread, list[Any]]:
    """Work that is under way, and where its result will be."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    return thread, found


def waiting_for(server: Server, number: int) -> None:
    """Until so many statements of the service wait for a lock."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
            if cursor.fetchone()[0] >= number:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def posted(server: Server, secret: str, **body: Any) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of the answer to an operation."""
    given = {"Authorization": f"Bearer {secret}", "Content_Type": "application/json"}
    status, headers, said = ask(server, "POST", "/graphql/", json.dumps(body), **given)
    return status, headers, json.loads(said)


@pytest.fixture
def secret(committed: World) -> str:
    """The token of a county doctor's system."""
    return issue(committed.people["county", DOCTOR, 1], "read", "write", now=timezone.now())[1]


def call(world: World, key: str) -> dict[str, Any]:
    """A call of the green channel on the wire."""
    given = {"kind": "CRITICAL_CHILD", "requesterDepartment": gid(world.departments["county"]), "idempotencyKey": key}
    given |= {"targets": [gid(world.departments["province"])], "patient": {"name": "王小急"}, "summary": "高热"}
    return {"query": ACTIVATE, "variables": {"input": given}, "operationName": "Call"}


def test_a_full_process_refuses_at_once_and_still_takes_calls_of_the_green_channel(committed, secret):
    with running(REFNET_THREADS="1", REFNET_WAITING="2") as server:
        slow = f"/verify/?code={seal.new_code()}"
        with locked("telemedicine_report"):
            under_way = [in_the_background(lambda: ask(server, "GET", slow)[0])]
            waiting_for(server, 1)
            under_way += [in_the_background(lambda: ask(server, "GET", "/session/")[0]) for _ in range(2)]
            time.sleep(1)  # so that they stand in line
            status, headers, body = posted(server, secret, query="{ me { username } }")
            assert (status, headers["retry-after"]) == (503, str(settings.RETRY_SECONDS))
            assert body["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
            assert headers["x-content-type-options"] == "nosniff"
            status, _headers, said = ask(server, "GET", "/session/", Accept_Language="en")
            assert (status, "busy" in json.loads(said)["errors"][0]["message"]) == (503, True)
            for number in range(5):
                status, _headers, body = posted(server, secret, **call(committed, f"call-{number}"))
                assert status == 200, body
                codes = [error["code"] for error in body["data"]["activateGreenChannel"]["errors"]]
                assert codes == ([] if number == 0 else ["OPEN_CASE_EXISTS"]) or codes == [], body
            # Whoever only says so in a comment, or asks for more beside it, waits like everybody.
            for other in ("{ me { username } } # greenKinds", "{ greenKinds { code } me { username } }"):
                assert posted(server, secret, query=other)[0] == 503
            assert ask(server, "GET", "/livez")[0] == ask(server, "GET", "/readyz")[0] == 200
        for thread, found in under_way:
            thread.join(60)
            assert len(found) == 1
        assert [found for _thread, found in under_way][1:] == [[200], [200]]
        assert posted(server, secret, query="{ me { username } }")[0] == 200
    assert Referral.objects.filter(green_kind__isnull=False).exists()


def test_a_sender_of_a_byte_now_and_then_holds_no_thread(committed, secret):
    with running(REFNET_THREADS="1", REFNET_WAITING="0", REFNET_REQUEST_SECONDS="3") as server:
        lines = []
        for _ in range(10):
            line = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            head = "POST /graphql/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100"
            line.sendall(f"{head}\r\n\r\n{{".encode())
            lines.append(line)
        assert posted(server, secret, query="{ me { username } }")[0] == 200
        began = time.monotonic()
        for line in lines:
            assert line.recv(100).startswith(b"HTTP/1.1 408")
            line.close()
        assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"query": ACTIVATE}, True),
        ({"query": ACTIVATE, "operationName": "Call"}, True),
        ({"query": ACTIVATE, "operationName": "Other"}, False),
        ({"query": "{ offers(open: true) { nodes { id } } greenKinds { code } }"}, True),
        ({"query": "{ offers { nodes { id } } worklist(box: IN) { totalCount } }"}, False),
        ({"query": "{ a: worklist(box: IN) { totalCount } offers: me { username } }"}, False),
        ({"query": "query { ...F } fragment F on Query { greenKinds { code } }"}, False),
        ({"query": "{ greenKinds { code }"}, False),
        ({"query": "{ greenKinds { code } } " + " " * 9000}, False),
        ({"query": 5, "note": "greenKinds"}, False),
        ([{"query": ACTIVATE}], False),
        ({"documentId": "sha256:" + "0" * 64}, False),
        ({"documentId": "greenKinds"}, False),
        ({"documentId": 7}, False),
        ({}, False),
    ],
)
def test_what_belongs_to_the_green_channel_is_told_from_the_bytes(body, found):
    assert urgent(json.dumps(body).encode()) is found


@pytest.mark.parametrize("body", [b"", b"\xff greenKinds", b'{"query": "greenKinds', b"[" * 5000 + b"greenKinds"])
def test_what_cannot_be_read_is_not_urgent(body):
    assert urgent(body) is False


def test_every_step_of_the_front_for_the_green_channel_goes_its_own_way():
    path = settings.FRONT / "documents.json"
    if not path.is_file():
        pytest.skip("SKIPPED FOR LACK OF web/dist (python web/build.py): the front's documents were NOT held up")
    documents = json.loads(path.read_text(encoding="utf-8"))
    steps = {name for name in urgency.FIELDS if name not in ("offers", "offer", "greenTargets", "greenKinds")}
    asked = {id for id, text in documents.items() if any(f"\n  {name}(" in text for name in steps)}
    assert len(asked) >= 10
    assert {id for id in asked if not urgent(json.dumps({"documentId": id}).encode())} == set()
    assert sum(urgent(json.dumps({"documentId": id}).encode()) for id in documents) < len(documents) / 2


SCOPE = {
    "type": "http", "http_version": "1.1", "method": "POST", "path": "/graphql/", "query_string": b"a=1",
    "headers": [(b"content-type", b"application/json"), (b"x-one", b"1"), (b"accept-language", b"en")],
}  # fmt: skip


class Chunks(list[bytes]):
    """The body of an answer, which wants to be closed."""

    closed = False

    def close(self) -> None:
        """As PEP 3333 asks."""
        self.closed = True


def whole_answer(lane: Lane, body: bytes, **more: Any) -> list[Any]:
    """What a lane sends for an operation."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(lane(SCOPE | more, None, send, body=body))
    return sent


@pytest.mark.parametrize("waiting", [0, None])
def test_an_operation_is_answered_as_a_whole(waiting):
    chunks, seen = Chunks([b"one", b"", b"two"]), []

    def application(environ, begin):
        seen.append([environ[name] for name in ("PATH_INFO", "QUERY_STRING", "HTTP_X_ONE")])
        seen.append(environ["wsgi.input"].read())
        begin("201 Created", [("X-Known", "caf\xe9"), ("Content-Length", "6")])
        return chunks

    start, body = whole_answer(Lane(application, threads=1, waiting=waiting), b"{}")
    assert seen == [["/graphql/", "a=1", "1"], b"{}"]
    headers = [(b"x-known", b"caf\xe9"), (b"content-length", b"6")]
    assert start == {"type": "http.response.start", "status": 201, "headers": headers}
    assert body == {"type": "http.response.body", "body": b"onetwo"}
    assert chunks.closed


def test_what_fails_while_it_answers_is_closed_and_gives_its_place_back():
    class Failing(Chunks):
        def __iter__(self):
            raise ValueError("in the middle")

    chunks = Failing()

    def application(environ, begin):
        begin("200 OK", [])
        return chunks

    lane = Lane(application, threads=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ValueError, match="in the middle"):
            whole_answer(lane, b"")
    assert chunks.closed
    assert not lane.full


def test_an_operation_that_waited_too_long_is_not_begun(monkeypatch):
    monkeypatch.setattr(settings, "WAITING_SECONDS", -1)
    start, body = whole_answer(Lane(lambda *_: pytest.fail("begun"), threads=1, waiting=5), b"{}")
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"] == str(settings.RETRY_SECONDS).encode()
    assert json.loads(body["body"])["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
