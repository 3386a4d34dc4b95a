-- What policies cannot say of a case, because they see one version of a row only (domain, sections 3 to 5): a state
-- changes by a step alone, and nobody moves a case to another patient, author or party. For whoever signs in as the
-- application; the owner mends by hand.

create or replace function access.keep_case() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
begin
    if new.id <> old.id or new.number <> old.number or new.created_by_id <> old.created_by_id
        or new.created_at <> old.created_at or new.requester_hospital_id <> old.requester_hospital_id
        or new.requester_department_id <> old.requester_department_id
    then
        raise exception 'a case stays with its author and its sender' using errcode = 'restrict_violation';
    end if;
    if old.sent_at is not null and (new.sent_at is null
        or new.performer_hospital_id is distinct from old.performer_hospital_id
        or new.performer_department_id is distinct from old.performer_department_id)
    then
        raise exception 'a case that was sent stays with whom it was sent to' using errcode = 'restrict_violation';
    end if;
    if new.version < old.version or (new.status <> old.status and new.version = old.version) then
        raise exception 'a state changes with the version' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- At the end of the transaction: a new state, and a new case, have an event of this transaction that says so.
create or replace function access.require_event() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (
        select from public.consortium_event e
        where e.subject_id = new.id and e.version = new.version and e.to_status = new.status
            and e.tx = pg_current_xact_id_if_assigned())
    then
        raise exception 'a state without its event' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;

create or replace function access.keep_thread() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
declare moved boolean;
begin
    if tg_argv[0] = 'referral' then
        moved := (new.case_id, new.based_on_id) is distinct from (old.case_id, old.based_on_id);
    elsif tg_argv[0] = 'offer' then
        moved := new.referral_id <> old.referral_id;
    else
        moved := new.patient_id <> old.patient_id;
    end if;
    if moved then
        raise exception 'a case stays with its patient' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- An episode goes over to another patient once: when somebody under a temporary identity is recognised.
create or replace function access.keep_episode() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    if new.number <> old.number or new.origin_id <> old.origin_id or new.opened_at <> old.opened_at
        or new.patient_id <> old.patient_id and not exists (
            select from public.consortium_patient where id = old.patient_id and temporary_identity <> '')
    then
        raise exception 'an episode stays with its patient' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function access.keep_identity() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
begin
    if new.registered_by_hospital_id <> old.registered_by_hospital_id or new.registered_at <> old.registered_at
        or old.deceased_at is not null and new.deceased_at is distinct from old.deceased_at
    then
        raise exception 'a registration stays as it was made' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

do $do$
declare kind record;
begin
    for kind in select * from (values ('referrals_referral', 'referral'), ('referrals_offer', 'offer'),
        ('telemedicine_pathologycase', 'pathologyCase')) as v (name, called)
    loop
        execute format('create trigger keeps_its_parties before update on public.%I for each row'
            ' when (current_user in (''refnet_app'', ''refnet_system'')) execute function access.keep_case()', kind.name);
        execute format('create trigger keeps_its_patient before update on public.%I for each row'
            ' when (current_user in (''refnet_app'', ''refnet_system''))'
            ' execute function access.keep_thread(%L)', kind.name, kind.called);
        execute format('create constraint trigger began_with_its_event after insert on public.%I'
            ' deferrable initially deferred for each row'
            ' when (current_user in (''refnet_app'', ''refnet_system'')) execute function access.require_event()',
            kind.name);
        execute format('create constraint trigger moved_with_its_event after update on public.%I'
            ' deferrable initially deferred for each row'
            ' when (old.status <> new.status and current_user in (''refnet_app'', ''refnet_system''))'
            ' execute function access.require_event()', kind.name);
    end loop;
end $do$;
create trigger keeps_its_patient before update on public.referrals_case for each row
    when (current_user in ('refnet_app', 'refnet_system')) execute function access.keep_episode();
create trigger keeps_its_registration before update on public.consortium_patient for each row
    when (current_user in ('refnet_app', 'refnet_system')) execute function access.keep_identity();
