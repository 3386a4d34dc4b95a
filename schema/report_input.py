"""A report as a client writes it: typed answers by field, turned into what the room below checks and keeps."""

from collections.abc import Iterable, Mapping
from typing import Any

import graphene
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from schema import ids
from schema.steps import codes, text


class ReportCellInput(graphene.InputObjectType):
    """What a row of a table says in one column: words, a number or codes."""

    field = text("Code of the column (列).", required=True)
    text = text("Words (文字).")
    number = graphene.Float(description="A number (数字).")
    codes = codes("Codes of options (选项).")


class ReportRowInput(graphene.InputObjectType):
    """A row of a table."""

    cells = graphene.List(graphene.NonNull(ReportCellInput), required=True, description="By column (单元格).")


class ReportAnswerInput(graphene.InputObjectType):
    """The answer to one field: words, a number, codes or rows, as the template asks; nothing empties it."""

    field = text("Code of the field (字段).", required=True)
    text = text("Words (文字).")
    number = graphene.Float(description="A number (数字).")
    codes = codes("Codes of options (选项).")
    rows = graphene.List(graphene.NonNull(ReportRowInput), description="The rows of a table (行).")


class KeyImageInput(graphene.InputObjectType):
    """A region of a slide of the case (关键图像)."""

    slide = graphene.ID(required=True, description="The slide (切片).")
    x = graphene.Int(required=True, description="Left edge, in pixels of the slide (左).")
    y = graphene.Int(required=True, description="Upper edge (上).")
    width = graphene.Int(required=True, description="Width (宽).")
    height = graphene.Int(required=True, description="Height (高).")
    note = text("What it shows (说明).")
    sha256 = graphene.String(name="sha256", required=True, description="SHA-256 of the slide's file (文件校验和).")


class ReportContentInput(graphene.InputObjectType):
    """The structured part of a report (结构化内容)."""

    template = text("Code of the template (模板).")
    answers = graphene.List(graphene.NonNull(ReportAnswerInput), description="By field (填写内容).")
    free_text = text("Words beside the structure (自由文本).")
    key_images = graphene.List(graphene.NonNull(KeyImageInput), description="Regions of slides (关键图像).")


class ReportDraftInput(graphene.InputObjectType):
    """A report as far as it is there: its conclusion, and the structure behind it (报告草稿)."""

    diagnostic_class = text("By class, catalogue DIAGNOSTIC_CLASS (结论分类).")
    diagnosis_code = text("ICD-10 code (诊断编码).")
    critical = graphene.Boolean(description="Whether the result is critical and must be read back (危急值).")
    conclusion = text("The conclusion (诊断结论).")
    content = graphene.InputField(ReportContentInput, description="The structured part (结构化内容).")


def content_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """The report with answers by field and the keys of slides; INVALID_INPUT names what is said twice."""
    content = report.get("content")
    if content is None:
        return dict(report)
    made = dict(content)
    if made.get("answers") is not None:
        made["answers"] = _by_field(made["answers"], "report.content.answers")
    if made.get("key_images") is not None:
        made["key_images"] = [
            dict(image) | {"slide": ids.decode(image["slide"], "Slide", field=f"report.content.keyImages.{n}.slide")}
            for n, image in enumerate(made["key_images"])
        ]
    return dict(report) | {"content": made}


def answers_of(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answers by field as they go to the client."""
    return [_cell(name, value) for name, value in kept.items()]


def _by_field(given: Iterable[Mapping[str, Any]], at: str) -> dict[str, Any]:
    """The values by field; what holds no value is not answered."""
    found: dict[str, Any] = {}
    for one in given:
        name = one["field"]
        if name in found:
            raise Refused(Code.INVALID_INPUT, _("“{name}”填写了两次，请只保留一次。").format(name=name), field=at)
        value = _value(one, f"{at}.{name}")
        if value is not None:
            found[name] = value
    return found


def _value(one: Mapping[str, Any], at: str) -> Any:
    """The one value that an answer holds; a number without a fraction is a whole one."""
    held = {kind: one[kind] for kind in ("text", "number", "codes", "rows") if one.get(kind) is not None}
    if len(held) > 1:
        raise Refused(Code.INVALID_INPUT, _("一个字段只填一种值：文字、数字、选项或表格行。"), field=at)
    if "number" in held:
        number = held["number"]
        return int(number) if number.is_integer() else number
    if "rows" in held:
        return [_by_field(row["cells"], f"{at}.{n}") for n, row in enumerate(held["rows"])]
    return next(iter(held.values()), None)


def _cell(name: str, value: Any) -> dict[str, Any]:
    """One answer as a client wrote it."""
    kinds = {str: "text", int: "number", float: "number"}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {"field": name, "rows": [{"cells": answers_of(row)} for row in value]}
    kind = "codes" if isinstance(value, list) else kinds[type(value)]
    return {"field": name, kind: value}
