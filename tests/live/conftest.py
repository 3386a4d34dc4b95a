"""A server for the module, the committed world, and people who subscribe in it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consortium import access, tokens
from consortium.models import Person
from consortium.roles import Role
from tests.live.server import Reader, Server, running
from tests.world import World


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    with django_db_blocker.unblock(), running() as found:
        yield found


def token(person: Person, scopes: tuple[str, ...] = ("read",)) -> str:
    """A token that works."""
    by = access.actor(person, now=timezone.now())
    _row, secret = tokens.issue_api_token(
        by=by, name="测试", scopes=scopes, expires_in_days=1, now=timezone.now() - timedelta(seconds=1)
    )
    return secret


def session(person: Person) -> dict[str, str]:
    """The headers of a signed-in browser on its own page."""
    client = Client()
    client.force_login(person)
    key = client.cookies["sessionid"].value
    forgery = "a" * 32
    return {"Cookie": f"sessionid={key}; csrftoken={forgery}", "X-CSRFToken": forgery}


Subscribe = Callable[..., Reader]


@pytest.fixture
def subscribe(server: Server, committed: World) -> Iterator[Subscribe]:
    """Subscribe as a person of the world, by a token unless headers are given; all readers leave at the end."""
    with ExitStack() as leaving:
        bearer: dict[int, str] = {}

        def begin(place: str, role: Role, document: str, **more: Any) -> Reader:
            person = committed.people[place, role, more.pop("n", 1)]
            if "headers" not in more:
                bearer[person.pk] = bearer.get(person.pk) or token(person)
                more["headers"] = {"Authorization": f"Bearer {bearer[person.pk]}"}
            reader = Reader(server, document, **more)
            leaving.enter_context(closing(reader))
            return reader.opened()

        yield begin
