"""Whole numbers in a real browser: masked until somebody gives a reason, by keyboard, and gone with the page."""

import pytest

from consortium.models import Patient, Unmasking
from referrals.models import Status
from tests.browser import clean, told
from tests.edge.client import gid
from tests.edge.tables import LAB
from tests.reports import case
from tests.world import DOCTOR, patient

pytestmark = pytest.mark.slow
PHONE, GUARDIAN = "13912345678", "13787654321"
WHO = {"name": "欧阳密语", "phone": PHONE, "guardian_phone": GUARDIAN}


def test_numbers_are_masked_until_a_reason_is_given(front, script):
    world = front.world
    leg = world.referral(Status.SENT, patient=patient(**WHO))
    number = leg.case.patient.id_number
    doctor = front.login(world.people["county", DOCTOR, 1])
    given = front.task(doctor=doctor, leg=gid(leg), phone=PHONE, walks=["referral"])
    found = told(script("unmask.mjs"), given, seconds=300)
    clean(found)
    for text in ("list", "before", "hidden", "again"):
        assert not [secret for secret in (number, PHONE, GUARDIAN) if secret in found[text]], text
    assert "欧阳密语" not in found["list"]
    assert all(masked in found["before"] for masked in (f"**************{number[-4:]}", "*******5678", "*******4321"))
    assert all(secret in found["after"] for secret in (number, PHONE, GUARDIAN))
    assert found["without"] == 1
    assert (found["pressed"], found["focused"]) == ("true", "显示完整号码")
    row = Unmasking.objects.get()
    assert (row.reason_code, row.comment, row.person.username) == ("OTHER", "家属来电核对", doctor["username"])


def test_the_same_on_a_pathology_case(front, script):
    world = front.world
    who = Patient.objects.get(pk=world.draft(patient=patient(**WHO)).case.patient_id)
    row = case(world, patient=who)
    lab = front.login(world.people["county", LAB, 1])
    given = front.task(lab=lab, row=gid(row), phone=PHONE, open="显示患者身份（留痕）", walks=["pathology"])
    found = told(script("unmask.mjs"), given, seconds=300)
    clean(found)
    assert all(secret in found["slides"] for secret in (who.id_number, PHONE, GUARDIAN))
    assert Unmasking.objects.get().reason_code == "CALL_PATIENT"
