"""`/attachments/`: upload to a referral, and download for those who see it."""

from typing import Any

from django.http import FileResponse, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused
from referrals.attachments import add_attachment, open_attachment
from schema import ids
from schema.views.gate import gated, refusal

STATUS = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.LIMIT_EXCEEDED: 413,
    Code.INTERNAL: 500,
}


@gated
def upload(request: Any) -> HttpResponse:
    """POST multipart/form-data: `referral` (global id), `file`, and optionally its `sha256`; answers the attachment.

    The same content sent again is the same attachment, so a broken upload is simply repeated.
    """
    try:
        by = signed_in(request)
        if request.method != "POST" or "file" not in request.FILES:
            raise Refused(Code.BAD_REQUEST, _("请用 POST multipart/form-data 提交 referral 和 file。"), field="file")
        file = request.FILES["file"]
        row = add_attachment(
            by=by,
            id=ids.decode(request.POST.get("referral", ""), "Referral", field="referral"),  # type: ignore[arg-type]
            name=file.name or "",
            file=file,
            expected_sha256=request.POST.get("sha256"),
            now=request.now,
        )
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    named = ids.encode("Attachment", row.pk)
    shown = {"id": named, "url": f"/attachments/{named}/", "sha256": row.sha256, "mediaType": row.media_type}
    return JsonResponse({"attachment": shown | {"name": row.name, "size": row.size}}, status=201)


@gated
def download(request: Any, id: str) -> HttpResponse:
    """GET the content; never shown inside our pages, and never kept by a cache."""
    try:
        by = signed_in(request)
        row = open_attachment(by=by, id=ids.decode(id, "Attachment"), now=request.now)  # type: ignore[arg-type]
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    response = FileResponse(row.file.open(), as_attachment=True, filename=row.name, content_type=row.media_type)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]


def signed_in(request: Any) -> Any:
    """The actor of the request; UNAUTHENTICATED if there is none."""
    if request.actor is None:
        raise Refused(Code.UNAUTHENTICATED, _("请先登录，或提供有效的接口令牌。"))
    return request.actor
