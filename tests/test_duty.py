"""Duty rosters: who may set them, what they refuse, and swaps that two people agree on."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction

from consortium.duty import accept_swap, on_duty, roster, set_duty, swap_duty
from consortium.errors import Refused
from consortium.models import AuditEntry, Delivery, Duty, DutySwap, Post, Preference
from consortium.models import WebhookEndpoint as Endpoint
from consortium.roles import Role
from tests.world import ADMIN, DOCTOR, EXPERT, NOW, OFFICE, World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND = ("province", EXPERT, 1), ("province", EXPERT, 2)


def put(world: World, who: tuple[str, Role, int] = FIRST, start: datetime = NOW + DAY, **given: Any) -> Duty:
    """A duty of eight hours, set by the hospital's administrator."""
    wanted = {"department": world.departments["province"].pk, "person": world.people[who].pk}
    wanted |= {"starts_at": start, "ends_at": start + 8 * HOUR, "by": world.actor("province", ADMIN), "now": NOW}
    return set_duty(**wanted | given)


def code(call: Any, **given: Any) -> tuple[str, str | None]:
    """The code and field with which a call is refused."""
    with pytest.raises(Refused) as refused, transaction.atomic():
        call(**given)
    return refused.value.code, refused.value.field


def test_the_roster_says_who_answers_at_a_moment(world):
    put(world)
    put(world, SECOND, NOW + DAY + 8 * HOUR)
    head = put(world, ("province", OFFICE, 1), NOW - DAY, ends_at=NOW + 30 * DAY, post=Post.HEAD)
    place = world.departments["province"].pk
    at = [[duty.person for duty in on_duty(place, NOW + DAY + hours * HOUR)] for hours in (-1, 0, 7, 8, 15, 16)]
    one, two = world.people[FIRST], world.people[SECOND]
    assert at == [
        [head.person],
        [one, head.person],
        [one, head.person],
        [two, head.person],
        [two, head.person],
        [head.person],
    ]
    assert roster(place, NOW + DAY, NOW + DAY + 8 * HOUR).count() == 2
    assert on_duty(place, NOW + DAY, post=Post.HEAD).get() == head
    assert AuditEntry.objects.filter(action="set_duty").count() == 3


@pytest.mark.parametrize("who", [("province", EXPERT), ("province", OFFICE), ("county", ADMIN), ("province", DOCTOR)])
def test_only_the_hospitals_administrator_sets_it(world, who):
    assert code(put, world=world, by=world.actor(*who)) == ("FORBIDDEN", None)


def test_what_a_roster_refuses(world):
    duty = put(world)
    assert code(put, world=world, ends_at=NOW) == ("INVALID_INPUT", "endsAt")
    assert code(put, world=world, start=NOW + DAY + 7 * HOUR) == ("INVALID_INPUT", "startsAt")  # the same person twice
    assert code(put, world=world, who=("county", EXPERT, 1)) == ("INVALID_INPUT", "person")
    assert code(put, world=world, id=duty.pk, expected_version=2) == ("STALE_VERSION", "expectedVersion")
    assert code(put, world=world, department=duty.pk) == ("NOT_FOUND", "id")
    other = world.departments["province.other"].pk
    assert code(put, world=world, id=duty.pk, expected_version=1, department=other) == ("INVALID_INPUT", "department")
    changed = put(world, SECOND, id=duty.pk, expected_version=1)
    assert (changed.pk, changed.person, changed.version) == (duty.pk, world.people[SECOND], 2)
    assert Duty.objects.count() == 1


def swap(world: World, given: Duty, taken: Duty, who: tuple[str, Role, int] = FIRST, **more: Any) -> DutySwap:
    """A proposal."""
    return swap_duty(**{"by": world.actor(*who[:2], who[2]), "now": NOW, "id": given.pk, "other": taken.pk} | more)


def accept(world: World, proposal: DutySwap, who: tuple[str, Role, int] = SECOND, now: datetime = NOW) -> DutySwap:
    """The other's consent."""
    return accept_swap(by=world.actor(*who[:2], who[2]), now=now, id=proposal.pk)


def people(*duties: Duty) -> list[Any]:
    """Who has the duties now."""
    return [Duty.objects.get(pk=duty.pk).person for duty in duties]


def test_a_swap_needs_both(world):
    mine, theirs = put(world), put(world, SECOND, NOW + 2 * DAY)
    one, two = people(mine, theirs)
    proposal = swap(world, mine, theirs)
    assert people(mine, theirs) == [one, two]
    assert swap(world, mine, theirs).pk == proposal.pk  # asked again, it is the same proposal
    assert code(accept, world=world, proposal=proposal, who=FIRST) == ("SECOND_PERSON_NEEDED", None)
    assert code(accept, world=world, proposal=proposal, who=("province", OFFICE, 1)) == ("NOT_FOUND", "id")
    done = accept(world, proposal)
    assert (people(mine, theirs), done.accepted_at) == ([two, one], NOW)
    assert code(accept, world=world, proposal=proposal) == ("INVALID_STATE", None)
    assert [Duty.objects.get(pk=duty.pk).version for duty in (mine, theirs)] == [2, 2]
    assert list(AuditEntry.objects.filter(action__contains="swap").values_list("action", flat=True)) == [
        "swap_duty", "swap_duty", "accept_swap",
    ]  # fmt: skip


def test_the_colleague_hears_of_a_swap_and_the_proposer_of_their_consent(world):
    """As each prefers: routine waits for the end of quiet hours, a duty that begins within a day does not."""
    for who in (FIRST, SECOND):
        Preference.objects.create(
            person=world.people[who], channel="EMAIL", address="a@b.cn", quiet_from=time(8), quiet_until=time(12)
        )
    Endpoint.objects.create(
        hospital=world.hospitals["province"], name="HIS", url="https://a.b", salt=b"1", created_at=NOW
    )
    near, far = put(world, start=NOW + 4 * HOUR), put(world, SECOND, NOW + 2 * DAY)
    mine, theirs = put(world, start=NOW + 3 * DAY), put(world, SECOND, NOW + 4 * DAY)
    swap(world, near, far)
    proposal = swap(world, mine, theirs)
    accept(world, proposal)
    one, two = world.people[FIRST], world.people[SECOND]
    heard = Delivery.objects.order_by("event_id")
    assert list(heard.values_list("event__kind", "notice__person", "hospital", "priority", "next_at")) == [
        ("swap_duty", two.pk, world.hospitals["province"].pk, 3, NOW),
        ("swap_duty", two.pk, world.hospitals["province"].pk, 4, NOW + 3 * HOUR),
        ("accept_swap", one.pk, world.hospitals["province"].pk, 4, NOW + 3 * HOUR),
    ]
    assert heard[1].text == "换班申请：儿科，03-05 09:00–17:00 与 03-06 09:00–17:00。请登录转诊协作网查看。"
    event = heard[2].event
    assert (event.subject_kind, event.subject_id, event.version, event.actor) == ("dutySwap", proposal.pk, 2, two)


def test_a_swap_that_no_longer_fits_is_refused(world):
    mine, theirs = put(world), put(world, SECOND, NOW + 2 * DAY)
    proposal = swap(world, mine, theirs)
    assert code(accept, world=world, proposal=proposal, now=NOW + DAY) == ("INVALID_STATE", None)  # it has begun
    put(world, SECOND, NOW + 3 * DAY, id=theirs.pk, expected_version=1)
    assert code(accept, world=world, proposal=proposal) == ("STALE_VERSION", "id")
    assert people(mine, theirs) == [world.people[FIRST], world.people[SECOND]]


def test_a_swap_puts_nobody_on_duty_twice(world):
    mine, theirs = put(world), put(world, SECOND, NOW + 2 * DAY)
    put(world, SECOND, NOW + DAY - 4 * HOUR)
    assert code(accept, world=world, proposal=swap(world, mine, theirs)) == ("INVALID_STATE", None)


def test_what_cannot_be_proposed(world):
    mine, theirs, started = put(world), put(world, SECOND, NOW + 2 * DAY), put(world, SECOND, NOW - HOUR)
    elsewhere = {"department": world.departments["province.other"].pk, "person": world.people["province", OFFICE, 1].pk}
    other = put(world, SECOND, NOW + 4 * DAY, **elsewhere)
    assert code(swap, world=world, given=theirs, taken=mine) == ("NOT_FOUND", "id")  # somebody else's to give
    assert code(swap, world=world, given=mine, taken=mine) == ("INVALID_INPUT", "other")
    assert code(swap, world=world, given=mine, taken=other) == ("INVALID_INPUT", "other")
    assert code(swap, world=world, given=mine, taken=started) == ("INVALID_STATE", None)
