"""The Django application of the referrals room."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """Two-way referral (双向转诊)."""

    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"
