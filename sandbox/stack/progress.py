"""Progress on the terminal: each step with the seconds it took, the present one with a spinner."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

WIDTH_OF_A_LOG = 110


def new_console() -> Console:
    """The terminal as wide as it is; a log wide enough for the tables."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)


class Progress:
    """Tells steps one after the other; `tell` ends the one before."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = self._step_began = time.monotonic()
        self._step: str | None = None
        self._status: Status | None = None

    @property
    def seconds(self) -> float:
        """Since the first step."""
        return time.monotonic() - self._began

    def tell(self, step: str) -> None:
        """Begin a step."""
        self.done()
        self._step, self._step_began = step, time.monotonic()
        if self.console.is_terminal:
            self._status = self.console.status(step)
            self._status.start()
        else:  # a log must not wait for the step's end to show what is going on
            self.console.print(f"… {step}", highlight=False)

    def done(self) -> None:
        """End the present step."""
        if self._status:
            self._status.stop()
        if self._step:
            took = time.monotonic() - self._step_began
            self.console.print(f"[green]✓[/green] {self._step} [dim]{took:.1f} s[/dim]", highlight=False)
        self._step = self._status = None

    def broken_off(self) -> None:
        """Take the spinner away: the present step does not end well."""
        if self._status:
            self._status.stop()
        self._step = self._status = None


@contextmanager
def shown_progress(console: Console | None = None) -> Iterator[Progress]:
    """Progress that leaves the terminal clean whatever happens."""
    progress = Progress(console or new_console())
    try:
        yield progress
    except BaseException:
        progress.broken_off()
        raise
    progress.done()
