"""What a sender writes about a patient: patients, clinical content, and what must be there before it may leave."""

import csv
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consortium import access, cipher, registry, trail
from consortium.access import Actor
from consortium.database.acting import seek
from consortium.errors import Code, Refused, checked
from consortium.identity import age_in_years, read_id_number
from consortium.models import Department, Hospital, Patient, Priority, Status, uuid7
from referrals.models import Case, Referral

GUARDIAN_AGE = 14  # years; Personal Information Protection Law, article 31
SELF = {"", "本人", "self"}
UNKNOWN_NAME = "身份待查"  # stored, so in the language of the network
PLAIN = ("reason", "consent_by", "consent_relation")
CLINICAL = ("summary", "treatment", "allergies")


@cache
def vital_limits() -> Mapping[str, Mapping[str, str]]:
    """The plausible range of each vital sign, from `consortium/data/vitals.csv`."""
    with (settings.BASE_DIR / "consortium" / "data" / "vitals.csv").open(encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def check_vitals(vitals: Mapping[str, float | None]) -> dict[str, float]:
    """The vital signs that were given; INVALID_INPUT names one outside its plausible range."""
    given = {name: value for name, value in vitals.items() if value is not None}
    for name, value in given.items():
        limit = vital_limits()[name]
        if not float(limit["min"]) <= value <= float(limit["max"]):
            label = limit["label_en" if (get_language() or "").startswith("en") else "label_zh"]
            raise Refused(
                Code.INVALID_INPUT,
                _("{label} {value} 超出可录入范围 {min}–{max} {unit}，请核对。").format(
                    label=label, value=value, min=limit["min"], max=limit["max"], unit=limit["unit"]
                ),
                field=f"vitals.{name}",
            )
    return given


def register_patient(*, by: Actor, hospital: Hospital, now: datetime, **given: Any) -> Patient:
    """The patient of an identity number, known or new, or a new patient with a temporary identity.

    INVALID_INPUT when the number is wrong, or when sex, date of birth or name contradict it.
    """
    given = {
        name: value.strip() if isinstance(value, str) else value for name, value in given.items() if value is not None
    }
    if given.get("id_number") and given.get("temporary_identity"):
        raise Refused(Code.INVALID_INPUT, _("身份证号与临时身份只能填写一项。"), field="patient.temporaryIdentity")
    if not given.get("name") and not given.get("temporary_identity"):
        raise Refused(Code.INVALID_INPUT, _("请填写患者姓名。"), field="patient.name")
    if number := given.get("id_number"):
        known = read_id_number(number, today=timezone.localdate(now), field="patient.idNumber")
        for name, wire, value in (("birth_date", "birthDate", known.birth_date), ("sex", "sex", known.sex)):
            if given.setdefault(name, value) != value:
                raise Refused(
                    Code.INVALID_INPUT, _("填写的出生日期或性别与身份证号不一致，请核对。"), field=f"patient.{wire}"
                )
        given["id_number"] = known.number
        if existing := _registered(known.number):
            return _same_person(existing, given)
    elif not given.get("temporary_identity"):
        raise Refused(
            Code.INVALID_INPUT,
            _("请填写身份证号；身份不明时请填写临时身份标识，例如“无名氏-急诊-日期”。"),
            field="patient.idNumber",
        )
    if given.get("birth_date") and given["birth_date"] > timezone.localdate(now):
        raise Refused(Code.INVALID_INPUT, _("出生日期不能晚于今天。"), field="patient.birthDate")
    given.setdefault("name", UNKNOWN_NAME)
    given.setdefault("sex", "UNKNOWN")
    patient = checked(Patient(registered_at=now, registered_by_hospital=hospital, **given))
    try:
        with transaction.atomic():
            patient.save(force_insert=True)
    except IntegrityError:
        # Somebody registered the same number a moment ago.
        return _same_person(Patient.objects.with_id_number(patient.id_number or "").get(), given)
    return patient


def _same_person(patient: Patient, given: Mapping[str, Any]) -> Patient:
    """The known patient, with contact details brought up to date; INVALID_INPUT if the name is another."""
    if patient.name != given["name"]:
        raise Refused(
            Code.INVALID_INPUT, _("姓名与该身份证号已登记的姓名不一致，请对照证件核对。"), field="patient.name"
        )
    contact = ("phone", "address", "guardian_name", "guardian_relation", "guardian_phone")
    changed = [name for name in contact if given.get(name) and given[name] != getattr(patient, name)]
    for name in changed:
        setattr(patient, name, given[name])
    if changed:
        checked(patient).save(update_fields=changed)
    return patient


def open_case(patient: Patient) -> Case | None:
    """The newest open case of a patient, if there is one."""
    return Case.objects.filter(patient=patient, closed_at__isnull=True).select_related("origin").order_by("-id").first()


def _registered(number: str) -> Patient | None:
    """The patient of an identity number, whom somebody who typed all of it may find."""
    marks = cipher.marks(number)
    seek(marks)
    return Patient.objects.filter(id_mark__in=marks).first()


def look_up_patient(*, by: Actor, id_number: str, now: datetime) -> tuple[Patient | None, Case | None]:
    """The registered patient of an identity number and their open case; a disclosure, so it is audited."""
    role = access.require(by, "register_patient")
    number = read_id_number(id_number, today=timezone.localdate(now)).number
    patient = _registered(number)
    if patient is None:
        return None, None
    trail.audit(by, "look_up_patient", patient, role=role, purpose="TREATMENT", patient_id=patient.pk, now=now)
    return patient, open_case(patient)


def destination(id: Any, *, field: str = "performerDepartment") -> Department:
    """The department that is asked; INVALID_INPUT if it or its hospital takes no part at present."""
    found = _active(id)
    if found is None:
        raise Refused(Code.INVALID_INPUT, _("接收科室不存在或已暂停接诊，请另选。"), field=field)
    return found


def sender(id: Any) -> Department:
    """The department that asks; INVALID_INPUT if it or its hospital takes no part at present."""
    found = _active(id)
    if found is None:
        raise Refused(Code.INVALID_INPUT, _("转出科室不存在或已停用。"), field="requesterDepartment")
    return found


def _active(id: Any) -> Department | None:
    rows = Department.objects.select_related("hospital")
    return rows.filter(pk=id, status=Status.ACTIVE, hospital__status=Status.ACTIVE).first()


def write(referral: Referral, now: datetime, **content: Any) -> None:
    """Put what was given into a draft and its summary; what is not given stays. Codes are checked on the day."""
    for name in PLAIN:
        if name in content:
            setattr(referral, name, (content[name] or "").strip())
    if "consent_by" in content:
        referral.consent_at = now if referral.consent_by else None
    if content.get("priority"):
        referral.priority = Priority(content["priority"])
    if content.get("performer_department"):
        aim(referral, destination(content["performer_department"]))
    if "needed_capability" in content:
        code = content["needed_capability"]
        referral.needed_capability = (
            registry.concepts("CAPABILITY", [code], on=timezone.localdate(now), field="neededCapability")[0]
            if code
            else None
        )
    clinical = referral.clinical
    for name in CLINICAL:
        if name in content:
            setattr(clinical, name, (content[name] or "").strip())
    if content.get("vitals") is not None:
        clinical.vitals = check_vitals(content["vitals"])
    if content.get("exams") is not None:
        clinical.exams = content["exams"]
    if clinical._state.adding or not {*CLINICAL, "vitals", "exams"}.isdisjoint(content):
        checked(clinical).save()
    if content.get("diagnoses") is not None:
        codes = list(dict.fromkeys(content["diagnoses"]))
        clinical.diagnose(registry.concepts("ICD10", codes, on=timezone.localdate(now), field="diagnoses"))


def aim(referral: Referral, department: Department) -> None:
    """Send a leg towards a department; INVALID_INPUT if it belongs to the sender's own hospital."""
    from_hospital, to_hospital = referral.requester_hospital, department.hospital
    if from_hospital.pk == to_hospital.pk:
        raise Refused(
            Code.INVALID_INPUT, _("转出与接收医院不能是同一家，请另选接收科室。"), field="performerDepartment"
        )
    referral.performer_hospital, referral.performer_department = to_hospital, department
    referral.direction = referral.between(from_hospital, to_hospital)


def require_complete(referral: Referral, *, today: date) -> None:
    """INCOMPLETE or CONSENT_REQUIRED, naming the first thing that is missing before a draft may leave.

    INVALID_INPUT when a diagnosis was retired since it was written.
    """
    clinical = referral.clinical
    codes = list(clinical.ranked.values_list("concept__code", flat=True))
    missing = [
        (
            referral.performer_department_id is None and not referral.green,
            "performerDepartment",
            _("请选择接收科室。"),
        ),
        (not referral.reason, "reason", _("请填写转诊目的。")),
        (not clinical.summary, "summary", _("请填写病情摘要。")),
        (not codes, "diagnoses", _("请至少填写一个诊断。")),
    ]
    for lacks, field, message in missing:
        if lacks:
            raise Refused(Code.INCOMPLETE, message, field=field)
    registry.concepts("ICD10", codes, on=today, field="diagnoses")
    require_consent(referral, today=today)


def require_consent(case: Any, *, today: date) -> None:
    """CONSENT_REQUIRED unless the patient, or under 14 the guardian, agreed that the case's record is shared."""
    if not case.consent_by or case.consent_at is None:
        raise Refused(Code.CONSENT_REQUIRED, _("请记录患者（或监护人）同意共享病历。"), field="consentBy")
    require_guardian(case, today=today)


def require_guardian(case: Any, *, today: date) -> None:
    """CONSENT_REQUIRED if a child under 14 consents alone: a registered guardian must."""
    patient = case.patient
    minor = patient.birth_date is not None and age_in_years(patient.birth_date, today) < GUARDIAN_AGE
    by_themselves = case.consent_relation.lower() in SELF or case.consent_by == patient.name
    if minor and (by_themselves or not patient.guardian_name):
        raise Refused(
            Code.CONSENT_REQUIRED,
            _("患者未满 14 周岁，须由监护人同意：请登记监护人，并填写同意人及其与患者的关系。"),
            field="consentRelation",
        )


def require_approver(case: Any) -> None:
    """CONSENT_REQUIRED if patient or guardian stand where the head who approved must (Civil Code, article 1220)."""
    themselves = (case.patient.name, case.patient.guardian_name)
    if case.consent_relation.lower() in SELF or case.consent_by in themselves:
        raise Refused(
            Code.CONSENT_REQUIRED,
            _("紧急情况下须由医疗机构负责人或其授权的负责人批准：请填写批准人姓名及职务。"),
            field="consentRelation",
        )


def copy_of(referral: Referral, **changes: Any) -> Referral:
    """A new leg that carries the same patient, facts and consent on, not yet stored."""
    same = (
        "case",
        "reason",
        "priority",
        "needed_capability",
        "requester_hospital",
        "requester_department",
        "consent_by",
        "consent_relation",
        "consent_at",
        "hops",
        "pathway",
        "green_kind",
    )
    by_key = ("clinical", "created_by")  # of which nothing is asked
    values = {name: getattr(referral, name) for name in same} | changes
    values |= {f"{name}_id": getattr(referral, f"{name}_id") for name in by_key if name not in changes}
    return Referral(id=uuid7(), based_on=referral, **values)
