"""The story of a night and of its silence, told to a real server on the small world."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from consortium.models import Alliance, Membership, Notice, Person
from consortium.roles import Role
from tests.conftest import Nowhere
from tests.dump import clear_numbers
from tests.live.server import Server, running
from tests.receiver import receiving
from tests.walks import night, silence
from tests.walks.story import PASSWORD
from tests.world import World

NIGHT = {
    "county.doctor": ("county", Role.REFERRING_DOCTOR),
    "county.office": ("county", Role.REFERRAL_OFFICE),
    "county.admin": ("county", Role.HOSPITAL_ADMIN),
    "county.expert": ("county", Role.EXPERT),
    "near.expert": ("province", Role.EXPERT),
    "far.expert": ("province2", Role.EXPERT),
    "other.expert": ("city", Role.EXPERT),
    "other.doctor": ("city", Role.REFERRING_DOCTOR),
}
SILENCE = {
    "county.doctor": ("county", Role.REFERRING_DOCTOR),
    "silent.expert": ("city", Role.EXPERT),
    "silent.admin": ("city", Role.HOSPITAL_ADMIN),
    "alliance.admin": ("province", Role.ALLIANCE_ADMIN),
}
pytestmark = pytest.mark.slow


@pytest.fixture
def server(committed: World, settings, tmp_path: Path) -> Iterator[Server]:
    """A server on the committed world with a clock of its own, which may be put ahead."""
    settings.DEMO_CLOCK = tmp_path / "clock.json"
    with running(REFNET_DATA=str(tmp_path)) as found:
        yield found


def cast(parts: Mapping[str, tuple[Any, ...]]) -> dict[str, str]:
    """The accounts of the parts, each by place, role and number, with the password of the stories."""
    names = {part: f"{place}-{role}-{rest[0] if rest else 1}" for part, (place, role, *rest) in parts.items()}
    people = list(Person.objects.filter(username__in=names.values()))
    for person in people:
        person.set_password(PASSWORD)
    Person.objects.bulk_update(people, ["password"])
    return names


def test_the_night(server: Server) -> None:
    with receiving() as receiver:
        story = night.Night(server.url, cast(NIGHT), receiver, lambda: call_command("deliver", stdout=Nowhere()))
        names = []
        for name, step in night.told(story):
            step()
            names.append(name)
    assert len(names) == 16
    # Words stay as they were typed: the story's summary has a number in it.
    assert clear_numbers() == {"referrals_clinicalsummary": {night.PHONE}}


def test_the_silence(server: Server, committed: World) -> None:
    alliance = Alliance.objects.create(code="pediatric", name="儿科联盟", lead=committed.hospitals["province"])
    for hospital in committed.hospitals.values():
        joined = (committed.now - timedelta(days=30)).date()
        Membership.objects.create(alliance=alliance, hospital=hospital, joined_date=joined)

    def ahead(minutes: int) -> None:
        call_command("tick", ahead=minutes, stdout=Nowhere())

    for _name, step in silence.told(silence.Silence(server.url, cast(SILENCE), ahead)):
        step()
    stranger = committed.people["foreign", Role.HOSPITAL_ADMIN, 1]
    assert not Notice.objects.filter(person=stranger, event__kind="escalate").exists()
