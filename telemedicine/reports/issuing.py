"""Signing: a checked report becomes a version that nobody can alter; amendments and addenda are put beside it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium import access, lifecycle, seal, trail
from consortium.access import Actor
from consortium.errors import Code, Refused, checked
from consortium.models import PractitionerRole, Side
from telemedicine import catalogues, key_images
from telemedicine.models import Addendum, PathologyCase, Report, ReportDraft, Slide
from telemedicine.reports import answers
from telemedicine.reports.templates import Template, template

lifecycle.NOTED["add_addendum"] = gettext_lazy("补充报告")


def issue(
    case: PathologyCase,
    *,
    content: Mapping[str, Any],
    by: Actor,
    role: PractitionerRole | None,
    now: datetime,
    reason: str = "",
) -> Report:
    """Sign the next version of a case's report, in the running transaction; the signer's draft is then gone.

    The case carries the conclusion; `content` gives template, answers, free_text and key_images. INCOMPLETE or
    INVALID_INPUT names the first field that keeps it from being signed; from version 2 on, INCOMPLETE without a reason.
    """
    if role is None or by.person is None:
        raise access.forbidden()
    previous = Report.objects.filter(case=case).order_by("-version").first()
    if previous and not reason.strip():
        raise Refused(Code.INCOMPLETE, _("修订已签发的报告须写明修订原因。"), field="reason")
    chosen = ready(case, content, now=now)
    report = checked(
        Report(
            case=case,
            version=previous.version + 1 if previous else 1,
            template=chosen.code,
            liability=case.liability,
            content=answers.settled(chosen, content.get("answers") or {}) | {"classified": _classified(case, now)},
            conclusion=case.conclusion,
            free_text=(content.get("free_text") or "").strip(),
            key_images=_pinned(case, content.get("key_images") or []),
            amendment_reason=reason.strip() if previous else "",
            previous_sha256=previous.sha256 if previous else "",
            verification_code=seal.new_code(),
            **_signature(by, role, now),
        )
    )
    report.sha256 = seal.digest(report.sealed)
    report.save(force_insert=True)
    ReportDraft.objects.filter(case=case, person=by.person).delete()
    return report


def ready(case: PathologyCase, content: Mapping[str, Any], *, now: datetime) -> Template:
    """The template of a content that can be signed; the first thing that keeps it from that is raised."""
    chosen = template(
        content.get("template") or "", on=timezone.localdate(now), kind=case.kind, field="report.content.template"
    )
    for problem in problems(case, chosen, content):
        raise problem
    return chosen


def problems(case: PathologyCase, chosen: Template, content: Mapping[str, Any]) -> list[Refused]:
    """Everything that keeps a content from being signed, each with its field and remedy."""
    found = list(answers.problems(chosen, content.get("answers") or {}, at="report.content.answers"))
    return found + _misplaced(case, chosen, content.get("key_images") or [])


def add_addendum(*, by: Actor, id: UUID, text: str, now: datetime) -> Report:
    """Add words to the version in force without changing it; who reads the report is told.

    NOT_FOUND, FORBIDDEN, or INVALID_STATE when a later version is in force.
    """
    with transaction.atomic():
        report = access.find(by, Report, id)
        # A signed report is never changed, so its case is locked: no other version or addendum comes in between.
        case = PathologyCase.objects.select_for_update(of=("self",)).get(pk=report.case_id)
        role = access.role_for(by, "add_addendum", case, Side.PERFORMER)
        if role is None or by.person is None:
            raise access.forbidden()
        if Report.objects.filter(case=case, version__gt=report.version).exists():
            raise Refused(Code.INVALID_STATE, _("该版本已被修订，请在最新版本上补充。"))
        if not text.strip():
            raise Refused(Code.INCOMPLETE, _("请填写补充内容。"), field="text")
        addendum = checked(
            Addendum(
                report=report,
                number=report.addenda.count() + 1,
                text=text.strip(),
                **_signature(by, role, now),
            )
        )
        addendum.sha256 = seal.digest(addendum.sealed)
        addendum.save(force_insert=True)
        taking = lifecycle.move(by, "add_addendum", role, now=now)
        taking.tells = (Side.REQUESTER,)
        taking.detail = {"report": str(report.pk), "version": report.version, "addendum": addendum.number}
        lifecycle.note(case, taking)
    return report


def intact(signed: Report | Addendum) -> bool:
    """Whether what is stored is what was signed."""
    return seal.same(seal.digest(signed.sealed), signed.sha256)


def unbroken(case: PathologyCase) -> bool:
    """Whether every version and addendum of a case is intact, in a chain without a gap."""
    before = ""
    versions = Report.objects.filter(case=case).order_by("version").prefetch_related("addenda__report")
    for number, report in enumerate(versions, start=1):
        if report.version != number or report.previous_sha256 != before or not intact(report):
            return False
        if not all(intact(addendum) for addendum in report.addenda.all()):
            return False
        before = report.sha256
    return True


def _misplaced(case: PathologyCase, chosen: Template, images: list[Mapping[str, Any]]) -> list[Refused]:
    """What is wrong with the key images: too many, not of this case, no region, no hash, not kept in the viewer."""
    if len(images) > chosen.key_images:
        message = _("关键图像最多 {limit} 幅。").format(limit=chosen.key_images)
        return [Refused(Code.INVALID_INPUT, message, field="report.content.keyImages")]
    slides = Slide.objects.filter(case=case, withdrawn_at__isnull=True)
    own = {str(pk) for pk in slides.values_list("pk", flat=True)} if images else set()
    found: list[Refused] = []
    kept = key_images.chosen(case, images)
    for number, image in enumerate(images):
        before = len(found)
        at = f"report.content.keyImages.{number}"
        if str(image["slide"]) not in own:
            found.append(access.not_found(f"{at}.slide"))
        if min(image["x"], image["y"]) < 0 or min(image["width"], image["height"]) < 1:
            message = _("关键图像的区域无效：起点不小于 0，宽高至少 1 像素。")
            found.append(Refused(Code.INVALID_INPUT, message, field=f"{at}.width"))
        if len(image["sha256"]) != 64 or not set(image["sha256"].lower()) <= set("0123456789abcdef"):
            message = _("关键图像须附切片文件的 SHA-256（64 位十六进制）。")
            found.append(Refused(Code.INVALID_INPUT, message, field=f"{at}.sha256"))
        if kept[number] is None and len(found) == before:
            message = _("该区域不是本例已保存的关键图像；请先在阅片界面选取并保存。")
            found.append(Refused(Code.INVALID_INPUT, message, field=at))
    return found


def _signature(by: Actor, role: PractitionerRole, now: datetime) -> dict[str, Any]:
    """Who signs, when, in which role and for which hospital."""
    hospital = trail.hospital_of(role)
    return {"signed_at": now, "signed_by": by.person, "signed_role": role.role, "signed_hospital_id": hospital}


def _classified(case: PathologyCase, now: datetime) -> dict[str, Any]:
    """The conclusion as codes with their labels: the diagnostic class, ICD-10 if given, whether it is critical."""
    day = timezone.localdate(now)
    found = {
        "class": catalogues.concept("DIAGNOSTIC_CLASS", case.conclusion_class, on=day, field="report.diagnosticClass")
    }
    if case.conclusion_code:
        found["icd10"] = case.conclusion_code
    coded = {name: {"code": one.code, "labelZh": one.label_zh, "labelEn": one.label_en} for name, one in found.items()}
    return coded | {"critical": case.critical}


def _pinned(case: PathologyCase, images: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The key images as they are stored: the slide by key and barcode, the region, the hashes of file and picture."""
    slides = Slide.objects.in_bulk({image["slide"] for image in images})
    found = []
    for image, row in zip(images, key_images.chosen(case, images), strict=True):
        slide = slides[UUID(str(image["slide"]))]
        region = {name: int(image[name]) for name in ("x", "y", "width", "height")}
        words = {"barcode": slide.barcode, "stain": slide.stain, "note": (image.get("note") or "").strip()[:200]}
        assert row is not None  # noqa: S101 - `ready` asked before
        hashes = {"sha256": image["sha256"].lower()} | key_images.pinned(row)
        found.append({"slide": str(slide.pk)} | hashes | region | words)
    return found
