"""The second layer over pathology, and over every table when nobody asks."""

import pytest
from django.db import connection

from consortium.database.tables import GUARDED
from consortium.roles import Role
from referrals.models import Status
from telemedicine.models import Status as Cases
from tests.database.sql import counted
from tests.world import DOCTOR, EXPERT, OFFICE

ADMIN = Role.HOSPITAL_ADMIN


def test_without_a_person_no_table_of_referrals_has_a_row(committed):
    """Committed, for whoever writes an event sees it until their transaction ends."""
    committed.referral(Status.CLOSED)
    committed.referral(Status.NO_SHOW)
    committed.green(Status.ARRIVED)
    nobody_sees(tables=15)


def test_without_a_person_no_table_of_pathology_has_a_row(committed_lab):
    committed_lab.case(Cases.PRELIMINARY)
    committed_lab.case(Cases.ISSUED)
    nobody_sees(tables=12)


def nobody_sees(*, tables: int) -> None:
    assert len({table for table in GUARDED if counted_any(table)}) >= tables
    for table in sorted(GUARDED):
        assert counted(None, table) == 0, table


def counted_any(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select exists (select from {table})")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("place", "role", "there"),
    [
        ("county", Role.PATHOLOGY_LAB, True),
        ("county", Role.PATHOLOGY_LEAD, True),
        ("county", Role.PATHOLOGIST, False),
        ("province", Role.PATHOLOGIST, True),
        ("province", Role.PATHOLOGY_LEAD, True),
        ("province", Role.PATHOLOGY_LAB, True),
        ("province", EXPERT, False),
        ("province", OFFICE, False),
        ("county", DOCTOR, False),
        ("county", ADMIN, False),
        ("province.other", Role.PATHOLOGIST, False),
        ("foreign", Role.PATHOLOGY_LAB, False),
        ("county", Role.AUDITOR, False),
    ],
)
def test_a_pathology_case_and_all_that_hangs_on_it_is_for_its_two_sides(lab, place, role, there):
    case = lab.case(Cases.ISSUED)
    by = lab.actor(place, role)
    for table, column in (
        ("telemedicine_pathologycase", "id"),
        ("telemedicine_specimen", "case_id"),
        ("telemedicine_slide", "case_id"),
        ("telemedicine_report", "case_id"),
    ):
        assert (counted(by, table, f"{column} = %s", str(case.pk)) > 0) is there, table
    named = there or role is Role.AUDITOR  # the trail names patients, masked, to those who audit it
    assert (counted(by, "consortium_patient", "id = %s", str(case.patient_id)) == 1) is named
    early = lab.case(Cases.PRELIMINARY)
    assert (counted(by, "telemedicine_opinion", "case_id = %s", str(early.pk)) > 0) is there


def test_a_draft_is_for_the_lab_alone(lab):
    case = lab.draft()
    assert counted(lab.actor("county", Role.PATHOLOGY_LAB), "telemedicine_pathologycase", "id = %s", str(case.pk)) == 1
    for role in (Role.PATHOLOGIST, Role.PATHOLOGY_LAB, Role.PATHOLOGY_LEAD):
        assert counted(lab.actor("province", role), "telemedicine_pathologycase", "id = %s", str(case.pk)) == 0
