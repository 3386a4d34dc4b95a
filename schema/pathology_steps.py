"""Every step of a pathology case as a mutation: its input in words of the field, one call of `telemedicine`."""

from typing import Any, ClassVar

import graphene

from schema.action import STEP, Action
from schema.base import DateTime, PriorityEnum
from schema.green_steps import places
from schema.pathology import (
    BlockKindEnum,
    ExpertiseType,
    PathologyCaseType,
    SlideViewType,
)
from schema.report_input import ReportContentInput, content_of
from schema.report_types import LiabilityEnum, PathologyKindEnum
from schema.steps import PatientInput, codes, mutation, place, text, why, words
from telemedicine import actions
from telemedicine.experts import set_expertise
from telemedicine.models import Expertise, PathologyCase, SlideView
from telemedicine.viewing import open_slide

CASE = ("pathology_case", PathologyCaseType, PathologyCase)
PEOPLE = ("expert", "standby_expert", "second_reader", "adjudicator")


class SlideInput(graphene.InputObjectType):
    """A slide cut from a block (切片)."""

    barcode = text("Barcode of the slide (玻片条码).", required=True)
    stain = text("Code, catalogue STAIN (染色).", required=True)
    marker = text("What an immunohistochemical or special stain shows (标记物).")
    magnification = graphene.Int(required=True, description="Objective of the scan, 1 to 100 (扫描倍数).")


class BlockInput(graphene.InputObjectType):
    """A block of a specimen with its slides (蜡块)."""

    barcode = text("Barcode of the block (蜡块条码).", required=True)
    kind = BlockKindEnum(required=True, description="What it is (类型).")
    site = text("Which part of the specimen (取材位置).")
    slides = graphene.List(graphene.NonNull(SlideInput), description="Slides cut from it (切片).")


class SpecimenInput(graphene.InputObjectType):
    """A specimen with its blocks and slides (标本)."""

    barcode = text("Barcode of the sending lab (标本条码).", required=True)
    site = text("Where it was taken from (取材部位).", required=True)
    procedure = text("How it was taken (取材方式).")
    gross = text("What the eye sees (大体所见).")
    collected_at = DateTime(description="When it was taken (离体时间).")
    received_at = DateTime(required=True, description="When the lab received it (接收时间).")
    blocks = graphene.List(graphene.NonNull(BlockInput), description="Blocks made of it (蜡块).")


class DefectInput(graphene.InputObjectType):
    """A defect of one slide, or of all (缺陷)."""

    code = text("Code, catalogue SLIDE_DEFECT (缺陷).", required=True)
    barcode = text("Barcode of the slide, empty if it is of all (切片条码).")


class OpinionInput(graphene.InputObjectType):
    """An opinion by class and in words (意见)."""

    diagnostic_class = text("Code, catalogue DIAGNOSTIC_CLASS (诊断分类).", required=True)
    text = text("In words (意见).", required=True)


class PhonedOpinionInput(OpinionInput):
    """An opinion that may have been given by telephone, with what the other end read back (电话意见)."""

    phoned_to = text("Who took it on the phone (电话接听人).")
    read_back = text("What the other end read back; required with a telephone (电话复述内容).")


class ReportInput(graphene.InputObjectType):
    """What is signed (报告)."""

    diagnostic_class = text("Code, catalogue DIAGNOSTIC_CLASS (诊断分类).", required=True)
    conclusion = text("The conclusion in words (诊断结论).", required=True)
    diagnosis_code = text("ICD-10 code (诊断编码).")
    critical = graphene.Boolean(description="Whether the lab must read the result back (危急值).")
    content = graphene.InputField(
        ReportContentInput, required=True, description="The structured part, by a template (结构化内容)."
    )


CONTENT: dict[str, Any] = {
    "kind": PathologyKindEnum(description="What is asked (会诊类型)."),
    "liability": LiabilityEnum(description="Who answers for the diagnosis (责任模式)."),
    "organ": text("Code, catalogue ORGAN (器官)."),
    "subspecialty": text("Code, catalogue SUBSPECIALTY; follows from the organ (亚专科)."),
    "priority": PriorityEnum(description="How soon an answer is needed; a frozen section is STAT (优先级)."),
    "performer_department": place("The department that is asked (会诊科室)."),
    "history": text("Clinical history and findings (临床病史)."),
    "question": text("What the lab wants to know (会诊目的)."),
    "preliminary_class": text("The lab's own diagnosis, catalogue DIAGNOSTIC_CLASS; NONE is an answer (初步诊断分类)."),
    "preliminary_diagnosis": text("The lab's own diagnosis in words (初步诊断)."),
    "consent_by": text("Who consents to share the record (同意人)."),
    "consent_relation": text("The consenter's relation to the patient: 本人, 母亲 … (与患者关系)."),
}
REQUIRED: dict[str, Any] = {
    "kind": PathologyKindEnum(required=True, description="What is asked (会诊类型)."),
    "liability": LiabilityEnum(required=True, description="Who answers for the diagnosis (责任模式)."),
    "organ": text("Code, catalogue ORGAN (器官).", required=True),
    "preliminary_class": text(
        "The lab's own diagnosis, catalogue DIAGNOSTIC_CLASS; NONE is an answer (初步诊断分类).", required=True
    ),
}


def given(kind: Any, description: str, *, required: bool = True) -> graphene.InputField:
    """An input of several fields."""
    return graphene.InputField(kind, required=required, description=description)


def many(kind: Any, description: str) -> graphene.List:
    """An input of at least one."""
    return graphene.List(graphene.NonNull(kind), required=True, description=description)


class Step(Action):
    """A step of a pathology case: id and expected version, and when it happened."""

    returns = CASE
    common = STEP
    gated = True
    objects: ClassVar = {
        "id": ("PathologyCase",),
        "performer_department": ("Department",),
        "requester_department": ("Department",),
        "targets": ("Department",),
        "specimen": ("Specimen",),
        "block": ("Block",),
        "slide": ("Slide",),
        **dict.fromkeys(PEOPLE, ("Person",)),
    }

    class Meta:
        """Not a step itself."""

        abstract = True


class Registration(Step):
    """A step that registers a whole specimen or block."""

    objects: ClassVar = {"id": ("PathologyCase",)}

    class Meta:
        """Not a step itself."""

        abstract = True


class BlockRegistration(Step):
    """A step that registers a block of a specimen that is there."""

    objects: ClassVar = {"id": ("PathologyCase",), "specimen": ("Specimen",)}

    class Meta:
        """Not a step itself."""

        abstract = True


class Creation(Action):
    """A new pathology case."""

    returns = CASE
    common: ClassVar = {name: STEP[name] for name in ("event_at", "backdating_reason")}
    gated = True
    objects: ClassVar = {"requester_department": ("Department",), "performer_department": ("Department",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


class Opening(Action):
    """The opening of a slide."""

    returns = ("slide_view", SlideViewType, SlideView)
    common: ClassVar = {"id": graphene.ID(required=True, description="The slide that was opened (切片).")}
    objects: ClassVar = {"id": ("Slide",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


class Staffing(Action):
    """Who reads what."""

    returns = ("expertise", ExpertiseType, Expertise)
    objects: ClassVar = {"department": ("Department",), "person": ("Person",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


class Signing(Step):
    """A step that signs a report, whose answers come by field."""

    class Meta:
        """Not a step itself."""

        abstract = True

    @classmethod
    def _decoded(cls, given: dict[str, Any]) -> dict[str, Any]:
        decoded = super()._decoded(given)
        return decoded | {"report": content_of(decoded["report"])}


class Mutation:
    """The steps of domain specification, section 5, in its order."""

    create_pathology = mutation(
        actions.create_pathology,
        Creation,
        requester_department=place("Your department (申请科室).", required=True),
        patient=given(PatientInput, "Who the patient is (患者)."),
        **CONTENT | REQUIRED,
    )
    update_pathology = mutation(actions.update_pathology, Step, **CONTENT)
    register_specimen = mutation(
        actions.register_specimen, Registration, specimen=given(SpecimenInput, "The specimen (标本).")
    )
    register_block = mutation(
        actions.register_block,
        BlockRegistration,
        specimen=place("The specimen it was made of (标本).", required=True),
        block=given(BlockInput, "The block (蜡块)."),
    )
    register_slides = mutation(
        actions.register_slides,
        Step,
        block=place("The block they were cut from (蜡块).", required=True),
        slides=many(SlideInput, "The slides (切片)."),
    )
    withdraw_slide = mutation(
        actions.withdraw_slide, Step, slide=place("The slide (切片).", required=True), **why("WITHDRAW_SLIDE")
    )
    reserve_frozen = mutation(
        actions.reserve_frozen,
        Step,
        planned_at=DateTime(required=True, description="When the frozen section is expected (计划时间)."),
        standby_expert=place("Who is asked to stand by; whoever confirms first if empty (待命专家)."),
    )
    confirm_reservation = mutation(actions.confirm_reservation, Step)
    submit_pathology = mutation(actions.submit_pathology, Step)
    pass_quality = mutation(actions.pass_quality, Step, note=words())
    fail_quality = mutation(
        actions.fail_quality,
        Step,
        defects=many(DefectInput, "What was found (缺陷)."),
        note=text("Words beside the defects; some need them (说明)."),
    )
    fix_pathology = mutation(actions.fix_pathology, Step, note=text("What was mended (整改说明).", required=True))
    claim_pathology = mutation(actions.claim_pathology, Step)
    assign_pathology = mutation(actions.assign_pathology, Step, expert=place("To whom (专家).", required=True))
    reassign_pathology = mutation(
        actions.reassign_pathology, Step, expert=place("To whom now (专家).", required=True), **why("REASSIGN")
    )
    start_reading = mutation(actions.start_reading, Step)
    decline_reading = mutation(actions.decline_reading, Step, **why("PATHOLOGY_DECLINE"))
    request_material = mutation(
        actions.request_material,
        Step,
        items=codes("Codes, catalogue MATERIAL (所需材料).", required=True),
        note=text("Words beside the items, such as the markers (说明)."),
        due_at=DateTime(description="When it is needed; by priority if empty (要求时间)."),
    )
    supply_material = mutation(
        actions.supply_material, Step, answer=text("What was supplied (补充内容).", required=True)
    )
    give_preliminary_opinion = mutation(
        actions.give_preliminary_opinion, Step, opinion=given(PhonedOpinionInput, "The opinion (意见).")
    )
    request_second_read = mutation(
        actions.request_second_read,
        Step,
        second_reader=place("Who reads it again (复核专家).", required=True),
        opinion=given(OpinionInput, "Your own opinion, unless it was given (本人意见).", required=False),
    )
    give_second_opinion = mutation(
        actions.give_second_opinion, Step, opinion=given(OpinionInput, "The opinion (意见).")
    )
    name_adjudicator = mutation(
        actions.name_adjudicator, Step, adjudicator=place("The third (仲裁专家).", required=True)
    )
    adjudicate_opinion = mutation(actions.adjudicate_opinion, Step, opinion=given(OpinionInput, "The decision (意见)."))
    sign_report = mutation(actions.sign_report, Signing, report=given(ReportInput, "What is signed (报告)."))
    declare_undiagnosable = mutation(actions.declare_undiagnosable, Step, **why("UNDIAGNOSABLE"))
    acknowledge_report = mutation(
        actions.acknowledge_report,
        Step,
        read_back=text("A critical result as you read it back; required if it is critical (危急值复述)."),
    )
    record_final_result = mutation(
        actions.record_final_result,
        Step,
        diagnostic_class=text("Code, catalogue DIAGNOSTIC_CLASS (最终诊断分类).", required=True),
        diagnosis=text("The final diagnosis in words (最终诊断).", required=True),
        diagnosis_code=text("ICD-10 code (诊断编码)."),
    )
    amend_report = mutation(
        actions.amend_report,
        Signing,
        report=given(ReportInput, "The new version (修订报告)."),
        **why("REPORT_AMENDMENT"),
    )
    refer_pathology = mutation(
        actions.refer_pathology,
        Step,
        requester_department=place("The clinical department that sends the patient (转出科室).", required=True),
        reason=text("What is asked of the performer (转诊目的).", required=True),
        performer_department=place("Where the patient goes; not needed with a green channel (接收科室)."),
        green_kind=text("Kind of emergency, catalogue GREEN_KIND, to go by the green channel (绿色通道病种)."),
        targets=places("Only these departments are called by the green channel (询问科室)."),
        diagnoses=codes("ICD-10 codes; the report's if empty (诊断)."),
        duplicate_reason=text("Why a second case is opened, catalogue DUPLICATE_CASE (另开原因)."),
        duplicate_comment=text("Words beside that reason (说明)."),
    )
    cancel_pathology = mutation(actions.cancel_pathology, Step, **why("PATHOLOGY_CANCEL"))
    open_slide = mutation(open_slide, Opening)
    set_expertise = mutation(
        set_expertise,
        Staffing,
        department=place("For which department (科室).", required=True),
        person=place("Who (专家).", required=True),
        subspecialty=text("Code, catalogue SUBSPECIALTY; GENERAL reads every organ (亚专科).", required=True),
        open_limit=graphene.Int(required=True, description="Unfinished cases at most, 1 to 999 (在办上限)."),
        ended=graphene.Boolean(description="Whether this person reads it no longer (停止)."),
    )
