"""Contract: the clear columns go; what a process of the version before wrote since the backfill is sealed first."""

from importlib import import_module

from django.db import migrations, models

import consortium.models.sealed

seal = import_module("consortium.migrations.0016_seal_numbers").seal
FORWARDS = """
alter table consortium_patient
    alter column phone_sealed drop default, alter column guardian_phone_sealed drop default;
-- A dropped column stays in the file of the table until its rows are written anew; this writes them all.
alter table consortium_patient alter column name type varchar(60) using (name || '')::varchar(60);
"""
BACKWARDS = """
alter table consortium_patient alter column phone set default '', alter column guardian_phone set default '',
    alter column phone_sealed set default '', alter column guardian_phone_sealed set default '';
"""
MESSAGE = "患者须有身份证号，或登记一个临时身份。"


def clear(name: str, help_text: str) -> models.CharField:
    """A column of clear text, as it comes back on the way back."""
    if name == "id_number":
        return models.CharField(blank=True, help_text=help_text, max_length=18, null=True, unique=True)
    return models.CharField(blank=True, default="", help_text=help_text, max_length=20)


class Migration(migrations.Migration):
    """From here on the database holds no number in clear."""

    dependencies = [("consortium", "0016_seal_numbers")]
    operations = [
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL(migrations.RunSQL.noop, BACKWARDS),
        migrations.RemoveConstraint("patient", "patient_has_one_identity"),
        migrations.RemoveConstraint("patient", "patient_number_can_be_found"),
        migrations.AlterField("patient", "phone", clear("phone", "Telephone (联系电话).")),
        migrations.AlterField("patient", "guardian_phone", clear("guardian_phone", "Guardian's telephone (监护人电话).")),
        migrations.RemoveField("patient", "id_number"),
        migrations.RemoveField("patient", "phone"),
        migrations.RemoveField("patient", "guardian_phone"),
        migrations.RenameField("patient", "id_number_sealed", "id_number"),
        migrations.RenameField("patient", "phone_sealed", "phone"),
        migrations.RenameField("patient", "guardian_phone_sealed", "guardian_phone"),
        migrations.AlterField(
            "patient",
            "id_mark",
            consortium.models.sealed.BlindIndexField(
                editable=False, max_length=33, null=True, of="id_number", unique=True
            ),
        ),
        migrations.AddConstraint(
            "patient",
            models.CheckConstraint(
                condition=models.Q(id_number__isnull=False) ^ ~models.Q(temporary_identity=""),
                name="patient_has_one_identity",
                violation_error_message=MESSAGE,
            ),
        ),
        migrations.AddConstraint(
            "patient",
            models.CheckConstraint(
                condition=models.Q(id_number__isnull=True, id_mark__isnull=True)
                | models.Q(id_number__isnull=False, id_mark__isnull=False),
                name="patient_number_can_be_found",
                violation_error_message="身份证号须与其检索码同时保存。",
            ),
        ),
        migrations.RunSQL(FORWARDS, migrations.RunSQL.noop),
    ]
