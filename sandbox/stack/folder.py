"""The data folder of an environment: what lies where, and that one program at a time uses it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sandbox.stack.errors import StackError

REPOSITORY = Path(__file__).parents[2]
VARIABLE = "OSHIRASE_DATA"


@dataclass(frozen=True)
class DataFolder:
    """Paths under the data folder; `path` is absolute."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The embedded server's files."""
        return self.path / "postgres"

    @property
    def gateway(self) -> Path:
        """What the emulator keeps."""
        return self.path / "gateway"

    @property
    def broker(self) -> Path:
        """What the workers' broker keeps."""
        return self.path / "broker"

    @property
    def airflow_home(self) -> Path:
        """Airflow's own folder."""
        return self.path / "airflow"

    @property
    def extracts(self) -> Path:
        """The business system's extracts: where they are dropped, and where they go."""
        return self.path / "extracts"

    @property
    def clock(self) -> Path:
        """The moved clock, see `sandbox.clock`."""
        return self.path / "clock"

    @property
    def pid_file(self) -> Path:
        """Locked while an environment runs; holds the process id of the program that runs it."""
        return self.path / "stack.pid"

    @property
    def addresses(self) -> Path:
        """Where a running environment is; see `sandbox.stack.memory`."""
        return self.path / "running.json"

    def log(self, component: str) -> Path:
        """Where a component's output goes."""
        return self.path / "logs" / f"{component}.log"

    def create(self) -> None:
        """Make the folders that are not there yet."""
        for folder in (self.gateway, self.airflow_home, self.log("any").parent):
            folder.mkdir(parents=True, exist_ok=True)


def data_folder(default: str) -> DataFolder:
    """The folder that $OSHIRASE_DATA names, else `.data/<default>` of the checkout."""
    return DataFolder(Path(os.environ.get(VARIABLE) or REPOSITORY / ".data" / default).resolve())


@contextmanager
def held(folder: DataFolder) -> Iterator[None]:
    """Keep every other environment off the folder.

    Raises:
        StackError: one runs there already.
    """
    with folder.pid_file.open("a+", encoding="ascii") as file:
        if not _lock(file):
            raise StackError(
                f"an environment runs in {folder.path} already (process {owner(folder)}): "
                f"stop it with `make down`, or choose another folder with {VARIABLE}=DIR"
            )
        _write(file, str(os.getpid()))
        try:
            yield
        finally:
            _write(file, "")


def owner(folder: DataFolder) -> int | None:
    """The process that holds the folder; None when nobody does."""
    try:
        with folder.pid_file.open(encoding="ascii") as file:
            return None if _lock(file) else int(file.read() or 0) or None
    except FileNotFoundError:
        return None


def _lock(file: TextIO) -> bool:
    """Whether the lock could be had; the kernel lets go of it when its process ends, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(file: TextIO, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
