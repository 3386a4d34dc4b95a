"""The thread behind all streams of a process: it alone talks to the database, over one connection.

It reads the feed, asks for each stream again who it speaks to and what they may hear of, and renders the results.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import override
from graphql import ExecutionResult, execute

from consortium import access, feed, moment
from consortium.access import Actor
from consortium.database.acting import acting
from consortium.errors import Code, Refused
from consortium.feed import Mark
from consortium.models import Event
from schema.live import standing
from schema.live.stream import Context, Stream, Subscription, message
from schema.schema import schema
from schema.views.endpoint import formatted

logger = logging.getLogger("refnet.live")
Slice = tuple[Mark, list[Event]]
Hand = Callable[[Stream, bytes | None], None]  # None: the stream is complete


class Desk:
    """Every method runs in one and the same thread, but for `ear`."""

    def __init__(self) -> None:
        self.handler = WSGIHandler()
        self.mark: Mark | None = None
        self.ear: Any = None  # the driver's connection, for whoever waits until it has something to say

    def admit(self, request: ASGIRequest) -> HttpResponseBase:
        """Django's answer to the request, after all its middleware."""
        self.listen()
        return self.handler.get_response(request)

    def listen(self) -> None:
        """Be connected, anew if the connection was lost meanwhile, and be woken by steps."""
        try:
            self._listen()
        except (OperationalError, InterfaceError):
            self.hang_up()
            self._listen()

    def _listen(self) -> None:
        connection.ensure_connection()
        if connection.connection is not self.ear:
            with connection.cursor() as cursor:
                cursor.execute(f"listen {feed.CHANNEL}")
            self.ear = connection.connection
        self.ear.poll()
        self.ear.notifies.clear()

    def hang_up(self) -> None:
        """Let go of a connection that failed; the next call makes another, and the mark loses nothing."""
        self.ear = None
        connection.close()

    def start(self, subscription: Subscription, first: bool) -> tuple[list[bytes], Mark]:
        """What a client missed since its mark, and where the stream goes on; Refused if that is too much."""
        if first or self.mark is None:
            self.mark = Mark(feed.present())
        if subscription.resume is None:
            return [], self.mark
        limit, missed = settings.LIVE_LIMITS["replay"], []
        for message_ in self._missed(subscription, subscription.resume, self.mark.seen):
            missed.append(message_)
            if len(missed) > limit:
                raise Refused(
                    Code.LIMIT_EXCEEDED,
                    _("中断期间的事件超过 {limit} 条：请刷新页面数据，再不带续传位置重新订阅。").format(limit=limit),
                    field="lastEventId",
                )
        return missed, self.mark

    def _missed(self, subscription: Subscription, since: Mark, until: str) -> Iterator[bytes]:
        by, limit = subscription.actor, settings.LIVE_LIMITS["replay"]
        for stage, events in feed.ways(since, until):
            heard = subscription.topic.heard(events, by=by, now=access.moment(by), **subscription.arguments)
            with acting(by):
                found = list(heard[: limit + 1])
            for event in found:
                if rendered := render(subscription, by, event, feed.at(stage, event)):
                    yield rendered

    def look(self, streams: Collection[Stream], hand: Hand) -> Mark:
        """Hand every stream what is new to it, and the end to those that may not stand any more; how far it came."""
        self.listen()
        now = moment.now()
        acting = standing.actors({stream.subscription.credential for stream in streams}, now=now)
        staying: list[tuple[Stream, Actor]] = []
        for stream in streams:
            by = acting.get(stream.subscription.credential)
            if by is None or may_not_stay(stream, by):
                hand(stream, None)
            else:
                stream.actor = by
                staying.append((stream, by))
        until = feed.present()
        for stage, events in as_system(feed.slices(self.mark or Mark(until), until)):
            self._tell(staying, stage, events, hand)
            self.mark = feed.at(stage, events[-1])
        self.mark = Mark(until)
        return self.mark

    def _tell(self, staying: list[tuple[Stream, Actor]], stage: Mark, events: list[Event], hand: Hand) -> None:
        glances: dict[Any, Callable[[Actor, Event], bool]] = {}
        for stream, by in staying:
            topic = stream.subscription.topic
            if topic.glance not in glances:
                with acting(access.SYSTEM):  # for all readers at once; each one's gate follows
                    glances[topic.glance] = topic.glance(events)
            found = [event for event in events if glances[topic.glance](by, event)]
            if not found:
                continue
            rows = Event.objects.filter(pk__in=[event.pk for event in found])
            arguments = stream.subscription.arguments
            with acting(by):
                heard = set(topic.heard(rows, by=by, now=access.moment(by), **arguments).values_list("pk", flat=True))
                lost = topic.lost(by, **arguments)
            for event in found:
                if event.pk not in heard:
                    continue
                if rendered := render(stream.subscription, by, event, feed.at(stage, event)):
                    hand(stream, rendered)
            if lost:
                hand(stream, None)


def as_system(slices: Iterator[Slice]) -> Iterator[Slice]:
    """The feed, read by the system a slice at a time: whose event it is decides who hears of it, not who reads it."""
    while True:
        with acting(access.SYSTEM):
            found = next(slices, None)
        if found is None:
            return
        yield found


def may_not_stay(stream: Stream, by: Actor) -> bool:
    """Whether a stream must end because of what its reader lost: the rule at any time, the rest when roles changed."""
    topic = stream.subscription.topic
    if not topic.rule.allows(None, by):
        return True
    if by.permissions == stream.actor.permissions:
        return False
    with acting(by):
        return topic.lost(by, **stream.subscription.arguments) is not None


def render(subscription: Subscription, by: Actor, event: Event, mark: Mark) -> bytes | None:
    """The message of one event, read anew through the gates; nothing if it is gone for this reader by now."""
    context = Context(by, access.moment(by))
    with override(subscription.language), acting(by):
        result = execute(
            schema.graphql_schema,
            subscription.document,
            root_value=event,
            context_value=context,
            variable_values=subscription.variables,
            operation_name=subscription.name,
        )
        assert isinstance(result, ExecutionResult)  # noqa: S101 - no resolver is asynchronous
        errors = [formatted(error, context) for error in result.errors or ()]
        if result.data is not None:
            context.disclosures.write(by, context.now)
    if any(error["extensions"]["code"] == Code.NOT_FOUND for error in errors):
        return None
    # The mark stands in the result too: the usual clients do not show the id of a message.
    shown = {"data": result.data} | ({"errors": errors} if errors else {}) | {"extensions": {"id": str(mark)}}
    return message(json.dumps(shown, ensure_ascii=False, separators=(",", ":")), mark)
