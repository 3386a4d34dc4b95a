"""People who may sign in, and hashes that take no time where no test is about them."""

import pytest

from consortium.models import Person
from tests.sign_in.door import known
from tests.world import DOCTOR, World


@pytest.fixture(autouse=True)
def _quick(request, settings) -> None:
    """MD5, but where a test asks for the real hashers."""
    if "real_hashers" not in request.keywords:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def doctor(world: World) -> Person:
    """The county's doctor with a password."""
    return known(world.people["county", DOCTOR, 1])
