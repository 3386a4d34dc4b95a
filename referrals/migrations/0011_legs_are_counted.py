"""A trigger counts every leg where it changes; what was there is counted once, by the same expressions."""

from django.db import migrations

# A leg as it counts: since when and how, by the network's own midnights (settings.TIME_ZONE).
COLUMNS = """sent_at, status, requester_hospital_id, performer_hospital_id, needed_capability_id, decision, arrived_at, ending,
    closed_at"""
SUMS = """
    sum(sign), sum(sign) filter (where decision <> ''), sum(sign) filter (where decision in ('ACCEPTED', 'WAITLISTED')),
    sum(sign) filter (where decision = 'ADVISED'), sum(sign) filter (where arrived_at is not null),
    sum(sign) filter (where arrived_at is not null and ending = 'COMPLETED'),
    sum(sign) filter (where arrived_at is not null or decision = 'ADVISED'),
    sum(sign) filter (where arrived_at is not null and closed_at is not null)"""
DAY = "(sent_at at time zone 'Asia/Shanghai')::date"
INTO = """insert into public.referrals_legcount (grain, day, requester_hospital_id, performer_hospital_id, capability_id,
    sent, answered, accepted, advised, arrived, completed, served, judged)"""
ZEROES = "coalesce(a, 0), coalesce(b, 0), coalesce(c, 0), coalesce(d, 0), coalesce(e, 0), coalesce(f, 0), coalesce(g, 0), coalesce(h, 0)"
NAMED = "s (day, requester, performer, capability, a, b, c, d, e, f, g, h)"


def counted(grain, day, rows):  # type: ignore[no-untyped-def]
    """The statement that writes the sums of rows that have a sign."""
    return f"""{INTO}
    select '{grain}', day, requester, performer, capability, {ZEROES} from (
        select {day}, requester_hospital_id, performer_hospital_id, needed_capability_id, {SUMS}
        from {rows} where sent_at is not null and performer_hospital_id is not null and status <> 'ENTERED_IN_ERROR'
        group by 1, 2, 3, 4) {NAMED}"""


def of(row):  # type: ignore[no-untyped-def]
    """The columns of a row of a trigger."""
    return ", ".join(f"{row}.{name.strip()}" for name in COLUMNS.split(","))


CHANGED = f"""(values (-1, {of("old")}), (1, {of("new")})) v (sign, {COLUMNS})"""
NONZERO = "where a <> 0 or b <> 0 or c <> 0 or d <> 0 or e <> 0 or f <> 0 or g <> 0 or h <> 0"
FUNCTIONS = f"""
create function referrals_count_leg() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    {counted("C", DAY, CHANGED)} {NONZERO};
    return null;
end $$;
create trigger counted_new after insert on referrals_referral for each row
    when (new.sent_at is not null) execute function referrals_count_leg();
create trigger counted_gone after delete on referrals_referral for each row
    when (old.sent_at is not null) execute function referrals_count_leg();
create trigger counted_changed after update on referrals_referral for each row
    when ((old.sent_at is not null or new.sent_at is not null)
        and ({of("old")}) is distinct from ({of("new")}))
    execute function referrals_count_leg();
create function referrals_recount_legs() returns void language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    lock table public.referrals_referral in share mode;
    delete from public.referrals_legcount;
    {counted("D", DAY, f"(select 1 as sign, {COLUMNS} from public.referrals_referral) v")};
    {INTO} select 'M', date_trunc('month', day)::date, requester_hospital_id, performer_hospital_id, capability_id,
        sum(sent), sum(answered), sum(accepted), sum(advised), sum(arrived), sum(completed), sum(served), sum(judged)
    from public.referrals_legcount where grain = 'D' group by 2, 3, 4, 5;
end $$;
revoke execute on function referrals_count_leg() from public;
revoke execute on function referrals_recount_legs() from public;
"""
BACK = """
drop trigger counted_new on referrals_referral;
drop trigger counted_gone on referrals_referral;
drop trigger counted_changed on referrals_referral;
drop function referrals_count_leg();
drop function referrals_recount_legs();
"""


class Migration(migrations.Migration):
    """Triggers, and the sums of what is there."""

    accepted = {"mixed": "between the trigger and the first sums nothing may be counted twice or not at all"}
    dependencies = [("referrals", "0010_arrived_by_deadline")]
    operations = [
        migrations.RunSQL(FUNCTIONS, BACK),
        migrations.RunSQL("select referrals_recount_legs()", migrations.RunSQL.noop),
    ]
