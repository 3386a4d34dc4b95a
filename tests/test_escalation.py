"""Nobody's silence goes unnoticed: who is reminded when, how often, and what happens when nobody is there."""

from datetime import datetime, timedelta

import pytest

from consortium import access
from consortium.escalation import escalate
from consortium.models import (
    Alliance,
    ClockRun,
    Duty,
    EscalationRule,
    Event,
    Membership,
    Post,
    PractitionerRole,
    Priority,
)
from consortium.roles import Role
from referrals import actions
from referrals.models import Referral, Status
from tests.world import ADMIN, BY, EXPERT, NOW, OFFICE, World

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DUE = NOW + 15 * MINUTE  # a STAT triage
ALLIANCE = Role.ALLIANCE_ADMIN
HOSPITAL = {("province", ADMIN, 1), ("province", OFFICE, 1), ("province", OFFICE, 2)}
LEAD = {("province2", ALLIANCE, 1)}


def allied(world: World) -> None:
    """The county and the provincial hospital in one alliance, led by another."""
    alliance = Alliance.objects.create(code="kids", name="儿科联盟", lead=world.hospitals["province2"])
    for name in ("county", "province"):
        Membership.objects.create(alliance=alliance, hospital=world.hospitals[name], joined_date=NOW.date())


def posted(world: World, who: tuple[str, Role, int], post: str = Post.DUTY, **given: datetime) -> Duty:
    """Somebody on the roster of their department for a week around the world's moment."""
    times = {"starts_at": NOW - DAY, "ends_at": NOW + 7 * DAY} | given
    return Duty.objects.create(department=world.departments[who[0]], person=world.people[who], post=post, **times)


def staffed(world: World) -> None:
    """Somebody on every rung."""
    allied(world)
    posted(world, ("province", EXPERT, 1))
    posted(world, ("province", EXPERT, 2), Post.HEAD)


def late(world: World, priority: Priority = Priority.STAT) -> Referral:
    """A referral that nobody answers."""
    if priority == Priority.ROUTINE:
        world.hospitals["county"].outgoing_review = "NEVER"
        world.hospitals["county"].save()
    return world.take("submit_referral", world.draft(priority=priority))


def reminders(world: World, referral: Referral) -> list[tuple[str, int, set[tuple[str, Role, int]]]]:
    """Each reminder on the trail: reason, repetition, who has a notice."""
    events = Event.objects.filter(subject_id=referral.pk, kind="escalate").order_by("id")
    return [(event.reason_code, event.detail["repetition"], world.told(event)) for event in events]


# minute after the triage limit's end: what is given for the first time at that round
LADDER = [
    (-6, []),
    (-5, [("DUTY", 0)]),
    (-1, []),
    (0, [("DUTY", 1), ("HEAD", 0)]),
    (4, []),
    (5, [("DUTY", 2), ("HEAD", 1), ("HOSPITAL", 0)]),
    (10, [("DUTY", 3), ("HEAD", 2), ("ALLIANCE", 0)]),
    (15, [("DUTY", 4), ("HEAD", 3), ("HOSPITAL", 1)]),
    (25, [("DUTY", 6), ("HEAD", 5), ("HOSPITAL", 2), ("ALLIANCE", 1)]),  # what was missed at 20 is not made up for
]


def test_the_ladder_is_climbed_to_the_minute_and_repeats(world):
    staffed(world)
    referral, before = late(world), 0
    for minute, expected in LADDER:
        now = DUE + minute * MINUTE
        tally = escalate(Referral, now=now)
        assert escalate(Referral, now=now).reminders == 0  # the same round again
        found = reminders(world, referral)[before:]
        assert [(rung, number) for rung, number, _who in found] == expected, minute
        assert (tally.reminders, tally.alarms, tally.unheard) == (len(expected), 0, [])
        before += len(found)
    told = {rung: who for rung, _number, who in reminders(world, referral)}
    assert told == {
        "DUTY": {("province", EXPERT, 1)}, "HEAD": {("province", EXPERT, 2)}, "HOSPITAL": HOSPITAL, "ALLIANCE": LEAD,
    }  # fmt: skip
    event = Event.objects.filter(kind="escalate").first()
    assert (event.actor, event.from_status, event.to_status) == (None, Status.SENT, Status.SENT)
    assert event.detail["clock"] == "TRIAGE"
    assert world.read(referral).version == referral.version


def test_an_empty_roster_alarms_the_alliance_and_the_hospital(world):
    allied(world)
    referral = late(world)
    tally = escalate(Referral, now=DUE - 5 * MINUTE)
    assert reminders(world, referral) == [("DUTY_EMPTY", 0, LEAD | HOSPITAL)]
    assert (tally.alarms, tally.unheard) == (1, [])


def test_who_is_off_duty_or_gone_is_not_counted_on(world):
    allied(world)
    posted(world, ("province", EXPERT, 1), ends_at=DUE - 5 * MINUTE)
    posted(world, ("province", EXPERT, 2), starts_at=DUE - 4 * MINUTE)
    gone = posted(world, ("province", OFFICE, 1)).person
    gone.is_active = False
    gone.save()
    referral = late(world)
    escalate(Referral, now=DUE - 5 * MINUTE)
    assert [reason for reason, _n, _who in reminders(world, referral)] == ["DUTY_EMPTY"]


def test_when_there_is_nobody_at_all_it_is_recorded_and_logged(world, caplog):
    PractitionerRole.objects.filter(role__in=[ADMIN, OFFICE]).update(ends_at=NOW)
    referral = late(world)
    tally = escalate(Referral, now=DUE - 5 * MINUTE)
    assert (tally.unheard, reminders(world, referral)) == ([referral.number], [("DUTY_EMPTY", 0, set())])
    assert f"nobody to remind: case {referral.number}" in caplog.text


def test_a_reminder_follows_whoever_holds_the_limit(world):
    staffed(world)
    posted(world, ("county", EXPERT, 1))
    referral = world.referral(Status.INFO_NEEDED)  # urgent: one day, the sender's
    escalate(Referral, now=NOW + DAY - 120 * MINUTE)
    assert reminders(world, referral) == [("DUTY", 0, {("county", EXPERT, 1)})]


def test_the_patients_limit_reminds_the_sender(world):
    posted(world, ("county", EXPERT, 2))
    referral = world.referral(Status.ON_HOLD)
    escalate(Referral, now=NOW + 2 * DAY - 120 * MINUTE)
    assert reminders(world, referral) == [("DUTY", 0, {("county", EXPERT, 2)})]


def test_quiet_hours_are_for_routine_only(world):
    staffed(world)
    posted(world, ("province", OFFICE, 2))
    urgent = late(world, Priority.URGENT)
    routine = late(world, Priority.ROUTINE)  # five days: due on Saturday at nine
    for hour, reminded in ((22, False), (23, False), (30, False), (31, True)):  # hours of Friday; 31 is Saturday, seven
        now = NOW.replace(hour=0) + 4 * DAY + timedelta(hours=hour)
        escalate(Referral, now=now)
        assert bool(reminders(world, routine)) is reminded, hour
        assert reminders(world, urgent)
    assert [reason for reason, _n, _who in reminders(world, routine)] == ["DUTY"]


STOPPING = [("accept_referral", "TRIAGE"), ("cancel_referral", "TRIAGE"), ("record_death", "TRIAGE")]


@pytest.mark.parametrize(("name", "kind"), STOPPING)
def test_handled_closed_or_deceased_stops_every_reminder_at_once(world, name, kind):
    staffed(world)
    referral = late(world)
    escalate(Referral, now=DUE)
    count = len(reminders(world, referral))
    moment = DUE + MINUTE
    world.take(name, referral, now=moment, by=access.at_time(world.actor(*BY[name]), moment))
    escalate(Referral, now=DUE + 20 * MINUTE)
    since = Event.objects.filter(subject_id=referral.pk, kind="escalate").order_by("id")[count:]
    assert [event for event in since if event.detail["clock"] == kind] == []


def test_a_death_on_one_leg_silences_the_others(world):
    staffed(world)
    referral = world.referral(Status.ARRIVED)
    world.take("refer_down", referral)
    down = Referral.objects.get(based_on=referral)
    world.take("record_death", down, by=world.actor("county", EXPERT))
    assert world.read(referral).closed_at is None  # its outcome is still to be read
    assert escalate(Referral, now=NOW + 30 * DAY).reminders == 0


def test_a_follow_up_on_a_closed_referral_reminds_nobody(world):
    staffed(world)
    referral = world.referral(Status.CLOSED)
    assert ClockRun.objects.get(subject_id=referral.pk, kind="FOLLOW_UP").due_at == NOW + 7 * DAY
    assert escalate(Referral, now=NOW + 30 * DAY).reminders == 0


def test_reminders_do_not_keep_a_stale_referral_alive(world):
    staffed(world)
    referral = late(world)
    escalate(Referral, now=NOW + 30 * DAY)
    assert list(actions.stale(NOW + 31 * DAY)) == [referral.pk]


def test_a_round_with_nothing_due_costs_the_same_for_one_case_and_for_many(world, django_assert_num_queries):
    staffed(world)
    late(world)
    escalate(Referral, now=DUE)
    with django_assert_num_queries(4):  # the ladder, the runs, what was given for them, the priorities
        escalate(Referral, now=DUE + MINUTE)
    for _ in range(3):
        late(world)
    escalate(Referral, now=DUE + MINUTE)
    with django_assert_num_queries(4):
        escalate(Referral, now=DUE + 2 * MINUTE)


def test_the_shipped_ladder_has_every_rung_for_every_priority():
    rungs = EscalationRule.objects.values_list("priority", "rung")
    assert len(set(rungs)) == len(rungs) == len(Priority) * 4
    quiet = EscalationRule.objects.filter(quiet_from__isnull=False).values_list("priority", flat=True).distinct()
    assert list(quiet) == [Priority.ROUTINE]
