"""Compute the clocks of every case anew from its events."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from consortium import clocks, lifecycle
from consortium.database.together import Writing


class Command(BaseCommand):
    """`manage.py rebuild_clocks`: repairs what differs, each case by itself; `--check` changes nothing and fails."""

    help = "Rebuild the clocks of every case from its events, or check that they agree."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="Only look; fail if a stored clock differs.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Look at every case, under its lock."""
        cases, differing = 0, []
        for model in lifecycle.STEPS:
            for pk in model.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=2000):
                with transaction.atomic():
                    case = model.objects.select_related(*model.LOADED).select_for_update(of=("self",)).get(pk=pk)
                    cases += 1
                    if clocks.differs(case):
                        differing.append(case.number)
                        if not check:
                            writing = Writing()
                            clocks.refresh([case], writing)
                            writing.store()
        told = f"{cases} cases, {len(differing)} {'differ' if check else 'rebuilt'}"
        if check and differing:
            raise CommandError(f"{told}: {', '.join(differing[:20])}")
        self.stdout.write(told)
