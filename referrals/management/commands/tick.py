"""What the clock does by itself: remind those who are late, and propose expiry of stale referrals."""

from contextlib import suppress
from typing import Any

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

    help = "Remind those who are late, and propose to the senders that stale referrals expire."

    def handle(self, *args: Any, **options: Any) -> None:
        """Climb the ladder of reminders on every case, then propose expiry; each in a transaction of its own."""
        now = timezone.now()
        for model in lifecycle.STEPS:
            tally = escalate(model, now=now)
            self.stdout.write(
                f"reminders {tally.reminders} · empty rungs {tally.alarms} · unheard {len(tally.unheard)}"
            )
        proposed = 0
        for referral in Referral.objects.filter(pk__in=list(actions.stale(now))).only("pk", "version"):
            # Somebody moved it meanwhile: then it is not stale.
            with suppress(Refused), transaction.atomic():
                actions.propose_expiry(by=SYSTEM, id=referral.pk, expected_version=referral.version, now=now)
                proposed += 1
        self.stdout.write(f"expiry proposed for {proposed}")
