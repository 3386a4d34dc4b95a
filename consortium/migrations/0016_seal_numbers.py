"""Backfill: the clear numbers are sealed, in batches that each commit; run again after an interruption it goes on."""

from typing import Any

from django.db import migrations, transaction
from django.db.models import Q

NUMBERS = ("id_number", "phone", "guardian_phone")
BATCH = 500
NOT_SEALED = (
    Q(id_number__isnull=False, id_number_sealed__isnull=True)
    | (~Q(phone="") & Q(phone_sealed__head=b""))
    | (~Q(guardian_phone="") & Q(guardian_phone_sealed__head=b""))
)
NOT_CLEAR = (
    Q(id_number__isnull=True, id_number_sealed__isnull=False)
    | (Q(phone="") & ~Q(phone_sealed__head=b""))
    | (Q(guardian_phone="") & ~Q(guardian_phone_sealed__head=b""))
)


def seal(apps: Any, schema_editor: Any) -> None:
    """Seal each number that lies there only in clear."""
    _each(apps, NOT_SEALED, "", "_sealed", ("id_mark",))


def unseal(apps: Any, schema_editor: Any) -> None:
    """Write each number in clear again that lies there only sealed."""
    _each(apps, NOT_CLEAR, "_sealed", "", ())


def _each(apps: Any, which: Q, source: str, target: str, more: tuple[str, ...]) -> None:
    rows = apps.get_model("consortium", "Patient").objects.filter(which).order_by("pk")
    while True:
        with transaction.atomic():
            batch = list(rows.select_for_update(no_key=True)[:BATCH])
            for patient in batch:
                for name in NUMBERS:
                    if not getattr(patient, name + target):
                        setattr(patient, name + target, getattr(patient, name + source))
                patient.save(update_fields=[*(name + target for name in NUMBERS), *more])
        if not batch:
            return


class Migration(migrations.Migration):
    """Data alone; the clear columns stay until the next step."""

    atomic = False
    dependencies = [("consortium", "0015_sealed_numbers")]
    operations = [migrations.RunPython(seal, unseal)]
