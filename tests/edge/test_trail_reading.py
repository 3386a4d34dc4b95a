"""The audit trail at the edge: what a request leaves on it, and who reads it how far."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.translation import override
from graphene.utils.str_converters import to_snake_case

from consortium import auditing, grants
from consortium.models import AuditChain, AuditEntry, Person
from consortium.roles import Role
from referrals.models import Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, gid, new_key, step
from tests.edge.many import copies, statements
from tests.world import COUNTY_DOCTOR, NOW, spelled_out

EXPERT, AUDITOR = Role.EXPERT, Role.AUDITOR
LIST = "{ worklist(box: OUT, first: 50) { nodes { number patient { displayName } } } }"
READ = "query($id: ID!) { referral(id: $id) { number patient { displayName identity { name } } } }"
TRAIL = """query($patient: String, $action: [String!], $since: DateTime, $until: DateTime, $hospital: ID, $person: ID,
    $purpose: String, $first: Int! = 50, $after: String) {
  auditTrail(patient: $patient, action: $action, since: $since, until: $until, hospital: $hospital, person: $person,
      purpose: $purpose, first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { action label purpose objectType objectId listed actor { name } actorRole actorHospital { name } at
      requestId patient { displayName identity { name } } chain sequence } } }"""


def left(edge, work) -> list[AuditEntry]:
    """The entries that somebody's work leaves."""
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    work()
    return list(AuditEntry.objects.filter(actor=edge.person).exclude(pk__in=before).order_by("id"))


def written(lines: list[str]) -> int:
    """How many statements wrote to the audit trail."""
    return sum("insert into consortium_auditentry" in spelled_out(line) for line in lines)


def test_a_row_read_by_itself_leaves_one_entry(world):
    leg, edge = world.referral(Status.SENT), as_role(world, "province", EXPERT)
    (entry,) = left(edge, lambda: edge.data(READ, id=gid(leg)))
    assert (entry.action, entry.object_kind, entry.object_id) == ("read_referral", "referral", str(leg.pk))
    assert (entry.patient_id, entry.purpose, entry.actor_role) == (leg.case.patient_id, "TREATMENT", "EXPERT")
    assert (entry.actor_hospital, entry.hospitals) == (world.hospitals["province"], [world.hospitals["county"].pk])
    assert (entry.at, len(entry.request_id), entry.patients) == (NOW, 36, [])


def test_a_list_leaves_one_entry_that_names_everybody_in_it(world):
    legs = [world.referral(Status.SENT) for _ in range(3)]
    edge = as_role(world, *COUNTY_DOCTOR)
    (entry,) = left(edge, lambda: edge.data(LIST))
    assert (entry.action, entry.object_kind, entry.object_id, entry.patient) == ("list_worklist", "referral", "", None)
    assert set(entry.objects_seen) == {leg.pk for leg in legs}
    assert set(entry.patients) == {leg.case.patient_id for leg in legs}


def test_a_list_of_20_and_of_100_is_one_statement_and_an_empty_one_none(world):
    edge = as_role(world, "province", EXPERT)
    document = "{ worklist(box: IN, first: %d) { nodes { number patient { displayName } } } }"
    assert written(statements(lambda: edge.data(document % 20))) == 0
    copies(world.referral(Status.SENT), [{}] * 99)
    for size in (20, 100):
        assert written(statements(lambda size=size: edge.data(document % size))) == 1


def test_several_fields_of_one_request_are_one_statement(world):
    legs = [world.referral(Status.SENT) for _ in range(3)]
    edge = as_role(world, "province", EXPERT)
    document = "query($a: ID!, $b: ID!, $c: ID!) { a: referral(id: $a) { number } b: referral(id: $b) { number } "
    document += "c: case(id: $c) { number } worklist(box: IN) { nodes { number } } }"
    given = {"a": gid(legs[0]), "b": gid(legs[1]), "c": gid(legs[2].case)}
    lines: list[str] = []
    found = left(edge, lambda: lines.extend(statements(lambda: edge.data(document, **given))))
    assert [entry.action for entry in found] == ["read_referral", "read_referral", "read_case", "list_worklist"]
    assert len({entry.request_id for entry in found}) == 1
    assert written(lines) == 1


def test_an_answer_given_again_is_a_reading(world):
    leg, edge = world.referral(Status.SENT), as_role(world, "province", EXPERT)
    given = step(leg) | {"idempotencyKey": new_key()}
    shape = "referral { number patient { displayName } }"
    assert [entry.action for entry in left(edge, lambda: edge.done("openReferral", shape, **given))] == [
        "open_referral"
    ]
    (again,) = left(edge, lambda: edge.done("openReferral", shape, **given))
    assert (again.action, again.patients) == ("list_open_referral", [leg.case.patient_id])


def test_what_cannot_be_written_down_is_not_shown(world):
    leg, edge = world.referral(Status.SENT), as_role(world, "province", EXPERT)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table consortium_auditentry add constraint shut check (action = 'x') not valid")
    for document, given in ((READ, {"id": gid(leg)}), (LIST.replace("OUT", "IN"), {})):
        answer = edge.answer(document, **given)
        assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, "INTERNAL")


@pytest.fixture
def watched(world):
    """The county's patient, read by the province; what is chained when a transaction ends, is chained now."""
    leg = world.referral(Status.SENT)
    as_role(world, "province", EXPERT).data(READ, id=gid(leg))
    connection.cursor().execute("set constraints all immediate")
    return leg


def test_auditors_see_their_hospitals_patients_and_people_and_no_others(world, watched):
    everything = AuditEntry.objects.count()
    seen = {name: as_role(world, name, AUDITOR).data(TRAIL)["auditTrail"] for name in ("county", "province", "foreign")}
    assert seen["county"]["totalCount"] == everything
    assert {entry["action"] for entry in seen["province"]["nodes"]} == {"read_referral"}
    assert seen["foreign"]["nodes"] == []
    entry = seen["province"]["nodes"][0]
    assert (entry["objectType"], entry["objectId"], entry["listed"]) == ("Referral", gid(watched), 0)
    assert entry["patient"] is None  # another hospital's
    (own,) = (entry for entry in seen["county"]["nodes"] if entry["action"] == "read_referral")
    assert own["patient"] == {"displayName": watched.case.patient.masked_name, "identity": None}
    assert (entry["chain"], entry["sequence"]) == (str(world.hospitals["province"].pk), 1)
    assert (entry["actorRole"], entry["actorHospital"]["name"], entry["label"]) == (
        "EXPERT", "province医院", "查看转诊单",
    )  # fmt: skip


def test_the_filters_narrow_within_the_scope(world, watched):
    county, foreign = as_role(world, "county", AUDITOR), as_role(world, "foreign", AUDITOR)
    patient = watched.case.patient
    expected = {"create_referral", "submit_referral", "read_referral"}
    for given in (patient.id_number, watched.number, watched.case.number):
        found = county.data(TRAIL, patient=given, action=sorted(expected))["auditTrail"]
        assert {entry["action"] for entry in found["nodes"]} == expected
        assert foreign.data(TRAIL, patient=given)["auditTrail"]["totalCount"] == 0
    assert county.data(TRAIL, patient="X")["auditTrail"]["nodes"] == []
    one = {
        "action": ["read_referral"], "hospital": gid(world.hospitals["province"]), "purpose": "TREATMENT",
        "person": gid(world.people["province", EXPERT, 1]),
    }  # fmt: skip
    for name, value in one.items():
        nodes = county.data(TRAIL, **{name: value})["auditTrail"]["nodes"]
        assert "read_referral" in {entry["action"] for entry in nodes}, name
    assert county.data(TRAIL, **one)["auditTrail"]["totalCount"] == 1
    later = (NOW + timedelta(seconds=1)).isoformat()
    assert county.data(TRAIL, since=later)["auditTrail"]["totalCount"] == 0
    assert county.data(TRAIL, until=NOW.isoformat())["auditTrail"]["totalCount"] == 0


def test_reading_the_trail_is_on_the_trail_and_pages_by_key(world, watched):
    county = as_role(world, "county", AUDITOR)
    first = county.data(TRAIL, first=1)["auditTrail"]
    second = county.data(TRAIL, first=1, after=first["pageInfo"]["endCursor"])["auditTrail"]
    assert first["pageInfo"]["hasNextPage"]
    assert first["nodes"] != second["nodes"]
    (entry,) = left(county, lambda: county.data(TRAIL))
    assert (entry.action, entry.purpose, entry.patients) == ("list_audit_trail", "AUDIT", [watched.case.patient_id])


def test_a_page_of_the_trail_takes_the_same_statements_however_long_it_is(world, watched):
    county, counts = as_role(world, "county", AUDITOR), set()
    for size in (1, 2, 50):
        counts.add(len(statements(lambda size=size: county.data(TRAIL, first=size))))
    assert len(counts) == 1


def auditor_of(world, division) -> Edge:
    """Somebody who audits a division."""
    person = Person.objects.create(username=f"auditor-{division.pk}", name="审计员")
    grants.enrol([(person, AUDITOR, division)], starts_at=NOW - timedelta(days=1))
    grants.sync()
    return Edge(person)


def test_an_auditor_of_a_division_sees_its_hospitals_and_above_all_everything(world, watched):
    for place in ("county", "foreign"):
        hospital = world.hospitals[place]
        AuditChain.objects.create(chain=str(hospital.pk), hospital=hospital, state="INTACT")
    AuditChain.objects.create(chain="SYSTEM", state="BROKEN", fault="EDITED", fault_sequence=7)
    document = "{ auditChains { chain state fault faultSequence hospital { name } } auditTrail { totalCount } }"
    everything = AuditEntry.objects.count()
    found = auditor_of(world, world.hospitals["county"].division).data(document)
    assert [row["hospital"]["name"] for row in found["auditChains"]] == ["county医院"]
    assert found["auditTrail"]["totalCount"] == everything
    above = auditor_of(world, world.hospitals["province"].division).data(document)
    assert [row["hospital"] and row["hospital"]["name"] for row in above["auditChains"]] == [
        "county医院", "foreign医院", None,
    ]  # fmt: skip
    assert above["auditChains"][2]["faultSequence"] == 7


def test_nobody_but_an_auditor_reads_it(world, watched):
    for role in set(Role) - {AUDITOR}:
        edge = as_role(world, "county", role)
        assert {edge.code("{ auditTrail { totalCount } }"), edge.code("{ auditChains { chain } }")} == {"FORBIDDEN"}


def test_every_act_on_the_trail_has_a_name():
    """In words of both languages, whatever a mutation writes there; the rest is about nobody but whoever does it."""
    names = {to_snake_case(name) for name in schema.graphql_schema.mutation_type.fields}
    own = {"read_notice", "save_report_draft", "report_viewing", "request_export", "cancel_export"}
    assert {name for name in names if str(auditing.label_of(name)) == name} == own
    with override("en"):
        assert [act for act in auditing.ACTS if not str(auditing.label_of(act)).isascii()] == []
