"""The packages that the project is made of, as its lock files pin them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
RUNTIME, DEVELOPMENT, NODE = "requirements.txt", "requirements-dev.txt", "web/requirements-node.txt"
FRONT, BROWSER_TESTS = "web/package-lock.json", "tests/browser/package-lock.json"
PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\\n]*?))?\s*\\?$"
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Package:
    """One pinned package; `hashes` by algorithm and value, `needed` when the service runs with it."""

    kind: str
    name: str
    version: str
    needed: bool
    hashes: tuple[tuple[str, str], ...]
    marker: str = ""
    licence: str = ""


def python_packages() -> list[Package]:
    """Every Python package of the runtime, of development and of the front's build, by name."""
    found: dict[str, Package] = {}
    for file in (RUNTIME, DEVELOPMENT, NODE):
        for package in read_requirements((PROJECT / file).read_text(encoding="utf-8"), needed=file == RUNTIME):
            found.setdefault(package.name, package)
    return [found[name] for name in sorted(found)]


def read_requirements(text: str, *, needed: bool) -> Iterator[Package]:
    """The packages of a hash-pinned requirements file."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        first, *rest = entry.strip().splitlines() or [""]
        if match := PINNED.match(first.strip()):
            hashes = tuple(("SHA-256", value) for value in HASH.findall("\n".join([first, *rest])))
            yield Package("pypi", match["name"].lower(), match["version"], needed, hashes, match["marker"] or "")


def npm_packages() -> list[Package]:
    """Every npm package of the front and of the tests in a browser, by name and version."""
    found: dict[tuple[str, str], Package] = {}
    for file in (FRONT, BROWSER_TESTS):
        for package in read_lock(json.loads((PROJECT / file).read_text(encoding="utf-8")), front=file == FRONT):
            found.setdefault((package.name, package.version), package)
    return [found[key] for key in sorted(found)]


def read_lock(lock: Mapping[str, Any], *, front: bool) -> Iterator[Package]:
    """The packages of a package-lock.json of version 3; those of development are not needed to run."""
    for path, entry in lock["packages"].items():
        if not path or entry.get("link"):
            continue
        name = entry.get("name") or path.rpartition("node_modules/")[2]
        algorithm, _dash, value = entry.get("integrity", "").partition("-")
        hashes = ((algorithm.upper().replace("SHA", "SHA-"), value),) if value else ()
        needed = front and not (entry.get("dev") or entry.get("devOptional"))
        yield Package("npm", name, entry["version"], needed, hashes, licence=str(entry.get("license") or ""))
