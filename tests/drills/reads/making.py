"""Operations that nobody wrote, half by hypothesis-graphql from the schema and half by `tests.edge.made_up`; what
exists in a network is put into them by lot, since nearly all that is made up is nonsense and would never reach a row.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, islice
from random import Random
from typing import Any

import hypothesis
from graphql import (
    REMOVE,
    ArgumentNode,
    FieldNode,
    GraphQLObjectType,
    IntValueNode,
    NameNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_required_argument,
    parse,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from consortium.models import Alliance, Concept, Hospital, Patient, Person
from referrals.models import Referral
from schema import ids
from schema.schema import schema
from tests.edge.made_up import ONES, PATHOLOGY, REFERRALS, handed, operation

ROOT: Any = schema.graphql_schema.query_type
COMPILED = [name for name, known in ROOT.fields.items() if getattr(known.resolve, "compiled", False)]
OURS = [*REFERRALS, *PATHOLOGY]  # whose root fields our own generator writes
OFTEN = ["worklist", "referral", "case", "pathologyWorklist", "pathologyCase", "offers", "countedReferrals"]
# What lies far down is seldom made up: a page's rows, and who they are about, which stands on the trail.
ALSO = {"nodes": 0.5, "edges": 0.2, "patient": 0.25}
SEALED = {"unconfirmed", "signed"}  # what is handed over besides
BELOW = {"nodes": "{ __typename }", "edges": "{ cursor node { id } }", "patient": "{ displayName age }"}
SCALARS = {
    "Date": st.dates().map(str).map(nodes.String),
    "DateTime": st.datetimes().map(lambda at: nodes.String(f"{at.isoformat()}+08:00")),
    "Time": st.times().map(str).map(nodes.String),
    "GeoJson": st.text().map(nodes.String),
}
# Of what type an id is that an argument wants; `id` wants one of what the field returns.
KINDS = {
    "access": "BreakGlass", "case": "PathologyCase", "department": "Department", "hospital": "Hospital",
    "origin": "Department", "person": "Person", "referral": "Referral", "slide": "Slide",
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """A document with its variables, who made it up, and which fields it reads first."""

    text: str
    variables: dict[str, Any]
    maker: str
    roots: tuple[str, ...]


@dataclass
class Known:
    """What exists in a network: ids by type, words by argument, moments; and the cursors that were answered so far."""

    ids: dict[str, list[str]]
    words: dict[str, list[str]]
    moments: list[str]
    cursors: dict[str, list[str]] = field(default_factory=dict)  # by root field

    @classmethod
    def of(cls, now: Any, of_each: int = 40) -> "Known":
        """What exists now."""
        found: dict[str, list[str]] = {}
        for kind in schema.graphql_schema.type_map.values():
            model = getattr(getattr(getattr(kind, "graphene_type", None), "_meta", None), "model", None)
            if isinstance(kind, GraphQLObjectType) and model is not None and "id" in kind.fields:
                keys = model._default_manager.order_by("pk").values_list("pk", flat=True)[:of_each]
                found[kind.name] = [ids.encode(kind.name, key) for key in keys]
        codes = Concept.objects.order_by("system", "code").values_list("system", "code")
        concepts = [code for system, code in codes if system in ("CAPABILITY", "GREEN_KIND", "ORGAN", "SUBSPECIALTY")]
        divisions = list(Hospital.objects.order_by("division_id").values_list("division__code", flat=True).distinct())
        numbers = list(Referral.objects.order_by("pk").values_list("number", flat=True)[:of_each])
        names = list(Patient.objects.order_by("pk").values_list("name", flat=True)[:of_each])
        hospitals = [name[:2] for name in Hospital.objects.order_by("pk").values_list("name", flat=True)]
        people = list(Person.objects.order_by("pk").values_list("username", flat=True)[:of_each])
        words = {
            "alliance": list(Alliance.objects.values_list("code", flat=True)),
            "catalogue": ["REJECT", "CANCEL", "DECLINE_OFFER", "RETURN"],
            "kind": ["FIRST_RESPONSE", "DECISION", *concepts],
            "patient": [*numbers, *names],
            "text": [*hospitals, *people],
            "username": people,
        }
        words |= dict.fromkeys(("capability", "organ", "subspecialty"), concepts)
        words |= dict.fromkeys(("division", "parent", "origin", "destination"), divisions)
        moments = [(now + timedelta(days=days)).isoformat() for days in (-900, -90, -1, 0, 1, 30)]
        return cls(found, {name: known for name, known in words.items() if known}, moments)

    def value(self, lot: Random, root: str, argument: str, kind: str) -> ValueNode | None:
        """Something that exists for an argument of a root field, if anything is known of it."""
        if argument == "first":
            return IntValueNode(value=str(lot.choice([1, 1, 2, 3, 20, 50])))
        if kind == "Int":
            return IntValueNode(value=str(lot.choice([0, 1, 30, 10_000])))
        if kind in ("DateTime", "Date"):
            moment = lot.choice(self.moments)
            return StringValueNode(value=moment[:10] if kind == "Date" else moment)
        if argument == "after":
            texts = self.cursors.get(root, [])
        elif kind == "ID":
            wanted = get_named_type(ROOT.fields[root].type).name if argument == "id" else KINDS.get(argument, "")
            texts = self.ids.get(wanted, [])
        else:
            texts = self.words.get(argument, []) if kind == "String" else []
        return StringValueNode(value=lot.choice(texts)) if texts else None


class Sensible(Visitor):
    """Puts what exists into a document; leaves out most filters and nearly all that is known to be handed over."""

    def __init__(self, info: TypeInfo, known: Known, lot: Random) -> None:
        super().__init__()
        self.info, self.known, self.lot, self.root = info, known, lot, ""

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        """Of the fields that are known to be handed over one in fifty stays."""
        parent: Any = self.info.get_parent_type()
        if parent is ROOT:
            self.root = node.name.value
        elif (handed(parent.name, node.name.value) or node.name.value in SEALED) and self.lot.random() < 0.98:
            return FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
        return None

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        """Now and then a page shows rows, and a row whom it is about."""
        kind: Any = self.info.get_parent_type()
        more = [name for name, share in ALSO.items() if name in kind.fields and self.lot.random() < share]
        return SelectionSetNode(selections=(*node.selections, *map(selected, more))) if more else None

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        """A filter is mostly left out, a value mostly one that exists."""
        argument: Any = self.info.get_argument()
        few = 0.85 if argument in ROOT.fields[self.root].args.values() else 0.3
        if not is_required_argument(argument) and self.lot.random() < few:
            return REMOVE
        kind = get_named_type(argument.type).name
        value = self.known.value(self.lot, self.root, node.name.value, kind) if self.lot.random() < 0.92 else None
        return value and ArgumentNode(name=node.name, value=value)


def selected(name: str) -> FieldNode:
    """A field with a little of what is below it."""
    document: Any = parse(f"{{ {name} {BELOW[name]} }}").definitions[0]
    return document.selection_set.selections[0]  # type: ignore[no-any-return]


def merged(texts: list[str]) -> str:
    """Documents as one: what each selects of a root field, of the arguments the first one's."""
    fields: dict[str, Any] = {}
    for document in map(parse, texts):
        operation: Any = document.definitions[0]
        for node in operation.selection_set.selections:
            known = fields.setdefault(node.name.value, node)
            if known is not node and node.selection_set:
                known.selection_set.selections += node.selection_set.selections
    return " ".join(["{", *map(print_ast, fields.values()), "}"])


def lifted(document: Any, lot: Random) -> tuple[str, dict[str, Any]]:
    """The document with some arguments of its root fields as variables, and their values: as they were, or null, or
    not given where the schema has a default."""
    declared, values = [], {}
    for node in document.definitions[0].selection_set.selections:
        for argument in node.arguments:
            if lot.random() < 0.7:
                continue
            kind = ROOT.fields[node.name.value].args[argument.name.value]
            name = f"v{len(declared)}"
            declared.append(f"${name}: {kind.type if is_required_argument(kind) else str(kind.type).removesuffix('!')}")
            value = value_from_ast_untyped(argument.value)
            argument.value = VariableNode(name=NameNode(value=name))
            if is_required_argument(kind) or lot.random() < 0.7:
                values[name] = value
            elif lot.random() < 0.5:
                values[name] = None
    head = f"query({', '.join(declared)}) " if declared else ""
    return head + print_ast(document), values


def by_hypothesis(lot: Random, known: Known, batch: int) -> Iterator[Operation]:
    """Operations that hypothesis-graphql makes up from the schema, each batch for one field, or a few, or any."""
    while True:
        one = [lot.choice([*COMPILED, *OFTEN, *OFTEN, *OFTEN])]
        made = made_up(
            lot.choice([one] * 12 + [lot.sample(COMPILED, 3), [*ROOT.fields]]), 2 * batch, lot.getrandbits(60)
        )
        for pair in zip(made[::2], made[1::2], strict=False):
            info = TypeInfo(schema.graphql_schema)
            document: Any = parse(merged([*pair]))
            document = visit(document, TypeInfoVisitor(info, Sensible(info, known, lot)))
            roots = tuple(one.name.value for one in document.definitions[0].selection_set.selections)
            yield Operation(*lifted(document, lot), "hypothesis", roots)


def made_up(fields: list[str], number: int, seed: int) -> list[str]:
    """So many documents that read some of these fields, the same for the same seed; few of them twice."""
    made: list[str] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=number,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(queries(schema.graphql_schema, fields=fields, custom_scalars=SCALARS, allow_x00=False))
    def make(text: str) -> None:
        made.append(text)

    make()
    return made


def by_ourselves(lot: Random, known: Known) -> Iterator[Operation]:
    """Operations of the edge's own generator: aliases, fragments, switches and variables."""
    while True:
        text, root, variables = operation(lot, OURS)
        if root in ONES:
            variables |= {"id": lot.choice(known.ids[ONES[root]])}
        yield Operation(text, variables, "our own", (root,))


def operations(number: int, seed: int, known: Known) -> Iterator[Operation]:
    """So many operations, half of each kind, the same for the same seed and network."""
    lot = Random(seed)  # noqa: S311 - questions, not keys
    batch = max(5, min(30, number // 40))
    both = zip(by_hypothesis(lot, known, batch), by_ourselves(Random(seed), known), strict=True)  # noqa: S311 - as above
    return islice(chain.from_iterable(both), number)
