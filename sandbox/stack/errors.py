"""The sandbox's errors: each message is one sentence that names the thing and the mend."""

from pathlib import Path

from oshirase.errors import OshiraseError

SHOWN_LINES = 15


class StackError(OshiraseError):
    """The environment cannot start, or cannot go on."""


def last_lines(log: Path, count: int = SHOWN_LINES) -> str:
    """The end of a log file, indented; empty when there is none."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return "".join(f"\n    {line}" for line in lines)
