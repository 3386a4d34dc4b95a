"""The Django application of the telemedicine room."""

from importlib import import_module

from django.apps import AppConfig


class TelemedicineConfig(AppConfig):
    """Remote consultation (远程会诊)."""

    name = "telemedicine"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the steps of a pathology case, and the check of the report templates."""
        import_module("telemedicine.actions")
        import_module("telemedicine.reports.checks")
