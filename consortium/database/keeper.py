"""The keeper: the process that runs the server, revives it when it is killed, and stops it after its last user."""

import fcntl
import signal
import subprocess
import threading
import time

from consortium.database.cluster import Cluster

SHORT_LIFE = 5  # seconds; a server that lives less has failed to start
TRIES = 20  # half a second apart: sessions of a killed server may hold its memory for some seconds


class Keeper:
    """Keeps one cluster for the holders of a shared lock on the file `users`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._turn = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._leaving = False

    def run(self) -> None:
        """Return when the server has stopped in good order, or cannot be started."""
        threading.Thread(target=self._leave_after_last_user, daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=self._leave).start())
        failures = 0
        while failures < TRIES:
            began = time.monotonic()
            with self._turn:
                if self._leaving:
                    return
                self._server = self._cluster.start()
            if self._server.wait() == 0:
                return
            failures = failures + 1 if time.monotonic() - began < SHORT_LIFE else 0
            time.sleep(0.5)

    def _leave_after_last_user(self) -> None:
        with self._cluster.lock_file("users").open("rb+") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            self._leave()
            # Whoever attaches now waits for this lock, which ends with the process and so after the server.
            threading.Event().wait()

    def _leave(self) -> None:
        with self._turn:
            self._leaving = True
            if self._server and self._server.poll() is None:
                self._server.send_signal(signal.SIGINT)
