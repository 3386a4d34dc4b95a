"""A server for the module, the committed world, and people who subscribe in it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from consortium.roles import Role
from tests.live.server import Reader, Server, running
from tests.live.ways_in import bearer
from tests.world import World


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    with django_db_blocker.unblock(), running() as found:
        yield found


Subscribe = Callable[..., Reader]


@pytest.fixture
def subscribe(server: Server, committed: World) -> Iterator[Subscribe]:
    """Subscribe as a person of the world, by a token unless headers are given; all readers leave at the end."""
    with ExitStack() as leaving:
        known: dict[int, dict[str, str]] = {}

        def begin(place: str, role: Role, document: str, **more: Any) -> Reader:
            person = committed.people[place, role, more.pop("n", 1)]
            if "headers" not in more:
                known[person.pk] = more["headers"] = known.get(person.pk) or bearer(person)
            reader = Reader(server, document, **more)
            leaving.enter_context(closing(reader))
            return reader.opened()

        yield begin
