"""The record of who looked up whom and took which list out of the pages: written before anything is shown."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement

PERSON_LOOKED_UP = "person_looked_up"
LIST_DOWNLOADED = "list_downloaded"
REPORT_DOWNLOADED = "report_downloaded"
PERSON_EXPORTED = "person_exported"
PERSON_ERASED = "person_erased"
ACCESS_LABELS = {
    PERSON_LOOKED_UP: "お一人ずつの照会",
    LIST_DOWNLOADED: "一覧のダウンロード",
    REPORT_DOWNLOADED: "報告書のダウンロード",
    PERSON_EXPORTED: "開示のための書き出し",
    PERSON_ERASED: "請求による個人情報の削除",
}
PAGE_SIZE = 100


@dataclass(frozen=True)
class Access:
    """One look-up or download; of a resident id the last four characters only."""

    access_id: int
    kind: str
    accessed_by: str
    accessed_at: datetime
    resident_masked: str | None
    campaign_run_id: UUID | None
    campaign: str | None
    occurrence_on: date | None
    choice: str | None
    rows_count: int | None
    reason: str | None


def record_look_up(
    engine: Engine, resident_id: str, campaigns: Collection[str], reason: str, by: str, now: datetime
) -> None:
    """Keep that somebody asks for a person, of whose notices they may see those of `campaigns`; committed at once."""
    values = {"kind": PERSON_LOOKED_UP, "resident_id": resident_id, "campaigns": sorted(campaigns), "reason": reason}
    _record(engine, by, now, **values)


def record_export(
    engine: Engine, resident_id: str, campaigns: Collection[str], reason: str, by: str, now: datetime
) -> None:
    """Keep that somebody takes all out that is held on a person; committed at once."""
    values = {"kind": PERSON_EXPORTED, "resident_id": resident_id, "campaigns": sorted(campaigns), "reason": reason}
    _record(engine, by, now, **values)


def record_erasure(
    connection: Connection, resident_hash: str, campaigns: Collection[str], reason: str, by: str, now: datetime
) -> None:
    """Keep that somebody erased a person, of whom a hash is left; committed with the erasure."""
    values = {"kind": PERSON_ERASED, "resident_id": resident_hash, "campaigns": sorted(campaigns), "reason": reason}
    _insert(connection, by, now, **values)


def record_download(
    engine: Engine, campaign_run_id: UUID, choice: str, rows_count: int, reason: str, by: str, now: datetime
) -> None:
    """Keep that somebody takes so many rows of a run's list out of the pages; committed at once."""
    values = {"kind": LIST_DOWNLOADED, "campaign_run_id": campaign_run_id, "choice": choice, "reason": reason}
    _record(engine, by, now, **values, rows_count=rows_count)


def _record(engine: Engine, by: str, now: datetime, **values: object) -> None:
    with engine.begin() as connection:
        _insert(connection, by, now, **values)


def _insert(connection: Connection, by: str, now: datetime, **values: object) -> None:
    nothing = dict.fromkeys(("resident_id", "campaign_run_id", "choice", "rows_count", "campaigns"))
    connection.execute(statement("access/insert_access"), {**nothing, **values, "accessed_by": by, "accessed_at": now})


def list_accesses(engine: Engine, campaigns: Collection[str], after: int | None) -> Sequence[Access]:
    """A page of what concerns some campaigns, the newest first, from behind one of them on."""
    binds = {"campaigns": sorted(campaigns), "after_id": after, "most": PAGE_SIZE}
    with engine.connect() as connection:
        return [Access(**row._mapping) for row in connection.execute(statement("access/list_accesses"), binds)]
