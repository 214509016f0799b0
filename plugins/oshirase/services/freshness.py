"""The freshness gate: no campaign works on records older than its settings allow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, USUAL_OFFICE, OfficeCalendar
from oshirase.domain.saying import Saying, say
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

    @property
    def said(self) -> Saying:
        """What there is of it, and what is needed."""
        if self.as_of is None:
            return say(
                "「%(title)s」の取込みがまだありません（%(since)s以降のものが必要です）。",
                title=self.title,
                since=self.needed_since,
            )
        return say(
            "「%(title)s」の取込みが%(as_of)s時点のものです（%(since)s以降のものが必要です）。",
            title=self.title,
            as_of=self.as_of,
            since=self.needed_since,
        )

    def __str__(self) -> str:
        return str(self.said)


def list_stale(
    engine: Engine,
    allowed: Mapping[str, int],
    titles: Mapping[str, str],
    now: datetime,
    office: OfficeCalendar = USUAL_OFFICE,
) -> list[StaleExtract]:
    """Extracts that are older than so many business days of the office: `allowed` by table of the records."""
    return find_stale(list_newest(engine, allowed), allowed, titles, now, office)


def list_newest(engine: Engine, extracts: Iterable[str]) -> dict[str, datetime]:
    """The moment as of which each of some extracts was loaded last; nothing of one that never was."""
    with engine.connect() as connection:
        rows = connection.execute(statement("extract/newest_as_of"), {"extracts": list(extracts)}).all()
    return {row.extract: row.as_of for row in rows}


def find_stale(
    newest: Mapping[str, datetime],
    allowed: Mapping[str, int],
    titles: Mapping[str, str],
    now: datetime,
    office: OfficeCalendar = USUAL_OFFICE,
) -> list[StaleExtract]:
    """As `list_stale`, of what `list_newest` found: for several campaigns at once."""
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
