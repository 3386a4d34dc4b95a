-- Figures (domain, sections 2 and 6): an administrator or observer counts every case of the network and sees no patient.
-- The role `refnet_report` reads the columns of tables.REPORTED alone, and those only for a person with such a role.

do $do$
declare name text;
begin
    foreach name in array array['referrals_referral', 'referrals_legcount', 'consortium_clockrun', 'telemedicine_pathologycase',
        'telemedicine_qualitycheck']
    loop
        execute format('create policy counted on public.%I for select to refnet_report'
            ' using ((select access.holds(''counts'')) or (select access.is_system()))', name);
    end loop;
end $do$;
