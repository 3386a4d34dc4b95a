-- Emergency access and whole numbers (domain, section 7): an hour at most, told to the patient's hospital, reviewed.

-- The patients whose cases an emergency opens to the person now: while the access runs, and the role by which it was had.
create or replace function access.opened_patients() returns uuid[] language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(b.patient_id), '{}') from public.consortium_breakglass b
          join public.consortium_practitionerrole r on r.id = b.practitioner_role_id
          join public.consortium_person p on p.id = b.person_id and p.is_active
          where b.person_id = access.person() and b.started_at <= access.now() and b.ends_at > access.now()
              and r.role = any(access.roles_for('breaks_glass'))
              and r.starts_at <= access.now() and (r.ends_at is null or r.ends_at > access.now()) $$;

-- What a role opened and still has open at a moment: asked with the roles of whoever signs in, before the database is
-- told who acts.
create or replace function access.opened_by(role_held uuid, moment timestamptz) returns uuid[] language sql stable
    security definer set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(patient_id), '{}') from public.consortium_breakglass
          where practitioner_role_id = role_held and started_at <= moment and ends_at > moment $$;

-- Their cases.
create or replace function access.opened_cases() returns uuid[] language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(id), '{}') from public.referrals_case
          where patient_id = any(access.opened_patients()) $$;

-- The hospitals that the person audits: by a role there, or for a division around them.
create or replace function access.audited() returns uuid[] language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select coalesce(array_agg(h.id), '{}') from public.consortium_hospital h
          join public.consortium_division d on d.code = h.division_id
          left join public.consortium_division above on above.code = d.parent_id
          where exists (select from access.held r where r.role = any(access.roles_for('audits'))
              and (r.hospital_id = h.id or r.division_id in (d.code, above.code, above.parent_id))) $$;

-- Whether the person audits a division that lies in no other, and with it those who stand for no hospital.
create or replace function access.audits_all() returns boolean language sql stable
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from access.held r join public.consortium_division d on d.code = r.division_id
          where r.role = any(access.roles_for('audits')) and d.parent_id is null) $$;

call access.guard('consortium_breakglass',
    seen => $$
        person_id = {me}
        or patient_hospital_id = any((select access.houses('reviews'))::uuid[])
        or patient_hospital_id = any((select access.audited())::uuid[])
        or {system}
    $$,
    made => $$ person_id = {me} and (select access.holds('breaks_glass')) $$,
    changed => $$ person_id = {me} or patient_hospital_id = any((select access.houses('reviews'))::uuid[]) or {system} $$);

-- Who had numbers shown writes it down, and nobody reads it here: the trail says it to those who audit.
call access.guard('consortium_unmasking',
    seen => $$ person_id = {me} or {system} $$,
    made => $$ person_id = {me} $$);
