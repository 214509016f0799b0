"""Files shared with staff: whole or not there, outliving a power cut, readable by their owner only."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

# What Windows' own programs leave beside files.
NOT_OURS = (".", "~$")


def write_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A list for staff: CSV as a Japanese spreadsheet opens it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("utf-8-sig")


def file_names(folder: Path) -> set[str]:
    """Names of the files in a folder that people or programs put there on purpose."""
    return {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(NOT_OURS)}


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not be there yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of the one that is there, in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    write_new(draft, content)
    draft.replace(path)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
