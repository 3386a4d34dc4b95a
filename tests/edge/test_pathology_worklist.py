"""The worklist and the ledger of pathology at the edge: pages, filters, masking, and how many statements."""

from datetime import timedelta

import pytest

from consortium.models import Event, Patient
from telemedicine.models import PathologyCase, Status
from tests.edge.client import gid
from tests.edge.client import widest as every_field
from tests.edge.many import copied, statements
from tests.edge.test_pathology import edge
from tests.lab import FIRST, HEAD, Lab
from tests.world import NOW, id_number


def test_the_ledger_over_the_wire(lab):
    lab.case(Status.ISSUED)
    document = """{ pathologyLedger(grouping: EXPERT, since: "2026-03-01", until: "2026-03-31") {
        group cases medianMinutes undiagnosable { numerator denominator value }
        withinLimit { numerator denominator value } preliminaryMajor { value } } }"""
    (row,) = edge(lab, HEAD).data(document)["pathologyLedger"]
    assert (row["group"], row["cases"]) == (lab.people[FIRST].name, 1)
    assert row["withinLimit"] == {"numerator": 1, "denominator": 1, "value": 1.0}
    assert row["undiagnosable"] == {"numerator": 0, "denominator": 1, "value": 0.0}


def copies(lab: Lab, case: PathologyCase, many: int) -> list[PathologyCase]:
    """Cases like one, each of another patient, with its events."""
    made, who, events = [], [], []
    trail = list(Event.objects.filter(subject_id=case.pk).order_by("id"))
    for n in range(many):
        number = id_number(NOW.date() - timedelta(days=9000 + n), n)
        who.append(copied(case.patient, id_number=number))
        made.append(copied(case, patient_id=who[-1].pk, number=f"P-COPY-{n:04}"))
        events += [copied(event, subject_id=made[-1].pk, thread_id=made[-1].pk) for event in trail]
    Patient.objects.bulk_create(who)
    PathologyCase.objects.bulk_create(made)
    Event.objects.bulk_create(events)
    return made


@pytest.mark.parametrize("sort", ["NEWEST", "MOST_URGENT", "NEAREST_DEADLINE"])
def test_the_worklist_is_read_page_by_page_without_gap_or_repetition(lab, sort):
    case = lab.case(Status.POOLED)
    wanted = {row.number for row in copies(lab, case, 44)} | {case.number}
    document = (
        "query($after: String) { pathologyWorklist(box: POOL, first: 10, after: $after, sort: "
        + sort
        + ") { totalCount pageInfo { hasNextPage endCursor } nodes { number } } }"
    )
    seen, after = [], None
    while True:
        page = edge(lab, FIRST).data(document, after=after)["pathologyWorklist"]
        seen += [row["number"] for row in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert (len(seen), set(seen), page["totalCount"]) == (45, wanted, 45)


@pytest.mark.usefixtures("documents_of_any_size")
def test_the_worklist_of_20_and_of_100_rows_takes_the_same_statements(lab):
    """With every field that the schema lets one select."""
    case = lab.case(Status.POOLED)
    copies(lab, case, 120)
    who = edge(lab, FIRST)
    nodes = every_field("PathologyCase", depth=4)
    document = "{ pathologyWorklist(box: IN, first: %d) { totalCount nodes " + nodes + " } }"
    few = statements(lambda: who.data(document % 20))
    many = statements(lambda: who.data(document % 100))
    assert len(few) == len(many)


def test_the_plain_worklist_takes_three_statements_and_names_are_masked(lab):
    """Session, person and roles; page; audit trail."""
    case = lab.case(Status.POOLED)
    who, answers = edge(lab, FIRST), []
    document = (
        "{ pathologyWorklist(box: POOL) { nodes { number status kind priority organ { label } "
        "patient { displayName identity { name } } requesterHospital { name } clock { dueAt overdue } } } }"
    )
    assert len(statements(lambda: answers.append(who.data(document)))) == 3
    (row,) = answers[0]["pathologyWorklist"]["nodes"]
    assert row["patient"] == {"displayName": case.patient.masked_name, "identity": None}
    one = "query($id: ID!) { pathologyCase(id: $id) { patient { identity { name } } } }"
    assert who.data(one, id=gid(case))["pathologyCase"]["patient"]["identity"] == {"name": case.patient.name}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("box: MINE", 1),
        ("box: POOL", 1),
        ("box: IN", 4),
        ("box: IN, kind: FROZEN", 1),
        ('box: IN, organ: "LUNG"', 1),
        ('box: IN, subspecialty: "BREAST"', 3),
        ("box: IN, status: [ISSUED]", 1),
        ("box: IN, open: false", 0),
        ("box: IN, holder: REQUESTER", 1),
        ("box: IN, overdue: true", 0),
        ("box: OUT", 0),
    ],
)
def test_the_worklist_is_filtered(lab, given, found):
    lab.case(Status.POOLED)
    lab.case(Status.SUBMITTED, kind="FROZEN", received_at=NOW)
    lab.case(Status.SUBMITTED, organ="LUNG")
    lab.case(Status.ISSUED)
    lab.case(Status.DRAFT)
    document = f"{{ pathologyWorklist({given}) {{ totalCount }} }}"
    assert edge(lab, FIRST).data(document)["pathologyWorklist"]["totalCount"] == found
