"""The rules over the catalogue: they hold, and each one finds the fault that it is there for."""

import pytest
from django.db import connection

from consortium.database import lint, tables

# By rule: what somebody might do to the database, and what is named.
FAULTS = {
    "R01": ("create table forgotten (id int)", "forgotten"),
    "R02": ("alter table referrals_case disable row level security", "referrals_case"),
    "R03": ("alter table referrals_case no force row level security", "referrals_case"),
    "R04": ("drop policy seen on referrals_booking", "referrals_booking"),
    "R05": ("create policy x on referrals_case to refnet_app using (id is null)", "referrals_case.x"),
    "R06": ("create policy x on referrals_case for select using (id is null)", "referrals_case.x"),
    "R07": ("create policy x on referrals_case for update to refnet_app using (id is null)", "referrals_case.x"),
    "R08": ("create policy x on referrals_case for select to refnet_app using (true)", "referrals_case.x"),
    "R09": (
        "create policy x on referrals_case as restrictive for select to refnet_app using (id is null)",
        "referrals_case.x",
    ),
    "R10": (
        "create policy x on referrals_case for select to refnet_app using (origin_id = any(access.houses('sends')))",
        "referrals_case.x",
    ),
    "R11": (
        "create policy x on consortium_hospital for select to refnet_app using (name = '')",
        "consortium_hospital",
    ),
    "R12": ("create function access.x() returns int language sql security definer as 'select 1'", "x"),
    "R13": ("grant execute on function access.case_begun(uuid) to public", "case_begun"),
    "R14": ("alter function access.person() volatile", "person"),
    "R15": ("create view access.x as select * from referrals_case", "x"),
    "R16": ("create materialized view x as select * from referrals_case", "x"),
    "R18": ("alter table consortium_duty owner to refnet_app", "consortium_duty"),
    "R20": ("grant select on consortium_hospital to public", "consortium_hospital"),
    "R21": ("grant create on schema public to refnet_app", "public: refnet_app"),
    "R22": ("grant update on consortium_event to refnet_app", "consortium_event"),
    "R23": ("alter table consortium_event disable trigger append_only", "consortium_event"),
    "R24": ("alter table consortium_event disable trigger wakes", "consortium_event.wakes"),
    "R25": ("grant truncate on referrals_case to refnet_app", "referrals_case: TRUNCATE"),
    "R26": ("grant select (reason) on referrals_referral to refnet_report", "referrals_referral.reason"),
    "R27": ("drop trigger keeps_its_parties on referrals_offer", "referrals_offer"),
    "R28": ("grant update on sequence referrals_number to refnet_app", "referrals_number"),
    "R29": ("alter table consortium_event_other no force row level security", "consortium_event_other"),
}
# What the owner of the embedded database may not do, and so neither can a test.
UNTESTED = {"R17", "R19"}


def test_every_rule_holds(db):
    assert lint.findings() == []
    assert {rule[:3] for rule in lint.RULES} == FAULTS.keys() | UNTESTED


@pytest.mark.parametrize("rule", sorted(FAULTS))
def test_each_rule_finds_its_fault(db, rule):
    fault, named = FAULTS[rule]
    with connection.cursor() as cursor:
        if rule == "R18":  # who gives something away must be able to make it there
            cursor.execute("grant create on schema public to refnet_app")
        cursor.execute(fault)
    found = [(finding.rule[:3], finding.what) for finding in lint.findings()]
    assert (rule, named) in found


def test_a_table_in_two_lists_is_found(db, monkeypatch):
    monkeypatch.setattr(lint, "OPEN", tables.OPEN | {"referrals_case"})
    assert [(finding.rule[:3], finding.what) for finding in lint.findings()] == [("R01", "referrals_case")]
