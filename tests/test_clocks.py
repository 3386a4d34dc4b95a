"""Limits to the minute: what starts, pauses, moves and ends them, and that all of it follows from the events."""

import random
from datetime import date, datetime, timedelta
from uuid import uuid4

import holidays
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consortium import access, clocks
from consortium.calendars import between, is_working_day, later
from consortium.errors import Refused
from consortium.models import Alliance, Calendar, ClockRule, ClockRun, Event, Membership, Priority, Side
from consortium.overrides import set_clock_rule
from consortium.roles import Role
from consortium.runs import Rules, follow
from referrals.models import Referral, Status
from tests.conftest import open_nowhere
from tests.test_transitions import TABLE
from tests.world import BY, CHINA, NOW, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    """A moment in the network's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


# --- calendars

SPRING_FESTIVAL_2026 = {
    "2026-02-13": True, "2026-02-14": True,  # a Saturday that is made up for
    "2026-02-15": False, "2026-02-16": False, "2026-02-17": False, "2026-02-20": False, "2026-02-23": False,
    "2026-02-24": True, "2026-02-28": True,  # a Saturday that is made up for
    "2026-03-01": False,
}  # fmt: skip
NATIONAL_DAY_2026 = {
    "2026-09-20": True, "2026-09-25": False, "2026-09-30": True, "2026-10-01": False, "2026-10-04": False,
    "2026-10-07": False, "2026-10-08": True, "2026-10-10": True, "2026-10-11": False,
}  # fmt: skip


@pytest.mark.parametrize(("day", "works"), (SPRING_FESTIVAL_2026 | NATIONAL_DAY_2026).items())
def test_the_days_on_which_people_work(day, works):
    assert is_working_day(date.fromisoformat(day)) is works


def test_a_year_alone_knows_what_all_years_know():
    every = holidays.country_holidays("CN", years=range(2024, 2028))
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(2 * 365)]
    assert [is_working_day(day) for day in days] == [every.is_working_day(day) for day in days]


LATER = [
    ("2026-02-13T15:00", 1 * DAY, "2026-02-14T15:00"),  # Friday to the Saturday that is worked
    ("2026-02-14T15:00", 1 * DAY, "2026-02-24T15:00"),  # over the Spring Festival
    ("2026-02-17T10:00", 2 * HOUR, "2026-02-24T02:00"),  # begun on a holiday: counts from the next working day
    ("2026-09-30T18:00", 2 * DAY, "2026-10-09T18:00"),  # over National Day
    ("2026-09-30T18:00", 6 * HOUR, "2026-10-01T00:00"),  # ends with the last working minute
    ("2026-10-09T12:00", 1 * DAY, "2026-10-10T12:00"),
    ("2026-10-10T12:00", 1 * DAY, "2026-10-12T12:00"),
    ("2026-03-02T09:00", -30 * MINUTE, "2026-03-02T08:30"),
]


@pytest.mark.parametrize(("start", "length", "end"), LATER)
def test_working_time_is_counted_to_the_minute(start, length, end):
    assert later(at(start), length, Calendar.WORKING_DAYS) == at(end)
    assert later(at(start), length, Calendar.ALWAYS) == at(start) + length
    if length > timedelta(0):
        assert between(at(start), at(end), Calendar.WORKING_DAYS) == length
        assert between(at(end), at(start), Calendar.WORKING_DAYS) == -length


def test_the_zone_of_the_moment_does_not_matter():
    utc = at("2026-09-30T18:00").astimezone(timezone.get_fixed_timezone(0))
    assert later(utc, 2 * DAY, Calendar.WORKING_DAYS) == at("2026-10-09T18:00")


# --- runs of a real referral


def runs(referral: Referral, kind: str) -> list[ClockRun]:
    """The stored runs of a kind."""
    return list(ClockRun.objects.filter(subject_id=referral.pk, kind=kind).order_by("turn"))


def sent_at(world: World, moment: datetime) -> Referral:
    """A new standard referral, sent at a moment."""
    by = access.at_time(world.actor(*BY["submit_referral"]), moment)
    return world.take("submit_referral", world.draft(), now=moment, by=by)


def step(world: World, name: str, referral: Referral, minute: int, **given: object) -> Referral:
    """A step so many minutes after nine."""
    moment = NOW + minute * MINUTE
    by = world.actor(*BY[name])
    return world.take(name, world.read(referral), now=moment, by=access.at_time(by, moment), **given)


def test_a_limit_pauses_for_the_sender_and_goes_on_with_what_was_left(world):
    referral = world.referral(Status.IN_TRIAGE)  # sent and claimed at 9:00, urgent: 1440 minutes
    step(world, "request_information", referral, 100)
    (triage,), (asked,) = runs(referral, "TRIAGE"), runs(referral, "INFORMATION")
    assert (triage.due_at, triage.paused_at, triage.paused_in) == (None, NOW + 100 * MINUTE, "INFO_NEEDED")
    assert (triage.taken_seconds, clocks.elapsed(triage, NOW + 9 * HOUR)) == (6000, 100 * MINUTE)
    assert (asked.hospital, asked.department) == (world.hospitals["county"], world.departments["county"])
    assert (asked.due_at, asked.target_minutes) == (NOW + 100 * MINUTE + DAY, 1440)

    step(world, "supply_information", referral, 160)
    (triage,), (asked,) = runs(referral, "TRIAGE"), runs(referral, "INFORMATION")
    assert (triage.due_at, triage.paused_at, triage.paused_seconds) == (NOW + DAY + 60 * MINUTE, None, 3600)
    assert (triage.hospital, triage.holder) == (world.hospitals["province"], Side.PERFORMER)
    assert (asked.met, asked.taken_seconds, asked.stopped_at) == (True, 3600, NOW + 160 * MINUTE)
    assert world.read(referral).due_at == NOW + DAY + 60 * MINUTE

    step(world, "accept_referral", referral, 1440 + 61)
    (triage,), (booking,) = runs(referral, "TRIAGE"), runs(referral, "BOOKING")
    assert (triage.met, triage.taken_seconds) == (False, 1441 * 60)
    assert (booking.started_at, booking.due_at) == (NOW + 1501 * MINUTE, NOW + 1501 * MINUTE + DAY)


def test_a_claim_that_is_given_back_starts_nothing_anew(world):
    referral = world.referral(Status.IN_TRIAGE)
    step(world, "release_referral", referral, 30)
    (triage,) = runs(referral, "TRIAGE")
    assert (triage.started_at, triage.due_at) == (NOW, NOW + DAY)


def test_a_hold_is_the_patients_until_the_moment_that_was_agreed(world):
    referral = world.referral(Status.ACCEPTED)
    step(world, "hold_referral", referral, 10)
    (booking,), (hold,) = runs(referral, "BOOKING"), runs(referral, "HOLD")
    assert (booking.paused_in, hold.holder, hold.hospital) == ("ON_HOLD", Side.PATIENT, None)
    assert (hold.due_at, hold.target_minutes) == (NOW + 2 * DAY, 2880 - 10)
    step(world, "resume_referral", referral, 40)
    assert (runs(referral, "BOOKING")[0].due_at, runs(referral, "HOLD")[0].met) == (NOW + DAY + 30 * MINUTE, True)


def test_an_amended_outcome_must_be_acknowledged_anew(world):
    referral = world.referral(Status.OUTCOME_RETURNED)
    step(world, "amend_outcome", referral, 60)
    first, second = runs(referral, "ACKNOWLEDGEMENT")
    assert (first.stopped_at, first.met, second.started_at) == (NOW + HOUR, None, NOW + HOUR)
    step(world, "acknowledge_outcome", referral, 90)
    assert [run.met for run in runs(referral, "ACKNOWLEDGEMENT")] == [None, True]
    assert (runs(referral, "FOLLOW_UP")[0].due_at, world.read(referral).due_at) == (NOW + 90 * MINUTE + 7 * DAY, None)


def test_what_is_cancelled_in_time_says_nothing_and_what_was_late_stays_late(world):
    early, late = world.referral(Status.SENT), world.referral(Status.SENT)
    step(world, "cancel_referral", early, 1439)
    step(world, "cancel_referral", late, 1441)
    assert (runs(early, "TRIAGE")[0].met, runs(late, "TRIAGE")[0].met) == (None, False)


def test_an_entry_in_error_leaves_the_statistics(world):
    referral = world.referral(Status.ACCEPTED)
    assert runs(referral, "TRIAGE")[0].met is True
    step(world, "report_error", referral, 5)
    step(world, "confirm_error", referral, 6)
    assert [run.met for run in ClockRun.objects.filter(subject_id=referral.pk)] == [None, None]


def test_death_stops_every_limit_of_every_leg_at_its_moment(world):
    referral = world.referral(Status.ARRIVED)
    step(world, "refer_down", referral, 30)
    down = Referral.objects.get(based_on=referral)
    assert ClockRun.objects.filter(thread_id=referral.case_id, stopped_at__isnull=True).count() == 2
    died = NOW + 50 * MINUTE
    step(world, "record_death", referral, 90, event_at=died, backdating_reason="EMERGENCY_CARE_FIRST")
    assert not ClockRun.objects.filter(thread_id=referral.case_id, stopped_at__isnull=True).exists()
    assert (runs(down, "TRIAGE")[0].stopped_at, runs(down, "TRIAGE")[0].met) == (died, None)
    ended = (world.read(down).clock_kind, world.read(down).due_at, world.read(down).closed_at)
    assert ended == ("", None, NOW + 90 * MINUTE)
    assert not clocks.differs(world.read(down))
    assert not clocks.differs(world.read(referral))


def test_a_step_on_a_case_costs_so_many_statements(world, settings):
    settings.PREPARE = False  # so that a statement shows its text
    referral = world.referral(Status.SENT)
    with CaptureQueriesContext(connection) as queries:
        world.take("claim_referral", referral)
    tables = ("consortium_clockrun", "consortium_clockrule", "consortium_event")
    read = [q["sql"] for q in queries if any(f"from {name} " in q["sql"] for name in tables)]
    assert [all(f"from {name} " in sql for name in tables) for sql in read] == [True]  # all of it by one statement
    assert not any("insert into consortium_clockrun" in q["sql"] for q in queries)  # and nothing is written
    with CaptureQueriesContext(connection) as queries:
        world.take("accept_referral", world.read(referral))
    (stored,) = [q["sql"] for q in queries if "insert into consortium_clockrun" in q["sql"]]
    assert "on conflict" in stored  # one limit begins and one ends


# --- rebuilt equals stored


@pytest.mark.parametrize("seed", range(12))
def test_stored_clocks_follow_from_the_events_whatever_happened(world, seed):
    chance = random.Random(seed)  # noqa: S311 (a walk, no secret)
    referral, minute = world.draft(), 0
    for _ in range(14):
        current = world.read(referral)
        possible = [name for name, (sources, _to, who) in TABLE.items() if who and current.status in sources]
        for name in chance.sample(possible, len(possible)):
            moment = NOW + (minute + chance.randrange(1, 900)) * MINUTE
            given = {"now": moment, "by": access.at_time(world.actor(*BY[name]), moment)}
            try:
                with transaction.atomic():
                    world.take(name, current, **given)
            except Refused:
                continue
            minute = int((moment - NOW) / MINUTE)
            break
    legs = Referral.objects.filter(case=referral.case_id).select_related(*Referral.LOADED)
    assert Event.objects.filter(thread_id=referral.case_id).count() > 3
    assert [leg.number for leg in legs if clocks.differs(leg)] == []
    for leg in legs:
        assert (leg.due_at is None) or leg.open


def test_rebuilding_repairs_and_checking_only_tells(world, capsys):
    referral = world.referral(Status.IN_TRIAGE)
    call_command("rebuild_clocks", check=True, stdout=open_nowhere())
    ClockRun.objects.filter(subject_id=referral.pk).update(due_at=NOW, met=False)
    Referral.objects.filter(pk=referral.pk).update(due_at=None)
    with pytest.raises(CommandError, match=f"1 differ: {referral.number}"):
        call_command("rebuild_clocks", check=True, stdout=open_nowhere())
    call_command("rebuild_clocks", stdout=open_nowhere())
    assert (runs(referral, "TRIAGE")[0].due_at, world.read(referral).due_at) == (NOW + DAY, NOW + DAY)
    ClockRun.objects.filter(subject_id=referral.pk).delete()
    made = {"subject_kind": "referral", "subject_id": referral.pk, "thread_id": referral.case_id, "kind": "NOTHING"}
    rule = ClockRule.objects.first()
    ClockRun.objects.create(rule=rule, turn=1, target_minutes=1, holder=Side.PATIENT, started_at=NOW, **made)
    call_command("rebuild_clocks", stdout=open_nowhere())
    assert list(ClockRun.objects.filter(subject_id=referral.pk).values_list("kind", flat=True)) == ["TRIAGE"]


# --- milestones


def milestone(kind: str, minute: int, recorded: int) -> Event:
    """A milestone of a case, not stored."""
    told = {"kind": kind, "at": (NOW + minute * MINUTE).isoformat()}
    return event("record_milestone", Status.ARRIVED, Status.ARRIVED, recorded, recorded, {"milestone": told})


def event(kind: str, before: str, after: str, minute: int, recorded: int, detail: dict | None = None) -> Event:
    """An event of a case, not stored."""
    return Event(
        kind=kind, from_status=before, to_status=after, event_at=NOW + minute * MINUTE,
        recorded_at=NOW + recorded * MINUTE, detail=detail or {}, subject_id=uuid4(),
    )  # fmt: skip


CLINICAL = [
    # emergency, events in the order of record, kind, taken minutes, met
    ("CHEST_PAIN", [milestone("ECG", 12, 30), milestone("FIRST_CONTACT", 3, 31)], "STEMI_ECG", 9, True),
    ("CHEST_PAIN", [milestone("FIRST_CONTACT", 0, 1), milestone("ECG", 11, 12)], "STEMI_ECG", 11, False),
    (
        "CHEST_PAIN",
        [milestone("FIRST_CONTACT", 0, 1), milestone("ECG", 11, 12), milestone("ECG", 8, 40)],  # corrected
        "STEMI_ECG", 8, True,
    ),
    (
        "CHEST_PAIN",
        [milestone("FIRST_DOOR", 5, 6), event("depart_referral", "ACCEPTED", "IN_TRANSIT", 35, 50)],
        "STEMI_DIDO", 30, True,
    ),
    (
        "CHEST_PAIN",
        [event("arrive_referral", "IN_TRANSIT", "ARRIVED", 60, 70), milestone("BALLOON", 151, 200)],
        "STEMI_BALLOON", 91, False,
    ),
    (
        "CHEST_PAIN",  # the door, and then the arrival at the desk: the first of them counts
        [
            milestone("DOOR", 58, 59),
            event("arrive_referral", "IN_TRANSIT", "ARRIVED", 62, 62),
            milestone("BALLOON", 150, 151),
        ],
        "STEMI_BALLOON", 92, False,
    ),
    ("CHEST_PAIN", [milestone("FIRST_CONTACT", 0, 1), milestone("BALLOON", 120, 121)], "STEMI_WIRE", 120, True),
    ("STROKE", [milestone("DOOR", 0, 0), milestone("CT", 26, 30)], "STROKE_CT", 26, False),
    ("STROKE", [milestone("DOOR", 0, 0), milestone("NEEDLE", 50, 55)], "STROKE_NEEDLE", 50, True),
    ("STROKE", [milestone("DOOR", 0, 0), milestone("NEEDLE", 50, 55)], "STROKE_NEEDLE_45", 50, False),
    ("STROKE", [milestone("FIRST_DOOR", 0, 0), milestone("FIRST_DOOR_OUT", 120, 125)], "STROKE_DIDO", 120, True),
    (
        "TRAUMA",
        [event("arrive_referral", "IN_TRANSIT", "ARRIVED", 0, 0), milestone("TEAM", 10, 11)],
        "TRAUMA_TEAM", 10, True,
    ),
    (
        "CRITICAL_MATERNAL",
        [event("arrive_referral", "IN_TRANSIT", "ARRIVED", 0, 0), milestone("TEAM", 11, 11)],
        "MATERNAL_TEAM", 11, False,
    ),
    (
        "CRITICAL_CHILD",
        [event("activate", "", "BROADCAST", 0, 0), event("choose", "BROADCAST", "ACCEPTED", 9, 10)],
        "CHILD_REPLY", 10, True,
    ),
    (
        "CRITICAL_CHILD",
        [event("choose", "BROADCAST", "ACCEPTED", 0, 0), event("depart_referral", "ACCEPTED", "IN_TRANSIT", 31, 31)],
        "CHILD_TEAM", 31, False,
    ),
    (
        "ONCOLOGY_EMERGENCY",
        [event("activate", "", "BROADCAST", 0, 0), event("choose", "BROADCAST", "ACCEPTED", 61, 61)],
        "ONCOLOGY_REPLY", 61, False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("emergency", "events", "kind", "taken", "met"), CLINICAL)
def test_clinical_limits_follow_from_milestones(world, emergency, events, kind, taken, met):
    case = Referral(priority=Priority.STAT, case=world.referral(Status.SENT).case)
    rules = Rules(list(ClockRule.objects.filter(emergency__in=["", emergency])))
    (run,) = follow(case, events, rules)[kind]
    assert (run.target - run.left, run.met) == (taken * MINUTE, met)


# --- alliances


@pytest.fixture
def alliance(world: World) -> Alliance:
    """An alliance of the county and the provincial hospital, led by the latter."""
    made = Alliance.objects.create(code="kids", name="儿科联盟", lead=world.hospitals["province"])
    for name in ("county", "province"):
        Membership.objects.create(alliance=made, hospital=world.hospitals[name], joined_date=date(2026, 1, 1))
    return made


def override(world: World, **given: object) -> ClockRule:
    """An alliance's own triage target, set by its administrator."""
    by = world.actor("province", Role.ALLIANCE_ADMIN)
    return set_clock_rule(
        **{"by": by, "now": NOW, "alliance": "kids", "kind": "TRIAGE", "target_minutes": 60, "source": "联盟决议"}
        | given
    )


def test_an_alliance_has_its_own_target_from_tomorrow_between_its_members(world, alliance):
    override(world, priority=Priority.URGENT)
    today = world.referral(Status.SENT)
    assert world.read(today).due_at == NOW + DAY
    inside = sent_at(world, NOW + DAY)
    assert inside.due_at == NOW + DAY + 60 * MINUTE
    Membership.objects.filter(hospital=world.hospitals["county"]).update(left_date=date(2026, 3, 3))
    assert sent_at(world, NOW + DAY).due_at == NOW + 2 * DAY


def test_an_override_may_count_working_days_only(world, alliance):
    override(world, target_minutes=2880, calendar="WORKING_DAYS")
    friday = at("2026-03-06T15:00")
    sent = world.take(
        "submit_referral", world.draft(), now=friday, by=access.at_time(world.actor(*BY["submit_referral"]), friday)
    )
    assert sent.due_at == at("2026-03-10T15:00")
    asked = at("2026-03-07T10:00")  # a Saturday: none of it counts
    for name, moment in (
        ("claim_referral", asked),
        ("request_information", asked),
        ("supply_information", asked + 5 * HOUR),
    ):
        world.take(name, world.read(sent), now=moment, by=access.at_time(world.actor(*BY[name]), moment))
    assert world.read(sent).due_at == at("2026-03-10T15:00")
    assert not clocks.differs(world.read(sent))


def test_a_later_override_replaces_an_earlier_one_and_keeps_its_history(world, alliance):
    override(world, target_minutes=60)
    override(world, target_minutes=30, valid_from=date(2026, 3, 10))
    rows = ClockRule.objects.filter(alliance=alliance).order_by("valid_from")
    assert [(r.target_minutes, r.valid_from, r.valid_to) for r in rows] == [
        (60, date(2026, 3, 3), date(2026, 3, 9)), (30, date(2026, 3, 10), None),
    ]  # fmt: skip


def test_an_override_for_all_priorities_is_not_called_by_one_of_them(world, alliance):
    labels = [
        (rule.label_zh, rule.label_en)
        for rule in (override(world), override(world, priority=Priority.URGENT), override(world, kind="FROZEN_BEHIND"))
    ]
    assert labels == [
        ("分诊时限", "Triage"), ("分诊时限（加急）", "Triage (urgent)"),
        ("冰冻报告时限（前例未完）", "Frozen section report while the previous one is unfinished"),
    ]  # fmt: skip
    shipped = ClockRule.objects.filter(alliance=None, priority__isnull=False)
    for kind in set(shipped.values_list("kind", flat=True)):
        assert override(world, kind=kind).label_zh in {rule.label_zh[:-4] for rule in shipped.filter(kind=kind)}


@pytest.mark.parametrize(
    ("who", "given", "code"),
    [
        (("county", Role.ALLIANCE_ADMIN), {}, "NOT_FOUND"),
        (("province", Role.HOSPITAL_ADMIN), {}, "NOT_FOUND"),
        (("province", Role.ALLIANCE_ADMIN), {"alliance": "other"}, "NOT_FOUND"),
        (("province", Role.ALLIANCE_ADMIN), {"valid_from": date(2026, 3, 2)}, "INVALID_INPUT"),
        (("province", Role.ALLIANCE_ADMIN), {"target_minutes": 0}, "INVALID_INPUT"),
        (("province", Role.ALLIANCE_ADMIN), {"kind": "NOTHING"}, "INVALID_INPUT"),
    ],
)
def test_what_an_alliance_cannot_decide(world, alliance, who, given, code):
    with pytest.raises(Refused) as refused, transaction.atomic():
        override(world, **{"by": world.actor(*who)} | given)
    assert refused.value.code == code
    assert not ClockRule.objects.filter(alliance=alliance).exists()


def test_the_strictest_of_two_alliances_counts(world, alliance):
    other = Alliance.objects.create(code="cancer", name="肿瘤联盟", lead=world.hospitals["county"])
    for name in ("county", "province"):
        Membership.objects.create(alliance=other, hospital=world.hospitals[name], joined_date=date(2026, 1, 1))
    override(world, target_minutes=60)
    override(world, target_minutes=45, alliance="cancer", by=world.actor("county", Role.ALLIANCE_ADMIN))
    moment = NOW + DAY
    sent = world.take(
        "submit_referral", world.draft(), now=moment, by=access.at_time(world.actor(*BY["submit_referral"]), moment)
    )
    assert sent.due_at == moment + 45 * MINUTE
