"""What a report is made of on the wire: templates, signed versions, addenda."""

from typing import Any

import graphene
from django.utils.translation import get_language

from consortium import seal
from schema import ids
from schema.base import PART, Date, Plain, Type, declare, declare_plain, listed
from schema.reads import Through
from telemedicine import reports
from telemedicine.models import Addendum, Kind, Liability, Report
from telemedicine.reports import sheet
from telemedicine.reports.templates import FieldKind

PathologyKindEnum = declare(Kind, "PathologyKind")
LiabilityEnum = declare(Liability, "PathologyLiability")
FieldKindEnum = declare_plain(
    FieldKind,
    "ReportFieldKind",
    {"TEXT": "Words (文字).", "NUMBER": "A number (数字).", "CHOICE": "Codes (选项).", "TABLE": "Rows (表格)."},
)


class Labelled(Plain):
    """What has a stable code and a name in two languages."""

    code = graphene.String(required=True, description="Stable code (代码).")
    label = graphene.String(required=True, description="The name in the reader's language (名称).")
    label_zh = graphene.String(required=True, description="The name in Chinese (中文名称).")
    label_en = graphene.String(required=True, description="The name in English (英文名称).")

    class Meta:
        """Not a type itself."""

        abstract = True


class ReportOption(Labelled):
    """One answer of a choice (选项)."""


class ReportCondition(Plain):
    """A choice that was answered by one of these codes; or, if negated, by none of them (条件)."""

    field = graphene.String(required=True, description="Code of the choice (字段).")
    codes = listed(graphene.String, "Codes of its options (选项).")
    negated = graphene.Boolean(required=True, description="Whether it must be none of them (取反).")


class ReportField(Labelled):
    """One thing that a report says, and within which limits (字段)."""

    kind = FieldKindEnum(required=True, description="How it is answered (类型).")
    required = graphene.Boolean(required=True, description="Whether it must always be answered (必填).")
    required_if = listed(ReportCondition, "It must be answered when all of these hold (条件必填).")
    options = listed(ReportOption, "The answers of a choice (选项).")
    multiple = graphene.Boolean(required=True, description="Whether several may be chosen (多选).")
    system = graphene.String(
        required=True, description="The classification of the codes: ICD-O-3-M, AJCC-8 (编码体系)."
    )
    unit = graphene.String(required=True, description="The unit of a number (单位).")
    minimum = graphene.Float(description="The least number (下限).")
    maximum = graphene.Float(description="The greatest number (上限).")
    decimals = graphene.Int(required=True, description="Places behind the point (小数位).")
    at_most = graphene.String(required=True, description="Another number that it may not exceed (不大于).")
    max_length = graphene.Int(required=True, description="Characters of a text at most (字数上限).")
    pattern = graphene.String(required=True, description="The regular expression of a text (格式).")
    example = graphene.String(required=True, description="A text of that form (示例).")
    columns = listed(lambda: ReportField, "The columns of a table (列).")
    max_rows = graphene.Int(required=True, description="Rows of a table at most (行数上限).")


class ReportSection(Labelled):
    """A part of a template under a heading (部分)."""

    fields = listed(ReportField, "What it asks for, in order (字段).")


class ReportTemplate(Labelled):
    """What a report on these organs must say (报告模板)."""

    organs = listed(graphene.String, "Codes of the catalogue ORGAN; none means any (器官).")
    kinds = listed(PathologyKindEnum, "The kinds of cases that it is for (会诊类型).")
    source = graphene.String(required=True, description="What it follows (来源).")
    valid_from = Date(required=True, description="First day (启用日期).")
    valid_to = Date(description="Last day, empty while open-ended (停用日期).")
    key_images = graphene.Int(required=True, description="Key images at most (关键图像上限).")
    sections = listed(ReportSection, "Its parts, in order (部分).")


class Said(Plain):
    """What a signed report keeps with its labels, whatever becomes of the template."""

    code = graphene.String(required=True, description="Stable code (代码).")
    label = graphene.String(required=True, description="The name in the reader's language (名称).")

    class Meta:
        """Not a type itself."""

        abstract = True

    def resolve_label(self: Any, info: Any) -> str:
        """As it was when the report was signed."""
        return str(self[_label()])


class ReportChosen(Said):
    """A code that was chosen (所选)."""


class ReportCell(Said):
    """One answer (填写值)."""

    kind = FieldKindEnum(required=True, description="How it was answered (类型).")
    shown = graphene.String(required=True, description="The answer as one line (显示值).")
    text = graphene.String(description="Words (文字).")
    number = graphene.Float(description="A number (数字).")
    unit = graphene.String(description="Its unit (单位).")
    options = listed(ReportChosen, "What was chosen (所选).")
    system = graphene.String(description="The classification of the codes (编码体系).")

    def resolve_shown(self: Any, info: Any) -> str:
        """In the reader's language; a table is shown by its rows."""
        return "" if self["kind"] == FieldKind.TABLE else sheet.shown(self, _label())

    def resolve_options(self: Any, info: Any) -> Any:
        """None for what is no choice."""
        return self.get("options", [])


class ReportRow(Plain):
    """A row of a table (行)."""

    cells = listed(ReportCell, "What was said in it, by column (单元格).")

    def resolve_cells(self: Any, info: Any) -> Any:
        """The row itself."""
        return self


class ReportAnswer(ReportCell):
    """One answer, or a table of answers (填写项)."""

    columns = listed(ReportChosen, "The columns of a table (列).")
    rows = listed(ReportRow, "The rows of a table (行).")

    def resolve_columns(self: Any, info: Any) -> Any:
        """None for what is no table."""
        return self.get("columns", [])

    def resolve_rows(self: Any, info: Any) -> Any:
        """None for what is no table."""
        return self.get("rows", [])


class ReportPart(Said):
    """A part of a signed report (部分)."""

    answers = listed(ReportAnswer, "What was answered, in order (填写项).")


class ReportKeyImage(Plain):
    """A region of a slide that shows it, kept in the viewer before (报告关键图像)."""

    slide = graphene.ID(required=True, description="The slide (切片).")
    barcode = graphene.String(required=True, description="Its barcode (玻片条码).")
    x = graphene.Int(required=True, description="Left edge, in pixels of the slide (左).")
    y = graphene.Int(required=True, description="Upper edge (上).")
    width = graphene.Int(required=True, description="Width (宽).")
    height = graphene.Int(required=True, description="Height (高).")
    note = graphene.String(required=True, description="What it shows (说明).")
    sha256 = graphene.String(name="sha256", required=True, description="SHA-256 of the slide's file (文件校验和).")
    picture = graphene.String(description="SHA-256 of its picture, empty in a draft (图片校验和).")
    url = graphene.String(description="Where its picture is, empty in a draft; each request is checked (图片地址).")

    def resolve_picture(self: Any, info: Any) -> str | None:
        """As it was signed."""
        return self.get("picture")

    def resolve_url(self: Any, info: Any) -> str | None:
        """By the key image's id."""
        return f"/key-images/{ids.encode('KeyImage', self['keyImage'])}" if "keyImage" in self else None

    def resolve_slide(self: Any, info: Any) -> str:
        """The global id."""
        return ids.encode("Slide", self["slide"])

    def resolve_barcode(self: Any, info: Any) -> str:
        """As it was; a draft does not keep it."""
        return str(self.get("barcode", ""))

    def resolve_note(self: Any, info: Any) -> str:
        """Empty if none was given."""
        return self.get("note") or ""


SIGNED = ("signed_at", "signed_by", "signed_role", "signed_hospital")


class AddendumType(Type):
    """What was added to a signed report (补充报告)."""

    sha256 = graphene.String(name="sha256", required=True, description="SHA-256 over it, hexadecimal (摘要).")

    class Meta:
        """Reached through a report that is visible."""

        model, name, rule = Addendum, "ReportAddendum", PART
        fields = ("number", "text", *SIGNED)


class ReportType(Type):
    """One signed version of a report (报告版本)."""

    sections = listed(ReportPart, "What was answered, by part (结构化内容).")
    diagnostic_class = graphene.Field(ReportChosen, required=True, description="The conclusion by class (结论分类).")
    icd10 = graphene.Field(ReportChosen, name="icd10", description="The conclusion by ICD-10 (诊断编码).")
    critical = graphene.Boolean(required=True, description="Whether it is critical (危急值).")
    key_images = listed(ReportKeyImage, "Regions of slides (关键图像).")
    addenda = listed(AddendumType, "What was added, in order (补充).")
    in_force = graphene.Boolean(required=True, description="Whether no later version is there (现行).")
    intact = graphene.Boolean(required=True, description="Whether it is stored as it was signed (完整).")
    verification_code = graphene.String(required=True, description="Code to check a copy by (核验码).")
    sha256 = graphene.String(name="sha256", required=True, description="SHA-256 over all it says (摘要).")
    previous_sha256 = graphene.String(
        name="previousSha256", required=True, description="The hash of the version before (上一版摘要)."
    )
    pdf_url = graphene.String(required=True, description="Where it is served as PDF (下载地址).")
    json_url = graphene.String(required=True, description="Where it is served as FHIR JSON (FHIR 地址).")

    class Meta:
        """Reached through a case that is visible."""

        model, name, rule = Report, "Report", PART
        fields = ("version", "template", "liability", "conclusion", "free_text", "amendment_reason", *SIGNED)
        needs = {"in_force": Through(joins=("case",)), "intact": Through("addenda")}

    def resolve_sections(self: Any, info: Any) -> Any:
        """As they were signed."""
        return self.content["sections"]

    def resolve_diagnostic_class(self: Any, info: Any) -> Any:
        """As it was signed."""
        return self.content["classified"]["class"]

    def resolve_icd10(self: Any, info: Any) -> Any:
        """As it was signed."""
        return self.content["classified"].get("icd10")

    def resolve_critical(self: Any, info: Any) -> bool:
        """As it was signed."""
        return bool(self.content["classified"]["critical"])

    def resolve_in_force(self: Any, info: Any) -> bool:
        """By the case's own count."""
        return bool(self.version >= self.case.report_version)

    def resolve_intact(self: Any, info: Any) -> bool:
        """By its own hash."""
        return reports.intact(self)

    def resolve_verification_code(self: Any, info: Any) -> str:
        """In groups of four."""
        return seal.printed_code(self.verification_code)

    def resolve_pdf_url(self: Any, info: Any) -> str:
        """Below the edge's own address."""
        return f"/reports/{ids.encode('Report', self.pk)}.pdf"

    def resolve_json_url(self: Any, info: Any) -> str:
        """Below the edge's own address."""
        return f"/reports/{ids.encode('Report', self.pk)}.json"


def _label() -> str:
    """The key of the label in the reader's language."""
    return "labelEn" if (get_language() or "").startswith("en") else "labelZh"
