"""Serve an ASGI application with uvicorn in several processes: `python -m consortium.serve --port 8000`.

uvicorn's own command opens a socket for its processes on which the kernel keeps the end of an answer back until the
client has confirmed its beginning: about 40 ms for each answer on a lasting connection. This one sends at once.
"""

import argparse
import importlib.util
import os
import socket
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from uvicorn import Config
from uvicorn.supervisors import Multiprocess

OURS = "consortium.asgi:application"
BOUNDED = "consortium.parser:Bounded"
GRACE = 30  # seconds; a request may take 20, an upload goes on elsewhere where it was cut


class Processes(Multiprocess):
    """uvicorn's processes; told to end, the parent lets go of the socket, so that it ends with the last who answers.

    A connection that came while only the parent held it would be taken and never answered.
    """

    def terminate_all(self) -> None:
        """Tell the processes to end."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()


def parser_of(chosen: str) -> str:
    """What reads HTTP: httptools within bounds where it is installed, else h11, which is slower and has bounds."""
    if chosen == "auto":
        chosen = "httptools" if importlib.util.find_spec("httptools") else "h11"
    return BOUNDED if chosen == "httptools" else chosen


def serve(application: str, *, host: str, port: int, workers: int, http: str = "auto", loop: str = "auto") -> None:
    """Serve until told to stop, and then until what was begun is answered, for half a minute at most."""
    config = Config(
        application,
        host=host,
        port=port,
        workers=workers,
        http=parser_of(http),
        loop=loop,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_worker_healthcheck=GRACE,  # a busy machine's process is slow, not hung: do not kill it
    )
    listening = config.bind_socket()
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what it accepts inherits this
    Processes(config, sockets=[listening]).run()


def refuse_a_faulty_environment() -> None:
    """End with the sentence that names the variable, rather than with a trace from each process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consortium.settings")
    try:
        settings.SECRET_KEY  # noqa: B018 - reads the settings
    except ImproperlyConfigured as error:
        sys.exit(str(error))


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m consortium.serve")
    parser.add_argument("application", nargs="?", default=OURS, help="应用 / the application")
    parser.add_argument("--host", default="127.0.0.1", help="地址 / address (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="端口 / port (8000)")
    parser.add_argument("--workers", type=int, default=2, help="进程数 / processes (2)")
    parser.add_argument("--http", choices=["auto", "h11", "httptools"], default="auto", help="解析器 / parser (auto)")
    parser.add_argument("--loop", choices=["auto", "asyncio", "uvloop"], default="auto", help="事件循环 / loop (auto)")
    given = parser.parse_args()
    if given.application == OURS:
        refuse_a_faulty_environment()
    serve(**vars(given))


if __name__ == "__main__":
    main()
