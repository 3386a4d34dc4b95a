-- Referrals (domain, sections 3 and 7): access follows the case. It begins at send, narrows at reject and redirect, and
-- ends so many days after the close.

-- What somebody is about to look up: the blind index of the identity number that they typed, see consortium.database.acting.seek.
create or replace function access.sought_patient() returns uuid language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select id from public.consortium_patient
          where id_mark = any(array(select decode(mark, 'hex')
                  from unnest(string_to_array(nullif(current_setting('refnet.sought', true), ''), ',')) as mark))
              and access.holds('registers') $$;

-- Whether a case has a leg, or a patient a case: what has none is just being written, in this transaction.
create or replace function access.case_begun(wanted uuid) returns boolean language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from public.referrals_referral where case_id = wanted) $$;
create or replace function access.summary_used(wanted uuid) returns boolean language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from public.referrals_referral where clinical_id = wanted) $$;
create or replace function access.patient_known(wanted uuid) returns boolean language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from public.referrals_case where patient_id = wanted)
              or exists (select from public.telemedicine_pathologycase where patient_id = wanted) $$;

-- The cases that a text which somebody searches for may be about, unless they are more than so many: their keys, by which
-- an index finds what the person may see of them. Beneath the policies no index of names is used, for what compares
-- names is not known to keep them to itself.
create or replace function access.cases_about(grams text[], marks bytea[], wanted text, most int) returns uuid[]
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$ select case when count(*) <= most then coalesce(array_agg(id), '{}') end from (
              (select c.id from public.referrals_case c where c.patient_id in (
                  select p.id from public.consortium_patient p where p.name_grams @> grams::varchar[] or p.id_mark = any(marks)))
              union all (select c.id from public.referrals_case c where c.number = wanted)
              union all (select r.case_id from public.referrals_referral r where r.number = wanted)
              limit most + 1) found $$;

-- The leg that a new one follows from, if the person may send it on: its performer, who redirects.
create or replace function access.may_send_on(leg uuid) returns boolean language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select exists (
        select from public.referrals_referral r
        where r.id = leg and r.sent_at is not null
            and (r.performer_hospital_id = any(access.hospitals('receives'))
                or r.performer_department_id = any(access.departments('receives')))) $$;

-- Whether the person began this call of the green channel.
create or replace function access.my_call(leg uuid) returns boolean language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select exists (select from public.referrals_referral
                         where id = leg and created_by_id = access.person() and pathway = 'GREEN_CHANNEL') $$;

call access.guard('referrals_referral',
    seen => $$
        {requester sends}
        or sent_at is not null and {performer receives} and (closed_at is null or closed_at > {now} - access.kept_for())
        or error_reported_at is not null
            and requester_hospital_id = any((select access.hospitals('confirms_errors'))::uuid[])
        or pathway = 'GREEN_CHANNEL' and created_by_id = {me} and (select access.holds('activates'))
        or exists (select from public.referrals_offer o where o.referral_id = referrals_referral.id
            and {o.performer receives})
        or exists (select from public.telemedicine_pathologycase c where c.referral_id = referrals_referral.id
            and {c.requester sends_specimens})
        or case_id = any((select access.opened_cases())::uuid[])
        or {system}
    $$,
    made => $$
        {requester sends}
        or based_on_id is not null and access.may_send_on(based_on_id)
        or pathway = 'GREEN_CHANNEL' and created_by_id = {me} and (select access.holds('activates'))
        or created_by_id = {me} and (requester_hospital_id = any((select access.houses('sends_specimens'))::uuid[])
            or requester_hospital_id = any((select access.houses('reads_slides'))::uuid[]))
        or {system}
    $$,
    changed => $$
        {requester sends}
        or sent_at is not null and {performer receives}
        or error_reported_at is not null
            and requester_hospital_id = any((select access.hospitals('confirms_errors'))::uuid[])
        or pathway = 'GREEN_CHANNEL' and created_by_id = {me} and (select access.holds('activates'))
        or exists (select from public.referrals_offer o where o.referral_id = referrals_referral.id
            and {o.performer receives})
        or {system}
    $$);

call access.guard('referrals_case',
    seen => $$
        exists (select from public.referrals_referral r where r.case_id = referrals_case.id)
        or patient_id = (select access.sought_patient())
        or {me} is not null and not access.case_begun(id)
        or {system}
    $$,
    made => $$ {me} is not null or {system} $$,
    changed => $$ {me} is not null or {system} $$);

call access.guard('consortium_patient',
    seen => $$
        exists (select from public.referrals_case c where c.patient_id = consortium_patient.id)
        or exists (select from public.telemedicine_pathologycase c where c.patient_id = consortium_patient.id)
        or id = (select access.sought_patient())
        or (select access.holds('registers')) and not access.patient_known(id)
        or id = any((select access.opened_patients())::uuid[])
        -- whose cases an emergency opened, for who reviews or audits that
        or exists (select from public.consortium_breakglass b where b.patient_id = consortium_patient.id)
        -- whom the trail names, masked, to those who audit the hospital that registered them
        or registered_by_hospital_id = any((select access.audited())::uuid[]) or (select access.audits_all())
        or {system}
    $$,
    made => $$ (select access.holds('registers')) or {system} $$,
    changed => $$ (select access.holds('registers')) or {system} $$);

call access.guard('referrals_clinicalsummary',
    seen => $$
        exists (select from public.referrals_referral r where r.clinical_id = referrals_clinicalsummary.id)
        or {me} is not null and not access.summary_used(id)
        or {system}
    $$,
    made => $$ exists (select from public.referrals_case c where c.id = case_id) or {system} $$,
    changed => $$ exists (select from public.referrals_case c where c.id = case_id) or {system} $$);

call access.guard('referrals_diagnosis',
    seen => $$ exists (select from public.referrals_clinicalsummary s where s.id = summary_id) $$,
    made => $$ exists (select from public.referrals_clinicalsummary s where s.id = summary_id) $$,
    changed => $$ exists (select from public.referrals_clinicalsummary s where s.id = summary_id) $$,
    deleted => $$ exists (select from public.referrals_clinicalsummary s where s.id = summary_id) $$);

-- What hangs on a leg is for those who see the leg in full.
do $do$
begin
    execute access.spelled($$
        create view access.leg_in_full with (security_invoker = true) as
        select r.id, r.case_id from public.referrals_referral r
        where {r.requester sends}
            or r.sent_at is not null and r.status not in ('REJECTED', 'REDIRECTED') and {r.performer receives}
                and (r.closed_at is null or r.closed_at > {now} - access.kept_for())
            or r.case_id = any((select access.opened_cases())::uuid[])
            or {system} $$);
    -- Legs seen in their own right: not through an offer, whose holder never sees the referral (section 4), and not
    -- through the pathology case that one came of.
    execute access.spelled($$
        create view access.leg_known with (security_invoker = true) as
        select r.id from public.referrals_referral r
        where {r.requester sends}
            or r.sent_at is not null and {r.performer receives}
                and (r.closed_at is null or r.closed_at > {now} - access.kept_for())
            or r.error_reported_at is not null
                and r.requester_hospital_id = any((select access.hospitals('confirms_errors'))::uuid[])
            or r.pathway = 'GREEN_CHANNEL' and r.created_by_id = {me} and (select access.holds('activates'))
            or r.case_id = any((select access.opened_cases())::uuid[])
            or {system} $$);
end $do$;

do $do$
declare name text;
begin
    foreach name in array array['informationrequest', 'booking', 'journey', 'outcome', 'printedform', 'milestone',
        'handover', 'qualityreview']
    loop
        call access.guard('referrals_' || name,
            seen => 'exists (select from access.leg_in_full f where f.id = referral_id)',
            made => 'exists (select from access.leg_in_full f where f.id = referral_id)',
            changed => 'exists (select from access.leg_in_full f where f.id = referral_id)');
    end loop;
end $do$;

call access.guard('referrals_outcome_diagnoses',
    seen => $$ exists (select from public.referrals_outcome o where o.id = outcome_id) $$,
    made => $$ exists (select from public.referrals_outcome o where o.id = outcome_id) $$,
    deleted => $$ exists (select from public.referrals_outcome o where o.id = outcome_id) $$);

call access.guard('referrals_attachment',
    seen => $$ exists (select from access.leg_in_full f where f.case_id = referrals_attachment.case_id) $$,
    made => $$ exists (select from access.leg_in_full f where f.id = referral_id) $$);

call access.guard('referrals_offer',
    seen => $$
        {requester sends}
        or {performer receives} and (closed_at is null or closed_at > {now} - access.kept_for())
        or {system}
    $$,
    made => $$
        {requester sends}
        or access.my_call(referral_id)
            and ((select access.holds('activates'))
                or requester_hospital_id = any((select access.houses('sends_specimens'))::uuid[])
                or requester_hospital_id = any((select access.houses('reads_slides'))::uuid[]))
        or {system}
    $$,
    changed => $$ {requester sends} or {performer receives} or {system} $$);

-- How many legs went where: kept by a trigger, settled by the system, read for figures (50_reports.sql).
call access.guard('referrals_legcount',
    seen => $$ {system} $$, made => $$ {system} $$, changed => $$ {system} $$, deleted => $$ {system} $$);

call access.guard('referrals_export',
    seen => $$ person_id = {me} or {system} $$,
    made => $$ person_id = {me} $$,
    changed => $$ person_id = {me} or {system} $$);
