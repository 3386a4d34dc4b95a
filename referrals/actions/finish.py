"""The loop closes: the full record goes, the outcome comes back, is acknowledged and followed up."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consortium import clocks, lifecycle, registry
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.lifecycle import Move, transition
from consortium.models import Concept, Department, Side
from consortium.requirements import requirement
from referrals import content
from referrals.actions.send import send
from referrals.models import ClinicalSummary, Direction, Ending, Outcome, Pathway, Referral, Status
from referrals.numbers import next_number


@requirement(lambda by: Q(arrived_at__isnull=False, ending__in=("", Ending.COMPLETED)))
def has_outcome(referral: Referral, by: Actor) -> Refused | None:
    """Only what was completed can be amended."""
    if referral.arrived_at is None or referral.ending not in ("", Ending.COMPLETED):
        return Refused(Code.INVALID_STATE, _("该单没有已回传的结果，无法修订。"))
    return None


def follow_up_day(outcome: Mapping[str, Any], now: date) -> date | None:
    """The day of the follow-up that the specialist set; INVALID_INPUT if it has passed."""
    day = outcome.get("follow_up_date")
    if day and day < now:
        raise Refused(Code.INVALID_INPUT, _("随访日期不能早于今天。"), field="outcome.followUpDate")
    return day


def write_outcome(referral: Referral, move: Move, outcome: Mapping[str, Any]) -> tuple[Outcome, list[Concept]]:
    """Store the next version of the outcome and start the sender's limit to acknowledge it."""
    given = dict(outcome)
    if not (given.get("treatment") or "").strip():
        raise Refused(Code.INVALID_INPUT, _("请填写诊治经过。"), field="outcome.treatment")
    codes = list(dict.fromkeys(given.pop("diagnoses", None) or ()))
    if not codes:
        raise Refused(Code.INVALID_INPUT, _("请至少填写一个出院诊断。"), field="outcome.diagnoses")
    diagnoses = registry.concepts("ICD10", codes, on=timezone.localdate(move.now), field="outcome.diagnoses")
    follow_up_day(given, timezone.localdate(move.now))
    row = Outcome(
        referral=referral,
        version=referral.outcomes.count() + 1,
        returned_at=move.event_at,
        returned_by=move.by.person,
        **{name: value for name, value in given.items() if value is not None},
    )
    checked(row).save(force_insert=True)
    row.diagnoses.set(diagnoses)
    move.detail["outcomeVersion"] = row.version
    return row, diagnoses


@requirement(lambda by: Q(clock_kind="FULL_RECORD"))
def record_awaited(referral: Referral, by: Actor) -> Refused | None:
    """The full record is sent once."""
    if referral.clock_kind != "FULL_RECORD":
        return Refused(Code.INVALID_STATE, _("完整病历已经送达，无需重复。"))
    return None


@transition(
    Referral,
    label=gettext_lazy("送达完整病历"),
    sources=[Status.ARRIVED],
    target=None,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
    requires=[record_awaited],
)
def send_record(referral: Referral, move: Move, *, note: str) -> None:
    """The sender has supplied the full record; the performer's limit to return the outcome runs from here."""
    if not note.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明送达了哪些病历资料。"), field="note")
    move.comment = note.strip()


@transition(
    Referral,
    label=gettext_lazy("回传结果"),
    sources=[Status.ARRIVED],
    target=Status.OUTCOME_RETURNED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def return_outcome(referral: Referral, move: Move, *, outcome: Mapping[str, Any]) -> None:
    """Return what was found and done to the sender, who acknowledges it."""
    write_outcome(referral, move, outcome)


def downward_leg(
    referral: Referral, move: Move, outcome: Mapping[str, Any], *, series: str = "R", **changes: Any
) -> Referral:
    """Store the outcome and make the leg back, not yet aimed nor stored: the specialist's department sends it."""
    written, diagnoses = write_outcome(referral, move, outcome)
    facts = ClinicalSummary.objects.create(
        case=referral.case,
        summary=written.treatment,
        treatment=written.drugs,
        allergies=referral.clinical.allergies,
    )
    facts.diagnose(diagnoses)
    return content.copy_of(
        referral,
        clinical=facts,
        number=next_number(series, move.now),
        requester_hospital=referral.performer_hospital,
        requester_department=referral.performer_department,
        needed_capability=None,
        created_by=move.by.person,
        created_at=move.event_at,
        hops=0,
        **{"pathway": Pathway.ROUTINE, "green_kind": None} | changes,
    )


@transition(
    Referral,
    label=pgettext_lazy("step", "下转"),
    sources=[Status.ARRIVED],
    target=Status.OUTCOME_RETURNED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def refer_down(
    referral: Referral,
    move: Move,
    *,
    outcome: Mapping[str, Any],
    reason: str,
    performer_department: UUID | None = None,
    consent_by: str,
    consent_relation: str,
) -> None:
    """Return the outcome and send the patient back as a new leg, by default to the department the case came from."""
    leg = downward_leg(referral, move, outcome)
    home: Department | None = None if performer_department else referral.requester_department
    content.aim(leg, content.destination(home.pk if home else performer_department))
    if leg.direction != Direction.DOWN:
        raise Refused(Code.INVALID_INPUT, _("下转只能转往级别更低的医院。"), field="performerDepartment")
    content.write(leg, move.now, reason=reason, consent_by=consent_by, consent_relation=consent_relation)
    content.require_complete(leg, today=timezone.localdate(move.now))
    send(leg, move.now)
    lifecycle.begin(leg, move, status=Status.SENT, tells=(Side.PERFORMER,))


@transition(
    Referral,
    label=gettext_lazy("修订结果"),
    sources=[Status.OUTCOME_RETURNED, Status.CLOSED],
    target=Status.OUTCOME_RETURNED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
    requires=[has_outcome],
    while_closed=True,
)
def amend_outcome(referral: Referral, move: Move, *, outcome: Mapping[str, Any]) -> None:
    """Return a new version of the outcome, which must be acknowledged again; the old ones stay readable."""
    referral.reopen()
    write_outcome(referral, move, outcome)


@transition(
    Referral,
    label=gettext_lazy("确认结果"),
    sources=[Status.OUTCOME_RETURNED],
    target=Status.CLOSED,
    sides=[Side.REQUESTER],
    tells=[Side.PERFORMER],
)
def acknowledge_outcome(referral: Referral, move: Move) -> None:
    """The sender has read the outcome: the loop is closed, and the follow-up falls due."""
    latest = referral.outcomes.latest("version")
    latest.acknowledged_at = move.event_at
    latest.save(update_fields=["acknowledged_at"])
    due = clocks.due(referral, "FOLLOW_UP", now=move.now) or move.now
    if latest.follow_up_date:  # the specialist may want the patient seen sooner, not later
        due = min(due, timezone.make_aware(datetime.combine(latest.follow_up_date, time.max)))
    referral.follow_up_due_at = due
    move.limit("FOLLOW_UP", due)
    referral.end(Ending.COMPLETED, move.now)


@requirement(lambda by: Q(follow_up_due_at__isnull=False, followed_up_at__isnull=True))
def follow_up_due(referral: Referral, by: Actor) -> Refused | None:
    """A completed referral is followed up once."""
    if referral.follow_up_due_at is None or referral.followed_up_at:
        return Refused(Code.INVALID_STATE, _("该单没有待完成的随访。"))
    return None


@transition(
    Referral,
    label=gettext_lazy("登记随访"),
    sources=[Status.CLOSED],
    target=None,
    sides=[Side.REQUESTER],
    requires=[follow_up_due],
    while_closed=True,
)
def record_follow_up(referral: Referral, move: Move, *, note: str) -> None:
    """The sender has seen or phoned the patient after the loop was closed."""
    if not note.strip():
        raise Refused(Code.INVALID_INPUT, _("请写明随访情况。"), field="note")
    move.comment = note.strip()
    referral.followed_up_at = move.event_at
