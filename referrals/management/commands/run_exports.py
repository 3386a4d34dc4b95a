"""Make the exports that wait, one after the other, and delete the files that were kept long enough."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import moment
from referrals.exports import run_next, tidy


class Command(BaseCommand):
    """`manage.py run_exports`: the service begins it by itself; several at once share the work."""

    help = "Make the exports that wait and delete those that have expired."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until nothing waits."""
        tidy(now=moment.now())
        while export := run_next(now=moment.now()):
            self.stdout.write(f"{export.pk} {export.state} {export.problem}".strip())
