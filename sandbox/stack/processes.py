"""Components as processes: started in sessions of their own, watched, and stopped with all that they started."""

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.stack.errors import StackError, last_lines

# Every process of an environment inherits this variable, so that it is known as ours whoever its parent is by now.
MARK = "OSHIRASE_STACK"
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Component:
    """A running component: what it is called, its process and the file its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise StackError, with the end of the log, when the component has ended."""
        status = self.process.poll()
        if status is not None:
            raise StackError(f"{self.name} ended with status {status}, see {self.log}:{last_lines(self.log)}")


def start(
    name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, *, keeps_greeting: bool = True
) -> Component:
    """Start a component in a session of its own: Ctrl-C reaches the starter alone, which then stops them in order.

    Without `keeps_greeting` only what it says on stderr is kept: the emulator greets with its token.
    """
    with open(log, "ab", opener=_private) as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output if keeps_greeting else subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
    return Component(name, process, log)


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner can read: logs quote what goes wrong, whatever it is about."""
    return os.open(path, flags, 0o600)


def run_to_end(component: Component, watch: Callable[[], None]) -> None:
    """Wait until the component has done its work; `watch` is called meanwhile and may raise.

    Raises:
        StackError: it failed.
    """
    while component.process.poll() is None:
        watch()
        time.sleep(POLL_SECONDS)
    if component.process.returncode:
        component.check()


def wait_until(is_done: Callable[[], bool], what: str, seconds: float, components: Iterable[Component] = ()) -> None:
    """Ask again and again until it is so.

    Raises:
        StackError: not within `seconds`, or a component has ended meanwhile.
    """
    deadline = time.monotonic() + seconds
    watched = tuple(components)
    while not is_done():
        for component in watched:
            component.check()
        if time.monotonic() > deadline:
            logs = "".join(f"\n  {component.log}:{last_lines(component.log)}" for component in watched)
            raise StackError(f"{what}: not within {seconds:.0f} s{'; the logs end with' if logs else ''}{logs}")
        time.sleep(POLL_SECONDS)


def end(component: Component, *, at_once: bool = False, seconds: float = PATIENCE_SECONDS) -> None:
    """End a component with all that it has started: asked first, or killed `at_once`, its workers before they notice.

    Its children may have process groups of their own, so that a signal to its own group would miss them.
    """
    leader = psutil.Process(component.process.pid)
    if at_once:
        leader.suspend()  # it starts nothing more
    family = [leader, *leader.children(recursive=True)]
    if not at_once:
        _signal([leader], psutil.Process.terminate)
        _, family = psutil.wait_procs(family, timeout=seconds)
    _signal(family, psutil.Process.kill)
    psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    component.process.wait(PATIENCE_SECONDS)


def marked_processes(mark: str) -> list[psutil.Process]:
    """Every live process that carries the mark, the oldest first."""
    return sorted(
        (process for process in psutil.process_iter() if _mark_of(process) == mark),
        key=lambda process: (process.create_time(), process.pid),
    )


def stop_marked(mark: str, seconds: float = PATIENCE_SECONDS) -> int:
    """End every process that carries the mark: asked first, killed when they have not ended after `seconds`.

    Returns:
        How many there were.
    """
    processes = marked_processes(mark)
    _signal(_leaders(processes), psutil.Process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    # What was started meanwhile, and what its leader left behind.
    _signal({*alive, *marked_processes(mark)}, psutil.Process.kill)
    psutil.wait_procs(alive, timeout=PATIENCE_SECONDS)
    return len(processes)


def _leaders(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those whose parent is none of them: a component ends its own children more tidily than we can."""
    pids = {process.pid for process in processes}
    return [process for process in processes if _parent_of(process) not in pids]


def _parent_of(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.Error:
        return None


def _mark_of(process: psutil.Process) -> str | None:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return str(process.environ().get(MARK))
    except (psutil.Error, OSError):
        return None


def _signal(processes: Iterable[psutil.Process], send: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        try:
            send(process)
        except psutil.NoSuchProcess:
            continue
