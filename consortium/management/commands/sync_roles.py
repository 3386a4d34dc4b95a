"""Make the stored permissions and grants equal the table of roles."""

from typing import Any

from django.core.management.base import BaseCommand

from consortium import grants


class Command(BaseCommand):
    """`manage.py sync_roles`: idempotent, one transaction."""

    help = "Make permissions, groups and guardian grants equal consortium/roles.py."

    def handle(self, *args: Any, **options: Any) -> None:
        """Synchronise and print what changed."""
        synced = grants.sync()
        self.stdout.write(f"permissions {synced.permissions} · grants +{synced.added} −{synced.removed}")
