"""Add what changed since to the days and months that figures are summed from."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consortium.access import SYSTEM
from consortium.database.acting import acting
from referrals import rollup


class Command(BaseCommand):
    """`manage.py settle_figures`: a job of the worker; figures are exact without it and only grow slower."""

    help = "Settle the roll-up of legs; --recount counts every leg anew (by the owner)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--recount`."""
        parser.add_argument("--recount", action="store_true", help="Count every leg anew.")

    def handle(self, *args: Any, recount: bool = False, verbosity: int = 1, **options: Any) -> None:
        """Say what was done."""
        if recount:
            rollup.recount()
            said = "counted anew"
        else:
            with acting(SYSTEM):
                said = f"{rollup.settle()} changes settled"
        if verbosity:
            self.stdout.write(said)
