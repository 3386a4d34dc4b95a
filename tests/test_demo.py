"""The demo network and its stories: exact counts, valid numbers, every role and state, and nothing twice.

The network is loaded whole; of each plot two stories are played, and all are planned.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from io import StringIO
from itertools import groupby

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from consortium import access, demo, grants
from consortium.errors import Code, Refused
from consortium.identity import is_credit_code, read_id_number
from consortium.management.commands import demo as command
from consortium.models import (
    Alliance,
    AuditEntry,
    Capability,
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
from consortium.progress import shown, silent
from consortium.roles import HELD_AT, Role
from referrals import actions
from referrals import demo as stories
from referrals.demo.cast import Cast
from referrals.demo.plots import GAPS, PLOTS, UNSCALED, WAITS
from referrals.demo.story import Story
from referrals.models import Booking, Case, Direction, Ending, Referral, Status

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("told")]
MODELS = (Hospital, Department, Capability, Alliance, Membership, Person, PractitionerRole, Referral, Event, Notice)


PLAYED = [replace(plot, times=min(plot.times, 2)) for plot in PLOTS]
CASES = sum(plot.times for plot in PLAYED)
FURTHER = {"redirect", "resend", "send_again", "refer_down"}
LEGS = CASES + sum(plot.times * sum(word in FURTHER for word in plot.words) for plot in PLAYED)


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The demo network and its stories, made by the command, and what the command printed; undone in the end."""
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(stories, "PLOTS", PLAYED)
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


def tally(rows, *names: str) -> dict:
    """How many rows have each value, or combination of values."""
    return Counter(rows.values_list(*names, flat=len(names) == 1))


# The network


def test_hospitals_are_1_33_122_and_the_cancer_hospital_all_illustrative():
    assert tally(Hospital.objects, "level") == {"PROVINCE": 2, "CITY": 33, "COUNTY": 122}
    assert tally(Hospital.objects, "illustrative") == {True: 157}
    assert tally(Hospital.objects, "kind") == {
        "GENERAL": 136, "MATERNAL_CHILD": 14, "CHILDREN": 6, "ONCOLOGY": 1,
    }  # fmt: skip


def test_every_county_has_one_hospital_and_every_prefecture_two_or_three():
    here = Division.objects.annotate(here=Count("hospitals"))
    assert tally(here.filter(level="COUNTY"), "here") == {1: 122}
    assert tally(here.filter(level="PREFECTURE"), "here") == {2: 9, 3: 5}


def test_names_are_natural_and_different():
    names = Hospital.objects.values_list("name", flat=True)
    assert len(set(names)) == 157
    assert {"浏阳市人民医院", "长沙市芙蓉区人民医院", "凤凰县人民医院", "湘西州中心医院", "湖南省儿童医院"} <= set(
        names
    )


def test_every_credit_code_is_valid():
    codes = list(Hospital.objects.values_list("credit_code", flat=True))
    assert len(set(codes)) == 157
    assert all(is_credit_code(code) for code in codes)


def test_the_pediatric_alliance_has_156_members_under_the_children_s_hospital():
    alliance = Alliance.objects.get(code="pediatric")
    assert alliance.lead.name == "湖南省儿童医院"
    assert tally(alliance.memberships, "hospital__level") == {"PROVINCE": 1, "CITY": 33, "COUNTY": 122}
    assert alliance.memberships.filter(hospital=alliance.lead).count() == 1


def test_the_cancer_alliance_has_a_centre_in_every_city_and_county():
    alliance = Alliance.objects.get(code="oncology")
    assert alliance.lead.name == "湖南省肿瘤医院"
    assert tally(alliance.memberships, "hospital__level") == {"PROVINCE": 1, "CITY": 14, "COUNTY": 122}
    county = Department.objects.filter(hospital__memberships__alliance=alliance, hospital__level="COUNTY")
    assert tally(county.filter(name="肿瘤防治中心"), "specialty__code") == {"19": 122}


def test_memberships_began_before_the_stories():
    assert not Membership.objects.filter(joined_date__gt=timezone.localdate() - timedelta(days=400)).exists()
    assert not Membership.objects.filter(left_date__isnull=False).exists()


def test_exactly_48_county_hospitals_have_a_picu():
    picu = Capability.objects.filter(kind__code="PICU")
    assert tally(picu, "department__hospital__level") == {"COUNTY": 48, "CITY": 33, "PROVINCE": 1}
    prefectures = {code[:4] for code in picu.values_list("department__hospital__division", flat=True)}
    assert len(prefectures) == 15  # the province and its fourteen prefectures


def test_figures_are_dated_minutes_to_40_days_ago_and_some_are_missing():
    now = timezone.now()
    counted = Capability.objects.filter(kind__counts_beds=True)
    dated = counted.filter(as_of__isnull=False)
    ages = [now - as_of for as_of in dated.values_list("as_of", flat=True)]
    assert timedelta(minutes=3) <= min(ages) < timedelta(hours=1)
    assert timedelta(days=35) < max(ages) <= timedelta(days=40, minutes=10)
    assert 0.10 < counted.filter(as_of__isnull=True, beds_total__isnull=True).count() / counted.count() < 0.25
    assert not Capability.objects.filter(kind__counts_beds=False, beds_total__isnull=False).exists()


def test_the_lead_hospital_s_picu_has_room():
    picu = Capability.objects.get(kind__code="PICU", department__hospital__name="湖南省儿童医院")
    assert picu.department.name == "儿童重症医学科"
    assert picu.beds_total == 60
    assert picu.beds_free - picu.held >= 6


def test_some_hospitals_review_what_they_send():
    assert tally(Hospital.objects.filter(level="COUNTY"), "outgoing_review") == {
        "NEVER": 49, "ROUTINE_ONLY": 49, "ALWAYS": 24,
    }  # fmt: skip
    assert Hospital.objects.get(name="浏阳市人民医院").outgoing_review == "ALWAYS"


def test_every_place_is_found_by_part_of_its_name():
    assert not Hospital.objects.filter(name_grams=[]).exists()
    assert Hospital.objects.filter(name_grams__contains=["浏阳"]).get().name == "浏阳市人民医院"
    assert Department.objects.filter(name_grams__contains=["肿瘤", "防治"]).count() == 122


# People


def test_people_are_1520_in_every_role():
    assert Person.objects.count() == 1520
    assert tally(PractitionerRole.objects, "role") == {
        "REFERRING_DOCTOR": 784, "EXPERT": 972, "REFERRAL_OFFICE": 159, "HOSPITAL_ADMIN": 157,
        "PATHOLOGY_LAB": 138, "PATHOLOGIST": 18, "COMMISSION_OBSERVER": 16, "HOTLINE_AGENT": 4,
        "AUDITOR": 4, "ALLIANCE_ADMIN": 2,
    }  # fmt: skip
    assert set(PractitionerRole.objects.values_list("role", flat=True)) == set(Role.values)


def test_roles_are_held_where_the_table_allows_and_have_their_grants():
    for held in PractitionerRole.objects.all():
        assert grants.place_of(held)[0] in HELD_AT[Role(held.role)]
    synced = grants.sync()
    assert (synced.added, synced.removed) == (0, 0)


def test_every_department_that_can_be_asked_has_somebody_to_answer():
    wards = Department.objects.exclude(specialty__code__in=["31", "32.04"])
    assert not wards.exclude(staff__role="EXPERT").exists()
    assert not Hospital.objects.exclude(staff__role="REFERRAL_OFFICE").exists()


ACCOUNTS = """
county.doctor 转诊医生 浏阳市人民医院 儿科
county.expert 接诊专家 浏阳市人民医院 儿科
county.office 转诊办 浏阳市人民医院
county.admin 医院管理员 浏阳市人民医院
city.doctor 转诊医生 长沙市妇幼保健院 儿科
city.expert 接诊专家 长沙市妇幼保健院 儿科
city.office 转诊办 长沙市妇幼保健院
province.expert 接诊专家 湖南省儿童医院 儿童重症医学科
province.expert2 接诊专家 湖南省儿童医院 儿童重症医学科
province.office 转诊办 湖南省儿童医院
province.doctor 转诊医生 湖南省儿童医院 儿童重症医学科
province.admin 医院管理员 湖南省儿童医院
alliance.admin 联盟管理员 湖南省儿童医院
pathologist 病理专家 湖南省肿瘤医院 病理科
lab 病理科（申请方） 浏阳市人民医院 病理科
observer 卫健委观察员 湖南省
hotline 12320 坐席 湖南省
auditor 审计员 湖南省
other.doctor 转诊医生 凤凰县人民医院 儿科
other.expert 接诊专家 凤凰县人民医院 儿科
""".strip().splitlines()


def test_the_named_accounts_stand_where_the_story_needs_them():
    assert [f"{a.username} {a.role} {a.place}" for a in demo.accounts()] == ACCOUNTS


def test_the_one_password_opens_every_account():
    assert len(set(Person.objects.values_list("password", flat=True))) == 1
    person = authenticate(username="county.doctor", password=demo.PASSWORD)
    assert person == Person.objects.get(username="county.doctor")


# The stories


def test_referrals_are_in_every_state_and_direction():
    assert tally(Referral.objects, "status").keys() == set(Status.values)
    assert tally(Referral.objects, "ending").keys() == {"", *Ending.values}
    assert tally(Referral.objects, "direction").keys() == set(Direction.values)
    assert Case.objects.count() == CASES == 110
    assert Referral.objects.count() == LEGS == 128


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
        Status.DRAFT, Status.OFFICE_REVIEW,
    }  # fmt: skip


def test_every_patient_has_a_valid_identity():
    today = timezone.localdate()
    patients = list(Patient.objects.all())
    assert len(patients) == CASES
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
    for referral in Referral.objects.select_related("case__patient"):
        patient, written = referral.patient, timezone.localdate(referral.created_at)
        child = (written - patient.birth_date).days < 14 * 365.25
        assert bool(patient.guardian_name) is child
        consent = (patient.guardian_name, patient.guardian_relation) if child else (patient.name, "本人")
        assert (referral.consent_by, referral.consent_relation) == consent


def test_a_patient_has_one_case_and_a_case_is_open_while_a_leg_is():
    assert set(Patient.objects.annotate(n=Count("cases")).values_list("n", flat=True)) == {1}
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
    rows = list(Referral.objects.order_by("id").values_list("number", "created_at"))
    assert rows == sorted(rows)
    assert [at for _number, at in rows] == sorted(at for _number, at in rows)
    events = list(Event.objects.order_by("id").values_list("recorded_at", flat=True))
    assert events == sorted(events)


def test_every_step_left_its_event_audit_entry_and_version():
    events = tally(Event.objects, "subject_id")
    for referral in Referral.objects.all():
        assert events[referral.pk] == referral.version
    audited = tally(AuditEntry.objects.filter(object_kind="referral"), "object_id")
    assert audited == {str(key): count for key, count in events.items()}
    assert Notice.objects.count() > Event.objects.count()


def test_who_acts_is_of_the_hospital_and_may():
    for event in Event.objects.exclude(kind="propose_expiry").select_related("actor"):
        assert event.actor is not None
        assert event.actor_hospital_id is not None
        assert event.actor_role
    assert Event.objects.filter(kind="accept_referral", on_behalf_of__isnull=False).count() == 2
    assert set(Event.objects.filter(actor__isnull=True).values_list("kind", flat=True)) == {"propose_expiry"}


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
    assert rest[2 + len(ACCOUNTS) :] == ["可粘贴到 /graphql/ 的查询：", *(f"  {query}" for query in command.QUERIES)]


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


def network_of(network: demo.Network) -> list[tuple]:
    """A planned network in a form that can be compared."""
    return [
        *((h.credit_code, h.name, h.level, h.grade, h.outgoing_review, h.phone) for h in network.hospitals),
        *((place(d), d.specialty.code) for d in network.departments),
        *((place(c.department), c.kind.code, c.beds_total, c.beds_free, c.as_of) for c in network.capabilities),
        *((m.alliance.code, m.hospital.name, m.joined_date) for m in network.memberships),
        *((p.username, p.name, p.title, p.is_active) for p in network.people),
        *((p.username, role, str(where)) for p, role, where in network.held),
    ]


def test_the_same_moment_gives_the_same_network_and_stories():
    now = timezone.now()
    assert network_of(demo.plan(now)) == network_of(demo.plan(now))
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


def test_real_members_are_never_mixed_with_demo_accounts():
    Alliance.objects.filter(code="pediatric").update(code="renamed")
    with pytest.raises(Refused) as refused:
        demo.load(silent)
    assert refused.value.code == Code.INVALID_STATE
    with pytest.raises(CommandError, match="库中已有正式成员"):
        call_command("demo", stdout=StringIO())


def test_the_demo_is_refused_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="示范账号的口令是公开的，不能载入生产环境。"):
        call_command("demo", stdout=StringIO())


def test_no_referrals_without_the_network():
    Alliance.objects.filter(code="pediatric").update(code="renamed")
    assert stories.load(silent) is False


# The data of the plots


def test_every_word_of_a_plot_is_a_step_with_a_duration():
    words = {word for plot in PLOTS for word in plot.words}
    assert words <= GAPS.keys()
    assert all(callable(getattr(Story, word)) for word in GAPS)
    assert set(WAITS) | UNSCALED <= GAPS.keys()


def test_every_step_that_the_actions_offer_is_told_somewhere():
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert kinds == set(actions.__all__) - {"stale"}


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


def test_people_in_one_place_are_told_apart():
    names = Person.objects.values_list("username", flat=True)
    assert len(set(names)) == 1520
    for _place, group in groupby(sorted(names), key=lambda name: name.partition(".")[0]):
        assert len(list(group)) < 60
