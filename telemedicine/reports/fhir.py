"""A signed report for machines: a DiagnosticReport in the field names of HL7 FHIR R4, its answers as observations."""

from collections.abc import Mapping
from typing import Any

from telemedicine.models import PathologyCase, Report
from telemedicine.models.pathology import Kind
from telemedicine.models.report import moment
from telemedicine.reports.templates import FieldKind

SYSTEM = "urn:refnet"
# The code systems of FHIR by the names that templates use; what is not here has a name of our own.
SYSTEMS = {
    "ICD-O-3-T": "http://terminology.hl7.org/CodeSystem/icd-o-3",
    "ICD-O-3-M": "http://terminology.hl7.org/CodeSystem/icd-o-3",
}
PATHOLOGY, CYTOLOGY = ("SP", "Surgical Pathology"), ("CP", "Cytopathology")
UNITS = {"枚": "1", "块": "1", "个": "1", "分": "1", "µm": "um"}  # UCUM, where it differs from what is printed


def diagnostic_report(report: Report, case: PathologyCase, *, identified: bool) -> dict[str, Any]:
    """The resource of one version; without `identified` the patient's name is masked."""
    addenda = list(report.addenda.all())
    observations = [
        _observation(answer, report, section) for section in report.content["sections"] for answer in section["answers"]
    ]
    category, display = CYTOLOGY if case.kind == Kind.CYTOLOGY else PATHOLOGY
    patient = case.patient
    notes = [report.free_text, *(row.text for row in addenda)]
    return {
        "resourceType": "DiagnosticReport",
        "id": str(report.pk),
        "meta": {"versionId": str(report.version), "lastUpdated": moment(report.signed_at)},
        "language": "zh-CN",
        "contained": observations,
        "extension": _extensions(report, [text for text in notes if text]),
        "identifier": [{"system": f"{SYSTEM}:pathology-case", "value": case.number}],
        "basedOn": [{"reference": f"ServiceRequest/{case.pk}", "identifier": {"value": case.number}}],
        "status": "appended" if addenda else "final" if report.version == 1 else "amended",
        "category": [_concept("http://terminology.hl7.org/CodeSystem/v2-0074", category, display)],
        "code": _concept("http://loinc.org", "11526-1", "Pathology study")
        | {"text": report.content["template"]["labelZh"]},
        "subject": {
            "reference": f"Patient/{patient.pk}",
            "display": patient.name if identified else patient.masked_name,
        },
        "issued": moment(report.signed_at),
        "performer": [
            {"reference": f"Organization/{report.signed_hospital_id}", "display": report.signed_hospital.name}
        ],
        "resultsInterpreter": [{"reference": f"Practitioner/{report.signed_by_id}", "display": report.signed_by.name}],
        "specimen": [{"identifier": {"value": row.barcode}, "display": row.site} for row in case.specimens.all()],
        "result": [{"reference": f"#{found['id']}"} for found in observations],
        "media": [_media(image) for image in report.key_images],
        "conclusion": report.conclusion,
        "conclusionCode": _conclusion_codes(report),
    }


def _extensions(report: Report, notes: list[str]) -> list[dict[str, Any]]:
    """What the resource has no field for: who answers for it, what it is checked by, the words beside it."""
    said = {
        "liability": report.liability,
        "sha256": report.sha256,
        "previous-sha256": report.previous_sha256,
        "verification-code": report.verification_code,
        "amendment-reason": report.amendment_reason,
        "template": report.template,
        "diagnostic-class": report.content["classified"]["class"]["code"],
    }
    found = [{"url": f"{SYSTEM}:{name}", "valueString": value} for name, value in said.items() if value]
    return found + [{"url": f"{SYSTEM}:note", "valueString": text} for text in notes]


def _observation(answer: Mapping[str, Any], report: Report, section: Mapping[str, Any]) -> dict[str, Any]:
    """One answer; the rows of a table are its components."""
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": answer["code"],
        "status": "final" if report.version == 1 else "amended",
        "category": [{"coding": [{"system": f"{SYSTEM}:report-section", "code": section["code"]}]}],
        "code": _concept(f"{SYSTEM}:report-field", answer["code"], answer["labelEn"]) | {"text": answer["labelZh"]},
    }
    if answer["kind"] != FieldKind.TABLE:
        return made | _value(answer)
    key, result = answer["columns"][0]["code"], "result"
    return made | {"component": [_component(row, key, result) for row in answer["rows"]]}


def _component(row: list[Mapping[str, Any]], key: str, result: str) -> dict[str, Any]:
    """One row: what was examined as its code, the rest as words, the result as its value where there is one."""
    cells = {cell["code"]: cell for cell in row}
    named = cells[key]["options"][0] if key in cells else {"code": "", "labelEn": "", "labelZh": ""}
    made = {"code": _concept(f"{SYSTEM}:report-field", named["code"], named["labelEn"])}
    rest = [cell for code, cell in cells.items() if code not in (key, result)]
    words = "；".join(f"{cell['labelZh']} {_words(cell)}" for cell in rest)
    made["code"]["text"] = f"{named['labelZh']}；{words}" if words else named["labelZh"]
    value = cells.get(result) or next((cell for cell in rest if cell["kind"] == FieldKind.NUMBER), None)
    return made | (_value(value) if value else {})


def _value(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The value of an answer in the type that FHIR has for it."""
    if answer["kind"] == FieldKind.NUMBER:
        unit = answer["unit"]
        quantity = {"value": answer["number"], "unit": unit, "system": "http://unitsofmeasure.org"}
        return {"valueQuantity": quantity | {"code": UNITS.get(unit, unit)}}
    if answer["kind"] == FieldKind.TEXT:
        return {"valueString": answer["text"]}
    coding = [{"system": _system(answer), "code": one["code"], "display": one["labelEn"]} for one in answer["options"]]
    return {"valueCodeableConcept": {"coding": coding, "text": _words(answer)}}


def _words(answer: Mapping[str, Any]) -> str:
    """An answer as one line."""
    if answer["kind"] == FieldKind.CHOICE:
        return "；".join(one["labelZh"] for one in answer["options"])
    return f"{answer['number']} {answer['unit']}" if answer["kind"] == FieldKind.NUMBER else str(answer["text"])


def _system(answer: Mapping[str, Any]) -> str:
    """The code system of an answer: the standard's, or our own by the field."""
    named = answer["system"]
    return SYSTEMS.get(named, f"{SYSTEM}:{named or answer['code']}")


def _conclusion_codes(report: Report) -> list[dict[str, Any]]:
    """ICD-10, topography and morphology, where they were given as codes."""
    icd10 = report.content["classified"].get("icd10")
    first = [_concept("http://hl7.org/fhir/sid/icd-10", icd10["code"], icd10["labelEn"])] if icd10 else []
    return first + [
        {"coding": [{"system": _system(answer), "code": code, "display": words}]}
        for section in report.content["sections"]
        for answer in section["answers"]
        if answer.get("system", "") in SYSTEMS
        for code, words in (
            [(one["code"], one["labelEn"]) for one in answer["options"]]
            if answer["kind"] == FieldKind.CHOICE
            else [(answer["text"], answer["text"])]
        )
    ]


def _media(image: Mapping[str, Any]) -> dict[str, Any]:
    """A key image: the slide, the region in its pixels, the hash of its file."""
    region = "x={x};y={y};width={width};height={height};sha256={sha256}".format_map(image)
    return {"comment": image["note"], "link": {"reference": f"Media/{image['slide']}", "display": region}}


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}
