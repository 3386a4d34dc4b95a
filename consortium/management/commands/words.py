"""Bring the English catalogue in line with the messages of the code, or check that it is."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consortium import words


class Command(BaseCommand):
    """`manage.py words`: renews and compiles the catalogue; `--check` changes nothing and fails on any fault."""

    help = "Bring the English message catalogue in line with the code, or check it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="Only look for faults.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Renew or check; what still lacks a translation is listed either way."""
        template = words.extracted()
        catalogue = words.read() if options["check"] else words.renewed(template)
        found = list(words.faults(catalogue, template))
        listed = "\n".join(f"  {fault}" for fault in found)
        if found and options["check"]:
            raise CommandError(
                f"{words.path()}: {len(found)} faults; run manage.py words, then translate what it lists.\n{listed}"
            )
        self.stdout.write(f"{words.path().name}: {len(catalogue)} messages, {len(found)} faults")
        if found:
            self.stdout.write(listed)
