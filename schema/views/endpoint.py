"""`/graphql/`: read, execute in one transaction, answer; any error undoes a mutation as a whole."""

import json
import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType, execute
from graphql.execution.values import get_variable_values

from consortium import idempotency, patience
from consortium.database import prepared
from consortium.database.acting import acting
from consortium.errors import Code, Refused
from schema import documents, engine
from schema.disclosures import Disclosures
from schema.documents import operation_of
from schema.schema import schema
from schema.views.gate import admitted, refusal
from schema.views.reading import GRAPHQL, Asked, Unreadable, answer_type, read, read_address

logger = logging.getLogger("refnet.graphql")


@admitted
def endpoint(request: Any) -> HttpResponse:
    """One operation of one document, in the media type that the client prefers."""
    request.answer_type = "application/json"
    try:
        request.answer_type = answer_type(request)
        given = heard(request)
        request.document = given.text
        begin(request)
        document = documents.prepared(given.text)
        operation = operation_of(document, given.name)
        hold_kind(request, operation)
        request.raw, request.coerced = given.variables or {}, coerced(operation, given)
    except Refused as refused:
        response = refusal(refused, status_of(refused), request.answer_type)
        if response.status_code == 405:
            response.headers["Allow"] = "GET, POST" if settings.GRAPHQL_GET else "POST"
        return response
    except GraphQLError as error:
        return answer(request, ExecutionResult(data=None, errors=[error]), ran=False)
    return answer(request, executed(request, document, operation), ran=True)


def begin(request: Any) -> None:
    """Nothing has been read, told, refused or kept yet."""
    request.singles, request.refused, request.again = set(), False, False
    request.computed, request.disclosures = {}, Disclosures()
    request.keeping = request.replay = request.engine = None


def heard(request: Any) -> Asked:
    """What a request asks for, by POST, or by GET where that is on; never by GET with a session."""
    if request.method == "POST":
        return read(request)
    if request.method != "GET" or not settings.GRAPHQL_GET:
        raise Unreadable(405, _("请用 POST 提交 GraphQL 请求。"))
    if request.user.is_authenticated:
        # Another site may send somebody's browser here, and their reading would stand on the trail.
        raise Refused(Code.BAD_REQUEST, _("会话请用 POST；GET 只供接口令牌查询。"))
    return read_address(request)


def hold_kind(request: Any, operation: OperationDefinitionNode) -> None:
    """Refused unless the kind of operation may come this way."""
    if operation.operation == OperationType.SUBSCRIPTION:
        raise Refused(Code.BAD_REQUEST, _("订阅请提交到 /graphql/stream/（text/event-stream）。"), field="query")
    if operation.operation == OperationType.MUTATION and request.method != "POST":
        raise Unreadable(405, _("变更操作请用 POST 提交。"))


def status_of(refused: Refused) -> int:
    """The status of HTTP for a refusal before anything ran."""
    if isinstance(refused, Unreadable):
        return refused.http_status
    return 413 if refused.code is Code.LIMIT_EXCEEDED else 400


def coerced(operation: OperationDefinitionNode, given: Asked) -> dict[str, Any]:
    """The variables as resolvers see them; GraphQLError with what does not fit."""
    found = get_variable_values(
        schema.graphql_schema, operation.variable_definitions or (), given.variables or {}, max_errors=5
    )
    if isinstance(found, list):
        raise found[0]
    return found


def executed(request: Any, document: DocumentNode, operation: OperationDefinitionNode) -> ExecutionResult:
    """What came of an operation, all of it in one transaction that waits for nothing for long."""
    changing = operation.operation == OperationType.MUTATION
    also = patience.settings_of_a_transaction() | prepared.PLANNING
    try:
        with acting(request.actor, also=also), patience.limited():
            result = None if changing else engine.answered(request, document, operation, request.coerced)
            if result is None:
                result = resolved(request, document, operation, request.raw)
            settle(request, result, changing=changing)
    except prepared.LostError:
        begin(request)
        return executed(request, document, operation)
    except DatabaseError as error:  # what is checked at the end of a transaction
        if patience.is_away(error):
            raise
        return ExecutionResult(data=None, errors=[GraphQLError(str(error), original_error=error)])
    return result


def resolved(
    request: Any, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
) -> ExecutionResult:
    """What came of an operation field by field."""
    result = execute(
        schema.graphql_schema,
        document,
        context_value=request,
        variable_values=variables,
        operation_name=operation.name.value if operation.name else None,
    )
    assert isinstance(result, ExecutionResult)  # noqa: S101 - no resolver is asynchronous
    return result


def settle(request: Any, result: ExecutionResult, *, changing: bool) -> None:
    """Within the transaction: keep the answer under its key, or undo everything after any error.

    A read is undone by an error of the database: nothing may be shown whose entry on the audit trail is lost.
    """
    for error in result.errors or ():
        if isinstance(lost := cause_of(error), prepared.LostError):
            raise lost
    broken = [e for e in result.errors or () if isinstance(cause_of(e), DatabaseError)]
    failed = list(result.errors or ()) if changing else broken
    if failed or request.refused:
        transaction.set_rollback(True)
        if failed:
            result.data = None
        if broken:
            result.errors = broken[:1]  # whatever else failed did so because the transaction was gone
        return
    if result.data is not None and (not changing or request.again):  # a step has an entry of its own
        request.disclosures.write(request.actor, request.now)
    if request.replay is not None:
        result.data = request.replay
    elif request.keeping:
        key, subject, kept = request.keeping
        # As text, for the database does not keep the order of fields; an answer with a secret is not kept at all.
        kept["data"] = None if request.actor.shown else json.dumps(result.data, ensure_ascii=False)
        idempotency.remember(request.actor.person, key, answer=kept, subject_id=subject)


def answer(request: Any, result: ExecutionResult, *, ran: bool) -> HttpResponse:
    """The answer; by the newer media type a document that could not run has a status of its own."""
    if isinstance(result, engine.Answer):
        kind = f"{request.answer_type}; charset=utf-8"
        return HttpResponse(b'{"data": %b}' % result.text.encode(), content_type=kind)
    body: dict[str, Any] = {"data": result.data} if ran else {}
    if result.errors:
        body["errors"] = [formatted(error, request) for error in result.errors]
    kind = getattr(request, "answer_type", "application/json")
    return JsonResponse(
        body,
        status=400 if kind == GRAPHQL and not ran else 200,
        content_type=f"{kind}; charset=utf-8",
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
    if isinstance(cause, DatabaseError):
        cause = patience.refused(cause) or cause
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
