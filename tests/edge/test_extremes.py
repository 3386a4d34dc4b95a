"""No input is a fault of ours: each argument takes the strangest values of its type and is done or refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
    is_required_argument,
)

from consortium.models import Alliance, Concept
from consortium.roles import Role
from referrals.models import Referral, Status
from schema.schema import schema
from tests.edge.client import Edge, as_role, camel, code_of, gid, widest
from tests.edge.every import every_mutation
from tests.edge.tables import ABSENT, LAB, LEAD, PATHOLOGIST, QUERIES
from tests.reports import case as pathology

DOCTOR = Role.REFERRING_DOCTOR
STRANGE: dict[str, list[Any]] = {
    "String": [" ", "字" * 9000, "%_\\'\";--\u202e\x7f"],
    "ID": ["", "字" * 300, "UmVmZXJyYWw6MQ", "UGVyc29uOjk5OTk5OTk5OTk5OTk5OTk5OTk5", ABSENT["Department"]],
    "Int": [0, -(2**31), 2**31 - 1],
    "Float": [0, -1e308, 1e308],
    "Boolean": [True, False],
    "GeoJson": [
        {},
        {"type": "Point", "coordinates": [1e308, -1e308]},
        {"type": "Polygon", "coordinates": [[[0, 0]] * 2000]},
        {"type": "\u202e", "coordinates": {"a": [None]}},
    ],
    "Date": ["0001-01-01", "9999-12-31"],
    "Time": ["00:00:00", "23:59:59.999999", "07:00:00+14:00"],
    "DateTime": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2500-01-01T00:00:00+08:00"],
}
READ = "query($id: ID!) { referral(id: $id) " + widest("Referral", depth=3) + " }"
READS = {"referral": READ, "offer": "query($id: ID!) { offer(id: $id) " + widest("Offer", depth=3) + " }"}


def strange(kind: Any) -> list[Any]:
    """Strange values of an input type; nothing is the strangest."""
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        inner = strange(kind.of_type)
        return [[], [inner[1]], [inner[-1]] * 500]
    if isinstance(kind, GraphQLEnumType):
        return [None, *kind.values]
    if isinstance(kind, GraphQLInputObjectType):
        return [None, {}]
    return [None, *STRANGE[kind.name]]


def mutated(
    kind: GraphQLInputObjectType, given: dict[str, Any], tried: set[tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    """The input with one strange value after the other, at any depth; what mutations share is tried in one of them.

    Nothing at all is tried in each of them, where nothing may be given.
    """
    for name, field in kind.fields.items():
        if name == "idempotencyKey" or (name, str(field.type)) in tried:
            if not is_non_null_type(field.type):
                yield given | {name: None}
            continue
        tried.add((name, str(field.type)))
        for value in strange(field.type):
            yield given | {name: value}
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            many = isinstance(get_nullable_type(field.type), GraphQLList)
            held = given.get(name) or ([{}] if many else {})
            for below in mutated(inner, held[0] if many else held, tried):
                yield given | {name: [below] if many else below}


@pytest.mark.usefixtures("documents_of_any_size")
@pytest.mark.slow
def test_no_input_of_a_mutation_is_a_fault_and_what_was_done_can_be_read(world):
    faults: list[Any] = []
    tried: set[tuple[str, str]] = set()
    for name, (edge, shape, given) in every_mutation(world, "{ id }").items():
        kind = schema.graphql_schema.type_map[f"{name[0].upper()}{name[1:]}Input"]
        for strange_input in mutated(kind, given, tried):
            with transaction.atomic():
                answer = edge.attempt(name, shape, **strange_input).json()
                code = code_of(answer)
                if code == "OK":
                    for case in READS.keys() & answer["data"][name].keys():
                        code = edge.code(READS[case], id=answer["data"][name][case]["id"])
                transaction.set_rollback(True)
            if code == "INTERNAL":
                faults.append((name, {k: v for k, v in strange_input.items() if given.get(k) != v}))
    assert faults == []


@pytest.mark.slow
def test_no_argument_of_a_query_is_a_fault(world):
    Alliance.objects.create(code="walk", name="测试联盟", lead=world.hospitals["province"])
    referral = world.referral(Status.ACCEPTED)  # so that a place is promised
    world.offer()
    roles = (Role.EXPERT, DOCTOR, Role.ALLIANCE_ADMIN, Role.HOSPITAL_ADMIN, LAB, LEAD, PATHOLOGIST)
    read = pathology(world)
    both = world.newcomer("both", *(("province", role) for role in roles))
    edge, faults = Edge(both.person), []
    good = {"box": "IN", "alliance": "walk", "catalogue": "REJECT", "system": "ICD10", "capability": "PICU"}
    good |= {"id": gid(referral), "idNumber": "x", "code": "walk", "department": gid(referral.performer_department)}
    good |= {"since": "2026-03-02T00:00:00+08:00", "until": "2026-03-03T00:00:00+08:00"}
    good |= {"grouping": "ORGAN", "case": gid(read), "slide": gid(read.slides.get())}
    good |= {"kind": "CRITICAL_CHILD", "origin": gid(world.departments["county"]), "legs": "SENT"}
    good |= {"username": "x", "referral": gid(referral)}
    for name, field in schema.graphql_schema.query_type.fields.items():
        inner = get_named_type(field.type)
        shape = widest(inner.name, depth=2) if isinstance(inner, GraphQLObjectType) else ""
        needed = {arg: good[arg] for arg, kind in field.args.items() if is_required_argument(kind)}
        for arg, kind in field.args.items():
            for extra in ({}, {"capability": "PICU"}):
                for value in strange(kind.type):
                    given = needed | {k: v for k, v in extra.items() if k in field.args} | {arg: value}
                    declared = ", ".join(f"${name_}: {field.args[name_].type}" for name_ in given)
                    passed = ", ".join(f"{name_}: ${name_}" for name_ in given)
                    document = f"query({declared}) {{ {name}({passed}) {shape} }}"
                    if edge.code(document, **given) == "INTERNAL":
                        faults.append((name, {arg: value}))
    assert faults == []


@pytest.mark.parametrize("text", [r"\u{0}", r"\u{00000}", "\\u" + "0000", r"\u{D800}", r"\uDC00", r"\u{110000}"])
def test_an_escape_in_a_document_brings_in_no_null_and_no_surrogate(world, text):
    edge = as_role(world, "county", DOCTOR)
    for document in (
        f'{{ worklist(box: OUT, patient: "a{text}") {{ nodes {{ id }} }} }}',
        f'{{ hospitals(text: "{text}") {{ nodes {{ id }} }} }}',
        f'mutation {{ issueApiToken(input: {{ name: "x{text}", scopes: ["read"], expiresInDays: 1, '
        'idempotencyKey: "k" }) { errors { code } } }',
    ):
        response = edge.send({"query": document})
        assert code_of(response.json()) in ("BAD_REQUEST", "INVALID_INPUT"), response.content


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"5", b"null", b"{}", b'{"username": "x"}', b'{"username": 5, "password": 5}', b"\xff",
        b'{"username": "\\u0000", "password": "x"}', b'{"username": "\\ud800", "password": "x"}', b"[" * 100_000,
        b'{"username": "x", "password": "\\udc00"}', b'{"username": NaN, "password": "x"}',
    ],
    ids=range(14),
)  # fmt: skip
def test_no_body_of_a_sign_in_is_a_fault(world, body, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    edge = as_role(world, "county", DOCTOR)
    response = edge.send(body, path="/session/")
    assert (response.status_code, code_of(response.json())) == (400, "BAD_REQUEST")
    long = edge.send({"username": "x" * 100_000, "password": "y" * 100_000}, path="/session/")
    assert (long.status_code, code_of(long.json())) == (401, "UNAUTHENTICATED")


def test_a_moment_that_can_be_written_can_be_read(world):
    """The last hours of the year 9999 are the year 10000 in China."""
    leg = world.referral(Status.IN_TRIAGE)
    edge = as_role(world, "province", Role.EXPERT)
    given = {"id": gid(leg), "expectedVersion": leg.version, "items": ["ECG"], "dueAt": "9999-12-31T23:59:59+00:00"}
    assert code_of(edge.attempt("requestInformation", "referral { clock { dueAt } }", **given).json()) != "INTERNAL"
    assert edge.code(READ, id=gid(leg)) == "OK"
    assert edge.code("{ worklist(box: IN) { nodes { clock { dueAt remainingMinutes } } } }") == "OK"
    assert Referral.objects.get(pk=leg.pk).due_at is not None


def test_the_tables_of_strange_values_name_every_type(world):
    named = {
        get_named_type(argument.type)
        for kind in schema.graphql_schema.type_map.values()
        for field in getattr(kind, "fields", {}).values()
        for argument in [
            *getattr(field, "args", {}).values(),
            *([field] if isinstance(kind, GraphQLInputObjectType) else []),
        ]
        if not kind.name.startswith("__")
    }
    scalars = {kind.name for kind in named if not isinstance(kind, GraphQLEnumType | GraphQLInputObjectType)}
    assert scalars == set(STRANGE)
    assert Concept.objects.filter(system="CAPABILITY", code="PICU").exists()
    assert set(QUERIES) == set(schema.graphql_schema.query_type.fields)
    assert camel("accept_referral") in schema.graphql_schema.mutation_type.fields
