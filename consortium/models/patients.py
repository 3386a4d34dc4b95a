"""The patient, as far as the network must know who is coming."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import IntegrityError, connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consortium import cipher, search
from consortium.models.base import Row
from consortium.models.sealed import BlindIndexField, EncryptedField

VISIBLE_DIGITS = 4


class Sex(models.TextChoices):
    """Administrative gender (FHIR)."""

    MALE = "MALE", _("男")
    FEMALE = "FEMALE", _("女")
    UNKNOWN = "UNKNOWN", _("未知")


class Patients(models.QuerySet["Patient"]):
    """The patients, and how one is found whose number is known."""

    def with_id_number(self, number: str) -> "Patients":
        """The patient of exactly this identity number, by its blind index; nobody for what is no such number."""
        return self.filter(id_mark__in=cipher.marks(number))


class Patient(Row):
    """A person who is referred (患者); one row for each identity number, or a temporary identity until it is known."""

    name = models.CharField(max_length=60, help_text="Full name (姓名).")
    name_grams = ArrayField(models.CharField(max_length=2), editable=False, default=list)
    sex = models.CharField(max_length=8, choices=Sex.choices, help_text="Sex (性别).")
    birth_date = models.DateField(null=True, blank=True, help_text="Date of birth, empty if unknown (出生日期).")
    id_number = EncryptedField(
        max_length=18,
        null=True,
        blank=True,
        db_column="id_number_sealed",
        help_text="Resident identity number, GB 11643 (身份证号).",
    )
    id_mark = BlindIndexField(of="id_number", max_length=33, null=True, unique=True, editable=False)
    temporary_identity = models.CharField(
        max_length=40,
        blank=True,
        help_text="Label of a patient whose identity is not yet known (临时身份标识).",
    )
    phone = EncryptedField(
        max_length=20, blank=True, default="", db_column="phone_sealed", help_text="Telephone (联系电话)."
    )
    address = models.CharField(max_length=200, blank=True, help_text="Address (住址).")
    guardian_name = models.CharField(max_length=60, blank=True, help_text="Guardian's name (监护人姓名).")
    guardian_relation = models.CharField(
        max_length=20, blank=True, help_text="Guardian's relation to the patient (与患者关系)."
    )
    guardian_phone = EncryptedField(
        max_length=20,
        blank=True,
        default="",
        db_column="guardian_phone_sealed",
        help_text="Guardian's telephone (监护人电话).",
    )
    registered_at = models.DateTimeField(help_text="When first registered (登记时间).")
    registered_by_hospital = models.ForeignKey(
        "consortium.Hospital", models.PROTECT, related_name="+", help_text="The hospital that registered (登记医院)."
    )
    deceased_at = models.DateTimeField(null=True, blank=True, help_text="Time of death, empty while alive (死亡时间).")

    objects = Patients.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(id_number__isnull=False) ^ ~Q(temporary_identity=""),
                name="patient_has_one_identity",
                violation_error_message=_("患者须有身份证号，或登记一个临时身份。"),
            ),
            models.CheckConstraint(
                condition=Q(id_number__isnull=True, id_mark__isnull=True)
                | Q(id_number__isnull=False, id_mark__isnull=False),
                name="patient_number_can_be_found",
                violation_error_message=_("身份证号须与其检索码同时保存。"),
            ),
        ]
        indexes = [GinIndex(fields=["name_grams"], name="patient_name_grams")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row with the grams that its name is found by; IntegrityError if the identity number is taken."""
        self.name_grams = search.grams(self.name)
        if self._state.adding and self.id_number:
            self._reserve_number()
        super().save(*args, **kwargs)

    def _reserve_number(self) -> None:
        """While the index key is being changed, see that no row has the number under another key.

        With one key the unique column suffices; with several, whoever registers the same number waits here.
        """
        marks = cipher.marks(self.id_number or "")
        if len(marks) == 1:
            return
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [int.from_bytes(marks[0][1:8], signed=True)])
        if type(self).objects.filter(id_mark__in=marks).exists():
            raise IntegrityError("an identity number is registered already, under another key of the index")

    @property
    def masked_name(self) -> str:
        """The family name and asterisks, as lists show it; a temporary identity, which says nothing, as it is."""
        if self.temporary_identity:
            return self.temporary_identity
        return self.name[:1] + "*" * max(1, len(self.name) - 1)

    @property
    def masked_id_number(self) -> str | None:
        """The identity number with its last four characters alone."""
        return masked(self.id_number) if self.id_number else None

    @property
    def masked_phone(self) -> str:
        """The telephone number with its last four digits alone."""
        return masked(self.phone)

    @property
    def masked_guardian_phone(self) -> str:
        """The guardian's telephone number with its last four digits alone."""
        return masked(self.guardian_phone)


def masked(number: str) -> str:
    """Asterisks for all but the last four characters of a number; of a short one, for all."""
    shown = number[-VISIBLE_DIGITS:] if len(number) >= 2 * VISIBLE_DIGITS else ""
    return "*" * (len(number) - len(shown)) + shown
