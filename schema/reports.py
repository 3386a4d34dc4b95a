"""Pathology reports on the wire: templates, signed versions, one's own draft, addenda, and the check of a copy."""

import json
from typing import Any, ClassVar

import graphene
from django.utils import timezone

from consortium import access
from schema import ids, reads
from schema.action import STEP, Action, UserError, wire
from schema.base import OWN, SIGNED_IN, Date, DateTime, Plain, Type, listed
from schema.reads import Through
from schema.report_input import ReportDraftInput, answers_of, content_of
from schema.report_types import PathologyKindEnum, ReportKeyImage, ReportTemplate, ReportType
from schema.steps import mutation, text
from telemedicine import reports
from telemedicine.models import PathologyCase, Report, ReportDraft
from telemedicine.reports import drafts, reading, templates


class DraftCell(Plain):
    """An answer as it was typed (草稿值)."""

    field = graphene.String(required=True, description="Code of the field or column (字段).")
    text = graphene.String(description="Words (文字).")
    number = graphene.Float(description="A number (数字).")
    codes = graphene.List(graphene.NonNull(graphene.String), description="Codes (选项).")


class DraftRow(Plain):
    """A row as it was typed (草稿行)."""

    cells = listed(DraftCell, "By column (单元格).")


class DraftAnswer(DraftCell):
    """An answer as it was typed, or a table of them (草稿项)."""

    rows = graphene.List(graphene.NonNull(DraftRow), description="The rows of a table (行).")


class ReportDraftType(Type):
    """What one has typed of a report so far (报告草稿)."""

    template = graphene.String(required=True, description="Code of the template (模板).")
    answers = listed(DraftAnswer, "As they were typed (填写内容).")
    key_images = listed(ReportKeyImage, "Regions of slides (关键图像).")
    missing = listed(UserError, "Everything that still keeps it from being signed (待完善).")
    pdf_url = graphene.String(required=True, description="Where it is served as PDF, marked unsigned (下载地址).")

    class Meta:
        """One's own only."""

        model, name, rule = ReportDraft, "ReportDraft", OWN
        fields = ("version", "diagnostic_class", "diagnosis_code", "critical", "conclusion", "free_text", "saved_at")
        needs = {"missing": Through(joins=("case",))}

    def resolve_answers(self: Any, info: Any) -> Any:
        """As they were typed."""
        return answers_of(self.answers)

    def resolve_missing(self: Any, info: Any) -> Any:
        """By the template, as signing would say."""
        found = drafts.missing(self, now=info.context.now)
        return [UserError(code=one.code, message=one.message, field=wire(one.field)) for one in found]

    def resolve_pdf_url(self: Any, info: Any) -> str:
        """Below the edge's own address."""
        return f"/reports/{ids.encode('ReportDraft', self.pk)}.pdf"


class VerifiedReport(Plain):
    """What the code on a printed copy stands for, without a word about the patient (核验结果)."""

    number = graphene.String(required=True, description="Number of the case (会诊单号).")
    version = graphene.Int(required=True, description="The version that the copy shows (版本).")
    latest = graphene.Int(required=True, description="The version in force (最新版本).")
    hospital = graphene.String(required=True, description="Who signed for it (签发医院).")
    signed_at = DateTime(required=True, description="When it was signed (签发时间).")
    sha256 = graphene.String(name="sha256", required=True, description="Its hash (摘要).")
    intact = graphene.Boolean(required=True, description="Whether it is stored as it was signed (完整).")
    addenda = graphene.Int(required=True, description="How many addenda there are (补充数).")


class Query:
    """What is read of reports."""

    rules: ClassVar = {
        "report_templates": SIGNED_IN,
        "report": SIGNED_IN,
        "report_draft": SIGNED_IN,
        "diagnostic_report": SIGNED_IN,
        "verify_report": SIGNED_IN,
    }

    report_templates = listed(
        ReportTemplate,
        "The templates that hold on a day, those made for the organ first (报告模板).",
        organ=graphene.String(description="Code of the catalogue ORGAN."),
        kind=PathologyKindEnum(description="Kind of case."),
        on=Date(description="The day; today if empty."),
    )
    report = graphene.Field(
        ReportType,
        description="One signed version of a case that you see (报告).",
        id=graphene.ID(required=True, description="Its id."),
    )
    report_draft = graphene.Field(
        ReportDraftType,
        description="Your own draft of the report on a case, empty if there is none (报告草稿).",
        case=graphene.ID(required=True, description="The pathology case."),
    )
    diagnostic_report = graphene.String(
        required=True,
        description="One signed version as a FHIR R4 DiagnosticReport, JSON as text; its reading is audited.",
        id=graphene.ID(required=True, description="Its id."),
    )
    verify_report = graphene.Field(
        VerifiedReport,
        description="What a verification code stands for; empty if there is no such report (核验).",
        code=graphene.String(required=True, description="As printed, with or without hyphens."),
    )

    def resolve_report_templates(self: Any, info: Any, organ: str = "", kind: Any = None, on: Any = None) -> Any:
        """As data."""
        day = on or timezone.localdate(info.context.now)
        return templates.templates(on=day, organ=organ or "", kind=getattr(kind, "value", kind) or "")

    def resolve_report(self: Any, info: Any, id: str) -> Any:
        """Through the gate of its case."""
        rows = access.visible(info.context.actor, Report)
        found = reads.one(rows, ids.decode(id, "Report"), info)
        if found is None:
            raise access.not_found()
        return found

    def resolve_report_draft(self: Any, info: Any, case: str) -> Any:
        """One's own, of a case that one sees."""
        by = info.context.actor
        row = access.find(by, PathologyCase, ids.decode(case, "PathologyCase", field="case"))
        own = drafts.report_draft(by=by, case=row)
        return own and reads.one(access.visible(by, ReportDraft), own.pk, info)

    def resolve_diagnostic_report(self: Any, info: Any, id: str) -> str:
        """In FHIR's names."""
        key: Any = ids.decode(id, "Report")
        found = reading.diagnostic_report(by=info.context.actor, id=key, now=info.context.now)
        return json.dumps(found, ensure_ascii=False)

    def resolve_verify_report(self: Any, info: Any, code: str) -> Any:
        """Without the patient."""
        return reading.verify(code)


class OnDraft(Action):
    """A saving of one's own draft."""

    returns = ("draft", ReportDraftType, ReportDraft)
    common = {name: STEP[name] for name in ("id", "expected_version")}
    objects: ClassVar = {"id": ("PathologyCase",)}
    gated = True

    class Meta:
        """Not a mutation itself."""

        abstract = True


class OnReport(Action):
    """Something put beside a signed report."""

    returns = ("report", ReportType, Report)
    common: ClassVar = {"id": graphene.ID(required=True, description="The signed version (报告).")}
    objects: ClassVar = {"id": ("Report",)}
    gated = True

    class Meta:
        """Not a mutation itself."""

        abstract = True


def save_report_draft(*, report: dict[str, Any], **given: Any) -> ReportDraft:
    """Keep what you have typed of the report on a case, right or not; expectedVersion is 0 for a first saving."""
    return reports.save_report_draft(report=content_of(report), **given)


class Mutation:
    """What is done with reports beside signing them."""

    save_report_draft = mutation(
        save_report_draft,  # type: ignore[arg-type]
        OnDraft,
        report=graphene.InputField(ReportDraftInput, required=True, description="As far as it is there (报告)."),
    )
    add_addendum = mutation(
        reports.add_addendum,  # type: ignore[arg-type]
        OnReport,
        text=text("What is added (补充内容).", required=True),
    )
