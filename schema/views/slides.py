"""`/slides/`: what a viewer needs of one slide image, its tiles and its pictures; each request is checked.

`info` hands out a grant of a few minutes, as a cookie for browsers and as a text for systems. A tile with a grant costs
no statement while the process trusts it (seconds); without one it is checked as every other request.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse, parse_cookie
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from consortium import access, moment, trail
from consortium.errors import Code, Refused
from consortium.models import Purpose
from schema import ids
from schema.views.files import STATUS, signed_in
from schema.views.gate import gated, refusal
from telemedicine import grants, store, tiles
from telemedicine.models import SlideImage
from telemedicine.uploads.announce import lab_role
from telemedicine.wsi import BadSlide, NoSuchTile

COOKIE = "slide"
PLACE = re.compile(r"([0-9]{1,10})_([0-9]{1,10})")
LEVEL = re.compile(r"[0-9]{1,3}")
TILE = re.compile(
    r"/slides/(?P<id>[^/]+)/tiles/(?P<level>[0-9]{1,3})/(?P<place>(?P<column>[0-9]{1,10})_(?P<row>[0-9]{1,10}))"
)
UNTIL_ASKED = 60  # seconds a browser may keep a tile that came without a grant
logger = logging.getLogger("refnet.slides")


def refusing(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view with GET and HEAD alone, and refusals as data."""

    @wraps(view)
    def asked(request: Any, **named: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            response = refusal(Refused(Code.BAD_REQUEST, _("请用 GET。")), 405)
            response.headers["Allow"] = "GET, HEAD"
            return response
        try:
            return view(request, **named)
        except Refused as refused:
            return refusal(refused, STATUS.get(refused.code, 400))

    return asked


@gated
@refusing
def info(request: Any, id: str) -> HttpResponse:
    """GET: size, scale and the grid of each level, the pictures one may see, and a grant for the tiles."""
    by = signed_in(request)
    image = grants.find_image(by=by, id=key(id))
    text, grant = grants.issue(by=by, image=image, credential=credential(request), now=request.now)
    trail.audit(
        by,
        "read_slide",
        image,
        role=next(iter(by.held), None),
        purpose="TREATMENT",
        patient_id=image.case.patient_id,
        now=request.now,
    )
    shown = described(image, id, labels=lab_role(by, image.case) is not None)
    response = JsonResponse(
        {"slide": shown | {"grant": text, "grantEndsAt": timezone.localtime(grant.ends_at).isoformat()}},
        json_dumps_params={"ensure_ascii": False},
    )
    response.set_cookie(
        COOKIE,
        text,
        max_age=settings.GRANT_SECONDS,
        path=f"/slides/{id}/",
        httponly=True,
        samesite="Strict",
        secure=settings.PRODUCTION,
    )
    return response


def described(image: SlideImage, id: str, *, labels: bool) -> dict[str, Any]:
    """A slide as a viewer wants it; a picture with the label on it is there only for those who may see it."""
    slide = tiles.opened.get(image.pk)
    names = sorted(name for name, kept in image.pictures.items() if name != "index" and (labels or not kept["label"]))
    return {
        "id": id,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "mpp": image.mpp,
        "mppX": slide.mpp[0] if slide.mpp else None,
        "mppY": slide.mpp[1] if slide.mpp else None,
        "magnification": image.magnification,
        "sha256": image.sha256,
        "levels": [
            {
                "width": level.width,
                "height": level.height,
                "tileWidth": level.tile_width,
                "tileHeight": level.tile_height,
                "columns": level.columns,
                "rows": level.rows,
                "downsample": level.downsample,
                "stored": level.raw,
            }
            for level in slide.levels
        ],
        "tiles": f"/slides/{id}/tiles/{{level}}/{{column}}_{{row}}",
        "pictures": {name: f"/slides/{id}/pictures/{name}" for name in names},
    }


@csrf_exempt
def tile(request: Any, id: str, level: str, place: str) -> HttpResponse:
    """GET: one tile at the file's own grid; with a grant without asking who else it may be."""
    granted = grant_of(request, id)
    if granted is None:
        return checked_tile(request, id=id, level=level, place=place)
    left = int((granted.ends_at - moment.now()).total_seconds())
    return quick_tile(request, image=granted.image, level=level, place=place, keep=max(left, 0))


@gated
@refusing
def checked_tile(request: Any, id: str, level: str, place: str) -> HttpResponse:
    """A tile for somebody with a session or a token and no grant."""
    image = grants.find_image(by=signed_in(request), id=key(id))
    return served(request, image.pk, level, place, keep=UNTIL_ASKED)


@refusing
def quick_tile(request: Any, image: UUID, level: str, place: str, keep: int) -> HttpResponse:
    """A tile for the holder of a grant that counts."""
    return served(request, image, level, place, keep=keep)


def grant_of(request: Any, id: str) -> grants.Grant | None:
    """The grant that a request carries, if it is for this image and still counts."""
    text = request.COOKIES.get(COOKIE) or request.GET.get("grant")
    if not text:
        return None
    try:
        image = key(id)
    except Refused:
        return None
    now = moment.now()
    grant = grants.read(text, image=image, now=now)
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return grant if grant and grants.holds(grant, session_key=session_key, now=now) else None


def served(request: Any, image: UUID, level: str, place: str, *, keep: int) -> HttpResponse:
    """The tile, or that the browser's is still right; an image never changes, so its tiles have lasting names."""
    where = PLACE.fullmatch(place)
    if not where or not LEVEL.fullmatch(level):
        raise no_tile()
    headers = of_tile(image, level, place, keep)
    try:
        slide = tiles.opened.get(image)
        slide.number(int(level), int(where[1]), int(where[2]))
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return HttpResponse(status=304, headers=headers)
        data, kind = slide.tile(int(level), int(where[1]), int(where[2]))
    except NoSuchTile as error:
        raise no_tile() from error
    except BadSlide as error:
        logger.exception("tile %s %s of image %s", level, place, image)
        raise Refused(Code.INTERNAL, _("该图块无法读取；请重试，若仍失败请联系管理员。")) from error
    return HttpResponse(data, content_type=kind, headers=headers)


def of_tile(image: UUID, level: str, place: str, keep: int) -> dict[str, str]:
    """The headers of a tile, which a browser may keep for so many seconds."""
    tag = f'"{image.hex}-{level}-{place}"'
    return {"ETag": tag, "Cache-Control": f"private, max-age={keep}", "X-Content-Type-Options": "nosniff"}


def at_hand(scope: dict[str, Any]) -> tuple[dict[str, str], bytes] | None:
    """Headers and bytes of a tile that can be had at once, for an ASGI server: its cookie's grant is trusted, its slide
    open, its bytes in memory. None says nothing: the view decides, and explains.
    """
    found = TILE.fullmatch(scope["path"])
    if not found or scope["method"] != "GET":
        return None
    given = dict(scope["headers"])
    cookies = parse_cookie(given.get(b"cookie", b"").decode("latin-1"))
    now = moment.now()
    try:
        grant = grants.read(cookies.get(COOKIE, ""), image=key(found["id"]), now=now)
        if not grant or not grants.trusts(grant, session_key=cookies.get(settings.SESSION_COOKIE_NAME, "")):
            return None
        slide, level = tiles.opened.at_hand(grant.image), int(found["level"])
        data = slide and slide.raw_tile(level, int(found["column"]), int(found["row"]), waiting=False)
    except (Refused, NoSuchTile, BadSlide):
        return None
    headers = of_tile(grant.image, found["level"], found["place"], int((grant.ends_at - now).total_seconds()))
    if not data or given.get(b"if-none-match", b"").decode("latin-1") == headers["ETag"]:
        return None
    return headers | {"Content-Type": "image/jpeg", "Referrer-Policy": "same-origin"}, data


@gated
@refusing
def picture(request: Any, id: str, name: str) -> HttpResponse:
    """GET: the overview, or a picture beside the tissue; one with the label on it only for the sender's lab."""
    by = signed_in(request)
    image = grants.find_image(by=by, id=key(id))
    kept = image.pictures.get(name) if name != "index" else None
    if kept is None or (kept["label"] and lab_role(by, image.case) is None):
        raise access.not_found()
    headers = {"Cache-Control": f"private, max-age={UNTIL_ASKED}", "X-Content-Type-Options": "nosniff"}
    if kept["label"]:
        headers["Cache-Control"] = "private, no-store"
        trail.audit(
            by,
            "read_slide_label",
            image,
            role=lab_role(by, image.case),
            purpose=Purpose.TREATMENT,
            patient_id=image.case.patient_id,
            now=request.now,
        )
    return HttpResponse(store.get(kept["file"]), content_type="image/jpeg", headers=headers)


def credential(request: Any) -> str:
    """By what a request proved who asks."""
    bearer = request.headers.get("Authorization", "")
    if bearer:
        return grants.by_token(bearer.partition(" ")[2].strip())
    return grants.by_session(request.session.session_key)


def key(id: str) -> Any:
    """The key of an image; what is no id of ours is not found."""
    try:
        return UUID(ids.decode(id, "SlideImage"))
    except Refused as refused:
        raise access.not_found() from refused


def no_tile() -> Refused:
    """The answer to a level, column or row that the slide does not have."""
    return Refused(Code.NOT_FOUND, _("该切片没有此图块：请按 info 给出的层级与行列范围请求。"), field="tile")
