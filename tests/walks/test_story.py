"""The whole story over HTTP, on the demo network, as `./refnet demo --check` tells it."""

import pytest
from django.contrib.auth.hashers import make_password

from consortium import demo
from consortium.models import Person
from tests.dump import clear_numbers
from tests.walks.story import PASSWORD, Stage, told


@pytest.fixture
def stage(settings, live_server, transactional_db) -> Stage:
    """A server with the demo network, whose passwords are hashed fast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    demo.load(lambda done, total: None)
    Person.objects.update(password=make_password(PASSWORD))
    return Stage(live_server.url)


def test_every_step_of_the_story_goes_as_told(stage: Stage):
    names = []
    for name, step in told(stage):
        step()
        names.append(name)
    assert len(names) == 22
    assert clear_numbers() == {}
