"""The report and what follows it: sign, acknowledge, record the final result, amend, refer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import lifecycle, registry
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Priority, Side
from consortium.requirements import requirement
from referrals import content as patients
from referrals.actions.green.broadcast import begin_broadcast, rule_of
from referrals.actions.send import dispatch, drafted
from referrals.models import Pathway
from referrals.models import Status as Leg
from telemedicine import catalogues, reports
from telemedicine.actions.read import every_slide_seen, expert_class
from telemedicine.actions.send import told
from telemedicine.actions.share import assigned_reader
from telemedicine.models import Ending, Kind, Liability, PathologyCase, Status

# A referral that came of a case begins with this step.
lifecycle.NOTED["refer_pathology"] = gettext_lazy("由病理会诊转来")


@requirement(lambda by: ~Q(status=Status.SECOND_REVIEW, settled_class=""))
def opinions_settled(case: PathologyCase, by: Actor) -> Refused | None:
    """A report waits for the second opinion, and for the third where two disagree."""
    if case.status == Status.SECOND_REVIEW and not case.settled_class:
        return Refused(Code.INVALID_STATE, _("复核或仲裁尚未完成，完成后才能签发。"))
    return None


@requirement(lambda by: Q(referral__isnull=True))
def not_yet_referred(case: PathologyCase, by: Actor) -> Refused | None:
    """A case leads to one referral."""
    if case.referral_id:
        return Refused(Code.INVALID_STATE, _("本例已转为转诊单，请在该转诊单上继续。"))
    return None


def conclude(case: PathologyCase, move: Move, given: Mapping[str, Any]) -> None:
    """Write the conclusion into the case, compare it, and store the report's next version; limits begin anew."""
    day = timezone.localdate(move.now)
    every_slide_seen(case, move.by)
    code = expert_class(given["diagnostic_class"], move, "report.diagnosticClass")
    if case.settled_class not in ("", code):
        raise Refused(
            Code.INVALID_INPUT,
            _("结论分类须与复核（或仲裁）一致；如有新的依据，请再次提请复核。"),
            field="report.diagnosticClass",
        )
    if not given["conclusion"].strip():
        raise Refused(Code.INCOMPLETE, _("请写明诊断结论。"), field="report.conclusion")
    icd10 = given.get("diagnosis_code")
    case.conclusion_class, case.conclusion = code, given["conclusion"].strip()
    case.conclusion_code = catalogues.concept("ICD10", icd10, on=day, field="report.diagnosisCode") if icd10 else None
    case.critical = bool(given.get("critical"))
    case.preliminary_agreement = catalogues.agreement(case.preliminary_class, code, on=day)
    if case.final_class:
        case.final_agreement = catalogues.agreement(code, case.final_class, on=day)
    case.report_version = reports.issue(
        case, content=given.get("content") or {}, by=move.by, now=move.now, role=move.role, reason=amended_why(move)
    ).version
    case.issued_at, case.answered_at = case.issued_at or move.now, case.answered_at or move.now
    case.acknowledged_at, case.read_back = None, ""
    move.reach("critical_sent" if case.critical else "report_sent")
    move.detail["report"] = {"version": case.report_version, "agreement": str(case.preliminary_agreement)}


def amended_why(move: Move) -> str:
    """Why a report is amended, in words that stay; empty when it is signed for the first time."""
    if not move.reason_code:
        return ""
    codes, day = [move.reason_code], timezone.localdate(move.now)
    (concept,) = registry.concepts("REASON/REPORT_AMENDMENT", codes, on=day, field="reason")
    return "：".join(text for text in (concept.label_zh, move.comment) if text)


@transition(
    PathologyCase,
    label=gettext_lazy("签发报告"),
    sources=[Status.READING, Status.PRELIMINARY, Status.SECOND_REVIEW],
    target=Status.ISSUED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[assigned_reader, opinions_settled],
)
def sign_report(case: PathologyCase, move: Move, *, report: Mapping[str, Any]) -> None:
    """Sign the report, every slide opened and the conclusion present; it is compared with the lab's diagnosis."""
    conclude(case, move, report)


@transition(
    PathologyCase,
    label=gettext_lazy("修订报告"),
    sources=[Status.ISSUED, Status.ACKNOWLEDGED, Status.RECONCILED],
    target=Status.ISSUED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[assigned_reader],
    while_closed=True,
)
def amend_report(case: PathologyCase, move: Move, *, report: Mapping[str, Any], reason: str, comment: str = "") -> None:
    """Sign a new version with a coded reason; the old one stays readable, the new one must be acknowledged again."""
    move.because("REPORT_AMENDMENT", reason, comment)
    case.settled_class = ""
    case.reopen()
    conclude(case, move, report)


@transition(
    PathologyCase,
    label=gettext_lazy("确认收到报告"),
    sources=[Status.ISSUED],
    target=Status.ACKNOWLEDGED,
    sides=[Side.REQUESTER],
)
def acknowledge_report(case: PathologyCase, move: Move, *, read_back: str = "") -> str | None:
    """Say that the report was read, a critical result read back; where a final result is due, that remains."""
    if case.critical and not read_back.strip():
        raise Refused(Code.INVALID_INPUT, _("危急值须复述结果内容后才能确认。"), field="readBack")
    case.acknowledged_at, case.read_back = move.event_at, read_back.strip()
    move.people = told(case, case.assigned_to_id)
    if case.reconciled_at:
        case.end(Ending.COMPLETED, move.now)
        return Status.RECONCILED
    if case.kind == Kind.FROZEN or case.liability == Liability.CONSULTATION:
        move.reach("final_due")
    else:
        case.end(Ending.COMPLETED, move.now)
    return None


@transition(
    PathologyCase,
    label=gettext_lazy("回填最终结果"),
    sources=[Status.ACKNOWLEDGED],
    target=Status.RECONCILED,
    sides=[Side.REQUESTER],
    while_closed=True,
)
def record_final_result(
    case: PathologyCase, move: Move, *, diagnostic_class: str, diagnosis: str, diagnosis_code: str | None = None
) -> None:
    """Record what paraffin, surgery or the own diagnosis came to; it is compared with the expert's report."""
    day = timezone.localdate(move.now)
    if not diagnosis.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明最终诊断。"), field="diagnosis")
    case.final_class = expert_class(diagnostic_class, move, "diagnosticClass")
    case.final_diagnosis = diagnosis.strip()
    case.final_code = (
        catalogues.concept("ICD10", diagnosis_code, on=day, field="diagnosisCode") if diagnosis_code else None
    )
    case.final_agreement = catalogues.agreement(case.conclusion_class, case.final_class, on=day)
    case.reconciled_at = move.event_at
    move.detail["agreement"] = str(case.final_agreement)
    move.people = told(case, case.assigned_to_id)
    case.end(Ending.COMPLETED, move.now)


@transition(
    PathologyCase,
    label=gettext_lazy("转为转诊"),
    sources=[Status.ISSUED],
    target=None,
    sides=[Side.REQUESTER, Side.PERFORMER],
    tells=[Side.REQUESTER, Side.PERFORMER],
    requires=[not_yet_referred],
)
def refer_pathology(
    case: PathologyCase,
    move: Move,
    *,
    requester_department: UUID,
    reason: str,
    performer_department: UUID | None = None,
    green_kind: str | None = None,
    targets: list[UUID] | None = None,
    duplicate_reason: str | None = None,
    duplicate_comment: str = "",
    **written: Any,
) -> None:
    """Open a referral of the patient that carries the diagnosis on, linked to this case.

    The lab sends it at once; what the expert opens waits as a draft for the doctors of the patient's hospital. With a
    kind of emergency it goes by the green channel, whoever opens it.
    """
    rule = rule_of(green_kind, now=move.now) if green_kind else None
    if rule is None and performer_department is None:
        raise Refused(Code.INVALID_INPUT, _("请选择接收科室，或选择绿色通道种类。"), field="performerDepartment")
    sender = patients.sender(requester_department)
    if sender.hospital_id != case.requester_hospital_id:
        raise Refused(Code.INVALID_INPUT, _("转出科室须属于申请医院。"), field="requesterDepartment")
    codes = written.pop("diagnoses", None) or ([case.conclusion_code.code] if case.conclusion_code else [])
    leg = drafted(
        case.patient,
        sender,
        by=move.by,
        move=move,
        duplicate_reason=duplicate_reason,
        duplicate_comment=duplicate_comment,
        now=move.now,
        performer_department=performer_department,
        reason=reason,
        summary=f"{case.history}\n病理会诊 {case.number}：{case.conclusion}",
        diagnoses=codes,
        consent_by=case.consent_by,
        consent_relation=case.consent_relation,
        **written,
    )
    if rule:
        leg.pathway, leg.green_kind, leg.priority = Pathway.GREEN_CHANNEL, rule.concept, Priority.STAT
        patients.write(leg, move.now, needed_capability=written.get("needed_capability") or rule.capability)
        begin_broadcast(leg, rule, move, only=targets)
    else:
        own = move.role is not None and move.role.hospital_id == case.requester_hospital_id
        status = dispatch(leg, move.now) if own else Leg.DRAFT
        tells = (Side.PERFORMER,) if status == Leg.SENT else (Side.REQUESTER,)
        lifecycle.begin(leg, move, status=status, tells=tells)
    case.referral = leg
    move.detail["referral"] = leg.number
