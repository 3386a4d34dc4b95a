"""`/viewer/<slide>/`: the page that shows a slide; and the pictures of key images. Both are checked each time."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consortium import access
from consortium.errors import Refused
from schema import ids
from schema.views.files import signed_in
from schema.views.gate import gated
from schema.views.slides import refusing
from telemedicine import key_images, viewing

# No script, style or picture but our own; the page itself holds nothing of a case.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@gated
def viewer(request: Any, id: str) -> HttpResponse:
    """GET: the viewer's page. To the signed-out it is a sign-in form; a slide one may not see does not exist."""
    page = settings.FRONT / "viewer.html"
    if not page.is_file():
        return sentence(_("阅片页面尚未构建：请运行 python web/build.py；接口 /graphql/ 不受影响。"), 503)
    status = 200
    if request.actor is None:
        status = 401
    else:
        try:
            viewing.find_slide(request.actor, key(id, "Slide"))
        except Refused as refused:
            return sentence(refused.message, 404)
    return secured(HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8", status=status))


@gated
@refusing
def key_image(request: Any, id: str) -> HttpResponse:
    """GET: the picture of a key image, as it was when it was chosen; a cache keeps it no longer than a minute."""
    row = key_images.find_key_image(by=signed_in(request), id=key(id, "KeyImage"))
    headers = {"Cache-Control": "private, max-age=60", "X-Content-Type-Options": "nosniff", "ETag": f'"{row.sha256}"'}
    return HttpResponse(key_images.picture(row), content_type="image/jpeg", headers=headers)


def secured(response: HttpResponse) -> HttpResponse:
    """The response with the rules that a browser keeps for us."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def sentence(message: str, status: int) -> HttpResponse:
    """A page of one sentence."""
    return secured(HttpResponse(message, status=status, content_type="text/plain; charset=utf-8"))


def key(id: str, kind: str) -> UUID:
    """The key of an object; what is no id of ours is not found."""
    try:
        return UUID(ids.decode(id, kind))
    except Refused as refused:
        raise access.not_found() from refused
