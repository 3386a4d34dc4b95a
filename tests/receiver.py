"""A real HTTP server on the loopback that takes what the network sends, remembers it, and fails when told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Taken:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """What was received, and how to answer: a status (or what `decide` says), after a silence, dripping."""

    url: str = ""
    status: int = 200
    silence: float = 0.0
    drip: float = 0.0
    location: str = ""
    decide: Callable[[Taken], int] | None = None
    taken: list[Taken] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ids(self) -> list[str]:
        """The ids of the deliveries in the order of their coming, doubles with them."""
        return [request.headers["webhook-id"] for request in self.taken]

    def enter(self, request: Taken) -> None:
        """Remember a request, and how many are being answered at once."""
        with self._lock:
            self.taken.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)

    def leave(self) -> None:
        """The answer is given."""
        with self._lock:
            self._now -= 1


@contextmanager
def receiving(**told: Any) -> Iterator[Receiver]:
    """A receiver that listens for the commands within."""
    receiver = Receiver(**told)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Take the request and answer as told."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Taken(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.enter(request)
            time.sleep(receiver.silence)
            status = receiver.decide(request) if receiver.decide else receiver.status
            lines = [f"HTTP/1.1 {status} Said so", "Content-Length: 0", "Connection: close"]
            lines += [f"Location: {receiver.location}"] if receiver.location else []
            receiver.leave()
            try:
                for byte in ("\r\n".join(lines) + "\r\n\r\n").encode():
                    self.wfile.write(bytes([byte]))
                    time.sleep(receiver.drip)
            except OSError:
                return  # who sent it has waited long enough

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
