"""Who is asking: a browser's session or a system's token, never both; and what every request carries with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from consortium import access, moment, tokens
from consortium.access import Actor
from consortium.database.acting import acting
from consortium.errors import Code, Refused

SAFE = {"GET", "HEAD", "OPTIONS"}


class CsrfCheck(CsrfViewMiddleware):
    """The framework's own check, called where a session is used."""

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def refusal(refused: Refused, status: int) -> JsonResponse:
    """A refusal as the body of an answer, in the shape of GraphQL errors."""
    extensions = {"code": refused.code.value} | ({"field": refused.field} if refused.field else {})
    body = {"errors": [{"message": refused.message, "extensions": extensions}]}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def check_csrf(request: HttpRequest) -> None:
    """BAD_REQUEST unless the request carries the CSRF token of its own page."""
    check = CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Refused(
            Code.BAD_REQUEST,
            _("缺少或不匹配的 CSRF 令牌：请刷新页面后重试；系统对接请使用接口令牌。"),
        )


def admit(request: HttpRequest) -> Actor | None:
    """The actor of a request, nobody if it carries no credentials; Refused if they are wrong or two kinds at once."""
    bearer = request.headers.get("Authorization", "")
    signed_in = request.user.is_authenticated
    if not bearer:
        if request.method not in SAFE and signed_in:
            check_csrf(request)
        return access.actor(request.user, now=request.now, request_id=request.trace) if signed_in else None  # type: ignore[arg-type, attr-defined]
    if signed_in:
        raise Refused(Code.BAD_REQUEST, _("请求同时带有会话和接口令牌；请只用其中一种。"))
    kind, _space, secret = bearer.partition(" ")
    found = tokens.owner(secret.strip(), now=request.now) if kind.lower() == "bearer" else None  # type: ignore[attr-defined]
    if found is None:
        raise Refused(Code.UNAUTHENTICATED, _("接口令牌无效、已过期或已吊销；请重新签发。"))
    person, scopes = found
    return access.actor(person, now=request.now, request_id=request.trace, scopes=scopes)  # type: ignore[attr-defined]


def gated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view as `admitted` makes it, in one transaction of the database in the actor's name."""

    @wraps(view)
    def within(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(request.actor):
            return view(request, *args, **kwargs)

    return admitted(within)


def admitted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view with `request.actor`, the moment and the request id; wrong credentials are answered here.

    It says itself by `acting` when it speaks to the database: outside, no row about a patient is there.
    """

    @csrf_exempt
    @wraps(view)
    def behind(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        request.now, request.trace = moment.now(), str(uuid4())
        try:
            request.actor = admit(request)
        except Refused as refused:
            response: HttpResponse = refusal(refused, 401 if refused.code is Code.UNAUTHENTICATED else 400)
        else:
            response = view(request, *args, **kwargs)
        response.headers["X-Request-Id"] = request.trace
        response.headers["X-Refnet-Now"] = request.now.isoformat()
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return behind
