"""Seal stored numbers under the keys in use, so that former keys can be retired."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consortium import rotation


class Command(BaseCommand):
    """`manage.py rotate_keys [--check] [--batch N]`: may be interrupted at any moment and begun again."""

    help = "Seal identity and telephone numbers, and mark their index, under the keys in use; say what is left."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only counting, or how many rows in one transaction."""
        parser.add_argument("--check", action="store_true", help="Count the values under each key and change nothing.")
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="Rows in one transaction.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, then say what is under which key."""
        stuck = [] if options["check"] else rotation.rotate(batch=max(1, options["batch"]), progress=self.tell)
        for (column, by), count in sorted(rotation.in_use().items()):
            self.stdout.write(f"{column}: {count} under {by}")
        if stuck:
            raise CommandError(
                f"{len(stuck)} rows do not open (altered, moved, or their key is missing): {', '.join(stuck[:10])}. "
                "The others are done; keep the former keys until these are repaired from a backup."
            )
        if not options["check"]:
            self.stdout.write("All is under the keys in use. Former keys may be taken out; backups still need them.")

    def tell(self, done: int, total: int) -> None:
        """How far it is, after each batch."""
        self.stdout.write(f"{done} / {total}")
        self.stdout.flush()
