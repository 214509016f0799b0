"""Retention: what concerns single persons goes when it is not needed any more; what was done can still be told.

In bounded batches, each committed together with the record of what it took: killed amidst, nothing is half, and the
next run goes on. What was taken once is not found again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from oshirase.adapters.old_files import list_old, remove_all
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, fiscal_year
from oshirase.domain.retention import Retention

BATCH_SIZE = 2_000
NUMBERS, TEXTS, SUBJECTS, FOUND, ACCESSES = "numbers", "texts", "subjects", "found", "accesses"
CONTACTS, RECORDS, PAYMENTS, LOADS, FILES = "contacts", "records", "payments", "loads", "files"
CONTACT_TABLE = "contact"
PURGE_LABELS = {
    NUMBERS: "お知らせの電話番号",
    TEXTS: "お知らせの文面",
    SUBJECTS: "お知らせの宛名番号",
    FOUND: "復元の際にゲートウェイで見つかった送信の電話番号",
    ACCESSES: "照会の記録の宛名番号",
    CONTACTS: "過去の電話番号の記録",
    RECORDS: "終わった記録（住民・調定・収納など）",
    PAYMENTS: "調定のなくなった収納の記録",
    LOADS: "取り込めなかった行・ファイルの記録",
    FILES: "取込み・コンソールの処理済みファイル",
}


@dataclass
class Purge:
    """One run of the purge: by whose settings, when, by whom. A dry one takes everything back at its end.

    `taken`: rows by what they are (`PURGE_LABELS`).
    """

    engine: Engine
    retention: Retention
    key: bytes = field(repr=False)
    now: datetime
    by: str
    # Folders of files that have been dealt with.
    folders: Sequence[Path] = ()
    is_dry: bool = False
    batch_size: int = BATCH_SIZE
    taken: Counter[str] = field(default_factory=Counter)
    _dry: Connection | None = field(default=None, repr=False)

    def run(self) -> Counter[str]:
        """Take what is due; how many rows of each kind."""
        if not self.is_dry:
            self._take_all()
            return self.taken
        with self.engine.connect() as connection:
            self._dry = connection
            self._take_all()
            connection.rollback()
        return self.taken

    def _take_all(self) -> None:
        self._take_numbers()
        self._take_subjects()
        self._take_found()
        self._take_accesses()
        self._take_records()
        self._take_files()

    @contextmanager
    def _batch(self) -> Iterator[Connection]:
        if self._dry is not None:
            yield self._dry
        else:
            with self.engine.begin() as connection:
                yield connection

    def _before(self, days: int) -> datetime:
        return self.now - timedelta(days=days)

    def _list_runs(self, name: str, **binds: Any) -> list[UUID]:
        with self._batch() as connection:
            return list(connection.scalars(statement(name), binds))

    def _take_numbers(self) -> None:
        before = self._before(self.retention.notices_days)
        for run in self._list_runs("purge/list_runs", before=before):
            while self._take_numbers_of(run, before):
                pass

    def _take_numbers_of(self, run: UUID, before: datetime) -> bool:
        """Whether there may be more of the run."""
        of_run = {"campaign_run_id": run}
        with self._batch() as connection:
            if not connection.scalar(statement("purge/lock_run"), of_run):
                return False
            binds = {**of_run, "before": before, "key": self.key, "now": self.now, "most": self.batch_size}
            notices = self._take(connection, NUMBERS, "purge/blank_numbers", binds, run)
            self._take(connection, TEXTS, "purge/blank_texts", of_run, run)
            noted = {**of_run, "is_taken": bool(notices), "now": self.now}
            is_ended = connection.scalar(statement("purge/note_run"), noted)
        return bool(notices) and not is_ended

    def _take_subjects(self) -> None:
        before = self._before(self.retention.subjects_days).astimezone(JST).date()
        for run in self._list_runs("purge/list_past_runs", before=before):
            while self._take_subjects_of(run):
                pass

    def _take_subjects_of(self, run: UUID) -> bool:
        of_run = {"campaign_run_id": run}
        with self._batch() as connection:
            connection.execute(statement("purge/lock_run"), of_run)
            binds = {**of_run, "key": self.key, "now": self.now, "most": self.batch_size}
            if not self._take(connection, SUBJECTS, "purge/blank_subjects", binds, run):
                return False
            return not connection.scalar(statement("purge/note_past_run"), {**of_run, "now": self.now})

    def _take_found(self) -> None:
        before = self._before(self.retention.notices_days)
        binds = {"before": before, "key": self.key, "now": self.now, "most": self.batch_size}
        while self._take_in_batch(FOUND, "purge/blank_found", binds):
            pass

    def _take_accesses(self) -> None:
        binds = {"before": self._before(self.retention.accesses_days), "key": self.key, "most": self.batch_size}
        while self._take_in_batch(ACCESSES, "purge/blank_accesses", binds):
            pass

    def _take_records(self) -> None:
        retention = self.retention
        kept_since = start_of_fiscal_year(self._before(retention.records_days).astimezone(JST).date())
        ended = datetime.combine(kept_since, time.min, JST)
        with self._batch() as connection:
            tables = connection.scalars(statement("purge/list_tables")).all()
        for table in tables:
            is_contact = table == CONTACT_TABLE
            before = self._before(retention.notices_days) if is_contact else ended
            kind = CONTACTS if is_contact else RECORDS
            self._forget(kind, "purge/forget_ended", {"of_table": table, "before": before})
        self._forget(PAYMENTS, "purge/forget_payments", {"before": kept_since})
        for name in ("purge/forget_rejected", "purge/forget_refused"):
            self._forget(LOADS, name, {"before": self._before(retention.loads_days)})

    def _forget(self, kind: str, name: str, binds: dict[str, Any]) -> None:
        """Delete by a statement that returns how many went, until there are none left."""
        gone = self.batch_size
        while gone == self.batch_size:
            with self._batch() as connection:
                gone = int(connection.scalar(statement(name), {**binds, "most": self.batch_size}) or 0)
                self._keep(connection, kind, gone)

    def _take_files(self) -> None:
        """On record first: rather one told twice than one gone that nobody told."""
        old = list_old(self.folders, self._before(self.retention.files_days))
        with self._batch() as connection:
            self._keep(connection, FILES, len(old))
        if not self.is_dry:
            remove_all(old)

    def _take_in_batch(self, kind: str, name: str, binds: dict[str, Any]) -> int:
        with self._batch() as connection:
            return self._take(connection, kind, name, binds)

    def _take(
        self, connection: Connection, kind: str, name: str, binds: dict[str, Any], run: UUID | None = None
    ) -> int:
        """Run a statement that returns a row for each that it took, and keep how many."""
        rows = len(connection.execute(statement(name), binds).all())
        self._keep(connection, kind, rows, run)
        return rows

    def _keep(self, connection: Connection, kind: str, rows: int, run: UUID | None = None) -> None:
        if rows:
            self.taken[kind] += rows
            connection.execute(
                statement("purge/insert_purge"),
                {
                    "kind": kind,
                    "campaign_run_id": run,
                    "rows_count": rows,
                    "retention": self.retention.model_dump_json(),
                    "now": self.now,
                    "by": self.by,
                },
            )


def start_of_fiscal_year(day: date) -> date:
    """The first day of the fiscal year of a day."""
    return date(fiscal_year(day), 4, 1)


def count_overdue(engine: Engine, retention: Retention, now: datetime) -> int:
    """Notices that would be purged if anybody knew what became of them."""
    before = now - timedelta(days=retention.notices_days)
    with engine.connect() as connection:
        return int(connection.scalar(statement("purge/count_overdue"), {"before": before}) or 0)
