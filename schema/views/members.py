"""`/members/`: a list of members sent by an alliance's administrator: tried first, imported when it is confirmed."""

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from consortium import access, idempotency
from consortium.errors import Code, Refused
from consortium.member_template import template as workbook
from consortium.members import Rejected, Report, Tally, import_list
from consortium.tables import MAX_BYTES
from schema.views.files import STATUS, signed_in
from schema.views.gate import gated, refusal

MOST = 500  # changes or problems of a kind in an answer; their number is always told
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@gated
def members(request: Any) -> HttpResponse:
    """POST multipart/form-data: `alliance` (its code), `file` (.xlsx or .csv); answers what it changes or lacks.

    Nothing is written without `idempotencyKey`; the same key and file again get the first answer.
    """
    try:
        by = signed_in(request)
        words = "".join(request.POST.values())
        if request.method != "POST" or "file" not in request.FILES or "\x00" in words:  # which no database takes
            raise Refused(Code.BAD_REQUEST, _("请用 POST multipart/form-data 提交 alliance 和 file。"), field="file")
        access.require(by, "import_members")
        file = request.FILES["file"]
        if (file.size or 0) > MAX_BYTES:
            message = _("文件超过 {limit} MB；请分成几个文件导入。").format(limit=MAX_BYTES // 1024**2)
            raise Refused(Code.LIMIT_EXCEEDED, message, field="file")
        alliance, key = request.POST.get("alliance", ""), request.POST.get("idempotencyKey")
        answer = _answered(request, by, alliance, key, file.name or "", file.read())
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})


def _answered(request: Any, by: Any, alliance: str, key: str | None, name: str, content: bytes) -> dict[str, Any]:
    """What became of the list, in one transaction with its key."""
    mark = idempotency.fingerprint("importMembers", [alliance, name, sha256(content).hexdigest()])
    try:
        with transaction.atomic():
            before = idempotency.claim(by.person, key, mark) if key is not None else None
            if before is not None:  # its report is kept for a day
                return dict(before.answer or {"imported": True, "report": None, "problems": [], "problemCount": 0})
            report = import_list(
                by=by, alliance=alliance, name=name, content=content, confirm=key is not None, now=request.now
            )
            answer = {"imported": key is not None, "report": told(report), "problems": [], "problemCount": 0}
            if key is not None:
                idempotency.remember(by.person, key, answer=answer, subject_id="")
    except Rejected as rejected:
        problems = [vars(problem) for problem in rejected.problems[:MOST]]
        count = len(rejected.problems)
        return {"imported": False, "report": None, "problems": problems, "problemCount": count}
    return answer


def told(report: Report) -> dict[str, Any]:
    """What changes, by kind: how many are new, changed and as before, and which."""
    return {kind: _counted(tally) for kind, tally in vars(report).items()}


def _counted(tally: Tally) -> dict[str, Any]:
    return {
        "created": len(tally.created),
        "updated": len(tally.updated),
        "unchanged": tally.unchanged,
        "new": tally.created[:MOST],
        "changes": [{"name": name, "fields": fields} for name, fields in tally.updated[:MOST]],
    }


@gated
def template(request: Any) -> HttpResponse:
    """GET the workbook to be filled; in another of our languages than the browser's with `?language=`."""
    try:
        access.require(signed_in(request), "import_members")
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    headers = {"Content-Disposition": 'attachment; filename="members.xlsx"', "X-Content-Type-Options": "nosniff"}
    asked = request.GET.get("language", "")
    with override(asked if asked in dict(settings.LANGUAGES) else get_language()):
        return HttpResponse(workbook(), content_type=XLSX, headers=headers)
