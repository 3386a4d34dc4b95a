"""The downward fast track: a specialist calls several hospitals below for one bed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from consortium.errors import Code, Refused
from consortium.lifecycle import Move, transition
from consortium.models import Side
from referrals import content
from referrals.actions.finish import downward_leg
from referrals.actions.green.broadcast import begin_broadcast, rule_of
from referrals.models import Direction, Pathway, Referral, Status

KIND = "STEP_DOWN"


@transition(
    Referral,
    label=pgettext_lazy("step", "下转快速通道"),
    sources=[Status.ARRIVED],
    target=Status.OUTCOME_RETURNED,
    sides=[Side.PERFORMER],
    tells=[Side.REQUESTER],
)
def broadcast_down(
    referral: Referral,
    move: Move,
    *,
    outcome: Mapping[str, Any],
    reason: str,
    targets: Sequence[UUID] | None = None,
    needed_capability: str | None = None,
    consent_by: str,
    consent_relation: str,
) -> None:
    """Return the outcome and call hospitals below for a bed, the nearest to the patient's home first."""
    rule = rule_of(KIND, now=move.now, down=True)
    leg = downward_leg(referral, move, outcome, series="G", pathway=Pathway.GREEN_CHANNEL, green_kind=rule.concept)
    leg.direction = Direction.DOWN
    written = {"reason": reason, "consent_by": consent_by, "consent_relation": consent_relation}
    content.write(leg, move.now, **written, needed_capability=needed_capability)
    content.require_complete(leg, today=timezone.localdate(move.now))
    begin_broadcast(leg, rule, move, only=targets)
    if not leg.offers.exists():
        raise Refused(Code.INVALID_INPUT, _("没有可询问的下级医院，请指定科室，或用普通下转。"), field="targets")
    if leg.offers.exclude(performer_hospital__level__in=levels_below(referral)).exists():
        raise Refused(Code.INVALID_INPUT, _("下转只能转往级别更低的医院。"), field="targets")


def levels_below(referral: Referral) -> list[str]:
    """The levels of hospitals to which the performer may refer down."""
    hospital = referral.performer_hospital
    tiers = type(hospital)._meta.get_field("level").choices or [] if hospital else []
    return [level for level, _label in tiers if hospital and Direction.between(hospital.level, level) is Direction.DOWN]
