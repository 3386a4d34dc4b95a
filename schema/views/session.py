"""`/session/`: sign in, sign out, and who is signed in, for browsers; what comes between is a second factor."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.models import Person, Way
from consortium.sign_in import entry, factors, passwords
from schema import ids
from schema.views.gate import at_the_door, check_csrf, refusal

PROBLEM = "problem"  # in the session: what the page should say when it comes back from a hospital's own sign-in


def methods(request: Any, *allowed: str) -> HttpResponse | None:
    """The answer to any other method than those; nothing for one of them, whose CSRF token is checked."""
    if request.method not in allowed:
        words = _("请用 {methods}。").format(methods=_("、").join(allowed))
        response = refusal(Refused(Code.BAD_REQUEST, words), 405)
        response.headers["Allow"] = ", ".join(allowed)
        return response
    if request.method != "GET":
        check_csrf(request)
    return None


def given(request: Any, **kinds: type) -> dict[str, Any]:
    """What the body gives under these names, each of its kind; BAD_REQUEST for anything else."""
    try:
        body = json.loads(request.body)
        found = {name: body[name] for name in kinds}
        json.dumps(found, ensure_ascii=False).encode()  # no lone surrogate may reach the database
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(kinds) from error
    if not all(isinstance(found[name], kind) for name, kind in kinds.items()) or "\\u0000" in json.dumps(found):
        raise _unreadable(kinds)
    return found


def _unreadable(kinds: dict[str, type]) -> Refused:
    return Refused(Code.BAD_REQUEST, _("请以 JSON 提交 {names}。").format(names=", ".join(kinds)))


@at_the_door
def session(request: Any) -> HttpResponse:
    """GET tells who is signed in and sets the CSRF cookie; POST signs in by username and password; DELETE signs out."""
    if wrong := methods(request, "GET", "POST", "DELETE"):
        return wrong
    if request.method == "GET":
        get_token(request)
        problem = request.session.pop(PROBLEM, "") if PROBLEM in request.session else ""
        offered = [{"id": one.id, "name": one.name} for one in settings.OIDC.values()]
        return JsonResponse(standing(request) | {"providers": offered, "problem": problem})
    if request.method == "DELETE":
        logout(request)
        return JsonResponse({"person": None})
    body = given(request, username=str, password=str)
    person = passwords.checked(request, body["username"], body["password"])
    entry.admit(request, person, Way.PASSWORD)
    return JsonResponse(standing(request))


@at_the_door
def factor(request: Any) -> HttpResponse:
    """GET gives what a browser asks the security keys of whoever's factor is awaited; POST shows a factor."""
    if wrong := methods(request, "GET", "POST"):
        return wrong
    if request.method == "GET":
        return JsonResponse(factors.challenge(entry.expected(request)))
    if b'"credential"' in request.body:
        entry.show_factor(request, code=None, credential=given(request, credential=dict)["credential"])
    else:
        entry.show_factor(request, code=given(request, code=str)["code"], credential=None)
    return JsonResponse(standing(request))


@at_the_door
def setup(request: Any) -> HttpResponse:
    """POST sets a password by the secret of a link; the answer names the account, to sign in with."""
    if wrong := methods(request, "POST"):
        return wrong
    body = given(request, secret=str, password=str)
    person = passwords.set_up(request, secret=body["secret"], password=body["password"])
    return JsonResponse({"username": person.username})


def standing(request: Any) -> dict[str, Any]:
    """Who is signed in, and what is still pending: `mfa` with the factors of which one is awaited, or `enrol`."""
    found: dict[str, Any] = {"person": shown(request.user)}
    if request.user.is_authenticated:
        return found | ({"pending": "enrol"} if entry.must_enrol(request.session) else {})
    person = entry.awaited(request)
    return found | ({"pending": "mfa", "factors": factors.ways(person)} if person else {})


def shown(user: Person | Any) -> dict[str, str] | None:
    """The signed-in person for the page."""
    if not user.is_authenticated:
        return None
    return {"id": ids.encode("Person", user.pk), "username": user.username, "name": user.name}
