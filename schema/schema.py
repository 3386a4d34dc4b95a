"""The whole schema: what the domains contribute, put together, and every field behind its declared rule."""

from typing import Any

import graphene
from django.utils.translation import gettext as _
from graphene.utils.str_converters import to_snake_case
from graphql import GraphQLObjectType, default_field_resolver, get_named_type

from consortium.access import Actor
from consortium.errors import Code, Refused
from schema import (
    accounts,
    catalogues,
    clocks,
    coverage,
    duty,
    exports,
    green,
    green_steps,
    images,
    outbox,
    pathology_reads,
    pathology_steps,
    people,
    places,
    reports,
    steps,
    subscriptions,
    trail,
    unmasking,
    urgent_access,
    viewing,
    worklist,
)
from schema.base import PART, Rule

DOMAINS = (
    urgent_access,
    trail,
    people,
    accounts,
    outbox,
    places,
    catalogues,
    worklist,
    green,
    pathology_reads,
    reports,
    images,
    viewing,
    coverage,
    exports,
    clocks,
    duty,
)


class Query(*(room.Query for room in DOMAINS), graphene.ObjectType):
    """Everything that is read."""


class Mutation(
    urgent_access.Mutation,
    people.Mutation,
    accounts.Mutation,
    outbox.Mutation,
    places.Mutation,
    steps.Mutation,
    green_steps.Mutation,
    pathology_steps.Mutation,
    clocks.Mutation,
    duty.Mutation,
    reports.Mutation,
    viewing.Mutation,
    exports.Mutation,
    unmasking.Mutation,
    graphene.ObjectType,
):
    """Everything that is done: one mutation in a request, one transaction."""


class Subscription(subscriptions.Subscription, graphene.ObjectType):
    """Everything that is told while it happens, at `/graphql/stream/`: one subscription in a request."""


READ_RULES: dict[str, Rule] = {name: rule for room in DOMAINS for name, rule in room.Query.rules.items()}


def rule_of(kind: GraphQLObjectType, name: str) -> Rule | None:
    """The rule that a field of the wire declares, by itself or through its type; none means: denied to everybody."""
    field = kind.fields[name]
    snake = to_snake_case(name)
    if kind.name == "Query":
        return READ_RULES.get(snake)
    if kind.name == "Subscription":
        return subscriptions.TOPICS[snake].rule if snake in subscriptions.TOPICS else None
    meta = getattr(getattr(kind, "graphene_type", None), "_meta", None)
    if kind.name == "Mutation":
        payload: Any = getattr(field.type, "graphene_type", None)
        return getattr(getattr(payload, "_meta", None), "call_rule", None)
    return getattr(meta, "field_rules", {}).get(snake) or getattr(meta, "rule", None)


def guarded(kind: GraphQLObjectType, name: str) -> None:
    """Put the declared rule before a field; a field without one is denied to everybody."""
    field, rule = kind.fields[name], rule_of(kind, name)
    if rule is PART:
        return
    resolve, snake = field.resolve or default_field_resolver, to_snake_case(name)
    root = kind.name in ("Query", "Mutation", "Subscription")

    def behind(row: Any, info: Any, **arguments: Any) -> Any:
        if root:
            info.context.disclosures.names[info.path.key] = snake
        if rule is not None and rule.allows(row, info.context.actor):
            return resolve(row, info, **arguments)
        if not root:
            return None
        if kind.name == "Mutation" and info.context.actor is not None and not info.context.actor.may_write:
            raise Refused(Code.FORBIDDEN, _("该接口令牌只可读取；请签发范围含 write 的令牌。"))
        raise kept_out(info.context.actor)

    # A page comes from `reads.page` alone; of other fields the resolver says whether the engine may answer.
    behind.compiled = getattr(resolve, "compiled", False) or get_named_type(field.type).name.endswith("Connection")  # type: ignore[attr-defined]
    field.resolve = behind


def kept_out(by: Actor | None) -> Refused:
    """The answer to somebody whom the rule of an operation does not let in."""
    if by is None:
        return Refused(Code.UNAUTHENTICATED, _("请先登录，或提供有效的接口令牌。"))
    return Refused(Code.FORBIDDEN, _("您的岗位不能使用该操作；请联系医院管理员。"))


def build() -> graphene.Schema:
    """The schema with every field of an object type behind its rule."""
    made = graphene.Schema(query=Query, mutation=Mutation, subscription=Subscription)
    for kind in made.graphql_schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name in kind.fields:
                guarded(kind, name)
    return made


schema = build()
