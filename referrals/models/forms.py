"""What was printed of a referral, so that a copy can be checked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consortium.models import Row
from referrals.models.referral import Referral


class Form(models.TextChoices):
    """The forms that are printed of a referral (文书)."""

    REFERRAL = "REFERRAL", _("双向转诊单")
    HANDOVER = "HANDOVER", _("转运交接单")
    OUTCOME = "OUTCOME", _("转归回执")


class PrintedForm(Row):
    """One content of a form, printed for the first time (打印文书); the same content is the same row and code."""

    referral = models.ForeignKey(Referral, models.PROTECT, related_name="printed_forms", editable=False)
    form = models.CharField(max_length=8, choices=Form.choices, help_text="Which form (文书).")
    verification_code = models.CharField(max_length=12, unique=True, help_text="What a copy is checked by (核验码).")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the content, hexadecimal (内容摘要).")
    hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="Whose form it is (出具医院)."
    )
    printed_at = models.DateTimeField(help_text="When this content was first printed (首次打印时间).")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["referral", "form", "sha256"], name="printed_form_once_per_content")
        ]
