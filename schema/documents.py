"""From the text of a document to something that may run: parsed, limited, validated once, and kept."""

from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)

from consortium.errors import Code, Refused
from schema.schema import schema


@lru_cache(maxsize=512)
def prepared(text: str) -> DocumentNode:
    """The valid document of a text; GraphQLError or Refused (LIMIT_EXCEEDED) with what is wrong."""
    limits = settings.GRAPHQL_LIMITS
    document = parse(text, max_tokens=limits["tokens"])
    rules = [*specified_rules] if settings.INTROSPECTION else [*specified_rules, NoSchemaIntrospectionCustomRule]
    if errors := validate(schema.graphql_schema, document, rules, max_errors=5):
        raise errors[0]
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            depth, aliases, width = _measure(operation.selection_set, fragments, {})
            _hold("depth", depth)
            _hold("aliases", aliases)
            if operation.operation == OperationType.MUTATION and width != 1:
                raise Refused(Code.BAD_REQUEST, _("一次请求只能有一个变更操作，请分开提交。"), field="query")
    return document


class Size(NamedTuple):
    """What is limited of a selection: its depth, its aliases, and its fields at the top."""

    depth: int
    aliases: int
    width: int


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
    chosen: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, Size]
) -> Size:
    """How large a selection is, fragments counted at each use but measured once; introspection has its own rule."""
    deepest = aliases = width = 0
    for node in chosen.selections if chosen else ():
        if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
            continue
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in measured:
                measured[name] = _measure(fragments[name].selection_set, fragments, measured)
            depth, more, wide = measured[name]
        else:
            depth, more, wide = _measure(node.selection_set, fragments, measured)  # type: ignore[attr-defined]
        if isinstance(node, FieldNode):
            depth, more, wide = depth + 1, more + bool(node.alias), 1
        deepest, aliases, width = max(deepest, depth), aliases + more, width + wide
    return Size(deepest, aliases, width)


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run; GraphQLError if the name fits none or is missing among several."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named = [node for node in found if name is None or (node.name and node.name.value == name)]
    if len(named) != 1:
        raise GraphQLError("operationName must name exactly one operation of the document.")
    return named[0]
