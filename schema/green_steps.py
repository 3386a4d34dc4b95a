"""Every step of the green channel as a mutation: its input in words of the field, one call of `referrals.actions`."""

from typing import ClassVar

import graphene

from referrals import actions
from referrals.models import Offer
from schema.action import STEP, Action
from schema.base import DateTime
from schema.green import OfferType, PhoneAnswerEnum
from schema.steps import CONTENT, Creation, OutcomeInput, PatientInput, Step, mutation, place, text, why, words


def places(description: str) -> graphene.List:
    """Departments by their ids."""
    return graphene.List(graphene.NonNull(graphene.ID), description=description)


class Activation(Creation):
    """A new leg of the green channel."""

    objects: ClassVar = {"requester_department": ("Department",), "targets": ("Department",)}

    class Meta:
        """Not a mutation itself."""

        abstract = True


class GreenStep(Step):
    """A step of a leg of the green channel."""

    objects: ClassVar = Step.objects | {"offer": ("Offer",), "targets": ("Department",)}

    class Meta:
        """Not a step itself."""

        abstract = True


class OfferStep(Action):
    """A step of an offer: id and expected version, and when it happened."""

    returns = ("offer", OfferType, Offer)
    common = STEP
    gated = True
    objects: ClassVar = {"id": ("Offer",)}

    class Meta:
        """Not a step itself."""

        abstract = True


MINIMAL = {name: given for name, given in CONTENT.items() if name not in ("consent_by", "consent_relation")}


class Mutation:
    """The steps of domain specification, section 4, in its order."""

    activate_green_channel = mutation(
        actions.activate_green_channel,
        Activation,
        kind=text("Kind of emergency, catalogue GREEN_KIND (病种).", required=True),
        requester_department=place("The department where the patient is (转出科室).", required=True),
        patient=graphene.InputField(PatientInput, description="What is known of the patient; may follow (患者)."),
        targets=places("Whom to ask; by the ranking if empty (询问科室)."),
        **MINIMAL,
    )
    identify_patient = mutation(
        actions.identify_patient,
        GreenStep,
        patient=graphene.InputField(PatientInput, required=True, description="Who the patient is (患者)."),
    )
    widen_broadcast = mutation(
        actions.widen_broadcast, GreenStep, targets=places("Whom to ask now; the next ring if empty (询问科室).")
    )
    read_offer = mutation(actions.read_offer, OfferStep)
    negotiate_offer = mutation(
        actions.negotiate_offer, OfferStep, message=text("What is asked or proposed (商议内容).", required=True)
    )
    offer_place = mutation(
        actions.offer_place, OfferStep, message=text("What the sender must know: bed, team, route (回复内容).")
    )
    decline_offer = mutation(actions.decline_offer, OfferStep, **why("GREEN_DECLINE"))
    record_phone_answer = mutation(
        actions.record_phone_answer,
        OfferStep,
        answer=PhoneAnswerEnum(required=True, description="What was said (电话答复)."),
        spoken_with=text("Who answered (通话人).", required=True),
        reason=text("Why not, when they cannot, catalogue GREEN_DECLINE (原因)."),
        comment=words(),
    )
    confirm_phone_answer = mutation(actions.confirm_phone_answer, OfferStep)
    choose_offer = mutation(
        actions.choose_offer,
        GreenStep,
        offer=graphene.ID(required=True, description="The offer of a hospital that can take the patient (选定的询问)."),
    )
    give_consent = mutation(
        actions.give_consent,
        GreenStep,
        consent_by=text("Who consents to the transfer, or approved it in an emergency (同意人).", required=True),
        consent_relation=text("Relation to the patient, or the approver's post (与患者关系或职务).", required=True),
        emergency_basis=text(
            "Why the hospital's head approves instead of the family, catalogue EMERGENCY_APPROVAL (紧急批准依据)."
        ),
        comment=words(),
    )
    refuse_consent = mutation(actions.refuse_consent, GreenStep, **why("GREEN_CONSENT_REFUSED"))
    divert_referral = mutation(
        actions.divert_referral,
        GreenStep,
        **why("GREEN_DIVERT"),
        performer_department=place("Where the ambulance goes now (改道科室).", required=True),
        condition=text("Condition now (目前病情)."),
        eta=DateTime(description="When arrival is expected (预计到达)."),
    )
    sign_handover = mutation(
        actions.sign_handover,
        GreenStep,
        condition=text("Condition on handing over; the sender must say it (交接时病情)."),
        on_the_way=text("What was done on the way (途中处置)."),
        given=text("Papers and belongings handed over (交接物品)."),
        remarks=text("The receiver's remarks (接收方意见)."),
    )
    record_milestone = mutation(
        actions.record_milestone,
        GreenStep,
        kind=text("Which milestone, see `greenMilestones` (节点).", required=True),
        at=DateTime(required=True, description="When it happened (发生时间)."),
        reason=text("Why an earlier entry is corrected, catalogue MILESTONE_CORRECTION (更正原因)."),
        comment=words(),
    )
    stand_down = mutation(actions.stand_down, GreenStep, **why("GREEN_STAND_DOWN"))
    review_quality = mutation(
        actions.review_quality,
        GreenStep,
        from_kind=text("Milestone at which the interval began (起始节点).", required=True),
        to_kind=text("Milestone at which it ended (终止节点).", required=True),
        cause=text("Why it took so long, catalogue GREEN_BREACH (超时原因).", required=True),
        comment=words(),
    )
    broadcast_down = mutation(
        actions.broadcast_down,
        GreenStep,
        outcome=graphene.InputField(OutcomeInput, required=True, description="The outcome (结果)."),
        reason=text("What is asked of the hospital below (下转目的).", required=True),
        targets=places("Whom to ask; by the ranking from the patient's home if empty (询问科室)."),
        needed_capability=text("Code of the capability the patient needs below (所需能力)."),
        consent_by=text("Who consents to share the record (同意人).", required=True),
        consent_relation=text("The consenter's relation to the patient (与患者关系).", required=True),
    )
