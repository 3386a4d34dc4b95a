"""Every step of a referral as a mutation: its input in words of the field, one call of `referrals.actions`."""

from collections.abc import Callable
from typing import Any, ClassVar

import graphene

from consortium.models import Row
from referrals import actions
from referrals.models import Referral
from schema.action import STEP, Action
from schema.base import Date, DateTime, PriorityEnum
from schema.clinical import BookingKindEnum, SexEnum
from schema.referrals import ReferralType

REFERRAL = ("referral", ReferralType, Referral)


def text(description: str, *, required: bool = False) -> graphene.String:
    """An input of words."""
    return graphene.String(required=required, description=description)


def codes(description: str, *, required: bool = False) -> graphene.List:
    """An input of codes."""
    return graphene.List(graphene.NonNull(graphene.String), required=required, description=description)


def reason(catalogue: str) -> graphene.String:
    """A coded reason."""
    return text(f"Coded reason, catalogue {catalogue} (原因).", required=True)


def words() -> graphene.String:
    """Words beside a reason."""
    return text("Words beside the reason; some reasons need them (说明).")


def place(description: str, *, required: bool = False) -> graphene.ID:
    """A department or hospital by its id."""
    return graphene.ID(required=required, description=description)


class PatientInput(graphene.InputObjectType):
    """Who the patient is: an identity number, or a temporary identity until it is known."""

    name = text("Full name (姓名).")
    id_number = text("Resident identity number, GB 11643 (身份证号).")
    temporary_identity = text("Label while the identity is unknown (临时身份标识).")
    sex = SexEnum(description="Sex; follows from the identity number if that is given (性别).")
    birth_date = Date(description="Date of birth; follows from the identity number (出生日期).")
    phone = text("Telephone (联系电话).")
    address = text("Address (住址).")
    guardian_name = text("Guardian, needed under 14 (监护人).")
    guardian_relation = text("Guardian's relation to the patient (与患者关系).")
    guardian_phone = text("Guardian's telephone (监护人电话).")


class VitalsInput(graphene.InputObjectType):
    """Vital signs (生命体征)."""

    temperature = graphene.Float(description="°C (体温).")
    heart_rate = graphene.Int(description="Per minute (心率).")
    respiratory_rate = graphene.Int(description="Per minute (呼吸).")
    systolic = graphene.Int(description="mmHg (收缩压).")
    diastolic = graphene.Int(description="mmHg (舒张压).")
    spo2 = graphene.Float(name="spo2", description="Per cent (血氧饱和度).")
    weight = graphene.Float(description="kg (体重).")


class ExamInput(graphene.InputObjectType):
    """An examination with its result (检查检验)."""

    name = text("What was examined (项目).", required=True)
    result = text("What was found (结果).", required=True)
    performed_at = text("When, ISO 8601 (检查时间).")


class AdviceInput(graphene.InputObjectType):
    """The specialist's structured advice (专家建议)."""

    assessment = text("Assessment (评估).")
    recommendation = text("What to do (处理建议).", required=True)
    red_flags = text("When to send at once (警示症状).")
    review = text("When and how to review (复诊安排).")


class OutcomeInput(graphene.InputObjectType):
    """What was found and done, and how to go on (结果回传)."""

    diagnoses = codes("ICD-10 codes, the principal one first (诊断).", required=True)
    diagnosis_note = text("Words beside the codes (诊断说明).")
    treatment = text("What was done (诊治经过).", required=True)
    drugs = text("Drugs to go on with (带药).")
    red_flags = text("When to come back at once (警示症状).")
    rehabilitation = text("Rehabilitation plan (康复计划).")
    follow_up_date = Date(description="Day of the follow-up (随访日期).")


CONTENT: dict[str, Any] = {
    "reason": text("What is asked of the performer (转诊目的)."),
    "priority": PriorityEnum(description="How soon an answer is needed (优先级)."),
    "needed_capability": text("Code of the capability the patient needs, such as PICU (所需能力)."),
    "diagnoses": codes("ICD-10 codes, the principal one first (诊断)."),
    "summary": text("History and findings (病情摘要)."),
    "vitals": graphene.InputField(VitalsInput, description="Vital signs (生命体征)."),
    "exams": graphene.List(graphene.NonNull(ExamInput), description="Examinations with results (检查检验)."),
    "treatment": text("Treatment so far (已行治疗)."),
    "allergies": text("Allergies (过敏史)."),
    "consent_by": text("Who consents to share the record (同意人)."),
    "consent_relation": text("The consenter's relation to the patient: 本人, 母亲 … (与患者关系)."),
}
SLOT: dict[str, Any] = {
    "kind": BookingKindEnum(required=True, description="Slot or bed (类型)."),
    "place": text("Room or bed (诊室或床号).", required=True),
    "starts_at": DateTime(required=True, description="From when (开始时间)."),
    "ends_at": DateTime(description="Until when; 30 minutes for a slot, 24 hours for a bed if empty (保留至)."),
}
DECISION: dict[str, Any] = {
    "instructions": text("What the patient must know before coming (患者须知)."),
    "priority": PriorityEnum(description="Another priority, with its reason (调整优先级)."),
    "priority_reason": text("Why, catalogue PRIORITY_CHANGE (调整原因)."),
    "priority_comment": text("Words beside that reason; some reasons need them (调整说明)."),
    "on_behalf_of": graphene.ID(description="The specialist who decided, when the office enters it (代录专家)."),
}
AIM = place("The department that is asked (接收科室).")


def why(catalogue: str) -> dict[str, Any]:
    """A coded reason with its words."""
    return {"reason": reason(catalogue), "comment": words()}


class Step(Action):
    """A step of a referral: id and expected version, and when it happened."""

    returns = REFERRAL
    common = STEP
    gated = True
    objects: ClassVar = {
        "id": ("Referral",),
        "on_behalf_of": ("Person",),
        "performer_department": ("Department",),
        "alternative_hospital": ("Hospital",),
    }

    class Meta:
        """Not a step itself."""

        abstract = True


class Creation(Action):
    """A new referral."""

    returns = REFERRAL
    common: ClassVar = {name: STEP[name] for name in ("event_at", "backdating_reason", "backdating_comment")}
    gated = True
    objects: ClassVar = {"requester_department": ("Department",), "performer_department": ("Department",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


def mutation(action: Callable[..., Row], base: type[Action] = Step, **inputs: Any) -> graphene.Field:
    """The mutation of an action: named, described and permitted as the action is."""
    doc = (action.__doc__ or "").strip()
    given = type("Input", (), {"__doc__": doc, **inputs})
    name = "".join(part.capitalize() for part in action.__name__.split("_"))
    made = type(name, (base,), {"__doc__": doc, "perform": staticmethod(action), "Input": given})
    return made.Field(description=doc)  # type: ignore[attr-defined]


class Mutation:
    """The steps of domain specification, section 3, in its order."""

    create_referral = mutation(
        actions.create_referral,
        Creation,
        requester_department=place("Your department (转出科室).", required=True),
        patient=graphene.InputField(PatientInput, required=True, description="Who the patient is (患者)."),
        duplicate_reason=text("Why a second case is opened, catalogue DUPLICATE_CASE (另开原因)."),
        duplicate_comment=text("Words beside that reason (说明)."),
        performer_department=AIM,
        **CONTENT,
    )
    update_referral = mutation(actions.update_referral, performer_department=AIM, **CONTENT)
    submit_referral = mutation(actions.submit_referral)
    approve_referral = mutation(actions.approve_referral)
    return_referral = mutation(actions.return_referral, **why("OFFICE_RETURN"))
    open_referral = mutation(actions.open_referral)
    claim_referral = mutation(actions.claim_referral)
    release_referral = mutation(actions.release_referral)
    request_information = mutation(
        actions.request_information,
        items=codes("Codes, catalogue INFORMATION_ITEM (所需资料).", required=True),
        note=text("Words beside the items (说明)."),
        due_at=DateTime(description="When it is needed; by priority if empty (要求时间)."),
    )
    supply_information = mutation(
        actions.supply_information, answer=text("What was asked for (补充内容).", required=True)
    )
    accept_referral = mutation(actions.accept_referral, **DECISION)
    waitlist_referral = mutation(actions.waitlist_referral, **DECISION)
    advise_referral = mutation(
        actions.advise_referral,
        advice=graphene.InputField(AdviceInput, required=True, description="Structured advice (专家建议)."),
    )
    reject_referral = mutation(
        actions.reject_referral,
        **why("REJECT"),
        alternative_hospital=place("Where to ask instead (建议医院)."),
        no_alternative_reason=text("Why no other hospital is needed, catalogue NO_ALTERNATIVE (无需推荐原因)."),
    )
    redirect_referral = mutation(
        actions.redirect_referral,
        **why("REDIRECT"),
        performer_department=place("Where the patient goes instead (改转科室).", required=True),
    )
    resend_referral = mutation(
        actions.resend_referral,
        **CONTENT | {"performer_department": place("Where it goes now (接收科室).", required=True)},
    )
    close_referral = mutation(actions.close_referral, **why("LOCAL_END"))
    book_referral = mutation(actions.book_referral, **SLOT)
    reschedule_referral = mutation(actions.reschedule_referral, **why("RESCHEDULE"), **SLOT)
    lose_booking = mutation(actions.lose_booking, **why("LOSE_SLOT"))
    hold_referral = mutation(
        actions.hold_referral,
        **why("HOLD"),
        review_at=DateTime(description="When to look again; by the registry if empty (复核时间)."),
    )
    resume_referral = mutation(actions.resume_referral)
    depart_referral = mutation(
        actions.depart_referral,
        condition=text("Condition on leaving (交接病情).", required=True),
        vehicle=text("Vehicle (车辆)."),
        escort=text("Who travels along (随车人员)."),
        eta=DateTime(description="When arrival is expected (预计到达)."),
    )
    turn_back_referral = mutation(actions.turn_back_referral, **why("TURN_BACK"))
    arrive_referral = mutation(actions.arrive_referral)
    record_no_show = mutation(
        actions.record_no_show, reason=text("Coded reason if known, catalogue NO_SHOW (原因)."), comment=words()
    )
    send_record = mutation(actions.send_record, note=text("What was sent (送达资料).", required=True))
    return_outcome = mutation(
        actions.return_outcome,
        outcome=graphene.InputField(OutcomeInput, required=True, description="The outcome (结果)."),
    )
    refer_down = mutation(
        actions.refer_down,
        outcome=graphene.InputField(OutcomeInput, required=True, description="The outcome (结果)."),
        reason=text("What is asked of the hospital below (下转目的).", required=True),
        performer_department=place("Where the patient goes; to where the case came from if empty (接收科室)."),
        consent_by=text("Who consents to share the record (同意人).", required=True),
        consent_relation=text("The consenter's relation to the patient (与患者关系).", required=True),
    )
    acknowledge_outcome = mutation(actions.acknowledge_outcome)
    amend_outcome = mutation(
        actions.amend_outcome,
        outcome=graphene.InputField(OutcomeInput, required=True, description="The new version (修订结果)."),
    )
    record_follow_up = mutation(actions.record_follow_up, note=text("How the patient is (随访情况).", required=True))
    cancel_referral = mutation(actions.cancel_referral, **why("CANCEL"))
    record_death = mutation(actions.record_death, comment=words())
    confirm_expiry = mutation(actions.confirm_expiry, **why("EXPIRY"))
    report_error = mutation(actions.report_error, **why("ENTERED_IN_ERROR"))
    confirm_error = mutation(actions.confirm_error)
