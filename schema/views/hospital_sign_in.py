"""`/session/oidc/…`: away to a hospital's own sign-in, and back from it."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from consortium.errors import Refused
from consortium.models import Way
from consortium.sign_in import entry, oidc
from schema.views.gate import at_the_door
from schema.views.session import PROBLEM, methods

NEXT = "next"  # in the session: where the page was


@at_the_door
def away(request: Any, id: str) -> HttpResponse:
    """GET leads to the provider; `next` names the page of the front to come back to."""
    if wrong := methods(request, "GET"):
        return wrong
    try:
        one = oidc.provider(id)
        address = oidc.begin(request, one, back=request.build_absolute_uri(f"/session/oidc/{one.id}/back/"))
    except Refused as refused:
        return told(request, refused)
    wanted = request.GET.get("next", "")
    safe = wanted.startswith("/app/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    request.session[NEXT] = wanted if safe else "/app/"
    return HttpResponseRedirect(address)


@at_the_door
def back(request: Any, id: str) -> HttpResponse:
    """GET with what the provider answered: signed in, or the second factor is awaited, or the page says why not."""
    if wrong := methods(request, "GET"):
        return wrong
    wanted = request.session.get(NEXT, "/app/")
    try:
        one = oidc.provider(id)
        entry.admit(request, oidc.finish(request, one), Way.HOSPITAL, enough=one.mfa)
    except Refused as refused:
        return told(request, refused)
    return HttpResponseRedirect(wanted)


def told(request: Any, refused: Refused) -> HttpResponse:
    """To the page of the front, which says why somebody was not let in."""
    request.session[PROBLEM] = refused.message
    return HttpResponseRedirect("/app/")
