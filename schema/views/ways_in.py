"""`/session/…`: the ways in of whoever is signed in: second factors, password, sessions, and what was tried."""

from typing import Any

import segno
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from consortium.models import Person, SignIn, Way
from consortium.sign_in import entry, factors, passwords, sessions
from schema.views.gate import at_the_door
from schema.views.session import given, methods

LATEST = 20  # attempts that are shown


def owner(request: Any, *, fresh: bool = False) -> Person:
    """Who is signed in; UNAUTHENTICATED if nobody is, or if what touches the ways in themselves comes too late."""
    if request.actor is None or request.actor.person is None:
        raise Refused(Code.UNAUTHENTICATED, _("请先登录。"))
    if fresh:
        entry.require_fresh(request.session)
    person: Person = request.actor.person
    return person


@at_the_door
def own_factors(request: Any) -> HttpResponse:
    """GET lists what is enrolled."""
    if wrong := methods(request, "GET"):
        return wrong
    person = owner(request)
    rows = [row for row in factors.of(person) if row.type != factors.Kind.RECOVERY_CODES]
    shown = [
        {
            "id": row.pk,
            "way": factors.SHOWN[row.type],
            "name": row.data.get("name", ""),
            "addedAt": local(row.created_at),
            "usedAt": local(row.last_used_at),
        }
        for row in rows
    ]
    return JsonResponse({"factors": shown, "recoveryCodes": factors.unused_codes(person), "compulsory": settings.MFA})


@at_the_door
def own_factor(request: Any, id: int) -> HttpResponse:
    """DELETE removes one."""
    if wrong := methods(request, "DELETE"):
        return wrong
    owner(request, fresh=True)
    factors.remove(request, by=request.actor, pk=id, compulsory=settings.MFA)
    return JsonResponse({})


@at_the_door
def own_totp(request: Any) -> HttpResponse:
    """POST gives a new secret with its QR code; PUT enrols it by a code that it shows."""
    if wrong := methods(request, "POST", "PUT"):
        return wrong
    person = owner(request, fresh=True)
    if request.method == "POST":
        secret, address = factors.begin_totp(request, person)
        return JsonResponse({"secret": secret, "address": address, "picture": squares(address)})
    codes = factors.add_totp(request, by=request.actor, code=given(request, code=str)["code"])
    entry.enrolled(request, Way.TOTP)
    return JsonResponse({"recoveryCodes": codes})


@at_the_door
def own_keys(request: Any) -> HttpResponse:
    """POST gives what a browser asks a new security key; PUT enrols its answer under a name."""
    if wrong := methods(request, "POST", "PUT"):
        return wrong
    person = owner(request, fresh=True)
    if request.method == "POST":
        return JsonResponse(factors.begin_key(request, person))
    codes = factors.add_key(request, by=request.actor, **given(request, name=str, credential=dict))
    entry.enrolled(request, Way.SECURITY_KEY)
    return JsonResponse({"recoveryCodes": codes})


@at_the_door
def own_recovery_codes(request: Any) -> HttpResponse:
    """POST makes new recovery codes, shown in this answer alone."""
    if wrong := methods(request, "POST"):
        return wrong
    owner(request, fresh=True)
    return JsonResponse({"recoveryCodes": factors.new_codes(request, by=request.actor)})


@at_the_door
def own_password(request: Any) -> HttpResponse:
    """POST changes the password; every other session ends, this one goes on."""
    if wrong := methods(request, "POST"):
        return wrong
    owner(request)
    body = given(request, old=str, new=str)
    person = passwords.change_password(request, by=request.actor, old=body["old"], new=body["new"])
    update_session_auth_hash(request, person)
    return JsonResponse({})


@at_the_door
def own_sessions(request: Any) -> HttpResponse:
    """GET lists the sessions in which one is signed in; DELETE ends all but this one."""
    if wrong := methods(request, "GET", "DELETE"):
        return wrong
    person, mine = owner(request), request.session.session_key
    if request.method == "DELETE":
        return JsonResponse({"ended": sessions.end([person], but=mine)})
    shown = []
    for row in sessions.of(person):
        data = row.get_decoded()
        shown.append(
            {
                "mine": row.session_key == mine,
                "beganAt": local(row.began_at),
                "endsAt": local(row.expire_date),
                "address": data.get(sessions.ADDRESS),
                "agent": data.get(sessions.AGENT, ""),
            }
        )
    return JsonResponse({"sessions": shown})


@at_the_door
def own_sign_ins(request: Any) -> HttpResponse:
    """GET lists the latest attempts to come in with one's name."""
    if wrong := methods(request, "GET"):
        return wrong
    rows = SignIn.objects.filter(person=owner(request)).order_by("-at")[:LATEST]
    shown = [
        {
            "at": local(row.at),
            "way": row.way,
            "wayLabel": row.get_way_display(),
            "outcome": row.outcome,
            "outcomeLabel": row.get_outcome_display(),
            "address": row.address,
            "agent": row.agent,
        }
        for row in rows
    ]
    return JsonResponse({"signIns": shown})


def local(moment: Any) -> str | None:
    """A moment in the network's own zone."""
    return timezone.localtime(moment).isoformat() if moment else None


def squares(text: str) -> dict[str, Any]:
    """A QR code as one path of dark squares, and how many squares wide it is with its quiet border."""
    border = 4
    rows = list(segno.make(text, error="m").matrix)
    path = "".join(
        f"M{x + border} {y + border}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return {"size": len(rows) + 2 * border, "path": path}
