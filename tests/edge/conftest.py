"""At the edge it is nine o'clock of the small world, whatever the machine's clock says."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from schema import documents
from schema.views import gate
from tests.both import both_ways
from tests.world import NOW


@pytest.fixture(autouse=True)
def _the_worlds_clock(request, monkeypatch) -> None:
    """The moment of every request; not for a live server, whose network is of today."""
    if "live_server" not in request.fixturenames:
        monkeypatch.setattr(gate, "moment", SimpleNamespace(now=lambda: NOW))


@pytest.fixture(autouse=True)
def _both_ways(request) -> Iterator[None]:
    """Each query is answered both ways; not where statements are counted."""
    if request.module.__name__.endswith("test_statements"):
        yield
    else:
        with both_ways():
            yield


@pytest.fixture(autouse=True)
def _mail_can_leave(settings) -> None:
    """So that somebody can wish to be told by e-mail."""
    settings.EMAIL_HOST = "localhost"


@pytest.fixture
def documents_of_any_size(settings) -> None:
    """For tests that select every field there is in a list; how much may be asked for has tests of its own."""
    settings.GRAPHQL_LIMITS = settings.GRAPHQL_LIMITS | {"cost": 10**9}


@pytest.fixture
def fresh_documents() -> Iterator[None]:
    """No document is kept from before, nor for afterwards: for tests that change what is valid."""
    documents.prepared.cache_clear()
    yield
    documents.prepared.cache_clear()
