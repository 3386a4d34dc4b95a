"""Pathology at the edge: every query and mutation by every role, the worklist's pages, and how many statements."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from consortium.models import Notice, PractitionerRole
from consortium.roles import Role
from schema import ids
from schema.schema import schema
from telemedicine.models import Expertise, PathologyCase, Status
from tests.edge.client import Edge, camel, code_of, gid, new_key, wire
from tests.edge.test_reports import wired
from tests.lab import BY, COUNTY_LAB, FIRST, HEAD, LAB, LEAD, PATHOLOGIST, SECOND, THIRD, Lab
from tests.test_pathology_transitions import TABLE, TRIED_IN, prepared
from tests.world import CLINICAL, patient

FORBIDDEN, NOT_FOUND, STALE, OK, NOBODY = "FORBIDDEN", "NOT_FOUND", "STALE_VERSION", "OK", "UNAUTHENTICATED"
PARTIES = [
    ("county", list(Role)),
    ("province", list(Role)),
    ("county.other", CLINICAL),
    ("province.other", CLINICAL),
    ("foreign", list(Role)),
]
KINDS = {
    "expert": "Person",
    "standby_expert": "Person",
    "second_reader": "Person",
    "adjudicator": "Person",
    "slide": "Slide",
    "requester_department": "Department",
    "performer_department": "Department",
}
ABSENT = ids.encode("PathologyCase", uuid4())
CASE = "query($id: ID!) { pathologyCase(id: $id) { number } }"
QUERIES = {
    "pathologyCase": CASE,
    "pathologyWorklist": "{ pathologyWorklist(box: IN) { nodes { number } } }",
    "pathologyReaders": "query($id: ID!) { pathologyReaders(department: $id) { openLimit } }",
    "pathologists": "query($id: ID!) { pathologists(department: $id) { name } }",
    "pathologyLedger": "{ pathologyLedger(grouping: ORGAN) { group } }",
}
SEES = {("county", LAB), ("county", LEAD), ("province", LAB), ("province", LEAD), ("province", PATHOLOGIST)}
OF_DEPARTMENT = {"pathologyReaders", "pathologists"}
READERS = {LAB, LEAD, PATHOLOGIST}


def edge(lab: Lab, key: tuple[str, Role, int]) -> Edge:
    """Somebody of the laboratory's world, signed in."""
    return Edge(lab.people[key])


def inputs(lab: Lab, step: str, case: PathologyCase) -> dict[str, Any]:
    """Good inputs of a step as a client writes them."""
    given = lab.inputs(step, case)
    for name, kind in KINDS.items():
        if name in given:
            given[name] = ids.encode(kind, given[name])
    if step == "register_block":
        given["specimen"] = ids.encode("Specimen", given["specimen"])
    if step == "register_slides":
        given["block"] = ids.encode("Block", given["block"])
    if "report" in given:
        content = given["report"]["content"]
        typed = {"template": content["template"], "answers": wired(content["answers"])}
        given["report"] = given["report"] | {"content": typed}
    return {
        camel(name): value
        if isinstance(value, str)
        else wire(value, name)
        if not isinstance(value, dict)
        else wire(value)
        for name, value in given.items()
    } | {"id": gid(case), "expectedVersion": case.version}


@pytest.fixture(scope="module")
def every_state(_module_lab: Lab) -> dict[Status, PathologyCase]:
    """One case in each state."""
    return {status: _module_lab.case(status) for status in Status}


def state_of(step: str) -> Status:
    """In which state a step is tried."""
    return TRIED_IN.get(step) or min(TABLE[step][0], key=list(Status).index)


def test_the_tables_name_every_operation_of_pathology():
    mutations = set(schema.graphql_schema.mutation_type.fields)
    assert {camel(name) for name in TABLE} | {"createPathology", "openSlide", "setExpertise"} <= mutations
    assert {name for name in schema.graphql_schema.query_type.fields if name.startswith("patholog")} == set(QUERIES)


@pytest.mark.parametrize("step", TABLE)
def test_every_step_is_done_over_the_wire(lab, every_state, step):
    case = prepared(lab, step, every_state[state_of(step)])
    payload = edge(lab, BY[step]).done(
        camel(step), "pathologyCase { number version status }", **inputs(lab, step, case)
    )
    assert payload["pathologyCase"]["version"] == case.version + 1
    target = TABLE[step][1]
    assert payload["pathologyCase"]["status"] == (target or case.status)


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=[name for name, _roles in PARTIES])
def test_every_step_by_every_role(lab, every_state, party, roles):
    """Who may take the step learns that the version is stale; who sees only, FORBIDDEN; the others, NOT_FOUND."""
    found, expected = {}, {}
    for step, (_sources, _target, who) in TABLE.items():
        with transaction.atomic():
            case = prepared(lab, step, every_state[state_of(step)])
            given = inputs(lab, step, case) | {"expectedVersion": case.version - 1}
            for role in roles:
                sees = (party, role) in SEES and not (party == "province" and case.status == Status.DRAFT)
                named = {"give_second_opinion": SECOND, "adjudicate_opinion": THIRD}.get(step, (party, role, 1))
                key = named if (party, role) == ("province", PATHOLOGIST) else (party, role, 1)
                found[step, role] = code_of(edge(lab, key).attempt(camel(step), **given).json())
                expected[step, role] = STALE if (party, role) in who else FORBIDDEN if sees else NOT_FOUND
            transaction.set_rollback(True)
    assert found == expected


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=[name for name, _roles in PARTIES])
def test_every_query_by_every_role(lab, every_state, party, roles):
    case = every_state[Status.SUBMITTED]
    found, expected = {}, {}
    for role in roles:
        asked = edge(lab, (party, role, 1))
        for name, document in QUERIES.items():
            named = gid(lab.departments["province"]) if name in OF_DEPARTMENT else gid(case)
            found[name, role] = asked.code(document, **({"id": named} if "$id" in document else {}))
            expected[name, role] = expected_of(name, party, role)
        found["absent", role] = asked.code(CASE, id=ABSENT)
        expected["absent", role] = NOT_FOUND if role in READERS else FORBIDDEN
    assert found == expected


def expected_of(query: str, party: str, role: Role) -> str:
    """The code that a role at a party gets from a query about the standard case."""
    if query == "pathologyLedger":
        return OK if role == LEAD else FORBIDDEN
    if role not in READERS or (query == "pathologists" and role != LEAD):
        return FORBIDDEN
    if query == "pathologyWorklist":
        return OK
    if query in OF_DEPARTMENT:
        return OK if party == "province" else NOT_FOUND
    return OK if (party, role) in SEES else NOT_FOUND


def test_nobody_reads_and_does_nothing(lab, every_state):
    case = every_state[Status.SUBMITTED]
    for document in QUERIES.values():
        assert Edge().code(document, **({"id": gid(case)} if "$id" in document else {})) == NOBODY
    for step in TABLE:
        given = inputs(lab, step, every_state[state_of(step)])
        assert code_of(Edge().attempt(camel(step), **given).json()) == NOBODY


def test_what_is_invisible_answers_byte_for_byte_as_what_is_absent(lab, every_state):
    seen = gid(every_state[Status.SUBMITTED])
    for role in READERS:
        foreign = edge(lab, ("foreign", role, 1))
        answers = [foreign.send({"query": CASE, "variables": {"id": named}}).content for named in (seen, ABSENT)]
        assert answers[0] == answers[1]
        for step in TABLE:
            given = inputs(lab, step, every_state[state_of(step)]) | {"expectedVersion": 1}
            answers = [
                foreign.attempt(camel(step), "pathologyCase { number }", **given | {"id": named}).content
                for named in (gid(every_state[state_of(step)]), ABSENT)
            ]
            assert answers[0] == answers[1], step


def test_a_draft_is_written_over_the_wire_and_once_for_its_key(lab):
    given = {
        "requesterDepartment": gid(lab.departments["county"]),
        "performerDepartment": gid(lab.departments["province"]),
        "patient": wire(patient()),
        "kind": "ROUTINE",
        "liability": "CONSULTATION",
        "organ": "STOMACH",
        "preliminaryClass": "NONE",
        "idempotencyKey": new_key(),
    }
    shape = "pathologyCase { number status organ { code } subspecialty { code } availableActions { action allowed } }"
    first, second = (edge(lab, COUNTY_LAB).done("createPathology", shape, **given) for _n in range(2))
    assert first == second
    assert first["pathologyCase"]["subspecialty"] == {"code": "GI"}
    allowed = {row["action"] for row in first["pathologyCase"]["availableActions"] if row["allowed"]}
    assert {"submitPathology", "registerSpecimen", "cancelPathology"} <= allowed


def test_a_slide_is_opened_and_its_opening_shown_to_oneself_only(lab):
    case = lab.case(Status.READING)
    slide = case.slides.first()
    done = edge(lab, FIRST).done("openSlide", "slideView { slide { barcode } openedAt }", id=gid(slide))
    assert done["slideView"]["slide"] == {"barcode": slide.barcode}
    document = "query($id: ID!) { pathologyCase(id: $id) { slides { barcode openedAt } } }"
    seen = edge(lab, FIRST).data(document, id=gid(case))["pathologyCase"]["slides"]
    assert [bool(row["openedAt"]) for row in seen] == [True, False]
    other = edge(lab, SECOND).data(document, id=gid(case))["pathologyCase"]["slides"]
    assert [row["openedAt"] for row in other] == [None, None]
    assert code_of(edge(lab, ("foreign", PATHOLOGIST, 1)).attempt("openSlide", id=gid(slide)).json()) == NOT_FOUND


def test_what_readers_say_among_themselves_stays_with_them(lab):
    case = lab.take("give_second_opinion", lab.case(Status.SECOND_REVIEW))
    document = "query($id: ID!) { pathologyCase(id: $id) { opinions { part } } }"
    told = [edge(lab, who).data(document, id=gid(case))["pathologyCase"]["opinions"] for who in (FIRST, COUNTY_LAB)]
    assert told == [[{"part": "FIRST"}, {"part": "SECOND"}], []]


def test_the_lead_says_who_reads_what(lab):
    place, person = gid(lab.departments["province"]), gid(lab.people["province", PATHOLOGIST, 4])
    given = {"department": place, "person": person, "subspecialty": "BREAST", "openLimit": 3}
    edge(lab, HEAD).done("setExpertise", "expertise { openLimit }", **given)
    read = "query($id: ID!) { pathologyReaders(department: $id) { person { name } subspecialty { code } inHand } }"
    rows = edge(lab, HEAD).data(read, id=place)["pathologyReaders"]
    assert [row["subspecialty"]["code"] for row in rows] == ["BREAST", "BREAST", "BREAST", "GENERAL", "THORACIC"]
    for key in (FIRST, COUNTY_LAB, ("foreign", LEAD, 1)):
        assert code_of(edge(lab, key).attempt("setExpertise", **given).json()) == FORBIDDEN
    doctor = gid(lab.people["province", Role.EXPERT, 1])
    assert code_of(edge(lab, HEAD).attempt("setExpertise", **given | {"person": doctor}).json()) == "INVALID_INPUT"


def test_the_lead_finds_whoever_is_not_registered_yet(lab):
    place = gid(lab.departments["province"])
    Expertise.objects.all().delete()
    ask = "query($id: ID!) { pathologists(department: $id) { id name } }"
    people = edge(lab, HEAD).data(ask, id=place)["pathologists"]
    held = PractitionerRole.objects.filter(role=PATHOLOGIST, department=lab.departments["province"])
    names = held.values_list("person__name", flat=True)
    assert [one["name"] for one in people] == sorted(set(names))
    given = {"department": place, "person": people[0]["id"], "subspecialty": "BREAST", "openLimit": 3}
    edge(lab, HEAD).done("setExpertise", "expertise { openLimit }", **given)
    held.filter(person__name=people[0]["name"]).update(ends_at=lab.now)
    assert people[0] not in edge(lab, HEAD).data(ask, id=place)["pathologists"]
    foreign = edge(lab, ("foreign", LEAD, 1))
    answers = [foreign.answer(ask, id=one) for one in (place, ids.encode("Department", uuid4()))]
    assert answers[0]["errors"][0]["extensions"]["code"] == NOT_FOUND
    assert answers[0] == answers[1]


def test_a_notice_leads_to_its_case(lab):
    case = lab.case(Status.ISSUED)
    assert Notice.objects.filter(person=lab.people[COUNTY_LAB], event__kind="sign_report").exists()
    rows = edge(lab, COUNTY_LAB).data("{ notices { nodes { kind subjectId } } }")["notices"]["nodes"]
    (told,) = [row["subjectId"] for row in rows if row["kind"] == "sign_report" and row["subjectId"] == gid(case)]
    assert edge(lab, COUNTY_LAB).data(CASE, id=told)["pathologyCase"]["number"] == case.number
