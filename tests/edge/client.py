"""A client of the edge in tests: a session with its CSRF token, a bearer token, or nobody; and inputs on the wire."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.test import Client
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLObjectType, get_named_type

from consortium import access, tokens
from consortium.models import Person, Priority
from consortium.roles import Role
from referrals.models import Referral
from schema import ids
from schema.schema import schema
from tests.world import World

CSRF = "refnettestrefnettestrefnettest42"  # the length that Django's own check asks for
KINDS = {"alternative_hospital": "Hospital", "performer_department": "Department", "on_behalf_of": "Person"}
_keys = count(1)


def new_key() -> str:
    """An idempotency key that nobody used."""
    return f"key-{next(_keys)}"


@dataclass
class Edge:
    """Somebody at the edge: nobody, a person with a session, or a system with a token; every check is on."""

    person: Person | None = None
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        if self.person is not None:
            self.client.force_login(self.person, backend="django.contrib.auth.backends.ModelBackend")
            self.client.cookies["csrftoken"] = CSRF
            self.headers = {"X-CSRFToken": CSRF} | self.headers
        if self.token:
            self.headers = {"Authorization": f"Bearer {self.token}"} | self.headers

    def send(self, body: Any, **headers: str) -> Any:
        """The raw response to a body: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = headers.pop("content_type", "application/json")
        path = headers.pop("path", "/graphql/")
        return self.client.post(path, data, content_type=kind, headers=self.headers | headers)

    def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a document."""
        return dict(self.send({"query": document, "variables": variables}).json())

    def data(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer that carries no error."""
        answer = self.answer(document, **variables)
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def code(self, document: str, **variables: Any) -> str:
        """OK, or the code of the first error: of the answer or, for a mutation, of its payload."""
        return code_of(self.answer(document, **variables))

    def attempt(self, action: str, shape: str = "", **given: Any) -> Any:
        """The raw response to a mutation; `shape` selects from its payload beside the errors."""
        kind = action[0].upper() + action[1:]
        wanted = f"{shape} errors {{ code field message }}"
        document = f"mutation($input: {kind}Input!) {{ {action}(input: $input) {{ {wanted} }} }}"
        return self.send({"query": document, "variables": {"input": {"idempotencyKey": new_key()} | given}})

    def payload(self, action: str, shape: str = "", **given: Any) -> dict[str, Any]:
        """The payload of a mutation that was not refused before it began."""
        answer = self.attempt(action, shape, **given).json()
        assert "errors" not in answer, answer
        return dict(answer["data"][action])

    def done(self, action: str, shape: str = "", **given: Any) -> dict[str, Any]:
        """The payload of a mutation that was done."""
        payload = self.payload(action, shape, **given)
        assert payload["errors"] == [], payload["errors"]
        return payload


def code_of(answer: dict[str, Any]) -> str:
    """OK, or the code of the first error of an answer or of its only payload."""
    if answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["code"])
    for payload in answer["data"].values():
        if isinstance(payload, dict) and payload.get("errors"):
            return str(payload["errors"][0]["code"])
    return "OK"


def as_role(world: World, place: str, role: Role, n: int = 1) -> Edge:
    """The person of a role at a place of the small world, signed in."""
    return Edge(world.people[place, role, n])


def gid(row: Any) -> str:
    """The global id of a row."""
    return ids.encode(type(row).__name__, row.pk)


def camel(action: str) -> str:
    """The mutation of an action."""
    return to_camel_case(action)


def wire(value: Any, name: str = "") -> Any:
    """Inputs of an action as a client writes them."""
    if isinstance(value, dict):
        return {to_camel_case(key): wire(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [wire(inner) for inner in value]
    if name == "priority":
        return Priority(value).name
    if name in KINDS and value is not None:
        return ids.encode(KINDS[name], value)
    return value.isoformat() if isinstance(value, datetime | date) else str(value) if isinstance(value, UUID) else value


def inputs(world: World, action: str) -> dict[str, Any]:
    """Good inputs of a step on the wire."""
    return dict(wire(world.inputs(action)))


def step(referral: Referral, **given: Any) -> dict[str, Any]:
    """What every step names: the referral and its version."""
    return {"id": gid(referral), "expectedVersion": referral.version} | given


def issue(person: Person, *scopes: str, now: datetime, days: int = 30) -> tuple[Any, str]:
    """A token of a person and its secret, issued without asking anybody."""
    return tokens.issue_api_token(
        by=access.actor(person, now=now), name="test", scopes=list(scopes), expires_in_days=days, now=now
    )


def widest(kind: str, *, without: tuple[str, ...] = (), depth: int = 6, above: tuple[str, ...] = ()) -> str:
    """Every field of a type, and of every type below it that does not stand above already."""
    chosen = []
    for name, field_ in schema.graphql_schema.type_map[kind].fields.items():
        inner = get_named_type(field_.type)
        if f"{kind}.{name}" in without or name in without:
            continue
        if not isinstance(inner, GraphQLObjectType):
            chosen.append(name)
        elif inner.name not in (*above, kind) and depth > 1:
            below = widest(inner.name, without=without, depth=depth - 1, above=(*above, kind))
            chosen.append(f"{name} {below}")
    return "{ " + " ".join(chosen) + " }"
