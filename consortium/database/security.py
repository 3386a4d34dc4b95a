"""The second layer, put into a database: roles, policies, grants and triggers, from the reviewed SQL beside this file.

Applied by the owner after every migration; where nothing changed since, that takes one statement.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from consortium.database.tables import APPEND_ONLY, BY_TRIGGER, GUARDED, OWNERS, REPORTED

HERE = Path(__file__).parent
ROLES = HERE / "roles.sql"
POLICIES = HERE / "policies"
LOCK = 7_201_965  # one process applies at a time
STATE = """
select (select digest from access.applied),
    (select string_agg(relname || oid, ' ' order by relname) from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v'))
"""
CLEAR = """
do $$ declare found record; begin
    for found in select tablename, policyname from pg_policies where schemaname = 'public' loop
        execute format('drop policy %I on public.%I', found.policyname, found.tablename);
    end loop;
end $$;
drop schema if exists access cascade;
create schema access;
create table access.applied (digest text not null);
"""
# Functions of triggers that run as their owner; nobody calls them.
DEFINERS = """
do $$ declare found regprocedure; begin
    for found in select oid from pg_proc where prosecdef and pronamespace = 'public'::regnamespace loop
        execute format('revoke execute on function %s from public', found);
    end loop;
end $$;
"""
KEPT_FOR = """
create function access.kept_for() returns interval language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp as $$ select interval '{days} days' $$
"""


def roles_sql() -> str:
    """The statements that make the roles, for whoever may."""
    return ROLES.read_text(encoding="utf-8")


def secure() -> bool:
    """Make policies, grants and triggers equal to the files; whether anything had to be done."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("select to_regclass('access.applied') is not null")
        known = cursor.fetchone()[0]
        if not known:
            cursor.execute(CLEAR)
        cursor.execute(STATE)
        stored, tables = cursor.fetchone()
        wanted = digest(tables or "")
        if stored == wanted:
            return False
        _apply(cursor)
        cursor.execute("insert into access.applied values (%s)", [wanted])
    return True


def digest(tables: str) -> str:
    """What the files, the settings and the tables come to."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(POLICIES.glob("*.sql"))]
    lists = repr((sorted(GUARDED), sorted(APPEND_ONLY), sorted(BY_TRIGGER), sorted(OWNERS), sorted(REPORTED.items())))
    return sha256("\0".join([*texts, lists, str(settings.ACCESS_DAYS_AFTER_CLOSE), tables]).encode()).hexdigest()


def _apply(cursor: Any) -> None:
    cursor.execute(CLEAR)
    cursor.execute(KEPT_FOR.format(days=int(settings.ACCESS_DAYS_AFTER_CLOSE)))
    for path in sorted(POLICIES.glob("*.sql")):
        cursor.execute(path.read_text(encoding="utf-8"))
    _grant(cursor)


def _grant(cursor: Any) -> None:
    """The application reads and writes rows and owns nothing; what is append-only it may not touch again."""
    cursor.execute("grant usage on schema public to refnet_app, refnet_report")
    cursor.execute("revoke create on schema public from public")
    for kind in ("tables", "sequences"):
        cursor.execute(f"revoke all on all {kind} in schema public from public, refnet_app, refnet_report")
    cursor.execute("grant usage on all sequences in schema public to refnet_app")
    cursor.execute("revoke execute on all functions in schema access from public")
    cursor.execute("revoke execute on all routines in schema access from public")
    cursor.execute(DEFINERS)
    cursor.execute("grant execute on all functions in schema access to refnet_app, refnet_report")
    cursor.execute("grant select on all tables in schema access to refnet_app, refnet_report")
    cursor.execute("revoke all on access.applied from refnet_app, refnet_report")
    for name in connection.introspection.table_names(cursor):
        rights = "select, insert" if name in APPEND_ONLY else "select, insert, update, delete"
        rights = "select" if name in BY_TRIGGER | OWNERS else rights
        cursor.execute(f'grant {rights} on public."{name}" to refnet_app')
        if name in REPORTED:
            columns = ", ".join(sorted(REPORTED[name]))
            cursor.execute(f'grant select ({columns}) on public."{name}" to refnet_report')
        elif name not in GUARDED:
            cursor.execute(f'grant select on public."{name}" to refnet_report')
