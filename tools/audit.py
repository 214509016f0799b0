"""Known vulnerabilities of what the locks pin, by pip-audit and the OSV service: `make audit`.

An answer with findings fails, unless audit_ignored.toml names each with a reason and a day. Where the service cannot be
reached nothing is known, which is said loudly and passes only while AUDIT_REQUIRED is not 1.
AUDIT_URL: a city's own copy of the service, speaking OSV's `POST /v1/query`.
"""

import os
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import requests
from pip_audit._audit import Auditor
from pip_audit._dependency_source import DependencySourceError, RequirementSource
from pip_audit._service import OsvService, ServiceError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bootstrap.lock")
IGNORED = ROOT / "tools" / "audit_ignored.toml"
TIMEOUT_SECONDS = 10
# No longer than this at a time may a finding be looked away from.
LONGEST_DAYS = 100
# Asked first: whether anybody is there.
PROBE = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "26.2.1"}


class Ignored(BaseModel):
    """A finding that does not concern us, why, and the day on which somebody has to look again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=5)
    reason: str = Field(min_length=20)
    until: date


@dataclass(frozen=True)
class Finding:
    """One known vulnerability of one pinned package; `names` are its ids in every catalogue."""

    package: str
    version: str
    names: frozenset[str]
    mended_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.mended_in)}" if self.mended_in else "not mended yet"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))} ({mended})"


class NotAnswered(Exception):
    """Nobody is there who knows vulnerabilities."""


class NotAudited(Exception):
    """The service is there, and still the locks were not audited to their end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 nothing known, or nothing to be known and that is allowed."""
    parser = ArgumentParser(prog="python -m tools.audit", description="Audit the locks for known vulnerabilities.")
    parser.add_argument("locks", nargs="*", type=Path, default=[ROOT / name for name in LOCKS])
    parser.add_argument("--ignored", type=Path, default=IGNORED)
    options = parser.parse_args(arguments)
    url = os.environ.get("AUDIT_URL") or OsvService.DEFAULT_OSV_URL
    try:
        ignored = read_ignored(options.ignored, datetime.now(UTC).date())
        probe(url)
        findings = audit(options.locks, url)
    except NotAnswered as error:
        return _tell_not_answered(error)
    except (NotAudited, ValidationError, ValueError) as error:
        print(f"AUDIT FAILED: {error}", file=sys.stderr)
        return 1
    return _tell(findings, ignored)


def read_ignored(path: Path, today: date) -> tuple[Ignored, ...]:
    """The list of findings to look away from; one whose day has come is an error, as is one that lasts too long.

    Raises:
        ValueError: names the entry.
    """
    entries = tuple(Ignored(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("ignored", ()))
    for entry in entries:
        if entry.until <= today:
            raise ValueError(f"{path.name}: {entry.id} was looked away from until {entry.until}: look at it again")
        if (entry.until - today).days > LONGEST_DAYS:
            raise ValueError(f"{path.name}: {entry.id} is for more than {LONGEST_DAYS} days: name an earlier day")
    return entries


def probe(url: str) -> None:
    """Ask the service one thing.

    Raises:
        NotAnswered: no connection, or no answer of this service (a proxy's page, as in a closed network).
    """
    try:
        answer = requests.post(url, json=PROBE, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        if not isinstance(answer.json(), dict):
            raise NotAnswered("what answers is no OSV service")
    except requests.RequestException as error:
        raise NotAnswered(type(error).__name__) from None


def audit(locks: Iterable[Path], url: str) -> list[Finding]:
    """Everything that the service knows of what the locks pin, for this platform.

    Raises:
        NotAudited: the audit did not come to its end.
    """
    return [finding for lock in locks for finding in _audit_lock(lock, url)]


def _audit_lock(lock: Path, url: str) -> Iterator[Finding]:
    # As its command does with --require-hashes --disable-pip: what stands in the lock, without resolving anything.
    pinned = RequirementSource([lock], require_hashes=True, disable_pip=True)
    service = OsvService(timeout=TIMEOUT_SECONDS, osv_url=url)
    try:
        for package, vulnerabilities in Auditor(service).audit(pinned):
            if package.is_skipped():
                raise NotAudited(f"{lock.name}: {package.name} was left out: {package.skip_reason}")
            for one in vulnerabilities:
                names = frozenset({one.id, *one.aliases})
                yield Finding(package.name, str(package.version), names, tuple(map(str, one.fix_versions)))
    except (DependencySourceError, ServiceError, requests.RequestException) as error:
        raise NotAudited(f"{lock.name} was not audited to its end: {error or type(error).__name__}") from None


def _tell(findings: Iterable[Finding], ignored: Sequence[Ignored]) -> int:
    names = {entry.id for entry in ignored}
    found = set(findings)
    counting = sorted({str(finding) for finding in found if not finding.names & names})
    for finding in counting:
        print(f"VULNERABLE: {finding}", file=sys.stderr)
    for entry in ignored:
        if not any(entry.id in finding.names for finding in found):
            print(f"{IGNORED.name}: {entry.id} is not found any more: take it out", file=sys.stderr)
    if counting:
        print("Move to a mended version (`make lock`), or name it in tools/audit_ignored.toml.", file=sys.stderr)
        return 1
    print(f"audit: the locks have no known vulnerability ({len(names)} looked away from)")
    return 0


def _tell_not_answered(error: NotAnswered) -> int:
    is_required = os.environ.get("AUDIT_REQUIRED") == "1"
    print(
        "********************************************************************************\n"
        f"NOT AUDITED: the service that knows vulnerabilities does not answer ({error}).\n"
        "Nothing is known of the pinned packages. Run `make audit` where it can be reached,\n"
        "or set AUDIT_URL to a copy of it; AUDIT_REQUIRED=1 makes this a failure.\n"
        "********************************************************************************",
        file=sys.stderr,
    )
    return 1 if is_required else 0


if __name__ == "__main__":
    sys.exit(main())
