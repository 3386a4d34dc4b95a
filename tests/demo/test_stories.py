"""The demo stories: every state and step, valid identities, and nothing twice.

Of each plot two stories are played, of each emergency one; all are planned.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from consortium import access, clocks, demo
from consortium.identity import read_id_number
from consortium.management.commands import demo as command
from consortium.models import (
    Alliance,
    AuditEntry,
    Capability,
    ClockRun,
    Department,
    Division,
    Event,
    Hospital,
    Membership,
    Notice,
    Patient,
    Person,
    PractitionerRole,
)
from consortium.progress import shown
from consortium.roles import Role
from referrals import actions
from referrals import demo as stories
from referrals.demo.cast import Cast
from referrals.demo.emergencies import EMERGENCIES, EMERGENCY_GAPS, EMERGENCY_WAITS
from referrals.demo.emergency import TREATMENT, Emergency
from referrals.demo.plots import GAPS, PLOTS, UNSCALED, WAITS
from referrals.demo.story import Story
from referrals.models import (
    Booking,
    Case,
    Direction,
    Ending,
    Handover,
    Milestone,
    Offer,
    OfferStatus,
    Pathway,
    QualityReview,
    Referral,
    Status,
)
from telemedicine import demo as pathology
from tests.demo.known import ACCOUNTS, tally

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("told")]
MODELS = (Hospital, Department, Capability, Alliance, Membership, Person, PractitionerRole, Referral, Event, Notice)


PLAYED = [replace(plot, times=min(plot.times, 2)) for plot in PLOTS]
CALLED = [replace(plot, times=1) for plot in EMERGENCIES]
CASES = sum(plot.times for plot in [*PLAYED, *CALLED])
FURTHER = {"redirect", "resend", "send_again", "refer_down", "divert", "step_down"}
LEGS = CASES + sum(plot.times * sum(word in FURTHER for word in plot.words) for plot in [*PLAYED, *CALLED])
BY_THE_CLOCK = {"propose_expiry", "widen_on_silence", "escalate"}


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The demo network and its stories, made by the command, and what the command printed; undone in the end."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(stories, "PLOTS", PLAYED)
        patch.setattr(stories, "EMERGENCIES", CALLED)
        patch.setattr(pathology, "load", lambda progress: False)  # its cases have a module of their own
        out = StringIO()
        call_command("demo", stdout=out)
        yield out.getvalue()
        transaction.set_rollback(True)


@pytest.fixture
def told(loaded: str) -> Iterator[str]:
    """The loaded demo; whatever a test does to it is undone."""
    with transaction.atomic():
        yield loaded
        transaction.set_rollback(True)


# The stories


def test_referrals_are_in_every_state_and_direction():
    assert tally(Referral.objects, "status").keys() == set(Status.values)
    assert tally(Referral.objects, "ending").keys() == {"", *Ending.values}
    aimed = Referral.objects.filter(performer_hospital__isnull=False)
    assert tally(aimed, "direction").keys() == set(Direction.values)
    assert Case.objects.count() == CASES == 135
    assert Referral.objects.count() == LEGS == 157


def test_patients_go_up_and_down_between_all_levels():
    ways = tally(Referral.objects, "requester_hospital__level", "performer_hospital__level")
    assert ways.keys() >= {
        ("COUNTY", "CITY"), ("COUNTY", "PROVINCE"), ("CITY", "PROVINCE"), ("CITY", "CITY"),
        ("PROVINCE", "COUNTY"), ("CITY", "COUNTY"),
    }  # fmt: skip


def test_the_named_accounts_have_work_in_every_state():
    doctor = access.actor(Person.objects.get(username="county.doctor"), now=timezone.now())
    assert set(access.visible(doctor, Referral).values_list("status", flat=True)) == set(Status.values)
    expert = access.actor(Person.objects.get(username="city.expert"), now=timezone.now())
    received = access.visible(expert, Referral).filter(performer_hospital__name="长沙市妇幼保健院")
    assert set(received.values_list("status", flat=True)) == set(Status.values) - {
        Status.DRAFT, Status.OFFICE_REVIEW, Status.BROADCAST,
    }  # fmt: skip


def test_every_patient_has_a_valid_identity():
    today = timezone.localdate()
    patients = list(Patient.objects.filter(cases__isnull=False))
    assert len(patients) == CASES
    unknown = Patient.objects.filter(cases__isnull=True)  # recognised on the way: the case is another patient's now
    assert set(unknown.values_list("name", flat=True)) == {"身份待查"}
    assert unknown.count() == sum("know" in plot.words for plot in CALLED) == 2
    numbered = [patient for patient in patients if patient.id_number]
    for patient in numbered:
        known = read_id_number(patient.id_number, today=today)
        assert (known.birth_date, known.sex) == (patient.birth_date, patient.sex)
    counties = set(Division.objects.filter(level="COUNTY").values_list("code", flat=True))
    assert {patient.id_number[:6] for patient in numbered} <= counties
    newborn = [patient for patient in patients if not patient.id_number]
    assert 0 < len(newborn) < 15
    for patient in newborn:
        assert patient.temporary_identity == f"{patient.name} {patient.birth_date:%Y-%m-%d}"
        assert patient.guardian_relation == "母亲"


def test_a_child_has_a_guardian_who_consented():
    assert not Referral.objects.filter(consent_at__isnull=True, departed_at__isnull=False).exists()
    for referral in Referral.objects.filter(consent_at__isnull=False).select_related("case__patient"):
        patient, written = referral.patient, timezone.localdate(referral.created_at)
        child = (written - patient.birth_date).days < 14 * 365.25
        assert bool(patient.guardian_name) is child
        consent = (patient.guardian_name, patient.guardian_relation) if child else (patient.name, "本人")
        assert (referral.consent_by, referral.consent_relation) == consent


def test_a_patient_has_one_case_and_a_case_is_open_while_a_leg_is():
    known = Patient.objects.exclude(name="身份待查")
    assert set(known.annotate(n=Count("cases")).values_list("n", flat=True)) == {1}
    open_leg = Q(legs__closed_at__isnull=True)
    cases = Case.objects.annotate(going=Count("legs", filter=open_leg))
    assert not cases.filter(closed_at__isnull=True, going=0).exists()
    assert not cases.filter(closed_at__isnull=False, going__gt=0).exists()


def test_stories_lie_in_the_last_120_days_and_none_in_the_future():
    now = timezone.now()
    assert not Referral.objects.filter(created_at__lt=now - timedelta(days=120)).exists()
    assert Referral.objects.filter(created_at__lt=now - timedelta(days=60)).count() > 5
    assert not Event.objects.filter(recorded_at__gt=now).exists()
    assert Referral.objects.filter(created_at__gt=now - timedelta(days=1)).count() > 10


def test_numbers_and_keys_follow_the_order_of_time():
    for pathway in Pathway:
        rows = list(Referral.objects.filter(pathway=pathway).order_by("id").values_list("number", "created_at"))
        assert rows == sorted(rows)
        assert [at for _number, at in rows] == sorted(at for _number, at in rows)
    events = list(Event.objects.order_by("id").values_list("recorded_at", flat=True))
    assert events == sorted(events)


def test_every_step_left_its_event_audit_entry_and_version():
    events = tally(Event.objects.exclude(kind="escalate"), "subject_id")
    for case in (*Referral.objects.all(), *Offer.objects.all()):
        assert events[case.pk] == case.version
    cases = AuditEntry.objects.filter(object_kind__in=["referral", "offer"]).exclude(action="escalate")
    audited = tally(cases, "object_id")
    assert audited == {str(key): count for key, count in events.items()}
    assert Notice.objects.count() > Event.objects.count()


def test_who_acts_is_of_the_hospital_and_may():
    for event in Event.objects.exclude(kind__in=BY_THE_CLOCK).select_related("actor"):
        assert event.actor is not None
        assert event.actor_hospital_id is not None
        assert event.actor_role
    assert Event.objects.filter(kind="accept_referral", on_behalf_of__isnull=False).count() == 2
    assert set(Event.objects.filter(actor__isnull=True).values_list("kind", flat=True)) == BY_THE_CLOCK


def test_places_are_never_promised_twice_and_figures_keep_their_age():
    assert not Capability.objects.filter(held__gt=F("beds_free")).exists()
    promised = tally(Referral.objects.filter(held_capacity__isnull=False), "held_capacity")
    assert promised == {row.pk: row.held for row in Capability.objects.filter(held__gt=0)}


def test_bookings_of_waiting_patients_lie_ahead():
    waiting = Booking.objects.filter(referral__status__in=["SCHEDULED", "ON_HOLD"], state="ACTIVE")
    assert waiting.count() == Referral.objects.filter(status="SCHEDULED").count() + 2
    assert not waiting.filter(starts_at__lt=timezone.now()).exists()


def test_open_referrals_have_a_clock_and_some_are_late():
    now = timezone.now()
    waiting = Referral.objects.filter(closed_at__isnull=True).exclude(status__in=["DRAFT", "SCHEDULED"])
    assert not waiting.filter(clock_kind="").exists()
    late = waiting.filter(due_at__lt=now).count()
    assert 0.1 < late / waiting.count() < 0.7


# Emergencies


def test_calls_are_in_every_state_and_offers_too():
    calls = Referral.objects.filter(pathway=Pathway.GREEN_CHANNEL)
    assert tally(calls, "status").keys() == {
        Status.BROADCAST, Status.ACCEPTED, Status.IN_TRANSIT, Status.ARRIVED, Status.OUTCOME_RETURNED,
        Status.CLOSED, Status.CANCELLED, Status.REDIRECTED,
    }  # fmt: skip
    assert tally(calls.exclude(green_kind__code="STEP_DOWN"), "green_kind__code").keys() == TREATMENT.keys()
    assert tally(calls, "direction").keys() >= {"UP", "DOWN"}
    assert tally(Offer.objects, "status").keys() == set(OfferStatus.values)
    waiting = Offer.objects.filter(phone_answered_at__isnull=False, phone_confirmed_at__isnull=True)
    assert waiting.count() == 1


def test_whoever_arrived_was_handed_over_by_both_and_treated_in_order():
    arrived = Referral.objects.filter(pathway=Pathway.GREEN_CHANNEL, arrived_at__isnull=False)
    assert not arrived.exclude(pk__in=Handover.objects.values("referral")).exists()
    for sheet in Handover.objects.filter(referral__in=arrived):
        assert sheet.signed
    needles = Milestone.objects.filter(kind__code="NEEDLE").select_related("referral")
    assert needles.count() > 2
    for needle in needles:
        times = dict(needle.referral.milestones.values_list("kind__code", "at"))
        assert times["ONSET"] <= times["FIRST_CONTACT"] <= times["FIRST_DOOR_OUT"] <= times["DOOR"] <= times["CT"]
        assert times["CT"] <= needle.at
    assert tally(QualityReview.objects, "from_kind__code") == {"DOOR": 2}


def test_every_case_has_the_clocks_that_follow_from_its_events():
    for model in (Referral, Offer):
        for case in model.objects.select_related(*model.LOADED):
            assert not clocks.differs(case), case.number
    kinds = set(ClockRun.objects.values_list("kind", flat=True))
    assert kinds >= {"GREEN_ANSWER", "GREEN_RING", "GREEN_CONSENT", "STROKE_NEEDLE", "STEMI_BALLOON", "TRIAGE"}
    assert ClockRun.objects.filter(kind="STROKE_NEEDLE", met=True).exists()


def test_whoever_is_late_has_been_reminded_and_empty_rosters_have_raised_the_alarm():
    reminders = tally(Event.objects.filter(kind="escalate"), "reason_code")
    assert reminders["DUTY"] > 10
    assert reminders["DUTY_EMPTY"] > 0
    told = Notice.objects.filter(event__kind="escalate", event__reason_code="DUTY_EMPTY")
    assert told.filter(person__roles__role=Role.ALLIANCE_ADMIN).exists()


def test_every_word_of_an_emergency_is_a_step_with_a_duration():
    words = {word for plot in EMERGENCIES for word in plot.words}
    assert words <= (GAPS | EMERGENCY_GAPS).keys()
    assert all(callable(getattr(Emergency, word)) for word in words)
    assert EMERGENCY_WAITS.keys() >= {plot.words[-1] for plot in EMERGENCIES if not plot.finished}


# Once, and the same again


def test_a_second_run_changes_nothing_and_says_so(told):
    before = [model.objects.count() for model in MODELS]
    out = StringIO()
    call_command("demo", stdout=out)
    assert [model.objects.count() for model in MODELS] == before
    lines = out.getvalue().splitlines()
    assert lines[0] == "示范数据已在库中，未作改动。"
    assert lines[1:] == told.splitlines()[-len(lines) + 1 :]


def test_the_command_prints_progress_notice_accounts_and_queries(told):
    lines = told.splitlines()
    assert [line for line in lines if line.endswith("%")] == [
        f"{title} {part} %" for title in (demo.TITLE, stories.TITLE) for part in (0, 25, 50, 75, 100)
    ]
    rest = [line for line in lines if not line.endswith("%")]
    assert rest[0] == "成员名单按规则生成，仅作示意：公开来源只给出数量，没有名单；人员与患者均为虚构。"
    assert rest[1] == "口令（所有账号相同）：Refnet-demo-2026"
    printed = [line.strip().replace(" · ", " ") for line in rest[2 : 2 + len(ACCOUNTS)]]
    assert printed == ACCOUNTS
    assert rest[2 + len(ACCOUNTS) :] == ["可粘贴到 /graphiql/ 的查询：", *(f"  {query}" for query in command.QUERIES)]


@dataclass(frozen=True)
class Scene:
    """One step of a planned story, without the keys of rows."""

    at: object
    word: str
    sender: str
    targets: tuple[str, ...]
    patient: tuple


def scenes(planned: list[Story]) -> list[Scene]:
    """A plan in a form that can be compared."""
    return [
        Scene(
            at,
            word,
            place(story.parties.sender),
            tuple(place(target) for target in story.parties.targets),
            tuple(sorted(story.patient.items())),
        )
        for story in planned
        for word, at in zip(story.plot.words, story.times, strict=True)
    ]


def place(department: Department) -> str:
    """A department by name."""
    return f"{department.hospital.name} {department.name}"


def test_the_same_moment_gives_the_same_stories():
    now = timezone.now()
    random.seed(1)  # nothing hangs on the global generator
    first = scenes(stories.plan(Cast(now), now))
    random.seed(2)
    assert scenes(stories.plan(Cast(now), now)) == first
    assert len(first) == sum(plot.times * len(plot.words) for plot in PLAYED)


def test_some_hundreds_of_stories_are_planned_most_of_them_from_county_to_city(monkeypatch):
    monkeypatch.setattr(stories, "PLOTS", PLOTS)
    now = timezone.now()
    planned = stories.plan(Cast(now), now)
    assert len(planned) == 272
    assert len({story.patient.get("id_number", story.patient["name"]) for story in planned}) == 272
    ways = Counter((s.parties.sender.hospital.level, s.parties.targets[0].hospital.level) for s in planned)
    assert ways["COUNTY", "CITY"] > ways["COUNTY", "PROVINCE"] > ways["CITY", "PROVINCE"] > 30
    assert len({story.parties.sender.hospital_id for story in planned}) > 90
    for story in planned:
        hospitals = [story.parties.sender.hospital_id, *(t.hospital_id for t in story.parties.targets)]
        assert len(set(hospitals)) == len(hospitals) == story.plot.targets + 1
        assert now - stories.HISTORY < story.times[0] < story.times[-1] < now or len(story.times) == 1


def test_the_demo_is_refused_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="示范账号的口令是公开的，不能载入生产环境。"):
        call_command("demo", stdout=StringIO())


# The data of the plots


def test_every_word_of_a_plot_is_a_step_with_a_duration():
    words = {word for plot in PLOTS for word in plot.words}
    assert words <= GAPS.keys()
    assert all(callable(getattr(Story, word)) for word in GAPS)
    assert set(WAITS) | UNSCALED <= GAPS.keys()


def test_every_step_that_the_actions_offer_is_told_somewhere():
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert kinds == set(actions.__all__) - {"stale", "unanswered_broadcasts"} | {"escalate"}


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_progress_is_one_line_on_a_terminal_and_four_in_a_log():
    terminal, log = Terminal(), StringIO()
    for stream in (terminal, log):
        show = shown(stream, "x")
        for done in range(0, 101, 10):
            show(done, 100)
    assert terminal.getvalue().count("\r") == 11
    assert terminal.getvalue().endswith("\rx " + "█" * 30 + " 100%\n")
    assert log.getvalue() == "x 0 %\nx 25 %\nx 50 %\nx 75 %\nx 100 %\n"
