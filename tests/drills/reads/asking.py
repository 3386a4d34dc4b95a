"""One operation asked of the whole endpoint with the read engine and without it: the same answer, errors and all, and
the same entries on the audit trail.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import transaction
from django.test import override_settings
from graphql import REMOVE, GraphQLError, Node, Visitor, parse, print_ast, visit

from consortium.counts import COUNTS
from consortium.models import AuditEntry
from tests.both import pairs
from tests.drills.reads.making import Known, Operation
from tests.edge.client import Edge

COMPILED, HANDED = "reads compiled", "reads handed over: "
TOLD = (
    "action", "actor_id", "actor_role", "actor_hospital_id", "purpose", "object_kind", "object_id", "objects_seen",
    "patient_id", "patients", "at",
)  # fmt: skip
REQUEST = re.compile(r'"requestId": *"[^"]*"')  # each request has its own


@dataclass(frozen=True)
class Answered:
    """What came back, what stands on the trail for it, and how the engine says that it was answered."""

    status: int
    text: str
    trail: tuple[Any, ...]
    how: str

    def same_as(self, other: "Answered") -> bool:
        """Whether both say the same in the same order, and told the trail the same."""
        ours, theirs = (pairs(REQUEST.sub('"requestId": ""', one.text)) for one in (self, other))
        return (self.status, ours, self.trail) == (other.status, theirs, other.trail)

    @property
    def worth(self) -> int:
        """How much an answer proves: 2 if the engine showed a row, 1 if it answered, 0 if it did not."""
        return (1 + bool(self.trail or "[{" in self.text)) if self.how == COMPILED else 0


@dataclass
class Tally:
    """What was asked and found."""

    asked: Counter[str] = field(default_factory=Counter)  # by who made it up
    how: Counter[str] = field(default_factory=Counter)  # compiled, handed over and why, refused before
    codes: Counter[str] = field(default_factory=Counter)  # of errors that both ways told alike
    faults: list[str] = field(default_factory=list)  # alike, and yet nobody meant them
    rows: int = 0  # compiled answers that showed a row
    differences: list[str] = field(default_factory=list)


def ask(edge: Edge, body: dict[str, Any], *, engine: bool, language: str) -> Answered:
    """One way to the answer; nothing of it is left behind."""
    before = Counter(COUNTS)
    with override_settings(READ_ENGINE=engine), transaction.atomic():
        response = edge.send(body, **{"Accept-Language": language})
        entries = AuditEntry.objects.filter(request_id=response.headers["X-Request-Id"]).order_by("pk")
        trail = tuple(entries.values_list(*TOLD))
        transaction.set_rollback(True)
    how = [name for name, number in COUNTS.items() if number > before[name] and name.startswith((COMPILED, HANDED))]
    return Answered(response.status_code, response.content.decode(), trail, how[0] if how else "")


@dataclass
class Askers:
    """Who may ask, and by which root field who was shown something or was refused."""

    seeing: list[str]  # those who see most of the network
    edges: dict[str, Edge]
    shown: dict[str, list[str]] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)

    def chosen(self, lot: Random, operation: Operation, language: str) -> tuple[str, Answered]:
        """Somebody and what the engine's way tells them: mostly the first of a few to whom it shows a row."""
        root = operation.roots[0]
        known, names = self.shown.setdefault(root, []), [lot.choice([*self.edges])]
        if lot.random() < 0.8:
            hopeful = [name for name in (*self.seeing, *self.edges) if (root, name) not in self.refused]
            names = lot.sample(known, min(2, len(known))) + lot.sample(hopeful, min(4, len(hopeful)))
        body, found = {"query": operation.text, "variables": operation.variables}, []
        for name in names:
            found.append((name, ask(self.edges[name], body, engine=True, language=language)))
            if found[-1][1].how == f"{HANDED}refused FORBIDDEN":
                self.refused.add((root, name))
            if found[-1][1].worth == 2:
                known.extend({name} - set(known))
                break
        return max(found, key=lambda one: one[1].worth)


def compare(
    edge: Edge, operation: Operation, first: Answered, known: Known, tally: Tally, *, name: str, language: str
) -> None:
    """Ask graphene too, and the engine once more from memory; a difference is written down as small as it gets."""

    def asked(text: str, *ours: Answered) -> tuple[list[Answered], Answered]:
        body = {"query": text, "variables": operation.variables}
        fast = [*(ours or [ask(edge, body, engine=True, language=language)])]
        plain = ask(edge, body, engine=False, language=language)
        if fast[0].how == COMPILED:
            fast.append(ask(edge, body, engine=True, language=language))
        return fast, plain

    def differs(text: str) -> bool:
        fast, plain = asked(text)
        return not all(one.same_as(plain) for one in fast)

    fast, plain = asked(operation.text, first)
    answer = json.loads(plain.text)
    codes = {str(error["extensions"]["code"]) for error in answer.get("errors", ())}
    tally.asked[operation.maker] += 1
    tally.how[fast[0].how or "before or beside the engine"] += 1
    tally.codes.update(codes)
    if not all(one.same_as(plain) for one in fast):
        text = shrunk(operation.text, differs)
        tally.differences.append(told(name, language, text, operation.variables, *asked(text)))
    elif "INTERNAL" in codes:
        tally.faults.append(f"{name}: {operation.text} {operation.variables}: {plain.text[:300]}")
    tally.rows += first.worth == 2
    for root in operation.roots:
        known.cursors.setdefault(root, []).extend(cursors(answer.get("data"))[:3])


def told(name: str, language: str, text: str, variables: dict[str, Any], fast: list[Answered], plain: Answered) -> str:
    """A difference for people to read."""
    odd = next((one for one in fast if not one.same_as(plain)), fast[0])
    again = " from memory" if odd is not fast[0] else ""
    lines = [f"{name} ({language}) asks {variables}{again}:", text]
    lines += [f"  engine   {odd.status} {odd.text[:1500]}", f"  graphene {plain.status} {plain.text[:1500]}"]
    if odd.trail != plain.trail:
        lines += [f"  trail of the engine   {odd.trail}", f"  trail of graphene     {plain.trail}"]
    return "\n".join(lines)


def cursors(data: Any) -> list[str]:
    """Every cursor in an answer."""
    if isinstance(data, list):
        return [found for inner in data for found in cursors(inner)]
    if not isinstance(data, dict):
        return []
    here = [value for key, value in data.items() if key in ("cursor", "endCursor") and isinstance(value, str)]
    return here + [found for inner in data.values() for found in cursors(inner)]


def shrunk(text: str, differs: Callable[[str], bool]) -> str:
    """The document with everything left out without which both ways still differ."""
    while (less := next((found for found in smaller(text) if differs(found)), None)) is not None:
        text = less
    return text


def smaller(text: str) -> Iterator[str]:
    """The document without one of its selections, arguments, directives or variables."""
    at = 0
    while True:
        without = Without(at)
        document = visit(parse(text), without)
        if without.found <= at:
            return
        try:
            parse(found := print_ast(document))
            yield found
        except GraphQLError:
            pass  # nothing was left
        at += 1


class Without(Visitor):
    """Leaves out the one part of a document at a place."""

    PARTS = frozenset({"field", "inline_fragment", "argument", "directive", "variable_definition"})

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at, self.found = at, 0

    def enter(self, node: Node, *_: Any) -> Any:
        """Counts the parts, from the outside inwards."""
        if node.kind not in self.PARTS:
            return None
        self.found += 1
        return REMOVE if self.found == self.at + 1 else None
