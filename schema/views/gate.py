"""Who is asking: a browser's session or a system's token, never both; and what every request carries with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from consortium import access, moment, patience, tokens
from consortium.access import Actor
from consortium.database.acting import acting
from consortium.errors import Code, Refused
from consortium.models import Person
from consortium.sign_in import entry, sessions

SAFE = {"GET", "HEAD", "OPTIONS"}
QUIET = "X-Refnet-Quiet"  # "1": the page asks by itself, nobody is there; it does not keep the session alive
STATUS = {
    Code.UNAUTHENTICATED: 401,
    Code.SECOND_FACTOR_NEEDED: 403,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.LIMIT_EXCEEDED: 429,
    Code.BUSY: 503,
}


class CsrfCheck(CsrfViewMiddleware):
    """The framework's own check, called where a session is used."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def refusal(refused: Refused, status: int, media_type: str = "application/json") -> JsonResponse:
    """A refusal as the body of an answer, in the shape of GraphQL errors."""
    extensions = {"code": refused.code.value} | ({"field": refused.field} if refused.field else {})
    body = {"errors": [{"message": refused.message, "extensions": extensions}]}
    kind = f"{media_type}; charset=utf-8"
    return JsonResponse(body, status=status, content_type=kind, json_dumps_params={"ensure_ascii": False})


def away(refused: Refused) -> JsonResponse:
    """The answer while something that anybody needs is away: try again soon."""
    response = refusal(refused, 503)
    response.headers["Retry-After"] = str(settings.RETRY_SECONDS)
    return response


def check_csrf(request: HttpRequest) -> None:
    """BAD_REQUEST unless the request carries the CSRF token of its own page."""
    check = CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Refused(
            Code.BAD_REQUEST,
            _("缺少或不匹配的 CSRF 令牌：请刷新页面后重试；系统对接请使用接口令牌。"),
        )


def admit(request: HttpRequest, *, enrolling: bool = False) -> Actor | None:
    """The actor of a request, nobody if it carries no credentials; Refused if they are wrong or two kinds at once.

    A session that may only enrol a second factor is refused wherever that is not done (`enrolling`); tokens need none.
    """
    bearer = request.headers.get("Authorization", "")
    roles = sessions.recognise(request)
    signed_in = request.user.is_authenticated
    if not bearer:
        if not signed_in:
            return None
        if request.method not in SAFE:
            check_csrf(request)
        sessions.keep(request.session, request.user, quiet=request.headers.get(QUIET) == "1", stream=_streams(request))  # type: ignore[arg-type]
        if not enrolling:
            entry.require_factor(request.session)
        who: Person = request.user  # type: ignore[assignment]
        if roles:
            return access.in_roles(who, roles, now=request.now, request_id=request.trace)  # type: ignore[attr-defined]
        return access.actor(who, now=request.now, request_id=request.trace)  # type: ignore[attr-defined]
    if signed_in:
        raise Refused(Code.BAD_REQUEST, _("请求同时带有会话和接口令牌；请只用其中一种。"))
    kind, _space, secret = bearer.partition(" ")
    by = tokens.actor(secret.strip(), now=request.now, request_id=request.trace) if kind.lower() == "bearer" else None  # type: ignore[attr-defined]
    if by is None:
        raise Refused(Code.UNAUTHENTICATED, _("接口令牌无效、已过期或已吊销；请重新签发。"))
    return by


def _streams(request: HttpRequest) -> bool:
    return isinstance(request, ASGIRequest)


def gated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view as `admitted` makes it, in one transaction of the database in the actor's name."""

    @wraps(view)
    def within(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(request.actor, also=patience.settings_of_a_transaction()):
            return view(request, *args, **kwargs)

    return admitted(within)


def admitted(view: Callable[..., HttpResponse], *, enrolling: bool = False) -> Callable[..., HttpResponse]:
    """The view with `request.actor`, the moment and the request id; wrong credentials are answered here.

    It says itself by `acting` when it speaks to the database: outside, no row about a patient is there.
    """

    def let_in(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            request.actor = admit(request, enrolling=enrolling)
        except Refused as refused:
            return refusal(refused, STATUS.get(refused.code, 400))
        return view(request, *args, **kwargs)

    @csrf_exempt
    @wraps(view)
    def behind(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        request.now, request.trace = moment.now(), str(uuid4())
        try:
            response = let_in(request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            if (told := patience.refused(error)) is None:
                raise
            response = away(told)
        response.headers["X-Request-Id"] = request.trace
        response.headers["X-Refnet-Now"] = request.now.isoformat()
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return behind


def at_the_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A gated view about signing in: open to somebody who must enrol first, closed to tokens; refusals as data."""

    @wraps(view)
    def answered(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.headers.get("Authorization"):
                raise Refused(Code.BAD_REQUEST, _("接口令牌不能用于会话登录。"))
            return view(request, *args, **kwargs)
        except Refused as refused:
            return refusal(refused, STATUS.get(refused.code, 400))

    return admitted(answered, enrolling=True)
