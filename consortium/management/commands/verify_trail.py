"""Verify the whole audit trail against every head that was signed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consortium import heads, moment


class Command(BaseCommand):
    """`manage.py verify_trail`: every chain from its first entry; exits with 1 if one was altered."""

    help = "Verify the whole audit trail against every head that was signed."

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        """Say how far it is sound; a CommandError names every chain that is not."""
        found = heads.verify(now=moment.now())
        if verbosity:
            self.stdout.write(f"{found.rows} entries verified in {len(found.reached)} chains")
        if found.faults:
            raise CommandError(found.complaint())
