"""How an operation is answered by the read engine: one statement for each root field, kept with all it follows from.

What is kept follows from the document, from who asks (their places and permissions), from what is asked for and from
the day; the moment, keys and cursors are put in when it is executed. It is handed over whole or not at all.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Field, Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    located_error,
    visit,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, is_awaitable

from consortium.access import Actor
from consortium.counts import count
from consortium.database import prepared
from consortium.errors import Refused
from schema import cuts
from schema.compiled import Compiler, Hole, Plan
from schema.cuts import Statement, filled
from schema.disclosures import Disclosures
from schema.keyset import Order, ordered
from schema.reads import Rows, root_of
from schema.rows import HandOver
from schema.schema import schema
from schema.selected import Selected, rules_below

KEPT = 2000  # statements, plans, refusals: of each so many


class Kept:
    """A bounded memory of the process; what was not used for longest is forgotten."""

    def __init__(self) -> None:
        self._found: OrderedDict[Any, Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any) -> Any:
        """What is kept under a key, if anything is."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def keep(self, key: Any, made: Any) -> None:
        """Keep something under a key."""
        with self._lock:
            self._found[key] = made
            if len(self._found) > KEPT:
                self._found.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()


statements, plans, refusals, switched = Kept(), Kept(), Kept(), Kept()


def forget() -> None:
    """Compile everything anew."""
    for kept in (statements, plans, refusals, switched):
        kept.clear()


class Answer(ExecutionResult):
    """An answer whose data is JSON already."""

    def __init__(self, text: str) -> None:
        super().__init__(data={}, errors=None)
        self.text = text


@dataclass
class Pending:
    """The answer of a root field, compiled and not yet asked for."""

    statement: Statement
    values: dict[str, Any]
    model: type[Model]
    listed: bool = False  # whether its rows stand on the trail as a list
    reading: str = ""
    must: bool = False  # whether there is no answer without a row


def answered(
    request: Any, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> ExecutionResult | None:
    """The answer to a query, or nothing if it is handed over; which of both stands in the counts."""
    if not settings.READ_ENGINE or request.actor is None:
        return None
    try:
        request.engine = Engine(request, document, operation, variables)
        answer = Answer(request.engine.answer())
        count("reads compiled")
        return answer
    except HandOver as told:
        return handed_over(request, str(told))
    except GraphQLError as error:
        if isinstance(error.original_error, DatabaseError):  # nothing more can be asked in this transaction
            return ExecutionResult(data=None, errors=[error])
        return handed_over(request, "a value that does not fit")
    finally:
        request.engine = None


def handed_over(request: Any, why: str) -> None:
    """Count an operation that is not answered here, and forget what was noted for it."""
    count("reads handed over")
    count(f"reads handed over: {why}")
    request.singles, request.computed, request.disclosures = set(), {}, Disclosures()


class Engine:
    """Answers the root fields of one operation, or hands it over before anything was asked."""

    def __init__(
        self, request: Any, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> None:
        self.request, self.operation, self.variables = request, operation, variables
        self.by: Actor = request.actor
        self.whose = key_of(self.by)
        self.fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
        switched = tuple(variables.get(name) for name in switches(request.document, document))
        self.asked = (request.document, operation.name and operation.name.value, get_language(), switched)

    def answer(self) -> str:
        """The data of the answer, as JSON."""
        root: Any = schema.graphql_schema.query_type
        chosen = self.operation.selection_set
        fields = collect_fields(schema.graphql_schema, self.fragments, self.variables, root, chosen)
        for key in fields:
            if why := refusals.get((*self.asked, key)) or refusals.get((*self.asked, key, self.whose)):
                raise HandOver(why)
        waiting = {key: self.pending(root, key, nodes) for key, nodes in fields.items()}
        return "{" + ", ".join(f'"{key}": {self.told(key, fields[key], one)}' for key, one in waiting.items()) + "}"

    def pending(self, root: Any, key: str, nodes: list[Any]) -> Pending | str:
        """What will answer a root field: what its own resolver asks of us."""
        name = nodes[0].name.value
        if name == "__typename":
            return f'"{root.name}"'
        known = root.fields.get(name)
        try:
            if known is None or not getattr(known.resolve, "compiled", False):
                raise HandOver(f"Query.{name}")
            info = GraphQLResolveInfo(
                name, nodes, known.type, root, Path(None, key, root.name), schema.graphql_schema, self.fragments, None,
                self.operation, self.variables, self.request, is_awaitable,
            )  # fmt: skip
            found = known.resolve(None, info, **get_argument_values(known, nodes[0], self.variables))
            if not isinstance(found, Pending):
                raise HandOver(f"Query.{name}")
        except HandOver as told:
            if told.always:
                refusals.keep((*self.asked, key), str(told))
            elif told.personal:
                refusals.keep((*self.asked, key, self.whose), str(told))
            raise
        except Refused as refused:
            raise HandOver(f"refused {refused.code.value}", always=False) from refused
        return found

    def told(self, key: str, nodes: list[Any], one: Pending | str) -> str:
        """The JSON of a root field, with what it shows of patients told to the audit trail."""
        if isinstance(one, str):
            return one
        statement = one.statement
        now = self.request.now
        values = statement.constants | one.values | {"now": now, "today": timezone.localdate(now)}
        values |= {name: now + offset for name, offset in statement.moments.items()}
        try:
            row = prepared.fetch(statement.text, values, planned=statement.planned, in_order=statement.in_order)
        except DatabaseError as error:
            raise located_error(error, nodes, [key]) from error
        text, keys, patients, *whose = row or (None, None, None)
        disclosures = self.request.disclosures
        if one.must and not keys:
            raise HandOver("nothing found", always=False)
        if one.listed:
            disclosures.page(key, one.model, keys or [])
        if one.reading:
            disclosures.one(key, one.reading, one.model, keys[0], whose[0])
        for patient in patients or ():
            disclosures.patient(key, patient)
        return str(text)

    def page(
        self,
        rows: Rows,
        info: Any,
        *,
        order: Order,
        first: int,
        place: Sequence[Any] | None,
        arms: Callable[[Actor], Sequence[Q]] | None,
        in_order: bool,
    ) -> Pending:
        """A page of rows."""
        limbs = arms(self.by) if arms else None

        def write(compiler: Compiler, found: QuerySet[Any]) -> Plan:
            return compiler.page(order, keys_of(found, order))

        def cut(found: QuerySet[Any], holes: list[Hole]) -> list[cuts.Compiled]:
            behind = keys_of(found, order) if place else None
            page = cuts.page(found, holes[0], order=order, most=first + 1, behind=behind, arms=limbs)
            return [page, *([cuts.counted(found, limbs)] if len(holes) > 1 else [])]

        kept = ("page", order.name, first, bool(place), key_of(arms) if arms else None)
        statement, model = self.statement(rows, info, kept, write, cut, in_order=in_order)
        values = {"first": first} | {f"k{at}": value for at, value in enumerate(place or ())}
        return Pending(statement, values, model, listed=True)

    def read(self, rows: Rows, pk: object, info: Any, *, reading: str) -> Pending:
        """One row by its key."""

        def write(compiler: Compiler, found: QuerySet[Any]) -> Plan:
            return compiler.single(found.model.OF_PATIENT if reading else "")  # type: ignore[attr-defined]

        def cut(found: QuerySet[Any], holes: list[Hole]) -> list[cuts.Compiled]:
            return [cuts.single(found, holes[0])]

        statement, model = self.statement(rows, info, ("read", reading), write, cut)
        return Pending(statement, {"first": 1, "pk": str(pk)}, model, reading=reading, must=True)

    def every(self, rows: Rows, info: Any) -> Pending:
        """All rows."""

        def write(compiler: Compiler, found: QuerySet[Any]) -> Plan:
            return compiler.every()

        def cut(found: QuerySet[Any], holes: list[Hole]) -> list[cuts.Compiled]:
            return [cuts.all_of(found, holes[0])]

        statement, model = self.statement(rows, info, ("every",), write, cut)
        return Pending(statement, {"first": 2**31 - 1}, model)

    def statement(
        self,
        rows: Rows,
        info: Any,
        kept: tuple[Any, ...],
        write: Callable[[Compiler, QuerySet[Any]], Plan],
        cut: Callable[[QuerySet[Any], list[Hole]], list[cuts.Compiled]],
        *,
        in_order: bool = False,
    ) -> tuple[Statement, type[Model]]:
        """The statement that answers for rows, and what they are of."""
        known = key_of(rows)
        today = timezone.localdate(self.request.now)
        key = (*self.asked, root_of(info.path), *kept, known, self.whose, today)
        if known is not None and (found := statements.get(key)):
            return found  # type: ignore[no-any-return]
        made = rows if isinstance(rows, QuerySet) else rows(by=self.by, now=self.request.now)
        plan = self.plan(info, made, kept, write)
        outer = [hole for hole in plan.holes if hole.rows is None and hole.of is None]
        said: dict[Any, cuts.Compiled] = {}

        def sql_of(by: Actor, now: datetime) -> list[cuts.Compiled]:
            asked = rows if isinstance(rows, QuerySet) else rows(by=by, now=now)
            ours = iter(cut(asked, outer))
            return [cuts.inner(hole, by, said) or next(ours) for hole in plan.holes]

        statement = filled(plan, sql_of, self.by, probe=known is not None)
        # Where other tables say which rows there are, as the names of patients do, an order alone finds nothing.
        statement.in_order = in_order and sum(map(bool, made.query.alias_refcount.values())) <= 1
        if statement.lasting:
            statements.keep(key, (statement, made.model))
        return statement, made.model

    def plan(
        self, info: Any, rows: QuerySet[Any], kept: tuple[Any, ...], write: Callable[[Compiler, QuerySet[Any]], Plan]
    ) -> Plan:
        """What is selected of rows, compiled."""
        selected = Selected(get_named_type(info.return_type), info.field_nodes, self.fragments, self.variables, self.by)
        allowed = tuple(rule.allows(None, self.by) for rule in rules_below(selected))
        key = (*self.asked, root_of(info.path), *kept, allowed, rows.model, tuple(rows.query.annotations))
        if found := plans.get(key):
            return found  # type: ignore[no-any-return]
        plan = write(Compiler(selected, rows.model, rows.query.annotations), rows)
        plans.keep(key, plan)
        return plan


def keys_of(rows: QuerySet[Any], order: Order) -> list[Field]:
    """The columns by which an order goes."""
    known = ordered(rows, order, None).query.annotations
    return [known[key].output_field if key in known else rows.model._meta.get_field(key) for key in order.keys]


def key_of(what: Any) -> Any:
    """What stands for somebody or something in a memory; nothing for what is not to be remembered."""
    if isinstance(what, Actor):
        held = frozenset(
            (r.pk, r.hospital_id, r.department_id, r.division_id, what.permissions[r.pk]) for r in what.held
        )
        return what.person and what.person.pk, held, what.opened
    if isinstance(what, partial):
        return what.func, tuple(sorted((name, still(value)) for name, value in what.keywords.items()))
    return None


def still(value: Any) -> Any:
    """A value that can be a key."""
    return tuple(value) if isinstance(value, list) else value


def switches(text: str, document: DocumentNode) -> tuple[str, ...]:
    """The variables of a document that decide whether something is selected."""
    if (found := switched.get(text)) is None:
        names: set[str] = set()
        visit(document, Switches(names))
        found = tuple(sorted(names))
        switched.keep(text, found)
    return found  # type: ignore[no-any-return]


class Switches(Visitor):
    """Collects the variables in directives."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.names = names

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """`@skip(if: $name)`, `@include(if: $name)`."""
        self.names.update(a.value.name.value for a in node.arguments if isinstance(a.value, VariableNode))
