"""Reading signed reports and one's own drafts: on paper, as JSON, or by the code on a printed copy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from consortium import access, paper, seal, trail
from consortium.access import Actor
from consortium.models import Side
from telemedicine import key_images
from telemedicine.models import Addendum, PathologyCase, Report, ReportDraft
from telemedicine.reports import fhir, sheet
from telemedicine.reports.issuing import intact
from telemedicine.reports.templates import template

SIDES = (Side.REQUESTER, Side.PERFORMER)


@dataclass(frozen=True)
class Verified:
    """What the code on a printed copy stands for, without a word about the patient."""

    number: str
    version: int
    latest: int
    hospital: str
    signed_at: datetime
    sha256: str
    intact: bool
    addenda: int


def printed(*, by: Actor, id: str, address: str, now: datetime) -> tuple[bytes, str]:
    """The PDF of a signed version or of one's own draft, whichever has this key."""
    key = UUID(id)
    if ReportDraft.objects.filter(pk=key).exists():
        return print_draft(by=by, id=key, address=address, now=now)
    return print_report(by=by, id=key, address=address, now=now)


def print_report(*, by: Actor, id: UUID, address: str, now: datetime) -> tuple[bytes, str]:
    """The PDF of a signed version and a name for its file; its reading is audited. NOT_FOUND if one may not see it."""
    report = _opened(by, id, now)
    newest = not Report.objects.filter(case=report.case_id, version__gt=report.version).exists()
    page = sheet.of_report(report, superseded=not newest)
    pictures, named = key_images.pictures(report.key_images), identified(by, report.case)
    made = sheet.pdf(page, report.case, identified=named, address=address, mark=paper.mark(by, now), pictures=pictures)
    return made, f"{report.case.number}-v{report.version}.pdf"


def print_draft(*, by: Actor, id: UUID, address: str, now: datetime) -> tuple[bytes, str]:
    """The PDF of one's own draft, marked as not signed; NOT_FOUND for anybody else's."""
    drafts = ReportDraft.objects.filter(person=by.person, case__in=_seen(by)).select_related(*_with("case__"))
    draft = drafts.filter(pk=id).first()
    if draft is None:
        raise access.not_found()
    chosen = template(draft.template, on=timezone.localdate(draft.saved_at), kind=draft.case.kind)
    page = sheet.of_draft(draft, chosen)
    made = sheet.pdf(page, draft.case, identified=identified(by, draft.case), address=address, mark=paper.mark(by, now))
    return made, f"{draft.case.number}-draft.pdf"


def diagnostic_report(*, by: Actor, id: UUID, now: datetime) -> dict[str, Any]:
    """A signed version as a FHIR R4 DiagnosticReport; its reading is audited. NOT_FOUND if one may not see it."""
    report = _opened(by, id, now)
    return fhir.diagnostic_report(report, report.case, identified=identified(by, report.case))


def identified(by: Actor, case: PathologyCase) -> bool:
    """Whether somebody who sees the case may know whose it is."""
    return any(access.role_for(by, "view_identity", case, side) for side in SIDES)


def verify(text: str) -> Verified | None:
    """What a typed or scanned verification code stands for; nothing for any other text."""
    code = seal.read_code(text[:40])
    row = Report.objects.select_related("case", "signed_hospital").filter(verification_code=code).first()
    if code is None or row is None:
        return None
    addenda = list(Addendum.objects.filter(report=row).select_related("report"))
    newest = Report.objects.filter(case=row.case_id).order_by("-version").values_list("version", flat=True)[0]
    return Verified(
        number=row.case.number,
        version=row.version,
        latest=newest,
        hospital=row.signed_hospital.name,
        signed_at=row.signed_at,
        sha256=row.sha256,
        intact=intact(row) and all(intact(one) for one in addenda),
        addenda=len(addenda),
    )


def _opened(by: Actor, id: UUID, now: datetime) -> Report:
    """A signed version for somebody who sees its case in full, with all that is printed; audited."""
    rows = Report.objects.filter(case__in=_seen(by)).select_related("signed_by", "signed_hospital", *_with("case__"))
    report = rows.prefetch_related("addenda__signed_by").filter(pk=id).first()
    if report is None:
        raise access.not_found()
    role = next(
        (role for side in SIDES for role in access.roles_for(by, PathologyCase.VIEWED_BY[side], report.case, side)),
        None,
    )
    patient = report.case.patient_id
    trail.audit(by, "read_report", report, role=role, purpose="TREATMENT", patient_id=patient, now=now)
    return report


def _seen(by: Actor) -> Any:
    """The keys of the cases that somebody sees in full."""
    return access.visible_in_full(by, PathologyCase).values("pk")


def _with(prefix: str) -> list[str]:
    """The case and what a report says of it, read together."""
    return [prefix.rstrip("_"), *(prefix + name for name in PathologyCase.LOADED)]
