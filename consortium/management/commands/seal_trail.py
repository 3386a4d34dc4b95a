"""Verify the audit trail since its last heads and sign the new ones."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortium import heads, moment


class Command(BaseCommand):
    """`manage.py seal_trail`: run it every hour; a chain that was altered is told, and signed no further."""

    help = "Verify the audit trail since its last heads and sign the new ones."

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        """Say how far it is sound; a CommandError names every chain that is not."""
        found = heads.seal(now=moment.now())
        if verbosity:
            self.stdout.write(f"{found.rows} entries verified in {len(found.reached)} chains")
        if found.faults:
            raise CommandError(found.complaint())
