"""Delete abandoned uploads, files without an owner, and images whose retention is over; take up forgotten checks."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import moment
from telemedicine.uploads.check import begin_checks
from telemedicine.uploads.clean import clean


class Command(BaseCommand):
    """`manage.py clean_uploads`: run it every hour."""

    help = "Delete abandoned uploads and images whose retention is over."

    def handle(self, *args: Any, **options: Any) -> None:
        """Clean, and tell in one line what was done."""
        done = clean(now=moment.now())
        if done.unchecked:
            begin_checks()
        self.stdout.write(
            f"expired {done.expired} · orphans {done.orphans} · retired {done.retired} · to check {done.unchecked}"
        )
