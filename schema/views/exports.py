"""`/exports/`: the files of exports, for who asked for them."""

from typing import Any

from django.http import FileResponse, HttpResponse

from consortium.errors import Refused
from referrals.exports import open_export
from schema import ids
from schema.views.files import STATUS, signed_in
from schema.views.gate import gated, refusal

KINDS = {"zip": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@gated
def export(request: Any, id: str) -> HttpResponse:
    """GET the file of an own export, kept by no cache."""
    try:
        key: Any = ids.decode(id, "Export")
        row = open_export(by=signed_in(request), id=key, now=request.now)
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    kind = KINDS[row.name.rpartition(".")[2]]
    response = FileResponse(row.file.open(), as_attachment=True, filename=row.name, content_type=kind)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]
