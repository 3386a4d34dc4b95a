"""Drafts of reports, one for each person and case: whatever was typed is kept, and nobody overwrites unseen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import access
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import Side
from telemedicine.models import PathologyCase, ReportDraft
from telemedicine.reports.issuing import problems
from telemedicine.reports.templates import template

OUTER = ("diagnostic_class", "diagnosis_code", "critical", "conclusion")
INNER = ("template", "answers", "free_text", "key_images")


def save_report_draft(
    *, by: Actor, id: UUID, expected_version: int, report: Mapping[str, Any], now: datetime
) -> ReportDraft:
    """Keep what a pathologist has typed of the report on a case, right or not; 0 is the version of a first saving.

    `report` is what signing would be given, as far as it is there; what is not given stays as it was saved.
    NOT_FOUND, FORBIDDEN, or STALE_VERSION when it was saved elsewhere meanwhile.
    """
    with transaction.atomic():
        case = access.find(by, PathologyCase, id)
        if access.role_for(by, "save_report_draft", case, Side.PERFORMER) is None:
            raise access.forbidden()
        draft = ReportDraft.objects.select_for_update().filter(case=case, person=by.person).first()
        seen = draft.version if draft else 0
        if seen != expected_version:
            raise _stale(seen, expected_version)
        draft = draft or ReportDraft(case=case, person=by.person)
        content = report.get("content") or {}
        for given, names in ((report, OUTER), (content, INNER)):
            for name in names:
                if given.get(name) is not None:
                    setattr(draft, name, given[name])
        draft.key_images = [dict(image) | {"slide": str(image["slide"])} for image in draft.key_images]
        draft.version, draft.saved_at = seen + 1, now
        checked(draft)
        try:
            with transaction.atomic():
                draft.save()
        except IntegrityError as error:  # somebody signed in twice saved the first one a moment ago
            raise _stale(1, expected_version) from error
    return draft


def report_draft(*, by: Actor, case: PathologyCase) -> ReportDraft | None:
    """The actor's own draft of the report on a case, if there is one."""
    return ReportDraft.objects.filter(case=case, person=by.person).first()


def missing(draft: ReportDraft, *, now: datetime) -> list[Refused]:
    """Everything that still keeps a draft from being signed."""
    needed = {
        "report.conclusion": (draft.conclusion, _("请写明诊断结论。")),
        "report.diagnosticClass": (draft.diagnostic_class, _("请选择结论分类。")),
    }
    found = [
        Refused(Code.INCOMPLETE, message, field=path) for path, (said, message) in needed.items() if not said.strip()
    ]
    day = timezone.localdate(now)
    try:
        chosen = template(draft.template, on=day, kind=draft.case.kind, field="report.content.template")
    except Refused as refused:
        return [refused, *found]
    return problems(draft.case, chosen, draft.content) + found


def _stale(now: int, seen: int) -> Refused:
    return Refused(
        Code.STALE_VERSION,
        _("该单已被他人更新（当前版本 {now}，您看到的是版本 {seen}）；请刷新，看过变化后再操作。").format(
            now=now, seen=seen
        ),
        field="expectedVersion",
    )
