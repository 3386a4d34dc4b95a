"""What a laboratory writes about a case: its facts, its specimens with blocks and slides, and what must be there."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.errors import Code, Refused, checked
from consortium.models import Department, Person, Priority
from referrals import content
from telemedicine import catalogues
from telemedicine.models import Block, BlockKind, Kind, PathologyCase, Slide, Specimen

PLAIN = ("history", "question", "preliminary_diagnosis", "consent_by", "consent_relation")
CHOSEN = ("kind", "liability", "priority")


def write(case: PathologyCase, now: datetime, *, by: Person | None, **given: Any) -> None:
    """Put what was given into a draft; what is not given stays. Codes are checked on the day."""
    day = timezone.localdate(now)
    for name in PLAIN:
        if name in given:
            setattr(case, name, (given[name] or "").strip())
    for name in CHOSEN:
        if given.get(name):
            setattr(case, name, given[name])
    if "consent_by" in given:
        case.consent_at = now if case.consent_by else None
    if (code := given.get("organ")) is not None:
        case.organ = catalogues.concept("ORGAN", code, on=day, field="organ")
    if (code := given.get("preliminary_class")) is not None:
        catalogues.known("DIAGNOSTIC_CLASS", [code], on=day, field="preliminaryClass")
        case.preliminary_class, case.preliminary_by = code, by
    if given.get("organ") or given.get("kind") or given.get("subspecialty"):
        code = given.get("subspecialty") or catalogues.subspecialty_of(case.organ.code, case.kind)
        case.subspecialty = catalogues.concept("SUBSPECIALTY", code, on=day, field="subspecialty")
    if case.kind == Kind.FROZEN:
        case.priority = Priority.STAT
    if given.get("performer_department"):
        aim(case, content.destination(given["performer_department"]))


def aim(case: PathologyCase, department: Department) -> None:
    """Send a case towards a department; INVALID_INPUT if it belongs to the lab's own hospital."""
    if case.requester_hospital_id == department.hospital_id:
        raise Refused(
            Code.INVALID_INPUT, _("申请与会诊医院不能是同一家，请另选会诊科室。"), field="performerDepartment"
        )
    case.performer_hospital, case.performer_department = department.hospital, department


def add_specimen(case: PathologyCase, now: datetime, *, by: Person | None, given: Mapping[str, Any]) -> Specimen:
    """Register a specimen with its blocks and slides; INVALID_INPUT for a barcode that is there already."""
    received_at = given["received_at"]
    if received_at > now or (given.get("collected_at") and given["collected_at"] > received_at):
        raise Refused(
            Code.INVALID_INPUT,
            _("标本接收时间不能晚于现在，也不能早于离体时间。"),
            field="specimen.receivedAt",
        )
    specimen = Specimen(
        case=case,
        barcode=given["barcode"].strip(),
        site=given["site"].strip(),
        procedure=(given.get("procedure") or "").strip(),
        gross=(given.get("gross") or "").strip(),
        collected_at=given.get("collected_at"),
        received_at=received_at,
    )
    _store(specimen, "specimen.barcode")
    for block in given.get("blocks") or ():
        add_block(specimen, now, by=by, given=block)
    return specimen


def add_block(specimen: Specimen, now: datetime, *, by: Person | None, given: Mapping[str, Any]) -> Block:
    """Register a block of a specimen with its slides."""
    block = Block(
        specimen=specimen,
        barcode=given["barcode"].strip(),
        kind=BlockKind(given["kind"]),
        site=(given.get("site") or "").strip(),
    )
    _store(block, "block.barcode")
    add_slides(block, now, by=by, given=given.get("slides") or ())
    return block


def add_slides(block: Block, now: datetime, *, by: Person | None, given: Iterable[Mapping[str, Any]]) -> None:
    """Register slides cut from a block; the stain is a code of the catalogue."""
    slides = list(given)
    day = timezone.localdate(now)
    catalogues.known("STAIN", (slide["stain"] for slide in slides), on=day, field="slides.stain")
    for slide in slides:
        row = Slide(
            case=block.specimen.case,
            block=block,
            barcode=slide["barcode"].strip(),
            stain=slide["stain"],
            marker=(slide.get("marker") or "").strip(),
            magnification=slide["magnification"],
            registered_at=now,
            registered_by=by,
        )
        if not 1 <= row.magnification <= 100:
            raise Refused(Code.INVALID_INPUT, _("扫描倍数须在 1 到 100 之间。"), field="slides.magnification")
        _store(row, "slides.barcode")


def _store(row: Any, field: str) -> None:
    """Store a row that carries a barcode; INVALID_INPUT names one that is empty or there already."""
    if not row.barcode:
        raise Refused(Code.INVALID_INPUT, _("请填写条码。"), field=field)
    try:
        with transaction.atomic():
            checked(row).save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            Code.INVALID_INPUT, _("条码“{code}”在本例中已登记。").format(code=row.barcode), field=field
        ) from error


def require_complete(case: PathologyCase, *, today: date) -> None:
    """INCOMPLETE or CONSENT_REQUIRED, naming the first thing that is missing before a case may leave the lab."""
    missing = [
        (case.performer_department_id is None, "performerDepartment", _("请选择会诊科室。")),
        (not case.preliminary_class, "preliminaryClass", _("请填写初步诊断；没有时请选“未作诊断”。")),
        (not case.history, "history", _("请填写临床病史。")),
        (not case.specimens.exists(), "specimens", _("请登记标本。")),
        (not case.slides.filter(withdrawn_at__isnull=True).exists(), "slides", _("请至少登记一张切片。")),
    ]
    for lacks, field, message in missing:
        if lacks:
            raise Refused(Code.INCOMPLETE, message, field=field)
    content.require_consent(case, today=today)
