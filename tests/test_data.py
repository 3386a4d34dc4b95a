"""The shipped data files are complete and agree with each other. Needs no database and no Django."""

import csv
import json
import re
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "consortium" / "data"
STORIES = ROOT / "referrals" / "data" / "demo_stories.json"
CATALOGUES = {
    "specialties.csv": ["code"],
    "capabilities.csv": ["code"],
    "clocks.csv": ["kind", "priority"],
    "reasons.csv": ["catalogue", "code"],
    "organs.csv": ["code"],
    "pathology.csv": ["system", "code"],
    "icd10.csv": ["code"],
    "green_kinds.csv": ["code"],
    "green_milestones.csv": ["code"],
}
PRIORITIES = {"STAT", "ASAP", "URGENT", "ROUTINE"}
REASON_CATALOGUES = {
    "OFFICE_RETURN", "REJECT", "REDIRECT", "CANCEL", "RESCHEDULE", "LOSE_SLOT", "HOLD", "TURN_BACK",
    "PRIORITY_CHANGE", "BACKDATING", "NO_SHOW", "INFORMATION_ITEM", "LOCAL_END", "NO_ALTERNATIVE",
    "ENTERED_IN_ERROR", "EXPIRY", "DUPLICATE_CASE",
    "SLIDE_DEFECT", "MATERIAL", "PATHOLOGY_DECLINE", "REASSIGN", "UNDIAGNOSABLE", "PATHOLOGY_CANCEL",
    "WITHDRAW_SLIDE", "REPORT_AMENDMENT",
    "GREEN_DECLINE", "GREEN_CONSENT_REFUSED", "EMERGENCY_APPROVAL", "GREEN_DIVERT", "GREEN_STAND_DOWN", "GREEN_BREACH",
    "MILESTONE_CORRECTION",
}  # fmt: skip
CLOCK_KINDS = {
    "TRIAGE", "OFFICE_REVIEW", "INFORMATION", "CONTACT", "BOOKING", "FULL_RECORD", "OUTCOME",
    "ACKNOWLEDGEMENT", "FOLLOW_UP", "RESEND", "EXPIRY", "HOLD", "TRANSIT",
    "GREEN_ANSWER", "GREEN_CONSENT",
}  # fmt: skip
VITALS = {
    "temperature": (34, 42),
    "heart_rate": (30, 220),
    "respiratory_rate": (8, 90),
    "systolic": (30, 220),
    "diastolic": (15, 130),
    "spo2": (60, 100),
    "weight": (0.5, 150),
}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


def codes(name: str) -> set[str]:
    return {row["code"] for row in rows(name)}


def stories() -> list[dict]:
    return json.loads(STORIES.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["divisions.csv", *CATALOGUES])
def test_file_is_clean_utf8_with_unix_lines(name):
    raw = (DATA / name).read_bytes()
    raw.decode("utf-8")
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    for row in rows(name):
        assert None not in row, row
        assert None not in row.values(), row
        assert all(value == value.strip() for value in row.values()), row


@pytest.mark.parametrize(("name", "key"), CATALOGUES.items())
def test_catalogue_rows_are_unique_labelled_sourced_and_dated(name, key):
    table = rows(name)
    seen = Counter(tuple(row[column] for column in key) for row in table)
    assert [item for item, count in seen.items() if count > 1] == []
    for row in table:
        assert row["label_zh"], row
        assert row["label_en"], row
        assert row["source"], row
        assert re.search(r"[\u4e00-\u9fffA-Z]", row["label_zh"]), row
        assert row["label_en"].isprintable(), row
        assert not re.search(r"[\u4e00-\u9fff]", row["label_en"]), row
        start = date.fromisoformat(row["valid_from"])
        assert not row["valid_to"] or date.fromisoformat(row["valid_to"]) > start, row


def test_divisions_are_1_14_122_with_parents_and_points():
    table = {row["code"]: row for row in rows("divisions.csv")}
    assert Counter(row["level"] for row in table.values()) == {"province": 1, "prefecture": 14, "county": 122}
    above = {"prefecture": "province", "county": "prefecture"}
    for row in table.values():
        assert re.fullmatch(r"43\d{4}", row["code"])
        assert row["name"]
        if row["level"] == "province":
            assert not row["parent_code"]
        else:
            assert table[row["parent_code"]]["level"] == above[row["level"]], row
        assert 108 < float(row["lon"]) < 115, row
        assert 24 < float(row["lat"]) < 31, row


def test_specialty_parents_exist():
    known = codes("specialties.csv")
    assert {"01", "03", "07", "07.01", "08", "19", "20", "28", "31", "32"} <= known
    for code in known:
        assert re.fullmatch(r"\d{2}(\.\d{2})?", code), code
        assert code[:2] in known, code


def test_capabilities_say_whether_they_count_beds():
    table = {row["code"]: row for row in rows("capabilities.csv")}
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", code) for code in table)
    assert {row["counts_beds"] for row in table.values()} == {"true", "false"}
    assert table["PICU"]["counts_beds"] == "true"
    assert table["CT"]["counts_beds"] == "false"


# The shipped defaults of the domain specification, section 4.
GREEN = {
    ("STEMI_ECG", 10), ("STEMI_DIDO", 30), ("STEMI_BALLOON", 90), ("STEMI_WIRE", 120),
    ("STROKE_CT", 25), ("STROKE_NEEDLE", 60), ("STROKE_NEEDLE_45", 45), ("STROKE_DIDO", 120),
    ("TRAUMA_TEAM", 10), ("MATERNAL_TEAM", 10), ("CHILD_REPLY", 10), ("CHILD_TEAM", 30), ("ONCOLOGY_REPLY", 60),
}  # fmt: skip


def test_clocks_cover_every_priority():
    by_kind: dict[str, set[str]] = {}
    for row in rows("clocks.csv"):
        by_kind.setdefault(row["kind"], set()).add(row["priority"])
        assert int(row["target_minutes"]) > 0, row
        assert row["holder"] in {"REQUESTER", "PERFORMER", "PATIENT"}, row
        for step in [*row["start_step"].split("|"), *row["stop_step"].split("|")]:
            assert re.fullmatch(r"([a-z]+(_[a-z]+)+)?(>[A-Z_]+)?|milestone:[A-Z_]+", step), row
        assert row["calendar"] in {"ALWAYS", "WORKING_DAYS"}, row
    assert {kind for kind in by_kind if kind in CLOCK_KINDS} == CLOCK_KINDS
    assert {(row["kind"], int(row["target_minutes"])) for row in rows("clocks.csv") if row["emergency"]} == GREEN
    for kind, covered in by_kind.items():
        assert covered in ({""}, PRIORITIES), kind


def test_more_urgent_clocks_are_shorter():
    targets = {(row["kind"], row["priority"]): int(row["target_minutes"]) for row in rows("clocks.csv")}
    for kind in {kind for kind, priority in targets if priority}:
        minutes = [targets[kind, priority] for priority in ("STAT", "ASAP", "URGENT", "ROUTINE")]
        assert minutes == sorted(set(minutes)), kind
    assert [targets["TRIAGE", priority] for priority in ("STAT", "ASAP", "URGENT", "ROUTINE")] == [15, 240, 1440, 7200]


def test_reasons_are_complete_and_other_needs_a_comment():
    table = rows("reasons.csv")
    by_catalogue: dict[str, dict[str, str]] = {}
    for row in table:
        assert re.fullmatch(r"[A-Z][A-Z_]*", row["code"]), row
        assert row["comment_required"] in {"true", "false"}, row
        by_catalogue.setdefault(row["catalogue"], {})[row["code"]] = row["comment_required"]
    assert set(by_catalogue) == REASON_CATALOGUES
    for catalogue, known in by_catalogue.items():
        assert known["OTHER"] == "true", catalogue
        assert 4 <= len(known) - 1 <= 12, catalogue
    assert {"NO_BED", "NO_CAPABILITY", "PATIENT_UNSTABLE_FOR_TRANSFER"} <= set(by_catalogue["REJECT"])
    assert {"MANAGED_LOCALLY", "NOT_NEEDED"} <= set(by_catalogue["LOCAL_END"])


# The shipped defaults of the domain specification, section 5; cytology counts working days only.
PATHOLOGY = {
    "FROZEN": (30, "ALWAYS"),
    "FROZEN_BEHIND": (45, "ALWAYS"),
    "POOL_FROZEN": (5, "ALWAYS"),
    "CYTOLOGY": (2 * 24 * 60, "WORKING_DAYS"),
    "ROUTINE": (72 * 60, "ALWAYS"),
}


def test_the_limits_of_pathology_are_those_of_the_specification():
    found = {row["kind"]: (int(row["target_minutes"]), row["calendar"]) for row in rows("clocks.csv")}
    assert {kind: found[kind] for kind in PATHOLOGY} == PATHOLOGY


def test_every_organ_belongs_to_a_subspecialty():
    known = {row["code"] for row in rows("pathology.csv") if row["system"] == "SUBSPECIALTY"}
    assert {row["subspecialty"] for row in rows("organs.csv")} <= known


def test_every_pair_of_diagnostic_classes_is_compared_once():
    classes = {row["code"] for row in rows("pathology.csv") if row["system"] == "DIAGNOSTIC_CLASS"}
    table = {frozenset((row["first"], row["second"])): row["agreement"] for row in rows("concordance.csv")}
    assert set(table) == {frozenset(pair) for pair in combinations(classes, 2)}
    assert len(rows("concordance.csv")) == len(table)
    assert set(table.values()) == {"MINOR", "MAJOR", "NOT_COMPARABLE"}
    vague = {"NONE", "INADEQUATE", "DEFERRED"}
    assert {pair for pair, found in table.items() if found == "NOT_COMPARABLE"} == {p for p in table if p & vague}
    assert table[frozenset(("BENIGN", "MALIGNANT"))] == "MAJOR"


def test_icd10_codes_have_the_national_form():
    known = codes("icd10.csv")
    assert len(known) >= 250
    assert all(re.fullmatch(r"[A-Z]\d{2}\.[\dx]\d{2}", code) for code in known)
    assert sorted(known) == [row["code"] for row in rows("icd10.csv")]


def test_kinds_of_emergency_look_for_known_capabilities_and_specialties():
    table = {row["code"]: row for row in rows("green_kinds.csv")}
    up = {code: row for code, row in table.items() if row["goes_down"] == "false"}
    assert set(up) == {
        "CHEST_PAIN", "STROKE", "TRAUMA", "CRITICAL_MATERNAL", "CRITICAL_CHILD", "CRITICAL_NEWBORN",
        "ONCOLOGY_EMERGENCY",
    }  # fmt: skip
    assert {row["capability"] for row in up.values()} <= codes("capabilities.csv")
    assert {row["specialty"] for row in up.values()} <= codes("specialties.csv")
    answers = {code: int(row["answer_minutes"]) for code, row in up.items()}
    assert answers == dict.fromkeys(up, 5) | {"CRITICAL_CHILD": 10, "ONCOLOGY_EMERGENCY": 60}


def test_milestones_follow_each_other_without_a_ring():
    table = {row["code"]: row for row in rows("green_milestones.csv")}
    kinds, earlier = codes("green_kinds.csv"), {}
    for code, row in table.items():  # a milestone stands below those that it follows
        after = row["after"].split("|") if row["after"] else []
        assert set(after) <= set(earlier), code
        earlier[code] = after
        assert row["side"] in {"REQUESTER", "PERFORMER"}, code
        assert set(row["kinds"].split("|") if row["kinds"] else []) <= kinds, code


def test_names_are_enough_and_not_repeated():
    names = json.loads((DATA / "names.json").read_text(encoding="utf-8"))
    for key, least in {"surnames": 55, "given_male": 55, "given_female": 55, "given_child": 35}.items():
        assert len(names[key]) >= least, key
        assert len(set(names[key])) == len(names[key]), key
        assert all(re.fullmatch(r"[\u4e00-\u9fff]{1,2}", name) for name in names[key]), key


def test_stories_are_48_of_the_three_groups():
    table = stories()
    children = [story for story in table if story["age_years"][1] < 14]
    assert len(table) >= 48
    assert len(children) >= 30
    assert sum(story["specialty"] == "19" for story in table if story not in children) >= 14
    assert any(story["age_years"] == [0, 0] for story in children)
    assert {story["priority"] for story in table} == PRIORITIES


@pytest.mark.parametrize("story", stories(), ids=lambda story: story["reason"])
def test_story_uses_known_codes_and_plausible_figures(story):
    known = codes("icd10.csv")
    assert story["specialty"] in codes("specialties.csv")
    assert story["diagnoses"]
    assert set(story["diagnoses"]) | set(story["outcome"]["diagnosis"]) <= known
    assert story["capability"] is None or story["capability"] in codes("capabilities.csv")
    assert story["sex"] in {"MALE", "FEMALE", "ANY"}
    assert story["direction"] in {"UP", "DOWN"}
    youngest, oldest = story["age_years"]
    assert 0 <= youngest <= oldest <= 100
    assert ("age_days" in story) == (oldest == 0)
    assert set(story["vitals"]) == set(VITALS)
    for name, (low, high) in VITALS.items():
        assert low <= story["vitals"][name] <= high, name
    assert story["vitals"]["systolic"] > story["vitals"]["diastolic"]
    assert 3 <= story["summary"].count("。") <= 5
    assert story["exams"]
    assert all(exam["name"] and exam["result"] for exam in story["exams"])
    for text in (story["reason"], story["treatment"], story["allergies"]):
        assert text
    assert all(story["outcome"][key] for key in ("diagnosis", "treatment", "drugs", "red_flags", "rehabilitation"))
    assert all(story["advice"][key] for key in ("assessment", "recommendation", "red_flags"))
