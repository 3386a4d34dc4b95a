"""A county doctor, the provincial expert and the alliance's administrator at once, over a line that breaks."""

from datetime import date

import pytest

from consortium.models import Alliance, Event, Membership
from consortium.roles import Role
from referrals.models import Offer, OfferStatus, Referral
from tests.browser import clean, told
from tests.world import DOCTOR, EXPERT

pytestmark = pytest.mark.slow


def test_three_at_once_from_the_call_to_the_count(front, script):
    world = front.world
    alliance = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    for name in ("province", "city", "county"):
        Membership.objects.create(alliance=alliance, hospital=world.hospitals[name], joined_date=date(2025, 1, 1))
    people = {
        name: front.login(world.people[place, role, 1])
        for name, place, role in (
            ("doctor", "county", DOCTOR),
            ("expert", "province", EXPERT),
            ("lead", "province", Role.ALLIANCE_ADMIN),
        )
    }
    task = front.task(**people, hospital=world.hospitals["province"].name, patience=60000, walks=["together"])
    found = told(script("together.mjs"), task, seconds=300)
    clean(found)
    assert "危重儿童" in found["heard"]
    assert found["stayed"] == [True, True]
    # Nobody heard that it was done; it was asked for again with one key, and done once.
    assert "不会重复提交" in found["silent"]
    assert (found["choosing"]["lost"], found["choosing"]["keys"]) == (3, 1)
    assert "不会重复提交" in found["cut"]
    assert found["kept"] == "李四"
    referral = Referral.objects.get()
    done = Event.objects.filter(subject_id=referral.pk).values_list("kind", flat=True)
    assert [sum(kind == step for kind in done) for step in ("choose_offer", "give_consent")] == [1, 1]
    assert Offer.objects.get(status=OfferStatus.CHOSEN).performer_hospital == world.hospitals["province"]
    assert [said.split("\n")[1] for said in (found["before"], found["after"])] == ["0", "1"]
