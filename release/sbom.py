"""The software bill of materials of a release (CycloneDX 1.6, JSON): `python -m release.sbom FILE`."""

import base64
import os
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release.packages import PROJECT, Package, npm_packages, python_packages

LICENCES = LicenseFactory()


def bill(packages: Sequence[Package]) -> Bom:
    """The bill of these packages; its serial number follows from them, so that the same release has the same one."""
    about = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bom = Bom()
    root = Component(
        name=about["name"],
        version=about["version"],
        type=ComponentType.APPLICATION,
        licenses=[LICENCES.make_from_string(about["license"])],
        bom_ref=about["name"],
    )
    made = os.environ.get("SOURCE_DATE_EPOCH")
    bom.metadata.timestamp = datetime.fromtimestamp(int(made), UTC) if made else datetime.now(UTC)
    bom.metadata.component = root
    components = [component(package) for package in packages]
    bom.components.update(components)
    bom.register_dependency(root, components)
    bom.serial_number = uuid5(NAMESPACE_URL, "\n".join(sorted(str(one.purl) for one in components)))
    return bom


def component(package: Package) -> Component:
    """One package of the bill; what only development or the build needs is marked as excluded."""
    space, _slash, name = package.name.rpartition("/")
    url = PackageURL(package.kind, space or None, name, package.version)
    return Component(
        name=name,
        group=space or None,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=url,
        bom_ref=str(url),
        scope=ComponentScope.REQUIRED if package.needed else ComponentScope.EXCLUDED,
        hashes=[HashType(alg=HashAlgorithm(kind), content=as_hex(value)) for kind, value in package.hashes],
        licenses=[LICENCES.make_from_string(said)] if (said := package.licence or licence_of(package)) else [],
        properties=[Property(name="refnet:marker", value=package.marker)] if package.marker else [],
    )


def as_hex(value: str) -> str:
    """A hash as CycloneDX writes it, of the hexadecimal or base64 form of the lock files."""
    return value if len(value) == 64 else base64.b64decode(value).hex()


def licence_of(package: Package) -> str:
    """What an installed Python package says of its licence in a few words; empty where it is not installed."""
    if package.kind != "pypi":
        return ""
    try:
        about = metadata.metadata(package.name)
    except metadata.PackageNotFoundError:
        return ""
    classified = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier", []) if one.startswith("License ::")]
    told = [" ".join(about.get_all(name, [])) for name in ("License-Expression", "License")]
    said = told[0] or " AND ".join(classified) or told[1]
    return said if len(said) < 200 else ""


def written(packages: Sequence[Package]) -> str:
    """The bill as JSON that its schema accepts; ValueError with the place of the first fault otherwise."""
    text = JsonV1Dot6(bill(packages)).output_as_string(indent=1)
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the bill does not fit its schema: {fault.data.message} at {fault.data.json_path}")
    return text


def main(arguments: Sequence[str]) -> int:
    """Write the bill to the file that is named, and say what is in it; 2 where none is named."""
    if len(arguments) != 1:
        print("./refnet sbom FILE", file=sys.stderr)
        return 2
    python, npm = python_packages(), npm_packages()
    Path(arguments[0]).write_text(written([*python, *npm]) + "\n", encoding="utf-8")
    needed = sum(package.needed for package in (*python, *npm))
    print(
        f"{arguments[0]}: Python {len(python)} · npm {len(npm)} · {needed} 个随服务运行 / needed to run · CycloneDX 1.6"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
