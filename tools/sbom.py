"""The bill of materials of the product, CycloneDX 1.6 in JSON: `make sbom`.

Every package of requirements.lock with its version, the SHA-256 of each file that may be installed for it, and its
licence as the installed package tells it. The same lock gives the same parts and the same serial number.
"""

import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License, LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import ROOT, Pin, read_lock

CLASSIFIER = "License :: "
# Longer ones are whole texts of licences in a field meant for a name.
LONGEST_NAME = 100


class NotValid(Exception):
    """What was made does not hold against CycloneDX's schema."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file; say of how many packages the licence is not known."""
    parser = ArgumentParser(prog="python -m tools.sbom", description="Write the bill of materials.")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "sbom" / f"oshirase-{version()}.cdx.json")
    options = parser.parse_args(arguments)
    bom = make_bom(read_lock(options.lock))
    options.to.parent.mkdir(parents=True, exist_ok=True)
    options.to.write_text(write(bom), encoding="utf-8")
    unknown = sorted(component.name for component in bom.components if not component.licenses)
    told = f"; licence not known, as not installed here or not told: {', '.join(unknown)}" if unknown else ""
    print(f"{options.to}: {len(bom.components)} packages{told}")
    return 0


def version() -> str:
    """The product's version."""
    return str(_project()["version"])


def _project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def _direct_dependencies() -> set[str]:
    return {canonicalize_name(Requirement(wanted).name) for wanted in _project()["dependencies"]}


def make_bom(pins: Iterable[Pin]) -> Bom:
    """The bill for these packages."""
    pins = tuple(pins)
    product = Component(
        name="oshirase",
        version=version(),
        type=ComponentType.APPLICATION,
        bom_ref="oshirase",
        licenses=[LicenseFactory().make_with_id("MIT")],
    )
    serial = uuid5(NAMESPACE_URL, "\n".join([product.version or "", *(f"{pin.name}=={pin.version}" for pin in pins)]))
    bom = Bom(components=[_component(pin) for pin in pins], serial_number=serial)
    bom.metadata.component = product
    direct = _direct_dependencies()
    bom.register_dependency(product, [one for one in bom.components if one.name in direct])
    return bom


def write(bom: Bom) -> str:
    """The bill in JSON, held against the schema.

    Raises:
        NotValid: it does not hold.
    """
    text = JsonV1Dot6(bom).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise NotValid(str(error))
    return text + "\n"


def _component(pin: Pin) -> Component:
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{pin.name}=={pin.version}",
        purl=PackageURL("pypi", name=pin.name, version=pin.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.sha256],
        licenses=list(_licences(pin)),
        properties=[Property(name="python:marker", value=str(pin.marker))] if pin.marker else (),
    )


def _licences(pin: Pin) -> Iterator[License]:
    """What the installed package says, the most exact of it."""
    try:
        about = metadata.metadata(pin.name)
    except metadata.PackageNotFoundError:
        return
    if about["Version"] != pin.version:
        return
    factory = LicenseFactory()
    for field in ("License-Expression", "License"):
        name = str(about[field] or "").strip()
        if name and len(name) <= LONGEST_NAME and "\n" not in name:
            yield factory.make_from_string(name, license_acknowledgement=LicenseAcknowledgement.DECLARED)
            return
    classifiers = [one for one in about.get_all("Classifier") or () if one.startswith(CLASSIFIER)]
    for one in dict.fromkeys(classifiers):
        yield factory.make_with_name(one.rpartition(" :: ")[2], acknowledgement=LicenseAcknowledgement.DECLARED)


if __name__ == "__main__":
    sys.exit(main())
