-- What happened, who did it, who must hear (domain, sections 3, 4 and 7). Nobody writes in another's name.

-- Whether an event was written by this very transaction: its notices and messages may go to people one cannot see.
create or replace function access.just_written(wanted uuid) returns boolean language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from public.consortium_event
                         where id = wanted and tx = pg_current_xact_id_if_assigned()) $$;

-- The episode or pathology case that an event is about.
create or replace function access.thread_of(event uuid) returns uuid language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select thread_id from public.consortium_event where id = event $$;

call access.guard('consortium_event',
    seen => $$
        tx = pg_current_xact_id_if_assigned()
        or subject_kind = 'referral' and exists (select from access.leg_known r where r.id = subject_id)
        or subject_kind = 'offer' and exists (select from public.referrals_offer o where o.id = subject_id)
        or subject_kind = 'pathologyCase'
            and exists (select from public.telemedicine_pathologycase c where c.id = subject_id)
        or exists (select from public.consortium_notice n where n.event_id = consortium_event.id and n.person_id = {me})
        or {system}
    $$,
    made => $$ actor_id = {me} or {system} $$);

call access.guard('consortium_auditentry',
    seen => $$
        actor_hospital_id = any((select access.audited())::uuid[]) or hospitals && (select access.audited())
        or (select access.audits_all())
        or actor_id = {me} -- what is being written; the edge shows nobody their own
        or purpose = 'BREAK_GLASS' and exists (
            select from public.consortium_breakglass b
            where b.person_id = actor_id and at >= b.started_at and at <= b.ends_at
                and (b.patient_id = consortium_auditentry.patient_id or b.patient_id = any(patients))
                and b.patient_hospital_id = any((select access.houses('reviews'))::uuid[]))
        or {system}
    $$,
    -- at the door nobody is known to the database yet: what is written there is the sign-in itself
    made => $$ actor_id = {me} or {system} or purpose = 'SIGN_IN' and {me} is null $$);

-- Months that were archived (consortium/database/months.py): for whoever verifies the chains, and for nobody else.
alter table archive.consortium_auditentry enable row level security;
alter table archive.consortium_auditentry force row level security;
drop policy if exists seen on archive.consortium_auditentry;
create policy seen on archive.consortium_auditentry for select to refnet_app using ((select access.is_system()));
grant usage on schema archive to refnet_app;
grant select on archive.consortium_auditentry to refnet_app;

call access.guard('consortium_notice',
    seen => $$ person_id = {me} or access.just_written(event_id) or {system} $$,
    made => $$ access.just_written(event_id) $$,
    changed => $$ person_id = {me} or {system} $$);

call access.guard('consortium_delivery',
    seen => $$
        hospital_id = any((select access.hospitals('delivers'))::uuid[])
        or exists (select from public.referrals_case c where c.id = access.thread_of(event_id))
        or exists (select from public.telemedicine_pathologycase c where c.id = access.thread_of(event_id))
        or {system}
    $$,
    made => $$ access.just_written(event_id) $$,
    changed => $$
        hospital_id = any((select access.hospitals('delivers'))::uuid[])
        or exists (select from public.referrals_case c where c.id = access.thread_of(event_id))
        or exists (select from public.telemedicine_pathologycase c where c.id = access.thread_of(event_id))
        or {system}
    $$);

call access.guard('consortium_clockrun',
    seen => $$
        subject_kind = 'referral' and exists (select from public.referrals_referral r where r.id = subject_id)
        or subject_kind = 'offer' and exists (select from public.referrals_offer o where o.id = subject_id)
        or subject_kind = 'pathologyCase'
            and exists (select from public.telemedicine_pathologycase c where c.id = subject_id)
        or {system}
    $$,
    made => $$ {me} is not null or {system} $$,
    changed => $$ {me} is not null or {system} $$,
    deleted => $$ {me} is not null or {system} $$);

call access.guard('consortium_escalation',
    seen => $$ exists (select from public.consortium_clockrun r where r.id = run_id) $$,
    made => $$ {system} $$);

-- An answer is its asker's alone; the system forgets what is old (forget_answers).
call access.guard('consortium_idempotencykey',
    seen => $$ person_id = {me} or {system} $$,
    made => $$ person_id = {me} $$,
    changed => $$ person_id = {me} or {system} $$,
    deleted => $$ {system} $$);
