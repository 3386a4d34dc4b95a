"""How a referral ends early: managed locally, cancelled, death, expiry, entered in error."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consortium import clocks, lifecycle, outbox
from consortium.access import Actor
from consortium.database.acting import beyond
from consortium.database.together import Writing
from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Event, Patient, Priority, Side
from consortium.requirements import requirement
from referrals.actions.travel import BOTH, give_back
from referrals.models import Ending, Referral, Status

OPEN = [
    status
    for status in Status
    if status not in (Status.CLOSED, Status.CANCELLED, Status.REDIRECTED, Status.ENTERED_IN_ERROR)
]
BEFORE_DEPARTURE = [s for s in OPEN if s not in (Status.IN_TRANSIT, Status.ARRIVED, Status.OUTCOME_RETURNED)]


@requirement(lambda by: Q(expiry_version=F("version")))
def expiry_proposed(referral: Referral, by: Actor) -> Refused | None:
    """Expiry is proposed by the clock and confirmed by a person; any step since then withdraws the proposal."""
    if referral.expiry_version != referral.version:
        return Refused(Code.INVALID_STATE, _("系统尚未提议过期；请先处理该单，或取消。"))
    return None


@requirement(lambda by: Q(created_by=by.person, error_reported_at__isnull=True))
def own_entry(referral: Referral, by: Actor) -> Refused | None:
    """Who wrote it reports the mistake."""
    if by.person is None or referral.created_by_id != by.person.pk:
        return Refused(Code.FORBIDDEN, _("录入错误须由填写人本人提出。"))
    if referral.error_reported_at:
        return Refused(Code.INVALID_STATE, _("已提出录入错误，等待医院管理员确认。"))
    return None


@requirement(lambda by: Q(error_reported_at__isnull=False) & ~Q(created_by=by.person))
def error_reported(referral: Referral, by: Actor) -> Refused | None:
    """Two people withdraw an entry: the author reports, another confirms."""
    if referral.error_reported_at is None:
        return Refused(Code.INVALID_STATE, _("填写人尚未提出录入错误。"))
    if by.person and referral.created_by_id == by.person.pk:
        return Refused(Code.SECOND_PERSON_NEEDED, _("录入错误须由填写人以外的管理员确认。"))
    return None


@transition(
    Referral,
    label=gettext_lazy("结束"),
    sources=[Status.ADVISED, Status.REJECTED],
    target=Status.CLOSED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def close_referral(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """End after advice or rejection, with what became of the patient: managed locally, not needed …"""
    move.because("LOCAL_END", reason, comment)
    referral.end(Ending.LOCAL, move.now)


@transition(
    Referral,
    label=pgettext_lazy("step", "取消"),
    sources=BEFORE_DEPARTURE,
    target=Status.CANCELLED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def cancel_referral(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """Withdraw before departure, with a coded reason; what was held is released and the performer told."""
    move.because("CANCEL", reason, comment)
    give_back(referral, move)
    referral.end(Ending.CANCELLED, move.now)


@transition(
    Referral,
    label=gettext_lazy("登记死亡"),
    sources=OPEN,
    target=Status.CLOSED,
    sides=BOTH,
    tells=BOTH,
)
def record_death(referral: Referral, move: Move, *, comment: str = "") -> None:
    """The patient has died: every limit of every leg stops at once; this leg ends, and each that waits to depart.

    Where the patient is on the way or in a bed elsewhere, both sides are told, and they end the leg themselves.
    """
    move.comment = comment.strip()
    patient = referral.patient
    patient.deceased_at = patient.deceased_at or move.event_at
    patient.save(update_fields=["deceased_at", "name_grams"])
    with beyond():  # other hospitals' legs and cases, which this one may not see
        _end_elsewhere(referral, patient, move)
    give_back(referral, move)
    referral.end(Ending.DECEASED, move.now)


def _end_elsewhere(referral: Referral, patient: Patient, move: Move) -> None:
    rows = Referral.objects.select_related(*Referral.LOADED).select_for_update(of=("self",), no_key=True)
    others = list(rows.filter(case__patient=patient, closed_at__isnull=True).exclude(pk=referral.pk).order_by("id"))
    for other in others:
        other.case.patient = patient
    # Words beside this leg are not for the parties of another one.
    elsewhere = replace(move, comment="", detail={"elsewhere": True}, tells=BOTH)
    waiting = [leg for leg in others if leg.status in BEFORE_DEPARTURE]
    _warn([leg for leg in others if leg not in waiting], elsewhere)
    _end_before_departure(waiting, elsewhere)
    _silence(patient, move)


def _end_before_departure(legs: Sequence[Referral], move: Move) -> None:
    """Nobody will come: what is held for the patient is free for others, and both sides are told."""
    for leg in legs:
        give_back(leg, move)
        leg.end(Ending.DECEASED, move.now)
    lifecycle.carry(legs, move, status=Status.CLOSED, tells=BOTH, also=("ending", "held_capacity"))
    for leg in legs:
        leg.after_step(move)


def _silence(patient: Patient, move: Move) -> None:
    """Nobody is reminded any more of what is asked about the patient in other kinds of cases; they stay open."""
    for model in lifecycle.STEPS:
        if model is not Referral:
            rows = model.objects.filter(**{model.OF_PATIENT: patient}, closed_at__isnull=True)
            cases = list(rows.select_related(*model.LOADED).order_by("id"))
            _hush(cases, move)


def _warn(legs: Sequence[Referral], move: Move) -> None:
    """What hands at the bedside do is not overruled from elsewhere: the leg stays open, silent, and both are told."""
    _hush(legs, move)
    for leg in legs:
        lifecycle.note(leg, move)


def _hush(cases: Sequence[Any], move: Move) -> None:
    """Every limit of these cases stops, and nobody is sent what still waits to be sent of them."""
    if cases:
        writing = Writing()
        outbox.call_back(cases, but=move.step, writing=writing)
        clocks.refresh(cases, writing)
        writing.store()


@transition(
    Referral,
    label=gettext_lazy("提议过期"),
    sources=OPEN,
    target=None,
    sides=(),
    tells=[Side.REQUESTER],
)
def propose_expiry(referral: Referral, move: Move) -> None:
    """The clock proposes to let a stale referral expire; the sender decides."""
    referral.expiry_proposed_at = move.now
    referral.expiry_version = referral.version + 1


@transition(
    Referral,
    label=gettext_lazy("确认过期"),
    sources=OPEN,
    target=Status.CLOSED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[expiry_proposed],
)
def confirm_expiry(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """Let a stale referral end, as the clock proposed."""
    move.because("EXPIRY", reason, comment)
    give_back(referral, move)
    referral.end(Ending.EXPIRED, move.now)


@transition(
    Referral,
    label=gettext_lazy("提出录入错误"),
    sources=[status for status in Status if status != Status.ENTERED_IN_ERROR],
    target=None,
    sides=[Side.REQUESTER],
    tells=[Side.REQUESTER],
    requires=[own_entry],
    while_closed=True,
)
def report_error(referral: Referral, move: Move, *, reason: str, comment: str = "") -> None:
    """The author reports that this should never have been entered; the hospital's administrator confirms."""
    move.because("ENTERED_IN_ERROR", reason, comment)
    referral.error_reported_at = move.now


@transition(
    Referral,
    label=gettext_lazy("确认录入错误"),
    sources=[status for status in Status if status != Status.ENTERED_IN_ERROR],
    target=Status.ENTERED_IN_ERROR,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[error_reported],
    while_closed=True,
)
def confirm_error(referral: Referral, move: Move) -> None:
    """Take the entry out of every statistic; it stays on the trail."""
    give_back(referral, move)
    referral.end(Ending.ENTERED_IN_ERROR, move.now)


def stale(now: datetime) -> Iterable[UUID]:
    """The open legs of living patients that nobody has moved for as long as the registry's EXPIRY limit says."""
    limit = clocks.target("EXPIRY", Priority.ROUTINE, now=now)
    if limit is None:
        return []
    moved = Event.objects.filter(subject_id=OuterRef("pk"), recorded_at__gte=now - limit).exclude(kind="escalate")
    quiet = Referral.objects.filter(~Exists(moved), closed_at__isnull=True, case__patient__deceased_at__isnull=True)
    # A proposal stands until the next step, so it is made once for each version.
    return quiet.exclude(expiry_version=F("version")).values_list("pk", flat=True)
