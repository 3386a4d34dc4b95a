"""What the clock does by itself: call the next ring where nobody answers, propose expiry of stale referrals."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from consortium.access import SYSTEM
from consortium.errors import Refused
from referrals import actions
from referrals.models import Referral


class Command(BaseCommand):
    """`manage.py tick`: run it every minute; nothing expires without a person's confirmation."""

    help = "Widen silent green-channel calls; propose to the senders that stale referrals expire."

    def handle(self, *args: Any, **options: Any) -> None:
        """Take each of the clock's steps in a transaction of its own."""
        now = timezone.now()
        stale = Referral.objects.filter(pk__in=list(actions.stale(now))).values_list("pk", "version")
        widened = take(actions.widen_on_silence, list(actions.unanswered_broadcasts(now)), now=now)
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
