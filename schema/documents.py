"""From the text of a document to something that may run: parsed, limited, validated once, and kept."""

from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    InlineFragmentNode,
    IntValueNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
    specified_rules,
    validate,
)

from consortium.errors import Code, Refused
from schema.schema import schema

# A message that says "Did you mean …?" tells the schema's names to whoever guesses; the library's own switch.
import_module("graphql.pyutils.did_you_mean").MAX_LENGTH = 0  # type: ignore[attr-defined]
ROWS_OF_A_LIST = 3  # what a list without pages counts as, on average


@lru_cache(maxsize=512)
def prepared(text: str) -> DocumentNode:
    """The valid document of a text; GraphQLError or Refused (LIMIT_EXCEEDED) with what is wrong."""
    limits = settings.GRAPHQL_LIMITS
    document = parse(text, max_tokens=limits["tokens"])
    rules = [*specified_rules] if settings.INTROSPECTION else [*specified_rules, NoSchemaIntrospectionCustomRule]
    if errors := validate(schema.graphql_schema, document, rules, max_errors=5):
        raise errors[0]
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            size = size_of(document, operation)
            _hold("depth", size.depth)
            _hold("aliases", size.aliases)
            _hold("cost", size.cost)
            if operation.operation == OperationType.MUTATION and size.width != 1:
                raise Refused(Code.BAD_REQUEST, _("一次请求只能有一个变更操作，请分开提交。"), field="query")
    return document


class Size(NamedTuple):
    """What is limited of a selection: its depth, its aliases, its fields at the top, and its cost.

    The cost is how many fields an answer may hold at worst: a field counts 1, what lies in a list as often as the page
    has rows (a variable `first` counts as the largest page; a list without pages as three rows).
    """

    depth: int
    aliases: int
    width: int
    cost: int


def size_of(document: DocumentNode, operation: OperationDefinitionNode) -> Size:
    """How large an operation of a valid document is."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.graphql_schema.get_root_type(operation.operation)
    return _measure(operation.selection_set, root, fragments, {})


def _hold(name: str, found: int) -> None:
    limit = settings.GRAPHQL_LIMITS[name]
    if found > limit:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("查询超出限制：{name} 为 {found}，上限 {limit}；请拆成几次查询。").format(
                name=name, found=found, limit=limit
            ),
            field="query",
        )


def _measure(
    chosen: SelectionSetNode | None, kind: Any, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, Size]
) -> Size:
    """How large a selection is, fragments counted at each use but measured once; introspection has its own rule."""
    deepest = aliases = width = cost = 0
    for node in chosen.selections if chosen else ():
        if isinstance(node, FieldNode):
            if node.name.value in ("__schema", "__type"):
                continue
            field = kind.fields.get(node.name.value)  # none for __typename
            below = _measure(node.selection_set, field and get_named_type(field.type), fragments, measured)
            rows = rows_of(node, field, kind) if field else 1
            size = Size(below.depth + 1, below.aliases + bool(node.alias), 1, 1 + rows * below.cost)
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in measured:
                inner = fragments[name]
                below_kind = schema.graphql_schema.type_map[inner.type_condition.name.value]
                measured[name] = _measure(inner.selection_set, below_kind, fragments, measured)
            size = measured[name]
        else:
            assert isinstance(node, InlineFragmentNode)  # noqa: S101 - there is no fourth kind
            named = node.type_condition
            size = _measure(
                node.selection_set,
                schema.graphql_schema.type_map[named.name.value] if named else kind,
                fragments,
                measured,
            )
        deepest, aliases = max(deepest, size.depth), aliases + size.aliases
        width, cost = width + size.width, cost + size.cost
    return Size(deepest, aliases, width, cost)


def rows_of(node: FieldNode, field: GraphQLField, kind: Any) -> int:
    """How often what is selected below a field may stand in an answer; the page's rows are counted at its field."""
    largest = int(settings.GRAPHQL_LIMITS["page"])
    if "first" in field.args:
        given = next((argument.value for argument in node.arguments if argument.name.value == "first"), None)
        if given is None:
            return int(field.args["first"].default_value)
        return min(int(given.value), largest) if isinstance(given, IntValueNode) else largest
    listed = is_list_type(get_nullable_type(field.type)) and not kind.name.endswith("Connection")
    return ROWS_OF_A_LIST if listed else 1


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run; GraphQLError if the name fits none or is missing among several."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named = [node for node in found if name is None or (node.name and node.name.value == name)]
    if len(named) != 1:
        raise GraphQLError("operationName must name exactly one operation of the document.")
    return named[0]
