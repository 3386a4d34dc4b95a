"""`/session/`: sign in, sign out, and who is signed in, for browsers."""

import json
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from schema import ids
from schema.views.gate import admitted, check_csrf, refusal


@admitted
def session(request: Any) -> HttpResponse:
    """GET tells who is signed in and sets the CSRF cookie; POST signs in by username and password; DELETE signs out."""
    if request.headers.get("Authorization"):
        return refusal(Refused(Code.BAD_REQUEST, _("接口令牌不能用于会话登录。")), 400)
    if request.method == "GET":
        get_token(request)
        return JsonResponse({"person": shown(request.user)})
    if request.method not in ("POST", "DELETE"):
        response = refusal(Refused(Code.BAD_REQUEST, _("请用 GET、POST 或 DELETE。")), 405)
        response.headers["Allow"] = "GET, POST, DELETE"
        return response
    try:
        check_csrf(request)
        if request.method == "POST":
            login(request, checked_credentials(request))
        else:
            logout(request)
    except Refused as refused:
        return refusal(refused, 401 if refused.code is Code.UNAUTHENTICATED else 400)
    return JsonResponse({"person": shown(request.user)})


def checked_credentials(request: Any) -> Any:
    """The person whose username and password the body gives; one answer for every kind of mismatch."""
    try:
        given = json.loads(request.body)
        username, password = given["username"], given["password"]
        f"{username}{password}".encode()  # no lone surrogate may reach the database
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(Code.BAD_REQUEST, _("请以 JSON 提交 username 和 password。")) from error
    if not isinstance(username, str) or not isinstance(password, str) or "\x00" in username + password:
        raise Refused(Code.BAD_REQUEST, _("请以 JSON 提交 username 和 password。"))
    person = authenticate(request, username=username, password=password)
    if person is None:
        raise Refused(Code.UNAUTHENTICATED, _("用户名或密码不正确，或账号已停用。"))
    return person


def shown(user: Any) -> dict[str, str] | None:
    """The signed-in person for the page."""
    if not user.is_authenticated:
        return None
    return {"id": ids.encode("Person", user.pk), "username": user.username, "name": user.name}
