"""What is looked at and written for each release: known vulnerabilities, exceptions, the bill of materials."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import advisories, sbom
from release.advisories import Exemption, Faulty, Finding, Unanswered
from release.packages import DEVELOPMENT, PROJECT, RUNTIME, Package, npm_packages, python_packages, read_lock

TODAY = date(2026, 11, 22)
HOLE = Finding("django", "5.2.19", frozenset({"GHSA-aaaa-bbbb-cccc", "CVE-2026-1"}), "5.2.20")
PIP = {"dependencies": [
    {"name": "a2wsgi", "version": "1.10.10", "vulns": []},
    {"name": "Django", "version": "5.2.19", "vulns": [
        {"id": "GHSA-aaaa-bbbb-cccc", "fix_versions": ["5.2.20"], "aliases": ["CVE-2026-1"], "description": "…"}]},
], "fixes": []}  # fmt: skip
NPM = {"auditReportVersion": 2, "vulnerabilities": {
    "vite": {"name": "vite", "via": [{"source": 11, "name": "vite", "url": "https://advisories.example/GHSA-dddd",
             "range": "<9", "severity": "high", "title": "…"}], "fixAvailable": True},
    "plugin": {"name": "plugin", "via": ["vite"], "fixAvailable": False},
}}  # fmt: skip


def exemption(**given: object) -> Exemption:
    """An exception for the hole, with changes."""
    return Exemption(**{"name": "CVE-2026-1", "package": "django", "until": TODAY, "reason": "why"} | given)  # type: ignore[arg-type]


def test_what_the_tools_say_is_read_by_every_name_it_has():
    assert advisories.of_pip_audit(json.dumps(PIP)) == [HOLE]
    (of_npm,) = advisories.of_npm_audit(json.dumps(NPM))
    assert (of_npm.package, of_npm.version, of_npm.names) == ("vite", "<9", {"GHSA-dddd", "11"})


def test_a_package_that_was_skipped_is_a_fault():
    skipped = {"dependencies": [{"name": "x", "version": "1", "skip_reason": "not found"}]}
    with pytest.raises(Faulty, match="x: not found"):
        advisories.of_pip_audit(json.dumps(skipped))


@pytest.mark.parametrize(("given", "open_holes"), [
    ({}, 0), ({"name": "GHSA-aaaa-bbbb-cccc"}, 0), ({"until": date(2026, 11, 21)}, 1),
    ({"package": "flask"}, 1), ({"name": "CVE-2026-2"}, 1),
])  # fmt: skip
def test_an_exception_holds_for_its_hole_and_package_until_its_day(given, open_holes):
    assert len(advisories.judged([HOLE], [exemption(**given)], TODAY)) == open_holes


@pytest.mark.parametrize(("line", "fault"), [
    ("until = 2026-12-31\nreason = 'far from us'", None), ("until = 2026-12-31\nreason = ' '", "needs a reason"),
    ("until = 2028-01-01\nreason = 'x'", "within 180 days"), ("reason = 'x'", "are needed"),
    ("until = 'soon'\nreason = 'x'", "within 180 days"),
])  # fmt: skip
def test_an_exception_needs_a_reason_and_an_end(line, fault):
    text = f"[[exception]]\nname = 'CVE-2026-1'\npackage = 'django'\n{line}\n"
    if fault is None:
        assert advisories.exemptions(text, TODAY)[0].until == date(2026, 12, 31)
        return
    with pytest.raises(Faulty, match=fault):
        advisories.exemptions(text, TODAY)


def test_our_own_exceptions_are_written_well():
    assert advisories.exemptions(advisories.EXCEPTIONS.read_text("utf-8"), datetime.now(UTC).date()) is not None


def asked_by(canary: str, real: str, complaint: str = "") -> Callable[..., tuple[str, str]]:
    """A stand-in for the tools: an answer about the canary, another about our packages."""
    return lambda command, folder: (canary, "") if folder == advisories.CANARY else (real, complaint)


@pytest.mark.parametrize(("canary", "real", "complaint", "code", "said"), [
    (json.dumps(PIP), json.dumps(PIP), "", 1, "django 5.2.19: CVE-2026-1"),
    (json.dumps(PIP), '{"dependencies": []}', "", 0, "Python: 0 known"),
    ('{"dependencies": []}', '{"dependencies": []}', "", 0, "NOT CHECKED"),  # it knows nothing of the canary
    ("", "", "", 0, "NOT CHECKED"),
    (json.dumps(PIP), "", "requests.exceptions.ConnectionError: …", 0, "NOT CHECKED"),
    (json.dumps(PIP), "", "ERROR: invalid requirement", 1, "invalid requirement"),
])  # fmt: skip
def test_a_hole_fails_the_check_and_a_silent_database_does_not(
    monkeypatch, capsys, canary, real, complaint, code, said
):
    monkeypatch.setattr(advisories, "asked", asked_by(canary, real, complaint))
    monkeypatch.setattr(advisories, "npm_findings", list)
    assert advisories.main([]) == code
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    if "NOT CHECKED" in said:
        assert advisories.main(["--required"]) == 1


def test_npm_is_asked_about_the_front_and_its_tests(monkeypatch):
    monkeypatch.setattr(advisories, "asked", asked_by(json.dumps(NPM), json.dumps(NPM)))
    assert [one.package for one in advisories.npm_findings()] == ["vite", "vite"]
    monkeypatch.setattr(advisories, "asked", asked_by('{"vulnerabilities": {}}', json.dumps(NPM)))
    with pytest.raises(Unanswered):
        advisories.npm_findings()


def test_every_pinned_package_is_looked_at():
    pinned = set()
    for name in (RUNTIME, DEVELOPMENT):
        pinned |= set(re.findall(r"(?m)^([A-Za-z0-9._-]+)", (PROJECT / name).read_text("utf-8")))
    known = {package.name: package for package in python_packages()}
    assert {name.lower() for name in pinned} <= set(known)
    assert (known["django"].needed, known["ruff"].needed) == (True, False)
    assert all(package.hashes for package in known.values())


def test_npm_packages_of_development_are_not_needed_to_run():
    lock = {"packages": {
        "": {"name": "x"}, "node_modules/@a/b": {"version": "1", "integrity": "sha512-AAAA", "license": "MIT"},
        "node_modules/c/node_modules/d": {"version": "2", "dev": True}, "node_modules/e": {"link": True},
    }}  # fmt: skip
    assert list(read_lock(lock, front=True)) == [
        Package("npm", "@a/b", "1", True, (("SHA-512", "AAAA"),), licence="MIT"), Package("npm", "d", "2", False, ()),
    ]  # fmt: skip


def test_the_bill_fits_its_schema_names_every_package_and_no_registry(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    file = tmp_path / "sbom.json"
    assert sbom.main([str(file)]) == 0
    text = file.read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    packages = [*python_packages(), *npm_packages()]
    assert len(bill["components"]) == len(packages) == len({one["purl"] for one in bill["components"]})
    assert {one["purl"].partition("/")[0] for one in bill["components"]} == {"pkg:pypi", "pkg:npm"}
    assert sum(one["scope"] == "required" for one in bill["components"]) == sum(one.needed for one in packages)
    assert not re.search(r"registry|simple/|mirror", text)
    assert sbom.main([str(file)]) == 0
    assert file.read_text("utf-8") == text
    assert sbom.main([]) == 2


def test_a_bill_that_does_not_fit_its_schema_is_not_written(monkeypatch):
    monkeypatch.setattr(sbom, "as_hex", lambda value: "no hash at all")
    with pytest.raises(ValueError, match="does not fit its schema"):
        sbom.written([Package("npm", "a", "1", True, (("SHA-512", "AAAA"),))])
