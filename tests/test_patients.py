"""Who the patient is, who consented, and what a draft must hold before it leaves (domain specification, section 7)."""

from datetime import UTC, date, timedelta

import pytest
from django.db import transaction

from consortium.errors import Refused
from consortium.models import AuditEntry, Patient
from referrals import content
from referrals.models import Case, Referral, Status
from tests.world import DOCTOR, NOW, OK, World, id_number, patient

BAD = "INVALID_INPUT"
ADULT, CHILD = date(1980, 5, 5), date(2022, 1, 5)
NUMBER = id_number(CHILD, 101)  # a boy
assert NUMBER[-1].isdigit()


def drafted(world: World, **given: object) -> tuple[str, str | None]:
    """The code and field with which a draft is answered; nothing of it stays."""
    try:
        with transaction.atomic():
            world.draft(**given)
            transaction.set_rollback(True)
    except Refused as refused:
        return str(refused.code), refused.field
    return OK, None


WRONG_DIGIT = str((int(NUMBER[-1]) + 1) % 10)
NUMBERS = [
    (NUMBER, OK, None),
    (f" {NUMBER} ", OK, None),
    (NUMBER[:17], BAD, "patient.idNumber"),
    (NUMBER + "0", BAD, "patient.idNumber"),
    (NUMBER[:10] + "AB" + NUMBER[12:], BAD, "patient.idNumber"),
    ("４" + NUMBER[1:], BAD, "patient.idNumber"),
    (NUMBER[:17] + WRONG_DIGIT, BAD, "patient.idNumber"),
    ("430121202213051011", BAD, "patient.idNumber"),  # month 13
    ("430121202202301011", BAD, "patient.idNumber"),  # 30 February
    (id_number(date(2026, 3, 3), 1), BAD, "patient.idNumber"),  # tomorrow
    (id_number(date(1849, 12, 31), 1), BAD, "patient.idNumber"),
    ("", BAD, "patient.idNumber"),
]


@pytest.mark.parametrize(("number", "code", "field"), NUMBERS)
def test_an_identity_number_is_checked(world, number, code, field):
    assert drafted(world, patient=patient(id_number=number)) == (code, field)


def test_what_contradicts_the_number_is_refused(world):
    given = patient(id_number=NUMBER)
    assert drafted(world, patient=given | {"birth_date": CHILD, "sex": "MALE"}) == (OK, None)
    assert drafted(world, patient=given | {"birth_date": date(2022, 1, 6)}) == (BAD, "patient.birthDate")
    assert drafted(world, patient=given | {"sex": "FEMALE"}) == (BAD, "patient.sex")
    assert drafted(world, patient=given | {"name": " "}) == (BAD, "patient.name")
    both = given | {"temporary_identity": "无名氏-急诊-0302"}
    assert drafted(world, patient=both) == (BAD, "patient.temporaryIdentity")


def test_the_number_tells_birth_and_sex(world):
    world.draft(patient=patient(id_number=NUMBER.lower(), name=" 王小明 "))
    stored = Patient.objects.with_id_number(NUMBER).get()
    assert (stored.name, stored.birth_date, stored.sex) == ("王小明", CHILD, "MALE")
    assert (stored.registered_at, stored.registered_by_hospital) == (NOW, world.hospitals["county"])


def test_one_number_is_one_person(world):
    first = world.draft(patient=patient(id_number=NUMBER, name="王小明", phone="13800000000"))
    world.take("cancel_referral", first)
    other = patient(id_number=NUMBER, name="王小红")
    assert drafted(world, patient=other) == (BAD, "patient.name")
    again = patient(id_number=NUMBER, name="王小明 ", phone="13911111111", address="长沙县")
    second = world.draft(patient=again)
    assert second.case.patient_id == first.case.patient_id
    stored = Patient.objects.with_id_number(NUMBER).get()
    assert (stored.phone, stored.address, stored.guardian_name) == ("13911111111", "长沙县", "李四")


def test_a_patient_nobody_knows_has_a_temporary_identity(world):
    unknown = {"temporary_identity": "无名氏-急诊-0302"}
    referral = world.take("submit_referral", world.draft(patient=unknown))
    assert referral.patient.name == "身份待查"
    assert (referral.patient.sex, referral.patient.id_number, referral.patient.birth_date) == ("UNKNOWN", None, None)
    assert drafted(world, patient={"name": "王小明"}) == (BAD, "patient.idNumber")


def test_a_newborn_of_this_night_is_not_from_tomorrow(world):
    """Half past midnight in China is yesterday in Greenwich."""
    night = NOW.replace(hour=0, minute=30).astimezone(UTC)
    born = {"name": "王小宝", "temporary_identity": "王某之子", "birth_date": date(2026, 3, 2)}
    assert drafted(world, patient=born, now=night) == (OK, None)
    assert drafted(world, patient=patient(date(2026, 3, 2)), now=night) == (OK, None)
    assert drafted(world, patient=born | {"birth_date": date(2026, 3, 3)}, now=night) == (BAD, "patient.birthDate")


FOURTEEN_TODAY, THIRTEEN = date(2012, 3, 2), date(2012, 3, 3)
SELF, MOTHER = {"consent_by": "王小明", "consent_relation": "本人"}, {"consent_by": "李四", "consent_relation": "母亲"}
NOBODYS = {"guardian_name": "", "guardian_relation": ""}
CONSENTS = [
    (ADULT, {}, SELF, OK, None),
    (ADULT, NOBODYS, SELF, OK, None),
    (ADULT, NOBODYS, {"consent_by": "", "consent_relation": "本人"}, "CONSENT_REQUIRED", "consentBy"),
    (ADULT, NOBODYS, {"consent_by": "  ", "consent_relation": "本人"}, "CONSENT_REQUIRED", "consentBy"),
    (FOURTEEN_TODAY, NOBODYS, SELF, OK, None),
    (THIRTEEN, {}, MOTHER, OK, None),
    (THIRTEEN, {}, SELF, "CONSENT_REQUIRED", "consentRelation"),
    (THIRTEEN, {}, MOTHER | {"consent_relation": ""}, "CONSENT_REQUIRED", "consentRelation"),
    (THIRTEEN, NOBODYS, MOTHER, "CONSENT_REQUIRED", "consentRelation"),
    (CHILD, {}, MOTHER, OK, None),
]


@pytest.mark.parametrize(("born", "guardian", "consent", "code", "field"), CONSENTS)
def test_under_fourteen_the_guardian_consents(world, born, guardian, consent, code, field):
    draft = world.draft(patient=patient(born) | guardian, **consent)
    attempt = world.attempt("submit_referral", draft)
    assert (attempt.code, attempt.field) == (code, field)


MISSING = [
    ({"performer_department": None}, "performerDepartment"),
    ({"reason": " "}, "reason"),
    ({"summary": ""}, "summary"),
    ({"diagnoses": []}, "diagnoses"),
]


@pytest.mark.parametrize(("given", "field"), MISSING)
def test_a_draft_leaves_only_complete(world, given, field):
    draft = world.draft(**given)
    attempt = world.attempt("submit_referral", draft)
    assert (attempt.code, attempt.field, attempt.writes) == ("INCOMPLETE", field, ())


def test_diagnoses_are_ranked_and_named_once(world):
    draft = world.draft(diagnoses=["J96.000", "J18.900", "J96.000"])
    ranked = [(d.rank, d.concept.code) for d in draft.clinical.ranked.select_related("concept")]
    assert ranked == [(1, "J96.000"), (2, "J18.900")]


def test_what_an_update_does_not_name_stays(world):
    draft = world.draft()
    updated = world.take("update_referral", draft, only={"reason": " 新的目的 "})
    stored = world.read(updated)
    assert (stored.reason, stored.clinical.summary, stored.priority) == ("新的目的", "发热 3 天，气促 1 天", 3)
    assert (stored.clinical.vitals, stored.consent_at) == ({"temperature": 39.5, "spo2": 91.0}, NOW)
    withdrawn = world.take("update_referral", stored, only={"consent_by": ""})
    assert (withdrawn.consent_by, withdrawn.consent_at) == ("", None)


def test_an_open_case_is_shown_before_a_second_one_is_opened(world):
    same = patient(id_number=NUMBER, name="王小明")
    first = world.draft(patient=same)
    assert drafted(world, patient=same) == ("OPEN_CASE_EXISTS", "duplicateReason")
    # Wherever it is open.
    elsewhere = {"by": world.actor("foreign", DOCTOR), "requester_department": world.departments["foreign"].pk}
    assert drafted(world, patient=same, **elsewhere) == ("OPEN_CASE_EXISTS", "duplicateReason")
    with pytest.raises(Refused) as refused, transaction.atomic():
        world.draft(patient=same)
    assert first.case.number in refused.value.message
    assert "county医院" in refused.value.message
    assert drafted(world, patient=same, duplicate_reason="UNHEARD_OF") == (BAD, "reason")
    assert drafted(world, patient=same, duplicate_reason="OTHER") == ("COMMENT_REQUIRED", "comment")
    second = world.draft(patient=same, duplicate_reason="OTHER_SPECIALTY", duplicate_comment="另有骨折")
    assert second.case_id != first.case_id
    event = world.events(second)[0]
    assert (event.reason_code, event.comment) == ("OTHER_SPECIALTY", "另有骨折")
    # The answer names the newest.
    assert content.open_case(first.case.patient) == second.case


def test_a_closed_case_is_no_duplicate(world):
    same = patient(id_number=NUMBER, name="王小明")
    world.take("cancel_referral", world.draft(patient=same))
    assert drafted(world, patient=same) == (OK, None)
    assert Case.objects.filter(patient__in=Patient.objects.with_id_number(NUMBER), closed_at=None).count() == 0


def test_looking_a_patient_up_is_a_disclosure_and_audited(world):
    doctor = world.actor("foreign", DOCTOR)
    referral = world.draft(patient=patient(id_number=NUMBER, name="王小明"))
    found, case = content.look_up_patient(by=doctor, id_number=NUMBER, now=NOW)
    assert (found, case) == (referral.case.patient, referral.case)
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor, entry.patient_id) == ("look_up_patient", doctor.person, found.pk)
    assert (entry.actor_hospital, entry.at) == (world.hospitals["foreign"], NOW)
    audits = AuditEntry.objects.count()
    assert content.look_up_patient(by=doctor, id_number=id_number(CHILD, 103), now=NOW) == (None, None)
    assert AuditEntry.objects.count() == audits
    with pytest.raises(Refused) as refused:
        content.look_up_patient(by=world.actor("foreign", "HOSPITAL_ADMIN"), id_number=NUMBER, now=NOW)
    assert refused.value.code == "FORBIDDEN"


def test_codes_are_valid_on_the_day_they_leave(world):
    """A diagnosis that was retired while the draft lay there is refused when it is submitted."""
    draft = world.draft()
    concept = draft.clinical.ranked.get().concept
    type(concept).objects.filter(pk=concept.pk).update(valid_to=date(2026, 3, 2))
    assert world.attempt("submit_referral", draft).code == OK
    attempt = world.attempt("submit_referral", draft, now=NOW + timedelta(days=1))
    assert (attempt.code, attempt.field) == (BAD, "diagnoses")
    assert Referral.objects.get(pk=draft.pk).status == Status.DRAFT


def test_no_referral_is_opened_for_the_dead(world):
    same = patient(id_number=NUMBER, name="王小明")
    world.take("record_death", world.draft(patient=same))
    assert drafted(world, patient=same) == ("INVALID_STATE", "patient")
