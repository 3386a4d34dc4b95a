"""A referral on paper: what each form says, who gets it, whose copy it is, and how a copy is checked."""

from datetime import date
from typing import Any

import pypdfium2
import pytest

from consortium import seal
from consortium.models import AuditEntry, Patient
from consortium.roles import Role
from referrals.forms import verify
from referrals.forms.content import age
from referrals.models import PrintedForm, Referral, Status
from tests.edge.client import Edge, as_role, gid
from tests.edge.many import statements

DOCTOR, EXPERT = ("county", Role.REFERRING_DOCTOR), ("province", Role.EXPERT)


def get(edge: Edge, leg: Referral, form: str) -> Any:
    """The raw answer."""
    return edge.client.get(f"/forms/{gid(leg)}/{form}.pdf")


def words(edge: Edge, leg: Referral, form: str) -> str:
    """The text of a form without blanks, as it can be taken out of the PDF."""
    response = get(edge, leg, form)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf"), response.content
    assert response["Content-Disposition"] == f'inline; filename="{leg.number}-{form}.pdf"'
    pages = pypdfium2.PdfDocument(response.content)
    return "".join("".join(page.get_textpage().get_text_range() for page in pages).split())


def said(text: str, *wanted: str) -> None:
    """Every one of these stands in the text."""
    missing = [one for one in wanted if "".join(one.split()) not in text]
    assert missing == [], text


def test_the_form_upwards_has_a_counterfoil_and_the_sheet(world):
    leg = world.referral(Status.SENT)
    text = words(as_role(world, *DOCTOR), leg, "referral")
    patient = leg.patient
    said(
        text, "county医院", "双向转诊（转出）单", "存根", f"姓名 {patient.name}", "年龄 4 岁",
        f"病案编号 {leg.case.number}",
        "于 2026 年 3 月 2 日因病情需要，转入 province医院 儿科。接诊医生：", "沿此线裁开",
        f"现有患者 {patient.name}，性别", "因病情需要，需转入贵单位，请予以接诊。", patient.id_number,
        "初步印象", "（J18.900）", "重症肺炎，请求 PICU", "主要现病史 发热 3 天，气促 1 天", "过敏史 青霉素",
        "体温 39.5 °C，血氧饱和度 91 %", "李四（母亲） 2026-03-02", "转诊医生 county REFERRING_DOCTOR 1",
        "http://testserver/verify/",
    )  # fmt: skip
    row = PrintedForm.objects.get(referral=leg)
    said(text, f"核验码 {seal.printed_code(row.verification_code)}", row.sha256)


def test_the_form_back_names_the_diagnosis_and_what_to_go_on_with(world):
    leg = world.referral(Status.ARRIVED)
    world.take("refer_down", leg)
    down = Referral.objects.exclude(pk=leg.pk).get(case=leg.case, direction="DOWN")
    text = words(as_role(world, "province", Role.EXPERT), down, "referral")
    said(
        text, "province医院", "双向转诊（回转）单", "转回 county医院 儿科", "现转回贵单位，请予以接诊。",
        "诊断结果", "病情摘要 抗感染 7 天", "下一步治疗方案 阿莫西林", "康复建议 呼吸训练",
        "警示症状 再次高热", "随访日期 2026-03-09",
    )  # fmt: skip


def test_the_outcome_letter_is_the_latest_version(world):
    leg = world.referral(Status.OUTCOME_RETURNED)
    text = words(as_role(world, *DOCTOR), leg, "outcome")
    said(
        text, "province医院", "转归回执", "county医院 儿科：", f"贵院转诊的患者 {leg.patient.name}", "出院诊断",
        "（J18.900）", "诊断说明 右下肺", "诊治经过 抗感染 7 天", "回传医师 province EXPERT 1", "版本 第 1 版",
    )  # fmt: skip
    world.take("amend_outcome", world.read(leg))
    said(words(as_role(world, *DOCTOR), leg, "outcome"), "版本 第 2 版")


def test_the_handover_sheet_tells_whether_both_have_signed(world):
    leg = world.green(Status.IN_TRANSIT)
    edge = as_role(world, *DOCTOR)
    response = get(edge, leg, "handover")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "INVALID_STATE")
    world.take("sign_handover", world.read(leg))
    text = words(edge, leg, "handover")
    said(text, "转运交接单", "交接时病情 镇静，SpO2 96%", "接收人 未签字", "签字未齐", "绿色通道（危重儿童）")
    world.take("sign_handover", world.read(leg), by=world.actor(*EXPERT), only={"remarks": "管路在位"})
    text = words(edge, leg, "handover")
    said(text, "接收方意见 管路在位", "接收人 province EXPERT 1（province医院）")
    assert "签字未齐" not in text


def test_each_copy_says_who_read_it_and_when_and_is_on_the_trail(world):
    leg = world.referral(Status.ACCEPTED)
    for place, role in (DOCTOR, EXPERT):
        said(
            words(as_role(world, place, role), leg, "referral"), f"{place} {role} 1（{place}医院） 2026-03-02 09:00 阅"
        )
    entries = AuditEntry.objects.filter(action="read_referral_form").order_by("id")
    assert [(row.actor.username, row.actor_role, row.patient_id, row.object_id) for row in entries] == [
        (f"{place}-{role}-1", role, leg.patient_id, str(leg.pk)) for place, role in (DOCTOR, EXPERT)
    ]
    assert PrintedForm.objects.filter(referral=leg).count() == 1  # the same content has one code


@pytest.mark.parametrize("form", ["referral", "handover", "outcome", "other", "Referral"])
def test_who_does_not_see_the_case_in_full_gets_no_form(world, form):
    leg = world.referral(Status.REJECTED)  # the specialist who rejected keeps the summary
    for place, role in (EXPERT, ("foreign", Role.EXPERT), ("county", Role.HOSPITAL_ADMIN), ("county", Role.AUDITOR)):
        response = get(as_role(world, place, role), leg, form)
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    assert get(Edge(), leg, form).status_code == 401
    assert not AuditEntry.objects.filter(action__startswith="read_referral_form").exists()
    assert not PrintedForm.objects.exists()


def test_a_draft_is_not_printed(world):
    response = get(as_role(world, *DOCTOR), world.referral(Status.DRAFT), "referral")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "INVALID_STATE")


def test_a_copy_is_checked_by_its_code_without_a_word_about_the_patient(world):
    leg = world.referral(Status.SENT)
    words(as_role(world, *DOCTOR), leg, "referral")
    code = PrintedForm.objects.get().verification_code
    page = Edge().client.get("/verify/", {"code": seal.printed_code(code).lower()}).content.decode()
    for term in ("真实，与系统现有内容一致。", "双向转诊单", leg.number, "county医院"):
        assert term in page
    for secret in (leg.patient.name, leg.patient.id_number, "J18", "肺炎"):
        assert secret not in page
    world.take("accept_referral", world.read(leg))
    assert verify(code).current  # what the other side does later is not what the sender signed
    called = Patient.objects.get(pk=leg.patient_id)
    called.phone = "13900000000"
    called.save(update_fields=["phone"])
    assert not verify(code).current
    assert "内容已有变化" in Edge().client.get("/verify/", {"code": code}).content.decode()
    words(as_role(world, *DOCTOR), leg, "referral")
    assert PrintedForm.objects.count() == 2


def test_a_cancelled_leg_says_so_across_the_page(world):
    leg = world.referral(Status.CANCELLED)
    said(words(as_role(world, *DOCTOR), leg, "referral"), "已取消")


def test_a_long_story_takes_the_statements_of_a_short_one(world):
    edge = as_role(world, *DOCTOR)
    short, long = world.referral(Status.SENT), world.referral(Status.SENT)
    long.clinical.exams = [{"name": f"检查 {n}", "result": "见报告" * 30} for n in range(40)]
    long.clinical.save()
    few, many = (statements(lambda leg=leg: get(edge, leg, "referral")) for leg in (short, long))
    assert len(few) == len(many)
    assert "第3/" in words(edge, long, "referral")


@pytest.mark.parametrize(
    ("born", "shown"), [("2024-03-02", "2 岁"), ("2025-03-03", "11 个月"), ("2026-02-03", "27 天"), (None, "不详")]
)
def test_the_age_is_told_in_years_months_or_days(born, shown):

    assert age(Patient(birth_date=date.fromisoformat(born) if born else None), date(2026, 3, 2)) == shown
