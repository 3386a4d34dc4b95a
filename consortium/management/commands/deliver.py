"""Deliver once what is due, for a machine that runs no worker."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import moment, outbox


class Command(BaseCommand):
    """`manage.py deliver`: one pass over the outbox, such as from cron; workers may run beside it."""

    help = "Deliver what is due now, then end."

    def handle(self, *args: Any, **options: Any) -> None:
        """Send and say what came of it."""
        taken, missed = outbox.deliver(now=moment.now())
        self.stdout.write(f"delivered {taken}, failed {missed}")
