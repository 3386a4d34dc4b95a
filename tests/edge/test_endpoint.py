"""`POST /graphql/` as a protocol: what is read, what is refused before anything runs, and how answers look."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings
from graphql import parse

from consortium.models import AuditEntry
from consortium.roles import Role
from referrals.models import Status
from schema import documents
from tests.edge.client import CSRF, Edge, as_role, code_of, gid, issue, new_key, step
from tests.world import NOW, World

DOCTOR = Role.REFERRING_DOCTOR
ME = "{ me { username } }"
BAD, LIMIT = "BAD_REQUEST", "LIMIT_EXCEEDED"
MODERN = "application/graphql-response+json"


@pytest.fixture
def doctor(world: World) -> Edge:
    """Somebody who may read."""
    return as_role(world, "county", DOCTOR)


def said(response: Any) -> tuple[int, str]:
    """The status and the code of an answer."""
    return response.status_code, code_of(response.json())


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/json; charset=UTF-16", 415),
        ("application/json; charset=gb18030", 415),
        ("application/graphql", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonx", 415),
        ("", 415),
    ],
)
def test_the_body_is_json_and_nothing_else(doctor, kind, status):
    response = doctor.send({"query": ME}, content_type=kind)
    assert response.status_code == status
    assert status == 200 or said(response) == (415, BAD)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_and_get_are_understood(doctor, method):
    response = doctor.client.generic(
        method, "/graphql/?query=%7Bme%7Busername%7D%7D", json.dumps({"query": ME}), "application/json",
        headers=doctor.headers,
    )  # fmt: skip
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert b"county" not in response.content


def test_a_body_in_pieces_or_compressed_or_of_no_length_is_not_read(doctor):
    assert said(doctor.send({"query": ME}, **{"Content-Encoding": "gzip"})) == (415, BAD)
    assert said(doctor.send({"query": ME}, **{"Transfer-Encoding": "chunked"})) == (411, BAD)
    for length, status in (("x", 400), ("-1", 400), ("1_0", 400), ("٣", 400), ("9" * 30, 413)):
        response = doctor.client.post(
            "/graphql/", json.dumps({"query": ME}), "application/json", headers=doctor.headers, CONTENT_LENGTH=length
        )
        assert response.status_code == status, length


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/xml, text/*;q=0.5", 406),
        ("application/json;q=0", 406),
        ("application/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/graphql-response+json;q=0.1", 200),
    ],
)
def test_whoever_takes_no_json_is_told_so(doctor, accept, status):
    response = doctor.send({"query": ME}, Accept=accept)
    assert response.status_code == status
    assert status == 200 or said(response) == (406, BAD)


def test_refusals_come_in_the_media_type_that_was_asked_for(doctor):
    response = doctor.send(b"x", Accept=MODERN)
    assert (response.status_code, response.headers["Content-Type"]) == (400, f"{MODERN}; charset=utf-8")


def got(edge: Edge, **parameters: str) -> Any:
    """The answer to a query in an address."""
    return edge.client.get("/graphql/", parameters, headers=edge.headers)


def test_a_system_may_ask_by_the_address_and_a_session_may_not(world, doctor):
    system = Edge(token=issue(world.people["county", DOCTOR, 1], "read", "write", now=NOW)[1])
    assert got(system, query=ME).json()["data"]["me"]["username"] == doctor.person.username
    named = "query($kind: String!) { clocks(kind: $kind) { kind } }"
    assert got(system, query=named, variables='{"kind": "HOLD"}').json() == {"data": {"clocks": [{"kind": "HOLD"}]}}
    assert said(got(doctor, query=ME)) == (400, BAD)
    assert said(got(system)) == (400, BAD)
    for wrong in ("{", "[]", '{"kind": "HOLD", "kind": "x"}', '{"kind": NaN}', "5"):
        assert said(got(system, query=named, variables=wrong)) == (400, BAD), wrong
    twice = system.client.get("/graphql/?query=%7Bme%7Busername%7D%7D&query=x", headers=system.headers)
    assert said(twice) == (400, BAD)
    with override_settings(GRAPHQL_GET=False):
        response = got(system, query=ME)
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_nothing_is_changed_by_an_address(world):
    system = Edge(token=issue(world.people["county", DOCTOR, 1], "read", "write", now=NOW)[1])
    step_ = 'mutation { readNotice(input: {id: "x", idempotencyKey: "k"}) { errors { code } } }'
    response = got(system, query=step_)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")


BODIES: list[tuple[bytes, str]] = [
    (b" ", "nothing"),
    (b"{", "half"),
    (b'{"query": "\xff"}', "bad UTF-8"),
    (b'\xef\xbb\xbf{"query": "{me{username}}"}', "byte order mark"),
    (json.dumps({"query": ME}).encode("utf-16"), "UTF-16"),
    (b"[" * 100_000, "nested for ever"),
    (b'{"query": "{me{username}}", "variables": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001, "nested variables"),
    (b'[{"query": "{me{username}}"}]', "a batch"),
    (b'"{me{username}}"', "a string"),
    (b"5", "a number"),
    (b"null", "null"),
    (b"NaN", "NaN"),
    (b'{"query": "{me{username}}", "variables": {"x": NaN}}', "NaN inside"),
    (b'{"query": "{me{username}}", "variables": {"x": -Infinity}}', "infinity"),
    (b'{"query": "{me{username}}", "variables": {"x": 1e999}}', "a number beyond all bounds"),
    (b'{"query": "{me{username}}", "variables": {"x": ' + b"9" * 5000 + b"}}", "a number without end"),
    (b'{"query": "{me{username}}", "query": "{clocks(kind: 5){kind}}"}', "the same name twice"),
    (b'{"query": "{me{username}}", "variables": {"x": {"y": 1, "y": 2}}}', "the same name twice inside"),
    (b'{"query": "{me{username}}", "variables": {"x": ' + b"[" * 19 + b"]" * 19 + b"}}", "twenty-one levels"),
    (b'{"query": "{me{username}}", "variables": {"x": "\\ud800"}}', "a lone surrogate"),
    (b'{"query": "{me{username}}", "variables": {"\\udc00": 1}}', "a lone surrogate as a key"),
    (b'{"query": "{me{username}}", "variables": {"x": "a\\u0000"}}', "a null character"),
    (b'{"query": "{me{username}}\x00"}', "a raw null character"),
    (b'{"query": null}', "no document"),
    (b'{"query": ""}', "an empty document"),
    (b'{"query": "  \\n "}', "a blank document"),
    (b'{"query": 5}', "a document that is a number"),
    (b'{"query": ["{me{username}}"]}', "a list of documents"),
    (b'{"query": {"query": "{me{username}}"}}', "a nested document"),
    (b"{}", "no query at all"),
    (b'{"query": "{me{username}}", "variables": []}', "variables that are a list"),
    (b'{"query": "{me{username}}", "variables": "{}"}', "variables that are a string"),
    (b'{"query": "{me{username}}", "operationName": 5}', "a name that is a number"),
    (b'{"query": "{me{username}}", "operationName": {}}', "a name that is an object"),
]


@pytest.mark.parametrize("body", [body for body, _name in BODIES], ids=[name for _body, name in BODIES])
def test_a_body_that_cannot_be_read_is_refused(doctor, body):
    assert said(doctor.send(body)) == (400, BAD)


def test_twenty_levels_of_json_are_read(doctor):
    nested = b'{"query": "{me{username}}", "variables": {"x": ' + b"[" * 18 + b"]" * 18 + b"}}"
    assert doctor.send(nested).status_code == 200


def test_what_stands_in_the_address_is_never_executed(doctor):
    path = "/graphql/?query=%7Bme%7Busername%7D%7D&operationName=X&variables=%7B%7D"
    assert said(doctor.send({}, path=path)) == (400, BAD)
    answer = doctor.send({"query": '{ clocks(kind: "HOLD") { kind } }'}, path=path).json()
    assert answer == {"data": {"clocks": [{"kind": "HOLD"}]}}


def sized(length: int) -> bytes:
    """A good body of so many bytes."""
    body = json.dumps({"query": ME}).encode()
    return body + b" " * (length - len(body))


def test_a_body_of_256_kilobytes_and_no_more(doctor):
    assert doctor.send(sized(256 * 1024)).status_code == 200
    assert said(doctor.send(sized(256 * 1024 + 1))) == (413, LIMIT)
    assert said(doctor.send(sized(5_000_000))) == (413, LIMIT)


def deep(levels: int) -> str:
    """A valid query of so many levels."""
    inner = "hospital { division { code } }"
    while levels > 5:
        inner, levels = f"hospital {{ departments {{ {inner} }} }}", levels - 2
    return f"{{ departments {{ nodes {{ {inner} }} }} }}"


def test_fourteen_levels_and_no_more(doctor):
    assert doctor.send({"query": deep(13)}).status_code == 200
    assert said(doctor.send({"query": deep(15)})) == (413, LIMIT)
    fourteen = deep(13).replace("division { code }", "division { parent { code } }")
    assert doctor.send({"query": fourteen}).status_code == 200
    hidden = "query { ...F } fragment F on Query " + deep(15)
    assert said(doctor.send({"query": hidden})) == (413, LIMIT)


def test_thirty_aliases_and_no_more(doctor):
    def aliases(number: int) -> str:
        return " ".join(f"a{n}: __typename" for n in range(number))

    assert doctor.send({"query": f"{{ {aliases(30)} }}"}).status_code == 200
    assert said(doctor.send({"query": f"{{ {aliases(31)} }}"})) == (413, LIMIT)
    twice = f"{{ ...F ...on Query {{ ...F }} }} fragment F on Query {{ {aliases(16)} }}"
    assert said(doctor.send({"query": twice})) == (413, LIMIT)


def test_four_thousand_tokens_and_no_more(doctor):
    def tokens(number: int) -> str:
        return "{" + " __typename" * (number - 2) + "}"

    assert doctor.send({"query": tokens(3000)}).status_code == 200
    assert code_of(doctor.send({"query": tokens(4002)}).json()) in (BAD, LIMIT)


def test_fragments_that_double_at_every_level_are_counted_without_opening_them(doctor):
    """Each of 40 fragments spreads the next one twice: 2⁴⁰ when opened one by one."""
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    document = f"{{ ...F0 }} {chain} fragment F40 on Query {{ a: __typename }}"
    assert said(doctor.send({"query": document})) == (413, LIMIT)
    plain = document.replace("a: __typename", "__typename")
    assert said(doctor.send({"query": plain})) == (413, LIMIT)
    assert "cost" in doctor.send({"query": plain}).json()["errors"][0]["message"]


def cost_of(text: str) -> int:
    """The cost of a document's only operation."""
    document = parse(text)
    return documents.size_of(document, documents.operation_of(document, None)).cost


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ me { username } }", 2),
        ("{ me { ...F ... { username } } } fragment F on Me { username unreadNotices }", 4),
        ("{ __typename __schema { types { name } } }", 1),
        ("{ worklist(box: IN) { totalCount nodes { number } } }", 1 + 20 * (1 + 1 + 1)),
        ("{ worklist(box: IN, first: 7) { nodes { number } } }", 1 + 7 * 2),
        ("query($n: Int!) { worklist(box: IN, first: $n) { nodes { number } } }", 1 + 100 * 2),
        ("{ worklist(box: IN, first: 5000) { nodes { number } } }", 1 + 100 * 2),
        ('{ clocks(kind: "x") { kind } }', 1 + 3),
        ("mutation($i: ReadNoticeInput!) { readNotice(input: $i) { errors { code field } } }", 1 + 1 + 3 * 2),
    ],
)
def test_a_document_costs_the_fields_of_its_largest_answer(text, cost):
    assert cost_of(text) == cost


def test_a_document_of_twenty_thousand_fields_and_no_more(doctor):
    names = " ".join(f"n{n}: number" for n in range(29))
    wide = "{ worklist(box: IN, first: 100) { nodes { %s %s } } }"
    assert doctor.send({"query": wide % (names, "number " * 169)}).status_code == 200  # 1 + 100 × 199
    assert said(doctor.send({"query": wide % (names, "number " * 171)})) == (413, LIMIT)


@pytest.mark.parametrize(
    "document",
    [
        "{ mee { username } }",
        "{ me { usernam } }",
        "{ worklst(box: IN) { totalCount } }",
        "{ worklist(boxx: IN) { totalCount } }",
        "{ worklist(box: INN) { totalCount } }",
        "query($x: Referal) { me { username } }",
        "{ me { ... on Mee { username } } }",
        "query($x: ReadNoticeInput) { me { username } }",
        'mutation { readNotice(input: {id: "x", idempotencyKy: "k"}) { errors { code } } }',
        "{ me @skp(if: true) { username } }",
    ],
)
def test_nobody_is_helped_to_guess_a_name(doctor, document):
    response = doctor.send({"query": document})
    assert said(response) == (200, BAD)
    assert "Did you mean" not in response.content.decode()


def test_nobody_is_helped_to_guess_a_value(doctor):
    query = "query($b: Box!) { worklist(box: $b) { totalCount } }"
    message = doctor.send({"query": query, "variables": {"b": "INN"}}).json()["errors"][0]["message"]
    assert "Did you mean" not in message


TWO = [
    "mutation($a: ReadNoticeInput!) { readNotice(input: $a) { errors { code } } "
    "x: readNotice(input: $a) { notice { id } } }",
    "mutation($a: ReadNoticeInput!) { ...F } fragment F on Mutation "
    "{ readNotice(input: $a) { errors { code } } x: readNotice(input: $a) { notice { id } } }",
    "mutation($a: ReadNoticeInput!) { ...on Mutation { readNotice(input: $a) { errors { code } } } "
    "...on Mutation { x: readNotice(input: $a) { notice { id } } } }",
    "mutation($a: ReadNoticeInput!) { __typename readNotice(input: $a) { errors { code } } }",
]


@pytest.mark.parametrize("document", TWO, ids=["plain", "by a fragment", "inline", "with a name"])
def test_a_request_changes_one_thing(doctor, document):
    variables = {"a": {"id": "x", "idempotencyKey": new_key()}}
    assert said(doctor.send({"query": document, "variables": variables})) == (400, BAD)


@pytest.mark.parametrize(
    ("name", "told"), [(None, False), ("A", True), ("B", True), ("C", False), ("", False), (" A", False)]
)
def test_one_operation_is_named(doctor, name, told):
    document = 'query A { clocks(kind: "x") { kind } } query B { clocks(kind: "x") { kind } }'
    response = doctor.send({"query": document, "operationName": name})
    assert (code_of(response.json()) == "OK") is told
    assert told or said(response) == (200, BAD)
    assert doctor.send({"query": ME, "operationName": "A"}, Accept=MODERN).status_code == 400


def test_without_introspection_the_schema_is_silent_and_typename_still_works(doctor, fresh_documents):
    queries = ["{ __schema { types { name } } }", '{ __type(name: "Me") { name } }']
    assert [doctor.code(query) for query in queries] == ["OK", "OK"]
    documents.prepared.cache_clear()
    with override_settings(INTROSPECTION=False):
        assert [doctor.code(query) for query in queries] == [BAD, BAD]
        assert "types" not in str(doctor.answer(queries[0]).get("data"))
        assert doctor.data("{ __typename me { __typename } }") == {"__typename": "Query", "me": {"__typename": "Me"}}


INVALID = [
    ("{", "syntax"),
    ("{ nothing }", "unknown field"),
    ("{ me }", "no selection"),
    ("query($x: Int!) { me { username } }", "unused variable"),
    ("{ me { username { x } } }", "selection of a scalar"),
    ('{ worklist(box: "IN") { totalCount } }', "an enum as a string"),
    ('{ referral(id: "x", more: 1) { id } }', "unknown argument"),
    ("{ ...F } fragment F on Query { ...F }", "a ring of fragments"),
    ("fragment F on Query { me { username } }", "no operation"),
]


@pytest.mark.parametrize("document", [text for text, _n in INVALID], ids=[name for _t, name in INVALID])
def test_an_invalid_document_is_answered_without_data(doctor, document):
    response = doctor.send({"query": document})
    assert said(response) == (200, BAD)
    assert response.json().keys() == {"errors"}
    modern = doctor.send({"query": document}, Accept=MODERN)
    assert (modern.status_code, modern.json()) == (400, response.json())


VARIABLES = [
    {}, {"id": None}, {"id": []}, {"id": {}}, {"id": 1.5}, {"id": True},
]  # fmt: skip


@pytest.mark.parametrize("variables", VARIABLES, ids=str)
def test_a_variable_of_another_type_is_refused(doctor, variables):
    query = "query($id: ID!) { referral(id: $id) { number } }"
    response = doctor.send({"query": query, "variables": variables})
    assert said(response) == (200, BAD)
    assert response.json().keys() == {"errors"}
    modern = doctor.send({"query": query, "variables": variables}, Accept=MODERN)
    assert (modern.status_code, modern.json()) == (400, response.json())


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (MODERN, MODERN),
        (f"{MODERN}, application/json;q=0.9", MODERN),
    ],
)
def test_the_answer_has_the_media_type_that_was_asked_for(doctor, accept, kind):
    headers = {"Accept": accept} if accept else {}
    response = doctor.send({"query": ME}, **headers)
    assert (response.status_code, response.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-store"
    assert doctor.send({"query": "{ staff { nodes { id } } }"}, **headers).status_code == 200  # it ran


def test_an_error_of_a_field_has_message_place_path_and_code(doctor):
    answer = doctor.answer('{ a: referral(id: "x") { number } }')
    assert answer["data"] == {"a": None}
    (error,) = answer["errors"]
    assert error.keys() == {"message", "locations", "path", "extensions"}
    assert (error["locations"], error["path"]) == ([{"line": 1, "column": 3}], ["a"])
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": "id"}


def test_every_answer_carries_its_own_request_id_and_the_trail_the_same(world, doctor):
    referral = world.referral(Status.SENT)
    responses = [
        doctor.send({"query": ME}),
        doctor.send(b"x"),
        doctor.client.get("/graphql/"),
        Edge(headers={"Authorization": "Bearer x"}).send({}),
    ]
    found = [response.headers["X-Request-Id"] for response in responses]
    assert len({UUID(text) for text in found}) == 4
    done = doctor.attempt("cancelReferral", **step(referral, reason="CONDITION_IMPROVED"))
    entry = AuditEntry.objects.get(action="cancel_referral", object_id=referral.pk)
    assert entry.request_id == done.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"X-CSRFToken": CSRF}, True),
        ({"X-CSRFToken": ""}, False),
        ({"X-CSRFToken": CSRF[::-1]}, False),
        ({"X-CSRFToken": CSRF, "Origin": "https://evil.example"}, False),
        ({"X-CSRFToken": CSRF, "Origin": "http://testserver"}, True),
        ({"X-CSRFToken": CSRF, "Origin": "null"}, False),
    ],
)
def test_a_session_needs_the_token_of_its_page(doctor, headers, told):
    response = doctor.send({"query": ME}, **headers)
    assert (response.status_code, code_of(response.json())) == ((200, "OK") if told else (400, BAD))
    del doctor.client.cookies["csrftoken"]
    assert said(doctor.send({"query": ME}, **headers)) == (400, BAD)


def test_nobody_needs_no_csrf_token_and_learns_nothing():
    response = Edge().send({"query": ME})
    assert response.json()["data"] == {"me": None}
    assert said(response) == (200, "UNAUTHENTICATED")


@pytest.mark.parametrize(("language", "label", "message"), [
    ("zh-CN,zh;q=0.9", "暂缓复核时限", "没有找到该对象"),
    ("en-GB,en;q=0.9", "Review of a hold", "It does not exist, or you may not see it."),
    ("", "暂缓复核时限", "没有找到该对象"),
    ("fr", "暂缓复核时限", "没有找到该对象"),
])  # fmt: skip
def test_labels_and_messages_come_in_the_readers_language(world, doctor, language, label, message):
    headers = {"Accept-Language": language} if language else {}
    answer = doctor.send({"query": '{ clocks(kind: "HOLD") { label } }'}, **headers).json()
    assert answer["data"]["clocks"] == [{"label": label}]
    seen = {"id": gid(world.referral(Status.SENT))}
    missing = {"query": "query($id: ID!) { referral(id: $id) { id } }", "variables": seen}
    text = as_role(world, "foreign", DOCTOR).send(missing, **headers).json()["errors"][0]["message"]
    assert message in text
