"""The patient, as far as the network must know who is coming."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium import search
from consortium.models.base import Row


class Sex(models.TextChoices):
    """Administrative gender (FHIR)."""

    MALE = "MALE", _("男")
    FEMALE = "FEMALE", _("女")
    UNKNOWN = "UNKNOWN", _("未知")


class Patient(Row):
    """A person who is referred (患者); one row for each identity number, or a temporary identity until it is known."""

    name = models.CharField(max_length=60, help_text="Full name (姓名).")
    name_grams = ArrayField(models.CharField(max_length=2), editable=False, default=list)
    sex = models.CharField(max_length=8, choices=Sex.choices, help_text="Sex (性别).")
    birth_date = models.DateField(null=True, blank=True, help_text="Date of birth, empty if unknown (出生日期).")
    id_number = models.CharField(
        max_length=18, null=True, blank=True, unique=True, help_text="Resident identity number, GB 11643 (身份证号)."
    )
    temporary_identity = models.CharField(
        max_length=40,
        blank=True,
        help_text="Label of a patient whose identity is not yet known (临时身份标识).",
    )
    phone = models.CharField(max_length=20, blank=True, help_text="Telephone (联系电话).")
    address = models.CharField(max_length=200, blank=True, help_text="Address (住址).")
    guardian_name = models.CharField(max_length=60, blank=True, help_text="Guardian's name (监护人姓名).")
    guardian_relation = models.CharField(
        max_length=20, blank=True, help_text="Guardian's relation to the patient (与患者关系)."
    )
    guardian_phone = models.CharField(max_length=20, blank=True, help_text="Guardian's telephone (监护人电话).")
    registered_at = models.DateTimeField(help_text="When first registered (登记时间).")
    registered_by_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="The hospital that registered (登记医院)."
    )
    deceased_at = models.DateTimeField(null=True, blank=True, help_text="Time of death, empty while alive (死亡时间).")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(id_number__isnull=False) ^ ~Q(temporary_identity=""),
                name="patient_has_one_identity",
                violation_error_message=_("患者须有身份证号，或登记一个临时身份。"),
            ),
        ]
        indexes = [GinIndex(fields=["name_grams"], name="patient_name_grams")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row with the grams that its name is found by."""
        self.name_grams = search.grams(self.name)
        super().save(*args, **kwargs)

    @property
    def masked_name(self) -> str:
        """The family name and asterisks, as lists show it; a temporary identity, which says nothing, as it is."""
        if self.temporary_identity:
            return self.temporary_identity
        return self.name[:1] + "*" * max(1, len(self.name) - 1)
