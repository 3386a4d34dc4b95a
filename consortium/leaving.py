"""How a process ends in order: it first says that it will, then answers what was begun, then tells streams to go.

`/readyz` answers 503 from the signal on; for `REFNET_DRAIN_SECONDS` everything else is still served, each answer
closing its connection, so that a proxy may turn to another process; only then does the server stop listening.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings

_asked = False


def leaving() -> bool:
    """Whether this process was told to end."""
    return _asked


def prepare(part: Callable[[], None]) -> None:
    """Put the order of leaving before what the server does on SIGTERM and SIGINT; `part` is called last before that.

    To be called from the event loop once the server has set its own handlers, as a lifespan's start is.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # somebody else's thread: the server's own way holds
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        _before(number, loop, part)


def _before(number: int, loop: asyncio.AbstractEventLoop, part: Callable[[], None]) -> None:
    served = signal.getsignal(number)

    def leave(frame: Any) -> None:
        part()
        if callable(served):
            served(number, frame)

    def begin(_number: int, frame: Any) -> None:
        global _asked
        patience = settings.DRAIN_SECONDS if number == signal.SIGTERM and not _asked else 0
        _asked = True
        loop.call_soon_threadsafe(loop.call_later, patience, leave, frame)

    signal.signal(number, begin)
