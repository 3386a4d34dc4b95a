"""What a request asks for, by the specification GraphQL over HTTP, read strictly: one way to say one thing."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from consortium.access import Actor
from consortium.errors import Code, Refused
from consortium.roles import DOCUMENTS
from schema import persisted

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
NULL = re.compile(r"\\u\{0+\}")  # the null character as GraphQL writes it, which no database takes
PARAMETERS = ("query", "documentId", "variables", "operationName", "extensions")


class Unreadable(Refused):
    """A request that cannot be read, with the status of HTTP that says how."""

    def __init__(self, status: int, message: str, *, code: Code = Code.BAD_REQUEST, field: str | None = None) -> None:
        super().__init__(code, message, field=field)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """What a request asks for."""

    text: str
    variables: dict[str, Any] | None
    name: str | None
    extensions: dict[str, Any]


def answer_type(request: HttpRequest) -> str:
    """The media type of the answer that the client prefers; Unreadable (406) if it takes neither."""
    found = request.get_preferred_type([JSON, GRAPHQL])
    if found is None:
        raise Unreadable(406, _("只能以 {types} 作答，请修改 Accept。").format(types=f"{GRAPHQL} / {JSON}"))
    return str(found)


def read(request: Any) -> Asked:
    """What a body asks for; Unreadable or Refused with what is wrong with it."""
    if request.content_type != JSON or request.content_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Unreadable(415, _("请求正文须为 application/json，UTF-8 编码。"))
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unreadable(415, _("请求正文不能压缩。"))
    if "Transfer-Encoding" in request.headers:
        raise Unreadable(411, _("请求须带 Content-Length，不能分块传输。"))
    length = request.headers.get("Content-Length") or "0"
    if not (length.isascii() and length.isdigit()):
        raise Unreadable(400, _("Content-Length 须为字节数。"))
    limit = settings.GRAPHQL_LIMITS["body_bytes"]
    if len(length) > 9 or int(length) > limit or len(request.body) > limit:
        raise Unreadable(
            413, _("请求正文超过 {limit} 字节；附件请用上传接口。").format(limit=limit), code=Code.LIMIT_EXCEEDED
        )
    return asked(parsed(request.body), request.actor)


def read_address(request: Any) -> Asked:
    """What the query of an address asks for; variables and extensions are JSON, each parameter is given once."""
    body: dict[str, Any] = {}
    for name in PARAMETERS:
        given = request.GET.getlist(name)
        if len(given) > 1:
            raise Refused(Code.BAD_REQUEST, _("{name} 只能给出一次。").format(name=name), field=name)
        body[name] = given[0] if given else None
    for name in ("variables", "extensions"):
        if body[name] is not None:
            body[name] = parsed(body[name].encode("utf-8", "surrogatepass"), field=name)
    if body["query"] is not None and "\x00" in body["query"]:
        raise Refused(Code.BAD_REQUEST, _("query 不能含空字符。"), field="query")
    return asked(body, request.actor)


def parsed(raw: bytes, *, field: str | None = None) -> dict[str, Any]:
    """A JSON object: UTF-8, no name twice, no null character, nothing that JSON has no word for, not too deep."""
    try:
        body = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once)
        # No lone surrogate and no number beyond all bounds may reach the database.
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Refused(Code.BAD_REQUEST, _("请求正文不是有效的 UTF-8 JSON，或有重复的名称。"), field=field) from error
    if not isinstance(body, dict) or b"\\u0000" in raw or b"\x00" in raw or NULL.search(str(body.get("query"))):
        raise Refused(Code.BAD_REQUEST, _("请求正文须为 JSON 对象，且不含空字符。"), field=field)
    if too_deep(body):
        raise Refused(
            Code.BAD_REQUEST,
            _("JSON 嵌套不能超过 {levels} 层。").format(levels=settings.GRAPHQL_LIMITS["nesting"]),
            field=field,
        )
    return body


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice: readers differ in which of the two they believe."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(pairs)
    return found


def too_deep(body: Any) -> bool:
    """Whether a value of JSON has more levels than allowed."""
    level = [body]
    for _level in range(settings.GRAPHQL_LIMITS["nesting"]):
        inner = (one.values() if isinstance(one, dict) else one if isinstance(one, list) else () for one in level)
        level = [value for values in inner for value in values]
        if not level:
            return False
    return True


def asked(body: dict[str, Any], by: Actor | None) -> Asked:
    """The parts of a request, of the right kinds; Refused with what is wrong with them."""
    text, variables, name = document(body, by), body.get("variables"), body.get("operationName")
    extensions = body.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise Refused(Code.BAD_REQUEST, _("variables 须为 JSON 对象。"), field="variables")
    if name is not None and not isinstance(name, str):
        raise Refused(Code.BAD_REQUEST, _("operationName 须为字符串。"), field="operationName")
    if extensions is not None and not isinstance(extensions, dict):
        raise Refused(Code.BAD_REQUEST, _("extensions 须为 JSON 对象。"), field="extensions")
    return Asked(text, variables, name, extensions or {})


def document(body: dict[str, Any], by: Actor | None) -> str:
    """The document of a request: one of the front's by its hash, or its own where that is allowed; never both."""
    text, id = body.get("query"), body.get("documentId")
    if id is not None:
        if text is not None:
            raise Refused(Code.BAD_REQUEST, _("query 与 documentId 只能给出一个。"), field="documentId")
        return persisted.text_of(id if isinstance(id, str) else "")
    if not isinstance(text, str) or not text.strip():
        raise Refused(Code.BAD_REQUEST, _("缺少 query：请在 JSON 中给出 GraphQL 文档。"), field="query")
    if not may_bring_documents(by):
        raise Unreadable(
            403,
            _("此处只执行本系统页面的文档（documentId）；对接系统请向运维申请范围含 documents 的接口令牌。"),
            code=Code.DOCUMENT_NOT_ALLOWED,
            field="query",
        )
    return text


def may_bring_documents(by: Actor | None) -> bool:
    """Whether somebody may send a document of their own: anybody where the settings say so, else a named integrator."""
    return settings.FREE_DOCUMENTS or (by is not None and by.scopes is not None and DOCUMENTS in by.scopes)
