"""The trail is chained: every entry gets its place, the hash before it and its own when its transaction ends."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Whose patients an entry is about, so that their hospitals find it. Nobody can say so for the entry.
WHOSE = """
create function consortium_audit_whose() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if new.patient_id is null and cardinality(new.patients) = 0 then
        new.hospitals := '{}';
    else
        select coalesce(array_agg(distinct registered_by_hospital_id order by registered_by_hospital_id), '{}')
            into new.hospitals from public.consortium_patient
            where id = new.patient_id or id = any(new.patients);
    end if;
    return new;
end $$;
create trigger whose before insert on consortium_auditentry
    for each row execute function consortium_audit_whose();
"""
WHOSE_BACK = """
drop trigger whose on consortium_auditentry;
drop function consortium_audit_whose();
"""
# The lock of a chain is taken last, when the transaction ends, and held only until it is on disk. A function of its own
# so that what was written before is chained by the same rule (the next migration). `consortium/chain.py` hashes the same text.
LINK = """
create function consortium_link_audit(item public.consortium_auditentry) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    place text := coalesce(item.actor_hospital_id::text, case when item.actor_id is null then 'SYSTEM' else 'PEOPLE' end);
    number bigint;
    before bytea;
begin
    perform pg_advisory_xact_lock(1634888052, hashtext(place));
    select sequence, hash into number, before from public.consortium_auditlink
        where chain = place order by sequence desc limit 1;
    number := coalesce(number, 0) + 1;
    before := coalesce(before, decode(repeat('00', 32), 'hex'));
    insert into public.consortium_auditlink (entry_id, chain, sequence, previous, hash)
        values (item.id, place, number, before, sha256(convert_to(jsonb_build_array(
            place, number::text, encode(before, 'hex'), item.id::text, item.action, item.actor_id::text,
            item.actor_role, item.actor_hospital_id::text, item.purpose, item.object_kind, item.object_id,
            array_to_string(item.objects_seen, ','), item.patient_id::text, array_to_string(item.patients, ','),
            array_to_string(item.hospitals, ','), ((extract(epoch from item.at) * 1000000)::bigint)::text,
            item.request_id)::text, 'UTF8')));
end $$;
revoke execute on function consortium_link_audit(consortium_auditentry) from public;
create function consortium_chain_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform public.consortium_link_audit(new);
    return null;
end $$;
create constraint trigger chained after insert on consortium_auditentry
    deferrable initially deferred for each row execute function consortium_chain_audit();
create trigger append_only before update or delete on consortium_auditlink
    for each row execute function consortium_append_only();
create trigger append_only_whole before truncate on consortium_auditlink
    for each statement execute function consortium_append_only();
"""
LINK_BACK = """
drop trigger append_only_whole on consortium_auditlink;
drop trigger append_only on consortium_auditlink;
drop trigger chained on consortium_auditentry;
drop function consortium_chain_audit();
drop function consortium_link_audit(consortium_auditentry);
"""


class Migration(migrations.Migration):
    """Columns, links, and the triggers that write them."""

    dependencies = [
        ("consortium", "0011_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditChain",
            fields=[
                (
                    "chain",
                    models.CharField(
                        help_text="Hospital, PEOPLE or SYSTEM (链).", max_length=36, primary_key=True, serialize=False
                    ),
                ),
                ("sealed_sequence", models.BigIntegerField(default=0, help_text="The last signed head (已签封序号).")),
                ("sealed_at", models.DateTimeField(help_text="When it was signed (签封时间).", null=True)),
                (
                    "verified_sequence",
                    models.BigIntegerField(default=0, help_text="How far it was recomputed (已核验序号)."),
                ),
                ("verified_at", models.DateTimeField(help_text="When it was recomputed (核验时间).", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("INTACT", "完整"), ("BROKEN", "被改动")],
                        help_text="What was found (状态).",
                        max_length=8,
                    ),
                ),
                ("fault", models.CharField(blank=True, help_text="The kind of the first fault (问题).", max_length=20)),
                ("fault_sequence", models.BigIntegerField(help_text="Where the first fault is (问题位置).", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="consortium.auditentry",
                    ),
                ),
                (
                    "chain",
                    models.CharField(help_text="The acting person's hospital, PEOPLE or SYSTEM (链).", max_length=36),
                ),
                ("sequence", models.BigIntegerField(help_text="Its place, from 1, without gaps (序号).")),
                (
                    "previous",
                    models.BinaryField(help_text="SHA-256 of the link before, zeros for the first (前一哈希)."),
                ),
                ("hash", models.BinaryField(help_text="SHA-256 of its content, see `consortium.chain.digest` (哈希).")),
            ],
        ),
        migrations.AddField(
            model_name="auditentry",
            name="hospitals",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), db_default=[], default=list, editable=False, size=None
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="objects_seen",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                db_default=[],
                default=list,
                help_text="The rows of a list (列表对象).",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="patients",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                db_default=[],
                default=list,
                help_text="Whom a list named (列表患者).",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(help_text="The act, in the name of its step or reading (行为).", max_length=40),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="actor",
            field=models.ForeignKey(
                help_text="Who; empty for the clock (人员).",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="actor_hospital",
            field=models.ForeignKey(
                help_text="For which hospital (所属医院).",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consortium.hospital",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="at",
            field=models.DateTimeField(help_text="When (时间)."),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="object_id",
            field=models.CharField(help_text="Which one, empty for a list (对象).", max_length=36),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="object_kind",
            field=models.CharField(help_text="What kind of thing it was about (对象种类).", max_length=20),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="patient",
            field=models.ForeignKey(
                help_text="Whose data, if one's (患者).",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consortium.patient",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="purpose",
            field=models.CharField(help_text="Why (目的).", max_length=40),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="request_id",
            field=models.CharField(blank=True, help_text="The request that caused it (请求编号).", max_length=36),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor_hospital", "id"], name="audit_by_hospital"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["hospitals"], name="audit_of_hospitals"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("patients", []), _negated=True), fields=["patients"], name="audit_of_lists"
            ),
        ),
        migrations.AddField(
            model_name="auditchain",
            name="hospital",
            field=models.OneToOneField(
                help_text="Whose chain it is (医院).",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="consortium.hospital",
            ),
        ),
        migrations.AddConstraint(
            model_name="auditlink",
            constraint=models.UniqueConstraint(fields=("chain", "sequence"), name="audit_link_once"),
        ),
        migrations.RunSQL(WHOSE, WHOSE_BACK),
        migrations.RunSQL(LINK, LINK_BACK),
    ]
