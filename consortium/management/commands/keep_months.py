"""Make the coming months of the trail ahead of time, and archive old ones."""

import re
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consortium import moment
from consortium.database import months


class Command(BaseCommand):
    """`manage.py keep_months`: by the owner, once a month or more often; at once done where nothing is lacking."""

    help = "Make the coming months of events and audit entries; --archive takes one away."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how far ahead, and what to archive."""
        parser.add_argument("--ahead", type=int, default=12, help="Months after this one (12).")
        parser.add_argument("--archive", metavar="YYYY-MM", help="Move this month to the schema `archive` instead.")
        parser.add_argument("--table", choices=months.TABLES, help="Of which table, with --archive.")
        parser.add_argument(
            "--forget", action="store_true", help="Delete the notices, messages and reminders of archived events."
        )

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        """Say what was done; a CommandError says why a month stays."""
        if options["archive"]:
            said = self._archived(options["archive"], options["table"], forget=options["forget"])
        else:
            made = months.ahead(moment.real(), months=options["ahead"])
            said = f"{made} tables made, {months.months_ahead(moment.real())} months ahead"
        if verbosity:
            self.stdout.write(said)

    def _archived(self, month: str, table: str | None, *, forget: bool) -> str:
        if not table or not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
            raise CommandError("--archive YYYY-MM needs --table")
        begins = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        if begins >= months.Month.of(moment.real()).begins:
            raise CommandError(f"{month} is not over")
        try:
            rows = months.archive(table, months.Month(begins), forget=forget)
        except months.Held as held:
            raise CommandError(str(held)) from held
        return f"{rows} rows of {table} in {month} archived"
