"""What a lock pins: names, versions, and the hashes of every file that may be installed for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
HASH = "--hash=sha256:"


class BadLock(Exception):
    """A lock that pins something loosely, or cannot be read; names file and entry."""


@dataclass(frozen=True)
class Pin:
    """One package of one version; `sha256` of its wheels and its source, in hexadecimal digits."""

    name: str
    version: str
    sha256: tuple[str, ...]
    marker: Marker | None = None

    def applies(self, environment: Mapping[str, str] | None = None) -> bool:
        """Whether it is installed in this Python on this machine, some of it told otherwise."""
        return self.marker is None or self.marker.evaluate(dict(environment or {}))


def read_lock(path: Path) -> tuple[Pin, ...]:
    """Every pin of a lock, in its order.

    Raises:
        BadLock: an entry has no exact version or no SHA-256.
    """
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return tuple(_read_pin(path, line) for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _read_pin(path: Path, line: str) -> Pin:
    wanted, *hashes = (part.strip() for part in line.split(HASH))
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement as error:
        raise BadLock(f"{path.name}: {wanted!r} is no requirement: {error}") from None
    (specifier,) = [*requirement.specifier][:1] or [None]
    if specifier is None or len(requirement.specifier) != 1 or specifier.operator != "==" or requirement.url:
        raise BadLock(f"{path.name}: {wanted!r} names no exact version")
    if not hashes:
        raise BadLock(f"{path.name}: {requirement.name} has no SHA-256")
    return Pin(canonicalize_name(requirement.name), specifier.version, tuple(hashes), requirement.marker)
