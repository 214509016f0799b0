"""Processes for tests: a server that has everything imported forks them in milliseconds."""

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PRELOADED = ("tests.chaos.sender", "tests.adapters.callers")
PATIENCE_SECONDS = 20

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(list(PRELOADED))


def start(target: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """A process of its own that calls the target."""
    # The server, started with the first process, learns its path from the environment only.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    process = _CONTEXT.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def end(process: BaseProcess) -> int:
    """Its exit status when it comes to its end; negative for the signal that killed it."""
    process.join(PATIENCE_SECONDS)
    assert process.exitcode is not None, "a process hangs"
    return process.exitcode
