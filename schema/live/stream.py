"""One stream: what was subscribed to, and the messages on their way to the client."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from graphql import DocumentNode

from consortium.access import Actor
from consortium.feed import Mark
from schema.disclosures import Disclosures
from schema.live.standing import Credential
from schema.subscriptions import Topic

COMPLETE = b"event: complete\ndata:\n\n"


@dataclass
class Context:
    """What resolvers find in place of a request."""

    actor: Actor
    now: datetime
    singles: set[Any] = field(default_factory=set)  # root fields that read one case
    engine: Any = None  # what happens is told field by field
    computed: dict[Any, Any] = field(default_factory=dict)
    disclosures: Disclosures = field(default_factory=Disclosures)
    trace: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True)
class Subscription:
    """A valid subscription of somebody who was let in."""

    topic: Topic
    arguments: dict[str, Any]
    document: DocumentNode
    name: str | None
    variables: dict[str, Any] | None
    language: str
    credential: Credential
    actor: Actor
    resume: Mark | None


class Stream:
    """A bounded queue of messages to one client; it ends rather than lose one."""

    def __init__(self, subscription: Subscription, opening: list[bytes], limit: int) -> None:
        self.subscription = subscription
        self.opening = opening  # what was missed, or where it begins
        self.actor = subscription.actor
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(limit)
        self.cut = asyncio.Event()

    def put(self, message: bytes) -> None:
        """Send a message in its turn; a client too slow for its queue is cut off, and may resume where it was."""
        if self.cut.is_set():
            return
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.cut.set()

    def complete(self) -> None:
        """End the stream for good, after what is on its way."""
        self.put(COMPLETE)


def message(data: str, mark: Mark) -> bytes:
    """The message of one result; JSON has no line break of its own."""
    return f"event: next\nid: {mark}\ndata: {data}\n\n".encode()


def heartbeat(mark: Mark) -> bytes:
    """A comment, and how far the feed has come: no event for the reader, but a later place to resume from."""
    return f":\nid: {mark}\n\n".encode()
