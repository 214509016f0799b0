"""Reading an extract's file: which encoding it has, and its rows as texts, a chunk at a time."""

import _csv
import codecs
import csv
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from oshirase.domain.console import normalise
from oshirase.domain.extract import FileIssue, FileRefused, Layout, RowIssue

CHUNK_ROWS = 50_000
_BLOCK = 1 << 20
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Tried in this order where the settings do not say: hardly any CP932 text is also UTF-8.
_WITHOUT_MARK = ("utf-8-sig", "cp932")
# How the decoders say that a character's last bytes are missing.
_CUT_OFF = {"unexpected end of data", "incomplete multibyte sequence", "truncated data"}
csv.field_size_limit(1 << 20)
# What the reader says of a quotation mark that is never closed: at the end, or after a megabyte of it.
_NEVER_CLOSED = ("unexpected end of data", "field larger than field limit")
# Old systems write it as the last byte.
_END_OF_FILE = "\x1a"


@dataclass
class Chunk:
    """Some rows: the cells of each column that is wanted, in step with the lines on which they begin."""

    lines: list[int] = field(default_factory=list)
    cells: dict[str, list[str]] = field(default_factory=dict)
    # Rows that are no rows: (line, issue).
    broken: list[tuple[int, RowIssue]] = field(default_factory=list)


class ExtractFile:
    """A file of an extract, opened and looked through once: its SHA-256, its encoding, whether it is whole.

    Raises:
        FileRefused: not a regular file, empty, cut off, or not in the encoding that it should have.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.name = path.name
        self._layout = layout
        self._stream = _open_regular(path)
        try:
            self._seen = os.fstat(self._stream.fileno())
            if not self._seen.st_size:
                raise FileRefused(FileIssue.EMPTY)
            self.sha256 = hashlib.file_digest(self._stream, "sha256").digest()
            self.encoding = self._find_encoding()
            if layout.ends_with_line_end and not self._ends_with_line_end():
                raise FileRefused(FileIssue.TRUNCATED, "最後の行に改行がありません")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    @property
    def was_changed(self) -> bool:
        """Whether somebody wrote to the file since it was opened."""
        now = os.fstat(self._stream.fileno())
        return (now.st_size, now.st_mtime_ns) != (self._seen.st_size, self._seen.st_mtime_ns)

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """The rows after the heading; blank ones are left out, a row's own line breaks are counted.

        Raises:
            FileRefused: a heading is missing or there twice, or a quotation mark is never closed.
        """
        self._stream.seek(0)
        text = io.TextIOWrapper(self._stream, encoding=self.encoding, newline="")
        try:
            reader = csv.reader(text, delimiter=self._layout.separator, strict=True)
            wanted, width = self._find_columns(reader)
            following = _rows(reader)
            while chunk := list(islice(following, rows)):
                yield _chunk(chunk, wanted, width)
        finally:
            text.detach()

    def _find_encoding(self) -> str:
        if self._layout.encoding:
            candidates: Sequence[str] = (self._layout.encoding,)
        else:
            self._stream.seek(0)
            has_mark = self._stream.read(2) in _UTF_16_MARKS
            candidates = ("utf-16",) if has_mark else _WITHOUT_MARK
        most = 0
        is_cut_off = False
        for encoding in candidates:
            lines, problem = self._decode(encoding)
            if problem is None:
                return encoding
            most = max(most, lines)
            is_cut_off |= getattr(problem, "reason", "") in _CUT_OFF
        if is_cut_off:
            raise FileRefused(FileIssue.TRUNCATED, "最後の文字が欠けています")
        raise FileRefused(FileIssue.WRONG_ENCODING, f"{most + 1:,}行目付近")

    def _decode(self, encoding: str) -> tuple[int, UnicodeError | None]:
        """Lines that decode, and what stopped it."""
        decoder = codecs.getincrementaldecoder(encoding)()
        lines = 0
        self._stream.seek(0)
        while block := self._stream.read(_BLOCK):
            try:
                lines += decoder.decode(block).count("\n")
            except UnicodeError as error:
                good = block[: getattr(error, "start", 0)]
                return lines + good.count(b"\n"), error
        try:
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            return lines, error
        return lines, None

    def _ends_with_line_end(self) -> bool:
        self._stream.seek(max(0, self._seen.st_size - 4))
        ending = self._stream.read().removesuffix(b"\0").removesuffix(b"\x1a")
        return ending.rstrip(b"\0").endswith((b"\n", b"\r"))

    def _find_columns(self, reader: "_csv.Reader") -> tuple[dict[str, int], int]:
        """Where each column of the layout is, and how many columns the file has."""
        try:
            headings = [normalise(heading) for heading in next(reader)]
        except StopIteration:
            raise FileRefused(FileIssue.EMPTY) from None
        except csv.Error:
            raise FileRefused(FileIssue.TRUNCATED, "見出しの行を読み取れません") from None
        while headings and not headings[-1]:
            headings.pop()
        places = {}
        for name, column in self._layout.columns.items():
            names = {normalise(heading) for heading in column.headings}
            found = [place for place, heading in enumerate(headings) if heading in names]
            if len(found) > 1:
                raise FileRefused(FileIssue.REPEATED_HEADING, f"「{headings[found[0]]}」")
            if not found and column.headings and not column.may_be_absent:
                raise FileRefused(FileIssue.MISSING_COLUMN, "」または「".join(column.headings).join("「」"))
            if found:
                places[name] = found[0]
        return places, len(headings)


def _open_regular(path: Path) -> io.BufferedReader:
    # Not through a link, and without waiting for the other end of a pipe.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except PermissionError:
        raise FileRefused(FileIssue.NOT_READABLE) from None
    except OSError:
        raise FileRefused(FileIssue.NOT_A_FILE) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRefused(FileIssue.NOT_A_FILE)
    return open(descriptor, "rb")


def _rows(reader: "_csv.Reader") -> Iterator[tuple[int, list[str] | None]]:
    """Each row with the line on which it begins; None for one whose quotation marks are broken."""
    while True:
        begins = reader.line_num + 1
        try:
            yield begins, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if any(sign in str(error) for sign in _NEVER_CLOSED):
                raise FileRefused(FileIssue.TRUNCATED, f"{begins:,}行目の引用符が閉じていません") from None
            yield begins, None


def _chunk(rows: Iterable[tuple[int, list[str] | None]], wanted: dict[str, int], width: int) -> Chunk:
    chunk = Chunk()
    good: list[list[str]] = []
    for line, row in rows:
        if row is None:
            chunk.broken.append((line, RowIssue.BROKEN_QUOTES))
        elif row == [_END_OF_FILE] or not any(cell.strip() for cell in row):
            continue
        elif len(row) != width and (issue := _fit(row, width)):
            chunk.broken.append((line, issue))
        else:
            good.append(row)
            chunk.lines.append(line)
    chunk.cells = {name: [row[place] for row in good] for name, place in wanted.items()}
    return chunk


def _fit(row: list[str], width: int) -> RowIssue | None:
    """Take empty cells off a row's end; what then has not as many cells as there are headings is no row."""
    while len(row) > width and not row[-1].strip():
        row.pop()
    return None if len(row) == width else RowIssue.WRONG_NUMBER_OF_CELLS
