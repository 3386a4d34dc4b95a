-- Remote pathology (domain, section 5): the lab that sends and the department that reads.

call access.guard('telemedicine_pathologycase',
    seen => $$
        {requester sends_specimens}
        or sent_at is not null and {performer reads_slides}
            and (closed_at is null or closed_at > {now} - access.kept_for())
        or patient_id = any((select access.opened_patients())::uuid[])
        or {system}
    $$,
    made => $$ {requester sends_specimens} or {system} $$,
    changed => $$ {requester sends_specimens} or sent_at is not null and {performer reads_slides} or {system} $$);

-- How many cases in these states somebody has in hand, for whichever department: a number, asked before one more is taken.
create or replace function access.in_hand(reader bigint, states text[]) returns bigint language sql stable
    security definer set search_path = pg_catalog, pg_temp
    as $$ select count(*) from public.telemedicine_pathologycase
          where assigned_to_id = reader and status = any(states) $$;

do $do$
declare name text;
begin
    foreach name in array array['slideimage', 'qualitycheck', 'materialrequest', 'recusal', 'slide', 'specimen', 'keyimage']
    loop
        call access.guard('telemedicine_' || name,
            seen => 'exists (select from public.telemedicine_pathologycase c where c.id = case_id)',
            made => 'exists (select from public.telemedicine_pathologycase c where c.id = case_id)',
            changed => 'exists (select from public.telemedicine_pathologycase c where c.id = case_id)');
    end loop;
end $do$;

-- What readers say among themselves stays with them; the sender is told the preliminary opinion.
call access.guard('telemedicine_opinion',
    seen => $$ exists (select from public.telemedicine_pathologycase c where c.id = case_id
        and (part = 'PRELIMINARY' or {c.performer reads_slides} or {system})) $$,
    made => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$);
-- A hidden annotation is its author's alone, and so is the trace of what somebody has looked at.
call access.guard('telemedicine_annotation',
    seen => $$ (visibility = 'SHOWN' or person_id = {me})
        and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    made => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    changed => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$);
call access.guard('telemedicine_slidetrace',
    seen => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    made => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    changed => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$);
-- Uploads are the sending laboratory's; readers get the image that comes of one.
call access.guard('telemedicine_upload',
    seen => $$ exists (select from public.telemedicine_pathologycase c where c.id = case_id
        and ({c.requester sends_specimens} or {system})) $$,
    made => $$ exists (select from public.telemedicine_pathologycase c where c.id = case_id
        and ({c.requester sends_specimens} or {system})) $$,
    changed => $$ exists (select from public.telemedicine_pathologycase c where c.id = case_id
        and ({c.requester sends_specimens} or {system})) $$);

call access.guard('telemedicine_report',
    seen => $$ exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    made => $$ exists (select from public.telemedicine_pathologycase c where c.id = case_id) and signed_by_id = {me} $$);
call access.guard('telemedicine_addendum',
    seen => $$ exists (select from public.telemedicine_report r where r.id = report_id) $$,
    made => $$ exists (select from public.telemedicine_report r where r.id = report_id) and signed_by_id = {me} $$);
call access.guard('telemedicine_reportdraft',
    seen => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    made => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    changed => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$,
    deleted => $$ person_id = {me} and exists (select from public.telemedicine_pathologycase c where c.id = case_id) $$);
call access.guard('telemedicine_block',
    seen => $$ exists (select from public.telemedicine_specimen s where s.id = specimen_id) $$,
    made => $$ exists (select from public.telemedicine_specimen s where s.id = specimen_id) $$,
    changed => $$ exists (select from public.telemedicine_specimen s where s.id = specimen_id) $$);
call access.guard('telemedicine_slideview',
    seen => $$ exists (select from public.telemedicine_slide s where s.id = slide_id) $$,
    made => $$ person_id = {me} and exists (select from public.telemedicine_slide s where s.id = slide_id) $$,
    changed => $$ person_id = {me} and exists (select from public.telemedicine_slide s where s.id = slide_id) $$);
