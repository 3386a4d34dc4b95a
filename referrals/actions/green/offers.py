"""The asked hospital's side: read, negotiate, can take, cannot take; and what the sender hears on the telephone."""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import lifecycle
from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Side
from consortium.requirements import requirement
from referrals.models import LIVE, UNANSWERED, Offer, OfferStatus, PhoneAnswer, Referral


@requirement(lambda by: Q(phone_answered_at__isnull=False, phone_confirmed_at__isnull=True))
def unconfirmed(offer: Offer, by: Actor) -> Refused | None:
    """Only what the sender typed from the telephone is to be confirmed, once."""
    if not offer.unconfirmed:
        return Refused(Code.INVALID_STATE, _("没有待确认的电话答复。"))
    return None


def read(offer: Offer, move: Move) -> None:
    """Remember when the asked hospital first looked."""
    offer.read_at = offer.read_at or move.event_at


@transition(
    Offer,
    label=gettext_lazy("阅读询问"),
    sources=[OfferStatus.ASKED],
    target=OfferStatus.READ,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def read_offer(offer: Offer, move: Move) -> None:
    """Tell the sender that the call has been read."""
    read(offer, move)


@transition(
    Offer,
    label=gettext_lazy("商议"),
    sources=UNANSWERED,
    target=OfferStatus.NEGOTIATING,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def negotiate_offer(offer: Offer, move: Move, *, message: str) -> None:
    """Ask or propose something before answering."""
    if not message.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明需要商议的内容。"), field="message")
    read(offer, move)
    offer.message = message.strip()


@transition(
    Offer,
    label=gettext_lazy("可以接收"),
    sources=UNANSWERED,
    target=OfferStatus.OFFERED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def offer_place(offer: Offer, move: Move, *, message: str = "") -> None:
    """Say that the patient can be taken, with what must be known; the sender chooses."""
    read(offer, move)
    offer.answered_at = move.event_at
    offer.message = message.strip() or offer.message


@transition(
    Offer,
    label=gettext_lazy("不能接收"),
    sources=LIVE,
    target=OfferStatus.DECLINED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def decline_offer(offer: Offer, move: Move, *, reason: str, comment: str = "") -> None:
    """Say with a coded reason that the patient cannot be taken, or take an offer back before it is chosen."""
    read(offer, move)
    decline(offer, move, reason, comment)


def decline(offer: Offer, move: Move, reason: str, comment: str) -> None:
    """End the offer with a coded reason."""
    offer.decline_reason = move.because("GREEN_DECLINE", reason, comment)
    offer.answered_at, offer.closed_at = move.event_at, move.now


@transition(
    Offer,
    label=gettext_lazy("登记电话答复"),
    sources=UNANSWERED,
    target=None,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def record_phone_answer(
    offer: Offer, move: Move, *, answer: str, spoken_with: str, reason: str | None = None, comment: str = ""
) -> str:
    """Type what the asked hospital said on the telephone; it stays unconfirmed until that hospital confirms it."""
    if not spoken_with.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明通话人。"), field="spokenWith")
    offer.phone_spoken_with, offer.phone_answered_at = spoken_with.strip(), move.event_at
    offer.answered_at = move.event_at
    if answer == PhoneAnswer.CAN_TAKE:
        return OfferStatus.OFFERED
    if not reason:
        raise Refused(Code.INVALID_INPUT, _("请选择不能接收的原因。"), field="reason")
    decline(offer, move, reason, comment)
    return OfferStatus.DECLINED


@transition(
    Offer,
    label=gettext_lazy("确认电话答复"),
    sources=[OfferStatus.OFFERED, OfferStatus.DECLINED, OfferStatus.CHOSEN],
    target=None,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[unconfirmed],
    while_closed=True,
)
def confirm_phone_answer(offer: Offer, move: Move) -> None:
    """Confirm that the answer typed by the sender is the hospital's own."""
    offer.phone_confirmed_at = move.event_at


def locked_offers(referral: Referral) -> list[Offer]:
    """The offers of a locked leg that still stand, locked."""
    rows = Offer.objects.select_related(*Offer.LOADED).select_for_update(of=("self",), no_key=True)
    return list(rows.filter(referral=referral, status__in=LIVE).order_by("id"))


def release_offers(offers: list[Offer], move: Move) -> None:
    """Another hospital was chosen: the rest are free again and told."""
    _end(offers, move, OfferStatus.RELEASED)


def withdraw_offers(referral: Referral, move: Move) -> None:
    """Nobody is needed any more: every hospital that was asked is told."""
    _end(locked_offers(referral), move, OfferStatus.WITHDRAWN)


def _end(offers: list[Offer], move: Move, status: OfferStatus) -> None:
    for offer in offers:
        offer.closed_at = move.now
    lifecycle.carry(offers, move, status=status, tells=(Side.PERFORMER,))
