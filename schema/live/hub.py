"""The streams of one process: one task waits for news, one thread reads them, each stream gets its own."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.feed import Mark
from schema.live.desk import Desk
from schema.live.stream import Stream, Subscription, heartbeat
from schema.views.gate import refusal
from schema.views.stream import Accepted

logger = logging.getLogger("refnet.live")
ANY = TypeVar("ANY")


class Hub:
    """All streams of the process; to be used from one event loop."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.desk = Desk()
        self.mark = Mark("")  # how far every stream was handed what it hears of
        self._thread = ThreadPoolExecutor(1, "live")
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def open(self, request: ASGIRequest) -> Stream | HttpResponseBase:
        """A stream that misses nothing from now on and begins with what it missed before; or the refusing answer."""
        async with self._turn:
            answer = await self._at_desk(self.desk.admit, request)
            if not isinstance(answer, Accepted):
                return answer
            subscription = answer.subscription
            try:
                self._hold_limits(subscription)
                if subscription.resume and self.streams:
                    await self._look()  # another process may have told this client more than we have read
                missed, self.mark = await self._at_desk(self.desk.start, subscription, not self.streams)
            except Refused as refused:
                return refusal(refused, 429 if refused.field is None else 410)
            stream = Stream(subscription, missed or [heartbeat(self.mark)], settings.LIVE_LIMITS["queue"])
            self.streams.add(stream)
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow())
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        self.streams.discard(stream)

    def _hold_limits(self, subscription: Subscription) -> None:
        limits, person = settings.LIVE_LIMITS, subscription.credential.person
        own = sum(stream.subscription.credential.person == person for stream in self.streams)
        if own >= limits["per_person"]:
            raise Refused(
                Code.LIMIT_EXCEEDED,
                _("您同时打开的实时连接已达 {limit} 个：请先关闭不用的页面。").format(limit=limits["per_person"]),
            )
        if len(self.streams) >= limits["per_process"]:
            raise Refused(Code.LIMIT_EXCEEDED, _("实时连接已满，请稍后再试；查询和操作不受影响。"))

    async def _follow(self) -> None:
        """Look whenever there is news, and every few seconds anyway, as long as there are streams."""
        try:
            while self.streams:
                with suppress(TimeoutError):  # a role may have ended, a wake-up may have been lost
                    await asyncio.wait_for(self._news.wait(), settings.LIVE_LIMITS["poll_seconds"])
                self._news.clear()
                async with self._turn:
                    await self._look()
        except Exception:
            logger.exception("the live streams failed; cut, they come back where they were")
            raise
        finally:
            for stream in self.streams:
                stream.cut.set()

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()

        def hand(stream: Stream, message: bytes | None) -> None:
            if message is None:
                loop.call_soon_threadsafe(stream.complete)
            else:
                loop.call_soon_threadsafe(stream.put, message)

        try:
            self.mark = await self._at_desk(self.desk.look, tuple(self.streams), hand)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database does not answer the live streams, which go on when it does: %s", error)
            await self._at_desk(self.desk.hang_up)

    async def _at_desk(self, work: Callable[..., ANY], *args: Any) -> ANY:
        """Do something in the one thread; while nobody does, its connection is watched for a wake-up."""
        loop = asyncio.get_running_loop()
        self._watch(loop, None)
        try:
            return await loop.run_in_executor(self._thread, work, *args)
        finally:
            self._watch(loop, self.desk.ear)

    _watched: int | None = None

    def _watch(self, loop: asyncio.AbstractEventLoop, ear: Any) -> None:
        if self._watched is not None:
            loop.remove_reader(self._watched)
            self._watched = None
        if ear is None or ear.closed:
            return
        if ear.notifies:
            self._news.set()
        self._watched = ear.fileno()
        loop.add_reader(self._watched, self._heard, loop)

    def _heard(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watch(loop, None)
        self._news.set()
