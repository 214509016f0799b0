"""Ending an environment: what asks for it, and stopping every process whatever happens."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from sandbox.stack.databases import stop_leftover_server
from sandbox.stack.folder import DataFolder
from sandbox.stack.processes import stop_marked

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Tell = Callable[[str], None]


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """A signal that asks to end raises KeyboardInterrupt, once: nothing disturbs the stopping."""

    def leave(number: int, frame: FrameType | None) -> None:
        ignore_signals()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, leave) for number in ENDING_SIGNALS if not _is_nohup(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_nohup(number: signal.Signals) -> bool:
    """A program started with nohup stays when its terminal goes."""
    return number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN


def ignore_signals() -> None:
    """From here on nothing asks any more: the ending has begun."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def stop_everything(folder: DataFolder) -> bool:
    """End every process of the folder's environment, its database server last; whether there was any."""
    stopped = stop_marked(str(folder.path))
    return stop_leftover_server(folder.postgres) or bool(stopped)


@contextmanager
def swept(folder: DataFolder, tell: Tell) -> Iterator[None]:
    """No process of the folder's environment before, and none after."""
    if stop_everything(folder):
        tell("stopped what an earlier run had left behind")
    try:
        yield
    finally:
        ignore_signals()
        stop_everything(folder)


@contextmanager
def stopping(folder: DataFolder, tell: Tell) -> Iterator[None]:
    """The components end while their database still runs."""
    try:
        yield
    finally:
        ignore_signals()
        tell("stopping")
        stop_marked(str(folder.path))
