"""Expand: numbers of patients get a sealed column each and a blind index beside the clear ones, which code before this
and after it can both write; whoever has numbers shown is written down."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import consortium.models.base
import consortium.models.sealed

# What one version writes, the other leaves out.
FORWARDS = """
alter table consortium_patient alter column phone set default '', alter column guardian_phone set default '',
    alter column phone_sealed set default '', alter column guardian_phone_sealed set default '';
"""
BACKWARDS = """
alter table consortium_patient alter column phone drop default, alter column guardian_phone drop default,
    alter column phone_sealed drop default, alter column guardian_phone_sealed drop default;
"""
WRITTEN_ONCE = """
create trigger append_only before update or delete on consortium_unmasking
    for each row execute function consortium_append_only();
create trigger append_only_whole before truncate on consortium_unmasking
    for each statement execute function consortium_append_only();
"""
NO_MORE = """
drop trigger append_only_whole on consortium_unmasking;
drop trigger append_only on consortium_unmasking;
"""
MESSAGE = "患者须有身份证号，或登记一个临时身份。"


class Migration(migrations.Migration):
    """Nothing is taken away yet."""

    dependencies = [("consortium", "0014_break_glass")]
    operations = [
        migrations.AddField(
            "patient",
            "id_number_sealed",
            consortium.models.sealed.EncryptedField(
                blank=True,
                db_column="id_number_sealed",
                help_text="Resident identity number, GB 11643 (身份证号).",
                max_length=18,
                null=True,
            ),
        ),
        migrations.AddField(
            "patient",
            "id_mark",
            consortium.models.sealed.BlindIndexField(
                editable=False, max_length=33, null=True, of="id_number_sealed", unique=True
            ),
        ),
        migrations.AddField(
            "patient",
            "phone_sealed",
            consortium.models.sealed.EncryptedField(
                blank=True, db_column="phone_sealed", default="", help_text="Telephone (联系电话).", max_length=20
            ),
        ),
        migrations.AddField(
            "patient",
            "guardian_phone_sealed",
            consortium.models.sealed.EncryptedField(
                blank=True,
                db_column="guardian_phone_sealed",
                default="",
                help_text="Guardian's telephone (监护人电话).",
                max_length=20,
            ),
        ),
        migrations.RemoveConstraint("patient", "patient_has_one_identity"),
        migrations.AddConstraint(
            "patient",
            models.CheckConstraint(
                condition=(models.Q(id_number__isnull=False) | models.Q(id_number_sealed__isnull=False))
                ^ ~models.Q(temporary_identity=""),
                name="patient_has_one_identity",
                violation_error_message=MESSAGE,
            ),
        ),
        migrations.AddConstraint(
            "patient",
            models.CheckConstraint(
                condition=models.Q(id_number_sealed__isnull=True, id_mark__isnull=True)
                | models.Q(id_number_sealed__isnull=False, id_mark__isnull=False),
                name="patient_number_can_be_found",
                violation_error_message="身份证号须与其检索码同时保存。",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.CreateModel(
            name="Unmasking",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=consortium.models.base.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("subject_kind", models.CharField(editable=False, max_length=20)),
                ("subject_id", models.UUIDField(editable=False)),
                (
                    "reason_code",
                    models.CharField(help_text="Why, as a code of the catalogue UNMASK (原因).", max_length=40),
                ),
                (
                    "comment",
                    models.CharField(blank=True, help_text="Words beside the reason (说明).", max_length=1000),
                ),
                ("shown_at", models.DateTimeField(help_text="When (时间).")),
                (
                    "hospital",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consortium.hospital",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consortium.patient",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["patient", "-id"], name="unmasking_by_patient")]},
        ),
        migrations.RunSQL(WRITTEN_ONCE, NO_MORE),
    ]
