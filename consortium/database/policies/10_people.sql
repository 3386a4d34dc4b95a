-- Who somebody is to the database, and how a table is guarded. Written from docs/domain: section 2 (roles), section 7.

revoke all on schema access from public;
grant usage on schema access to refnet_app, refnet_report;

-- The person in whose name the transaction runs; null for nobody and for the system.
create or replace function access.person() returns bigint language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
    as $$ select case when current_setting('refnet.person', true) ~ '^[0-9]{1,18}$'
                      then current_setting('refnet.person', true)::bigint end $$;

-- The clock and the jobs, which act for nobody.
create or replace function access.is_system() returns boolean language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(current_setting('refnet.person', true) = 'system', false) $$;

-- The moment by which everything is judged: the server's, or that of a demonstration's clock.
create or replace function access.now() returns timestamptz language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(nullif(current_setting('refnet.now', true), '')::timestamptz, pg_catalog.now()) $$;

-- What each role is for (domain, section 2), by hand and independent of consortium/roles.py.
create or replace function access.roles_for(ability text) returns text[] language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
    as $$ select case ability
        -- writes and follows the cases of the own department; a specialist who refers down or on does so too
        when 'sends'           then array['REFERRING_DOCTOR', 'REFERRAL_OFFICE', 'EXPERT']
        -- reads and answers what was sent to the own department
        when 'receives'        then array['REFERRAL_OFFICE', 'EXPERT']
        -- makes pathology cases, registers specimens, uploads slides; the lead of the department oversees it
        when 'sends_specimens' then array['PATHOLOGY_LAB', 'PATHOLOGY_LEAD']
        -- reads slides sent to the own department, or looks at their quality
        when 'reads_slides'    then array['PATHOLOGIST', 'PATHOLOGY_LEAD', 'PATHOLOGY_LAB']
        -- may write down who somebody is
        when 'registers'       then array['REFERRING_DOCTOR', 'REFERRAL_OFFICE', 'EXPERT', 'PATHOLOGY_LAB',
                                          'HOTLINE_AGENT']
        -- hands a caller into the green channel, and sees that ticket alone
        when 'activates'       then array['HOTLINE_AGENT']
        -- the second person of "entered in error"; no other patient record
        when 'confirms_errors' then array['HOSPITAL_ADMIN']
        when 'delivers'        then array['HOSPITAL_ADMIN']
        -- figures without patients
        when 'counts'          then array['HOSPITAL_ADMIN', 'ALLIANCE_ADMIN', 'COMMISSION_OBSERVER', 'PATHOLOGY_LEAD']
        when 'audits'          then array['AUDITOR']
        -- may open a patient's cases in an emergency; says for the patient's hospital whether that was right
        when 'breaks_glass'    then array['REFERRING_DOCTOR', 'EXPERT']
        when 'reviews'         then array['HOSPITAL_ADMIN']
    end $$;

-- The roles that the person holds now: dated, and only while the account is active (section 1: revoked is revoked).
create or replace view access.held with (security_invoker = true) as
    select r.role, r.hospital_id, r.department_id, r.division_id
    from public.consortium_practitionerrole r
    join public.consortium_person p on p.id = r.person_id and p.is_active
    where r.person_id = access.person()
        and r.starts_at <= access.now() and (r.ends_at is null or r.ends_at > access.now());

-- The hospitals at which the person has an ability for the whole house; always asked once for a statement.
create or replace function access.hospitals(ability text) returns uuid[] language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(hospital_id), '{}') from access.held
          where role = any(access.roles_for(ability)) and hospital_id is not null and department_id is null $$;

-- The departments at which the person has it.
create or replace function access.departments(ability text) returns uuid[] language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(department_id), '{}') from access.held
          where role = any(access.roles_for(ability)) and department_id is not null $$;

-- Both as one, so that a policy asks once: no hospital has the key of a department. Each question is a node of every plan.
create or replace function access.places(ability text) returns uuid[] language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(coalesce(department_id, hospital_id)), '{}') from access.held
          where role = any(access.roles_for(ability)) and coalesce(department_id, hospital_id) is not null $$;

-- The hospitals in which the person has it somewhere, be it in one department.
create or replace function access.houses(ability text) returns uuid[] language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(distinct hospital_id), '{}') from access.held
          where role = any(access.roles_for(ability)) and hospital_id is not null $$;

-- Whether the person has it anywhere.
create or replace function access.holds(ability text) returns boolean language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from access.held where role = any(access.roles_for(ability))) $$;

-- In the conditions below, {requester sends} stands for "the row's requester is a place where the person sends", and
-- {r.performer receives} for the same of the row r; {me} for the person, {system} for the system, {now} for the moment.
create or replace function access.spelled(condition text) returns text language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$ select regexp_replace(replace(replace(replace(condition,
            '{me}', '(select access.person())'), '{system}', '(current_setting(''refnet.person'', true) = ''system'')'),
            '{now}', '(select access.now())'),
        '\{((?:\w+\.)?\w+) (\w+)\}',
        '(array[\1_hospital_id, \1_department_id] && (select access.places(''\2''))::uuid[])', 'g') $$;

-- Guard a table: who sees a row, who may write a new one, whom a changed one may be left to, and who may delete one.
-- A row can be changed only by those who see it. What is not given is refused, deletion too.
create or replace procedure access.guard(
    name text, seen text, made text default null, changed text default null, deleted text default null
) language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    execute format('alter table public.%I enable row level security', name);
    execute format('alter table public.%I force row level security', name);
    execute format('create policy seen on public.%I for select to refnet_app using (%s)',
        name, access.spelled(seen));
    if made is not null then
        execute format('create policy made on public.%I for insert to refnet_app with check (%s)',
            name, access.spelled(made));
    end if;
    if changed is not null then
        execute format('create policy changed on public.%I for update to refnet_app using (%s) with check (%s)',
            name, access.spelled(seen), access.spelled(changed));
    end if;
    if deleted is not null then
        execute format('create policy deleted on public.%I for delete to refnet_app using (%s)',
            name, access.spelled(deleted));
    end if;
end $$;
