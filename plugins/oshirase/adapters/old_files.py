"""Files that have been dealt with, and how long ago."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from oshirase.adapters.files import sync_folder


def list_old(folders: Iterable[Path], before: datetime) -> list[Path]:
    """What lies in some folders and was written, and put there, before a moment; nothing in one that is not there.

    A link is looked at itself, never what it leads to.
    """
    return [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if datetime.fromtimestamp(max(path.lstat().st_mtime, path.lstat().st_ctime), UTC) < before
    ]


def remove_all(paths: Iterable[Path]) -> None:
    """Remove files, links and folders; one that is gone already is no error."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=False)
        else:
            path.unlink(missing_ok=True)
        sync_folder(path.parent)
