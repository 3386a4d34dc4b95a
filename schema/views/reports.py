"""`/reports/`: signed versions and one's own drafts as files; `/verify/`: the check of a printed copy, for anybody."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consortium.errors import Refused
from schema import ids
from schema.views.files import STATUS, signed_in
from schema.views.gate import gated, refusal
from telemedicine.reports import reading, seal, sheet

HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer"><title>{title}</title>
<style>body{{font:1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#111}}
label,input,button{{font:inherit}}input{{width:12rem;padding:.4rem}}button{{padding:.4rem 1rem}}
dt{{color:#555}}dd{{margin:0 0 .6rem;overflow-wrap:anywhere}}</style></head>
<body><main><h1>{title}</h1><form method="get" action=""><p><label for="code">{ask}</label><br>
<input id="code" name="code" value="{code}" maxlength="20" autocomplete="off" spellcheck="false" required>
<button>{check}</button></p></form><div role="status">{result}</div></main></body></html>
"""


@gated
def as_pdf(request: Any, id: str) -> HttpResponse:
    """GET the PDF of a signed version, or of one's own draft, which says on every page that it is not signed."""
    address = request.build_absolute_uri("/verify/")
    try:
        by = signed_in(request)
        made, name = reading.printed(
            by=by, id=ids.decode(id, "Report", "ReportDraft"), address=address, now=request.now
        )
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    shown = HEADERS | {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(made, content_type="application/pdf", headers=shown)


@gated
def as_json(request: Any, id: str) -> HttpResponse:
    """GET a signed version as a FHIR R4 DiagnosticReport."""
    try:
        key: Any = ids.decode(id, "Report")
        found = reading.diagnostic_report(by=signed_in(request), id=key, now=request.now)
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    kind = "application/fhir+json; charset=utf-8"
    return JsonResponse(found, content_type=kind, headers=HEADERS, json_dumps_params={"ensure_ascii": False})


def verify(request: HttpRequest) -> HttpResponse:
    """A page that says what a verification code stands for, without a word about the patient."""
    typed = request.GET.get("code", "")[:40]
    page = format_html(
        PAGE,
        language=get_language() or "zh-hans",
        title=_("报告核验"),
        ask=_("报告上的核验码"),
        check=_("核验"),
        code=typed,
        result=_result(typed) if typed else "",
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HttpResponse(page, headers=headers)


def _result(typed: str) -> SafeString:
    """What was found, as a list of terms; a sentence if nothing was."""
    if seal.read_code(typed) is None:
        return format_html("<p>{}</p>", _("核验码不完整或有误，请对照报告重新输入。"))
    found = reading.verify(typed)
    if found is None:
        return format_html("<p>{}</p>", _("没有这份报告；请核对核验码，或联系签发医院。"))
    if not found.intact:
        verdict = _("内容与签发时不一致，请勿使用，并联系签发医院。")
    elif found.version < found.latest:
        verdict = _("真实，但已被第 {latest} 版修订，请索取新版。").format(latest=found.latest)
    else:
        verdict = _("真实，为现行版本。")
    terms = [
        (_("结果"), verdict),
        (_("会诊单号"), found.number),
        (_("版本"), found.version),
        (_("签发医院"), found.hospital),
        (_("签发时间"), sheet.moment(found.signed_at)),
        (_("补充报告"), found.addenda),
        ("SHA-256", found.sha256),
    ]
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", terms))
