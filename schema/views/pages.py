"""Pages of our own, built by `web/` and served without any outside host: the front, GraphiQL; and the door at `/`."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
# Of the front: no script, style or request but our own; blob: is for pictures that were just taken, data: for the
# mark on the tab, which would be one more wait on a slow line.
APP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def graphiql(request: HttpRequest) -> HttpResponse:
    """The bundled GraphiQL; absent in production, and a sentence where it was not built."""
    if not settings.GRAPHIQL:
        raise Http404
    page = settings.FRONT / "graphiql.html"
    if not page.is_file():
        message = _("GraphiQL 页面尚未构建：请运行 python web/build.py；接口 /graphql/ 不受影响。")
        return HttpResponse(message, status=503, content_type="text/plain; charset=utf-8")
    headers: dict[str, Any] = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8", headers=headers)


def door(request: HttpRequest) -> HttpResponse:
    """To the front; where it is not built, its own page says what to do."""
    return HttpResponseRedirect("/app/")


def app(request: HttpRequest, rest: str = "") -> HttpResponse:
    """The front: one page for each of its addresses; it holds nothing of a case and asks for everything itself."""
    page = settings.FRONT / "index.html"
    if not page.is_file():
        message = _("网页尚未构建：请运行 python web/build.py；接口 /graphql/ 不受影响。")
        return HttpResponse(message, status=503, content_type="text/plain; charset=utf-8")
    headers = {
        "Content-Security-Policy": APP_POLICY,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8", headers=headers)
