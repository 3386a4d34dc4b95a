"""`/uploads/`: slides sent piece by piece over poor lines, by the protocol tus 1.0.0 (https://tus.io/protocols).

Core with the extensions creation, checksum (sha1, sha256), termination and expiration. Refusals carry our codes.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import http_date
from django.utils.translation import gettext as _

from consortium import access
from consortium.database.acting import acting
from consortium.errors import Code, Refused
from schema import ids
from schema.views.files import signed_in
from schema.views.gate import admitted, refusal
from telemedicine.models import Upload, UploadState
from telemedicine.uploads.announce import alive, announce_upload, end_upload, find_upload
from telemedicine.uploads.check import begin_checks
from telemedicine.uploads.receive import receive_piece

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination,expiration"
HASHES = ("sha1", "sha256")
PIECE = "application/offset+octet-stream"
READ = 1 << 14  # bytes taken from the line at once
STATUS = {
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.STALE_VERSION: 409,
    Code.LIMIT_EXCEEDED: 413,
    Code.INVALID_STATE: 410,
    Code.BUSY: 423,
    Code.CHECKSUM_MISMATCH: 460,
    Code.STORAGE_FULL: 507,
}


def tus(**answers: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A gated view of the protocol, with one function for each method; refusals are data."""

    @admitted
    def view(request: Any, **named: Any) -> HttpResponse:
        method = request.method
        if method == "POST":  # for proxies that know no PATCH; a method that is always safe never becomes another
            method = request.headers.get("X-HTTP-Method-Override", method)
        if method == "OPTIONS":
            response = promises()
        elif method not in answers:
            response = refusal(Refused(Code.BAD_REQUEST, _("此地址不接受 {method}。").format(method=method[:20])), 405)
            response.headers["Allow"] = ", ".join([*answers, "OPTIONS"])
        elif request.headers.get("Tus-Resumable") != VERSION:
            response = refusal(Refused(Code.BAD_REQUEST, _("请使用 tus 1.0.0 协议（Tus-Resumable: 1.0.0）。")), 412)
            response.headers["Tus-Version"] = VERSION
        else:
            try:
                by = signed_in(request)
                # A piece may take minutes to come; the parts of its reception are transactions of their own.
                with nullcontext() if method == "PATCH" else acting(by):
                    response = answers[method](request, by=by, **named)
            except Refused as refused:
                response = refusal(refused, STATUS.get(refused.code, 400))
        response.headers["Tus-Resumable"] = VERSION
        return response

    return view


def promises() -> HttpResponse:
    """What this server can do."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.SLIDE_BYTES),
        "Tus-Checksum-Algorithm": ",".join(HASHES),
    }
    return HttpResponse(status=204, headers=headers)


def create(request: Any, by: Any) -> HttpResponse:
    """POST: announce a file; Upload-Metadata carries `slide` (global id), `filename`, and optionally its `sha256`."""
    if "Upload-Defer-Length" in request.headers:
        raise Refused(Code.BAD_REQUEST, _("请在创建上传时给出文件大小 Upload-Length。"), field="Upload-Length")
    given = request.headers.get("Upload-Metadata", "")
    metadata = read_metadata(given)
    sha256 = metadata.get("sha256", "")
    if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise Refused(Code.INVALID_INPUT, _("sha256 须为 64 位十六进制。"), field="sha256")
    upload = announce_upload(
        by=by,
        slide=ids.decode(metadata.get("slide", ""), "Slide", field="slide"),  # type: ignore[arg-type]
        name=metadata.get("filename", ""),
        size=number(request, "Upload-Length"),
        sha256=sha256,
        metadata=given,
        now=request.now,
    )
    response = HttpResponse(status=201, headers=standing(upload))
    response.headers["Location"] = f"/uploads/{ids.encode('Upload', upload.pk)}"
    return response


def tell(request: Any, by: Any, id: str) -> HttpResponse:
    """HEAD: how much is safely stored."""
    upload = find_upload(by=by, id=key(id))
    alive(upload, request.now)
    headers = standing(upload) | {"Upload-Length": str(upload.size)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return HttpResponse(status=200, headers=headers)


def append(request: Any, by: Any, id: str) -> HttpResponse:
    """PATCH: a piece at Upload-Offset, with the digest of Upload-Checksum if one is given."""
    if request.content_type != PIECE:
        raise Refused(Code.BAD_REQUEST, _("数据段的 Content-Type 须为 application/offset+octet-stream。"))
    upload = receive_piece(
        by=by,
        id=key(id),
        offset=number(request, "Upload-Offset"),
        length=None if chunked(request) else number(request, "Content-Length", "0"),
        blocks=body(request),
        check=checksum(request.headers.get("Upload-Checksum")),
        now=request.now,
    )
    if upload.state == UploadState.CHECKING:
        begin_checks()
    return HttpResponse(status=204, headers=standing(upload))


def give_up(request: Any, by: Any, id: str) -> HttpResponse:
    """DELETE: forget the upload and what came of it."""
    end_upload(by=by, id=key(id), now=request.now)
    return HttpResponse(status=204)


uploads = tus(POST=create)
upload_piece = tus(HEAD=tell, PATCH=append, DELETE=give_up)


def standing(upload: Upload) -> dict[str, str]:
    """How far an upload is, and until when it waits."""
    headers = {"Upload-Offset": str(upload.offset), "Cache-Control": "no-store"}
    if upload.state == UploadState.RECEIVING:
        headers["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return headers


def key(id: str) -> Any:
    """The key of an upload; what is no id of ours is not found."""
    try:
        return ids.decode(id, "Upload")
    except Refused as refused:
        raise access.not_found() from refused


def number(request: Any, header: str, absent: str = "") -> int:
    """A header that counts bytes; BAD_REQUEST otherwise."""
    text = request.headers.get(header) or absent
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Refused(Code.BAD_REQUEST, _("请求头 {header} 须为非负整数。").format(header=header), field=header)
    return int(text)


def read_metadata(text: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata header; BAD_REQUEST if it is not one."""
    try:
        if len(text) > 2000:
            raise ValueError(text[:20])
        pairs = (pair.strip().partition(" ") for pair in text.split(",") if pair.strip())
        found = {name: base64.b64decode(value, validate=True).decode() for name, _space, value in pairs}
        if "\x00" in "".join(found.values()):
            raise ValueError("null character")
    except (ValueError, binascii.Error) as error:
        raise Refused(
            Code.BAD_REQUEST,
            _("Upload-Metadata 须为“名称 Base64”对，逗号分隔，不超过 2000 字符。"),
            field="Upload-Metadata",
        ) from error
    return found


def checksum(text: str | None) -> tuple[Any, bytes] | None:
    """An empty hash and the digest of an Upload-Checksum header; BAD_REQUEST if it is not one that we know."""
    if text is None:
        return None
    name, _space, value = text.partition(" ")
    try:
        if name not in HASHES:
            raise ValueError(name)
        empty, wanted = hashlib.new(name, usedforsecurity=False), base64.b64decode(value, validate=True)
        if len(wanted) != empty.digest_size:
            raise ValueError(value)
    except (ValueError, binascii.Error) as error:
        raise Refused(
            Code.BAD_REQUEST, _("Upload-Checksum 须为 sha1 或 sha256 加 Base64 摘要。"), field="Upload-Checksum"
        ) from error
    return empty, wanted


def chunked(request: Any) -> bool:
    """Whether the body comes without its length, from a server that knows its end."""
    coded = request.headers.get("Transfer-Encoding", "").lower() == "chunked"
    return coded and ("asgi.scope" in request.META or bool(request.META.get("wsgi.input_terminated")))


def body(request: Any) -> Iterator[bytes]:
    """The body as it comes, never the whole of it in memory; a cut or silent line is its end."""
    stream = request.META["wsgi.input"] if chunked(request) else request
    try:
        while block := stream.read(READ):
            yield block
    except OSError:
        return
