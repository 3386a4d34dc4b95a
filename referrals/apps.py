"""The Django application of the referrals room."""

from importlib import import_module

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """Two-way referral (双向转诊)."""

    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the steps of a referral."""
        import_module("referrals.actions")
