"""How data is fetched: relations that a selection needs are joined or prefetched at once, pages are cut by key.

The number of statements depends on the selection alone, never on the number of rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import graphene
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _
from graphene.utils.str_converters import to_snake_case
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    InlineFragmentNode,
    get_directive_values,
    get_named_type,
)

from consortium import access
from consortium.access import Actor, any_of
from consortium.errors import Code, Refused
from schema.base import PART, Plain
from schema.base import root_of as root_of
from schema.keyset import Order, cursor, ordered, placed

COUNTED = settings.GRAPHQL_LIMITS["count"]


class PageInfo(Plain):
    """Whether there is more, and where to go on."""

    has_next_page = graphene.Boolean(required=True, description="Whether rows follow this page.")
    end_cursor = graphene.String(description="Give it as `after` to read on; empty on an empty page.")


class Page:
    """One page of a list, cut by key; counts only when asked."""

    def __init__(self, rows: list[Any], *, more: bool, order: Order, matching: QuerySet[Any]) -> None:
        self.nodes, self.more, self.order, self.matching = rows, more, order, matching

    @cached_property
    def counted(self) -> int:
        """How many rows match, or one more than are counted; one more statement."""
        return self.matching.order_by()[: COUNTED + 1].count()

    @property
    def total_count(self) -> int:
        """How many rows match, counted to the limit."""
        return min(self.counted, COUNTED)

    @property
    def total_count_is_capped(self) -> bool:
        """Whether more match than were counted."""
        return self.counted > COUNTED


def connection(node: type[graphene.ObjectType]) -> type[Plain]:
    """The connection type of a node type: `nodes`, `edges`, `pageInfo` and a `totalCount` that costs when asked."""
    name = node._meta.name
    edge = type(
        f"{name}Edge",
        (Plain,),
        {
            "__doc__": f"A {name} and its place in the list.",
            "Meta": type("Meta", (), {"rule": PART}),
            "node": graphene.Field(node, required=True, description="The row."),
            "cursor": graphene.String(required=True, description="Its place; give it as `after`."),
        },
    )
    return type(
        f"{name}Connection",
        (Plain,),
        {
            "__doc__": f"A page of a list of {name}.",
            "Meta": type("Meta", (), {"rule": PART}),
            "nodes": graphene.Field(
                graphene.List(graphene.NonNull(node)), required=True, description="The rows of this page."
            ),
            "edges": graphene.Field(
                graphene.List(graphene.NonNull(edge)), required=True, description="The rows with their cursors."
            ),
            "page_info": graphene.Field(PageInfo, required=True, description="How to read on."),
            "total_count": graphene.Int(
                required=True,
                description=f"How many rows match: exact up to {COUNTED}, where counting ends; ask only when needed.",
            ),
            "total_count_is_capped": graphene.Boolean(
                required=True, description=f"Whether more than the {COUNTED} rows match that `totalCount` says."
            ),
            "resolve_edges": lambda page, info: [{"node": r, "cursor": cursor(page.order, r)} for r in page.nodes],
            "resolve_page_info": lambda page, info: PageInfo(
                has_next_page=page.more, end_cursor=cursor(page.order, page.nodes[-1]) if page.nodes else None
            ),
        },
    )


def paged(made: type[Plain], description: str, /, **arguments: Any) -> graphene.Field:
    """A field that is a page of a list."""
    return graphene.Field(
        made,
        required=True,
        description=description,
        first=graphene.Int(
            required=True,
            default_value=20,
            description=f"Rows on the page, 1 to {settings.GRAPHQL_LIMITS['page']}.",
        ),
        after=graphene.String(description="Cursor to read on from."),
        **arguments,
    )


Rows = QuerySet[Any] | Callable[..., QuerySet[Any]]  # or a function `(by, now)`, see `read_as`


def page(
    rows: Rows,
    info: Any,
    *,
    order: Order,
    first: int,
    after: str | None,
    arms: Callable[[Actor], Sequence[Q]] | None = None,
    in_order: bool = False,
) -> Page:
    """The page of `first` rows behind the cursor `after`; INVALID_INPUT for a size or cursor that is not ours.

    The rows are those of any of the `arms`, if there are: conditions, each of them a scan of its own, and `in_order` if
    each has an index in this order.
    """
    limit = settings.GRAPHQL_LIMITS["page"]
    if not 1 <= first <= limit:
        raise Refused(
            Code.INVALID_INPUT,
            _("每页条数 first 须在 1 到 {limit} 之间。").format(limit=limit),
            field="first",
        )
    place = placed(order, after) if after else None
    if info.context.engine:
        return info.context.engine.page(  # type: ignore[no-any-return]
            rows, info, order=order, first=first, place=place, arms=arms, in_order=in_order
        )
    matching = found(rows, info)
    matching = matching.filter(any_of(arms(info.context.actor))) if arms else matching
    cut = plan(ordered(matching, order, place), info)[: first + 1]
    read = list(cut)
    info.context.disclosures.page(root_of(info.path), matching.model, [row.pk for row in read[:first]])
    return Page(read[:first], more=len(read) > first, order=order, matching=matching)


def found(rows: Rows, info: Any) -> QuerySet[Any]:
    """The rows for the one who asks, now."""
    return rows if isinstance(rows, QuerySet) else rows(by=info.context.actor, now=info.context.now)


@dataclass(frozen=True)
class Through:
    """What a field is read from if not from the relation of its name.

    `path` leads to another row, or to many, of which `rows` tells which one may see; `joins` are the to-one relations
    that a computed field reads. `then` leads on from each of many; `order` is the order that the resolver brings.
    """

    path: str = ""
    rows: Callable[[Actor], QuerySet[Any]] | None = None
    joins: tuple[str, ...] = ()
    trail: type[Model] | None = None  # what every kind of case has: its events, its clocks
    then: str = ""
    order: tuple[str, ...] = ()


@dataclass
class Below:
    """A list that hangs below a row: its type, the rows that one may see, and everything selected of it."""

    kind: Any
    rows: QuerySet[Any]
    selections: list[Any] = field(default_factory=list)


def one(rows: QuerySet[Any], pk: object, info: Any, *, below: str | None = None) -> Any:
    """The one row of a key with what the selection needs, or nothing; `below` names a field of a payload."""
    return plan(rows.filter(pk=pk), info, below=below).first()


def compiled(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a resolver that answers by `page`, `read` or `every` alone, so that the engine may."""
    resolve.compiled = True  # type: ignore[attr-defined]
    return resolve


def read(rows: Rows, pk: object, info: Any, *, reading: str = "") -> Any:
    """The one row of a key, or NOT_FOUND; a patient's, with its `reading` on the audit trail under this name."""
    if info.context.engine:
        return info.context.engine.read(rows, pk, info, reading=reading)
    row = one(found(rows, info), pk, info)
    if row is None:
        raise access.not_found()
    if reading:
        info.context.disclosures.one(root_of(info.path), reading, type(row), row.pk, row.patient_id)
    return row


def gated(*, by: Actor, now: datetime, model: type[Model], related: str = "") -> QuerySet[Any]:
    """The cases of a model that somebody may see, with what they are always read with."""
    rows = access.visible(by, model)
    return rows.select_related(related) if related else rows


def every(rows: Rows, info: Any) -> Any:
    """All of the rows, in their order; of few."""
    if info.context.engine:
        return info.context.engine.every(rows, info)
    return plan(in_order(found(rows, info)), info)


def plan(rows: QuerySet[Any], info: Any, *, below: str | None = None) -> QuerySet[Any]:
    """The rows with every relation that the selection below this field needs, joined or prefetched."""
    kind, selections = get_named_type(info.return_type), [node.selection_set for node in info.field_nodes]
    if below:
        inner = [node for node in _fields(selections, info) if to_snake_case(node.name.value) == below]
        name = next(wire for wire in kind.fields if to_snake_case(wire) == below)
        kind, selections = get_named_type(kind.fields[name].type), [node.selection_set for node in inner]
    return _planned(rows, kind, selections, info)


def _planned(rows: QuerySet[Any], kind: Any, selections: list[Any], info: Any) -> QuerySet[Any]:
    joins: list[str] = []
    lists: dict[str, Below] = {}
    _collect(rows.model, kind, selections, info, "", joins, lists)
    rows = rows.select_related(*joins) if joins else rows
    found = [
        Prefetch(path, queryset=_planned(in_order(below.rows), below.kind, below.selections, info))
        for path, below in lists.items()
    ]
    return rows.prefetch_related(*found) if found else rows


def in_order(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows in their order, by key if they have none: a list that one reads twice is the same list."""
    return rows if rows.ordered else rows.order_by("pk")


def _collect(
    model: type[Model],
    kind: Any,
    selections: list[Any],
    info: Any,
    prefix: str,
    joins: list[str],
    lists: dict[str, Below],
) -> None:
    """Add what the selected fields of one type are read from; a field that is no relation is read from the row."""
    if not isinstance(kind, GraphQLObjectType):
        return
    needs: Mapping[str, Through] = getattr(kind.graphene_type._meta, "needs", {})  # type: ignore[attr-defined]
    for node in _fields(selections, info):
        name, declared = to_snake_case(node.name.value), kind.fields.get(node.name.value)
        need = needs.get(name, Through(name))
        joins.extend(prefix + path for path in need.joins)
        if declared is None or node.selection_set is None:
            continue
        inner, below = get_named_type(declared.type), [node.selection_set]
        relations = _relations(model, need.path)
        if need.trail or (relations and (relations[-1].one_to_many or relations[-1].many_to_many)):
            related = need.trail or relations[-1].related_model
            seen = need.rows(info.context.actor) if need.rows else related._default_manager.all()
            # Selected twice, under an alias or in a fragment, it is still read once.
            lists.setdefault(prefix + need.path, Below(inner, seen)).selections.extend(below)
        elif not relations:
            _collect(model, inner, below, info, prefix, joins, lists)
        else:
            joins.append(prefix + need.path)
            _collect(relations[-1].related_model, inner, below, info, f"{prefix}{need.path}__", joins, lists)


def once(info: Any, key: Any, compute: Callable[[], Any]) -> Any:
    """What is computed at most once in a request, however many rows ask for it."""
    kept = info.context.computed
    if key not in kept:
        kept[key] = compute()
    return kept[key]


def singly(info: Any) -> bool:
    """Whether what is being resolved was read by itself, not in a list; one document may do both."""
    return root_of(info.path) in info.context.singles


def _relations(model: type[Model], path: str) -> list[Any]:
    """The relations along a path, or none if its first part is not a relation of the model."""
    found: list[Any] = []
    for part in path.split("__") if path else ():
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:
            return []
        if not field.is_relation:
            return []
        found.append(field)
        model = field.related_model  # type: ignore[assignment]
    return found


def _fields(selections: list[Any], info: Any, opened: set[str] | None = None) -> Iterator[FieldNode]:
    """The fields of selection sets with fragments opened, each once, and what is skipped left out."""
    opened = set() if opened is None else opened
    for selection in (inner for chosen in selections if chosen for inner in chosen.selections):
        if not should_include_node(info.variable_values, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields([selection.selection_set], info, opened)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in opened:
            opened.add(selection.name.value)
            yield from _fields([info.fragments[selection.name.value].selection_set], info, opened)


def should_include_node(variables: dict[str, Any], node: Any) -> bool:
    """Whether `@skip` and `@include` let a selection stand."""
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return not (skip and skip["if"]) and not (include and include["if"] is False)
