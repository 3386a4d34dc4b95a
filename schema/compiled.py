"""From the selection below a root field to the text of one statement that returns its JSON (docs/adr/0040).

The rows come from the gate (`access`) as Django's own querysets; which of their columns are shown, what is joined and
what is masked comes from the types. What cannot be said in SQL raises `HandOver` before anything was asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db.models import JSONField, Model, Q, QuerySet
from graphene.utils.str_converters import to_snake_case
from graphql import (
    FieldNode,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import collect_sub_fields

from consortium.access import Actor
from schema.base import AS_READ, PART
from schema.keyset import Order
from schema.reads import COUNTED, Through
from schema.rows import HandOver, Part, Ready, Row, Source, build, kept, literal, quoted, shown
from schema.schema import rule_of, schema
from schema.selected import Selected, arguments


@dataclass
class Hole:
    """Where the rows of a gate stand in a text: what gives them, the text's mark, and which annotations it reads.

    Or a condition `of` a row, which follows from who asks.
    """

    mark: str
    rows: Callable[[Actor], QuerySet[Any]] | None = None
    row: Row | None = None
    of: Callable[[Actor], Q] | None = None


COUNT = Hole("\x01count\x01")


@dataclass
class Plan:
    """The text of a statement with holes for the rows; the first is the root's."""

    text: str
    holes: list[Hole] = field(default_factory=list)


class Compiler:
    """Compiles what is selected below one root field."""

    def __init__(self, selected: Selected, model: type[Model], annotations: Mapping[str, Any]) -> None:
        self.given, self.aliases, self.alone = selected, 0, False
        self.named: list[str] = []  # keys of the patients whom a row names
        self.holes: list[Hole] = [Hole("\x01root\x01")]
        source = Source("", self._alias, self._condition)
        self.root = Row(source, model, "r", extra={name: f"r.{quoted(name)}" for name in annotations})
        self.holes[0].row = self.root

    def _alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def _condition(
        self, row: Row, of: Callable[[Actor], Q | None], name: str, reading: Sequence[Callable[[Actor], Q]]
    ) -> str:
        """The mark of a condition; what it may read beside the row is joined now, whoever asks later."""

        def told(by: Actor) -> Q:
            if (found := of(by)) is None:
                raise HandOver(f"{name} without a condition", personal=True)
            return found

        told(self.given.by)
        for condition in reading:
            row.where(condition(self.given.by))
        self.holes.append(Hole(f"\x01{len(self.holes)}\x01", row=row, of=told))
        return f"coalesce({self.holes[-1].mark}, false)"

    def _text(self, extra: str, answer: str, nodes: list[str]) -> Plan:
        """The statement: the cut, the rows of the cut with all that is shown of them, and the answer of them."""
        columns = [f"{node} as n{at}" for at, node in enumerate(nodes)]
        columns += [f"{key} as d{at}" for at, key in enumerate(self.named)]
        columns += [f"{extra} as patient"] if extra else []
        told = [f"array_agg(x.d{at} order by x.cut_place)" for at in range(len(self.named))]
        named = " || ".join(told) if told else "null"
        text = (
            f"with cut as materialized ({self.holes[0].mark}),\n"
            f"{f'counted as materialized (select ({COUNT.mark}) as n),' if COUNT in self.holes else ''}\n"
            f"x as (select {', '.join(['r.cut_place', 'r.cut_key', *columns])} from cut r{self.root.source.text}\n"
            f"where r.cut_place <= %(first)s::int)\n"
            f"select ({answer})::text, array_agg(x.cut_key order by x.cut_place), {named}"
            f"{', (array_agg(x.patient))[1]' if extra else ''} from x"
        )
        return Plan(text, self.holes)

    def single(self, patient: str = "") -> Plan:
        """The statement for one row; `patient` is the path to whom it is about."""
        self.alone = True
        node = self.object(self.given.kind, self.given.nodes, self.root)
        return self._text(self.root(patient) if patient else "", "(array_agg(x.n0))[1]", [node])

    def every(self) -> Plan:
        """The statement for all of the rows."""
        node = self.object(self.given.kind, self.given.nodes, self.root)
        return self._text("", listed("x.n0"), [node])

    def page(self, order: Order, keys: list[Any]) -> Plan:
        """The statement for a page of the rows, as a connection."""
        nodes: list[str] = []
        place = cursor(order, keys, "r")
        end = f"(select {place} from cut r where r.cut_place <= %(first)s::int order by r.cut_place desc limit 1)"
        pairs = []
        for key, chosen in self.fields(self.given.kind, self.given.nodes).items():
            name, below = chosen[0].name.value, self.given.kind.fields.get(chosen[0].name.value)
            kind = get_named_type(below.type) if below else None
            if name == "nodes":
                nodes.append(self.object(kind, chosen, self.root))
                value = listed(f"x.n{len(nodes) - 1}")
            elif name == "edges":
                nodes.append(self.edge(kind, chosen, place))
                value = listed(f"x.n{len(nodes) - 1}")
            elif name == "pageInfo":
                value = self.plain(kind, chosen, {
                    "hasNextPage": "(select count(*) > %(first)s::int from cut)", "endCursor": end,
                })  # fmt: skip
            elif name in ("totalCount", "totalCountIsCapped"):
                if COUNT not in self.holes:
                    self.holes.append(COUNT)
                counted = "(select n from counted)"
                value = f"least({COUNTED}, {counted})" if name == "totalCount" else f"({counted} > {COUNTED})"
            else:
                value = self.constant(self.given.kind, name)
            pairs.append((key, value))
        return self._text("", build(pairs), nodes)

    def edge(self, kind: Any, nodes: list[FieldNode], place: str) -> str:
        """A row and its place."""
        pairs = []
        for key, chosen in self.fields(kind, nodes).items():
            name = chosen[0].name.value
            if name == "node":
                value = self.object(get_named_type(kind.fields[name].type), chosen, self.root)
            else:
                value = place if name == "cursor" else self.constant(kind, name)
            pairs.append((key, value))
        return build(pairs)

    def plain(self, kind: Any, nodes: list[FieldNode], values: Mapping[str, str]) -> str:
        """An object of values by the names of the wire."""
        fields = self.fields(kind, nodes)
        names = {key: chosen[0].name.value for key, chosen in fields.items()}
        return build([(key, values.get(name) or self.constant(kind, name)) for key, name in names.items()])

    def constant(self, kind: Any, name: str) -> str:
        """The one thing that every type tells of itself."""
        if name != "__typename":
            raise HandOver(f"{kind.name}.{name}")
        return f"{literal(kind.name)}::text"

    def fields(self, kind: Any, nodes: list[FieldNode]) -> dict[str, list[FieldNode]]:
        """What is selected, by the keys of the answer: fragments opened, what is skipped left out, twins made one."""
        given = self.given
        return collect_sub_fields(schema.graphql_schema, given.fragments, given.variables, kind, nodes)

    def object(self, kind: Any, nodes: list[FieldNode], row: Row) -> str:
        """The JSON object of a row."""
        model = getattr(kind.graphene_type._meta, "model", None)
        if model is None or not issubclass(row.model, model):
            raise HandOver(f"{kind.name} of another row")
        return build([(key, self.field(kind, chosen, row)) for key, chosen in self.fields(kind, nodes).items()])

    def field(self, kind: Any, nodes: list[FieldNode], row: Row) -> str:
        """The value of a field of a row, behind its declared rule."""
        name = nodes[0].name.value
        if name == "__typename":
            return self.constant(kind, name)
        rule = rule_of(kind, name)
        if rule is None or not (rule is PART or rule.of_row or rule.allows(None, self.given.by)):
            return denied(kind, name)
        if rule.alone and not self.alone:
            return denied(kind, name)
        if rule.of_row and rule.sql is None:
            raise HandOver(f"{kind.name}.{name} behind {rule.name}")
        meta, snake = kind.graphene_type._meta, to_snake_case(name)
        if snake in meta.discloses:
            self.disclose(row)
        value = self.value(kind, snake, nodes, row)
        return f"case when {rule.sql(row)} then {value} end" if rule.sql else value

    def disclose(self, row: Row) -> None:
        """The patient of this row stands on the trail."""
        if row.source is not self.root.source:
            raise HandOver("a patient in a list within")
        if row("pk") not in self.named:
            self.named.append(row("pk"))

    def value(self, kind: Any, snake: str, nodes: list[FieldNode], row: Row) -> str:
        """The value of a field: as its type declares it, or the column or relation of its name."""
        declared, definition = kind.graphene_type._meta.sql.get(snake), kind.fields[nodes[0].name.value]
        inner = get_named_type(definition.type)
        many = isinstance(get_nullable_type(definition.type), GraphQLList)
        if callable(declared):
            made = declared(row, **arguments(definition, nodes[0]))
            return shown(inner, made, many=many) if isinstance(made, str) else self.made(inner, nodes, made)
        resolve = getattr(kind.graphene_type, f"resolve_{snake}", None)
        if definition.args or not (
            resolve is None or snake == "id" or declared is AS_READ or getattr(resolve, "as_read", False)
        ):
            raise HandOver(f"{kind.name}.{nodes[0].name.value}")
        if snake == "id":
            return row.gid(kind.name, row("pk"))
        need = kind.graphene_type._meta.needs.get(snake) or Through(snake)
        if isinstance(inner, GraphQLObjectType):
            return self.related(inner, nodes, row, need)
        if not readable(row.model, snake):
            raise HandOver(f"{kind.name}.{nodes[0].name.value}")
        return shown(inner, row(snake), many=many)

    def made(self, kind: Any, nodes: list[FieldNode], found: Any) -> str:
        """A value that is no row, computed from one, or a list of such."""
        found = found() if callable(found) else found
        if isinstance(found, list):
            parts = ", ".join(f"({self.made(kind, nodes, part)})::text" for part in found)
            return f"('[' || array_to_string(array[{parts}]::text[], ', ') || ']')::json"
        if not isinstance(found, Part):
            return found if isinstance(found, Ready) else shown(kind, found)
        pairs = []
        for key, chosen in self.fields(kind, nodes).items():
            name = chosen[0].name.value
            field = found.get(to_snake_case(name))
            inner = get_named_type(kind.fields[name].type) if field is not None else None
            pairs.append((key, self.constant(kind, name) if field is None else self.made(inner, chosen, field)))
        return f"case when {found.present} then {build(pairs)} end"

    def related(self, kind: Any, nodes: list[FieldNode], row: Row, need: Through) -> str:
        """The row or the rows at the end of a path."""
        *parts, last = need.path.split("__")
        for part in parts:
            row = row.joined(part)
        if need.trail:
            key = getattr(row.model(), last).key
            return self.rows(kind, nodes, row, need, need.trail, (quoted(key), row("pk"), ""))
        relation = row.field(last)
        if isinstance(relation, JSONField):
            return self.json(kind, nodes, row(last))
        if not relation.is_relation:
            raise HandOver(f"{kind.name} of a column")
        if relation.many_to_many:
            if not relation.concrete:
                raise HandOver(f"{kind.name} backwards")
            through = relation.remote_field.through._meta.db_table
            joined = f"join {quoted(through)} m on m.{quoted(relation.m2m_reverse_name())} = "
            tie = f"m.{quoted(relation.m2m_column_name())}", row("pk"), joined
            return self.rows(kind, nodes, row, need, relation.related_model, tie)
        if relation.one_to_many:
            key = quoted(relation.field.column)
            return self.rows(kind, nodes, row, need, relation.related_model, (key, row("pk"), ""))
        to = row.joined(last)
        found = self.object(kind, nodes, to)
        return f"case when {to('pk')} is not null then {found} end" if to.optional else found

    def rows(
        self,
        kind: Any,
        nodes: list[FieldNode],
        row: Row,
        need: Through,
        model: type[Model],
        tie: tuple[str, str, str],
    ) -> str:
        """A list that hangs on a row: its own key, the row's, and the table between them if there is one."""
        alias, extra = self._alias(), {}
        pk = quoted(model._meta.pk.column)  # type: ignore[union-attr]
        seen = need.rows(self.given.by) if need.rows else model._default_manager.all()
        source = Source(f"{quoted(model._meta.db_table)} {alias}", self._alias, self._condition)
        if need.rows:
            hole = Hole(f"\x01{len(self.holes)}\x01", need.rows)
            source.text += f" join ({hole.mark}) g{alias} on g{alias}.cut_key = {alias}.{pk}"
            extra = {name: f"g{alias}.{quoted(name)}" for name in seen.query.annotations}
        theirs, ours, between = tie
        if between:
            source.text += f" {between}{alias}.{pk}"
        child = Row(source, model, alias, up=row, extra=extra)
        if need.rows:
            hole.row = child
            self.holes.append(hole)
        found = self.object(kind, nodes, child.joined(need.then) if need.then else child)
        where = f"{theirs if between else f'{alias}.{theirs}'} = {ours}"
        names = need.order or (("pk",) if need.trail else in_order_of(seen))
        order = ", ".join(child(name.lstrip("-")) + (" desc" if name.startswith("-") else "") for name in names)
        return f"(select {listed(found, order)} from {source.text} where {where})"

    def json(self, kind: Any, nodes: list[FieldNode], column: str) -> str:
        """An object, or a list of objects, that is stored as JSON."""
        pairs = []
        for key, chosen in self.fields(kind, nodes).items():
            name = chosen[0].name.value
            known = kind.fields.get(name)
            plain = known is None or (
                get_named_type(known.type).name in ("String", "Int", "Float", "Boolean")
                and not hasattr(kind.graphene_type, f"resolve_{to_snake_case(name)}")
                and not known.args
            )
            if not plain:
                raise HandOver(f"{kind.name}.{name}")
            pairs.append((key, f"e.v -> {literal(to_snake_case(name))}" if known else self.constant(kind, name)))
        one = build(pairs)
        return (
            f"case jsonb_typeof({column})"
            f" when 'object' then (select {one} from (select {column}) e(v))"
            f" when 'array' then (select {listed(one, 'e.n')}"
            f" from jsonb_array_elements({column}) with ordinality e(v, n)) end"
        )


def readable(model: type[Model], name: str) -> bool:
    """Whether there is a column of this name that is shown as the database holds it; a sealed one is not."""
    try:
        column: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return column.concrete and (isinstance(column, JSONField | ArrayField) or not hasattr(column, "from_db_value"))


def denied(kind: Any, name: str) -> str:
    """What somebody sees of a field that is not for them."""
    if is_non_null_type(kind.fields[name].type):
        raise HandOver(f"{kind.name}.{name} denied", always=False)
    return "null::text"


def listed(value: str, order: str = "x.cut_place") -> str:
    """Values as a JSON list in an order."""
    return f"coalesce(json_agg({value} order by {order}), '[]'::json)"


def in_order_of(rows: QuerySet[Any]) -> tuple[str, ...]:
    """The columns by which rows are ordered, as `reads.in_order` sees to it that they are."""
    query = rows.query
    names = query.order_by or (rows.model._meta.ordering if query.default_ordering else ()) or ("pk",)
    if not all(isinstance(name, str) for name in names):
        raise HandOver("an order by an expression")
    return tuple(names)


def cursor(order: Order, keys: list[Any], alias: str) -> str:
    """The place of a row in an order, as `keyset.cursor`."""
    parts = [f"', ' || {kept(key, f'{alias}.cut_{at}')}" for at, key in enumerate(keys)]
    text = f"{literal('[' + chr(34) + order.name + chr(34))} || {' || '.join(parts)} || ']'"
    return f"translate(encode(convert_to({text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"
