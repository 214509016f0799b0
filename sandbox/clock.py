"""The clock that the emulator, the demo and the product share, and that can be moved forwards.

The time is the real one plus an offset, kept as a decimal number of seconds in the file that the environment
variable `OSHIRASE_SANDBOX_CLOCK` names; without the variable or the file the offset is 0. Any number of processes may
read it and move it. The product loads `now` by its setting `OSHIRASE_CLOCK=sandbox.clock:now` and knows nothing else
of this module.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

VARIABLE = "OSHIRASE_SANDBOX_CLOCK"


class _Reading(NamedTuple):
    """The offset last read, and the state of the file it was read from."""

    path: str
    stamp: tuple[int, int, int]
    offset: float


_last = _Reading("", (0, 0, 0), 0.0)


def now() -> datetime:
    """Return the moved time, aware, in UTC. Cheap enough for every request: one `stat`, a read only after a change."""
    return datetime.now(UTC) + timedelta(seconds=_offset())


def move_to(moment: datetime) -> None:
    """Set the clock to `moment` (aware); from there it runs on.

    Raises ValueError for a naive moment or one before the clock's present, RuntimeError without the variable.
    """
    if moment.tzinfo is None:
        raise ValueError("the clock needs an aware moment")
    with _locked() as path:
        _write_offset(path, (moment - datetime.now(UTC)).total_seconds())


def advance(delta: timedelta) -> None:
    """Move the clock forwards by `delta`. Raises ValueError when negative, RuntimeError without the variable."""
    with _locked() as path:
        _write_offset(path, _offset() + delta.total_seconds())


def _offset() -> float:
    """Return the offset in seconds; the file is read again only when its time, inode or size has changed."""
    global _last  # one tuple, replaced whole: threads see the old reading or the new one
    path = os.environ.get(VARIABLE)
    if not path:
        return 0.0
    try:
        status = os.stat(path)
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if (_last.path, _last.stamp) != (path, stamp):
            _last = _Reading(path, stamp, _parse(path, Path(path).read_text()))
    except FileNotFoundError:
        return 0.0
    return _last.offset


def _parse(path: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{path} does not hold a number of seconds: delete it to return to real time") from None


def _write_offset(path: Path, offset: float) -> None:
    if offset < _offset():
        raise ValueError("the clock does not move backwards: what was sent cannot be unsent")
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
        file.write(repr(offset))
    os.replace(file.name, path)  # readers see the old offset or the new one, never half of it


@contextmanager
def _locked() -> Iterator[Path]:
    """Yield the clock's file, held against other movers: two at once could otherwise undo each other."""
    name = os.environ.get(VARIABLE)
    if not name:
        raise RuntimeError(f"the clock can only be moved when {VARIABLE} names a file")
    path = Path(name)
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path
