"""The second layer by itself: who sees and writes which row by plain SQL, against the rule as the domain words it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from consortium import access
from consortium.database.acting import acting
from consortium.database.tables import APPEND_ONLY, GUARDED
from consortium.models import Event, PractitionerRole
from consortium.roles import Role
from referrals.models import Referral, Status
from referrals.worklist import Box, worklist
from tests.database.sql import asked, changed, counted, refused
from tests.world import DOCTOR, EXPERT, NOW, OFFICE, World

ADMIN = Role.HOSPITAL_ADMIN
HANGING = (
    "referrals_informationrequest", "referrals_booking", "referrals_journey", "referrals_outcome",
)  # fmt: skip


def may_see(place: str, role: Role, leg: Referral) -> bool:
    """The rule for the standard referral, from domain §2 and §7: county pediatrics to provincial pediatrics."""
    if place == "county" and role in (DOCTOR, OFFICE, EXPERT):
        return True  # the sender's side, from the draft on
    if place == "county" and role is ADMIN:
        return leg.error_reported_at is not None  # the second person of "entered in error"
    if place == "province" and role in (OFFICE, EXPERT):
        # From the sending on; before that a hospital that is asked by the green channel sees what it is asked about.
        return leg.sent_at is not None or leg.status == Status.BROADCAST
    return False


@pytest.mark.parametrize("status", list(Status))
def test_each_role_at_each_place_sees_the_referral_exactly_as_the_domain_says(world: World, status):
    leg = world.referral(status)
    rows = {
        "referrals_referral": ("id", leg.pk),
        "referrals_case": ("id", leg.case_id),
        "consortium_patient": ("id", leg.case.patient_id),
        "referrals_clinicalsummary": ("id", leg.clinical_id),
        "consortium_clockrun": ("subject_id", leg.pk),
    }
    question = "select " + ", ".join(f"exists (select from {t} where {c} = '{key}')" for t, (c, key) in rows.items())
    with connection.cursor() as cursor:
        cursor.execute(question)
        stored = cursor.fetchone()
    assert stored[:4] == (True,) * 4
    wrong = []
    for key in world.people:
        (there,) = asked(world.actor(*key), question)
        expected = stored if may_see(key[0], key[1], leg) else (False,) * 5
        if status == Status.BROADCAST and key[0] == "province":
            there, expected = there[:4], expected[:4]  # what is asked has no part in the leg's own limits
        if key[:2] == ("county", Role.AUDITOR):  # whom the trail names, masked, and nothing else of them
            expected = (False, False, True, False, False)
        if status == Status.REDIRECTED and key[0] == "province2" and key[1] in (OFFICE, EXPERT):
            expected = (False, True, True, True, False)  # the leg that follows came to them
        if there != expected:
            wrong.append((key, there))
    assert wrong == []


@pytest.mark.parametrize("setting", ["", "0", "abc", "1; select 1", "99999999999999999999", "System"])
def test_a_person_who_is_none_sees_nothing(world, setting):
    leg = world.referral(Status.SENT)
    with acting(None), connection.cursor() as cursor:
        cursor.execute("select set_config('refnet.person', %s, true)", [setting])
        cursor.execute("select count(*) from referrals_referral where id = %s", [str(leg.pk)])
        assert cursor.fetchone() == (0,)


def test_a_role_that_ended_and_an_account_that_was_closed_see_nothing_at_once(world):
    leg, expert = world.referral(Status.SENT), world.actor("province", EXPERT)
    seen = ("referrals_referral", "id = %s", str(leg.pk))
    assert counted(expert, *seen) == 1
    PractitionerRole.objects.filter(person=expert.person).update(ends_at=NOW)
    assert counted(expert, *seen) == 0
    PractitionerRole.objects.filter(person=expert.person).update(ends_at=NOW + timedelta(seconds=1))
    assert counted(expert, *seen) == 1
    PractitionerRole.objects.filter(person=expert.person).update(starts_at=NOW + timedelta(microseconds=1))
    assert counted(expert, *seen) == 0
    PractitionerRole.objects.filter(person=expert.person).update(starts_at=NOW - timedelta(days=1))
    type(expert.person).objects.filter(pk=expert.person.pk).update(is_active=False)
    assert counted(expert, *seen) == 0


def test_superuser_status_opens_no_row(committed):
    committed.referral(Status.SENT)
    admin = committed.actor("province", Role.ALLIANCE_ADMIN)
    type(admin.person).objects.filter(pk=admin.person.pk).update(is_superuser=True, is_staff=True)
    assert [table for table in sorted(GUARDED) if counted(admin, table)] == []


def test_access_ends_for_the_performer_a_year_after_the_close_and_not_for_the_sender(world):
    leg = world.referral(Status.CLOSED)
    for days, there in ((364, 1), (366, 0)):
        later = replace(world.actor("province", EXPERT), at=leg.closed_at + timedelta(days=days))
        assert counted(later, "referrals_referral", "id = %s", str(leg.pk)) == there
    sender = replace(world.actor("county", DOCTOR), at=leg.closed_at + timedelta(days=5000))
    assert counted(sender, "referrals_referral", "id = %s", str(leg.pk)) == 1


@pytest.mark.parametrize("status", [Status.REJECTED, Status.REDIRECTED])
def test_what_hangs_on_a_leg_is_hidden_where_the_view_has_narrowed(world, status):
    leg = world.take("claim_referral", world.referral(Status.SENT))
    leg = world.take("request_information", leg)
    leg = world.take("supply_information", leg)
    question = ("referrals_informationrequest", "referral_id = %s", str(leg.pk))
    expert, doctor = world.actor("province", EXPERT), world.actor("county", DOCTOR)
    assert (counted(expert, *question), counted(doctor, *question)) == (1, 1)
    world.take("reject_referral" if status == Status.REJECTED else "redirect_referral", world.read(leg))
    assert (counted(expert, *question), counted(doctor, *question)) == (0, 1)
    assert counted(expert, "referrals_referral", "id = %s", str(leg.pk)) == 1


def test_a_hotline_agent_sees_the_own_ticket_alone(world):
    agent = world.actor("county", Role.HOTLINE_AGENT)
    own, other = world.call(by=agent), world.call(patient={"name": "王小二"})
    found = asked(agent, "select id from referrals_referral")
    assert [str(row[0]) for row in found] == [str(own.pk)]
    assert str(other.pk) not in str(found)


def test_what_one_cannot_see_one_cannot_change(world):
    leg, mine = world.referral(Status.SENT), world.referral(Status.SENT)
    for place, role in (("foreign", DOCTOR), ("province2", EXPERT), ("county", ADMIN)):
        by = world.actor(place, role)
        assert changed(by, "update referrals_referral set reason = 'x'") == 0
        assert changed(by, "update consortium_patient set name = 'x'") == 0
        assert changed(by, "delete from referrals_diagnosis") == 0
    with refused("row-level security"):  # whom the trail names is not theirs to change
        changed(world.actor("county", Role.AUDITOR), "update consortium_patient set name = 'x'")
    assert changed(world.actor("province", EXPERT), "update referrals_referral set reason = 'x'") == 2
    assert {leg.pk, mine.pk} == set(Referral.objects.filter(status="SENT").values_list("pk", flat=True))


def test_nobody_deletes_a_row_about_a_patient(world):
    world.referral(Status.CLOSED)
    for place, role in (("county", DOCTOR), ("province", EXPERT)):
        for table in ("referrals_referral", "referrals_case", "consortium_patient", *HANGING):
            assert changed(world.actor(place, role), f"delete from {table}") == 0, table


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.parametrize("statement", ["update {} set id = id", "delete from {}", "truncate {}"])
def test_what_is_written_once_the_application_has_no_right_to_touch(world, table, statement):
    with refused("permission denied"):
        changed(access.SYSTEM, statement.format(table))


def test_nobody_writes_an_event_in_anothers_name(world):
    leg, doctor = world.referral(Status.SENT), world.actor("county", DOCTOR)
    forged = """
        insert into consortium_event (id, kind, subject_kind, subject_id, thread_id, version, from_status, to_status,
            event_at, recorded_at, backdating_reason, actor_id, actor_role, reason_code, comment, detail, request_id)
        select gen_random_uuid(), kind, subject_kind, subject_id, thread_id, version, from_status, to_status, event_at,
            recorded_at, '', %s, actor_role, '', '', '{}', '' from consortium_event where subject_id = %s limit 1"""
    other = world.actor("province", EXPERT).person
    with refused("row-level security"):
        changed(doctor, forged, other.pk, str(leg.pk))
    assert changed(doctor, forged, doctor.person.pk, str(leg.pk)) == 1


def test_a_referral_is_written_only_in_the_name_of_the_own_place(world):
    leg, stranger = world.referral(Status.SENT), world.actor("foreign", DOCTOR)
    copy = """
        insert into referrals_case (id, number, patient_id, origin_id, opened_at)
        select gen_random_uuid(), 'X-1', patient_id, origin_id, opened_at from referrals_case where id = %s"""
    assert changed(stranger, copy, str(leg.case_id)) == 0  # there is nothing to copy
    columns = [field.column for field in Referral._meta.concrete_fields if field.column not in ("id", "number")]
    listed = ", ".join(columns)
    doctor = world.actor("county", DOCTOR)
    with refused("row-level security"):
        moved = listed.replace("requester_hospital_id", f"'{world.hospitals['foreign'].pk}'::uuid").replace(
            "requester_department_id", f"'{world.departments['foreign'].pk}'::uuid"
        )
        changed(
            doctor,
            f"insert into referrals_referral (id, number, {listed}) select gen_random_uuid(), 'X-2', {moved}"
            " from referrals_referral where id = %s",
            str(leg.pk),
        )


def test_a_case_stays_with_its_author_its_parties_its_patient_and_its_version(world):
    leg, other = world.referral(Status.SENT), world.referral(Status.SENT)
    doctor, expert = world.actor("county", DOCTOR), world.actor("province", EXPERT)
    stays = {
        f"created_by_id = {expert.person.pk}": "author",
        f"requester_hospital_id = '{world.hospitals['city'].pk}'": "sender",
        f"requester_department_id = '{world.departments['county.other'].pk}'": "sender",
        f"performer_hospital_id = '{world.hospitals['city'].pk}'": "sent to",
        f"performer_department_id = '{world.departments['province.other'].pk}'": "sent to",
        "sent_at = null": "sent to",
        f"case_id = '{other.case_id}'": "patient",
        "status = 'ACCEPTED'": "version",
        "version = version - 1": "version",
    }
    for change, words in stays.items():
        with refused(words):
            changed(expert, f"update referrals_referral set {change} where id = %s", str(leg.pk))
    with refused("episode stays"):
        changed(
            doctor, "update referrals_case set patient_id = %s where id = %s", str(other.case.patient_id),
            str(leg.case_id),
        )  # fmt: skip


def test_a_state_needs_its_event_at_the_end_of_the_transaction(world):
    leg, expert = world.referral(Status.SENT), world.actor("province", EXPERT)
    step = "update referrals_referral set status = 'ACCEPTED', version = version + 1 where id = %s"
    with refused("a state without its event"):
        changed(expert, f"{step}; set constraints all immediate", str(leg.pk))
    # What lifecycle writes is what is asked for.
    with acting(expert):
        world.take("accept_referral", leg)
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute("set constraints all deferred")
    assert Event.objects.filter(subject_id=leg.pk, to_status="ACCEPTED").count() == 1


def test_figures_are_counted_without_a_column_about_a_patient(world):
    world.referral(Status.SENT)
    admin, doctor = world.actor("province", Role.ALLIANCE_ADMIN), world.actor("county", DOCTOR)
    count = "select set_config('role', 'refnet_report', true); select count(id) from referrals_referral"
    assert asked(admin, count) == [(Referral.objects.count(),)]
    assert asked(doctor, count) == [(0,)]
    for column in ("reason", "case_id", "consent_by", "*"):
        with refused("permission denied"):
            asked(admin, f"select set_config('role', 'refnet_report', true); select {column} from referrals_referral")
    for table in ("consortium_patient", "referrals_clinicalsummary", "consortium_event", "consortium_auditentry"):
        with refused("permission denied"):
            asked(admin, f"select set_config('role', 'refnet_report', true); select 1 from {table}")


def test_the_worklist_looks_the_person_up_once_and_not_for_each_row(world):
    by = world.actor("province", EXPERT)
    rows = worklist(by=by, box=Box.IN, now=NOW).select_related("case__patient")[:20]
    statement, values = rows.query.sql_with_params()
    with acting(by), connection.cursor() as cursor:
        cursor.execute(f"explain (verbose, costs off) {statement}", values)
        plan = [line for (line,) in cursor.fetchall()]
    asking = re.compile(r"access\.(hospitals|departments|houses|holds|person|is_system|now)\(")
    inside = 0
    for number, line in enumerate(plan):
        if asking.search(line):
            depth = len(line) - len(line.lstrip())
            above = [up for up in reversed(plan[:number]) if len(up) - len(up.lstrip()) < depth]
            assert any("InitPlan" in up for up in above), line
            inside += 1
    assert inside > 0
