"""What the rows of the domain specification, section 5, promise beside who, from where and to where."""

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from consortium import lifecycle
from consortium.errors import Refused
from consortium.models import ClockRun, Event, Patient
from referrals.models import Pathway, Referral
from referrals.models import Status as Leg
from telemedicine import catalogues, images, viewing
from telemedicine.models import Agreement, Ending, Kind, Liability, Part, Status
from telemedicine.reports import intact, unbroken
from tests.lab import COUNTY_LAB, FIRST, FOURTH, HEAD, LAB, OPINION, PATHOLOGIST, QUALITY, REPORT, SECOND, THIRD
from tests.world import CHINA, NOW, OK, patient

S = Status
HOUR = timedelta(hours=1)
MALIGNANT = {"opinion": OPINION}


def refused(call) -> tuple[str, str | None]:
    """The code and field of a refusal."""
    with pytest.raises(Refused) as found, transaction.atomic():
        call()
    return str(found.value.code), found.value.field


def runs(case) -> dict[str, ClockRun]:
    """The latest run of each limit of a case."""
    return {run.kind: run for run in ClockRun.objects.filter(subject_id=case.pk).order_by("turn")}


# What is asked for at submission


@pytest.mark.parametrize(
    ("missing", "code", "field"),
    [
        ({"slides": 0}, "INCOMPLETE", "specimens"),
        ({"verified": False}, "INCOMPLETE", "slides"),
        ({"history": ""}, "INCOMPLETE", "history"),
        ({"performer_department": None}, "INCOMPLETE", "performerDepartment"),
        ({"consent_by": ""}, "CONSENT_REQUIRED", "consentBy"),
        ({"patient": "child", "consent_relation": "本人"}, "CONSENT_REQUIRED", "consentRelation"),
    ],
    ids=lambda value: str(value),
)
def test_a_case_leaves_the_lab_complete_only(lab, missing, code, field):
    if missing.get("patient") == "child":
        missing = missing | {"patient": patient()}
    attempt = lab.attempt("submit_pathology", lab.draft(**missing))
    assert (attempt.code, attempt.field, attempt.writes) == (code, field, ())


def test_no_diagnosis_is_an_answer_and_no_answer_is_not(lab):
    assert lab.draft(preliminary_class="NONE").preliminary_class == "NONE"
    assert refused(lambda: lab.draft(preliminary_class="")) == ("INVALID_INPUT", "preliminaryClass")


def test_the_time_of_the_specimen_is_the_earliest_and_stays(lab):
    case = lab.draft(received_at=NOW - 2 * HOUR)
    case = lab.take("register_specimen", case, specimen=lab.specimen(1, NOW - 5 * HOUR))
    for slide in case.slides.all():
        images.mark_verified(slide, NOW)
    case = lab.take("submit_pathology", case)
    assert case.specimen_received_at == NOW - 5 * HOUR
    case = lab.take("fail_quality", case)
    case = lab.take("register_specimen", case, specimen=lab.specimen(0, NOW - 9 * HOUR))
    case = lab.take("fix_pathology", case)
    assert lab.read(case).specimen_received_at == NOW - 5 * HOUR


def test_a_specimen_is_not_received_in_the_future_nor_registered_twice(lab):
    case = lab.draft()
    late = lab.specimen(1, NOW + HOUR)
    assert refused(lambda: lab.take("register_specimen", case, specimen=late)) == (
        "INVALID_INPUT",
        "specimen.receivedAt",
    )
    twice = lab.specimen() | {"barcode": case.specimens.get().barcode}
    assert refused(lambda: lab.take("register_specimen", case, specimen=twice)) == ("INVALID_INPUT", "specimen.barcode")
    block = case.specimens.get().blocks.get()
    known = [lab.slide() | {"barcode": case.slides.first().barcode}]
    assert refused(lambda: lab.take("register_slides", case, block=block.pk, slides=known)) == (
        "INVALID_INPUT",
        "slides.barcode",
    )


def test_a_withdrawn_slide_is_kept_and_asked_for_no_more(lab):
    case = lab.draft(verified=False)
    first, second = case.slides.order_by("id")
    images.mark_verified(first, NOW)
    assert not images.all_verified(case)
    case = lab.take("withdraw_slide", case, slide=second.pk, reason="WRONG_PATIENT")
    assert images.all_verified(case)
    assert [slide.withdrawn_reason for slide in case.slides.order_by("id")] == ["", "WRONG_PATIENT"]
    block = case.specimens.get().blocks.get()
    again = [lab.slide() | {"barcode": second.barcode}]
    assert lab.take("register_slides", case, block=block.pk, slides=again).slides.count() == 3


# Limits


@pytest.mark.parametrize(
    ("kind", "limit", "due_at"),
    [
        (Kind.ROUTINE, "ROUTINE", NOW + timedelta(hours=72)),
        (Kind.SECOND_OPINION, "SECOND_OPINION", NOW + timedelta(hours=72)),
        (Kind.CYTOLOGY, "CYTOLOGY", NOW + timedelta(days=2)),
        (Kind.FROZEN, "FROZEN", NOW - HOUR / 6 + timedelta(minutes=30)),
    ],
)
def test_the_limit_of_the_report_follows_the_kind(lab, kind, limit, due_at):
    case = lab.case(S.SUBMITTED, kind=kind, received_at=NOW - HOUR / 6)
    assert set(runs(case)) == {limit}
    assert (case.clock_kind, case.clock_holder, case.due_at) == (limit, "PERFORMER", due_at)


def test_cytology_counts_working_days_only(lab):
    """Friday 2026-03-06, 09:00, and two working days are Tuesday."""
    friday = datetime(2026, 3, 6, 9, 0, tzinfo=CHINA)
    case = lab.take("submit_pathology", lab.draft(kind=Kind.CYTOLOGY), now=friday)
    assert timezone.localtime(case.due_at) == datetime(2026, 3, 10, 9, 0, tzinfo=CHINA)


def test_a_frozen_section_behind_another_has_45_minutes_from_its_specimen(lab):
    frozen = {"kind": Kind.FROZEN, "received_at": NOW}
    first, second = (lab.case(S.SUBMITTED, **frozen) for _n in range(2))
    assert [(run.kind, run.target_minutes) for case in (first, second) for run in runs(case).values()] == [
        ("FROZEN", 30),
        ("FROZEN_BEHIND", 45),
    ]
    for step in ("pass_quality", "claim_pathology", "start_reading", "give_preliminary_opinion"):
        first, second = lab.take(step, first), lab.take(step, second)
    third = lab.case(S.SUBMITTED, **frozen)
    assert runs(third)["FROZEN"].due_at == NOW + timedelta(minutes=30)
    assert runs(second)["FROZEN_BEHIND"].met is True


def test_a_frozen_section_stays_five_minutes_in_the_pool(lab):
    case = lab.case(S.POOLED, kind=Kind.FROZEN)
    assert (runs(case)["POOL_FROZEN"].due_at, case.clock_kind) == (NOW + timedelta(minutes=5), "POOL_FROZEN")
    case = lab.take("claim_pathology", case, now=NOW + timedelta(minutes=6))
    assert runs(case)["POOL_FROZEN"].met is False
    case = lab.take("decline_reading", case, now=NOW + timedelta(minutes=7))
    assert runs(case)["POOL_FROZEN"].due_at == NOW + timedelta(minutes=12)
    assert "POOL_FROZEN" not in runs(lab.case(S.POOLED))


def test_the_limit_pauses_while_the_sender_mends_or_supplies(lab):
    case = lab.take("fail_quality", lab.case(S.SUBMITTED), now=NOW + HOUR)
    assert (case.clock_kind, case.clock_holder) == ("FIX_SLIDES", "REQUESTER")
    assert runs(case)["ROUTINE"].paused_in == S.RETURNED
    case = lab.take("fix_pathology", case, now=NOW + 11 * HOUR)
    assert runs(case)["ROUTINE"].due_at == NOW + timedelta(hours=82)
    for step in ("pass_quality", "claim_pathology", "start_reading", "request_material"):
        case = lab.take(step, case, now=NOW + 12 * HOUR)
    assert (case.clock_kind, case.clock_holder) == ("MATERIAL", "REQUESTER")
    case = lab.take("supply_material", case, now=NOW + 32 * HOUR)
    assert (case.clock_kind, case.due_at) == ("ROUTINE", NOW + timedelta(hours=102))
    case = lab.take("sign_report", case, now=NOW + 33 * HOUR)
    assert (runs(case)["ROUTINE"].met, runs(case)["ROUTINE"].taken_seconds) == (True, 3 * 3600)
    assert case.clock_kind == "REPORT_READ"


def test_a_death_silences_the_limits_of_pathology_too(lab):
    case = lab.case(S.READING)
    leg = lab.draft_of(case.patient)
    lab.take("record_death", leg)
    assert lab.read(case).clock_kind == ""
    assert runs(case)["ROUTINE"].stopped_at == NOW


# Quality


def test_a_failed_check_names_its_defects_by_slide(lab):
    case = lab.case(S.SUBMITTED)
    barcode = case.slides.first().barcode
    defects = [{"code": "FOCUS", "barcode": barcode}, {"code": "COVERAGE"}]
    case = lab.take("fail_quality", case, defects=defects)
    (check,) = case.quality_checks.all()
    assert check.defects == [{"code": "FOCUS", "slide": barcode}, {"code": "COVERAGE", "slide": ""}]
    case = lab.take("fix_pathology", case)
    check.refresh_from_db()
    assert (check.fixed_at, check.fix_note) == (NOW, "已重新扫描")
    for given in ({"defects": []}, {"defects": [{"code": "FOCUS", "barcode": "?"}]}, {"defects": [{"code": "NO"}]}):
        attempt = lab.attempt("fail_quality", case, **given)
        assert (attempt.code, attempt.field) == ("INVALID_INPUT", "defects")
    assert lab.attempt("fail_quality", case, defects=[{"code": "OTHER"}], note="").code == "COMMENT_REQUIRED"


# Frozen sections


def test_only_a_frozen_section_is_reserved_and_the_named_expert_confirms_once(lab):
    assert lab.attempt("reserve_frozen", lab.draft()).code == "INVALID_STATE"
    case = lab.case(S.RESERVED)
    assert lab.told_of(case, "reserve_frozen") == {FIRST}
    assert lab.attempt("confirm_reservation", case, by=lab.actor(*SECOND)).code == "FORBIDDEN"
    case = lab.take("confirm_reservation", case)
    assert lab.attempt("confirm_reservation", case).code == "INVALID_STATE"
    case = lab.take("pass_quality", lab.take("submit_pathology", case))
    assert (case.status, case.assigned_to) == (S.ASSIGNED, lab.people[FIRST])
    assert lab.told_of(case, "pass_quality") == {FIRST}


def test_a_reservation_for_nobody_is_taken_by_who_confirms_first(lab):
    case = lab.draft(kind=Kind.FROZEN)
    case = lab.take("reserve_frozen", case, standby_expert=None)
    assert {FIRST, SECOND, THIRD, FOURTH} <= lab.told_of(case, "reserve_frozen")
    case = lab.take("confirm_reservation", case, by=lab.actor(*SECOND))
    assert case.standby_expert == lab.people[SECOND]


def test_an_opinion_by_telephone_needs_what_was_read_back(lab):
    case = lab.case(S.READING, kind=Kind.FROZEN)
    phoned = {"opinion": OPINION | {"phoned_to": "手术室 张护士"}}
    assert lab.attempt("give_preliminary_opinion", case, **phoned).field == "opinion.readBack"
    phoned["opinion"]["read_back"] = "左乳浸润性癌"
    case = lab.take("give_preliminary_opinion", case, **phoned)
    opinion = case.opinions.get()
    assert (opinion.part, opinion.phoned_to, opinion.read_back) == (Part.PRELIMINARY, "手术室 张护士", "左乳浸润性癌")
    assert (case.answered_at, runs(case)["FROZEN"].met) == (NOW, False)  # an hour after the specimen
    assert case.clock_kind == "SIGN_FROZEN"


# Who reads


def test_a_claim_is_held_against_subspecialty_load_and_conflict_of_interest(lab):
    case = lab.case(S.POOLED)
    assert lab.attempt("claim_pathology", case, by=lab.actor(*FOURTH)).code == "NOT_QUALIFIED"
    assert lab.attempt("claim_pathology", case, by=lab.actor(*THIRD)).code == OK  # reads every organ
    lab.reads(FIRST, "BREAST", limit=1)
    other = lab.take("claim_pathology", lab.case(S.POOLED))
    assert lab.attempt("claim_pathology", case).code == "NO_CAPACITY"
    assert lab.attempt("claim_pathology", lab.case(S.POOLED, kind=Kind.FROZEN)).code == OK
    lab.take("sign_report", lab.take("start_reading", other))
    assert lab.attempt("claim_pathology", case).code == OK
    both = lab.newcomer("both", ("province", PATHOLOGIST), ("county", LAB))
    assert lab.attempt("claim_pathology", case, by=both).code == "CONFLICT_OF_INTEREST"


def test_who_stood_aside_for_a_conflict_does_not_come_back(lab):
    case = lab.take("decline_reading", lab.case(S.ASSIGNED), reason="CONFLICT_OF_INTEREST")
    assert (case.status, case.assigned_to) == (S.POOLED, None)
    assert lab.attempt("claim_pathology", case).code == "CONFLICT_OF_INTEREST"
    assert lab.attempt("assign_pathology", case, expert=lab.people[FIRST].pk).code == "CONFLICT_OF_INTEREST"
    assert lab.attempt("claim_pathology", case, by=lab.actor(*SECOND)).code == OK
    again = lab.take("decline_reading", lab.case(S.ASSIGNED), reason="NOT_AVAILABLE")
    assert lab.attempt("claim_pathology", again).code == OK


def test_the_choices_say_the_same_as_the_step(lab):
    """`availableActions` and the mutation ask one function."""
    case = lab.case(S.POOLED)
    for who in (FIRST, SECOND, THIRD, FOURTH):
        by = lab.actor(*who)
        (choice,) = [c for c in lifecycle.choices(case, by) if c.step.name == "claim_pathology"]
        said = str(choice.refusal.code) if choice.refusal else OK
        assert said == lab.attempt("claim_pathology", case, by=lab.actor(*who)).code


def test_an_assignment_tells_both_and_keeps_what_is_still_due(lab):
    case = lab.case(S.MORE_NEEDED)
    case = lab.take("reassign_pathology", case)
    assert (case.status, case.assigned_to) == (S.MORE_NEEDED, lab.people[SECOND])
    assert lab.told_of(case, "reassign_pathology") == {FIRST, SECOND}
    case = lab.take("supply_material", case)
    assert lab.told_of(case, "supply_material") == {SECOND}
    assert lab.attempt("reassign_pathology", case).field == "expert"  # already with them
    stranger = lab.people["foreign", PATHOLOGIST, 1].pk
    assert lab.attempt("reassign_pathology", case, expert=stranger).field == "expert"


def test_material_is_supplied_with_pictures_only(lab):
    case = lab.take("register_slides", lab.case(S.MORE_NEEDED))
    assert (lab.attempt("supply_material", case).code, case.slides.count()) == ("INCOMPLETE", 3)
    images.mark_verified(case.slides.latest("id"), NOW)
    case = lab.take("supply_material", case)
    viewing.open_slide(by=lab.actor(*FIRST), id=case.slides.first().pk, now=NOW)
    lab_only = lab.attempt("sign_report", case, by=lab.actor(*FIRST))
    assert (lab_only.code, lab_only.field) == ("INCOMPLETE", "slides")


# Reading and signing


def test_a_report_needs_every_slide_opened_by_who_signs(lab):
    case = lab.case(S.READING)
    lab.see(case, SECOND)
    attempt = lab.attempt("sign_report", case, by=lab.actor(*FIRST))
    assert (attempt.code, attempt.field) == ("INCOMPLETE", "slides")
    assert case.slides.first().barcode in attempt.message
    lab.see(case, FIRST)
    for report, field in (
        ({"conclusion": "  "}, "report.conclusion"),
        ({"diagnostic_class": "NONE"}, "report.diagnosticClass"),
        ({"diagnosis_code": "Z99"}, "report.diagnosisCode"),
    ):
        assert lab.attempt("sign_report", case, report=REPORT | report).field == field
    case = lab.take("sign_report", case)
    stored = case.reports.get()
    assert (stored.version, stored.template, stored.conclusion) == (1, "BREAST", REPORT["conclusion"])
    assert stored.content["classified"]["icd10"]["code"] == "C50.900"
    assert intact(stored)
    assert (case.report_version, case.issued_at, case.conclusion_code.code) == (1, NOW, "C50.900")
    assert case.preliminary_agreement == Agreement.MINOR  # suspicious against malignant


def test_two_who_agree_need_no_third(lab):
    case = lab.case(S.SECOND_REVIEW)
    assert lab.attempt("sign_report", case).code == "INVALID_STATE"
    assert lab.attempt("give_second_opinion", case, by=lab.actor(*THIRD)).code == "FORBIDDEN"
    case = lab.take("give_second_opinion", case, **MALIGNANT)
    assert (case.second_agreement, case.settled_class) == (Agreement.CONCORDANT, "MALIGNANT")
    assert lab.attempt("name_adjudicator", case).code == "INVALID_STATE"
    assert lab.attempt("give_second_opinion", case).code == "INVALID_STATE"
    assert lab.attempt("sign_report", case, report=REPORT | {"diagnostic_class": "BENIGN"}).field == (
        "report.diagnosticClass"
    )
    assert lab.take("sign_report", case).status == S.ISSUED


def test_where_two_disagree_the_third_decides_and_the_report_follows(lab):
    case = lab.take("give_second_opinion", lab.case(S.SECOND_REVIEW))
    assert (case.second_agreement, case.settled_class) == (Agreement.MAJOR, "")
    assert lab.attempt("sign_report", case).code == "INVALID_STATE"
    for who in (FIRST, SECOND):
        assert lab.attempt("name_adjudicator", case, adjudicator=lab.people[who].pk).code == "SECOND_PERSON_NEEDED"
    case = lab.take("name_adjudicator", case, by=lab.actor(*HEAD))
    assert lab.told_of(case, "name_adjudicator") == {THIRD}
    assert lab.attempt("adjudicate_opinion", case, by=lab.actor(*FIRST)).code == "FORBIDDEN"
    benign = {"diagnostic_class": "BENIGN", "text": "硬化性腺病"}
    case = lab.take("adjudicate_opinion", case, opinion=benign)
    assert lab.attempt("sign_report", case).field == "report.diagnosticClass"
    case = lab.take("sign_report", case, report=REPORT | {"diagnostic_class": "BENIGN", "diagnosis_code": None})
    kept = list(case.opinions.values_list("part", "person", "diagnostic_class"))
    people = [lab.people[who].pk for who in (FIRST, SECOND, THIRD)]
    parts = [Part.FIRST, Part.SECOND, Part.ADJUDICATION]
    classes = ["MALIGNANT", "BENIGN", "BENIGN"]
    assert kept == list(zip(parts, people, classes, strict=True))


def test_a_second_reader_is_another_who_is_fit(lab):
    case = lab.case(S.READING)
    for who, code in ((FIRST, "SECOND_PERSON_NEEDED"), (FOURTH, "NOT_QUALIFIED")):
        assert lab.attempt("request_second_read", case, second_reader=lab.people[who].pk).code == code
    assert lab.attempt("request_second_read", case, opinion=None).code == "INCOMPLETE"
    case = lab.take("request_second_read", lab.case(S.PRELIMINARY), opinion=None)
    assert lab.told_of(case, "request_second_read") == {SECOND}


def test_the_undiagnosable_is_told_and_ends(lab):
    case = lab.case(S.UNDIAGNOSABLE)
    assert (case.ending, case.closed_at, case.undiagnosable_reason) == (
        Ending.UNDIAGNOSABLE,
        NOW,
        "INSUFFICIENT_TISSUE",
    )
    assert COUNTY_LAB in lab.told_of(case, "declare_undiagnosable")
    assert runs(case)["ROUTINE"].met is True


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("MALIGNANT", "MALIGNANT", Agreement.CONCORDANT),
        ("SUSPICIOUS", "MALIGNANT", Agreement.MINOR),
        ("MALIGNANT", "BENIGN", Agreement.MAJOR),
        ("NONE", "BENIGN", Agreement.NOT_COMPARABLE),
        ("NONE", "NONE", Agreement.NOT_COMPARABLE),
        ("DEFERRED", "MALIGNANT", Agreement.NOT_COMPARABLE),
        ("INADEQUATE", "INADEQUATE", Agreement.CONCORDANT),
    ],
)
def test_concordance_is_computed_by_class(first, second, expected):
    day = date(2026, 3, 2)
    assert catalogues.agreement(first, second, on=day) == catalogues.agreement(second, first, on=day) == expected
    assert catalogues.agreement("BENIGN", "MALIGNANT", on=date(2020, 1, 1)) == Agreement.NOT_COMPARABLE


# After the report


@pytest.mark.parametrize(
    ("kind", "liability", "ends"),
    [
        (Kind.ROUTINE, Liability.REMOTE_DIAGNOSIS, True),
        (Kind.ROUTINE, Liability.CONSULTATION, False),
        (Kind.FROZEN, Liability.REMOTE_DIAGNOSIS, False),
        (Kind.FROZEN, Liability.CONSULTATION, False),
        (Kind.CYTOLOGY, Liability.REMOTE_DIAGNOSIS, True),
    ],
)
def test_whether_an_acknowledged_case_ends_follows_liability_and_kind(lab, kind, liability, ends):
    lab.reads(FIRST, "CYTOLOGY")
    case = lab.case(S.ACKNOWLEDGED, kind=kind, liability=liability)
    assert (case.open, case.ending) == (not ends, Ending.COMPLETED if ends else "")
    assert case.clock_kind == ("" if ends else "FINAL_RESULT")
    case = lab.take("record_final_result", case, diagnostic_class="BENIGN")
    assert (case.status, case.ending, case.final_agreement) == (S.RECONCILED, Ending.COMPLETED, Agreement.MAJOR)
    assert FIRST in lab.told_of(case, "record_final_result")


def test_a_critical_result_is_read_back_within_half_an_hour(lab):
    case = lab.take("sign_report", lab.case(S.READING), report=REPORT | {"critical": True})
    assert (case.clock_kind, case.due_at) == ("CRITICAL_READ", NOW + timedelta(minutes=30))
    assert lab.attempt("acknowledge_report", case).field == "readBack"
    case = lab.take("acknowledge_report", case, read_back="左乳浸润性癌")
    assert (case.read_back, runs(case)["CRITICAL_READ"].met) == ("左乳浸润性癌", True)


def test_an_amended_report_leaves_the_old_one_readable_and_is_acknowledged_again(lab):
    case = lab.case(S.RECONCILED)
    assert not case.open
    case = lab.take("amend_report", case, report=REPORT | {"diagnostic_class": "BENIGN", "conclusion": "腺病"})
    assert (case.status, case.open, case.report_version, case.acknowledged_at) == (S.ISSUED, True, 2, None)
    assert (case.preliminary_agreement, case.final_agreement) == (Agreement.MAJOR, Agreement.MAJOR)
    kept = [(row.version, row.conclusion, bool(row.amendment_reason)) for row in case.reports.all()]
    assert kept == [(1, REPORT["conclusion"], False), (2, "腺病", True)]
    assert unbroken(case)
    case = lab.take("acknowledge_report", case)
    assert (case.status, case.open) == (S.RECONCILED, False)


def test_a_case_becomes_a_referral_in_one_step(lab):
    case = lab.case(S.ISSUED)
    case = lab.take("refer_pathology", case)
    leg = case.referral
    assert (leg.status, leg.patient, leg.consent_by) == (Leg.OFFICE_REVIEW, case.patient, "赵六")
    assert case.conclusion in leg.clinical.summary
    assert [ranked.concept.code for ranked in leg.clinical.ranked.all()] == ["C50.900"]
    assert Event.objects.get(subject_id=leg.pk).kind == "refer_pathology"
    assert lab.attempt("refer_pathology", case).code == "INVALID_STATE"


def test_the_expert_opens_a_draft_for_the_patients_hospital(lab):
    case = lab.take("refer_pathology", lab.case(S.ISSUED), by=lab.actor(*FIRST))
    assert (case.referral.status, case.referral.requester_hospital) == (Leg.DRAFT, lab.hospitals["county"])


def test_an_emergency_goes_by_the_green_channel(lab):
    given = {"performer_department": None, "green_kind": "ONCOLOGY_EMERGENCY"}
    given["targets"] = [lab.departments["province"].pk]
    case = lab.take("refer_pathology", lab.case(S.ISSUED), **given)
    leg = Referral.objects.get(pk=case.referral_id)
    assert (leg.status, leg.pathway) == (Leg.BROADCAST, Pathway.GREEN_CHANNEL)
    assert leg.offers.count() == 1


def test_who_hears_of_what(lab):
    case = lab.case(S.ISSUED)
    readers = {FIRST, SECOND, THIRD, FOURTH}
    assert lab.told_of(case, "submit_pathology") == {QUALITY, HEAD}
    assert lab.told_of(case, "pass_quality") == {*readers, HEAD}
    assert lab.told_of(case, "claim_pathology") == set()  # nobody hears of their own step
    assert lab.told_of(case, "sign_report") == {COUNTY_LAB}
    case = lab.take("acknowledge_report", case)
    assert lab.told_of(case, "acknowledge_report") == {FIRST}
    cancelled = lab.take("cancel_pathology", lab.case(S.READING))
    assert FIRST in lab.told_of(cancelled, "cancel_pathology")


def test_an_identity_number_is_one_patient_in_both_rooms(lab):
    who = patient(date(1980, 1, 1))
    case, leg = lab.draft(patient=who), lab.draft_of(None, patient=who)
    assert case.patient == leg.patient == Patient.objects.with_id_number(who["id_number"]).get()
