"""Ask the catalogue of a secured database what a reviewer would look for."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from consortium.database import lint, security


class Command(BaseCommand):
    """`manage.py lint_database`: prints what breaks a rule and fails, or says how many rules hold."""

    help = "Check roles, policies, grants, functions, views and triggers of the database against the rules."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--fresh`."""
        parser.add_argument("--fresh", action="store_true", help="Ask a new database, gone afterwards, instead.")

    def handle(self, *args: Any, fresh: bool = False, **options: Any) -> None:
        """Ask every rule."""
        if not fresh:
            self.ask()
            return
        connection.settings_dict["TEST"]["NAME"] = f"lint_{connection.settings_dict['NAME']}"
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": None}, serialized_aliases=[])
        try:
            security.secure()
            self.ask()
        finally:
            teardown_databases(made, verbosity=0)

    def ask(self) -> None:
        """Print what breaks a rule and fail, or say how many rules hold."""
        found = lint.findings()
        for finding in found:
            self.stderr.write(f"{finding.rule}: {finding.what}")
        if found:
            raise CommandError(f"{len(found)} findings")
        self.stdout.write(f"{len(lint.RULES)} rules hold")
