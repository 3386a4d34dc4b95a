"""Deliver notices and run the periodic jobs until told to stop."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consortium import worker


class Command(BaseCommand):
    """`manage.py worker`: run one or several beside the web server, under a supervisor that starts them again."""

    help = "Deliver notices and run the periodic jobs until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--no-jobs`."""
        parser.add_argument("--no-jobs", action="store_true", help="Only deliver; another worker keeps the schedule.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work; see `consortium.worker.run`."""
        worker.run(jobs=not options["no_jobs"])
