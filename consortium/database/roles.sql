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
