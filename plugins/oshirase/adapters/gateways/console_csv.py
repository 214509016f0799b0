"""A console's files: writing what staff upload, reading what they download. No database, and no guess about a row."""

import codecs
import csv
import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from oshirase.adapters.files import file_names, replace_file, sync_folder, write_new
from oshirase.domain.calendar import JST
from oshirase.domain.console import CannotWrite, Folders, Result, Upload, UploadRow, normalise
from oshirase.domain.gateway import DeliveryState
from oshirase.domain.spreadsheet import unescape
from oshirase.errors import MissingSetting

SETTING = "OSHIRASE_CONSOLE_FOLDER"
LINE_ENDS = {"crlf": "\r\n", "lf": "\n"}
# Decoding goes on where it cannot: the rows that it spoils carry this character.
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
LONGEST_WORD = 40


@dataclass(frozen=True)
class ResultRow:
    """What one row of a result file says of a notice."""

    line: int
    notice_id: UUID
    state: DeliveryState
    word: str
    sent_at: datetime | None
    received_at: datetime | None
    carrier: str | None
    parts: int | None


@dataclass(frozen=True)
class RowProblem:
    """A row of a result file that was not applied, and why; never what it says."""

    line: int
    code: str
    notice_id: UUID | None = None


@dataclass(frozen=True)
class Reading:
    """A result file as it was read."""

    rows: list[ResultRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


class BadCell(ValueError):
    """A cell that cannot be understood; the message is the problem's code."""


def write_upload(rows: Iterable[UploadRow], upload: Upload) -> bytes:
    """The upload file in the console's layout.

    Raises:
        CannotWrite: a character that the encoding does not have, or a formula character that is to be refused.
    """
    text = io.StringIO(newline="")
    cells = [row.cells(upload) for row in rows]
    # Minimal quoting sees the file's own line end only: a lone CR in a text would end the row for who reads it.
    is_broken = any("\r" in cell or "\n" in cell for row in cells for cell in row)
    writer = csv.writer(
        text,
        delimiter=upload.separator,
        quoting=csv.QUOTE_ALL if is_broken or upload.quoting == "all" else csv.QUOTE_MINIMAL,
        lineterminator=LINE_ENDS[upload.line_end],
    )
    if upload.header:
        writer.writerow(column.heading for column in upload.columns)
    writer.writerows(cells)
    return _encode(text.getvalue(), upload.encoding)


def _encode(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise CannotWrite(
            f"the character {character!r} (U+{ord(character):04X}) cannot be written in {encoding}: no file was "
            "written; change the text in config/campaigns, or the encoding in config/gateways"
        ) from None


def read_result(content: bytes, result: Result) -> Reading:
    """Read a result file row by row; whatever is wrong with a row is a problem with its line number, never an error."""
    reading = Reading()
    rows = _rows(_decode(content, result.encoding), result.separator, reading.problems)
    columns = (
        [normalise(c) for c in result.columns] if result.columns else [normalise(c) for c in next(rows, (0, []))[1]]
    )
    places = {name: columns.index(heading) for name, heading in result.wanted().items() if heading in columns}
    if missing := set(result.wanted()) - set(places):
        return Reading(problems=[RowProblem(1, f"no_heading:{'+'.join(sorted(missing))}")])
    seen: set[UUID] = set()
    for line, cells in rows:
        _read_row(line, cells, len(columns), places, result, reading, seen)
    return reading


def _decode(content: bytes, encoding: str) -> str:
    """Text in the encoding that the bytes themselves show, else in the one of the settings, else as well as it goes."""
    if content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    for candidate in (encoding, "utf-8", "cp932"):
        with suppress(UnicodeDecodeError):
            return content.decode(candidate)
    return content.decode(encoding, errors="replace")


def _rows(text: str, separator: str, problems: list[RowProblem]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line number that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # A quote that is not closed, or stands where none may.
            problems.append(RowProblem(line, "broken_quotes"))
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _read_row(
    line: int,
    cells: list[str],
    width: int,
    places: dict[str, int],
    result: Result,
    reading: Reading,
    seen: set[UUID],
) -> None:
    notice_id: UUID | None = None
    try:
        _check_shape(cells, width)
        values = {name: unescape(cells[place].strip()) for name, place in places.items()}
        notice_id = _notice_id(values["notice_id"])
        row = _row(line, notice_id, values, result)
    except BadCell as bad:
        reading.problems.append(RowProblem(line, str(bad), notice_id))
        return
    if notice_id in seen:
        # Reported, and still a receipt: a receipt only adds knowledge.
        reading.problems.append(RowProblem(line, "repeated", notice_id))
    seen.add(notice_id)
    reading.rows.append(row)


def _check_shape(cells: list[str], width: int) -> None:
    text = "".join(cells)
    if "\0" in text:
        raise BadCell("nul_byte")
    if UNREADABLE in text:
        raise BadCell("unreadable_characters")
    # Spreadsheets add empty cells at the end.
    if len(cells) < width or any(cells[width:]):
        raise BadCell("wrong_number_of_cells")


def _notice_id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadCell("no_notice_id") from None


def _row(line: int, notice_id: UUID, values: dict[str, str], result: Result) -> ResultRow:
    state = result.state_of(values["state"])
    if state is None:
        raise BadCell("unknown_word")
    return ResultRow(
        line=line,
        notice_id=notice_id,
        state=state,
        word=normalise(values["state"]),
        sent_at=_moment(values.get("sent_at", ""), result.time_formats),
        received_at=_moment(values.get("received_at", ""), result.time_formats),
        carrier=values.get("carrier", "")[:LONGEST_WORD] or None,
        parts=_count(values.get("parts", "")),
    )


def _moment(value: str, formats: Sequence[str]) -> datetime | None:
    if not value:
        return None
    for known in formats:
        with suppress(ValueError):
            return datetime.strptime(value, known).replace(tzinfo=JST)
    raise BadCell("unreadable_time")


def _count(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 2):
        raise BadCell("unreadable_number")
    return int(value)


@dataclass(frozen=True)
class FoundResult:
    """A result file in the folder: its content, and what it was when it was read."""

    path: Path
    content: bytes
    changed_ns: int

    @property
    def content_id(self) -> str:
        """The content's own name: the same file twice has it twice. Its file name is whatever staff chose."""
        return hashlib.sha256(self.content).hexdigest()[:12]


class ConsoleFolder:
    """The folders of a console under one root; files in them are readable by their owner only.

    A file to upload is written under its final name in the staging folder, and moved to the upload folder in one step
    when the ledger has it: what people see there is complete, and recorded.
    """

    def __init__(self, root: Path, folders: Folders) -> None:
        self._staging, self._upload = root / folders.staging, root / folders.upload
        self._results, self._archive, self._lists = (
            root / folders.results, root / folders.archive, root / folders.lists,
        )  # fmt: skip
        for folder in (self._staging, self._upload, self._results, self._archive, self._lists):
            folder.mkdir(parents=True, exist_ok=True)

    def stage(self, name: str, content: bytes) -> None:
        """Write a file where nobody uploads from; an existing one is an error."""
        write_new(self._staging / name, content)

    def publish(self, name: str) -> None:
        """Move a staged file to the upload folder; nothing happens when that is done already."""
        if (self._upload / name).exists():
            return
        with suppress(FileNotFoundError):
            (self._staging / name).rename(self._upload / name)
        sync_folder(self._upload)
        sync_folder(self._staging)

    def discard(self, name: str) -> None:
        """Remove a file for good, wherever it waits."""
        for folder in (self._staging, self._upload):
            (folder / name).unlink(missing_ok=True)
            sync_folder(folder)

    def put_away(self, name: str) -> None:
        """Move a file from the upload folder to the archive, so that nobody uploads it (again)."""
        with suppress(FileNotFoundError):
            (self._upload / name).rename(self._archive / name)
        sync_folder(self._archive)

    def staged(self) -> set[str]:
        """Names of the files that are not yet in the upload folder."""
        return file_names(self._staging)

    def uploads(self) -> set[str]:
        """Names of the files that people see in the upload folder."""
        return file_names(self._upload)

    def results(self, settle_seconds: int) -> Iterator[FoundResult]:
        """Result files that nobody has written to for a while, by name."""
        for name in sorted(file_names(self._results)):
            path = self._results / name
            with suppress(FileNotFoundError):
                changed_ns = path.stat().st_mtime_ns
                if time.time_ns() - changed_ns >= settle_seconds * 1_000_000_000:
                    yield FoundResult(path, path.read_bytes(), changed_ns)

    def archive_result(self, found: FoundResult, report: bytes | None) -> str:
        """Move a result file to the archive, with a report of the rows that were not applied beside it.

        The same content goes to the same place. A file that somebody has changed meanwhile stays for the next time.

        Returns:
            The report's name; empty when there is none.
        """
        name = f"{found.path.stem}.{found.content_id}{found.path.suffix}"
        report_path = self._archive / f"{name}.unmatched.csv"
        report_path.unlink(missing_ok=True)
        if report is not None:
            replace_file(report_path, report)
        if found.path.stat().st_mtime_ns == found.changed_ns:
            found.path.chmod(0o600)
            found.path.replace(self._archive / name)
            sync_folder(self._archive)
        return report_path.name if report is not None else ""

    def write_list(self, name: str, content: bytes | None) -> None:
        """Put a list for staff into its folder, in the place of the last one; None: there is nothing to do."""
        if content is None:
            (self._lists / name).unlink(missing_ok=True)
        else:
            replace_file(self._lists / name, content)


def console_folder(folders: Folders) -> ConsoleFolder:
    """The console's folders under $OSHIRASE_CONSOLE_FOLDER, made when they are not there.

    Raises:
        MissingSetting: the variable is not set, or names no folder.
    """
    root = os.environ.get(SETTING, "")
    if not root or not Path(root).is_dir():
        raise MissingSetting(f"{SETTING} must name the folder from which staff upload files to the SMS console")
    return ConsoleFolder(Path(root), folders)
