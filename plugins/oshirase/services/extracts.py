"""What lies in the drop folder: each complete file loaded or refused, reported and put away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from oshirase.adapters.clock import Clock
from oshirase.adapters.drop_folder import DropFolder
from oshirase.adapters.files import write_table
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import moment_in_words
from oshirase.domain.extract import FileIssue, FileRefused, Layout
from oshirase.services.ingest import FileChanged, Load, Outcome, load_extract

PAYMENT = "payment"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class FileReport:
    """What became of one file, told without a value of it: `sentence` is for staff."""

    sentence: str
    is_refused: bool = False
    load: Load | None = None

    @property
    def changed_records(self) -> bool:
        """Whether the records know more than before, be it only that nothing has changed until a later moment."""
        return self.load is not None and self.load.outcome is Outcome.LOADED


@dataclass(frozen=True)
class Intake:
    """Takes files in: from which folder, by which layouts, into which database."""

    engine: Engine
    folder: DropFolder
    layouts: Sequence[Layout]
    clock: Clock

    def take_all(self) -> list[FileReport]:
        """Load every complete file, in the order of the layouts and of the extracts' times; none stops another."""
        return list(self._take())

    def _take(self) -> Iterator[FileReport]:
        known, unknown = self._sorted(self.folder.complete())
        for path in unknown:
            yield self._refuse(path, UNKNOWN, FileRefused(FileIssue.UNKNOWN_NAME))
        for layout, as_of, path in known:
            try:
                load = load_extract(self.engine, layout, path, as_of, self.clock())
            except FileRefused as refused:
                yield self._refuse(path, layout.table, refused)
            except (FileChanged, FileNotFoundError):
                continue  # Still on its way, or taken by another run meanwhile.
            else:
                yield self._loaded(layout, as_of, path, load)

    def _sorted(self, paths: Iterator[Path]) -> tuple[list[tuple[Layout, datetime, Path]], list[Path]]:
        known, unknown = [], []
        for path in paths:
            matches = [(layout, as_of) for layout in self.layouts if (as_of := layout.as_of(path.name))]
            if matches:
                known.append((*matches[0], path))
            else:
                unknown.append(path)
        order = [layout.name for layout in self.layouts]
        return sorted(known, key=lambda found: (order.index(found[0].name), found[1], found[2])), unknown

    def _loaded(self, layout: Layout, as_of: datetime, path: Path, load: Load) -> FileReport:
        sentence = _told(layout, as_of, load)
        if load.rejected:
            sentence += f"エラーの一覧は「{self.folder.report(path, self._errors(layout, load))}」です。"
        if load.outcome is Outcome.LOADED and layout.table == PAYMENT and (aside := self._aside()):
            sentence += f"調定がまだ届いていない収納が{aside:,}件あります。調定が届き次第、自動で反映されます。"
        self.folder.archive(path)
        return FileReport(sentence, load=load)

    def _refuse(self, path: Path, extract: str, refused: FileRefused) -> FileReport:
        binds = {
            "extract": extract,
            "file_name": path.name,
            "code": refused.issue,
            "message": str(refused),
            "refused_at": self.clock(),
        }
        with self.engine.begin() as connection:
            connection.execute(statement("extract/insert_refused"), binds)
        # A folder, link or pipe stays where it is: it is not ours to move.
        if refused.issue != FileIssue.NOT_A_FILE and path.is_file() and not path.is_symlink():
            self.folder.refuse(path, str(refused))
        # A name that follows no layout may hold anything, a number too: it stays in the folder and the records.
        told = str(refused) if extract == UNKNOWN else f"{path.name}：{refused}"
        return FileReport(told, is_refused=True)

    def _errors(self, layout: Layout, load: Load) -> bytes:
        with self.engine.connect() as connection:
            rows = connection.execute(statement("extract/list_rejected"), {"load_id": load.load_id}).all()
        heading = _headings(layout)
        table = [[row.line_number, heading(row.column_name), row.code, row.message] for row in rows]
        return write_table(["行", "項目", "コード", "理由"], table)

    def _aside(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(statement("extract/count_aside")) or 0


def _headings(layout: Layout) -> Callable[[str], str]:
    """What a column of the records is called in the file."""
    names = {name: column.headings[0] for name, column in layout.columns.items() if column.headings}
    return lambda name: names.get(name, name)


def _told(layout: Layout, as_of: datetime, load: Load) -> str:
    title = f"{layout.title}（{moment_in_words(as_of)}時点）："
    if load.outcome is Outcome.ALREADY_LOADED:
        return f"{title}同じファイルをすでに取り込んでいます。" + _rejected(load)
    sentence = f"{title}{load.read:,}行のうち {load.changed:,}行が新規・変更、{load.unchanged:,}行が変更なし"
    if load.ended:
        sentence += f"、ファイルになくなったもの {load.ended:,}件"
    return f"{sentence}。{_rejected(load)}"


def _rejected(load: Load) -> str:
    return f"取り込めない行 {load.rejected:,}行。" if load.rejected else ""
