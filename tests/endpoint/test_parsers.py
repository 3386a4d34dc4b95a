"""What reads HTTP, by either parser: whole requests as they are, and nothing that has no end or two meanings."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest

from consortium import serve
from tests.slides.server import ROOT, free_port

ENDLESS = 40 * 65_536  # bytes, far beyond any bound
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module", params=[("h11", "asyncio"), ("httptools", "asyncio"), ("auto", "auto")], ids="-".join)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Where our server answers with what it was sent, one process."""
    found, (http, loop) = free_port(), request.param
    command = [sys.executable, "-m", "consortium.serve", "tests.endpoint.echo:application", "--port", str(found)]
    process = subprocess.Popen(
        [*command, "--workers", "1", "--http", http, "--loop", loop], cwd=ROOT, start_new_session=True
    )
    end = time.monotonic() + 300
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", found), timeout=1).close()
            break
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
    yield found
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=60) == 0


def said(port: int, *pieces: bytes) -> bytes:
    """All that comes back for these bytes, up to the connection's end, or a moment of silence after an answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        found = b""
        with suppress(ConnectionError):  # it hung up while we spoke
            for piece in pieces:
                line.sendall(piece)
                time.sleep(0.05)  # so that it comes as a piece of its own
        with suppress(ConnectionError, TimeoutError):
            while more := line.recv(65_536):
                found += more
                line.settimeout(1)
        return found


def flood(line: socket.socket, more: bytes) -> None:
    """Send far more than any bound."""
    for _ in range(ENDLESS // len(more)):
        line.sendall(more)


def body_of(answer: bytes) -> dict[str, object]:
    """The JSON of the last answer."""
    found: dict[str, object] = json.loads(answer.rpartition(b"\r\n\r\n")[2])
    return found


def test_a_request_is_read_in_whatever_pieces_it_comes(port):
    whole = HEAD + b"X-One: 1\r\nContent-Length: 5\r\n\r\nhello"
    for cuts in ((), (3,), (20, 40), (len(whole) - 2,)):
        places = [0, *cuts, len(whole)]
        answer = said(port, *(whole[a:b] for a, b in pairwise(places)))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nserver:" not in answer.lower()
        assert body_of(answer) == {"method": "POST", "names": ["host", "x-one", "content-length"], "length": 5}


def test_a_lasting_connection_reads_one_after_the_other(port):
    large = b"x" * 300_000
    one = HEAD + b"Content-Length: %d\r\n\r\n" % len(large) + large
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        for _ in range(3):
            line.sendall(one)
            found = b""
            while b"}" not in found:
                found += line.recv(65_536)
            assert body_of(found)["length"] == len(large)


@pytest.mark.parametrize("start", [HEAD, HEAD + b"X-Long: ", b"GET /"], ids=["headers", "a value", "an address"])
def test_a_head_without_an_end_ends_the_connection(port, start):
    more = b"X-More: " + b"y" * 1000 + b"\r\n" if start == HEAD else b"y" * 1000
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(start)
        with pytest.raises(ConnectionError):
            flood(line, more)
    assert said(port, HEAD + b"Content-Length: 0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_headers_after_a_body_are_nobodys(port):
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    assert body_of(said(port, chunked)) == {"method": "POST", "names": ["host", "transfer-encoding"], "length": 5}


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"Content-Length: +5\r\n\r\nhello",
        b"Content-Length : 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"X-One: a\x00b\r\n\r\n",
    ],
    ids=["two lengths", "a signed length", "a blank before the colon", "two codings", "a null"],
)
def test_what_has_two_meanings_is_refused(port, headers):
    answers = said(port, HEAD + headers)
    assert answers.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))


@pytest.mark.parametrize(("there", "found"), [(None, "h11"), (object(), serve.BOUNDED)])
def test_without_httptools_the_parser_is_h11(monkeypatch, there, found):
    monkeypatch.setattr(serve.importlib.util, "find_spec", lambda _name: there)
    assert serve.parser_of("auto") == found
    assert serve.parser_of("h11") == "h11"
    assert serve.parser_of("httptools") == serve.BOUNDED
