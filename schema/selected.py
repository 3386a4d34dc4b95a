"""What is selected below a root field, and what follows from it before anything is compiled."""

from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, GraphQLObjectType, VariableNode, get_named_type
from graphql.execution.values import get_argument_values

from consortium.access import Actor
from schema.base import PART, Rule
from schema.rows import HandOver
from schema.schema import rule_of, schema


@dataclass
class Selected:
    """What is selected below a root field: everything that the text of its statement follows from, but for the rows."""

    kind: GraphQLObjectType
    nodes: list[FieldNode]
    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]
    by: Actor


def arguments(definition: Any, node: FieldNode) -> dict[str, Any]:
    """What a field is asked with; by no variable, for then it would not follow from the document."""
    if any(isinstance(given.value, VariableNode) for given in node.arguments):
        raise HandOver(f"{node.name.value} by a variable")
    return get_argument_values(definition, node)


def rules_below(selected: Selected) -> list[Rule]:
    """The rules of the actor alone that stand anywhere below; what they allow is part of what a text follows from."""
    found: dict[int, Rule] = {}
    opened: set[str] = set()

    def walk(kind: Any, node: Any) -> None:
        for chosen in node.selection_set.selections if node.selection_set else ():
            if isinstance(chosen, FieldNode):
                known = getattr(kind, "fields", {}).get(chosen.name.value)
                if known is None:
                    continue
                rule = rule_of(kind, chosen.name.value)
                if rule and rule is not PART and not rule.of_row:
                    found[id(rule)] = rule
                walk(get_named_type(known.type), chosen)
            elif hasattr(chosen, "type_condition"):
                named = chosen.type_condition
                walk(schema.graphql_schema.type_map[named.name.value] if named else kind, chosen)
            elif chosen.name.value not in opened:
                opened.add(chosen.name.value)
                fragment = selected.fragments[chosen.name.value]
                walk(schema.graphql_schema.type_map[fragment.type_condition.name.value], fragment)

    for node in selected.nodes:
        walk(selected.kind, node)
    return list(found.values())
