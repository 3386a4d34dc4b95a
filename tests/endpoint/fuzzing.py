"""What schemathesis makes up for every operation of the schema, sent as everybody, and how the answers are judged.

Documents come from its strategies alone. So that some of them reach behind the first gate, ids are often replaced by
ones that exist, page sizes by ones that are allowed, and inputs of a mutation by good ones.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from graphql import (
    GraphQLObjectType,
    IntValueNode,
    Node,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from consortium import grants
from consortium.models import Division, Person
from consortium.roles import HELD_AT, Place, Role
from schema.schema import schema
from tests.edge.client import Edge, gid, issue
from tests.world import World

SCHEMA = Path(__file__).resolve().parents[2] / "schema" / "schema.graphql"
# What no sentence of ours may hold: traces, files, drivers, tables, statements, the machinery's own words.
LEAKS = re.compile(
    r"Traceback|psycopg|\.py\b|site-packages|\bSELECT\b.*\bFROM\b|\bselect\b.*\bfrom\b|DETAIL:|LINE \d|SQLSTATE|"
    r"(consortium|referrals|telemedicine|django|auth|guardian)_\w+|matching query|DoesNotExist|NoneType|"
    r"object has no attribute|unexpected keyword|Did you mean|relation \"|column \"|violates|integer out of range"
)
MOMENTS = st.datetimes().map(lambda at: nodes.String(at.isoformat() + "+08:00"))
schemathesis.graphql.scalar("Date", st.dates().map(str).map(nodes.String))
schemathesis.graphql.scalar("DateTime", MOMENTS | st.text().map(nodes.String))
schemathesis.graphql.scalar("Time", st.times().map(str).map(nodes.String) | st.text().map(nodes.String))
schemathesis.graphql.scalar("GeoJson", st.text().map(nodes.String) | st.integers().map(nodes.Int))


@dataclass
class Fuzz:
    """Everybody who asks, what they may ask about, and what was found."""

    callers: dict[str, Edge]
    ids: list[str]
    good: dict[str, dict[str, Any]] = field(default_factory=dict)  # mutation: good input
    sent: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def run(self, *, examples: int, seed: int, callers: int | None = None) -> None:
        """So many documents of each operation, each sent by everybody, or by so many chosen by lot."""
        lot = random.Random(seed)  # noqa: S311 - not for secrets
        for kind, name, text in documents(examples, seed):
            body = self.body(kind, name, text, lot)
            names = list(self.callers) if callers is None else lot.sample(list(self.callers), callers)
            for caller in names:
                self.judge(caller, name, body, self.callers[caller].send(json.dumps(body).encode()))

    def body(self, kind: str, name: str, text: str, lot: random.Random) -> dict[str, Any]:
        """A request with the document, some of its values replaced."""
        document = parse(text)
        info = TypeInfo(schema.graphql_schema)
        document = visit(document, TypeInfoVisitor(info, Known(info, self.ids, lot)))
        if kind == "Mutation" and name in self.good and lot.random() < 0.8:
            (operation,) = document.definitions
            (chosen,) = operation.selection_set.selections
            made: Any = value_from_ast_untyped(chosen.arguments[0].value)
            for key, value in self.good[name].items():
                if lot.random() < 0.8:
                    made[key] = value
            made["idempotencyKey"] = f"fuzz-{lot.getrandbits(60)}"
            title = f"{name[0].upper()}{name[1:]}Input"
            selected = print_ast(chosen.selection_set)
            wanted = f"mutation($input: {title}!) {{ {name}(input: $input) {selected} }}"
            return {"query": wanted, "variables": {"input": made}}
        return {"query": print_ast(document)}

    def judge(self, caller: str, name: str, body: dict[str, Any], response: Any) -> None:
        """Count the answer, and write down what is wrong with it."""
        self.sent += 1
        text = response.content.decode()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {}
        errors = list(answer.get("errors") or [])
        for payload in (answer.get("data") or {}).values():
            if isinstance(payload, dict):
                errors += [error for error in payload.get("errors") or () if isinstance(error, dict)]
        said = " ".join(str(error.get("message", "")) for error in errors)
        codes = {str((error.get("extensions") or error).get("code", "?")) for error in errors} or {"OK"}
        for code in codes:
            self.codes[code] = self.codes.get(code, 0) + 1
        if response.status_code >= 500 or "INTERNAL" in codes or not answer or LEAKS.search(said):
            self.faults.append(f"{caller} {name}: {response.status_code} {text[:300]} ← {json.dumps(body)[:1500]}")


class Known(Visitor):
    """Puts ids that exist and page sizes that are allowed into a document, by lot."""

    def __init__(self, info: TypeInfo, ids: list[str], lot: random.Random) -> None:
        super().__init__()
        self.info, self.ids, self.lot = info, ids, lot

    def enter_string_value(self, node: StringValueNode, *_: Any) -> Node | None:
        """An id that exists, four times out of five."""
        kind = get_named_type(self.info.get_input_type()) if self.info.get_input_type() else None
        if kind is not None and kind.name == "ID" and self.lot.random() < 0.8:
            return StringValueNode(value=self.lot.choice(self.ids), block=False)
        return None

    def enter_int_value(self, node: IntValueNode, *_: Any) -> Node | None:
        """A number that fits a page; an id that exists."""
        argument = self.info.get_argument()
        if argument is not None and argument.out_name in (None, "first") and self.lot.random() < 0.8:
            return IntValueNode(value=str(self.lot.randint(1, 100)))
        return None


def documents(examples: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Type, name and document of each operation, so many of each."""
    for found in schemathesis.graphql.from_path(SCHEMA).get_all_operations():
        operation = found.ok()
        kind, name = operation.label.split(".")
        yield from ((kind, name, text) for text in made_up(operation, examples, seed))


def made_up(operation: Any, examples: int, seed: int) -> list[str]:
    """So many documents of an operation, the same for the same seed."""
    made: list[str] = []

    @hypothesis.seed(f"{seed} {operation.label}")
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(operation.as_strategy())
    def make(case: Any) -> None:
        made.append(case.body)

    make()
    return made[-examples:]


def everybody(world: World) -> dict[str, Edge]:
    """Nobody, a person of each role, and a system."""
    named = {key[1]: person for key, person in world.people.items()}
    wanting = [role for role in Role if role not in named]
    made = [Person.objects.create(username=f"fuzz-{role}", name=str(role)) for role in wanting]
    places = [
        world.hospitals["province"] if Place.HOSPITAL in HELD_AT[role] else Division.objects.get(code="430000")
        for role in wanting
    ]
    grants.enrol(list(zip(made, wanting, places, strict=True)), starts_at=world.now)
    grants.sync()
    callers = {str(role): Edge(person) for role, person in (named | dict(zip(wanting, made, strict=True))).items()}
    system = Edge(token=issue(named[Role.REFERRING_DOCTOR], "read", "write", now=world.now)[1])
    return {"nobody": Edge(), "system": system} | callers


def ids_that_exist(of_each: int = 3) -> list[str]:
    """Global ids of some rows of each type that has one."""
    found: list[str] = []
    for kind in schema.graphql_schema.type_map.values():
        model = getattr(getattr(getattr(kind, "graphene_type", None), "_meta", None), "model", None)
        if isinstance(kind, GraphQLObjectType) and model is not None and "id" in kind.fields:
            found += [gid(row) for row in model._default_manager.all()[:of_each]]
    return sorted(set(found))
