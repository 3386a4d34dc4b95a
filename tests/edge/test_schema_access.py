"""Who gets what answer at the edge: every field has a rule, every operation a table of codes (domain, 2 and 7)."""

from datetime import timedelta
from typing import Any

import graphene
import pytest
from graphql import GraphQLObjectType

from consortium.models import Alliance, Membership, Notice, Person, PractitionerRole
from consortium.roles import Role
from referrals.models import Status
from schema import base
from schema import schema as built
from schema.base import Rule, Type
from schema.schema import rule_of, schema
from schema.views import endpoint
from tests.edge.client import Edge, as_role, camel, code_of, gid, inputs, issue, new_key, step
from tests.edge.every import broken_glass
from tests.edge.tables import (
    ABSENT,
    ADMIN,
    AUTHOR,
    CLOCKED,
    DOCTOR,
    EXPERT,
    FORBIDDEN,
    FOREIGN,
    GREEN,
    IDS,
    NOBODY,
    NOT_FOUND,
    OFFERS,
    OFFICE,
    OK,
    OTHERS,
    OWN,
    PARTIES,
    PARTNER,
    PATHOLOGY,
    QUERIES,
    SECURITY,
    SEES,
    SENDER,
    STALE,
    STEPS,
    SYSTEM,
    UNSENT,
    VIEWING,
    expected_of,
)
from tests.reports import case as pathology
from tests.reports import sign
from tests.world import NOW, World, patient


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
    referring = {camel(name) for name in [*STEPS, *CLOCKED, *GREEN, *OFFERS]}
    assert set(mutations) == referring | OTHERS | PATHOLOGY | VIEWING
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


@pytest.fixture
def alliance(world: World) -> Alliance:
    """An alliance led by the province."""
    return Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])


@pytest.mark.parametrize(("party", "roles"), PARTIES, ids=IDS)
def test_every_query_by_every_role(world, every_state, alliance, party, roles):
    row = every_state[Status.SENT]
    present = {"Hospital": gid(row.performer_hospital), "Referral": gid(row), "Case": gid(row.case)}
    present |= {"Department": gid(row.performer_department), "Offer": gid(world.offer())}
    read = pathology(world)
    present |= {"Export": ABSENT["Export"], "BreakGlass": gid(broken_glass(world, ago=timedelta(hours=2)))}
    present |= {"PathologyCase": gid(read), "Slide": gid(read.slides.get()), "Report": gid(sign(world, read))}
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
        **{camel(name): inputs(world, name) | step(row) for name in [*STEPS, *CLOCKED, *GREEN]},
        **{camel(name): inputs(world, name) | {"id": ABSENT["Offer"], "expectedVersion": 1} for name in OFFERS},
        "createReferral": {"requesterDepartment": ABSENT["Department"], "patient": {}},
        "updateCapacity": step(world.picu, bedsTotal=1, bedsFree=1, asOf=NOW.isoformat()),
        "grantRole": {"person": ABSENT["Person"], "role": "EXPERT", "hospital": ABSENT["Hospital"]},
        "revokeRole": {"id": ABSENT["PractitionerRole"], "expectedVersion": 1},
        "issueApiToken": {"name": "x", "scopes": ["read"], "expiresInDays": 1},
        "revokeApiToken": {"id": ABSENT["ApiToken"]},
        "readNotice": {"id": ABSENT["Notice"]},
        "setClockRule": {"alliance": "x", "kind": "TRIAGE", "targetMinutes": 1, "source": "x"},
        "requestExport": {"alliance": "x", "since": "2026-01-01", "until": "2026-01-02", "format": "CSV"},
        "cancelExport": {"id": ABSENT["Export"], "expectedVersion": 1},
        "setDuty": {"department": ABSENT["Department"], "person": ABSENT["Person"]}
        | {"startsAt": NOW.isoformat(), "endsAt": NOW.isoformat()},
        "swapDuty": {"id": ABSENT["Duty"], "other": ABSENT["Duty"]},
        "acceptSwap": {"id": ABSENT["DutySwap"]},
        "chooseOffer": step(row, offer=ABSENT["Offer"]),
        "reviewQuality": step(row, fromKind="FIRST_CONTACT", toKind="DOOR", cause="TRANSPORT_DELAY"),
        "activateGreenChannel": {"requesterDepartment": ABSENT["Department"], "kind": "STROKE"},
        "setPreference": {"channel": "EMAIL", "address": "x@example.org"},
        "createWebhookEndpoint": {"hospital": ABSENT["Hospital"], "name": "x", "url": "https://x.example.org"},
        "rotateWebhookSecret": {"id": ABSENT["WebhookEndpoint"], "expectedVersion": 1},
        "deactivateWebhookEndpoint": {"id": ABSENT["WebhookEndpoint"], "expectedVersion": 1},
        "replayDeliveries": {"id": ABSENT["WebhookEndpoint"], "recordedFrom": NOW.isoformat()},
        "resendDelivery": {"id": ABSENT["Delivery"]},
        "saveReportDraft": {"id": ABSENT["PathologyCase"], "expectedVersion": 0, "report": {}},
        "addAddendum": {"id": ABSENT["Report"], "text": "x"},
        "createPerson": {"username": "x", "name": "x", "hospital": ABSENT["Hospital"]},
        **{name: {"id": ABSENT["Account"]} for name in ("issueSetupLink", "deactivatePerson", "unlockPerson")},
        "resetSecondFactor": {"id": ABSENT["Person"]},
    }
    assert set(documents) | PATHOLOGY | VIEWING == set(schema.graphql_schema.mutation_type.fields)
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
    for status in UNSENT & set(every_state):
        for role in (EXPERT, OFFICE):
            assert as_role(world, PARTNER, role).code(document, id=gid(every_state[status])) == NOT_FOUND


def test_a_draft_is_written_for_the_own_department_by_doctors_only(world):
    found = {}
    for party, roles in PARTIES:
        for role in roles:
            given = {"requesterDepartment": gid(world.departments[OWN]), "patient": {"name": "甲"} | no_one()}
            found[party, role] = code_of(as_role(world, party, role).attempt("createReferral", **given).json())
    assert found == {key: OK if key in AUTHOR else FORBIDDEN for key in found}


KEEPERS = ("issueSetupLink", "unlockPerson", "resetSecondFactor")  # refused before anything is looked for


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
    Person.objects.filter(pk=expert.pk).update(home=world.hospitals[PARTNER])
    account, no_account = {"id": gid(expert)}, {"id": ABSENT["Account"]}
    by_system = {(place, SYSTEM): OK if place == PARTNER else NOT_FOUND for place in (OWN, PARTNER, FOREIGN)}
    by_security = {(place, SECURITY): code for (place, _role), code in by_system.items()}
    return {
        "updateCapacity": (figure | {"id": gid(world.picu)}, figure | {"id": ABSENT["Capability"]}, boss, FORBIDDEN),
        "grantRole": (
            new | {"department": gid(world.departments[PARTNER])},
            new | {"department": ABSENT["Department"]},
            {(PARTNER, ADMIN): OK, (PARTNER, SECURITY): OK},
            FORBIDDEN,
        ),
        "issueSetupLink": (account, no_account, by_system, FORBIDDEN),
        "unlockPerson": (account, no_account, by_security, FORBIDDEN),
        "resetSecondFactor": (account, no_account, by_security, FORBIDDEN),
        "revokeRole": (
            {"id": gid(held), "expectedVersion": 0},
            {"id": ABSENT["PractitionerRole"], "expectedVersion": 0},
            boss | {(PARTNER, SECURITY): STALE},
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
                lost = (
                    FORBIDDEN if name in KEEPERS and otherwise == answers.get((party, role), otherwise) else NOT_FOUND
                )
                expected[name, role, exists] = answers.get((party, role), otherwise) if exists else lost
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
