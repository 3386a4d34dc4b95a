"""A report on paper: a PDF in Chinese with letterhead, structure, signature, version and verification code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import override

from consortium import seal
from consortium.paper import Paper, moment
from telemedicine.models import PathologyCase, Report, ReportDraft
from telemedicine.models.pathology import Liability
from telemedicine.reports import answers
from telemedicine.reports.templates import FieldKind, Template

TITLES = {Liability.CONSULTATION: "远程病理会诊意见书", Liability.REMOTE_DIAGNOSIS: "远程病理诊断报告"}
NOTICE = {
    Liability.CONSULTATION: "本意见供申请医院参考，最终诊断由申请医院病理科出具。",
    Liability.REMOTE_DIAGNOSIS: "本报告即为病理诊断，由会诊医院承担诊断责任。",
}
UNSIGNED, SUPERSEDED = "未签发", "已被修订"


@dataclass(frozen=True)
class Sheet:
    """What one printed copy says beside the case it is about."""

    content: Mapping[str, Any]
    conclusion: str
    free_text: str
    key_images: Sequence[Mapping[str, Any]]
    liability: Liability
    version: str
    across: str
    made_at: datetime
    code: str = ""
    signature: Sequence[tuple[str, str]] = ()
    amendment_reason: str = ""
    addenda: Sequence[tuple[str, str]] = field(default=())


def of_report(report: Report, *, superseded: bool) -> Sheet:
    """The sheet of a signed version."""
    signature = [
        ("签发医师", report.signed_by.name),
        ("签发医院", report.signed_hospital.name),
        ("签发时间", moment(report.signed_at)),
        ("报告版本", f"第 {report.version} 版"),
    ]
    addenda = [
        (f"补充 {row.number}", f"{row.text}\n{row.signed_by.name} {moment(row.signed_at)}　SHA-256 {row.sha256}")
        for row in report.addenda.all()
    ]
    return Sheet(
        content=report.content,
        conclusion=report.conclusion,
        free_text=report.free_text,
        key_images=report.key_images,
        liability=Liability(report.liability),
        version=f"第 {report.version} 版",
        across=SUPERSEDED if superseded else "",
        made_at=report.signed_at,
        code=report.verification_code,
        signature=[*signature, ("内容摘要", report.sha256)],
        amendment_reason=report.amendment_reason,
        addenda=addenda,
    )


def of_draft(draft: ReportDraft, chosen: Template) -> Sheet:
    """The sheet of a draft: what of it can be read by its template, marked on every page as not signed."""
    return Sheet(
        content=answers.settled(chosen, answers.legible(chosen, draft.answers)),
        conclusion=draft.conclusion,
        free_text=draft.free_text,
        key_images=[],
        liability=Liability(draft.case.liability),
        version="草稿",
        across=UNSIGNED,
        made_at=draft.saved_at,
    )


def pdf(
    sheet: Sheet,
    case: PathologyCase,
    *,
    identified: bool,
    address: str,
    mark: str = "",
    pictures: Mapping[int, bytes] | None = None,
) -> bytes:
    """The document, the same bytes for the same sheet and mark; without `identified` the patient is masked.

    `address` is where a code is checked; `mark` says whose copy it is; `pictures` are JPEG or PNG files of key images
    by their place in the list.
    """
    with override("zh-hans"):
        hospital = case.performer_hospital.name if case.performer_hospital else ""
        code = f"　核验码 {seal.printed_code(sheet.code)}" if sheet.code else ""
        paper = Paper(
            head=(hospital, TITLES[sheet.liability]),
            foot=f"{case.number}　{sheet.version}{code}",
            across=sheet.across,
            mark=mark,
            made_at=sheet.made_at,
        )
        paper.pair(_about(case, identified=identified))
        paper.rule()
        if sheet.amendment_reason:
            paper.entry("修订原因", sheet.amendment_reason)
        _body(paper, sheet, pictures or {})
        _foot(paper, sheet, address)
        return bytes(paper.output())


def _about(case: PathologyCase, *, identified: bool) -> list[tuple[str, str]]:
    """The patient and the request."""
    patient = case.patient
    born = patient.birth_date.isoformat() if patient.birth_date and identified else ""
    received = moment(case.specimen_received_at) if case.specimen_received_at else ""
    return [
        ("姓名", patient.name if identified else patient.masked_name),
        ("性别", str(patient.get_sex_display())),
        ("出生日期", born or "—"),
        ("身份证号", (patient.id_number or patient.temporary_identity) if identified else "—"),
        ("会诊单号", case.number),
        ("会诊类型", str(case.get_kind_display())),
        ("申请医院", str(case.requester_hospital)),
        ("申请科室", str(case.requester_department)),
        ("器官", case.organ.label_zh),
        ("标本接收", received or "—"),
    ]


def _body(paper: Paper, sheet: Sheet, pictures: Mapping[int, bytes]) -> None:
    """The structure, the conclusion, the words beside it, the pictures and what was added."""
    for section in sheet.content["sections"]:
        paper.heading(section["labelZh"])
        for answer in section["answers"]:
            if answer["kind"] == FieldKind.TABLE:
                columns = answer["columns"]
                paper.grid([column["labelZh"] for column in columns], list(_rows(answer)))
            else:
                paper.entry(answer["labelZh"], shown(answer))
    paper.heading("诊断结论")
    classified = sheet.content.get("classified", {})
    for name, label in (("class", "结论分类"), ("icd10", "ICD-10")):
        if one := classified.get(name):
            paper.entry(label, f"{one['labelZh']}（{one['code']}）" if name == "icd10" else one["labelZh"])
    paper.entry("结论", sheet.conclusion or "—")
    if classified.get("critical"):
        paper.entry("危急值", "是，须复述确认")
    if sheet.free_text:
        paper.heading("补充说明")
        paper.entry("", sheet.free_text)
    if sheet.key_images:
        paper.heading("关键图像")
    for number, image in enumerate(sheet.key_images):
        region = "切片 {barcode}（{stain}）　左上 {x}, {y}　宽高 {width} × {height}".format_map(image)
        caption = f"图 {number + 1}　{region}\n{image['note']}\n文件 SHA-256 {image['sha256']}".replace("\n\n", "\n")
        if number in pictures:
            paper.picture(pictures[number], caption)
        else:
            paper.entry("", caption)
    for label, text in sheet.addenda:
        paper.heading(label)
        paper.entry("", text)


def _foot(paper: Paper, sheet: Sheet, address: str) -> None:
    """Who answers for it, the signature, and how to check it."""
    paper.rule()
    paper.keep(9)
    paper.entry("责任说明", NOTICE[sheet.liability])
    if not sheet.code:
        paper.entry("签发状态", UNSIGNED)
        return
    paper.signature(sheet.signature, code=sheet.code, address=address)


def _rows(answer: Mapping[str, Any]) -> Iterator[list[str]]:
    """The rows of a table as texts, an empty one where nothing was said."""
    for row in answer["rows"]:
        said = {cell["code"]: shown(cell) for cell in row}
        yield [said.get(column["code"], "") for column in answer["columns"]]


def shown(answer: Mapping[str, Any], label: str = "labelZh") -> str:
    """One answer as a reader sees it, with its code of a classification and its unit."""
    if answer["kind"] == FieldKind.NUMBER:
        return f"{answer['number']} {answer['unit']}"
    if answer["kind"] == FieldKind.TEXT:
        return str(answer["text"])
    coded = answer["system"].startswith("ICD-O")
    return "；".join(one[label] + (f"（{one['code']}）" if coded else "") for one in answer["options"])
