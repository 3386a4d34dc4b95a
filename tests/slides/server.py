"""The service as it runs, uvicorn in processes of its own, before the test's database, and a poor line to it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from tests.live.server import SERVING

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds until a started server must answer


def database_url() -> str:
    """The address of the test's database."""
    given = connection.settings_dict
    host, password = quote(given["HOST"] or "localhost", safe=""), quote(given["PASSWORD"] or "", safe="")
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgresql://{given['USER']}:{password}@{host}{port}/{given['NAME']}"


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """uvicorn with two processes on the loopback; `stop` and `kill` end it, `start` begins anew."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.port, self.data = free_port(), data
        given = {"DATABASE_URL": database_url(), "REFNET_DATA": str(data), "PYTHONPATH": str(ROOT), **SERVING}
        self.environment = os.environ | given | environment
        self.log = (data / "server.log").open("ab")
        self.start()

    def start(self) -> None:
        """Run until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "consortium.serve", "--port", str(self.port)],
            cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/session/", timeout=5).close()
                return
            time.sleep(0.1)
        raise AssertionError((self.data / "server.log").read_text())

    def kill(self) -> None:
        """End it as a power failure would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(timeout=40)
        self.log.close()


class PoorLine:
    """A way to a server that breaks after so many bytes, for each number in `cuts`; then it holds."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self.target, self.cuts, self.done = port, list(cuts), 0
        self.between: dict[int, object] = {}  # what happens after the n-th cut
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Take no more calls."""
        self.listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        """Carry one call; bytes that go up are counted against the next cut."""
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()
            carried = 0
            while block := client.recv(16384):
                carried += len(block)
                with self.lock:
                    cut = bool(self.cuts) and carried > self.cuts[0]
                    if cut:
                        self.cuts.pop(0)
                        self.done += 1
                        after = self.between.pop(self.done, None)
                if cut:
                    for end in (client, server):  # at once, though the other direction still listens
                        end.shutdown(socket.SHUT_RDWR)
                    if callable(after):
                        after()
                    return
                server.sendall(block)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := server.recv(65536):
                client.sendall(block)
        with suppress(OSError):  # also when the server died: who called must not wait for it
            client.shutdown(socket.SHUT_RDWR)
