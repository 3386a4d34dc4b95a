"""Events and audit entries lie in one table for each month; what was written until now stays one table of its own."""

from datetime import UTC, datetime

from django.db import migrations

from consortium import moment
from consortium.database import months

TABLES = ("consortium_event", "consortium_auditentry")
AHEAD = 12


def parts(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Let a parent stand in the place of each table; the table itself becomes its first part."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("create schema if not exists archive")
        for table in TABLES:
            _divide(cursor, table)
    months.ahead(moment.real(), months=AHEAD)


def _divide(cursor, table):  # type: ignore[no-untyped-def]
    before = f"{table}_before"
    cursor.execute(f"set constraints all immediate; lock table {table} in access exclusive mode")
    cursor.execute(
        "select relname, pg_get_indexdef(indexrelid), indisprimary from pg_index join pg_class c on c.oid = indexrelid"
        " where indrelid = %s::regclass",
        [table],
    )
    indexes = cursor.fetchall()
    cursor.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'f'",
        [table],
    )
    references = cursor.fetchall()
    cursor.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where confrelid = %s::regclass and contype = 'f'",
        [table],
    )
    referring = cursor.fetchall()
    cursor.execute(
        "select tgname, pg_get_triggerdef(oid) from pg_trigger where tgrelid = %s::regclass and not tgisinternal", [table]
    )
    triggers = cursor.fetchall()
    functions = _functions(cursor, table)
    cursor.execute(f"select id from {table} order by id desc limit 1")
    (last,) = cursor.fetchone() or (None,)
    for other, name, _rule in referring:
        cursor.execute(f'alter table {other} drop constraint "{name}"')
    for name, _text in triggers:
        cursor.execute(f'drop trigger "{name}" on {table}')
    cursor.execute(f"select policyname from pg_policies where schemaname = 'public' and tablename = '{table}'")
    for (policy,) in cursor.fetchall():
        cursor.execute(f'drop policy "{policy}" on {table}')
    if _secured(cursor):
        cursor.execute(f"revoke all on {table} from refnet_app, refnet_report, refnet_system")
    for name, _text in functions:
        cursor.execute(f"drop function {name}")
    cursor.execute(f"alter table {table} rename to {before}")
    for name, _text, _primary in indexes:
        cursor.execute(f'alter index "{name}" rename to "{name[:56]}_before"')
    for schema in ("public", "archive"):
        cursor.execute(
            f"create table {schema}.{table} (like public.{before} including defaults including constraints)"
            " partition by range (id)"
        )
    for name, text, primary in indexes:
        cursor.execute(f'alter table {table} add constraint "{name}" primary key (id)' if primary else text)
    for name, rule in references:
        cursor.execute(f'alter table {table} add constraint "{name}" {rule}')
    if last is None:
        cursor.execute(f"drop table {before}")
    else:
        ends = max(moment.real(), datetime.fromtimestamp((last.int >> 80) / 1000, UTC))
        cursor.execute(
            f"alter table {table} attach partition {before} for values from (minvalue) to (%s)",
            [months.Month.of(ends).next.first_key],
        )
        months.guard(before)
    cursor.execute(f"create table {table}_other partition of {table} default")
    months.guard(f"{table}_other")
    for name, text in functions:
        cursor.execute(text)
        cursor.execute(f"revoke execute on function {name} from public")
    for _name, text in triggers:
        cursor.execute(text)
    for other, name, rule in referring:
        cursor.execute(f'alter table {other} add constraint "{name}" {rule}')


def _secured(cursor):  # type: ignore[no-untyped-def]
    cursor.execute("select count(*) from pg_roles where rolname in ('refnet_app', 'refnet_report', 'refnet_system')")
    return cursor.fetchone()[0] == 3


def _functions(cursor, table):  # type: ignore[no-untyped-def]
    """The functions that take a row of the table, whose type goes with its name."""
    cursor.execute(
        "select p.oid::regprocedure::text, pg_get_functiondef(p.oid) from pg_proc p"
        " where (select reltype from pg_class where oid = %s::regclass) = any(p.proargtypes)",
        [table],
    )
    return cursor.fetchall()


def whole(apps, schema_editor):  # type: ignore[no-untyped-def]
    """One table again."""
    with schema_editor.connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute("select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass", [f"archive.{table}"])
            if cursor.fetchall():
                raise RuntimeError(f"archive.{table} holds months: attach them to {table} again first")
            _join(cursor, table)
        cursor.execute("drop schema archive cascade")


def _join(cursor, table):  # type: ignore[no-untyped-def]
    parted = f"{table}_parted"
    cursor.execute(f"set constraints all immediate; lock table {table} in access exclusive mode")
    cursor.execute(
        "select relname, pg_get_indexdef(indexrelid), indisprimary from pg_index join pg_class c on c.oid = indexrelid"
        " where indrelid = %s::regclass",
        [table],
    )
    indexes = [(name, text.replace(" ON ONLY ", " ON "), primary) for name, text, primary in cursor.fetchall()]
    cursor.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = %s::regclass and contype = 'f' and conparentid = 0",
        [table],
    )
    references = cursor.fetchall()
    cursor.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where confrelid = %s::regclass and contype = 'f' and conparentid = 0",
        [table],
    )
    referring = cursor.fetchall()
    cursor.execute(
        "select tgname, pg_get_triggerdef(oid) from pg_trigger where tgrelid = %s::regclass and not tgisinternal", [table]
    )
    triggers = cursor.fetchall()
    for other, name, _rule in referring:
        cursor.execute(f'alter table {other} drop constraint "{name}"')
    for name, _text in triggers:
        cursor.execute(f'drop trigger "{name}" on {table}')
    functions = _functions(cursor, table)
    for name, _text in functions:
        cursor.execute(f"drop function {name}")
    cursor.execute(f"alter table {table} rename to {parted}")
    cursor.execute(f"create table {table} (like {parted} including defaults including constraints)")
    cursor.execute(f"insert into {table} select * from {parted}")
    cursor.execute(f"drop table {parted}")
    for name, text, primary in indexes:
        cursor.execute(f'alter table {table} add constraint "{name}" primary key (id)' if primary else text)
    for name, rule in references:
        cursor.execute(f'alter table {table} add constraint "{name}" {rule}')
    for name, text in functions:
        cursor.execute(text)
        cursor.execute(f"revoke execute on function {name} from public")
    for _name, text in triggers:
        cursor.execute(text)
    for other, name, rule in referring:
        cursor.execute(f'alter table {other} add constraint "{name}" {rule}')


class Migration(migrations.Migration):
    """In one transaction; the service stands still for as long as the references to events are looked at."""

    accepted = {"mixed": "no row is changed: the table that holds them gets another name"}
    dependencies = [("consortium", "0017_no_clear_numbers")]
    operations = [migrations.RunPython(parts, whole)]
