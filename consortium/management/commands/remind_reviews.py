"""Tell of the reviews of emergency access that are overdue."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import breakglass, moment


class Command(BaseCommand):
    """`manage.py remind_reviews`: run it every hour; each overdue review is escalated once."""

    help = "Escalate the reviews of emergency access that are overdue."

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        """Say how many."""
        told = breakglass.escalate(now=moment.now())
        if verbosity:
            self.stdout.write(f"overdue reviews escalated: {told}")
