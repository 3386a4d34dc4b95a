"""Which requests belong to the green channel, told from their bytes before anything else is done."""

import json
import re
from functools import lru_cache

from graphene.utils.str_converters import to_camel_case
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, parse

from consortium.errors import Refused
from schema import green, green_steps, persisted

FIELDS = frozenset(
    to_camel_case(name)
    for room in (green.Query, green_steps.Mutation)
    for name, value in vars(room).items()
    if not name.startswith(("_", "resolve_")) and name != "rules" and value is not None
)
WORTH_A_LOOK = re.compile("|".join(["documentId", *sorted(FIELDS)]).encode())
LONGEST = 8192  # characters of a document; the front's for the green channel have at most a quarter of them


def urgent(body: bytes) -> bool:
    """Whether the body of a request asks for nothing but steps and readings of the green channel.

    To be cheap for whatever somebody sends: what cannot be read is not urgent.
    """
    if not WORTH_A_LOOK.search(body):
        return False
    try:
        given = json.loads(body)
        if not isinstance(given, dict):
            return False
        text, name = given.get("query"), given.get("operationName")
        if isinstance(given.get("documentId"), str) and text is None:
            text = persisted.text_of(given["documentId"])
    except (ValueError, RecursionError, Refused):
        return False
    named = isinstance(name, str) or name is None
    return named and isinstance(text, str) and len(text) <= LONGEST and of_the_green_channel(text, name)


@lru_cache(maxsize=512)
def of_the_green_channel(text: str, name: str | None) -> bool:
    """Whether every field at the top of the operation is one of the green channel's."""
    try:
        document = parse(text, max_tokens=2000)
    except GraphQLError:
        return False
    chosen = [
        node.selection_set.selections
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and (name is None or (node.name and node.name.value == name))
    ]
    return len(chosen) == 1 and all(isinstance(field, FieldNode) and field.name.value in FIELDS for field in chosen[0])
