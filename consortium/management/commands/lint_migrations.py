"""Hold every migration of ours against the rules for changing tables that are in use."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from consortium.database.expanding import SINCE, Fault, faults


class Command(BaseCommand):
    """`manage.py lint_migrations`: reads the files, asks no database."""

    help = "Hold the migrations against the rules of expand, backfill, contract."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each fault with its remedy; CommandError if there is one."""
        loader = MigrationLoader(None, ignore_no_migrations=True)
        found: list[Fault] = []
        checked = 0
        for (app, name), migration in sorted(loader.disk_migrations.items()):
            if app in SINCE and name >= SINCE[app]:
                found += faults(migration, loader.project_state((app, name), at_end=False))
                checked += 1
        for fault in found:
            self.stdout.write(str(fault))
        if found:
            raise CommandError(f"{len(found)} faults in {checked} migrations")
        self.stdout.write(f"{checked} migrations, 0 faults")
