"""Pages of our own: GraphiQL, built by `web/` and served without any outside host; and the door at `/`."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)


def graphiql(request: HttpRequest) -> HttpResponse:
    """The bundled GraphiQL; absent in production, and a sentence where it was not built."""
    if not settings.GRAPHIQL:
        raise Http404
    page = settings.BASE_DIR / "web" / "dist" / "graphiql.html"
    if not page.is_file():
        message = _("GraphiQL 页面尚未构建：请运行 python web/build.py；接口 /graphql/ 不受影响。")
        return HttpResponse(message, status=503, content_type="text/plain; charset=utf-8")
    headers: dict[str, Any] = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8", headers=headers)


def door(request: HttpRequest) -> HttpResponse:
    """To GraphiQL where it is served, as long as there is no other front; else a word on where the API is."""
    if not settings.GRAPHIQL:
        return HttpResponse("Refnet: POST /graphql/\n", content_type="text/plain; charset=utf-8")
    return HttpResponseRedirect("/graphiql/")
