"""The report templates as data: sound, sourced, dated; and what each of them asks for."""

import json
import re
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from consortium.errors import Code, Refused
from telemedicine.reports import answers as held
from telemedicine.reports import checks, templates
from telemedicine.reports.templates import Condition, Field, FieldKind, every
from tests.reports import complete, of, pick
from tests.world import NOW

TODAY = NOW.date()
CODES = [
    "BREAST", "CERVIX", "COLORECTUM", "CYTOLOGY_GENERIC", "FROZEN_GENERIC", "GENERIC", "LUNG", "LYMPHOMA",
    "PAEDIATRIC_RENAL", "STOMACH",
]  # fmt: skip
# What a resection must be described by beside what every specimen is: the core elements, by template.
CORE: dict[str, tuple[dict[str, Any], set[str]]] = {
    "BREAST": (
        {"procedure": "MASTECTOMY", "morphology": "8500/3", "dcis": "PRESENT"},
        {"tumourSize", "grade", "nottinghamTubules", "nottinghamNuclei", "nottinghamMitoses", "margins", "marginsDcis",
         "dcisGrade", "pt", "pn", "nodesExamined", "nodesInvolved", "erPercent", "prPercent", "her2",
         "lymphovascularInvasion"},
    ),
    "STOMACH": (
        {"procedure": "TOTAL", "neoadjuvant": "YES"},
        {"tumourSize", "borrmann", "lauren", "regression", "grade", "marginProximal", "marginDistal", "pt", "pn",
         "nodesExamined", "nodesInvolved", "perineuralInvasion", "lymphovascularInvasion"},
    ),
    "COLORECTUM": (
        {"procedure": "ANTERIOR", "topography": "C20.9", "marginCircumferential": "CLEAR", "mmr": "DEFICIENT"},
        {"tumourSize", "perforation", "mesorectum", "deposits", "grade", "marginLongitudinal",
         "circumferentialDistance", "extramuralVenous", "perineuralInvasion", "pt", "pn", "nodesExamined",
         "nodesInvolved", "mmrLost"},
    ),
    "LUNG": (
        {"procedure": "LOBECTOMY", "morphology": "8256/3"},
        {"tumourSize", "invasiveSize", "stas", "pleura", "grade", "marginBronchial", "marginVascular", "pt", "pn",
         "nodesExamined", "nodesInvolved", "lymphovascularInvasion"},
    ),
    "CERVIX": (
        {"procedure": "HYSTERECTOMY", "morphology": "8483/3"},
        {"tumourSize", "invasionDepth", "silva", "marginEctocervical", "marginDeep", "parametrium", "pt", "pn",
         "lymphovascularInvasion", "precursor"},
    ),
    "LYMPHOMA": (
        {"morphology": "9680/3", "adequacy": "LIMITED"},
        {"ihc", "cellOfOrigin", "doubleExpressor", "eber", "architecture", "adequacyNote", "topography"},
    ),
    "PAEDIATRIC_RENAL": (
        {"procedure": "NEPHRECTOMY", "morphology": "8960/3", "neoadjuvant": "YES"},
        {"weight", "tumourSize", "rupture", "anaplasia", "nephrogenicRests", "blastemaPercent", "necrosisPercent",
         "subtypeSiop", "riskSiop", "capsule", "renalSinus", "renalVein", "margins", "localStage", "stageSystem",
         "nodesExamined", "nodesInvolved"},
    ),
    "FROZEN_GENERIC": (
        {"question": ["MARGIN", "NODE"], "frozenClass": "DEFERRED"},
        {"margins", "nodesExamined", "nodesInvolved", "deferralReason", "blocksFrozen", "limits"},
    ),
    "CYTOLOGY_GENERIC": (
        {"sampling": "CERVICAL", "adequacy": "LIMITED"},
        {"bethesda", "adequacyNote", "category", "preparation", "microscopicDescription"},
    ),
    "GENERIC": ({"procedure": "RESECTION", "nature": "MALIGNANT"}, {"margins", "morphology", "site", "diagnosisText"}),
}  # fmt: skip


def found(code: str, answers: dict[str, Any]) -> dict[str, Code]:
    """The problems of answers: path and code."""
    return {str(one.field): one.code for one in held.problems(of(code), answers)}


def test_there_are_the_templates_that_were_promised():
    assert [one.code for one in every()] == CODES
    assert checks.templates_are_sound() == []


@pytest.mark.parametrize("code", CODES)
def test_a_template_has_its_source_dates_and_names_in_both_languages(code):
    template = of(code)
    assert template.source
    assert template.valid_from == date(2025, 1, 1)
    assert template.valid_to is None
    named = [template, *template.sections, *template.fields.values()]
    named += [column for field in template.fields.values() for column in field.columns]
    named += [option for field in named if isinstance(field, Field) for option in field.options]
    for one in named:
        assert one.label_zh.strip() == one.label_zh != ""
        assert one.label_en.strip() == one.label_en != ""
        assert not re.search(r"[\u4e00-\u9fff]", one.label_en), one
    sections = [section.code for section in template.sections]
    assert {"SPECIMEN", "SITE", "GROSS", "MICROSCOPIC", "DIAGNOSIS", "COMMENT"} <= set(sections)
    assert template.key_images in (6, 12)


@pytest.mark.parametrize("code", ["BREAST", "STOMACH", "COLORECTUM", "LUNG", "CERVIX", "LYMPHOMA", "PAEDIATRIC_RENAL"])
def test_an_organ_has_every_section_and_its_codes_of_icd_o_3(code):
    template = of(code)
    wanted = {"IHC", "MOLECULAR", "GRADE", "STAGE"} | ({"MARGINS", "INVASION"} if code != "LYMPHOMA" else set())
    assert wanted <= {section.code for section in template.sections}
    for name, system, shape in (
        ("topography", "ICD-O-3-T", r"C\d\d\.\d"),
        ("morphology", "ICD-O-3-M", r"[89]\d{3}/[0123]"),
    ):
        field = template.fields[name]
        assert (field.required, field.system) == (True, system)
        assert all(re.fullmatch(shape, option.code) for option in field.options)


@pytest.mark.parametrize("code", CODES)
def test_each_required_field_is_asked_for_by_its_path_and_nothing_else_is(code):
    template = of(code)
    whole = complete(template)
    assert found(code, whole) == {}
    required = {name for name, field in template.fields.items() if field.needed(whole)}
    assert set(whole) == required
    for name in required:
        rest = {key: value for key, value in whole.items() if key != name}
        assert found(code, rest)[f"answers.{name}"] is Code.INCOMPLETE
    assert found(code, {}) == {
        f"answers.{name}": Code.INCOMPLETE for name, field in template.fields.items() if field.required
    }


@pytest.mark.parametrize("code", CODES)
def test_the_core_elements_of_a_whole_specimen_are_required(code):
    answers, core = CORE[code]
    assert core <= set(complete(of(code), **answers))
    missing = found(code, answers)
    assert {name for name in core if f"answers.{name}" not in missing} == set()


@pytest.mark.parametrize("code", CODES)
def test_every_field_takes_a_good_answer_and_every_option_is_one(code):
    for field in of(code).fields.values():
        options = [option.code for option in field.options] or [pick(field)]
        for one in options:
            problems = [p for p in held.problems(of(code), {field.code: one}) if p.code is not Code.INCOMPLETE]
            assert [p.field for p in problems] == []


@pytest.mark.parametrize(
    ("answers", "path", "says"),
    [
        ({"tumourSize": 0}, "answers.tumourSize", "0.1–500 mm"),
        ({"tumourSize": 500.1}, "answers.tumourSize", "0.1–500 mm"),
        ({"tumourSize": 12.34}, "answers.tumourSize", "1 位小数"),
        ({"tumourSize": "12"}, "answers.tumourSize", "须填数字（mm）"),
        ({"tumourSize": True}, "answers.tumourSize", "须填数字（mm）"),
        ({"tumourSize": float("nan")}, "answers.tumourSize", "0.1–500 mm"),
        ({"tumourSize": float("inf")}, "answers.tumourSize", "0.1–500 mm"),
        ({"nodesExamined": 3, "nodesInvolved": 4}, "answers.nodesInvolved", "不能大于 3"),
        ({"procedure": "NONE"}, "answers.procedure", "CORE_BIOPSY EXCISION MASTECTOMY RE_EXCISION"),
        ({"procedure": ["EXCISION", "MASTECTOMY"]}, "answers.procedure", "只能选一项"),
        ({"procedure": {"code": "EXCISION"}}, "answers.procedure", "选项中选择"),
        ({"comment": "字" * 2001}, "answers.comment", "最多 2000 字，现有 2001 字"),
        ({"comment": 7}, "answers.comment", "须填文字"),
        ({"comment": "a\x00b"}, "answers.comment", "须填文字"),
        ({"ihc": "ER 阳性"}, "answers.ihc", "须逐行填写"),
        ({"ihc": [{"antibody": "ER"}]}, "answers.ihc.0.result", "请填写“结果”"),
        ({"ihc": [{"antibody": "OTHER", "result": "POSITIVE"}]}, "answers.ihc.0.antibodyOther", "请填写“其他抗体”"),
        ({"ihc": [{"antibody": "ER", "result": "POSITIVE", "percent": 101}]}, "answers.ihc.0.percent", "0–100 %"),
        ({"ihc": [{"antibody": "ER", "result": "POSITIVE", "x": 1}]}, "answers.ihc.0.x", "没有“x”一列"),
        ({"ihc": [{"antibody": "ER", "result": "POSITIVE"}] * 61}, "answers.ihc", "最多 60 行"),
        ({"unknown": 1}, "answers.unknown", "没有字段“unknown”"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_answer_is_refused_with_its_path_and_the_remedy(answers, path, says):
    problems = {one.field: one for one in held.problems(of("BREAST"), complete(of("BREAST")) | answers)}
    assert path in problems
    assert says in problems[path].message
    assert set(problems) <= {path, "answers.pt"} | {p for p in problems if problems[p].code is Code.INCOMPLETE}


def test_a_pattern_shows_an_example():
    answers = complete(of("GENERIC")) | {"topography": "C504"}
    (problem,) = held.problems(of("GENERIC"), answers)
    assert (problem.field, problem.code) == ("answers.topography", Code.INVALID_INPUT)
    assert "C50.4" in problem.message


def test_a_condition_holds_of_what_was_answered_only():
    condition = Condition(field="a", codes=("X", "Y"))
    negated = Condition(field="a", codes=("X", "Y"), negated=True)
    cases = [({}, False, False), ({"a": "X"}, True, False), ({"a": "Z"}, False, True), ({"a": ["Z", "Y"]}, True, False)]
    assert [(condition.holds(a), negated.holds(a)) for a, _, _ in cases] == [(b, c) for _, b, c in cases]


def test_templates_are_found_by_organ_kind_and_day():
    def codes(**given: Any) -> list[str]:
        return [one.code for one in templates.templates(**{"on": TODAY} | given)]

    assert codes(organ="BREAST", kind="ROUTINE") == ["BREAST", "GENERIC"]
    assert codes(organ="BONE_MARROW", kind="ROUTINE") == ["LYMPHOMA", "GENERIC"]
    assert codes(organ="BREAST", kind="FROZEN") == ["FROZEN_GENERIC"]
    assert codes(organ="SKIN", kind="CYTOLOGY") == ["CYTOLOGY_GENERIC"]
    assert codes(organ="SKIN", kind="SECOND_OPINION") == ["CYTOLOGY_GENERIC", "GENERIC"]
    assert codes(on=date(2024, 12, 31)) == []
    with pytest.raises(Refused) as refused:
        templates.template("BREAST", on=TODAY, kind="FROZEN")
    assert (refused.value.code, refused.value.field) == (Code.INVALID_INPUT, "template")
    assert "FROZEN_GENERIC" in refused.value.message


@pytest.mark.parametrize("code", CODES)
def test_what_is_settled_needs_no_template_and_gives_the_answers_back(code):
    template = of(code)
    answers = complete(template, **CORE[code][0])
    settled = held.settled(template, answers)
    assert held.raw(settled) == answers
    assert json.loads(json.dumps(settled)) == settled
    named = [answer["labelZh"] for section in settled["sections"] for answer in section["answers"]]
    assert named == [field.label_zh for field in template.fields.values() if field.code in answers]


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*of("BREAST").fields, "x"]), GARBAGE, max_size=6))
def test_no_answer_whatever_breaks_the_check(answers):
    problems = list(held.problems(of("BREAST"), answers))
    assert {one.code for one in problems} <= {Code.INCOMPLETE, Code.INVALID_INPUT}
    legible = held.legible(of("BREAST"), answers)
    assert held.raw(held.settled(of("BREAST"), legible)).keys() == legible.keys()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: raw["sections"]["SITE"].append(dict(raw["sections"]["SITE"][0])), "twice"),
        (lambda raw: raw["sections"].update(NOWHERE=[]), "NOWHERE"),
        (lambda raw: raw.pop("source"), "source"),
        (lambda raw: raw.update(valid_to="2020-01-01"), "ends before it begins"),
        (lambda raw: raw["sections"]["SITE"].append({"use": "nothing"}), "nothing"),
        (lambda raw: raw["sections"]["SITE"].append({"code": "x", "zh": "x", "en": "x", "kind": "number"}), "limits"),
        (lambda raw: raw["sections"]["SITE"].append({"code": "x", "zh": "x", "en": "x", "kind": "text"}), "length"),
        (lambda raw: raw["sections"]["SITE"].append({"code": "x", "zh": "x", "en": "x", "kind": "choice"}), "options"),
        (lambda raw: raw["sections"]["SITE"].append({"use": "comment", "code": "x_y"}), "camelCase"),
        (lambda raw: raw["sections"]["SITE"].append({"use": "comment", "code": "x", "color": 1}), "color"),
        (
            lambda raw: raw["sections"]["SITE"].append(
                {"use": "comment", "code": "x", "required_if": [{"field": "procedure", "in": ["NO"]}]}
            ),
            "required_if",
        ),
        (lambda raw: raw["sections"]["SITE"].append({"use": "nodesInvolved", "at_most": "comment"}), "at_most"),
    ],
)
def test_a_file_that_contradicts_itself_stops_the_start(tmp_path, monkeypatch, change, says):
    for path in templates.FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    raw = json.loads((tmp_path / "generic.json").read_text(encoding="utf-8"))
    change(raw)
    (tmp_path / "generic.json").write_text(json.dumps(raw), encoding="utf-8")
    monkeypatch.setattr(templates, "FOLDER", tmp_path)
    every.cache_clear()
    try:
        with pytest.raises(ImproperlyConfigured, match=says):
            every()
        assert [error.id for error in checks.templates_are_sound()] == ["telemedicine.E001"]
    finally:
        every.cache_clear()


def test_two_versions_of_one_template_may_not_hold_at_once(tmp_path, monkeypatch):
    for path in templates.FOLDER.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "generic2.json").write_bytes((tmp_path / "generic.json").read_bytes())
    monkeypatch.setattr(templates, "FOLDER", tmp_path)
    every.cache_clear()
    try:
        with pytest.raises(ImproperlyConfigured, match="two versions"):
            every()
    finally:
        every.cache_clear()


def test_a_choice_of_several_and_a_table_have_their_kinds():
    fields = of("CYTOLOGY_GENERIC").fields
    assert (fields["preparation"].kind, fields["preparation"].multiple) == (FieldKind.CHOICE, True)
    assert [column.code for column in fields["ihc"].columns] == [
        "antibody",
        "antibodyOther",
        "result",
        "percent",
        "note",
    ]
