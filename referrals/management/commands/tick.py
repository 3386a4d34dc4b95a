"""What the clock does by itself: call the next ring, remind those who are late, propose expiry of what is stale."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from consortium import lifecycle
from consortium.access import SYSTEM
from consortium.errors import Refused
from consortium.escalation import escalate
from referrals import actions
from referrals.models import Referral


class Command(BaseCommand):
    """`manage.py tick`: run it every minute; two at once do no harm, and nothing expires without a confirmation."""

    help = "Widen silent green-channel calls, remind those who are late, propose that stale referrals expire."

    def handle(self, *args: Any, **options: Any) -> None:
        """Take each of the clock's steps in a transaction of its own, then climb the ladder of reminders."""
        now = timezone.now()
        widened = take(actions.widen_on_silence, list(actions.unanswered_broadcasts(now)), now=now)
        for model in lifecycle.STEPS:
            tally = escalate(model, now=now)
            self.stdout.write(
                f"{model.KIND}: reminders {tally.reminders} · empty rungs {tally.alarms} · unheard {len(tally.unheard)}"
            )
        stale = Referral.objects.filter(pk__in=list(actions.stale(now))).values_list("pk", "version")
        proposed = take(actions.propose_expiry, list(stale), now=now)
        self.stdout.write(f"calls widened {widened} · expiry proposed for {proposed}")


def take(step: Callable[..., Referral], due: Iterable[tuple[UUID, int]], **given: Any) -> int:
    """Take one step on each referral that is due; how many took place."""
    taken = 0
    for pk, version in due:
        # Somebody moved it meanwhile: then the clock has nothing to do.
        with suppress(Refused), transaction.atomic():
            step(by=SYSTEM, id=pk, expected_version=version, **given)
            taken += 1
    return taken
