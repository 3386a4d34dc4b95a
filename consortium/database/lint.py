"""What a reviewer would look for in the catalogue of a secured database, as rules that a machine asks each time.

Each rule is one question; every row of its answer is a finding.
"""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection

from consortium.database.tables import APPEND_ONLY, GUARDED, OPEN, OWNERS, REPORTED

# `%(name)s` are the lists of `tables`.
RULES: dict[str, str] = {
    "R01 every table is in exactly one list of tables.py": """
        select t.name from unnest(%(stored)s || %(models)s) as t (name)
        where (select count(*) from unnest(%(guarded)s || %(open)s || %(owners)s) l (name) where l.name = t.name) <> 1
        group by t.name""",
    "R02 a table with patients' data has row-level security enabled": """
        select relname from pg_class where relnamespace = 'public'::regnamespace and relname = any(%(guarded)s)
            and not relrowsecurity""",
    "R03 and forced, so that its owner meets it too": """
        select relname from pg_class where relnamespace = 'public'::regnamespace and relname = any(%(guarded)s)
            and not relforcerowsecurity""",
    "R04 it can be read by somebody: a SELECT policy stands": """
        select t.name from unnest(%(guarded)s) as t (name) where not exists (select from pg_policies p
            where p.schemaname = 'public' and p.tablename = t.name and p.cmd = 'SELECT'
                and 'refnet_app' = any(p.roles))""",
    "R05 a policy is for one command, never for all": """
        select tablename || '.' || policyname from pg_policies where schemaname = 'public' and cmd = 'ALL'""",
    "R06 a policy is for a named role of ours, never for public": """
        select tablename || '.' || policyname from pg_policies where schemaname = 'public'
            and not roles <@ array['refnet_app', 'refnet_report']::name[]""",
    "R07 what is written is checked": """
        select tablename || '.' || policyname from pg_policies where schemaname = 'public'
            and cmd in ('INSERT', 'UPDATE') and with_check is null""",
    "R08 no policy lets everything pass": """
        select tablename || '.' || policyname from pg_policies where schemaname = 'public'
            and (qual ~ '^\\(*true\\)*$' or with_check ~ '^\\(*true\\)*$')""",
    "R09 the policies of a table add up: none is restrictive, which would be read past": """
        select tablename || '.' || policyname from pg_policies where schemaname = 'public'
            and permissive <> 'PERMISSIVE'""",
    "R10 a policy asks for the person and their places once for a statement": """
        select tablename || '.' || policyname from pg_policies where schemaname = 'public'
            and regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT ' || %(once)s, '', 'g')
                ~ %(once)s""",
    "R11 a policy stands on a table that is declared to have patients' data": """
        select distinct tablename from pg_policies where schemaname = 'public' and not tablename = any(%(guarded)s)""",
    "R12 a function that runs as its owner has a fixed search path, the temporary schema last": """
        select proname from pg_proc p where prosecdef
            and pronamespace in ('access'::regnamespace, 'public'::regnamespace)
            and not coalesce(proconfig && array['search_path=pg_catalog, pg_temp'], false)""",
    "R13 nobody else may call a function that runs as its owner": """
        select proname from pg_proc p where prosecdef
            and pronamespace in ('access'::regnamespace, 'public'::regnamespace)
            and (proacl is null or exists (select from aclexplode(proacl) a where a.grantee = 0))""",
    "R14 a function that a policy asks changes nothing: it is stable or immutable": """
        select proname from pg_proc where pronamespace = 'access'::regnamespace and prokind = 'f'
            and provolatile = 'v' and prorettype <> 'trigger'::regtype""",
    "R15 a view shows nobody more than they may see: security_invoker": """
        select relname from pg_class where relkind = 'v'
            and relnamespace in ('access'::regnamespace, 'public'::regnamespace)
            and not coalesce(reloptions && array['security_invoker=true', 'security_invoker=on'], false)""",
    "R16 no view is kept as rows, which no policy guards": """
        select relname from pg_class where relkind = 'm' and relnamespace = 'public'::regnamespace""",
    "R17 the application's roles are no superusers, pass no policy and make no roles or databases": """
        select rolname from pg_roles where rolname = any(%(ours)s)
            and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)""",
    "R18 they own nothing": """
        select o.name from (
            select relname, relowner from pg_class union all select proname, proowner from pg_proc
            union all select nspname, nspowner from pg_namespace union all select datname, datdba from pg_database
        ) as o (name, owner) join pg_roles r on r.oid = o.owner where r.rolname = any(%(ours)s)""",
    "R19 they are members of no role but of each other": """
        select m.rolname || ' in ' || g.rolname from pg_auth_members a join pg_roles m on m.oid = a.member
            join pg_roles g on g.oid = a.roleid where m.rolname = any(%(ours)s) and not g.rolname = any(%(ours)s)""",
    "R20 nothing is granted to everybody": """
        select c.relname from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace in ('public'::regnamespace, 'access'::regnamespace) and a.grantee = 0""",
    "R21 nobody but the owner makes objects in our schemas": """
        select n.nspname || ': ' || coalesce(r.rolname, 'public') from pg_namespace n, aclexplode(n.nspacl) a
            left join pg_roles r on r.oid = a.grantee
        where n.nspname in ('public', 'access') and a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
            and coalesce(r.rolname, 'public') not in ('pg_database_owner')""",
    "R22 what is written once the application may neither change nor delete": """
        select t.name from unnest(%(append_only)s) as t (name) where has_table_privilege('refnet_app',
            'public.' || t.name, 'update, delete, truncate')""",
    "R23 and a trigger, switched on, refuses it to everybody": """
        select t.name from unnest(%(append_only)s) as t (name) where (select count(*) from pg_trigger g
            where g.tgrelid = ('public.' || t.name)::regclass and g.tgname like 'append_only%%'
                and g.tgenabled = 'O') < 2""",
    "R24 no trigger of ours is switched off": """
        select tgrelid::regclass::text || '.' || tgname from pg_trigger
        where not tgisinternal and tgenabled = 'D' and tgrelid in
            (select oid from pg_class where relnamespace = 'public'::regnamespace)""",
    "R25 nothing of the application's empties, references or hangs triggers on a table": """
        select c.relname || ': ' || a.privilege_type from pg_class c, aclexplode(c.relacl) a
            join pg_roles r on r.oid = a.grantee
        where c.relnamespace = 'public'::regnamespace and r.rolname like 'refnet\\_%%' and a.grantee <> c.relowner
            and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')""",
    "R26 figures are counted from the columns of tables.py and from no other": """
        select table_name || '.' || column_name from information_schema.column_privileges
        where grantee = 'refnet_report' and table_schema = 'public' and table_name = any(%(guarded)s)
            and not table_name || '.' || column_name = any(%(reported)s)""",
    "R27 a state needs its event: the triggers stand on every kind of case": """
        select t.name from unnest(%(cases)s) as t (name) where (select count(*) from pg_trigger g
            where g.tgrelid = ('public.' || t.name)::regclass and g.tgname in ('keeps_its_parties',
            'keeps_its_patient', 'began_with_its_event', 'moved_with_its_event') and g.tgenabled = 'O') <> 4""",
    "R28 sequences are drawn from and never set": """
        select c.relname from pg_class c, aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
        where c.relkind = 'S' and r.rolname like 'refnet\\_%%' and a.grantee <> c.relowner
            and a.privilege_type = 'UPDATE'""",
}


@dataclass(frozen=True)
class Finding:
    """A rule and what breaks it."""

    rule: str
    what: str


def findings() -> list[Finding]:
    """Everything in the database that breaks a rule; one statement for each."""
    values = _lists()
    found = []
    with connection.cursor() as cursor:
        for rule, question in RULES.items():
            cursor.execute(question, values)
            found += [Finding(rule, str(row[0])) for row in cursor.fetchall()]
    return found


def _lists() -> dict[str, list[str] | str]:
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    cases = [model for model in models if model._meta.label in CASES]
    return {
        "stored": sorted(connection.introspection.table_names()),
        "models": sorted({model._meta.db_table for model in models}),
        "guarded": sorted(GUARDED),
        "open": sorted(OPEN),
        "owners": sorted(OWNERS),
        "append_only": sorted(APPEND_ONLY),
        "reported": sorted(f"{table}.{column}" for table, columns in REPORTED.items() for column in columns),
        "ours": ["refnet_app", "refnet_system", "refnet_report"],
        "once": ONCE,
        "cases": sorted(model._meta.db_table for model in cases),
    }


# What depends on the person alone: to be asked in a sub-select of its own.
ONCE = (
    r"access\.(person|is_system|now|hospitals|departments|houses|holds|sought_patient|opened_cases|opened_patients"
    r"|audited|audits_all)\("
)
CASES = ("referrals.Referral", "referrals.Offer", "telemedicine.PathologyCase")
