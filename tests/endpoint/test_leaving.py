"""A service that is told to end: no request that it took is lost, and streams go on elsewhere where they were."""

import http.client
import json
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from consortium import seal
from consortium.roles import Role
from tests.edge.client import issue
from tests.endpoint.test_headers import ask
from tests.endpoint.test_lanes import in_the_background, locked, waiting_for
from tests.live.server import Reader, Refusal
from tests.slides.server import Server

pytestmark = pytest.mark.slow

DRAIN = 4
BODY = json.dumps({"query": "{ me { username } }"})
STREAM = "subscription { noticesReceived { id } }"


@pytest.fixture
def server(committed, tmp_path) -> Any:
    """The service as it runs, in two processes; it is patient with proxies."""
    made = Server(tmp_path, REFNET_DRAIN_SECONDS=str(DRAIN))
    yield made
    with suppress(ProcessLookupError):
        made.kill()
    made.log.close()


class Client(threading.Thread):
    """A client on a lasting connection that asks without a pause, as long as the service says that it is ready."""

    def __init__(self, port: int, secret: str, ready: threading.Event) -> None:
        super().__init__(daemon=True)  # where the test fails, nobody tells it to end
        self.port, self.secret, self.ready = port, secret, ready
        self.answers: list[int] = []
        self.lost: list[str] = []

    def run(self) -> None:
        """Ask until told that the service is leaving."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while self.ready.is_set():
            try:
                line.request("POST", "/graphql/", BODY, headers)
                answer = line.getresponse()
                json.loads(answer.read())["data"]["me"]["username"]
                self.answers.append(answer.status)
            except Exception as error:  # noqa: BLE001 - whatever it was, a request was lost
                self.lost.append(repr(error))
                line.close()


def listens(port: int) -> bool:
    """Whether anybody takes a call there."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_a_service_that_ends_loses_no_request(committed, server):
    doctor = committed.people["county", Role.REFERRING_DOCTOR, 1]
    secret, ready = issue(doctor, "read", now=timezone.now())[1], threading.Event()
    ready.set()
    clients = [Client(server.port, secret, ready) for _ in range(6)]
    bearer = {"Authorization": f"Bearer {secret}"}
    stream = Reader(server, STREAM, headers=bearer).opened()
    with locked("telemedicine_report"):
        slow, answered = in_the_background(lambda: ask(server, "GET", f"/verify/?code={seal.new_code()}"))
        waiting_for(server, 1)
        for client in clients:
            client.start()
        began = time.monotonic()
        while ask(server, "GET", "/readyz")[0] != 200:  # each of the two has first to look at its migrations
            assert time.monotonic() - began < 60
        time.sleep(2)
        server.process.terminate()
        told = time.monotonic()
        while ask(server, "GET", "/readyz")[0] == 200:
            assert time.monotonic() - told < DRAIN
        # Both processes know by now or within the half second in which their parent looks.
        time.sleep(1)
        status, headers, _body = ask(server, "POST", "/graphql/", BODY, Content_Type="application/json", **bearer)
        assert (status, headers["connection"], headers.get("server")) == (200, "close", None)
        with pytest.raises(Refusal, match="503"):
            Reader(server, STREAM, headers=bearer).opened()
        ready.clear()
        for client in clients:
            client.join(60)
        assert not stream.ended(30)  # cut, not complete: the client comes back with its mark
        assert time.monotonic() - told < 30
        while listens(server.port):
            assert time.monotonic() - told < 30
            time.sleep(0.1)
        assert answered == []
        assert server.process.poll() is None
    slow.join(60)
    assert answered[0][0] in (200, 404)
    assert server.process.wait(timeout=40) == 0
    assert [client.lost for client in clients] == [[]] * 6
    assert all(set(client.answers) == {200} and len(client.answers) > 5 for client in clients)


def test_told_twice_it_ends_at_once(committed, server):
    began = time.monotonic()
    server.process.terminate()
    time.sleep(0.8)
    server.process.terminate()
    server.process.wait(timeout=40)
    assert time.monotonic() - began < DRAIN + 3
