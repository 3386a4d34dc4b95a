"""`POST /graphql/`: read, execute in one transaction, answer; any error undoes a mutation as a whole."""

import json
import logging
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from graphql import ExecutionResult, GraphQLError, OperationType, execute

from consortium import idempotency
from consortium.database.acting import acting
from consortium.errors import Code, Refused
from schema import persisted
from schema.documents import operation_of, prepared
from schema.schema import schema
from schema.views.gate import admitted, refusal

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
NULL = re.compile(r"\\u\{0+\}")  # the null character as GraphQL writes it, which no database takes
logger = logging.getLogger("refnet.graphql")


@admitted
def endpoint(request: Any) -> HttpResponse:
    """One operation of one document."""
    if request.method != "POST":
        response = refusal(Refused(Code.BAD_REQUEST, _("请用 POST 提交 GraphQL 请求。")), 405)
        response.headers["Allow"] = "POST"
        return response
    try:
        given = read(request)
        request.document, request.singles, request.refused = given.text, set(), False
        request.computed = {}
        request.keeping = request.replay = None
        document = prepared(given.text)
        operation = operation_of(document, given.name)
        if operation.operation == OperationType.SUBSCRIPTION:
            raise Refused(Code.BAD_REQUEST, _("订阅请提交到 /graphql/stream/（text/event-stream）。"), field="query")
    except Refused as refused:
        return refusal(refused, 413 if refused.code is Code.LIMIT_EXCEEDED else 400)
    except GraphQLError as error:
        return answer(request, ExecutionResult(data=None, errors=[error]), ran=False)
    changing = operation.operation == OperationType.MUTATION
    with acting(request.actor):
        result = execute(
            schema.graphql_schema,
            document,
            context_value=request,
            variable_values=given.variables,
            operation_name=given.name,
        )
        assert isinstance(result, ExecutionResult)  # noqa: S101 - no resolver is asynchronous
        settle(request, result, changing=changing)
    return answer(request, result, ran=True)


def settle(request: Any, result: ExecutionResult, *, changing: bool) -> None:
    """Within the transaction: keep the answer under its key, or undo everything after any error.

    A read is undone by an error of the database: nothing may be shown whose entry on the audit trail is lost.
    """
    failed = [e for e in result.errors or () if changing or isinstance(cause_of(e), DatabaseError)]
    if failed or request.refused:
        transaction.set_rollback(True)
        if failed:
            result.data = None
    elif request.replay is not None:
        result.data = request.replay
    elif request.keeping:
        key, subject, kept = request.keeping
        # As text, for the database does not keep the order of fields; an answer with a secret is not kept at all.
        kept["data"] = None if request.actor.shown else json.dumps(result.data, ensure_ascii=False)
        idempotency.remember(request.actor.person, key, answer=kept, subject_id=subject)


@dataclass(frozen=True)
class Asked:
    """What a request asks for, by GraphQL over HTTP."""

    text: str
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any]


def read(request: HttpRequest) -> Asked:
    """What a body asks for; Refused with what is wrong with it."""
    if request.content_type != JSON:
        raise Refused(Code.BAD_REQUEST, _("请求正文须为 application/json。"))
    length = int(request.headers.get("Content-Length") or 0)
    limit = settings.GRAPHQL_LIMITS["body_bytes"]
    if length > limit or len(request.body) > limit:
        raise Refused(
            Code.LIMIT_EXCEEDED,
            _("请求正文超过 {limit} 字节；附件请用上传接口。").format(limit=limit),
        )
    try:
        body = json.loads(request.body.decode("utf-8"), parse_constant=_no_constant)
        json.dumps(body, ensure_ascii=False).encode("utf-8")  # no lone surrogate may reach the database
    except (ValueError, RecursionError) as error:
        raise Refused(Code.BAD_REQUEST, _("请求正文不是有效的 UTF-8 JSON。")) from error
    if not isinstance(body, dict) or b"\\u0000" in request.body or NULL.search(str(body.get("query"))):
        raise Refused(Code.BAD_REQUEST, _("请求正文须为 JSON 对象，且不含空字符。"))
    return asked(body)


def asked(body: dict[str, Any]) -> Asked:
    """The parts of a request, of the right kinds; Refused with what is wrong with them."""
    text, variables, name = document(body), body.get("variables"), body.get("operationName")
    extensions = body.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise Refused(Code.BAD_REQUEST, _("variables 须为 JSON 对象。"), field="variables")
    if name is not None and not isinstance(name, str):
        raise Refused(Code.BAD_REQUEST, _("operationName 须为字符串。"), field="operationName")
    if extensions is not None and not isinstance(extensions, dict):
        raise Refused(Code.BAD_REQUEST, _("extensions 须为 JSON 对象。"), field="extensions")
    return Asked(text, variables, name, extensions or {})


def document(body: dict[str, Any]) -> str:
    """The document of a request: its own, or by its hash one of the browser front's, never both.

    Whether a request may bring its own would be decided here.
    """
    text, id = body.get("query"), body.get("documentId")
    if id is not None:
        if text is not None:
            raise Refused(Code.BAD_REQUEST, _("query 与 documentId 只能给出一个。"), field="documentId")
        return persisted.text_of(id if isinstance(id, str) else "")
    if not isinstance(text, str) or not text.strip():
        raise Refused(Code.BAD_REQUEST, _("缺少 query：请在 JSON 中给出 GraphQL 文档。"), field="query")
    return text


def _no_constant(name: str) -> None:
    raise ValueError(name)


def answer(request: Any, result: ExecutionResult, *, ran: bool) -> JsonResponse:
    """The answer in the media type that the client prefers."""
    body: dict[str, Any] = {"data": result.data} if ran else {}
    if result.errors:
        body["errors"] = [formatted(error, request) for error in result.errors]
    modern = GRAPHQL in request.headers.get("Accept", "")
    status = 400 if modern and not ran else 200
    return JsonResponse(
        body,
        status=status,
        content_type=f"{GRAPHQL if modern else JSON}; charset=utf-8",
        json_dumps_params={"ensure_ascii": False},
    )


def cause_of(error: GraphQLError) -> Exception | None:
    """What was raised by a resolver, if anything was."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def formatted(error: GraphQLError, request: Any) -> dict[str, Any]:
    """An error for the client: what was refused as it is, a fault of ours masked with the request's id."""
    cause, shape = cause_of(error), error.formatted
    if isinstance(cause, Refused):
        shape["message"] = cause.message
        shape["extensions"] = {"code": cause.code.value} | ({"field": cause.field} if cause.field else {})
    elif cause is None:
        shape["extensions"] = {"code": Code.BAD_REQUEST.value}
    else:
        logger.error("request %s failed", request.trace, exc_info=cause)
        shape["message"] = _("系统内部错误，未作任何更改；请联系管理员并提供请求编号 {id}。").format(id=request.trace)
        shape["extensions"] = {"code": Code.INTERNAL.value, "requestId": request.trace}
    return dict(shape)
