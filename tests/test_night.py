"""The story of a night, told to a server on the small world."""

import pytest

from consortium.models import Person
from consortium.roles import Role
from tests.walks.night import Night, told
from tests.walks.story import PASSWORD

CAST = {
    "county.doctor": ("county", Role.REFERRING_DOCTOR),
    "county.office": ("county", Role.REFERRAL_OFFICE),
    "county.expert": ("county", Role.EXPERT),
    "near.expert": ("province", Role.EXPERT),
    "far.expert": ("province2", Role.EXPERT),
    "other.expert": ("city", Role.EXPERT),
    "other.doctor": ("city", Role.REFERRING_DOCTOR),
}


@pytest.mark.slow
def test_the_night(committed, live_server):
    cast = {part: f"{place}-{role}-1" for part, (place, role) in CAST.items()}
    people = list(Person.objects.filter(username__in=cast.values()))
    for person in people:
        person.set_password(PASSWORD)
    Person.objects.bulk_update(people, ["password"])
    for _name, step in told(Night(live_server.url, cast)):
        step()
