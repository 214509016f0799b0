"""The folder into which the business system's extracts are dropped, and where they go from there."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from oshirase.adapters.files import NOT_OURS, replace_file, sync_folder
from oshirase.domain.extract import Ingest
from oshirase.errors import MissingSetting

SETTING = "OSHIRASE_EXTRACT_FOLDER"


@dataclass(frozen=True)
class DropFolder:
    """The folders of `config/ingest.toml` under one root; a file moves from one to the other in one step."""

    root: Path
    ingest: Ingest

    def __post_init__(self) -> None:
        for folder in (self.drop, self._archive, self._refused, self._reports):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def drop(self) -> Path:
        """Where extracts arrive."""
        return self.root / self.ingest.folders.drop

    @property
    def _archive(self) -> Path:
        return self.root / self.ingest.folders.archive

    @property
    def _refused(self) -> Path:
        return self.root / self.ingest.folders.refused

    @property
    def _reports(self) -> Path:
        return self.root / self.ingest.folders.reports

    def complete(self) -> Iterator[Path]:
        """What lies there complete, by name: files, and whatever else somebody put there instead of one."""
        for name in sorted(os.listdir(self.drop)):
            path = self.drop / name
            is_marker = self.ingest.complete == "marker" and name.endswith(self.ingest.marker)
            if not name.startswith(NOT_OURS) and not is_marker and self._is_complete(path):
                yield path

    def _is_complete(self, path: Path) -> bool:
        if self.ingest.complete == "marker":
            return self._marker(path).exists()
        try:
            changed_at = path.lstat().st_mtime
        except FileNotFoundError:
            return False
        return time.time() - changed_at >= self.ingest.settle_seconds

    def archive(self, path: Path) -> None:
        """Put a file that was loaded away; the same name again gets a number."""
        self._move(path, self._archive)

    def refuse(self, path: Path, sentence: str) -> None:
        """Put a file that was refused away, with the sentence that says why beside it."""
        moved = self._move(path, self._refused)
        replace_file(moved.with_name(f"{moved.name}.txt"), f"{sentence}\r\n".encode("utf-8-sig"))

    def report(self, path: Path, content: bytes) -> str:
        """Write the error file of an extract. Returns its name."""
        report = self._reports / f"{path.stem}.errors.csv"
        replace_file(report, content)
        return report.name

    def _move(self, path: Path, folder: Path) -> Path:
        target, number = folder / path.name, 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}.{number}{path.suffix}"
        # The account that dropped it may be another one.
        with suppress(PermissionError):
            path.chmod(0o600)
        path.rename(target)
        self._marker(path).unlink(missing_ok=True)
        sync_folder(folder)
        sync_folder(self.drop)
        return target

    def _marker(self, path: Path) -> Path:
        return path.with_name(path.name + self.ingest.marker)


def drop_folder(ingest: Ingest) -> DropFolder:
    """The folders under $OSHIRASE_EXTRACT_FOLDER, made when they are not there.

    Raises:
        MissingSetting: the variable is not set, or names no folder.
    """
    root = os.environ.get(SETTING, "")
    if not root or not Path(root).is_dir():
        raise MissingSetting(f"{SETTING} must name the folder into which the business system's extracts are put")
    return DropFolder(Path(root), ingest)
