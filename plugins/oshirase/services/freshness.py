"""The freshness gate: no campaign works on records older than its settings allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, USUAL_OFFICE, OfficeCalendar, moment_in_words
from oshirase.domain.sending import SendWindow
from oshirase.errors import OshiraseError


class StaleRecords(OshiraseError):
    """The records are older than the campaign allows; nothing is sent on them."""


@dataclass(frozen=True)
class StaleExtract:
    """An extract that is not as fresh as it has to be; `as_of` is None when none was ever loaded."""

    title: str
    as_of: datetime | None
    needed_since: date

    def __str__(self) -> str:
        state = f"{moment_in_words(self.as_of)}時点のものです" if self.as_of else "まだありません"
        needed = f"{self.needed_since.month}月{self.needed_since.day}日以降のものが必要です"
        return f"「{self.title}」の取込みが{state}（{needed}）。"


def list_stale(
    engine: Engine,
    allowed: Mapping[str, int],
    titles: Mapping[str, str],
    now: datetime,
    office: OfficeCalendar = USUAL_OFFICE,
) -> list[StaleExtract]:
    """Extracts that are older than so many business days of the office: `allowed` by table of the records."""
    with engine.connect() as connection:
        rows = connection.execute(statement("extract/newest_as_of"), {"extracts": list(allowed)}).all()
    newest = {row.extract: row.as_of for row in rows}
    today = now.astimezone(JST).date()
    return [
        StaleExtract(titles.get(extract, extract), newest.get(extract), needed_since)
        for extract, days in allowed.items()
        if not _is_fresh(newest.get(extract), needed_since := office.business_days_before(today, days))
    ]


def _is_fresh(as_of: datetime | None, needed_since: date) -> bool:
    return as_of is not None and as_of.astimezone(JST).date() >= needed_since


def waits_until(opened_at: datetime, window: SendWindow) -> datetime:
    """Until when a run waits for fresh records: the end of the first send window that was not over when it opened."""
    day = opened_at.astimezone(JST).date()
    while True:
        hours = window.on(day)
        if hours and opened_at < hours[1]:
            return hours[1]
        day += timedelta(days=1)
