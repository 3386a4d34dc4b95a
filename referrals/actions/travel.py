"""From the accepted referral to the bed: book, hold, depart, turn back, arrive, or not come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext_lazy

from consortium import capacity
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Department, Side
from referrals.actions.green import offers
from referrals.actions.green.checks import consent_given, handover_signed
from referrals.models import Booking, Journey, Referral, Status

SLOT_LENGTH = timedelta(minutes=30)
BED_KEPT = timedelta(hours=24)
BOTH = (Side.REQUESTER, Side.PERFORMER)


def let_go(referral: Referral, state: Booking.State) -> None:
    """End the booking that is kept, if there is one, in the given state."""
    referral.bookings.filter(state=Booking.State.ACTIVE).update(state=state)


def give_back(referral: Referral, move: Move) -> None:
    """Release the place, the booking and the offers that are kept for a patient who will not come now."""
    if referral.green:
        offers.withdraw_offers(referral, move)
    let_go(referral, Booking.State.RELEASED)
    capacity.release(referral.held_capacity_id)
    referral.held_capacity = None


def reserve(
    referral: Referral, move: Move, *, kind: str, place: str, starts_at: datetime, ends_at: datetime | None
) -> None:
    """Keep a place for a time, instead of the one kept so far, and write the patient's letter.

    SLOT_TAKEN if it is kept for somebody else.
    """
    if starts_at <= move.now:
        raise Refused(Code.INVALID_INPUT, _("预约时间必须晚于现在。"), field="startsAt")
    if not place.strip():
        raise Refused(Code.INVALID_INPUT, _("请填写诊室或床号。"), field="place")
    until = ends_at or starts_at + (SLOT_LENGTH if kind == Booking.Kind.SLOT else BED_KEPT)
    if until <= starts_at:
        raise Refused(Code.INVALID_INPUT, _("结束时间必须晚于开始时间。"), field="endsAt")
    booking = Booking(
        referral=referral,
        department=referral.performer_department,
        kind=kind,
        place=place.strip(),
        starts_at=starts_at,
        ends_at=until,
        letter=letter(referral, place.strip(), starts_at),
    )
    # One at a time in a department: two who swapped their places would wait for each other.
    Department.objects.select_for_update(no_key=True).get(pk=booking.department_id)
    let_go(referral, Booking.State.MOVED)
    try:
        checked(booking).save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            Code.SLOT_TAKEN, _("“{place}”在该时段已被预约，请换一个时间或位置。").format(place=place), field="place"
        ) from error


def letter(referral: Referral, place: str, starts_at: datetime) -> str:
    """The letter to the patient, in the language of the network, without diagnosis."""
    with override(settings.LANGUAGE_CODE):
        return _letter(referral, place, starts_at)


def _letter(referral: Referral, place: str, starts_at: datetime) -> str:
    return _(
        "您好：您的转诊（单号 {number}）已由{hospital}{department}安排，请于 {time} 到“{place}”就诊。"
        "请携带身份证件、医保凭证和全部检查资料；如不能按时前来，请尽早联系{origin}转诊办。{instructions}"
    ).format(
        number=referral.number,
        hospital=referral.performer_hospital,
        department=referral.performer_department,
        time=timezone.localtime(starts_at).strftime("%Y-%m-%d %H:%M"),
        place=place,
        origin=referral.requester_hospital,
        instructions=referral.instructions,
    )


@transition(
    Referral,
    label=gettext_lazy("预约"),
    sources=[Status.ACCEPTED, Status.WAITLISTED],
    target=Status.SCHEDULED,
    sides=[Side.PERFORMER],
    tells=BOTH,
)
def book_referral(
    referral: Referral, move: Move, *, kind: str, place: str, starts_at: datetime, ends_at: datetime | None = None
) -> None:
    """Lock a slot or bed for the patient and write the letter; a waitlisted patient now gets a place held."""
    if referral.held_capacity_id is None and referral.performer_department:
        referral.held_capacity_id = capacity.hold(referral.performer_department, referral.needed_capability)
    reserve(referral, move, kind=kind, place=place, starts_at=starts_at, ends_at=ends_at)


@transition(
    Referral,
    label=gettext_lazy("改期"),
    sources=[Status.SCHEDULED],
    target=None,
    sides=[Side.PERFORMER],
    tells=BOTH,
)
def reschedule_referral(
    referral: Referral,
    move: Move,
    *,
    reason: str,
    comment: str = "",
    kind: str,
    place: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
) -> None:
    """Move the booking, with a coded reason; each move is kept and counted."""
    move.because("RESCHEDULE", reason, comment)
    reserve(referral, move, kind=kind, place=place, starts_at=starts_at, ends_at=ends_at)


@transition(
    Referral,
    label=gettext_lazy("号源取消"),
    sources=[Status.SCHEDULED],
    target=Status.ACCEPTED,
    sides=[Side.PERFORMER],
    tells=BOTH,
)
def lose_booking(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """The hospital lost the slot or bed: back to accepted, to be booked anew; counted."""
    move.because("LOSE_SLOT", reason, comment)
    let_go(referral, Booking.State.LOST)


@transition(
    Referral,
    label=pgettext_lazy("step", "暂缓"),
    sources=[Status.ACCEPTED, Status.SCHEDULED],
    target=Status.ON_HOLD,
    sides=BOTH,
    tells=BOTH,
)
def hold_referral(
    referral: Referral, move: Move, *, reason: str, comment: str = "", review_at: datetime | None = None
) -> None:
    """Wait for the patient, with a coded reason and a time of review; the limit is the patient's meanwhile."""
    if review_at and review_at <= move.now:
        raise Refused(Code.INVALID_INPUT, _("复核时间必须晚于现在。"), field="reviewAt")
    move.because("HOLD", reason, comment)
    referral.status_before_hold = referral.status
    move.limit("HOLD", review_at)


@transition(
    Referral,
    label=gettext_lazy("恢复"),
    sources=[Status.ON_HOLD],
    target=None,
    sides=BOTH,
    tells=BOTH,
)
def resume_referral(referral: Referral, move: Move) -> str:
    """Go on from where the referral was put on hold, with what was left of its limit."""
    back, referral.status_before_hold = referral.status_before_hold, ""
    return back


@transition(
    Referral,
    label=gettext_lazy("出发"),
    sources=[Status.ACCEPTED, Status.SCHEDULED],
    target=Status.IN_TRANSIT,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[consent_given],
)
def depart_referral(
    referral: Referral,
    move: Move,
    *,
    condition: str,
    vehicle: str = "",
    escort: str = "",
    eta: datetime | None = None,
) -> None:
    """The patient leaves, with a handover sheet: condition, vehicle, escort, expected arrival."""
    if not condition.strip():
        raise Refused(Code.INVALID_INPUT, _("请填写出发时的病情（交接单必填）。"), field="condition")
    if eta and eta <= move.event_at:
        raise Refused(Code.INVALID_INPUT, _("预计到达时间必须晚于出发时间。"), field="eta")
    checked(
        Journey(
            referral=referral,
            departed_at=move.event_at,
            vehicle=vehicle,
            escort=escort,
            eta=eta,
            condition=condition.strip(),
        )
    ).save()
    referral.departed_at = move.event_at
    move.limit("TRANSIT", eta)


@transition(
    Referral,
    label=gettext_lazy("返回"),
    sources=[Status.IN_TRANSIT],
    target=Status.ACCEPTED,
    sides=[Side.REQUESTER],
    tells=BOTH,
)
def turn_back_referral(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """The patient turns back on the way; the place stays held, the booking must be made anew."""
    move.because("TURN_BACK", reason, comment)
    referral.journeys.filter(turned_back_at__isnull=True).update(turned_back_at=move.event_at)
    let_go(referral, Booking.State.RELEASED)
    referral.departed_at = None


@transition(
    Referral,
    label=gettext_lazy("到达"),
    sources=[Status.ACCEPTED, Status.SCHEDULED, Status.IN_TRANSIT],
    target=Status.ARRIVED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER, Side.PERFORMER],
    requires=[handover_signed],
)
def arrive_referral(referral: Referral, move: Move) -> None:
    """The patient is here; the sender now owes the full record."""
    if referral.departed_at and move.event_at < referral.departed_at:
        raise Refused(Code.INVALID_INPUT, _("到达时间不能早于出发时间，请核对。"), field="eventAt")
    referral.arrived_at = move.event_at
    let_go(referral, Booking.State.USED)
    capacity.occupy(referral.held_capacity_id)
    referral.held_capacity = None


@transition(
    Referral,
    label=pgettext_lazy("step", "未到诊"),
    sources=[Status.SCHEDULED],
    target=Status.NO_SHOW,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def record_no_show(referral: Referral, move: Move, *, reason: str | None = None, comment: str = "") -> None:
    """The patient did not attend; the sender's task is to phone, and to send again or to end."""
    booking = referral.bookings.get(state=Booking.State.ACTIVE)
    if move.now < booking.starts_at:
        raise Refused(Code.INVALID_STATE, _("尚未到预约时间，不能登记未到诊。"))
    if reason:
        move.because("NO_SHOW", reason, comment)
    let_go(referral, Booking.State.MISSED)
    give_back(referral, move)
