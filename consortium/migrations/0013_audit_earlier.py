"""The entries of before get their hospitals and their places in the chains."""

from django.db import migrations


def chain_what_is_there(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Give the entries of before their hospitals and their places, in the order of their writing."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("select exists (select from consortium_auditentry)")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("alter table consortium_auditentry disable trigger append_only")
        cursor.execute(
            "update consortium_auditentry entry set hospitals = array[patient.registered_by_hospital_id]"
            " from consortium_patient patient where patient.id = entry.patient_id"
        )
        cursor.execute("alter table consortium_auditentry enable trigger append_only")
        cursor.execute(
            "do $$ declare item public.consortium_auditentry; begin"
            " for item in select * from consortium_auditentry order by id loop"
            " perform consortium_link_audit(item); end loop; end $$"
        )


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("consortium", "0012_audit_chain")]
    operations = [migrations.RunPython(chain_what_is_there, migrations.RunPython.noop)]
