"""A client that costs next to nothing: requests made once, one connection each, bytes in and bytes out."""

import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class Closed(Exception):
    """The server let the connection go."""


@dataclass(frozen=True)
class Asked:
    """One request as it goes over the wire, and where to."""

    port: int
    data: bytes

    @classmethod
    def of(cls, port: int, path: str, body: bytes, headers: Mapping[str, str]) -> "Asked":
        """A POST."""
        named = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        head = f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        return cls(port, head.encode() + body)


class Line:
    """One lasting connection; one that a server let go because nobody asked for a while is made anew."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, asked: Asked) -> bytes:
        """The body of the answer; RuntimeError for one that is not 200."""
        try:
            return self._asked(asked)
        except (Closed, OSError):
            self._connect()
            return self._asked(asked)

    def _asked(self, asked: Asked) -> bytes:
        self.socket.sendall(asked.data)
        held = b""
        while b"\r\n\r\n" not in held:
            held += self._more()
        head, _blank, body = held.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0] + b" ":
            raise RuntimeError((head + body).decode(errors="replace")[:2000])
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        while len(body) < length:
            body += self._more()
        return body

    def _more(self) -> bytes:
        more = self.socket.recv(262144)
        if not more:
            raise Closed("the server closed the connection")
        return more


def latencies(line: Line, asked: Sequence[Asked], count: int) -> list[float]:
    """The seconds that each of so many requests took, one after the other."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        line.ask(asked[number % len(asked)])
        taken.append(time.perf_counter() - began)
    return taken


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


def throughput(asked: Sequence[Asked], *, clients: int, seconds: float, processes: int = 2) -> float:
    """Answers a second to so many clients at once, who are processes of their own so that none waits for us."""
    given = json.dumps([[one.port, one.data.decode()] for one in asked])
    command = [sys.executable, __file__, str(clients // processes), str(seconds)]  # without what `bench` sets up
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    return sum(float(one.communicate(given)[0]) for one in running)


def rush(asked: list[Asked], clients: int, seconds: float) -> float:
    """Answers a second to so many clients of this process."""
    counts = [0] * clients
    lines = [Line(asked[0].port) for _ in range(clients)]
    for line in lines:
        line.ask(asked[0])  # connected and prepared
    began = time.perf_counter()

    def one(number: int) -> None:
        while time.perf_counter() - began < seconds:
            lines[number].ask(asked[(number + counts[number]) % len(asked)])
            counts[number] += 1

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


if __name__ == "__main__":
    print(
        rush([Asked(port, data.encode()) for port, data in json.load(sys.stdin)], int(sys.argv[1]), float(sys.argv[2]))
    )
