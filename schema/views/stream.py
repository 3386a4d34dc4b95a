"""`/graphql/stream/`: a subscription by the `graphql-sse` protocol, distinct connections mode."""

from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from graphene.utils.str_converters import to_snake_case
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values, get_variable_values

from consortium.errors import Code, Refused
from consortium.feed import Mark
from schema.documents import operation_of, prepared
from schema.live.standing import credential
from schema.live.stream import Subscription
from schema.schema import kept_out, schema
from schema.subscriptions import TOPICS
from schema.views.endpoint import answer
from schema.views.gate import gated, refusal
from schema.views.reading import Asked, Unreadable, read, read_address

EVENTS = "text/event-stream"
STATUS = {Code.UNAUTHENTICATED: 401, Code.FORBIDDEN: 403, Code.NOT_FOUND: 404, Code.LIMIT_EXCEEDED: 413}


class Accepted(HttpResponse):
    """The answer that becomes a stream."""

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(content_type=EVENTS)
        self.subscription = subscription


@gated
def stream(request: Any) -> HttpResponse:
    """GET or POST one subscription; `Last-Event-ID` or `extensions.lastEventId` says where to resume."""
    try:
        if request.method not in ("GET", "POST"):
            raise Unreadable(405, _("请用 GET 或 POST 提交订阅。"), field="method")
        if not isinstance(request, ASGIRequest):
            raise Refused(Code.BAD_REQUEST, _("此服务进程不提供实时流：请以 ASGI 方式启动（见运维文档）。"))
        given = read(request) if request.method == "POST" else read_address(request)
        return Accepted(subscription(request, given))
    except Refused as refused:
        status = refused.status if isinstance(refused, Unreadable) else STATUS.get(refused.code, 400)
        return refusal(refused, status)
    except GraphQLError as error:
        response = answer(request, ExecutionResult(data=None, errors=[error]), ran=False)
        response.status_code = 400  # never 200: a client would take it for a stream
        return response


def subscription(request: Any, given: Asked) -> Subscription:
    """The subscription that a request asks for; Refused or GraphQLError with what is wrong."""
    by = request.actor
    document = prepared(given.text)
    operation = operation_of(document, given.name)
    if operation.operation != OperationType.SUBSCRIPTION:
        raise Refused(Code.BAD_REQUEST, _("这里只接受订阅：查询和变更请提交到 /graphql/。"), field="query")
    name, arguments = root_field(document, operation, given.variables or {})
    topic = TOPICS.get(name)
    if by is None or topic is None or not topic.rule.allows(None, by):
        raise kept_out(by)
    if lost := topic.lost(by, **arguments):
        raise lost
    last = request.headers.get("Last-Event-ID") or given.extensions.get("lastEventId")
    return Subscription(
        topic=topic,
        arguments=arguments,
        document=document,
        name=given.name,
        variables=given.variables,
        language=get_language() or "zh-hans",
        credential=credential(request),
        actor=by,
        resume=Mark.parse(str(last)) if last else None,
    )


def root_field(document: Any, operation: OperationDefinitionNode, variables: dict[str, Any]) -> tuple[str, Any]:
    """The one field that is subscribed to, with its arguments; GraphQLError for values that do not fit."""
    kind = schema.graphql_schema.subscription_type
    found = get_variable_values(schema.graphql_schema, operation.variable_definitions or (), variables, max_errors=5)
    if isinstance(found, list):
        raise found[0]
    fragments = {node.name.value: node for node in document.definitions if node.kind == "fragment_definition"}
    fields = collect_fields(schema.graphql_schema, fragments, found, kind, operation.selection_set)
    nodes: list[FieldNode] = next(iter(fields.values()), [])
    if len(fields) != 1 or nodes[0].name.value.startswith("__"):
        raise Refused(Code.BAD_REQUEST, _("一次只能订阅一个字段。"), field="query")
    wire = nodes[0].name.value
    return to_snake_case(wire), get_argument_values(kind.fields[wire], nodes[0], found)
