"""How many statements an operation takes: by what is selected, never by how many rows there are."""

from datetime import date
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from consortium.models import (
    Alliance,
    Capability,
    Concept,
    Department,
    Division,
    Hospital,
    Membership,
)
from consortium.roles import Role
from referrals.attachments import add_attachment
from referrals.models import Referral, Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, code_of, gid, step, widest
from tests.edge.every import every_mutation
from tests.edge.many import copies, statements
from tests.world import COUNTY_DOCTOR, NOW

DOCTOR, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.EXPERT, Role.HOSPITAL_ADMIN
WIDEST = widest("Referral")


def taken(edge: Edge, document: str, rows: int | None = None, **variables: Any) -> int:
    """How many statements a query takes; it must succeed, and show so many rows in its first list."""
    answers: list[dict[str, Any]] = []
    found = statements(lambda: answers.append(edge.data(document, **variables)))
    if rows is not None:
        (field,) = answers[0].values()
        assert len(field["nodes"] if isinstance(field, dict) else field) == rows
    return len(found)


def test_the_worklist_of_20_and_of_100_rows_takes_the_same_statements(world):
    """With every field that the schema lets one select."""
    referral, edge = world.referral(Status.ARRIVED), as_role(world, "province", EXPERT)
    copies(referral, [{}] * 120)
    document = "{ worklist(box: IN, first: %d) { totalCount pageInfo { endCursor } nodes " + WIDEST + " } }"
    few, many = taken(edge, document % 20, 20), taken(edge, document % 100, 100)
    assert few == many


def test_the_open_worklist_takes_five_statements(world):
    """Session, person, roles, page, count."""
    referral, edge = world.referral(Status.SENT), as_role(world, "province", EXPERT)
    copies(referral, [{}] * 30)
    row = "number status priority patient { displayName } requesterHospital { name } clock { dueAt overdue }"
    document = "{ worklist(box: IN, open: true) { %s nodes { " + row + " } } }"
    assert taken(edge, document % "", 20) == 4
    assert taken(edge, document % "totalCount", 20) == 5
    assert taken(edge, "{ worklist(box: IN) { totalCount } }") == 5


def test_a_case_of_2_and_of_6_legs_takes_the_same_statements(world):
    leg, edge = world.referral(Status.ADVISED), as_role(world, *COUNTY_DOCTOR)
    document = "query($id: ID!) { case(id: $id) " + widest("Case") + " }"
    counts = {}
    for number in range(2, 7):
        world.take("resend_referral", leg)
        leg = Referral.objects.get(based_on=leg)
        assert Referral.objects.filter(case=leg.case_id).count() == number
        counts[number] = taken(edge, document, id=gid(leg.case))
        leg = world.take("advise_referral", leg, by=world.actor("city", EXPERT))
    assert set(counts.values()) == {counts[2]}


def test_a_referral_with_much_beside_it_takes_the_same_statements(world, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    leg, edge = world.referral(Status.ARRIVED), as_role(world, *COUNTY_DOCTOR)
    leg = world.take("return_outcome", leg)
    document = "query($id: ID!) { referral(id: $id) " + WIDEST + " }"
    counts = []
    for number in range(4):
        leg = world.take("amend_outcome", leg)
        file = SimpleUploadedFile("x.pdf", b"%PDF-1.7 " + bytes([number]))
        add_attachment(by=world.actor(*COUNTY_DOCTOR), id=leg.pk, name="x.pdf", file=file, now=NOW)
        leg.refresh_from_db()
        counts.append(taken(edge, document, id=gid(leg)))
    assert leg.outcomes.count() == 5
    assert leg.attachments.count() == 4
    assert set(counts) == {counts[0]}


def test_5_and_50_departments_take_the_same_statements(world):
    specialty, picu = Concept.objects.get(system="SPECIALTY", code="07"), world.picu.kind
    hospitals = [world.hospitals[name] for name in ("county", "city", "province")]
    for number in range(60):
        made = Department.objects.create(hospital=hospitals[number % 3], name=f"科{number}", specialty=specialty)
        Capability.objects.create(department=made, kind=picu)
    edge = as_role(world, *COUNTY_DOCTOR)
    for document in (
        "{ departments(first: %d) { totalCount nodes " + widest("Department", without=("memberCount",)) + " } }",
        '{ departments(first: %d, capability: "PICU", sort: MOST_FREE) { nodes { name distanceKm } } }',
    ):
        assert taken(edge, document % 5, 5) == taken(edge, document % 50, 50)


def test_2_and_40_hospitals_take_the_same_statements(world):
    for number in range(40):
        Hospital.objects.create(name=f"医院{number}", credit_code=f"{number:018}", level="COUNTY", division_id="430181")
    edge = as_role(world, *COUNTY_DOCTOR)
    document = "{ hospitals(first: %d) { nodes " + widest("Hospital", without=("memberCount",)) + " } }"
    assert taken(edge, document % 2, 2) == taken(edge, document % 40, 40)


def test_2_and_40_notices_staff_and_roles_take_the_same_statements(world):
    for _ in range(21):
        world.referral(Status.INFO_NEEDED)
    office = as_role(world, "county", Role.REFERRAL_OFFICE)
    notices = "{ notices(first: %d) { nodes " + widest("Notice") + " } }"
    assert taken(office, notices % 2, 2) == taken(office, notices % 20, 20)
    admin = as_role(world, "county", ADMIN)
    staff = "{ staff(first: %d) { nodes " + widest("PractitionerRole", depth=3, without=("memberCount",)) + " } }"
    assert taken(admin, staff % 2, 2) == taken(admin, staff % 12, 12)


def test_2_and_40_members_of_an_alliance_take_the_same_statements(world):
    alliance = Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    specialty = Concept.objects.get(system="SPECIALTY", code="07")
    edge = as_role(world, "province", Role.ALLIANCE_ADMIN)
    documents = [
        "{ alliances " + widest("Alliance", depth=5) + " }",
        '{ alliance(code: "walk") ' + widest("Alliance", depth=5) + " }",
        '{ coverage(alliance: "walk") ' + widest("Coverage", depth=4) + " }",
        "{ hospitals(first: 100) { nodes { memberships { alliance { memberCount } } } } }",
    ]
    counts = []
    for number in (2, 40):
        while Membership.objects.count() < number:
            code = f"{Membership.objects.count():018}"
            made = Hospital.objects.create(name=f"医院{code}", credit_code=code, level="COUNTY", division_id="430181")
            Membership.objects.create(alliance=alliance, hospital=made, joined_date=date(2026, 1, 1))
            Department.objects.create(hospital=made, name="儿科", specialty=specialty)
            other = Alliance.objects.create(code=f"other{code}", name="另一联盟", lead=made)
            Membership.objects.create(alliance=other, hospital=made, joined_date=date(2026, 1, 1))
        counts.append([taken(edge, document) for document in documents])
    assert counts[0] == counts[1]


def test_1_and_6_roles_of_ones_own_take_the_same_statements(world):
    document = "{ me " + widest("Me", depth=4) + " }"
    names = ("county", "city", "province", "province2", "foreign", "county.other")
    one, six = world.newcomer("one", ("county", DOCTOR)), world.newcomer("six", *((name, DOCTOR) for name in names))
    assert taken(Edge(one.person), document) == taken(Edge(six.person), document)


def test_the_origin_of_a_known_case_takes_the_same_statements(world):
    draft, edge = world.draft(), as_role(world, "foreign", DOCTOR)
    specialty = Concept.objects.get(system="SPECIALTY", code="07")
    number = draft.case.patient.id_number
    document = f'{{ patientLookup(idNumber: "{number}") ' + widest("PatientLookup", depth=4) + " }"
    before = taken(edge, document)
    for name in range(8):
        made = Department.objects.create(hospital=draft.case.origin, name=f"科{name}", specialty=specialty)
        Capability.objects.create(department=made, kind=world.picu.kind)
    assert taken(edge, document) == before


# What one mutation costs with the referral's number in its answer: all statements of the request, with session, person,
# roles, and the idempotency key's claim and keeping. A figure that grows is to be explained, not adjusted.
# The clocks of a step take three statements to read (runs, events, rules) and one for each way in which runs changed.
COSTS: dict[str, int] = {
    "updateReferral": 14, "submitReferral": 19, "approveReferral": 17, "returnReferral": 17, "openReferral": 15,
    "claimReferral": 13, "releaseReferral": 15, "requestInformation": 20, "supplyInformation": 18,
    "acceptReferral": 20, "waitlistReferral": 17, "adviseReferral": 17, "rejectReferral": 19, "redirectReferral": 30,
    "resendReferral": 33, "closeReferral": 18, "bookReferral": 19, "rescheduleReferral": 19, "loseBooking": 18,
    "holdReferral": 17, "resumeReferral": 16, "departReferral": 17, "turnBackReferral": 20, "arriveReferral": 19,
    "sendRecord": 17, "returnOutcome": 22, "referDown": 39, "acknowledgeOutcome": 21, "amendOutcome": 22,
    "recordFollowUp": 15, "cancelReferral": 19, "recordDeath": 20, "reportError": 16, "recordNoShow": 20,
    "createReferral": 20, "confirmExpiry": 19, "confirmError": 18, "updateCapacity": 9, "grantRole": 16,
    "revokeRole": 9, "issueApiToken": 8, "revokeApiToken": 9, "readNotice": 8, "setClockRule": 12, "setDuty": 12,
    "swapDuty": 10, "acceptSwap": 14,
}  # fmt: skip


def test_every_mutation_takes_its_number_of_statements(world):
    given = every_mutation(world)
    assert set(given) == set(schema.graphql_schema.mutation_type.fields)
    ContentType.objects.get_for_models(Hospital, Department, Division)  # kept by the process from the first use on
    found, codes = {}, {}
    for name, (edge, shape, wanted) in given.items():

        def act(edge: Edge = edge, name: str = name, shape: str = shape, wanted: Any = wanted) -> None:
            codes[name] = code_of(edge.attempt(name, shape, **wanted).json())

        with transaction.atomic():
            found[name] = len(statements(act))
            transaction.set_rollback(True)
    assert codes == dict.fromkeys(given, "OK")
    assert found == COSTS


def test_a_long_case_costs_a_step_no_more_than_a_short_one(world):
    """Redirected three times, with a long trail and two questions answered."""
    short = world.referral(Status.SENT)
    long = world.referral(Status.SENT, performer_department=world.departments["city"].pk, needed_capability=None)
    by = world.actor("city", EXPERT)
    for _ in range(2):
        long = world.take("claim_referral", long, by=by)
        long = world.take("request_information", long, by=by)
        long = world.take("supply_information", long)
        long = world.take("release_referral", long, by=by)
    world.take("redirect_referral", long, by=by, performer_department=world.departments["province"].pk)
    long = Referral.objects.get(based_on=long)
    edge, costs, shape = as_role(world, "province", EXPERT), [], "referral " + WIDEST
    for leg in (short, long):
        given = step(leg) | {"priority": "STAT", "priorityReason": "RISK_REASSESSED"}
        costs.append(len(statements(lambda given=given: edge.done("waitlistReferral", shape, **given))))
    assert costs[0] == costs[1]
