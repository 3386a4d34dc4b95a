"""What the clock does by itself: call the next ring, remind those who are late, propose expiry of what is stale."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consortium import moment
from consortium.errors import Refused
from referrals.rounds import take_round


class Command(BaseCommand):
    """`manage.py tick`: run it every minute; two at once do no harm, and nothing expires without a confirmation."""

    help = "Widen silent green-channel calls, remind those who are late, propose that stale referrals expire."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--ahead`."""
        parser.add_argument(
            "--ahead", type=float, default=0.0, help="First let so many minutes pass; demonstrations only."
        )

    def handle(self, *args: Any, ahead: float = 0.0, verbosity: int = 1, **options: Any) -> None:
        """Let time pass if asked to, take one round, and say what it did."""
        if ahead < 0:
            raise CommandError("time does not go back: --ahead takes minutes from 0 on")
        if ahead:
            try:
                moment.put_ahead(timedelta(minutes=ahead))
            except Refused as refused:
                raise CommandError(refused.message) from refused
        done = take_round(moment.now())
        if verbosity == 0:
            return
        for kind, tally in done.reminded.items():
            self.stdout.write(
                f"{kind}: reminders {tally.reminders} · empty rungs {tally.alarms} · unheard {len(tally.unheard)}"
            )
        self.stdout.write(f"calls widened {done.widened} · expiry proposed for {done.proposed}")
