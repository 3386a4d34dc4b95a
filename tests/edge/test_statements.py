"""How many statements an operation takes: by what is selected, never by how many rows there are."""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from consortium.database import prepared
from consortium.models import (
    Alliance,
    Capability,
    Concept,
    Delivery,
    Department,
    Division,
    Event,
    Hospital,
    Membership,
    WebhookEndpoint,
)
from consortium.roles import Role
from referrals.attachments import add_attachment
from referrals.models import OfferStatus, Referral, Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, code_of, gid, step, widest
from tests.edge.every import every_mutation
from tests.edge.many import copies, statements
from tests.edge.tables import OF_FILES, PATHOLOGY
from tests.world import COUNTY_DOCTOR, NOW

pytestmark = pytest.mark.usefixtures("documents_of_any_size")
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


def test_the_open_worklist_takes_three_statements(world):
    """Session, person and roles; who acts, and the page with its count; the audit trail, if anybody was shown."""
    referral, edge = world.referral(Status.SENT), as_role(world, "province", EXPERT)
    copies(referral, [{}] * 30)
    row = "number status priority patient { displayName } requesterHospital { name } clock { dueAt overdue }"
    document = "{ worklist(box: IN, open: true) { %s nodes { " + row + " } } }"
    assert taken(edge, document % "", 20) == 3
    assert taken(edge, document % "totalCount", 20) == 3
    assert taken(edge, "{ worklist(box: IN) { totalCount } }") == 3


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


def test_2_and_20_offers_take_the_same_statements(world):
    for _ in range(20):
        world.offer(OfferStatus.READ)
    edge = as_role(world, "province", EXPERT)
    document = "{ offers(first: %d) { totalCount nodes " + widest("Offer") + " } }"
    assert taken(edge, document % 2, 2) == taken(edge, document % 10, 10)
    short = "{ offers(open: true) { nodes { number status facts { summary } clock { dueAt } events { kind } } } }"
    assert taken(edge, short, 20) == 5  # who acts; page, diagnoses, events; audit trail


def test_a_call_to_1_and_to_4_hospitals_takes_the_same_statements(world):
    edge, counts = as_role(world, *COUNTY_DOCTOR), []
    document = "query($id: ID!) { referral(id: $id) " + WIDEST + " }"
    for places in (["province"], ["province", "province2", "city", "foreign"]):
        leg = world.call(targets=[world.departments[place].pk for place in places])
        for n, kind in enumerate(("ONSET", "FIRST_CONTACT", "FIRST_DOOR")[: len(places)]):
            only = {"kind": kind, "at": NOW - timedelta(minutes=9 - n)}
            leg = world.take("record_milestone", world.read(leg), only=only)
        counts.append(taken(edge, document, id=gid(leg)))
    assert counts[0] == counts[1]


def test_3_and_40_hospitals_to_ask_and_2_and_8_kinds_take_the_same_statements(world):
    edge, specialty = as_role(world, *COUNTY_DOCTOR), Concept.objects.get(system="SPECIALTY", code="07")
    shape = widest("GreenTarget", depth=4, without=("memberCount",))
    document = 'query($id: ID!) { greenTargets(kind: "CRITICAL_CHILD", origin: $id) ' + shape + " }"
    catalogues = ("{ greenKinds " + widest("GreenKind") + " }", "{ greenMilestones " + widest("GreenMilestone") + " }")
    counts = [
        [taken(edge, document, 3, id=gid(world.departments["county"])), *(taken(edge, one) for one in catalogues)]
    ]
    for number in range(37):
        made = Hospital.objects.create(
            name=f"院{number}", credit_code=f"{number:018}", level="CITY", division_id="430100"
        )
        Capability.objects.create(
            department=Department.objects.create(hospital=made, name="儿科", specialty=specialty), kind=world.picu.kind
        )
    systems = ("GREEN_KIND", "GREEN_MILESTONE")
    Concept.objects.filter(system__in=systems).exclude(code__in=("STROKE", "ONSET")).update(valid_to=date(2026, 1, 1))
    counts.append(
        [taken(edge, document.replace("CRITICAL_CHILD", "STROKE"), None, id=gid(world.departments["county"]))]
        + [taken(edge, one, 1) for one in catalogues]
    )
    assert counts[0][1:] == counts[1][1:]
    Concept.objects.filter(system__in=systems).update(valid_to=None)
    assert taken(edge, document, 40, id=gid(world.departments["county"])) == counts[0][0]


def test_2_and_40_deliveries_and_systems_take_the_same_statements(world):
    admin, place = as_role(world, "county", ADMIN), world.hospitals["county"]
    documents = ("{ deliveries(first: 40) { nodes " + widest("Delivery", depth=3) + " } }",)
    documents += ("{ webhookEndpoints " + widest("WebhookEndpoint", depth=3) + " }",)
    counts = []
    for systems, steps in ((2, 1), (10, 4)):
        while (number := WebhookEndpoint.objects.count()) < systems:
            WebhookEndpoint.objects.create(
                hospital=place, name=f"{number}", url="https://x.example.org", salt=b"1" * 32, created_at=NOW
            )
        Delivery.objects.all().delete()
        for _ in range(steps):
            world.draft()
        counts.append([taken(admin, documents[0], systems * steps), taken(admin, documents[1], systems)])
    assert counts[0] == counts[1]


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
# roles, the person told to the database, and the idempotency key's claim and keeping. A figure that grows is to be
# explained, not adjusted. What follows beyond the taker's own rows is done as the system: one to begin, one to end.
# A step takes four: the case locked and read; what its clocks follow from; case, clocks, event and audit entry written;
# everybody told. The last three again for the cases of one kind that it begins or moves beside, and what is its own.
COSTS: dict[str, int] = {
    "updateReferral": 10, "submitReferral": 12, "approveReferral": 8, "returnReferral": 9, "openReferral": 8,
    "claimReferral": 8, "releaseReferral": 8, "requestInformation": 11, "supplyInformation": 10, "acceptReferral": 9,
    "waitlistReferral": 8, "adviseReferral": 8, "rejectReferral": 10, "redirectReferral": 18, "resendReferral": 22,
    "closeReferral": 11, "bookReferral": 11, "rescheduleReferral": 12, "loseBooking": 10, "holdReferral": 9,
    "resumeReferral": 8, "departReferral": 9, "turnBackReferral": 11, "arriveReferral": 10, "recordNoShow": 12,
    "sendRecord": 8, "returnOutcome": 13, "referDown": 24, "acknowledgeOutcome": 13, "amendOutcome": 13,
    "recordFollowUp": 10, "cancelReferral": 12, "recordDeath": 16, "reportError": 9, "createReferral": 17,
    "unmaskPatient": 8, "confirmExpiry": 12, "confirmError": 11, "updateCapacity": 7, "grantRole": 15,
    "revokeRole": 8, "issueApiToken": 6, "revokeApiToken": 7, "readNotice": 6, "issueSetupLink": 7,
    "deactivatePerson": 9, "unlockPerson": 9, "resetSecondFactor": 7, "createPerson": 8, "breakGlass": 22,
    "endBreakGlass": 10, "reviewBreakGlass": 10, "requestExport": 7, "cancelExport": 6, "setClockRule": 10,
    "setDuty": 10, "swapDuty": 10, "acceptSwap": 17, "setPreference": 8, "createWebhookEndpoint": 8,
    "rotateWebhookSecret": 7, "deactivateWebhookEndpoint": 7, "replayDeliveries": 7, "resendDelivery": 7,
    "identifyPatient": 13, "widenBroadcast": 18, "chooseOffer": 14, "giveConsent": 8, "refuseConsent": 14,
    "divertReferral": 25, "signHandover": 9, "standDown": 16, "recordMilestone": 12, "reviewQuality": 11,
    "broadcastDown": 36, "readOffer": 8, "negotiateOffer": 8, "offerPlace": 8, "declineOffer": 9,
    "recordPhoneAnswer": 8, "confirmPhoneAnswer": 8, "activateGreenChannel": 25, "saveReportDraft": 7,
    "addAddendum": 11, "reportViewing": 10, "annotateSlide": 10, "changeAnnotation": 8, "deleteAnnotation": 8,
    "discardKeyImage": 7,
}  # fmt: skip


def test_every_mutation_takes_its_number_of_statements(world):
    given = every_mutation(world)
    assert set(given) | PATHOLOGY | OF_FILES == set(schema.graphql_schema.mutation_type.fields)
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


# Of the statements of an acceptance, in order: what each is for, and a word that only it holds.
ACCEPTED = [
    ("session, person, roles", "consortium_session"),
    ("who acts, key", "insert into consortium_idempotencykey"),
    ("case", "FOR NO KEY UPDATE"),
    ("place", "update consortium_capability"),
    ("clocks", "json_agg"),
    ("writing", "insert into consortium_event"),
    ("telling", "insert into consortium_notice"),
    ("payload", '"full_view"'),
    ("answer", 'UPDATE "consortium_idempotencykey"'),
]


def test_accepting_takes_seven_statements_from_the_key_to_the_commit(world, settings):
    settings.PREPARE = False  # so that a statement shows its text
    edge, leg = as_role(world, "province", EXPERT), world.referral(Status.SENT)
    found = statements(lambda: edge.done("acceptReferral", "referral { number }", **step(leg)))
    assert [purpose for (purpose, word), sql in zip(ACCEPTED, found, strict=True) if word in sql] == [
        purpose for purpose, _word in ACCEPTED
    ]


def test_what_was_prepared_costs_what_was_not(world, settings):
    edge, costs = as_role(world, "province", EXPERT), []
    for settings.PREPARE in (True, False, True):
        leg = world.referral(Status.SENT)
        costs.append(len(statements(lambda leg=leg: edge.done("acceptReferral", "referral { number }", **step(leg)))))
    assert costs == [len(ACCEPTED)] * 3


@pytest.fixture
def _forgetful() -> Iterator[None]:
    """Afterwards nothing is prepared, nor known to be, and preparing is on."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("deallocate all")
    prepared._off = False
    connection.prepared = (None, OrderedDict())


@pytest.mark.usefixtures("_forgetful")
def test_a_step_whose_statements_the_database_forgot_is_taken_once_all_the_same(world):
    edge, first, second = as_role(world, "province", EXPERT), world.referral(Status.SENT), world.referral(Status.SENT)
    edge.done("acceptReferral", "referral { number }", **step(first))
    with connection.cursor() as cursor:
        cursor.execute("select name from pg_prepared_statements where statement like '%NO KEY UPDATE%'")
        names = [name for (name,) in cursor.fetchall()]
        assert names
        for name in names:  # as where a pool hands out another connection
            cursor.execute(f"deallocate {name}")
    edge.done("acceptReferral", "referral { number }", **step(second))
    assert prepared._off
    for leg in (first, second):
        assert Event.objects.filter(subject_id=leg.pk, kind="accept_referral").count() == 1


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
