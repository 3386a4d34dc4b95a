"""What belongs to a referral, on the wire: the patient, the clinical summary, bookings, journeys, outcomes, files."""

from typing import Any

import graphene
from django.utils import timezone

from consortium.identity import age_in_years
from consortium.models import Patient, Sex
from referrals.models import (
    Attachment,
    Booking,
    ClinicalSummary,
    Diagnosis,
    InformationRequest,
    Journey,
    Outcome,
)
from schema import ids
from schema.base import IDENTITY, PART, Date, Plain, Type, declare, listed
from schema.catalogues import ConceptType
from schema.reads import Through
from schema.rows import Row

SexEnum = declare(Sex, "Sex")
BookingKindEnum = declare(Booking.Kind, "BookingKind")
BookingStateEnum = declare(Booking.State, "BookingState")


class PatientIdentity(Plain):
    """Who the patient is, as one case shows it to those who treat them; each reading is on the audit trail.

    Of numbers only the last four characters are shown; `unmaskPatient` shows them whole.
    """

    name = graphene.String(required=True, description="Full name (姓名).")
    id_number = graphene.String(description="Resident identity number, masked (身份证号，脱敏).")
    birth_date = Date(description="Date of birth (出生日期).")
    phone = graphene.String(required=True, description="Telephone, masked (联系电话，脱敏).")
    address = graphene.String(required=True, description="Address (住址).")
    guardian_name = graphene.String(required=True, description="Guardian (监护人).")
    guardian_relation = graphene.String(required=True, description="Guardian's relation (与患者关系).")
    guardian_phone = graphene.String(required=True, description="Guardian's telephone, masked (监护人电话，脱敏).")

    def resolve_id_number(self: Any, info: Any) -> str | None:
        """Masked."""
        return self.masked_id_number

    def resolve_phone(self: Any, info: Any) -> str:
        """Masked."""
        return self.masked_phone

    def resolve_guardian_phone(self: Any, info: Any) -> str:
        """Masked."""
        return self.masked_guardian_phone


def masked_name(row: Row) -> str:
    """As `Patient.masked_name`."""
    name, label = row("name"), row("temporary_identity")
    masked = f"left({name}, 1) || repeat('*', greatest(1, char_length({name}) - 1))"
    return f"case when {label} <> '' then {label} else {masked} end"


def age(row: Row) -> str:
    """As `identity.age_in_years` on the day of asking."""
    birth, day = row("birth_date"), row.today
    years = f"extract(year from {day}) - extract(year from {birth})"
    return f"({years} - (to_char({day}, 'MMDD') < to_char({birth}, 'MMDD'))::int)::int"


class PatientType(Type):
    """A person who is referred (患者), masked wherever a list shows them."""

    display_name = graphene.String(required=True, description="Family name and asterisks (脱敏姓名).")
    age = graphene.Int(description="Completed years, empty if the date of birth is unknown (年龄).")
    identity = graphene.Field(
        PatientIdentity, description="Full identity: one case at a time, never in a list; empty where not allowed."
    )

    class Meta:
        """As the case that shows the patient; the identity has a rule of its own."""

        model, name, rule = Patient, "Patient", PART
        fields = ("sex", "temporary_identity", "deceased_at")
        field_rules = {"identity": IDENTITY}
        discloses = ("display_name", "temporary_identity", "identity")
        sql = {"display_name": masked_name, "age": age}

    def resolve_display_name(self: Any, info: Any) -> str:
        """Masked."""
        return str(self.masked_name)

    def resolve_age(self: Any, info: Any) -> int | None:
        """On the day of asking."""
        return age_in_years(self.birth_date, timezone.localdate(info.context.now)) if self.birth_date else None

    def resolve_identity(self: Any, info: Any) -> Any:
        """The row itself, once the rule has let it pass."""
        return self


class Vitals(Plain):
    """Vital signs (生命体征)."""

    temperature = graphene.Float(description="°C (体温).")
    heart_rate = graphene.Int(description="Per minute (心率).")
    respiratory_rate = graphene.Int(description="Per minute (呼吸).")
    systolic = graphene.Int(description="mmHg (收缩压).")
    diastolic = graphene.Int(description="mmHg (舒张压).")
    spo2 = graphene.Float(name="spo2", description="Per cent (血氧饱和度).")
    weight = graphene.Float(description="kg (体重).")


class Exam(Plain):
    """An examination with its result (检查检验)."""

    name = graphene.String(required=True, description="What was examined (项目).")
    result = graphene.String(required=True, description="What was found (结果).")
    performed_at = graphene.String(description="When, ISO 8601 (检查时间).")


class ClinicalSummaryType(Type):
    """What the sender wrote about the patient (病情摘要)."""

    vitals = graphene.Field(Vitals, required=True, description="Vital signs with their units (生命体征).")
    exams = listed(Exam, "Examinations with results (检查检验).")
    diagnoses = listed(ConceptType, "ICD-10 concepts, the principal one first (诊断).")

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = ClinicalSummary, "ClinicalSummary", PART
        fields = ("summary", "treatment", "allergies")
        needs = {
            "diagnoses": Through("ranked", rows=lambda by: Diagnosis.objects.select_related("concept"), then="concept")
        }


class Advice(Plain):
    """The specialist's structured advice (专家建议)."""

    assessment = graphene.String(description="Assessment (评估).")
    recommendation = graphene.String(required=True, description="What to do (处理建议).")
    red_flags = graphene.String(description="When to send at once (警示症状).")
    review = graphene.String(description="When and how to review (复诊安排).")


class InformationRequestType(Type):
    """What the performer still needed to know, and the answer (补充资料请求)."""

    items = graphene.List(graphene.NonNull(graphene.String), required=True, description="Codes (所需资料).")

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = InformationRequest, "InformationRequest", PART
        fields = ("note", "due_at", "asked_at", "answer", "answered_at")


class BookingType(Type):
    """A place kept for a time (预约)."""

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = Booking, "Booking", PART
        fields = ("department", "kind", "place", "starts_at", "ends_at", "state", "letter")


class JourneyType(Type):
    """The patient on the road, with the handover sheet (转运)."""

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = Journey, "Journey", PART
        fields = ("departed_at", "vehicle", "escort", "eta", "condition", "turned_back_at")


class OutcomeType(Type):
    """What the performer found and did, one version of it (结果回传)."""

    diagnoses = listed(ConceptType, "ICD-10 concepts (诊断).")

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = Outcome, "Outcome", PART
        fields = (
            "version",
            "diagnosis_note",
            "treatment",
            "drugs",
            "red_flags",
            "rehabilitation",
            "follow_up_date",
            "returned_at",
            "returned_by",
            "acknowledged_at",
        )


class AttachmentType(Type):
    """A file of the case (附件)."""

    url = graphene.String(required=True, description="Where it is served to those who see the case (下载地址).")

    class Meta:
        """Reached through a referral in full view only."""

        model, name, rule = Attachment, "Attachment", PART
        fields = ("name", "media_type", "size", "sha256", "added_at", "added_by")
        sql = {"url": lambda row: f"'/attachments/' || {row.gid('Attachment', row('pk'))} || '/'"}

    def resolve_url(self: Any, info: Any) -> str:
        """Below the edge's own address."""
        return f"/attachments/{ids.encode('Attachment', self.pk)}/"
