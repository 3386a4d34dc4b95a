"""What the clock does by itself in one round: call the next ring, remind those who are late, propose expiry."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from consortium import lifecycle
from consortium.access import SYSTEM
from consortium.errors import Refused
from consortium.escalation import Tally, escalate
from referrals import actions
from referrals.models import Referral


@dataclass
class Round:
    """What one round did: calls widened, reminders by kind of case, proposals of expiry."""

    widened: int = 0
    reminded: dict[str, Tally] = field(default_factory=dict)
    proposed: int = 0


def take_round(now: datetime) -> Round:
    """Take each of the clock's steps that is due in a transaction of its own; two rounds at once do no harm."""
    widened = take(actions.widen_on_silence, list(actions.unanswered_broadcasts(now)), now=now)
    reminded = {model.KIND: escalate(model, now=now) for model in lifecycle.STEPS}
    stale = Referral.objects.filter(pk__in=list(actions.stale(now))).values_list("pk", "version")
    return Round(widened, reminded, take(actions.propose_expiry, list(stale), now=now))


def take(step: Callable[..., Referral], due: Iterable[tuple[UUID, int]], **given: Any) -> int:
    """Take one step on each referral that is due; how many took place."""
    taken = 0
    for pk, version in due:
        # Somebody moved it meanwhile: then the clock has nothing to do.
        with suppress(Refused), transaction.atomic():
            step(by=SYSTEM, id=pk, expected_version=version, **given)
            taken += 1
    return taken
