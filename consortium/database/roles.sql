-- The roles of the network's database; run once by somebody who may create roles, in any of its databases.
-- The owner (whoever migrates) is a member of all, so that tests and development can step down to them.

do $$
begin
    if not exists (select from pg_roles where rolname = 'refnet_app') then
        -- What the web server signs in as. NOINHERIT: it becomes `refnet_report` only by saying so.
        create role refnet_app login noinherit nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_roles where rolname = 'refnet_system') then
        -- What the worker and the jobs sign in as.
        create role refnet_system login inherit nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_roles where rolname = 'refnet_report') then
        create role refnet_report nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
end $$;
grant refnet_report to refnet_app;
grant refnet_app to refnet_system;
alter role refnet_system set refnet.person = 'system';
-- As settings.py asks of each connection; behind a pool that drops what a client asks for at its start, the role does.
alter role refnet_app set join_collapse_limit = 6;
alter role refnet_app set from_collapse_limit = 6;
alter role refnet_system set join_collapse_limit = 6;
alter role refnet_system set from_collapse_limit = 6;
