"""A patient's whole numbers: shown to who treats the patient, for a reason, once, and never kept in an answer."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from consortium.models import AuditEntry, IdempotencyKey, Patient, Unmasking
from consortium.roles import PERMISSIONS, Role
from referrals.models import Referral, Status
from tests.dump import clear_numbers
from tests.edge.client import Edge, as_role, code_of, gid, issue, new_key
from tests.edge.tables import (
    ABSENT,
    ADMIN,
    DOCTOR,
    EXPERT,
    FORBIDDEN,
    IDS,
    LAB,
    NOT_FOUND,
    OFFICE,
    OK,
    OWN,
    PARTIES,
    PARTNER,
    SEES,
    SEES_SLIDES,
)
from tests.reports import case
from tests.world import NOW, World, patient

SHAPE = "unmasking { id reasonCode comment shownAt idNumber phone guardianPhone }"
WHO = {"name": "欧阳密语", "phone": "13912345678", "guardian_phone": "13787654321"}
CALL = {"reason": "CALL_PATIENT"}


@pytest.fixture
def leg(world: World) -> Referral:
    """A referral that was sent, whose patient has all three numbers."""
    return world.referral(Status.SENT, patient=patient(**WHO))


def whole(row: Any) -> list[str]:
    """The numbers of a case's patient, as they must not stand anywhere but in the one answer."""
    who = Patient.objects.get(pk=row.patient.pk)
    return [who.id_number or "", who.phone, who.guardian_phone]


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_a_referrals_numbers_by_every_role_at_every_party(world, leg, party, roles):
    found = {}
    for role in roles:
        answer = as_role(world, party, role).attempt("unmaskPatient", SHAPE, id=gid(leg), **CALL)
        found[party, role] = code_of(answer.json())
        shown = [number for number in whole(leg) if number in answer.content.decode()]
        assert len(shown) == (3 if found[party, role] == OK else 0), (party, role)
    assert found == {key: OK if key in SEES else NOT_FOUND for key in found}


@pytest.mark.parametrize(("party", "roles"), PARTIES[:3], ids=IDS[:3])
def test_a_pathology_cases_numbers_by_every_role_at_every_party(world, party, roles):
    row = case(world, patient=Patient.objects.get(pk=world.draft(patient=patient(**WHO)).case.patient_id))
    found = {}
    for role in roles:
        answer = as_role(world, party, role).attempt("unmaskPatient", SHAPE, id=gid(row), **CALL)
        found[party, role] = code_of(answer.json())
        shown = [number for number in whole(row) if number in answer.content.decode()]
        assert len(shown) == (3 if found[party, role] == OK else 0), (party, role)
    assert found == {key: OK if key in SEES_SLIDES else NOT_FOUND for key in found}
    assert OK in found.values() or party == "foreign"


def test_the_look_is_written_down_with_who_whom_when_and_why(world, leg):
    doctor = as_role(world, OWN, DOCTOR)
    before = AuditEntry.objects.count()
    given = {"reason": "OTHER", "comment": " 家属来电核对 "}
    shown = doctor.done("unmaskPatient", SHAPE, id=gid(leg), **given)["unmasking"]
    assert [shown["idNumber"], shown["phone"], shown["guardianPhone"]] == whole(leg)
    assert (shown["reasonCode"], shown["comment"]) == ("OTHER", "家属来电核对")
    row = Unmasking.objects.get()
    assert (row.patient, row.person, row.hospital) == (leg.case.patient, doctor.person, world.hospitals["county"])
    assert (row.subject_kind, row.subject_id, row.reason_code) == (leg.KIND, leg.pk, "OTHER")
    entry = AuditEntry.objects.get(action="unmask_patient")
    assert (entry.purpose, entry.actor, entry.patient) == ("OTHER", doctor.person, leg.case.patient)
    assert (entry.actor_role, entry.actor_hospital) == (DOCTOR, world.hospitals["county"])
    assert AuditEntry.objects.count() == before + 1


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"reason": "NO_SUCH"}, "INVALID_INPUT", "reason"),
        ({"reason": ""}, "INVALID_INPUT", "reason"),
        ({"reason": "OTHER"}, "COMMENT_REQUIRED", "comment"),
        ({"reason": "OTHER", "comment": "  "}, "COMMENT_REQUIRED", "comment"),
        ({"reason": "CALL_PATIENT", "comment": "长" * 1001}, "INVALID_INPUT", "comment"),
    ],
)
def test_without_a_good_reason_nothing_is_shown_and_nothing_written(world, leg, given, code, field):
    before = AuditEntry.objects.count()
    payload = as_role(world, OWN, DOCTOR).payload("unmaskPatient", SHAPE, id=gid(leg), **given)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [(code, field)]
    assert payload["unmasking"] is None
    assert (Unmasking.objects.count(), AuditEntry.objects.count()) == (0, before)


def test_a_narrowed_view_shows_no_numbers(world, leg):
    """Passed on, the city sees the summary alone; the administrator of a reported error too."""
    expert = world.actor(PARTNER, EXPERT)
    passed = world.take("redirect_referral", world.take("claim_referral", leg, by=expert), by=expert)
    found = {
        (place, role): code_of(
            as_role(world, place, role).attempt("unmaskPatient", SHAPE, id=gid(passed), **CALL).json()
        )
        for place, role in ((PARTNER, EXPERT), (PARTNER, OFFICE), (OWN, DOCTOR))
    }
    assert found == {(PARTNER, EXPERT): FORBIDDEN, (PARTNER, OFFICE): FORBIDDEN, (OWN, DOCTOR): OK}
    reported = world.take("report_error", world.referral(Status.SENT))
    edge = as_role(world, OWN, ADMIN)
    assert code_of(edge.attempt("unmaskPatient", SHAPE, id=gid(reported), **CALL).json()) == FORBIDDEN


def test_before_it_is_sent_the_other_side_sees_nothing(world):
    draft = world.draft(patient=patient(**WHO))
    edge = as_role(world, PARTNER, EXPERT)
    answers = [
        edge.attempt("unmaskPatient", SHAPE, id=named, **CALL).content for named in (gid(draft), ABSENT["Referral"])
    ]
    assert answers[0] == answers[1]


def test_an_asked_hospital_learns_no_number_by_its_offer(world):
    offer = world.offer()
    edge = as_role(world, PARTNER, EXPERT)
    for named, code in ((gid(offer), "INVALID_INPUT"), (gid(offer.referral), NOT_FOUND)):
        assert code_of(edge.attempt("unmaskPatient", SHAPE, id=named, **CALL).json()) == code


def test_a_repeated_request_shows_no_number_again_and_none_is_kept(world, leg):
    doctor, key = as_role(world, OWN, DOCTOR), new_key()
    given = {"id": gid(leg), "idempotencyKey": key} | CALL
    first = doctor.done("unmaskPatient", SHAPE, **given)["unmasking"]
    again = doctor.done("unmaskPatient", SHAPE, **given)["unmasking"]
    nothing = dict.fromkeys(("idNumber", "phone", "guardianPhone"))
    assert again == first | nothing
    assert Unmasking.objects.count() == 1
    kept = IdempotencyKey.objects.get(key=key)
    assert not [number for number in whole(leg) if number in json.dumps(kept.answer)]
    assert clear_numbers() == {}


def test_a_system_needs_a_token_that_may_write(world, leg):
    person = world.people[OWN, DOCTOR, 1]
    codes = {}
    for scope in ("read", "write"):
        _token, secret = issue(person, *{"read", scope}, now=NOW)
        codes[scope] = code_of(Edge(token=secret).attempt("unmaskPatient", SHAPE, id=gid(leg), **CALL).json())
    assert codes == {"read": FORBIDDEN, "write": OK}


def test_what_was_written_down_stays(world, leg):
    as_role(world, OWN, DOCTOR).done("unmaskPatient", SHAPE, id=gid(leg), **CALL)
    for statement in ("update consortium_unmasking set comment = 'x'", "delete from consortium_unmasking"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_who_may_unmask_may_see_the_identity_and_nobody_else(world):
    """One permission goes with the other in every role."""
    with_one, with_other = (
        {role for role in Role if name in PERMISSIONS[role]} for name in ("view_identity", "unmask_patient")
    )
    assert with_one == with_other
    assert LAB in with_one
