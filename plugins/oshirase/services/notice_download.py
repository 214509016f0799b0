"""The list of a run's notices as a file: recorded before its first byte leaves, never held in memory as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row

from oshirase.adapters.csv_download import write_csv
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HELD_OUT
from oshirase.domain.notice import STATE_LABELS, NoticeState, reason_in_words
from oshirase.domain.phone import in_domestic_form
from oshirase.services.access import record_download
from oshirase.services.notice_list import Wanted

ROWS_AT_ONCE = 2_000
PERSONAL_HEADINGS = ("宛名番号", "電話番号")
HEADINGS = (
    "管理番号", "電話番号（下4桁のみ）", "状態", "理由", "割り当てた文面", "文面の版", "送信予定", "引渡し", "着信",
    "携帯電話会社", "納付・受診を確認した日", "引渡しの回数", "状態の変更",
)  # fmt: skip


@dataclass(frozen=True)
class Download:
    """Which list of which run somebody takes out, and why; `choice` is what the record says of it."""

    campaign_run_id: UUID
    wanted: Wanted
    is_personal: bool
    choice: str
    reason: str
    by: str


def download_notices(engine: Engine, download: Download, now: datetime) -> Iterator[bytes]:
    """The file piece by piece. Nothing is done before the first piece is asked for.

    What is counted, recorded and written is one and the same state of the ledger. When it cannot be recorded, there is
    no first piece.
    """
    binds = {
        "campaign_run_id": download.campaign_run_id,
        "states": list(download.wanted.all_states),
        **download.wanted.binds(),
    }
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        rows_count = int(connection.execute(statement("notices/count_found"), binds).scalar_one())
        record_download(
            engine, download.campaign_run_id, download.choice, rows_count, download.reason, download.by, now
        )
        headings = (*PERSONAL_HEADINGS, *HEADINGS) if download.is_personal else HEADINGS
        binds["is_personal"] = download.is_personal
        yield from write_csv(headings, _rows(connection, binds))


def _rows(connection: Connection, binds: dict[str, Any]) -> Iterator[list[str]]:
    found = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE)
    for row in found.execute(statement("notices/list_for_download"), binds):
        yield [*_personal_cells(row), *_cells(row)] if binds["is_personal"] else _cells(row)


def _personal_cells(row: Row[Any]) -> list[str]:
    return [row.resident_id or "", in_domestic_form(row.phone_e164) if row.phone_e164 else ""]


def _cells(row: Row[Any]) -> list[str]:
    return [
        str(row.notice_id),
        row.phone_masked or "",
        STATE_LABELS[NoticeState(row.state)],
        reason_in_words(row.reason) if row.reason else "",
        STATE_LABELS[NoticeState.HELD_OUT] if row.arm == HELD_OUT else row.arm or "",
        str(row.version or ""),
        _moment(row.scheduled_at),
        _moment(row.handed_over_at),
        _moment(row.received_at),
        row.carrier or "",
        _day(row.settled_on),
        str(row.attempt),
        _moment(row.state_changed_at),
    ]


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(JST):%Y/%m/%d %H:%M:%S}" if moment else ""


def _day(day: date | None) -> str:
    return f"{day:%Y/%m/%d}" if day else ""
