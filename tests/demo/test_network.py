"""The demo network: exact counts, valid numbers, every role, rosters with gaps on purpose; the whole of it loaded."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from itertools import groupby

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone

from consortium import demo, demo_rosters, grants
from consortium.duty import on_duty
from consortium.errors import Code, Refused
from consortium.escalation import whom
from consortium.identity import is_credit_code
from consortium.models import (
    Alliance,
    Capability,
    Department,
    Division,
    Duty,
    Hospital,
    Membership,
    Person,
    Post,
    PractitionerRole,
    Preference,
)
from consortium.progress import silent
from consortium.roles import HELD_AT, Role
from referrals import demo as stories
from tests.demo.known import ACCOUNTS, tally

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("network")]


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The demo network without its stories; undone in the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert demo.load(silent)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def network(loaded: None) -> Iterator[None]:
    """The loaded network; whatever a test does to it is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


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


def test_people_are_1522_in_every_role():
    assert Person.objects.count() == 1522
    assert tally(PractitionerRole.objects, "role") == {
        "REFERRING_DOCTOR": 784, "EXPERT": 972, "REFERRAL_OFFICE": 159, "HOSPITAL_ADMIN": 157,
        "PATHOLOGY_LAB": 138, "PATHOLOGIST": 18, "PATHOLOGY_LEAD": 1, "COMMISSION_OBSERVER": 16, "HOTLINE_AGENT": 4,
        "AUDITOR": 4, "ALLIANCE_ADMIN": 2, "SYSTEM_ADMIN": 1, "SECURITY_ADMIN": 1,
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


def test_the_named_accounts_stand_where_the_story_needs_them():
    assert [f"{a.username} {a.role} {a.place}" for a in demo.accounts()] == ACCOUNTS


def test_the_one_password_opens_every_account():
    assert len(set(Person.objects.values_list("password", flat=True))) == 1
    person = authenticate(HttpRequest(), username="county.doctor", password=demo.PASSWORD)
    assert person == Person.objects.get(username="county.doctor")


# Rosters and preferences

UNROSTERED = ["株洲市中心医院", "衡阳市儿童医院", "邵阳市妇幼保健院", "岳阳市妇幼保健院"]


def rostered(at) -> set:
    """The hospitals where somebody is on duty at a moment."""
    return set(Duty.objects.filter(starts_at__lte=at, ends_at__gt=at).values_list("department__hospital", flat=True))


def test_who_is_asked_has_somebody_on_duty_and_a_head_save_where_it_is_left_out():
    now = timezone.now()
    kept = rostered(now)
    empty = Hospital.objects.exclude(pk__in=kept)
    assert sorted(empty.exclude(level="COUNTY").values_list("name", flat=True)) == sorted(UNROSTERED)
    assert empty.filter(level="COUNTY").count() == 18
    asked = Department.objects.filter(hospital__in=kept, staff__role__in=["EXPERT", "REFERRING_DOCTOR"]).distinct()
    for department in asked:
        assert {duty.post for duty in on_duty(department.pk, now)} == {Post.DUTY, Post.HEAD}, department


def test_a_roster_covers_three_weeks_from_now_and_names_its_own_staff():
    for weeks in (0, 1, 2, 3):
        assert len(rostered(timezone.now() + timedelta(weeks=weeks))) == 135
    held = set(PractitionerRole.objects.values_list("person", "department"))
    assert set(Duty.objects.values_list("person", "department")) <= held


def test_the_named_accounts_hospitals_keep_a_roster():
    named = Department.objects.filter(staff__person__username__in=[a.username for a in demo.accounts()])
    assert set(named.values_list("hospital", flat=True)) <= rostered(timezone.now())


@pytest.mark.parametrize("name", UNROSTERED)
def test_an_empty_roster_still_leads_to_the_hospital_and_its_alliance(name):
    now = timezone.now()
    department = Department.objects.get(hospital__name=name, name="儿科")
    place = (department.hospital_id, department.pk, now)
    assert whom("DUTY", *place) == whom("HEAD", *place) == {}
    assert whom("HOSPITAL", *place)
    leads = Person.objects.filter(pk__in=whom("ALLIANCE", *place)).values_list("username", flat=True)
    assert "alliance.admin" in set(leads)


@pytest.mark.parametrize(("host", "active"), [("", False), ("mail.example.org", True)])
def test_preferences_name_reserved_addresses_and_work_where_e_mail_is_set_up(settings, host, active):
    settings.EMAIL_HOST = host
    demo_rosters.prefer()
    rows = Preference.objects.all()
    assert set(rows.values_list("person__username", flat=True)) == set(demo_rosters.MAILED)
    assert {row.address.partition("@")[2] for row in rows} == {"example.org"}
    assert {row.active for row in rows} == {active}


# Once, and the same again


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


def place(department: Department) -> str:
    """A department by name."""
    return f"{department.hospital.name} {department.name}"


def test_the_same_moment_gives_the_same_network():
    now = timezone.now()
    assert network_of(demo.plan(now)) == network_of(demo.plan(now))


def test_real_members_are_never_mixed_with_demo_accounts():
    Alliance.objects.filter(code="pediatric").update(code="renamed")
    with pytest.raises(Refused) as refused:
        demo.load(silent)
    assert refused.value.code == Code.INVALID_STATE
    with pytest.raises(CommandError, match="库中已有正式成员"):
        call_command("demo", stdout=StringIO())


def test_no_referrals_without_the_network():
    Alliance.objects.filter(code="pediatric").update(code="renamed")
    assert stories.load(silent) is False


def test_people_in_one_place_are_told_apart():
    names = Person.objects.values_list("username", flat=True)
    assert len(set(names)) == 1522
    for _place, group in groupby(sorted(names), key=lambda name: name.partition(".")[0]):
        assert len(list(group)) < 60
