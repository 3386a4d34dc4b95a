"""Every shape of the worklist is read by an index in its order: no whole table, no sort of more than a page."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from consortium.database.acting import acting
from consortium.models import Event
from consortium.roles import Role
from referrals.models import Referral, Status
from schema.keyset import cursor
from schema.worklist import ORDERS
from tests.edge.client import as_role
from tests.edge.many import statements
from tests.growth.plans import explained, faults, nodes
from tests.world import NOW, WRITES, World, spelled_out

ROWS = 24_000
PAGE = 20
# Each row of a referral that stands for many, with what differs: a third open, of all priorities, half another's.
COPY = """
create temp table made on commit drop as
select n, gen_random_uuid() patient, gen_random_uuid() episode, gen_random_uuid() summary,
    (select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - {rows} + n), 12, '0') || '7'
        || right(md5(n::text), 19))::uuid) leg
from generate_series(1, {rows}) n;
insert into consortium_patient select (jsonb_populate_record(p, jsonb_build_object('id', m.patient, 'id_mark', null,
    'id_number_sealed', null, 'temporary_identity', 'T' || m.n))).*
    from consortium_patient p, made m where p.id = '{patient}';
insert into referrals_case select (jsonb_populate_record(c, jsonb_build_object('id', m.episode, 'number', 'P' || m.n,
    'patient_id', m.patient))).* from referrals_case c, made m where c.id = '{case}';
insert into referrals_clinicalsummary select (jsonb_populate_record(s, jsonb_build_object('id', m.summary,
    'case_id', m.episode))).* from referrals_clinicalsummary s, made m where s.id = '{summary}';
insert into referrals_referral select (jsonb_populate_record(r, jsonb_build_object('id', m.leg, 'number', 'Q' || m.n,
    'case_id', m.episode, 'clinical_id', m.summary, 'priority', 1 + m.n % 4,
    'status', case when m.n % 3 = 0 then case when m.n % 2 = 0 then 'SENT' else 'IN_TRIAGE' end else 'CLOSED' end,
    'closed_at', case when m.n % 3 = 0 then null else timestamptz '{now}' end,
    'ending', case when m.n % 3 = 0 then '' else 'LOCAL' end,
    'due_at', case when m.n % 3 = 0 then timestamptz '{now}' + make_interval(mins => m.n % 4000 - 2000) end,
    'clock_kind', case when m.n % 3 = 0 then 'TRIAGE' else '' end)
    || case when m.n % 2 = 0 then jsonb_build_object('performer_hospital_id', '{elsewhere}',
        'performer_department_id', '{ward}') else '{{}}' end)).*
    from referrals_referral r, made m where r.id = '{leg}';
analyze consortium_patient, referrals_case, referrals_clinicalsummary, referrals_referral;
"""
TOLD = re.compile(r"(select set_config\(.*?\); )+", re.DOTALL)  # who acts, how it is planned: before a statement
READS = re.compile(r"(with|execute|select)\b", re.IGNORECASE)
SORTS = ["NEWEST", "MOST_URGENT", "NEAREST_DEADLINE"]
FILTERS = [
    "",
    ", open: true",
    ", open: true, overdue: true",
    ", open: true, holder: PERFORMER",
    ", open: true, priority: [STAT, ASAP]",
    ", open: true, status: [SENT]",
]
# Who reads: a department and a whole hospital, on either side.
READERS = [
    ("IN", "province", Role.EXPERT),
    ("IN", "province", Role.REFERRAL_OFFICE),
    ("OUT", "county", Role.REFERRING_DOCTOR),
    ("OUT", "county", Role.REFERRAL_OFFICE),
]
NODES = "nodes { number status priority patient { displayName } requesterHospital { name } clock { dueAt } }"


@pytest.fixture(scope="module")
def many(_module_world: World) -> World:
    """The small world with many referrals from the county, half of them to the province."""
    world, first = _module_world, _module_world.referral(Status.SENT)
    named = {
        "rows": ROWS,
        "now": NOW.isoformat(),
        "patient": first.case.patient_id,
        "case": first.case_id,
        "summary": first.clinical_id,
        "leg": first.pk,
        "elsewhere": world.hospitals["city"].pk,
        "ward": world.departments["city"].pk,
    }
    with connection.cursor() as asked:
        asked.execute(COPY.format(**named).replace("%", "%%"), [])
    return world


def plans(world: World, document: str, place: str, role: Role) -> list[dict[str, Any]]:
    """The plans of what a request asks of the referrals, be it by a prepared statement."""
    edge = as_role(world, place, role)
    told = [TOLD.sub("", sql, count=1) for sql in statements(lambda: edge.data(document))]
    asked = [sql for sql in told if READS.match(sql) and not WRITES.search(spelled_out(sql))]
    with acting(world.actor(place, role)):
        found = [explained(sql) for sql in asked]
    return [plan for plan in found if any(node.get("Relation Name") == "referrals_referral" for node in nodes(plan))]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("narrowed", FILTERS)
def test_a_page_is_read_in_the_order_of_an_index(many, world, sort, narrowed):
    for box, place, role in READERS:
        document = f"{{ worklist(first: {PAGE}, box: {box}, sort: {sort}{narrowed}) {{ {NODES} }} }}"
        found = plans(many, document, place, role)
        assert found
        for plan in found:
            # The arms of a scope, each a page and one more, may be put in order together.
            assert not faults(plan, page=4 * (PAGE + 1)), f"{box} {role}: {json.dumps(plan)}"


def test_a_state_is_read_newest_first_by_its_own_index(many, world):
    for box, place, role in READERS:
        (plan,) = plans(many, f"{{ worklist(first: {PAGE}, box: {box}, status: [SENT]) {{ {NODES} }} }}", place, role)
        assert not faults(plan, page=2 * (PAGE + 1))


def test_a_count_ends_at_its_limit(many, world):
    for box, place, role in READERS:
        (plan,) = plans(many, f"{{ worklist(box: {box}, first: 1) {{ totalCount }} }}", place, role)[-1:]
        seen = [node["Actual Rows"] for node in nodes(plan) if node.get("Relation Name") == "referrals_referral"]
        assert max(seen) <= settings.GRAPHQL_LIMITS["count"] + 1
        edge = as_role(many, place, role)
        answer = edge.data(f"{{ worklist(box: {box}, first: 1) {{ totalCount totalCountIsCapped }} }}")["worklist"]
        assert answer == {"totalCount": settings.GRAPHQL_LIMITS["count"], "totalCountIsCapped": True}


def test_the_last_page_costs_what_the_first_does(many, world):
    """By a cursor far inside the list, the page begins where the cursor stands."""
    place, role = "county", Role.REFERRING_DOCTOR
    after = cursor(ORDERS["NEWEST"], Referral.objects.order_by("id")[5 * PAGE])
    (plan, *_others) = plans(
        many, f'{{ worklist(first: {PAGE}, box: OUT, after: "{after}") {{ {NODES} }} }}', place, role
    )
    assert not faults(plan, page=2 * (PAGE + 1))


def test_the_history_of_a_case_is_read_by_its_index(many, world):
    leg = many.referral(Status.CLOSED)
    with connection.cursor() as asked:
        asked.execute(
            "insert into consortium_event select (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(),"
            " 'subject_id', gen_random_uuid()))).* from consortium_event e, generate_series(1, 500)"
            " where e.subject_id = %s",
            [leg.pk],
        )
        asked.execute("analyze consortium_event")
    with acting(many.actor("province", Role.EXPERT)):
        rows = Event.objects.filter(subject_id=leg.pk).order_by("id")
        assert [event.to_status for event in rows][-1] == Status.CLOSED
        assert not faults(explained(str(rows.query).replace(str(leg.pk), f"'{leg.pk}'")), page=2 * (PAGE + 1))
