"""The Django application of the consortium room."""

from importlib import import_module

from django.apps import AppConfig


class ConsortiumConfig(AppConfig):
    """Members, people, patients, and what every case shares."""

    name = "consortium"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks of the database."""
        import_module("consortium.database.checks")
