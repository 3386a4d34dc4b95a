"""What the forms of a referral say, as blocks in order: the same blocks are printed and sealed.

The referral form follows the two-way referral form of the national standard of basic public health services (2017):
a counterfoil that the sender keeps, and the form that goes with the patient, upwards (转出) or back (回转).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.identity import age_in_years
from consortium.models import Hospital, Patient
from consortium.paper import moment
from referrals.content import vital_limits
from referrals.models import Direction, Form, Outcome, Referral, Status

Block = tuple[str, Any]  # the name of a method of `consortium.paper.Paper`, and what it is given
VOID = {Status.ENTERED_IN_ERROR: "录入错误", Status.CANCELLED: "已取消"}
UNSIGNED, NONE, BLANK = "签字未齐", "—", "＿＿＿＿＿＿"  # a blank is filled in by hand


@dataclass(frozen=True)
class Content:
    """One form: by which hospital, what it is called, what it says, who signs it, and a word across if it is void."""

    hospital: Hospital
    title: str
    blocks: list[Block]
    signature: list[tuple[str, str]]
    made_at: datetime
    across: str = ""


def content(form: Form, referral: Referral, *, identified: bool) -> Content:
    """What a form of a referral says now; without `identified` the patient is masked. INVALID_STATE if too early.

    Only what the signing side answers for: later steps of the other side do not make a printed copy out of date.
    """
    return BUILT[form](referral, identified)


def _referral(referral: Referral, identified: bool) -> Content:
    """The two-way referral form (双向转诊单), upwards or back."""
    if referral.sent_at is None or referral.performer_hospital is None:
        raise Refused(Code.INVALID_STATE, _("转诊单送达后才能打印；请先提交。"))
    back = referral.direction == Direction.DOWN
    title = "双向转诊（回转）单" if back else "双向转诊（转出）单"
    sent = moment(referral.sent_at)
    signed = [
        ("转诊医生", referral.created_by.name),
        ("联系电话", referral.requester_department.phone or referral.requester_hospital.phone or NONE),
        ("转诊机构", f"{referral.requester_hospital} {referral.requester_department}"),
        ("转诊时间", sent),
    ]
    return Content(
        hospital=referral.requester_hospital,
        title=title,
        blocks=[
            *_counterfoil(referral, identified, back=back),
            ("cut", "沿此线裁开：上联为存根，由转出机构留存；下联随患者交接收机构"),
            *_sheet(referral, identified, back=back),
        ],
        signature=signed,
        made_at=referral.sent_at,
        across=VOID.get(Status(referral.status), ""),
    )


def _counterfoil(referral: Referral, identified: bool, *, back: bool) -> Iterator[Block]:
    patient, on = referral.patient, _day(referral.sent_at)
    to = f"{referral.performer_hospital} {referral.performer_department}"
    yield "heading", "存根"
    yield (
        "pair",
        [
            ("姓名", _name(patient, identified)),
            ("性别", str(patient.get_sex_display())),
            ("年龄", age(patient, on)),
            ("病案编号", referral.case.number),
            ("转诊单号", referral.number),
            ("联系电话", (patient.phone or patient.guardian_phone or NONE) if identified else NONE),
        ],
    )
    yield "entry", ("家庭住址", (patient.address or NONE) if identified else NONE)
    way = "转回" if back else "转入"
    yield "paragraph", f"于 {on.year} 年 {on.month} 月 {on.day} 日因病情需要，{way} {to}。接诊医生：{BLANK}"
    yield "pair", [("转诊医生", referral.created_by.name), ("日期", on.isoformat())]


def _sheet(referral: Referral, identified: bool, *, back: bool) -> Iterator[Block]:
    patient, on, clinical = referral.patient, _day(referral.sent_at), referral.clinical
    yield "heading", "双向转诊（回转）单" if back else "双向转诊（转出）单"
    yield "paragraph", f"{referral.performer_hospital} {referral.performer_department}："
    person = f"{_name(patient, identified)}，性别 {patient.get_sex_display()}，年龄 {age(patient, on)}"
    asked = "现转回贵单位" if back else "需转入贵单位"
    yield "paragraph", f"　　现有患者 {person}，因病情需要，{asked}，请予以接诊。"
    yield (
        "pair",
        [
            ("身份证号", (patient.id_number or patient.temporary_identity) if identified else NONE),
            ("优先级", str(referral.get_priority_display())),
            ("所需能力", referral.needed_capability.label_zh if referral.needed_capability else NONE),
            ("转诊通道", _pathway(referral)),
        ],
    )
    yield "entry", ("诊断结果" if back else "初步印象", diagnoses(clinical.ranked.all()))
    yield "entry", ("转诊目的", referral.reason or NONE)
    yield "entry", ("病情摘要" if back else "主要现病史", clinical.summary or NONE)
    yield "entry", ("过敏史", clinical.allergies or NONE)
    yield "entry", ("生命体征", vitals(clinical.vitals))
    yield "entry", ("主要检查结果", exams(clinical.exams))
    yield "entry", ("下一步治疗方案" if back else "治疗经过", clinical.treatment or NONE)
    if back and (outcome := _latest(referral.based_on)):
        yield from _advice(outcome)
    consent = f"{_consenter(referral, identified)} {moment(referral.consent_at)}" if referral.consent_at else NONE
    yield "entry", ("知情同意", consent)


def _handover(referral: Referral, identified: bool) -> Content:
    """The handover sheet at the door (转运交接单), with the journey and the milestones."""
    handover = getattr(referral, "handover", None)
    if handover is None:
        raise Refused(Code.INVALID_STATE, _("尚无交接记录；交接双方至少一方签字后才能打印交接单。"))
    patient = referral.patient
    blocks: list[Block] = [("pair", _parties(referral, identified)), ("entry", ("诊断", _first_diagnoses(referral)))]
    for journey in referral.journeys.all():
        blocks += [
            ("heading", "转运"),
            ("pair", [("出发", moment(journey.departed_at)), ("车辆", journey.vehicle or NONE)]),
            ("entry", ("随车人员", journey.escort or NONE)),
            ("entry", ("出发时病情", journey.condition)),
        ]
        if journey.turned_back_at:
            blocks.append(("entry", ("中途返回", moment(journey.turned_back_at))))
    arrived = moment(referral.arrived_at) if referral.arrived_at else NONE
    blocks += [
        ("heading", "交接"),
        ("entry", ("到达", arrived)),
        ("entry", ("过敏史", referral.clinical.allergies or NONE)),
        ("entry", ("交接时病情", handover.condition or NONE)),
        ("entry", ("途中处置", handover.on_the_way or NONE)),
        ("entry", ("交接物品", handover.given or NONE)),
        ("entry", ("接收方意见", handover.remarks or NONE)),
    ]
    if times := [row for row in referral.milestones.all() if row.superseded_at is None]:
        blocks.append(("heading", "时间节点"))
        rows = [[row.kind.label_zh, moment(row.at), row.recorded_by.name] for row in times]
        blocks.append(("grid", (("节点", "时间", "记录人"), rows)))
    signed = [
        ("移交人", _signed(referral.requester_hospital, handover.sender, handover.sender_signed_at)),
        ("接收人", _signed(referral.performer_hospital, handover.receiver, handover.receiver_signed_at)),
    ]
    latest = max(at for at in (handover.sender_signed_at, handover.receiver_signed_at, patient.registered_at) if at)
    void = VOID.get(Status(referral.status), "")
    return Content(
        hospital=referral.requester_hospital,
        title=str(Form.HANDOVER.label),
        blocks=blocks,
        signature=signed,
        made_at=latest,
        across=void or ("" if handover.signed else UNSIGNED),
    )


def _outcome(referral: Referral, identified: bool) -> Content:
    """The outcome letter (转归回执) of the latest version, from the performer to the sender."""
    outcome = _latest(referral)
    if outcome is None or referral.performer_hospital is None:
        raise Refused(Code.INVALID_STATE, _("接收方尚未回传转归；回传后才能打印回执。"))
    patient, arrived = referral.patient, referral.arrived_at
    came = f"于 {moment(arrived)} 到达我院" if arrived else "经贵院转诊"
    person = f"{_name(patient, identified)}，性别 {patient.get_sex_display()}，年龄 {age(patient, _day(arrived))}"
    codes = "；".join(f"{each.label_zh}（{each.code}）" for each in outcome.diagnoses.all()) or NONE
    blocks: list[Block] = [
        ("paragraph", f"{referral.requester_hospital} {referral.requester_department}："),
        ("paragraph", f"　　贵院转诊的患者 {person}，{came} {referral.performer_department}，现将诊治结果回告如下。"),
        ("pair", _parties(referral, identified)),
        ("heading", "诊治结果"),
        ("entry", ("出院诊断", codes)),
        ("entry", ("诊断说明", outcome.diagnosis_note or NONE)),
        ("entry", ("诊治经过", outcome.treatment)),
        *_advice(outcome),
    ]
    return Content(
        hospital=referral.performer_hospital,
        title=str(Form.OUTCOME.label),
        blocks=blocks,
        signature=[
            ("回传医师", outcome.returned_by.name),
            ("回传时间", moment(outcome.returned_at)),
            ("版本", f"第 {outcome.version} 版"),
            ("转出方签收", f"{BLANK}　日期 {BLANK}"),
        ],
        made_at=outcome.returned_at,
        across=VOID.get(Status(referral.status), ""),
    )


BUILT: dict[Form, Callable[[Referral, bool], Content]] = {
    Form.REFERRAL: _referral,
    Form.HANDOVER: _handover,
    Form.OUTCOME: _outcome,
}


def _parties(referral: Referral, identified: bool) -> list[tuple[str, str]]:
    patient = referral.patient
    return [
        ("姓名", _name(patient, identified)),
        ("性别", str(patient.get_sex_display())),
        ("年龄", age(patient, _day(referral.sent_at))),
        ("身份证号", (patient.id_number or patient.temporary_identity) if identified else NONE),
        ("转诊单号", referral.number),
        ("转诊通道", _pathway(referral)),
        ("转出", str(referral.requester_hospital)),
        ("接收", str(referral.performer_hospital or NONE)),
    ]


def _advice(outcome: Outcome) -> Iterator[Block]:
    """What the home hospital goes on with."""
    day = outcome.follow_up_date
    yield "entry", ("带药", outcome.drugs or NONE)
    yield "entry", ("康复建议", outcome.rehabilitation or NONE)
    yield "entry", ("警示症状", outcome.red_flags or NONE)
    yield "entry", ("随访日期", day.isoformat() if day else NONE)


def _latest(referral: Referral | None) -> Outcome | None:
    return max(referral.outcomes.all(), key=lambda row: row.version, default=None) if referral else None


def _first_diagnoses(referral: Referral) -> str:
    return diagnoses(referral.clinical.ranked.all())


def diagnoses(ranked: Any) -> str:
    """Coded diagnoses in their order."""
    return "；".join(f"{row.concept.label_zh}（{row.concept.code}）" for row in ranked) or NONE


def vitals(values: dict[str, float]) -> str:
    """The vital signs that were measured, in the order of the catalogue, with their units."""
    shown = (
        f"{limit['label_zh']} {values[name]:g} {limit['unit']}"
        for name, limit in vital_limits().items()
        if values.get(name) is not None
    )
    return "，".join(shown) or NONE


def exams(rows: Sequence[dict[str, Any]]) -> str:
    """Examinations with their results, one in a line."""
    return "\n".join(f"{row['name']}：{row['result']}{_when(row)}" for row in rows) or NONE


def _when(row: dict[str, Any]) -> str:
    at = row.get("performed_at") or row.get("performedAt")
    return f"（{at}）" if at else ""


def age(patient: Patient, on: date) -> str:
    """The age on a day: in years, under one year in months, under one month in days."""
    born = patient.birth_date
    if born is None:
        return "不详"
    if years := age_in_years(born, on):
        return f"{years} 岁"
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    return f"{months} 个月" if months else f"{(on - born).days} 天"


def _day(at: datetime | None) -> date:
    return timezone.localdate(at)


def _name(patient: Patient, identified: bool) -> str:
    return patient.name if identified else patient.masked_name


def _consenter(referral: Referral, identified: bool) -> str:
    who = referral.consent_by if identified else referral.consent_by[:1] + "**"
    return f"{who}（{referral.consent_relation or '本人'}）"


def _pathway(referral: Referral) -> str:
    kind = f"（{referral.green_kind.label_zh}）" if referral.green_kind else ""
    return f"{referral.get_pathway_display()}{kind}"


def _signed(hospital: Hospital | None, person: Any, at: datetime | None) -> str:
    return f"{person.name}（{hospital}）{moment(at)}" if person and at else "未签字"
