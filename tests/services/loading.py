"""Loading files through the shipped layouts, and looking at what the records then hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from oshirase.adapters.database import INGEST_ROLE, create_records_engine
from oshirase.adapters.settings import load_layouts
from oshirase.domain.calendar import JST
from oshirase.domain.extract import FileIssue, FileRefused
from oshirase.services.ingest import Load, load_extract

EXTRACTS = Path(__file__).parents[1] / "extracts"
LAYOUTS = {layout.name: layout for layout in load_layouts()}
AS_OF = datetime(2026, 10, 1, 22, 0, tzinfo=JST)
# When a day's extract is loaded, hours later.
LATER = timedelta(hours=8)

# Of each table that extracts fill.
HEADINGS = {
    "resident": "宛名番号,世帯番号,世帯主区分,生年月日,住民状態,支援措置,言語",
    "contact": "宛名番号,連絡先番号,電話番号,確認日",
    "enrolment": "宛名番号,保険区分,資格取得日,資格喪失日",
    "levy": "調定番号,保険区分,宛名番号,調定年度,相当年度,期別,納期限,調定額,徴収区分",
    "payment": "収納番号,調定番号,収納額,領収日,納付方法,速報確報区分",
    "plan": "分納番号,保険区分,宛名番号,誓約日,計画状態",
    "plan_instalment": "分納番号,回数,納付予定日,納付予定額",
    "plan_levy": "分納番号,調定番号",
    "hold": "停止番号,宛名番号,停止事由,開始日,終了日",
    "screening_voucher": "宛名番号,年度,発送日,除外事由",
    "screening": "宛名番号,年度,受診日",
    "opt_out": "申出番号,宛名番号,電話番号,申出日",
    "inquiry": "受付番号,受付日,担当,宛名番号",
    "id_change": "旧宛名番号,新宛名番号,異動日",
}


@dataclass
class Loading:
    """The loader with its own rights, `owner` for looking, and a folder for files that a test writes."""

    engine: Engine
    owner: Engine
    folder: Path

    def file(self, name: str, path: Path, day: int = 0, **layout: Any) -> Load:
        """Load a file as the extract `name` of a day."""
        as_of = AS_OF + timedelta(days=day)
        return load_extract(self.engine, LAYOUTS[name].model_copy(update=layout), path, as_of, as_of + LATER)

    def extract(self, name: str, case: str, day: int = 0, **layout: Any) -> Load:
        """Load `tests/extracts/CASE.csv`."""
        return self.file(name, EXTRACTS / f"{case}.csv", day, **layout)

    def lines(self, name: str, *lines: str, day: int = 0, **layout: Any) -> Load:
        """Load a file of these lines under the headings of its extract."""
        path = self.folder / f"{name}-{day}.csv"
        path.write_text(
            "".join(f"{line}\r\n" for line in (HEADINGS[LAYOUTS[name].table], *lines)), encoding="cp932", newline=""
        )
        return self.file(name, path, day, **layout)

    def rows(self, query: str, **binds: Any) -> list[tuple[Any, ...]]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), binds)]

    def current(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """What the records hold now, in order."""
        return self.rows(f"select {columns} from records.{table} where superseded_at = 'infinity' order by 1, 2")

    def rejects(self, load: Load) -> list[tuple[Any, ...]]:
        return self.rows(
            "select line_number, column_name, code from records.load_reject where load_id = :load order by 1, 2",
            load=load.load_id,
        )

    def balance(self, subject: str, day: int = 0) -> int | None:
        """What was owed, as far as it was known right after that day's loads."""
        known_at = AS_OF + timedelta(days=day, hours=9)
        (row,) = self.rows("select balance_yen from records.levy_balance(:subject, :at)", subject=subject, at=known_at)
        return row[0]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the records, as text: two of these are equal when nothing changed."""
        tables = self.rows("select tablename from pg_tables where schemaname = 'records' order by 1")
        return {table: sorted(self.rows(f"select r::text from records.{table} as r")) for (table,) in tables}

    def refused(self, name: str, case: str, day: int = 0, **layout: Any) -> tuple[FileIssue, str]:
        """Why a file is refused, which changes nothing."""
        before = self.everything()
        with pytest.raises(FileRefused) as refusal:
            self.extract(name, case, day, **layout)
        assert self.everything() == before
        return refusal.value.issue, str(refusal.value)


def open_loading(url: URL, owner: Engine, folder: Path) -> Loading:
    return Loading(create_records_engine(url, INGEST_ROLE), owner, folder)
