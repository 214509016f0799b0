"""Programs that tests need beside Python: Debian's, installed when they are missing and that may be done."""

import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest

LONGEST_INSTALL_SECONDS = 300
DID_NOT_RUN = "did not run"


class NoProgramError(Exception):
    """There is no such program, and none can be installed: says why, and what to do."""


def find_or_skip(tests: str, names: Sequence[str], packages: Sequence[str]) -> str:
    """Where the program is; a test without it is skipped, and the end of the report says that `tests` did not run."""
    try:
        return find_program(names, packages)
    except NoProgramError as error:
        pytest.skip(f"{tests} {DID_NOT_RUN}: {error}")


def find_program(names: Sequence[str], packages: Sequence[str]) -> str:
    """Where the first of these programs is, installed by these packages if it has to be. Raises NoProgramError."""
    if found := _found(names):
        return found
    _install(names[0], packages)
    if found := _found(names):
        return found
    raise NoProgramError(f"{' '.join(packages)} were installed, and still there is no {names[0]} in the PATH")


def tell_what_did_not_run(reporter: pytest.TerminalReporter) -> None:
    """At the end of pytest's report a section for tests that were skipped for want of a program."""
    reasons = {str(report.longrepr[2]) for report in reporter.stats.get("skipped", ())}
    for reason in sorted(reason for reason in reasons if DID_NOT_RUN in reason):
        title, _, why = reason.removeprefix("Skipped: ").partition(": ")
        reporter.section(title.upper(), sep="!", red=True, bold=True)
        reporter.line(why)


def _found(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _install(name: str, packages: Sequence[str]) -> None:
    wanted = f"install it (Debian: apt-get install {' '.join(packages)})"
    if shutil.which("apt-get") is None:
        raise NoProgramError(f"there is no {name} here, and no apt-get to install it with: {wanted}")
    if os.geteuid() != 0:
        raise NoProgramError(f"there is no {name} here, and only root may install it: {wanted}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update",), ("install", "--yes", "--no-install-recommends", *packages)):
        try:
            subprocess.run(
                ["apt-get", "--quiet", *command],
                env=quiet,
                check=True,
                capture_output=True,
                timeout=LONGEST_INSTALL_SECONDS,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise NoProgramError(
                f"there is no {name} here, and apt-get {command[0]} fails ({error}): {wanted}"
            ) from None
