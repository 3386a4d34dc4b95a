"""What a step of the green channel, or a step on a green leg, asks beside role and state."""

from django.db.models import Q
from django.utils.translation import gettext as _

from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.requirements import requirement
from referrals.models import Pathway, Referral

GREEN = Q(pathway=Pathway.GREEN_CHANNEL)
SIGNED = Q(handover__sender_signed_at__isnull=False, handover__receiver_signed_at__isnull=False)


@requirement(lambda by: GREEN)
def is_green(referral: Referral, by: Actor) -> Refused | None:
    """Only for legs of the green channel."""
    if not referral.green:
        return Refused(Code.INVALID_STATE, _("这一步只适用于绿色通道。"))
    return None


@requirement(lambda by: Q(consent_at__isnull=True))
def consent_awaited(referral: Referral, by: Actor) -> Refused | None:
    """Consent to the transfer is given or refused once."""
    if referral.consent_at:
        return Refused(Code.INVALID_STATE, _("已记录同意转院，无需重复。"))
    return None


@requirement(lambda by: ~GREEN | Q(consent_at__isnull=False))
def consent_given(referral: Referral, by: Actor) -> Refused | None:
    """A green-channel patient leaves only after somebody consented."""
    if referral.green and referral.consent_at is None:
        return Refused(
            Code.CONSENT_REQUIRED,
            _("请先登记同意转院；无法取得患者或近亲属意见时，登记批准的医疗机构负责人（民法典第 1220 条）。"),
        )
    return None


@requirement(lambda by: ~GREEN | SIGNED)
def handover_signed(referral: Referral, by: Actor) -> Refused | None:
    """A green-channel patient has arrived when both sides have signed the handover."""
    sheet = getattr(referral, "handover", None)  # absent until somebody signs
    if referral.green and not (sheet and sheet.signed):
        return Refused(Code.INCOMPLETE, _("请双方先在交接单上签字，再登记到达。"))
    return None


@requirement(lambda by: ~Q(case__patient__temporary_identity=""))
def unidentified(referral: Referral, by: Actor) -> Refused | None:
    """Only a temporary identity can be replaced."""
    if not referral.patient.temporary_identity:
        return Refused(Code.INVALID_STATE, _("患者身份已经核实。"))
    return None
