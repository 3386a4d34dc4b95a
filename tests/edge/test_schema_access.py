"""Who gets what answer at the edge: every field has a rule, every operation a table of codes (domain, 2 and 7)."""

from datetime import date
from typing import Any
from uuid import uuid4

import graphene
import pytest
from graphql import GraphQLObjectType

from consortium.models import Alliance, Membership, Notice, Person, PractitionerRole
from consortium.roles import HELD_AT, Place, Role
from referrals.models import Status
from schema import base, ids
from schema import schema as built
from schema.base import Rule, Type
from schema.schema import rule_of, schema
from schema.views import endpoint
from tests.edge.client import Edge, as_role, camel, code_of, gid, inputs, issue, new_key, step
from tests.world import NOW, World, id_number, patient

DOCTOR, OFFICE, EXPERT, ADMIN = Role.REFERRING_DOCTOR, Role.REFERRAL_OFFICE, Role.EXPERT, Role.HOSPITAL_ADMIN
NOBODY, FORBIDDEN, NOT_FOUND, OK = "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "OK"
STALE = "STALE_VERSION"  # the answer that only somebody gets who may take the step
OWN, PARTNER, FOREIGN = "county", "province", "foreign"
PARTIES: list[tuple[str, list[Role]]] = [
    (OWN, list(Role)),
    (PARTNER, list(Role)),
    (FOREIGN, list(Role)),
    ("county.other", [role for role in Role if Place.DEPARTMENT in HELD_AT[role]]),
    ("province.other", [role for role in Role if Place.DEPARTMENT in HELD_AT[role]]),
]
IDS = [party for party, _roles in PARTIES]
CARE = {DOCTOR, OFFICE, EXPERT}  # who reads referrals; an office works for its whole hospital
SEES = {(OWN, role) for role in CARE} | {(PARTNER, OFFICE), (PARTNER, EXPERT)}

SENDER = {(OWN, DOCTOR), (OWN, OFFICE)}
SENDERS = SENDER | {(OWN, EXPERT)}  # a specialist is the author of what is referred down
RECEIVER = {(PARTNER, EXPERT), (PARTNER, OFFICE)}
SPECIALIST = {(PARTNER, EXPERT)}
BOOKER = {(PARTNER, OFFICE)}
AUTHOR, OWN_OFFICE = {(OWN, DOCTOR)}, {(OWN, OFFICE)}
# The column "who" of the table of transitions (domain, 3), with a state from which the step can be taken.
STEPS: dict[str, tuple[Status, set[tuple[str, Role]]]] = {
    "update_referral": (Status.DRAFT, AUTHOR),
    "submit_referral": (Status.DRAFT, AUTHOR),
    "approve_referral": (Status.OFFICE_REVIEW, OWN_OFFICE),
    "return_referral": (Status.OFFICE_REVIEW, OWN_OFFICE),
    "open_referral": (Status.SENT, RECEIVER),
    "claim_referral": (Status.SENT, RECEIVER),
    "release_referral": (Status.IN_TRIAGE, RECEIVER),
    "request_information": (Status.IN_TRIAGE, RECEIVER),
    "supply_information": (Status.INFO_NEEDED, SENDERS),
    "accept_referral": (Status.SENT, RECEIVER),
    "waitlist_referral": (Status.SENT, RECEIVER),
    "advise_referral": (Status.SENT, SPECIALIST),
    "reject_referral": (Status.SENT, SPECIALIST),
    "redirect_referral": (Status.SENT, RECEIVER),
    "resend_referral": (Status.ADVISED, SENDER),
    "close_referral": (Status.ADVISED, SENDER),
    "book_referral": (Status.ACCEPTED, BOOKER),
    "reschedule_referral": (Status.SCHEDULED, BOOKER),
    "lose_booking": (Status.SCHEDULED, BOOKER),
    "hold_referral": (Status.SCHEDULED, SENDERS | RECEIVER),
    "resume_referral": (Status.ON_HOLD, SENDERS | RECEIVER),
    "depart_referral": (Status.SCHEDULED, SENDER),
    "turn_back_referral": (Status.IN_TRANSIT, SENDER),
    "arrive_referral": (Status.IN_TRANSIT, RECEIVER),
    "record_no_show": (Status.SCHEDULED, RECEIVER),
    "send_record": (Status.ARRIVED, SENDER),
    "return_outcome": (Status.ARRIVED, SPECIALIST),
    "refer_down": (Status.ARRIVED, SPECIALIST),
    "acknowledge_outcome": (Status.OUTCOME_RETURNED, SENDER),
    "amend_outcome": (Status.OUTCOME_RETURNED, SPECIALIST),
    "record_follow_up": (Status.CLOSED, SENDER),
    "cancel_referral": (Status.SENT, SENDER),
    "record_death": (Status.SENT, SENDERS | RECEIVER),
    "report_error": (Status.SENT, AUTHOR),
}
UNSENT = {Status.DRAFT, Status.OFFICE_REVIEW}
CLOCKED = {"confirm_expiry", "confirm_error"}  # need another step before; see test_a_reported_error
OTHERS = {"updateCapacity", "grantRole", "revokeRole", "issueApiToken", "revokeApiToken", "readNotice"}
OTHERS |= {"setClockRule", "setDuty", "swapDuty", "acceptSwap"}
ABSENT = {kind: ids.encode(kind, uuid4()) for kind in ("Referral", "Case", "Hospital", "Capability", "Notice")}
ABSENT |= {
    kind: ids.encode(kind, uuid4()) for kind in ("PractitionerRole", "ApiToken", "Department", "Duty", "DutySwap")
}
ABSENT["Person"] = ids.encode("Person", 2**31 - 1)


@pytest.fixture(scope="module")
def every_state(_module_world: World) -> dict[Status, Any]:
    """One referral in each state that the table names."""
    return {status: _module_world.referral(status) for status in {state for state, _who in STEPS.values()}}


def test_every_field_of_every_type_declares_a_rule():
    kinds = [
        kind
        for kind in schema.graphql_schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
    ]
    without = [f"{kind.name}.{name}" for kind in kinds for name in kind.fields if rule_of(kind, name) is None]
    assert without == []
    rules = {rule_of(kind, name) for kind in kinds for name in kind.fields}
    assert all(isinstance(rule, Rule) and rule.promise for rule in rules)


def test_the_tables_here_name_every_operation():
    mutations = schema.graphql_schema.mutation_type.fields
    assert set(mutations) == {camel(name) for name in [*STEPS, *CLOCKED, "create_referral"]} | OTHERS
    assert set(schema.graphql_schema.query_type.fields) == set(QUERIES)


class UnruledType(Type):
    """A type whose author forgot the rule."""

    class Meta:
        """No rule."""

        model, name, fields = Membership, "Unruled", ("joined_date", "left_date")


class Sneak(graphene.Mutation):
    """A mutation that is no action and declares nothing."""

    done = graphene.Boolean()

    def mutate(self, info):
        """Never reached."""
        raise AssertionError("a mutation without a rule was run")


class PlantedQuery(built.Query):
    """The root with a field that nobody gave a rule, and one that leads to a type without a rule."""

    class Meta:
        """The root itself."""

        name = "Query"

    planted = graphene.String()
    rows = graphene.List(UnruledType)
    resolve_planted = staticmethod(lambda root, info: "leaked")
    resolve_rows = staticmethod(lambda root, info: [Membership(joined_date=NOW.date(), left_date=NOW.date())])


class PlantedMutation(built.Mutation):
    """The root with a mutation that nobody gave a rule."""

    class Meta:
        """The root itself."""

        name = "Mutation"

    sneak = Sneak.Field()


@pytest.fixture
def planted(monkeypatch, fresh_documents):
    """The edge with the planted fields."""
    monkeypatch.setattr(built, "Query", PlantedQuery)
    monkeypatch.setattr(built, "Mutation", PlantedMutation)
    monkeypatch.setitem(built.READ_RULES, "rows", base.SIGNED_IN)
    made = built.build()
    monkeypatch.setattr(endpoint, "schema", made)
    monkeypatch.setattr("schema.documents.schema", made)


def test_what_has_no_rule_is_denied_to_everybody(world, planted):
    root = Edge(Person.objects.create_superuser("root", name="root"))
    people = [as_role(world, OWN, role) for role in Role] + [root]
    for edge in people:
        answer = edge.answer("{ planted }")
        assert (answer["data"], code_of(answer)) == ({"planted": None}, FORBIDDEN)
        assert edge.answer("{ rows { joinedDate } }")["data"] == {"rows": [None]}  # not nullable, so the row goes
        assert edge.data("{ rows { leftDate } }") == {"rows": [{"leftDate": None}]}
        assert edge.code("mutation { sneak { done } }") == FORBIDDEN
    assert Edge().code("{ planted }") == NOBODY
    assert Edge().code("mutation { sneak { done } }") == NOBODY


# query: (document, the kind of id it takes)
QUERIES: dict[str, tuple[str, str]] = {
    "me": ("{ me { username } }", ""),
    "notices": ("{ notices { nodes { id } } }", ""),
    "divisions": ("{ divisions { code } }", ""),
    "hospitals": ("{ hospitals { nodes { name } } }", ""),
    "hospital": ("query($id: ID!) { hospital(id: $id) { name } }", "Hospital"),
    "departments": ("{ departments { nodes { name } } }", ""),
    "alliances": ("{ alliances { code } }", ""),
    "alliance": ('{ alliance(code: "walk") { code } }', ""),
    "concepts": ("{ concepts(system: ICD10) { nodes { code } } }", ""),
    "reasons": ('{ reasons(catalogue: "REJECT") { code } }', ""),
    "reasonCatalogues": ("{ reasonCatalogues }", ""),
    "clocks": ("{ clocks { kind } }", ""),
    "staff": ("{ staff { nodes { role } } }", ""),
    "worklist": ("{ worklist(box: IN) { nodes { number } } }", ""),
    "referral": ("query($id: ID!) { referral(id: $id) { number } }", "Referral"),
    "case": ("query($id: ID!) { case(id: $id) { number } }", "Case"),
    "patientLookup": (f'{{ patientLookup(idNumber: "{id_number(date(2022, 1, 5), 1)}") {{ known }} }}', ""),
    "coverage": ('{ coverage(alliance: "walk") { since } }', ""),
    "attainment": ('{ attainment(alliance: "walk") { group } }', ""),
    "breachForecast": ('{ breachForecast(alliance: "walk") { kind } }', ""),
    "escalationLadder": ("{ escalationLadder { rung } }", ""),
    "roster": (
        'query($id: ID!) { roster(department: $id, since: "2026-03-02T00:00:00+08:00", '
        'until: "2026-03-03T00:00:00+08:00") { id } }',
        "Department",
    ),
    "onDuty": ("query($id: ID!) { onDuty(department: $id) { id } }", "Department"),
    "dutySwaps": ("{ dutySwaps { id } }", ""),
}


def expected_of(query: str, party: str, role: Role, *, absent: bool) -> str:
    """The code that a role at a party gets from a query about the standard referral and its like."""
    if query in ("referral", "case"):
        reads = role in CARE | {ADMIN}
        return (OK if (party, role) in SEES and not absent else NOT_FOUND) if reads else FORBIDDEN
    if query == "worklist":
        return OK if role in CARE | {ADMIN} else FORBIDDEN
    if query == "staff":
        return OK if role in (ADMIN, Role.ALLIANCE_ADMIN) else FORBIDDEN
    if query == "patientLookup":
        return OK if role == DOCTOR else FORBIDDEN
    if query in ("coverage", "attainment", "breachForecast") and role == Role.ALLIANCE_ADMIN:
        return OK if party == PARTNER else NOT_FOUND
    if query in ("attainment", "breachForecast"):
        return {Role.COMMISSION_OBSERVER: OK, ADMIN: NOT_FOUND}.get(role, FORBIDDEN)
    if query in ("roster", "onDuty"):
        return OK  # an absent department has an empty roster
    if query == "coverage":
        return OK if role == Role.COMMISSION_OBSERVER else FORBIDDEN
    return NOT_FOUND if absent else OK


@pytest.fixture
def alliance(world: World) -> Alliance:
    """An alliance led by the province."""
    return Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_every_query_by_every_role(world, every_state, alliance, party, roles):
    row = every_state[Status.SENT]
    present = {"Hospital": gid(row.performer_hospital), "Referral": gid(row), "Case": gid(row.case)}
    present |= {"Department": gid(row.performer_department)}
    found, expected = {}, {}
    for role in roles:
        edge = as_role(world, party, role)
        for query, (document, kind) in QUERIES.items():
            for absent, named in ((False, present), (True, ABSENT)) if kind else ((False, {"": ""}),):
                found[role, query, absent] = edge.code(document, **({"id": named[kind]} if kind else {}))
                expected[role, query, absent] = expected_of(query, party, role, absent=absent)
    assert found == expected


def test_every_query_by_nobody(world, every_state, alliance):
    variables = {kind: {"id": named} for kind, named in ABSENT.items()} | {"": {}}
    found = {name: Edge().code(document, **variables[kind]) for name, (document, kind) in QUERIES.items()}
    assert found == dict.fromkeys(QUERIES, NOBODY)


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_every_step_by_every_role(world, every_state, party, roles):
    """Who may take the step learns that the version is stale; who sees only, FORBIDDEN; the others, NOT_FOUND."""
    found, expected = {}, {}
    for role in roles:
        edge = as_role(world, party, role)
        for name, (status, who) in STEPS.items():
            row = every_state[status]
            sees = (party, role) in SEES and not (party == PARTNER and status in UNSENT)
            given = inputs(world, name) | {"id": gid(row), "expectedVersion": row.version - 1}
            found[name, role] = code_of(edge.attempt(camel(name), **given).json())
            expected[name, role] = STALE if (party, role) in who else FORBIDDEN if sees else NOT_FOUND
    assert found == expected


def test_every_mutation_by_nobody(world, every_state):
    row = every_state[Status.SENT]
    documents = {
        **{camel(name): inputs(world, name) | step(row) for name in [*STEPS, *CLOCKED]},
        "createReferral": {"requesterDepartment": ABSENT["Department"], "patient": {}},
        "updateCapacity": step(world.picu, bedsTotal=1, bedsFree=1, asOf=NOW.isoformat()),
        "grantRole": {"person": ABSENT["Person"], "role": "EXPERT", "hospital": ABSENT["Hospital"]},
        "revokeRole": {"id": ABSENT["PractitionerRole"], "expectedVersion": 1},
        "issueApiToken": {"name": "x", "scopes": ["read"], "expiresInDays": 1},
        "revokeApiToken": {"id": ABSENT["ApiToken"]},
        "readNotice": {"id": ABSENT["Notice"]},
        "setClockRule": {"alliance": "x", "kind": "TRIAGE", "targetMinutes": 1, "source": "x"},
        "setDuty": {"department": ABSENT["Department"], "person": ABSENT["Person"]}
        | {"startsAt": NOW.isoformat(), "endsAt": NOW.isoformat()},
        "swapDuty": {"id": ABSENT["Duty"], "other": ABSENT["Duty"]},
        "acceptSwap": {"id": ABSENT["DutySwap"]},
    }
    assert set(documents) == set(schema.graphql_schema.mutation_type.fields)
    answers = {name: Edge().attempt(name, **given).json() for name, given in documents.items()}
    assert {name: (a["data"], code_of(a)) for name, a in answers.items()} == dict.fromkeys(documents, (None, NOBODY))


def test_what_is_invisible_answers_byte_for_byte_as_what_is_absent(world, every_state):
    row = every_state[Status.SENT]
    for role in (DOCTOR, OFFICE, EXPERT, ADMIN):
        edge = as_role(world, FOREIGN, role)
        for name in ("referral", "case"):
            document = f"query($id: ID!) {{ {name}(id: $id) {{ number patient {{ displayName }} }} }}"
            seen = {"referral": gid(row), "case": gid(row.case)}[name]
            answers = [
                edge.send({"query": document, "variables": {"id": named}}).content
                for named in (seen, ABSENT[name.capitalize()])
            ]
            assert answers[0] == answers[1]
        for name in STEPS:
            given = inputs(world, name) | {"expectedVersion": 1}
            answers = [
                edge.attempt(camel(name), "referral { number }", **given | {"id": named}).content
                for named in (gid(every_state[STEPS[name][0]]), ABSENT["Referral"])
            ]
            assert answers[0] == answers[1], name


def test_an_unsent_referral_does_not_exist_for_its_performer(world, every_state):
    document = "query($id: ID!) { referral(id: $id) { number } }"
    for status in UNSENT:
        for role in (EXPERT, OFFICE):
            assert as_role(world, PARTNER, role).code(document, id=gid(every_state[status])) == NOT_FOUND


def test_a_draft_is_written_for_the_own_department_by_doctors_only(world):
    found = {}
    for party, roles in PARTIES:
        for role in roles:
            given = {"requesterDepartment": gid(world.departments[OWN]), "patient": {"name": "甲"} | no_one()}
            found[party, role] = code_of(as_role(world, party, role).attempt("createReferral", **given).json())
    assert found == {key: OK if key in AUTHOR else FORBIDDEN for key in found}


def no_one() -> dict[str, str]:
    """The identity number of an invented adult, another at each call."""
    return {"idNumber": patient()["id_number"]}


def administration(world: World) -> dict[str, tuple[dict[str, Any], dict[str, Any], dict[tuple[str, Role], str], str]]:
    """Mutation: input about the province, the same about nothing, who is answered how, and how all others are."""
    expert = world.people[PARTNER, EXPERT, 1]
    held = PractitionerRole.objects.get(person=expert)
    new = {"person": gid(world.people[FOREIGN, DOCTOR, 1]), "role": "EXPERT"}
    notice = Notice.objects.filter(person=expert).first()
    token, _secret = issue(expert, "read", now=NOW)
    figure = {"expectedVersion": 0, "bedsTotal": 1, "bedsFree": 1, "asOf": NOW.isoformat()}
    boss = {(PARTNER, ADMIN): STALE}
    return {
        "updateCapacity": (figure | {"id": gid(world.picu)}, figure | {"id": ABSENT["Capability"]}, boss, FORBIDDEN),
        "grantRole": (
            new | {"department": gid(world.departments[PARTNER])},
            new | {"department": ABSENT["Department"]},
            {(PARTNER, ADMIN): OK},
            FORBIDDEN,
        ),
        "revokeRole": (
            {"id": gid(held), "expectedVersion": 0},
            {"id": ABSENT["PractitionerRole"], "expectedVersion": 0},
            boss,
            NOT_FOUND,
        ),
        "revokeApiToken": ({"id": gid(token)}, {"id": ABSENT["ApiToken"]}, {(PARTNER, EXPERT): OK}, NOT_FOUND),
        "readNotice": ({"id": gid(notice)}, {"id": ABSENT["Notice"]}, {(PARTNER, EXPERT): OK}, NOT_FOUND),
    }


@pytest.mark.parametrize(("party", "roles"), PARTIES[:3], ids=IDS[:3])
def test_every_other_mutation_by_every_role(world, every_state, party, roles):
    found, expected = {}, {}
    for role in roles:
        edge = as_role(world, party, role)
        for name, (given, absent, answers, otherwise) in administration(world).items():
            for exists, inputs_ in ((True, given), (False, absent)):
                found[name, role, exists] = code_of(edge.attempt(name, **inputs_).json())
                expected[name, role, exists] = answers.get((party, role), otherwise) if exists else NOT_FOUND
        issued = edge.attempt("issueApiToken", name="x", scopes=["read"], expiresInDays=1)
        assert code_of(issued.json()) == OK
        Notice.objects.update(read_at=None)
        PractitionerRole.objects.filter(person=world.people[FOREIGN, DOCTOR, 1], role=EXPERT).delete()
    assert found == expected


def test_a_reported_error_is_confirmed_by_the_own_administrator_only(world, every_state):
    row = world.take("report_error", every_state[Status.SENT])
    found = {}
    for party, roles in PARTIES:
        for role in roles:
            given = {"id": gid(row), "expectedVersion": row.version - 1, "idempotencyKey": new_key()}
            found[party, role] = code_of(as_role(world, party, role).attempt("confirmError", **given).json())
    assert found == {key: STALE if key == (OWN, ADMIN) else FORBIDDEN if key in SEES else NOT_FOUND for key in found}


def test_a_proposed_expiry_is_confirmed_by_the_sender_only(world, every_state):
    row = world.take("propose_expiry", every_state[Status.SENT])
    found = {}
    for party, roles in PARTIES:
        for role in roles:
            given = {"id": gid(row), "expectedVersion": row.version - 1, "reason": "NO_RESPONSE"}
            found[party, role] = code_of(as_role(world, party, role).attempt("confirmExpiry", **given).json())
    assert found == {key: STALE if key in SENDER else FORBIDDEN if key in SEES else NOT_FOUND for key in found}
