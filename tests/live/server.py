"""A real server process on loopback, and a client of its streams; standard library only."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

PROJECT = Path(__file__).resolve().parents[2]
SERVING = {
    "REFNET_DATABASE_ROLE": "refnet_app",
    "REFNET_HEARTBEAT_SECONDS": "1",
}  # as the application, not as the owner
NAME = "live-under-test"  # by which its database connections are known


def database_url() -> str:
    """The test database, as the server's environment names it."""
    at = connection.settings_dict
    password = f":{quote(at['PASSWORD'])}" if at["PASSWORD"] else ""
    port = f":{at['PORT']}" if at["PORT"] else ""
    where = f"{quote(at['HOST'] or 'localhost', safe='')}{port}"
    return f"postgresql://{quote(at['USER'])}{password}@{where}/{quote(at['NAME'])}?application_name={NAME}"


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The server process; may be killed and started again on its port."""

    def __init__(self, **environment: str) -> None:
        self.port, self.environment = free_port(), environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Be there, answering."""
        command = ["-m", "uvicorn", "consortium.asgi:application", "--port", str(self.port), "--log-level", "warning"]
        environment = os.environ | {"DATABASE_URL": database_url(), **SERVING} | self.environment
        self.process = subprocess.Popen(
            [sys.executable, *command, "--timeout-graceful-shutdown", "1"], cwd=PROJECT, env=environment
        )
        end = time.monotonic() + 300
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """Be gone at once."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def connections(self) -> int:
        """How many database connections it holds."""
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where application_name = %s and datname = current_database()",
                [NAME],
            )
            return int(cursor.fetchone()[0])


@contextmanager
def running(**environment: str) -> Iterator[Server]:
    """A server for as long as it is needed, with these variables beside its usual ones."""
    server = Server(**environment)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Refusal(AssertionError):
    """The server did not open the stream."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.code = json.loads(body)["errors"][0]["extensions"]["code"]
        super().__init__(f"{status} {self.code}")


class Ended(Exception):
    """The connection was closed; `complete` tells whether the server said that this is the end."""

    def __init__(self, complete: bool) -> None:
        super().__init__()
        self.complete = complete


class Reader:
    """One subscription: the messages that arrive, and the id to resume from."""

    def __init__(self, server: Server, document: str, *, last: str = "", **more: Any) -> None:
        headers = {"Accept": "text/event-stream", "Content-Type": "application/json"} | more.pop("headers", {})
        if last:
            headers["Last-Event-ID"] = last
        body = json.dumps({"query": document, **more}).encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.last, self.beats, self.complete = last, 0, False
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        # In HTTP/1.0 h11 does not cut the body into chunks; httptools does all the same, at the ends of messages, where
        # the length of a chunk is taken for a field that nobody knows.
        self.socket.sendall(
            f"POST /graphql/stream/ HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode()
            + body
        )
        self.buffer = b""

    def opened(self) -> "Reader":
        """The reader once the stream is open; Refusal otherwise."""
        head = self._until(b"\r\n\r\n", time.monotonic() + 60)
        status = int(head.split()[1])
        if status != 200:
            while more := self.socket.recv(65536):
                self.buffer += more
            raise Refusal(status, self.buffer)
        while not self.last:
            self._block(time.monotonic() + 60)
        return self

    def _until(self, mark: bytes, end: float) -> bytes:
        while mark not in self.buffer:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Ended(self.complete)
            self.buffer += more
        found, _mark, self.buffer = self.buffer.partition(mark)
        return found

    def _block(self, end: float) -> dict[str, Any] | None:
        fields: dict[str, str] = {}
        for line in self._until(b"\n\n", end).decode().split("\n"):
            name, _colon, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        self.last = fields.get("id", self.last)
        self.beats += "" in fields
        self.complete = self.complete or fields.get("event") == "complete"
        return json.loads(fields["data"]) if fields.get("event") == "next" else None

    def beat(self, seconds: float = 60) -> dict[str, Any] | None:
        """Wait for the next heartbeat; the result that comes before it, if one does."""
        end, before = time.monotonic() + seconds, self.beats
        while self.beats == before:
            if (result := self._block(end)) is not None:
                return result
        return None

    def next(self, seconds: float = 60) -> dict[str, Any]:
        """The next result; TimeoutError if there is none, Ended if the stream is over."""
        end = time.monotonic() + seconds
        while True:
            if (result := self._block(end)) is not None:
                return result

    def silent(self, seconds: float = 1.5) -> bool:
        """Whether nothing but heartbeats arrives for a while."""
        try:
            self.next(seconds)
        except TimeoutError:
            return True
        return False

    def ended(self, seconds: float = 60) -> bool:
        """Whether the server ends the stream for good before long; results before the end are passed over."""
        end = time.monotonic() + seconds
        try:
            while True:
                self.next(end - time.monotonic())
        except Ended as over:
            return over.complete
        except TimeoutError:
            return False

    def close(self) -> None:
        """Leave."""
        self.socket.close()
