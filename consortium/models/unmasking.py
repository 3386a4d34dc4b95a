"""Who had the masked numbers of a patient shown, and why: rows written once."""

from django.conf import settings
from django.db import models

from consortium.models.base import Row


class Unmasking(Row):
    """One look at a patient's whole numbers (显示完整号码); append-only, a trigger refuses change and deletion."""

    patient = models.ForeignKey("consortium.Patient", models.PROTECT, related_name="+", editable=False)
    subject_kind = models.CharField(max_length=20, editable=False)
    subject_id = models.UUIDField(editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    hospital = models.ForeignKey("consortium.Hospital", models.PROTECT, null=True, related_name="+", editable=False)
    reason_code = models.CharField(max_length=40, help_text="Why, as a code of the catalogue UNMASK (原因).")
    comment = models.CharField(max_length=1000, blank=True, help_text="Words beside the reason (说明).")
    shown_at = models.DateTimeField(help_text="When (时间).")

    class Meta:
        indexes = [models.Index(fields=["patient", "-id"], name="unmasking_by_patient")]
