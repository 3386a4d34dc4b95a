"""Reports at the edge: templates, drafts, versions, addenda over GraphQL; files under /reports/; the page /verify/."""

import json
from typing import Any

import pypdfium2
import pytest

from consortium import seal
from consortium.models import AuditEntry
from consortium.roles import Role
from schema import ids
from telemedicine import reports
from telemedicine.models import ReportDraft
from telemedicine.reports.templates import every
from tests.edge.client import Edge, as_role, code_of, gid, widest
from tests.reports import CONCLUSION, LAB, PATHOLOGIST, READER, case, complete, content, image, of, sign
from tests.world import NOW

PART = """{ code label answers { code label kind shown text number unit system options { code label } columns { code }
  rows { cells { code shown } } } }"""
TEMPLATES = """query($organ: String, $kind: PathologyKind, $on: Date) {
  reportTemplates(organ: $organ, kind: $kind, on: $on) { code label organs kinds source validFrom sections { code
    fields { code kind required unit minimum maximum requiredIf { field codes negated } options { code label }
      columns { code required } } } } }"""
REPORT = "query($id: ID!) { report(id: $id) " + widest("Report") + " }"
DRAFT = "query($case: ID!) { reportDraft(case: $case) " + widest("ReportDraft") + " }"
STRANGERS = [("foreign", LAB), ("province2", PATHOLOGIST), ("province", Role.EXPERT), ("county", Role.REFERRING_DOCTOR)]


def wired(answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Answers as a client writes them."""
    found = []
    for name, value in answers.items():
        one: dict[str, Any] = {"field": name}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            one["rows"] = [{"cells": wired(row)} for row in value]
        elif isinstance(value, list):
            one["codes"] = value
        elif isinstance(value, str):
            coded = name in CODED or any(name in t.fields and t.fields[name].options for t in every())
            one |= {"codes": [value]} if coded else {"text": value}
        else:
            one["number"] = value
        found.append(one)
    return found


CODED = {"antibody", "result", "gene", "method"}


@pytest.fixture(autouse=True)
def _disk(settings, tmp_path) -> None:
    """Pictures of key images lie on a disk of the test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def row(world):
    return case(world)


@pytest.fixture
def reader(world):
    return as_role(world, *READER)


@pytest.fixture
def lab(world):
    return as_role(world, "county", LAB)


def test_templates_are_data_for_everybody_signed_in(world, lab):
    found = lab.data(TEMPLATES, organ="BREAST", kind="ROUTINE")["reportTemplates"]
    assert [one["code"] for one in found] == ["BREAST", "GENERIC"]
    breast = found[0]
    assert (breast["label"], breast["organs"], breast["validFrom"]) == ("乳腺癌", ["BREAST"], "2025-01-01")
    fields = {one["code"]: one for section in breast["sections"] for one in section["fields"]}
    size = fields["tumourSize"]
    assert (size["kind"], size["unit"], size["minimum"], size["maximum"]) == ("NUMBER", "mm", 0.1, 500)
    assert size["requiredIf"] == [
        {"field": "procedure", "codes": ["EXCISION", "MASTECTOMY", "RE_EXCISION"], "negated": False}
    ]
    assert fields["morphology"]["options"][0] == {"code": "8500/3", "label": "浸润性癌，非特殊型"}
    assert [column["code"] for column in fields["ihc"]["columns"]][:3] == ["antibody", "antibodyOther", "result"]
    assert lab.data(TEMPLATES, on="2024-12-31")["reportTemplates"] == []
    assert len(lab.data(TEMPLATES)["reportTemplates"]) == 10
    assert Edge().code(TEMPLATES) == "UNAUTHENTICATED"
    english = lab.send({"query": TEMPLATES, "variables": {"organ": "BREAST"}}, **{"Accept-Language": "en"}).json()
    assert english["data"]["reportTemplates"][0]["label"] == "Breast carcinoma"


def test_a_draft_is_saved_read_and_told_what_it_lacks(world, row, reader):
    answers = complete(of("BREAST")) | {"tumourSize": 600, "ihc": [{"antibody": "ER", "result": "POSITIVE"}]}
    slide = {**image(row), "slide": gid(row.slides.get())}
    report = {
        "conclusion": "待定",
        "content": {"template": "BREAST", "answers": wired(answers), "freeText": "一", "keyImages": [slide]},
    }
    given = {"id": gid(row), "report": report}
    draft = reader.done("saveReportDraft", "draft " + widest("ReportDraft"), expectedVersion=0, **given)["draft"]
    assert (draft["version"], draft["conclusion"], draft["freeText"]) == (1, "待定", "一")
    assert {one["field"]: one["code"] for one in draft["missing"]} == {
        "report.content.answers.tumourSize": "INVALID_INPUT",
        "report.diagnosticClass": "INCOMPLETE",
    }
    kept = {one["field"]: one for one in draft["answers"]}
    assert (kept["tumourSize"]["number"], kept["laterality"]["codes"]) == (600, ["LEFT"])
    (typed,) = kept["ihc"]["rows"]
    assert {one["field"]: one["codes"] for one in typed["cells"]} == {"antibody": ["ER"], "result": ["POSITIVE"]}
    assert draft["keyImages"][0]["slide"] == slide["slide"]
    assert reader.data(DRAFT, case=gid(row))["reportDraft"] == draft
    assert code_of(reader.attempt("saveReportDraft", expectedVersion=0, **given).json()) == "STALE_VERSION"
    assert as_role(world, "county", LAB).data(DRAFT, case=gid(row))["reportDraft"] is None
    response = reader.client.get(draft["pdfUrl"], headers=reader.headers)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/pdf")
    assert "未签发" in pypdfium2.PdfDocument(response.content)[0].get_textpage().get_text_range()
    colleague = as_role(world, "county", LAB)
    assert colleague.client.get(draft["pdfUrl"], headers=colleague.headers).status_code == 404


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([{"field": "comment", "text": "a"}, {"field": "comment", "text": "b"}], "report.content.answers"),
        ([{"field": "comment", "text": "a", "number": 1}], "report.content.answers.comment"),
        ([{"field": "ihc", "rows": [{"cells": [{"field": "note", "text": "a", "codes": []}]}]}],
         "report.content.answers.ihc.0.note"),
    ],
)  # fmt: skip
def test_an_answer_said_twice_or_in_two_ways_is_refused(world, row, reader, answers, field):
    report = {"content": {"answers": answers}}
    payload = reader.payload("saveReportDraft", id=gid(row), expectedVersion=0, report=report)
    assert [(one["code"], one["field"]) for one in payload["errors"]] == [("INVALID_INPUT", field)]
    assert not ReportDraft.objects.exists()


def test_a_signed_version_is_read_with_everything_it_says(world, row, reader, lab):
    answers = complete(of("BREAST"), ihc=[{"antibody": "ER", "result": "POSITIVE", "percent": 90}])
    report = sign(world, row, **content(answers=answers, key_images=[image(row)], free_text="请结合临床。"))
    row.report_version, row.issued_at = 1, NOW
    row.save()
    shown = lab.data("query($id: ID!) { report(id: $id) { " + f"sections {PART} " + "} }", id=gid(report))
    parts = {part["code"]: {one["code"]: one for one in part["answers"]} for part in shown["report"]["sections"]}
    assert parts["SPECIMEN"]["procedure"]["shown"] == "粗针穿刺"
    assert parts["DIAGNOSIS"]["morphology"]["shown"] == "浸润性癌，非特殊型（8500/3）"
    assert parts["DIAGNOSIS"]["morphology"]["system"] == "ICD-O-3-M"
    assert parts["IHC"]["ihc"]["rows"] == [
        {
            "cells": [
                {"code": "antibody", "shown": "ER"},
                {"code": "result", "shown": "阳性"},
                {"code": "percent", "shown": "90 %"},
            ]
        }
    ]
    found = lab.data(REPORT, id=gid(report))["report"]
    assert (found["version"], found["inForce"], found["intact"], found["critical"]) == (1, True, True, False)
    assert (found["conclusion"], found["freeText"]) == (CONCLUSION, "请结合临床。")
    assert found["liability"] == "REMOTE_DIAGNOSIS"
    assert found["diagnosticClass"]["code"] == "MALIGNANT"
    assert found["icd10"]["code"] == "C50.900"
    assert found["verificationCode"] == seal.printed_code(report.verification_code)
    assert (found["sha256"], found["previousSha256"]) == (report.sha256, "")
    (shown_,) = found["keyImages"]
    kept = row.key_images.get()
    assert (shown_["slide"], shown_["picture"], shown_["url"]) == (
        gid(row.slides.get()), kept.sha256, f"/key-images/{gid(kept)}",
    )  # fmt: skip
    assert found["signedBy"]["name"] == "province PATHOLOGIST 1"


def test_an_addendum_is_added_by_a_mutation(world, row, reader, lab):
    report = sign(world, row)
    shape = "report { version intact addenda { number text signedAt sha256 } }"
    made = reader.done("addAddendum", shape, id=gid(report), text="FISH 未扩增。")["report"]
    assert [(one["number"], one["text"]) for one in made["addenda"]] == [(1, "FISH 未扩增。")]
    assert made["intact"] is True
    assert code_of(lab.attempt("addAddendum", id=gid(report), text="x").json()) == "FORBIDDEN"


@pytest.mark.parametrize(("place", "role"), STRANGERS)
def test_who_does_not_see_the_case_finds_no_report(world, row, place, role):
    report, stranger = sign(world, row), as_role(world, place, role)
    draft = reports.save_report_draft(
        by=world.actor(*READER), id=row.pk, expected_version=0, report={"conclusion": "x"}, now=NOW
    )
    fhir = "query($id: ID!) { diagnosticReport(id: $id) }"
    assert stranger.code(REPORT, id=gid(report)) == "NOT_FOUND"
    assert stranger.code(fhir, id=gid(report)) == "NOT_FOUND"
    assert stranger.code(DRAFT, case=gid(row)) == "NOT_FOUND"
    assert code_of(stranger.attempt("addAddendum", id=gid(report), text="x").json()) == "NOT_FOUND"
    saving = {"id": gid(row), "expectedVersion": 0, "report": {"conclusion": "x"}}
    assert code_of(stranger.attempt("saveReportDraft", **saving).json()) == "NOT_FOUND"
    absent = [ids.encode("Report", draft.pk), ids.encode("Slide", report.pk), "x", "%00"]
    for path in (f"/reports/{gid(report)}.pdf", f"/reports/{gid(report)}.json", f"/reports/{gid(draft)}.pdf"):
        assert stranger.client.get(path, headers=stranger.headers).status_code == 404
        assert Edge().client.get(path).status_code == 401
    for name in absent:
        for ending in ("pdf", "json"):
            assert stranger.client.get(f"/reports/{name}.{ending}", headers=stranger.headers).status_code in (400, 404)
    assert not AuditEntry.objects.filter(action="read_report").exists()


def test_the_files_are_private_and_the_same_as_the_api(world, row, lab):
    report = sign(world, row)
    pdf = lab.client.get(f"/reports/{gid(report)}.pdf", headers=lab.headers)
    assert pdf.status_code == 200
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["Content-Disposition"] == f'inline; filename="{row.number}-v1.pdf"'
    assert (pdf.headers["Cache-Control"], pdf.headers["X-Content-Type-Options"]) == ("private, no-store", "nosniff")
    fhir = lab.client.get(f"/reports/{gid(report)}.json", headers=lab.headers)
    assert fhir.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    text = lab.data("query($id: ID!) { diagnosticReport(id: $id) }", id=gid(report))["diagnosticReport"]
    assert json.loads(text) == fhir.json()
    assert fhir.json()["resourceType"] == "DiagnosticReport"
    assert AuditEntry.objects.filter(action="read_report", object_id=str(report.pk)).count() == 3


class TestVerify:
    """The page and the query that check a printed copy."""

    def page(self, code: str, **headers: str) -> Any:
        return Edge().client.get("/verify/", {"code": code}, headers=headers)

    def test_anybody_may_ask_and_nobody_learns_the_patient(self, world, row):
        report = sign(world, row)
        response = self.page(seal.printed_code(report.verification_code).lower())
        text = response.content.decode()
        assert response.status_code == 200
        for words in ("真实，为现行版本。", row.number, "province医院", "2026-03-02 09:00", report.sha256):
            assert words in text
        for secret in (row.patient.name, row.patient.id_number, CONCLUSION, "乳腺"):
            assert secret not in text
        assert "script" not in text
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        sign(world, row, reason="更正")
        assert "真实，但已被第 2 版修订" in self.page(report.verification_code).content.decode()

    def test_a_wrong_code_is_told_from_an_unknown_one(self, world, row):
        assert "核验码不完整或有误" in self.page("ABC").content.decode()
        assert "没有这份文书" in self.page(seal.new_code()).content.decode()
        assert 'role="status"></div>' in Edge().client.get("/verify/").content.decode()
        assert "incomplete or wrong" in self.page("ABC", **{"Accept-Language": "en"}).content.decode()

    @pytest.mark.parametrize("code", ['"><script>alert(1)</script>', "{title}", "\u0000", "字" * 5000, "%s%n"])
    def test_what_is_typed_is_shown_as_text(self, world, code):
        response = self.page(code)
        assert response.status_code == 200
        assert "<script" not in response.content.decode()

    def test_the_query_answers_the_same(self, world, row, lab):
        report = sign(world, row)
        document = "query($code: String!) { verifyReport(code: $code) " + widest("VerifiedReport") + " }"
        found = lab.data(document, code=report.verification_code)["verifyReport"]
        assert found == {
            "number": row.number, "version": 1, "latest": 1, "hospital": "province医院", "sha256": report.sha256,
            "signedAt": "2026-03-02T09:00:00+08:00", "intact": True, "addenda": 0,
        }  # fmt: skip
        assert lab.data(document, code="x")["verifyReport"] is None
        assert Edge().code(document, code="x") == "UNAUTHENTICATED"
