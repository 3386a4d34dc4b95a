"""The roll-up of legs: equal to counting them one by one, whatever happened, settled or not; and who may see it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from consortium.access import SYSTEM
from consortium.database.acting import acting, reporting
from consortium.models import Concept
from referrals import figures, rollup
from referrals.models import SUMS, Grain, LegCount, Referral, Status
from tests.edge.many import copies
from tests.world import CHINA, NOW

KEYS = ("requester_hospital", "performer_hospital")
FIRST = date(2025, 1, 1)


def one_by_one(since: date, until: date) -> dict[Any, dict[str, int]]:
    """The figures by counting legs."""
    judged = Count("pk", filter=figures.ARRIVED & Q(closed_at__isnull=False))
    wanted = {each.value: Count("pk", filter=which) for each, which in figures.WHICH.items()} | {"JUDGED": judged}
    rows = Referral.objects.filter(**figures.within_days("sent_at", since, until), performer_hospital__isnull=False)
    rows = rows.exclude(status=Status.ENTERED_IN_ERROR).order_by()
    keys = (*KEYS, "needed_capability")
    found = rows.values(*keys).annotate(**wanted)
    return {tuple(row.pop(key) for key in keys): row for row in map(dict, found)}


def summed(since: date, until: date) -> dict[Any, dict[str, int]]:
    """The same from the roll-up."""
    keys = (*KEYS, "capability")
    rows = LegCount.objects.filter(rollup.within(since, until)).values(*keys).annotate(**rollup.sums())
    return {tuple(row.pop(key) for key in keys): row for row in map(dict, rows.filter(SENT__gt=0))}


def moment_of(chance: Random) -> datetime:
    """Some moment in two years, often at a midnight of the network or just beside it."""
    at = datetime(2025, 1, 1, tzinfo=CHINA) + timedelta(days=chance.randrange(730))
    return at + chance.choice([timedelta(), timedelta(microseconds=-1), timedelta(seconds=chance.randrange(86400))])


def wrong(leg: Referral, chance: Random) -> None:
    leg.status = chance.choice([Status.ENTERED_IN_ERROR, Status.SENT])


def answered(leg: Referral, chance: Random) -> None:
    leg.decision, leg.decided_at = chance.choice(["", "ACCEPTED", "WAITLISTED", "ADVISED", "REJECTED"]), NOW


def arrived(leg: Referral, chance: Random) -> None:
    leg.arrived_at = chance.choice([None, NOW])


def ended(leg: Referral, chance: Random) -> None:
    leg.closed_at, leg.ending = chance.choice([(None, ""), (NOW, "COMPLETED"), (NOW, "LOCAL")])


def sent(leg: Referral, chance: Random) -> None:
    leg.sent_at = chance.choice([None, moment_of(chance)])


HAPPENINGS: list[Callable[[Referral, Random], None]] = [wrong, answered, arrived, ended, sent]


@pytest.mark.parametrize("seed", range(3))
def test_sums_equal_counting_under_random_histories(world, seed):
    chance = Random(seed)  # noqa: S311 (no secret)
    province, other = (world.hospitals[name] for name in ("province", "province2"))
    able = list(Concept.objects.filter(system="CAPABILITY").order_by("code")[:2])
    first = world.referral(Status.SENT)
    places = [(province, world.departments["province"]), (other, world.departments["province2"])]
    varied = [
        {
            "performer_hospital_id": place.pk,
            "performer_department_id": ward.pk,
            "needed_capability_id": concept and concept.pk,
            "sent_at": moment_of(chance),
        }
        for (place, ward), concept, _n in product(places, [None, *able], range(8))
    ]
    legs = copies(first, varied)
    periods = [
        (FIRST, date(2026, 12, 31)),
        (date(2025, 3, 1), date(2025, 3, 31)),
        (date(2025, 3, 2), date(2025, 3, 30)),
    ]
    for _ in range(60):
        leg = chance.choice(legs)
        chance.choice(HAPPENINGS)(leg, chance)
        leg.save()
        if chance.random() < 0.1:
            rollup.settle()
        since = FIRST + timedelta(days=chance.randrange(700))
        periods[-1] = (since, since + timedelta(days=chance.randrange(400)))
        for period in (periods[-1], chance.choice(periods)):
            assert summed(*period) == one_by_one(*period)
    rollup.settle()
    assert not LegCount.objects.filter(grain=Grain.CHANGE).exists()
    assert rollup.settle() == 0
    kept = summed(*periods[0])
    assert kept == one_by_one(*periods[0])
    rollup.recount()
    assert summed(*periods[0]) == kept
    assert {row["requester_hospital"] for row in LegCount.objects.values("requester_hospital")} == {
        world.hospitals["county"].pk
    }


def test_a_leg_that_is_undone_is_counted_nowhere(world):
    before = LegCount.objects.count()
    with transaction.atomic():
        world.referral(Status.CLOSED)
        assert LegCount.objects.count() > before
        transaction.set_rollback(True)
    assert LegCount.objects.count() == before


def test_whole_months_are_read_as_months():
    assert rollup.within(date(2026, 1, 1), date(2026, 2, 28)) == (
        Q(grain="C", day__gte=date(2026, 1, 1), day__lte=date(2026, 2, 28))
        | Q(grain="M", day__gte=date(2026, 1, 1), day__lte=date(2026, 2, 28))
        | Q(
            Q(day__gte=date(2026, 1, 1), day__lt=date(2026, 1, 1))
            | Q(day__gt=date(2026, 2, 28), day__lte=date(2026, 2, 28)),
            grain="D",
        )
    )


def test_only_who_counts_reads_the_sums_and_only_the_system_settles_them(world):
    world.referral(Status.SENT)
    assert LegCount.objects.filter(grain=Grain.CHANGE).exists()
    with acting(world.actor("province", "EXPERT")):
        assert not LegCount.objects.exists()
        with reporting():
            assert not LegCount.objects.exists()
        assert rollup.settle() == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            LegCount.objects.create(
                grain=Grain.DAY,
                day=timezone.localdate(NOW),
                requester_hospital=world.hospitals["county"],
                performer_hospital=world.hospitals["province"],
                **dict.fromkeys(SUMS, 1),
            )
    with acting(world.actor("province", "ALLIANCE_ADMIN")), reporting():
        assert LegCount.objects.exists()
    with acting(SYSTEM):
        assert rollup.settle() > 0
