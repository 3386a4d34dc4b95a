"""`/reports/`: signed versions and one's own drafts as files; `/forms/`: a referral on paper.

`/verify/` is the check of a printed copy, for anybody.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consortium import access, paper, seal
from consortium.database.acting import acting
from consortium.errors import Refused
from referrals import forms
from referrals.models import Form
from referrals.monthly import monthly_report
from schema import ids
from schema.views.files import STATUS, signed_in
from schema.views.gate import gated, refusal
from telemedicine.reports import reading

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
    return pdf(made, name)


@gated
def form_as_pdf(request: Any, id: str, form: str) -> HttpResponse:
    """GET a form of a referral as PDF: `referral`, `handover` or `outcome`."""
    address = request.build_absolute_uri("/verify/")
    try:
        by = signed_in(request)
        if form.upper() not in Form.values or form != form.lower():
            raise access.not_found()
        key: Any = ids.decode(id, "Referral")
        made, name = forms.print_form(by=by, id=key, form=Form(form.upper()), address=address, now=request.now)
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    return pdf(made, name)


@gated
def coverage_as_pdf(request: Any, alliance: str, month: str) -> HttpResponse:
    """GET the monthly report of an alliance as PDF; `?capability=` narrows it."""
    try:
        capability = request.GET.get("capability") or None
        made, name = monthly_report(
            by=signed_in(request), alliance=alliance, month=month, capability=capability, now=request.now
        )
    except Refused as refused:
        return refusal(refused, STATUS.get(refused.code, 400))
    return pdf(made, name)


def pdf(made: bytes, name: str) -> HttpResponse:
    """A PDF that is shown in the browser, and kept by no cache."""
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
    with acting(access.SYSTEM):  # anybody who holds a copy may ask; nothing about the patient is told
        result = _result(typed) if typed else ""
    page = format_html(
        PAGE,
        language=get_language() or "zh-hans",
        title=_("文书核验"),
        ask=_("报告或转诊文书上的核验码"),
        check=_("核验"),
        code=typed,
        result=result,
    )
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HttpResponse(page, headers=headers)


def _result(typed: str) -> SafeString:
    """What was found, as a list of terms; a sentence if nothing was."""
    if seal.read_code(typed) is None:
        return format_html("<p>{}</p>", _("核验码不完整或有误，请对照文书重新输入。"))
    if (form := forms.verify(typed)) is not None:
        return _terms(_of_form(form))
    found = reading.verify(typed)
    if found is None:
        return format_html("<p>{}</p>", _("没有这份文书；请核对核验码，或联系出具医院。"))
    if not found.intact:
        verdict = _("内容与签发时不一致，请勿使用，并联系签发医院。")
    elif found.version < found.latest:
        verdict = _("真实，但已被第 {latest} 版修订，请索取新版。").format(latest=found.latest)
    else:
        verdict = _("真实，为现行版本。")
    terms = [
        (_("结果"), verdict),
        (_("文书"), _("病理报告")),
        (_("会诊单号"), found.number),
        (_("版本"), found.version),
        (_("签发医院"), found.hospital),
        (_("签发时间"), paper.moment(found.signed_at)),
        (_("补充报告"), found.addenda),
        ("SHA-256", found.sha256),
    ]
    return _terms(terms)


def _of_form(found: forms.VerifiedForm) -> list[tuple[str, str]]:
    """What a printed form of a referral is, and whether the referral still says so."""
    changed = _("真实，但打印之后内容已有变化，请索取新打印的文书。")
    return [
        (_("结果"), _("真实，与系统现有内容一致。") if found.current else changed),
        (_("文书"), str(found.form.label)),
        (_("转诊单号"), found.number),
        (_("出具医院"), found.hospital),
        (_("首次打印"), paper.moment(found.printed_at)),
        ("SHA-256", found.sha256),
    ]


def _terms(terms: list[tuple[str, Any]]) -> SafeString:
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", terms))
