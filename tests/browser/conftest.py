"""What walks through the front share: the packages of the browser, the running service, and people who may sign in."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings

from consortium.models import Person
from tests.browser import installed
from tests.live.server import Server, running
from tests.world import World

PASSWORD = "a-long-enough-secret"  # noqa: S105 - of people who exist in these tests alone


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which scripts run; skipped loudly where the front was not built."""
    if not (settings.FRONT / "index.html").is_file():
        pytest.skip("SKIPPED FOR LACK OF web/dist (python web/build.py): the front was NOT tried in a browser")
    return tmp_path_factory.mktemp("browser")


@pytest.fixture
def script(packages: Path) -> Callable[[str], list[str]]:
    """The command that runs a script of tests/browser by its name."""
    return lambda name: installed(packages, name)


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    """The service as it runs, before the test's database."""
    with django_db_blocker.unblock(), running() as found:
        yield found


@pytest.fixture
def front(committed: World, server: Server) -> Any:
    """The committed small world behind a server: `task(…)` is what a script is given, `login(…)` lets somebody in."""

    def login(person: Person) -> dict[str, str]:
        person.set_password(PASSWORD)
        person.save()
        return {"username": person.username, "password": PASSWORD}

    def task(**given: Any) -> dict[str, Any]:
        return {"base": server.url, "shots": os.environ.get("REFNET_SCREENSHOTS", "")} | given

    return SimpleNamespace(world=committed, server=server, login=login, task=task)
