"""Remote pathology on the wire: cases with their specimens, blocks, slides, opinions, and what may be done now."""

from typing import Any

import graphene

from consortium.models import ClockRun, Event, Patient
from schema import ids, reads
from schema.base import AS_READ, PART, DateTime, Plain, Type, declare, listed
from schema.choices import AvailableAction, available_actions, choices_sql
from schema.clinical import PatientType
from schema.clocks import BY_BEGINNING, ClockRunType, by_beginning, clock_sql
from schema.images import SlideImageType
from schema.reads import Through
from schema.referrals import Clock, EventType, clock_of, shown
from schema.report_types import ReportType
from telemedicine.experts import load_of
from telemedicine.models import (
    Agreement,
    Block,
    BlockKind,
    Ending,
    Expertise,
    MaterialRequest,
    Opinion,
    Part,
    PathologyCase,
    QualityCheck,
    QualityResult,
    Slide,
    SlideView,
    Specimen,
    Status,
)
from telemedicine.opinions import opinions_for
from telemedicine.viewing import slides_for

PathologyStatusEnum = declare(Status, "PathologyStatus")
AgreementEnum = declare(Agreement, "DiagnosticAgreement")
PathologyEndingEnum = declare(Ending, "PathologyEnding")
BlockKindEnum = declare(BlockKind, "BlockKind")
OpinionPartEnum = declare(Part, "OpinionPart")
QualityResultEnum = declare(QualityResult, "QualityResult")


class SlideType(Type):
    """One glass slide to be read on the screen (切片)."""

    opened_at = DateTime(description="When you first opened it, in lists of slides (本人首次打开时间).")
    images = listed(SlideImageType, "Its scans; the one without `replacedAt` is current (切片图像).")

    class Meta:
        """Reached through a case that is visible."""

        model, name, rule = Slide, "Slide", PART
        fields = (
            "barcode",
            "stain",
            "marker",
            "magnification",
            "registered_at",
            "registered_by",
            "verified_at",
            "withdrawn_at",
            "withdrawn_reason",
        )
        sql = {"opened_at": lambda row: row.given("seen_at", "timestamptz")}

    def resolve_opened_at(self: Any, info: Any) -> Any:
        """The reader's own first view, as read with the list of slides."""
        return getattr(self, "seen_at", None)


class SlideViewType(Type):
    """Somebody has opened a slide (阅片记录)."""

    class Meta:
        """One's own, as the answer to opening it."""

        model, name, rule = SlideView, "SlideView", PART
        fields = ("slide", "opened_at")


class BlockType(Type):
    """A part of a specimen from which slides are cut (蜡块)."""

    slides = listed(SlideType, "What was cut from it, withdrawn ones too (切片).")

    class Meta:
        """Reached through a case that is visible."""

        model, name, rule = Block, "Block", PART
        fields = ("barcode", "kind", "site")
        needs = {"slides": Through("slides", rows=slides_for)}


class SpecimenType(Type):
    """What was taken from the patient (标本)."""

    blocks = listed(BlockType, "Its blocks (蜡块).")

    class Meta:
        """Reached through a case that is visible."""

        model, name, rule = Specimen, "Specimen", PART
        fields = ("barcode", "site", "procedure", "gross", "collected_at", "received_at")


class SlideDefect(Plain):
    """One defect that was found (切片缺陷)."""

    code = graphene.String(required=True, description="Code, catalogue SLIDE_DEFECT (缺陷).")
    slide = graphene.String(required=True, description="Barcode of the slide, empty if it is of all (切片条码).")


class QualityCheckType(Type):
    """One look at the slides before they are read (切片质检)."""

    defects = listed(SlideDefect, "What was found (缺陷).")

    class Meta:
        """Reached through a case that is visible."""

        model, name, rule = QualityCheck, "QualityCheck", PART
        fields = ("result", "note", "checked_at", "checked_by", "fixed_at", "fix_note")


class MaterialRequestType(Type):
    """What the pathologist still needed, and the answer (补充材料请求)."""

    items = listed(graphene.String, "Codes, catalogue MATERIAL (所需材料).")

    class Meta:
        """Reached through a case that is visible."""

        model, name, rule = MaterialRequest, "MaterialRequest", PART
        fields = ("note", "due_at", "asked_at", "answer", "answered_at")


class OpinionType(Type):
    """What one pathologist thought at one time, never changed (诊断意见)."""

    class Meta:
        """Reached through a case that is visible; what readers say among themselves stays on the performer's side."""

        model, name, rule = Opinion, "Opinion", PART
        fields = (
            "part",
            "person",
            "diagnostic_class",
            "text",
            "given_at",
            "phoned_to",
            "read_back",
        )


class PathologyCaseType(Type):
    """One patient's specimens before a remote expert (远程病理会诊单)."""

    patient = graphene.Field(PatientType, required=True, description="Whose specimens (患者).")
    clock = graphene.Field(Clock, description="The limit that runs now, empty if none (时限).")
    clocks = listed(ClockRunType, "Every limit that runs or ran, by its beginning (全部时限).")
    available_actions = listed(AvailableAction, "Every step with allowed or why not (可用操作).")
    events = listed(EventType, "Every step that was taken, in order (时间线).")
    specimens = listed(SpecimenType, "Specimens with their blocks and slides (标本).")
    slides = listed(SlideType, "Every slide, withdrawn ones too (切片).")
    quality_checks = listed(QualityCheckType, "Every look at the slides' quality (质检).")
    material_requests = listed(MaterialRequestType, "What was asked and supplied (补充材料).")
    opinions = listed(OpinionType, "Opinions in order (诊断意见).")
    reports = listed(ReportType, "Every signed version of the report, in order (报告).")
    referral_id = graphene.ID(description="The referral that came of it, behind a gate of its own (转诊单).")

    class Meta:
        """The sending lab, and the performer's side from the moment it is sent."""

        model, name, rule = PathologyCase, "PathologyCase", PART
        fields = (
            "number",
            "version",
            "status",
            "kind",
            "liability",
            "priority",
            "organ",
            "subspecialty",
            "requester_hospital",
            "requester_department",
            "performer_hospital",
            "performer_department",
            "history",
            "question",
            "preliminary_class",
            "preliminary_diagnosis",
            "preliminary_by",
            "consent_by",
            "consent_relation",
            "consent_at",
            "created_by",
            "created_at",
            "sent_at",
            "planned_at",
            "standby_expert",
            "reservation_confirmed_at",
            "specimen_received_at",
            "submitted_at",
            "assigned_to",
            "assigned_at",
            "started_at",
            "answered_at",
            "second_reader",
            "second_agreement",
            "adjudicator",
            "undiagnosable_reason",
            "report_version",
            "issued_at",
            "conclusion_class",
            "conclusion",
            "conclusion_code",
            "critical",
            "acknowledged_at",
            "read_back",
            "final_class",
            "final_diagnosis",
            "final_code",
            "reconciled_at",
            "preliminary_agreement",
            "final_agreement",
            "closed_at",
            "ending",
        )
        needs = {
            "available_actions": Through(joins=PathologyCase.LOADED),
            "events": Through("events", trail=Event),
            "clocks": Through("runs", trail=ClockRun, order=BY_BEGINNING),
            "opinions": Through("opinions", rows=opinions_for),
            "slides": Through("slides", rows=slides_for),
        }
        sql = {
            "available_actions": choices_sql,
            "patient": AS_READ,
            "clock": clock_sql,
            "clocks": AS_READ,
            "events": AS_READ,
            "referral_id": lambda row: row.gid("Referral", row("referral_id")),
        }

    def resolve_patient(self: Any, info: Any) -> Patient:
        """With the identity only when one case is read."""
        self.patient.identified = reads.singly(info)
        return self.patient

    def resolve_clock(self: Any, info: Any) -> Clock | None:
        """From the row."""
        return clock_of(self, info.context.now)

    def resolve_clocks(self: Any, info: Any) -> Any:
        """As read with the case."""
        return by_beginning(self.runs.all())

    def resolve_available_actions(self: Any, info: Any) -> list[AvailableAction]:
        """From the table that the mutations enforce."""
        return available_actions(self, info.context.actor)

    def resolve_events(self: Any, info: Any) -> Any:
        """In order, as read with the case."""
        return [shown(event, self.full_view) for event in self.events.all()]

    def resolve_referral_id(self: Any, info: Any) -> str | None:
        """Opaque."""
        return ids.encode("Referral", self.referral_id) if self.referral_id else None


class ExpertiseType(Type):
    """A pathologist reads cases of a subspecialty for a department, up to a load (专家亚专科)."""

    in_hand = graphene.Int(required=True, description="Unfinished cases in this person's hands now (在办例数).")

    class Meta:
        """Whoever has a part in the department's cases."""

        model, name, rule = Expertise, "Expertise", PART
        fields = ("department", "person", "subspecialty", "open_limit", "ended_at", "version")

    def resolve_in_hand(self: Any, info: Any) -> int:
        """Counted at once for all that are asked about."""
        loads = reads.once(info, "loads of pathologists", load_of)
        return int(loads.get(self.person_id, 0))
