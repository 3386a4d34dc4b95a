"""What the clock does by itself: propose expiry of stale referrals."""

from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from consortium.access import SYSTEM
from consortium.errors import Refused
from referrals import actions
from referrals.models import Referral


class Command(BaseCommand):
    """`manage.py tick`: run it every few minutes; nothing expires without a person's confirmation."""

    help = "Propose to the senders that stale referrals expire."

    def handle(self, *args: Any, **options: Any) -> None:
        """Propose expiry of each stale referral in a transaction of its own."""
        now = timezone.now()
        proposed = 0
        for referral in Referral.objects.filter(pk__in=list(actions.stale(now))).only("pk", "version"):
            # Somebody moved it meanwhile: then it is not stale.
            with suppress(Refused), transaction.atomic():
                actions.propose_expiry(by=SYSTEM, id=referral.pk, expected_version=referral.version, now=now)
                proposed += 1
        self.stdout.write(f"expiry proposed for {proposed}")
