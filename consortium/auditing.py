"""Reading the audit trail: who may, how far, and how far its chains are proven. It names patients masked, no more.

An auditor of a hospital sees what its people did, and what anybody did with a patient whom it registered; an auditor of
a division the same for all its hospitals; at the top of the divisions, everything.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consortium import access, breakglass, lifecycle
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.models import AuditChain, AuditEntry, Hospital, Patient

PERMISSION = "view_audit_trail"
# What is read, in the reader's language; steps have labels of their own.
READINGS: dict[str, str | Promise] = {
    "read_referral": _("查看转诊单"),
    "read_case": _("查看病例"),
    "read_offer": _("查看接收询问"),
    "read_pathology": _("查看病理会诊"),
    "read_attachment": _("下载附件"),
    "read_slide": _("打开切片图像"),
    "read_slide_label": _("查看切片标签"),
    "open_slide": _("阅片"),
    "read_report": _("查看病理报告"),
    "look_up_patient": _("按身份证号查询患者"),
    "download_export": _("下载统计导出"),
    breakglass.ATTEMPT: _("尝试紧急调阅"),
}
# What is done beside the steps of cases.
ACTS: dict[str, str | Promise] = {
    "unmask_patient": _("显示完整号码"),
    "announce_upload": _("上传切片图像"),
    "annotate_slide": _("添加标注"),
    "change_annotation": _("修改标注"),
    "delete_annotation": _("删除标注"),
    "keep_key_image": _("保存关键图"),
    "discard_key_image": _("删除关键图"),
    "set_expertise": _("设置阅片专长"),
    "update_capacity": _("更新床位"),
    "set_clock_rule": _("设置时限规则"),
    "set_duty": _("排班"),
    "set_preference": _("设置通知偏好"),
    "import_members": _("导入成员"),
    "grant_role": _("授予岗位"),
    "revoke_role": _("终止岗位"),
    "create_person": _("新建账号"),
    "deactivate_person": _("停用账号"),
    "issue_setup_link": _("发放设置密码的链接"),
    "unlock_person": _("解除登录锁定"),
    "reset_second_factor": _("移除二次验证"),
    "issue_api_token": _("签发接口令牌"),
    "revoke_api_token": _("吊销接口令牌"),
    "create_webhook_endpoint": _("登记推送地址"),
    "rotate_webhook_secret": _("更换推送密钥"),
    "deactivate_webhook_endpoint": _("停用推送地址"),
    "replay_deliveries": _("重放推送"),
    "resend_delivery": _("重发推送"),
}


def label_of(action: str) -> str | Promise:
    """The label of an act on the trail."""
    if action.startswith("list_"):
        return _("查看列表")
    if action.startswith("read_referral_form"):
        return _("打印转诊文书")
    return READINGS.get(action) or ACTS.get(action) or lifecycle.label_of(action)


def entries(by: Actor) -> QuerySet[AuditEntry]:
    """The entries that exist for an auditor."""
    if _everywhere(by):
        return AuditEntry.objects.all()
    places = list(_hospitals(by).values_list("pk", flat=True))
    return AuditEntry.objects.filter(Q(actor_hospital__in=places) | Q(hospitals__overlap=places))


def of_access(by: Actor, id: UUID) -> QuerySet[AuditEntry]:
    """What was read by one emergency access, for who reviews or audits it; NOT_FOUND otherwise."""
    theirs = breakglass.to_review(by, "review_break_glass", "view_break_glass")
    row = breakglass.seen(by).filter(theirs, pk=id).first()
    if row is None:
        raise access.not_found("access")
    return breakglass.reads(row)


def chains(by: Actor) -> QuerySet[AuditChain]:
    """The chains of the hospitals that one audits; those of no hospital for who audits everything."""
    rows = AuditChain.objects.all() if _everywhere(by) else AuditChain.objects.filter(hospital__in=_hospitals(by))
    return rows.order_by("chain")


def about(rows: QuerySet[AuditEntry], patient: str) -> QuerySet[AuditEntry]:
    """Those that disclosed one patient, named by the whole identity number or the number of a case; none if unknown."""
    exact = patient.strip().upper()
    with beyond():  # the entries themselves are the actor's own
        found = list(Patient.objects.with_id_number(exact).values_list("pk", flat=True)) or breakglass.patients_of(
            exact
        )
    return rows.filter(Q(patient__in=found) | Q(patients__overlap=found)) if found else rows.none()


def narrowed(
    rows: QuerySet[AuditEntry],
    *,
    actions: list[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **equal: Any,
) -> QuerySet[AuditEntry]:
    """Those of these acts, from one moment until before another, and equal in what else is given."""
    if actions is not None:
        rows = rows.filter(action__in=actions)
    if since:
        rows = rows.filter(at__gte=since)
    if until:
        rows = rows.filter(at__lt=until)
    return rows.filter(**{name: value for name, value in equal.items() if value is not None})


def _everywhere(by: Actor) -> bool:
    """Whether somebody audits a division that lies in no other."""
    return any(role.division and role.division.parent_id is None for role in by.roles_with(PERMISSION))


def _hospitals(by: Actor) -> QuerySet[Hospital]:
    """The hospitals that one audits."""
    reach = by.reach(PERMISSION)
    around = Q(division__in=reach.divisions) | Q(division__parent__in=reach.divisions)
    around |= Q(division__parent__parent__in=reach.divisions)
    return Hospital.objects.filter(
        (Q(pk__in=reach.hospitals) | around) if reach.divisions else Q(pk__in=reach.hospitals)
    )
