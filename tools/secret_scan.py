"""Secrets in the tree: whatever looks like one and is not in .secrets.baseline fails.

python -m tools.secret_scan [FILE...]      # without files: everything that git knows or would add
python -m tools.secret_scan --renew        # writes the baseline anew: look at each change before committing it
"""

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from detect_secrets.core import baseline
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings, transient_settings

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ".secrets.baseline"
# Hashes of packages, and files in which no text is.
NOT_SCANNED = {".lock", ".png", ".baseline"}
ALLOWED_ON_ITS_LINE = "pragma: allowlist secret"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 1 when something new looks like a secret."""
    parser = ArgumentParser(prog="python -m tools.secret_scan", description="Look for secrets in the tree.")
    parser.add_argument("files", nargs="*", help="these only (default: the whole tree)")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--renew", action="store_true", help="write the baseline anew")
    options = parser.parse_args(arguments)
    if options.renew:
        renew(options.root)
        return 0
    found = find_secrets(options.root, options.files or list_files(options.root))
    for secret in found:
        print(f"{secret.filename}:{secret.line_number}: {secret.type}", file=sys.stderr)
    if found:
        print(
            "These look like secrets. Take each out, and make it invalid where it counts: a commit keeps it for ever.\n"
            f"If it is none, end its line with `# {ALLOWED_ON_ITS_LINE}`, or run `make secrets`.",
            file=sys.stderr,
        )
    return 1 if found else 0


def list_files(root: Path) -> list[str]:
    """What git knows, and what it would add; paths from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607  # nosec B607
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return sorted(name for name in listed.split("\0") if name and (root / name).is_file())


def find_secrets(root: Path, files: Sequence[str]) -> list[PotentialSecret]:
    """What looks like a secret in these files and is not known to be none; a moved line is no news."""
    known = _read_baseline(root)
    with transient_settings(known):
        news = _scan(root, files) - SecretsCollection.load_from_baseline(known)
    return [secret for _, secret in news]


def renew(root: Path) -> None:
    """Write the baseline of all that is found now."""
    with default_settings():
        # Without line numbers: a file that grows changes nothing here.
        content = baseline.format_for_output(_scan(root, list_files(root)), is_slim_mode=True)
    (root / BASELINE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _scan(root: Path, files: Sequence[str]) -> SecretsCollection:
    """What looks like a secret, by names from the root: a baseline holds in every clone."""
    found = SecretsCollection()
    # With a root of its own the collection would keep absolute names.
    with chdir(root):
        if wanted := [name for name in files if Path(name).suffix not in NOT_SCANNED]:
            found.scan_files(*wanted)
    return found


def _read_baseline(root: Path) -> dict[str, Any]:
    return dict(baseline.upgrade(baseline.load_from_file(str(root / BASELINE))))


if __name__ == "__main__":
    sys.exit(main())
