"""Pathology cases and answers to report on, made as plain rows: how a case comes to be read is proved elsewhere."""

from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO
from itertools import count
from typing import Any

from PIL import Image

from consortium.models import Concept, Patient
from consortium.roles import Role
from telemedicine import reports, store
from telemedicine.models import (
    Block,
    KeyImage,
    Kind,
    Liability,
    PathologyCase,
    Report,
    Slide,
    SlideImage,
    Specimen,
    Status,
    Upload,
    UploadState,
)
from telemedicine.reports.templates import Field, FieldKind, Template, templates
from tests.world import NOW, World, id_number

PATHOLOGIST, LAB = Role.PATHOLOGIST, Role.PATHOLOGY_LAB
READER, SENDER = ("province", PATHOLOGIST), ("county", LAB)
FILE = "ab" * 32
CONCLUSION = "（左乳）浸润性癌，非特殊型，2 级。"
_numbers = count(1)


def concept(system: str, code: str, zh: str) -> Concept:
    """A concept, made if the catalogues lack it."""
    made = {"label_zh": zh, "label_en": code, "source": "test"}
    row = Concept.objects.filter(system=system, code=code).first()
    return row or Concept.objects.create(system=system, code=code, valid_from=date(2024, 1, 1), **made)


def case(world: World, kind: Kind = Kind.ROUTINE, organ: str = "BREAST", **given: Any) -> PathologyCase:
    """A case that the provincial pathologist reads, with one specimen and one slide."""
    n = next(_numbers)
    patient = given.pop("patient", None) or Patient.objects.create(
        name="欧阳堃",
        sex="FEMALE",
        birth_date=date(1970, 5, 6),
        id_number=id_number(date(1970, 5, 6), 2 * n),
        registered_at=NOW,
        registered_by_hospital=world.hospitals["county"],
    )
    fixed = {
        "number": f"BL2026{n:06d}",
        "requester_hospital": world.hospitals["county"],
        "requester_department": world.departments["county"],
        "performer_hospital": world.hospitals["province"],
        "performer_department": world.departments["province"],
        "created_by": world.people["county", LAB, 1],
        "created_at": NOW - timedelta(hours=3),
        "sent_at": NOW - timedelta(hours=2),
        "specimen_received_at": NOW - timedelta(hours=3),
        "submitted_at": NOW - timedelta(hours=2),
        "status": Status.READING,
        "liability": Liability.REMOTE_DIAGNOSIS,
        "organ": concept("ORGAN", organ, "乳腺" if organ == "BREAST" else organ),
        "subspecialty": concept("SUBSPECIALTY", "BREAST", "乳腺病理"),
        "assigned_to": world.people["province", PATHOLOGIST, 1],
    }
    made = PathologyCase.objects.create(patient=patient, kind=kind, **fixed | given)
    slide(world, made, f"S{n}-1")
    return made


def slide(world: World, row: PathologyCase, barcode: str) -> Slide:
    """A slide of a case, of a specimen and block of its own."""
    specimen = Specimen.objects.create(case=row, barcode=f"{barcode}-sp", site="左乳", received_at=NOW)
    block = Block.objects.create(specimen=specimen, barcode=f"{barcode}-b", kind="PARAFFIN")
    by = world.people["county", LAB, 1]
    fixed = {"stain": "HE", "magnification": 40, "registered_at": NOW, "registered_by": by}
    return Slide.objects.create(case=row, block=block, barcode=barcode, **fixed)


def pick(field: Field) -> Any:
    """A good answer to a field."""
    if field.kind is FieldKind.TEXT:
        return field.example or f"{field.label_zh}内容"
    if field.kind is FieldKind.NUMBER:
        return field.minimum if field.decimals else int(field.minimum or 0)
    if field.kind is FieldKind.CHOICE:
        return [field.options[0].code] if field.multiple else field.options[0].code
    return [{column.code: pick(column) for column in field.columns if column.required}]


def complete(template: Template, **given: Any) -> dict[str, Any]:
    """Answers with which a template is satisfied: what is given, what is required, and what that makes required."""
    answers = dict(given)
    while missing := [f for f in template.fields.values() if f.code not in answers and f.needed(answers)]:
        answers |= {field.code: pick(field) for field in missing}
    return answers


def of(code: str) -> Template:
    """The template of a code, today."""
    return next(one for one in templates(on=NOW.date()) if one.code == code)


def content(code: str = "BREAST", **given: Any) -> dict[str, Any]:
    """A content that can be signed."""
    return {"template": code, "answers": complete(of(code)), "free_text": "", "key_images": []} | given


def fitting(row: PathologyCase | None) -> dict[str, Any]:
    """A content that can be signed on a case of any kind."""
    codes = {Kind.FROZEN: "FROZEN_GENERIC", Kind.CYTOLOGY: "CYTOLOGY_GENERIC"}
    return content(codes.get(Kind(row.kind), "BREAST") if row else "BREAST")


REGION = {"x": 1200, "y": 800, "width": 640, "height": 480}


def image(row: PathologyCase, **given: Any) -> dict[str, Any]:
    """A key image of the first slide of a case, kept in the viewer before; what is given is said of it instead."""
    of_it = row.slides.all()[0]
    if not KeyImage.objects.filter(case=row).exists():
        keep(scan(of_it))
    return {"slide": of_it.pk, "note": "浸润灶", "sha256": FILE} | REGION | given


def scan(of_it: Slide, **given: Any) -> SlideImage:
    """The whole-slide image of a slide, as a row without its file."""
    at, size = of_it.registered_at, 1000
    hospital = of_it.case.requester_hospital
    upload = Upload.objects.create(
        case=of_it.case, slide=of_it, hospital=hospital, name="a.svs", size=size, offset=size, sha256=FILE,
        state=UploadState.READY, created_by=of_it.registered_by, created_at=at, expires_at=at + timedelta(days=7),
    )  # fmt: skip
    fixed = {"sha256": FILE, "size": size, "format": "SVS", "width": 40000, "height": 30000, "added_at": at}
    return SlideImage.objects.create(
        id=upload.pk, case=of_it.case, slide=of_it, upload=upload, hospital=hospital, **fixed | given
    )


def keep(scanned: SlideImage, **given: Any) -> KeyImage:
    """A key image of a scan, with a picture in the store."""
    drawn = BytesIO()
    Image.new("RGB", (REGION["width"], REGION["height"]), "plum").save(drawn, "JPEG")
    made = KeyImage(
        case=scanned.case, image=scanned, person=scanned.case.assigned_to, kept_at=NOW, caption="浸润灶",
        sha256=sha256(drawn.getvalue()).hexdigest(), picture_width=640, picture_height=480, **REGION | given,
    )  # fmt: skip
    made.picture = store.put(f"key-images/{made.pk}.jpg", drawn.getvalue())
    made.save()
    return made


def sign(world: World, row: PathologyCase, *, reason: str = "", conclusion: str = CONCLUSION, **given: Any) -> Report:
    """The next version, signed by the provincial pathologist."""
    by = world.actor(*READER)
    row.conclusion, row.conclusion_class, row.critical = conclusion, "MALIGNANT", False
    row.conclusion_code = concept("ICD10", "C50.900", "乳腺恶性肿瘤")
    return reports.issue(row, content=given or content(), by=by, role=by.held[0], now=world.now, reason=reason)
