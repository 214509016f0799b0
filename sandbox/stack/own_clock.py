"""The environment's clock in this process: started once, then shared with the components by its file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sandbox import clock
from sandbox.stack.folder import DataFolder


def start_clock(path: Path, moment: datetime) -> None:
    """Let a fresh folder's clock start at `moment`, which may lie in the past; one that runs already goes on.

    `sandbox.clock.move_to` refuses to go back, and is right: only nothing has happened yet here.
    """
    if not path.exists():
        path.write_text(repr((moment - datetime.now(UTC)).total_seconds()), encoding="ascii")


@contextmanager
def moved_clock(folder: DataFolder) -> Iterator[None]:
    """This process reads and moves the environment's clock, as its components read it."""
    before = os.environ.get(clock.VARIABLE)
    os.environ[clock.VARIABLE] = str(folder.clock)
    try:
        yield
    finally:
        if before is None:
            del os.environ[clock.VARIABLE]
        else:
            os.environ[clock.VARIABLE] = before
