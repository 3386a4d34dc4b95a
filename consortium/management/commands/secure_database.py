"""Put roles, policies, grants and triggers of the second layer into the database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consortium.database import security


class Command(BaseCommand):
    """`manage.py secure_database`: after every migration, by the owner; at once done where nothing changed."""

    help = "Apply the row-level security policies, grants and triggers of consortium/database/policies."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--print-roles`."""
        parser.add_argument("--print-roles", action="store_true", help="Print the SQL that makes the roles, and end.")

    def handle(self, *args: Any, print_roles: bool = False, verbosity: int = 1, **options: Any) -> None:
        """Apply, and say whether anything changed."""
        if print_roles:
            self.stdout.write(security.roles_sql())
            return
        changed = security.secure()
        if verbosity:
            self.stdout.write("policies applied" if changed else "policies unchanged")
