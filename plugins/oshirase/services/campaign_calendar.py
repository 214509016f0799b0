"""A campaign's occurrences as a calendar: what became of the past ones, and which are to come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from oshirase.domain.calendar import JST, OfficeCalendar, UnknownYear, last_day_of_month
from oshirase.domain.campaign import Campaign, City
from oshirase.services.missed import PastOccurrence, Standing, is_left_behind, list_first_runs, list_past

# Shown at once: this many months up to the chosen one, and as many after it.
MONTHS = 3


class Mark(StrEnum):
    """What a day of the calendar says of its occurrence."""

    DONE = "done"
    PREPARING = "preparing"
    AWAITS_APPROVAL = "awaits_approval"
    BEING_SENT = "being_sent"
    LEFT_BEHIND = "left_behind"  # approved, and something of it was not handed over in its time
    MISSED = "missed"
    STALE = "stale"  # missed, and so long ago that sending it needs a reason
    EXPIRED = "expired"
    REJECTED = "rejected"
    STOPPED = "stopped"
    COMING = "coming"


MARKS: Mapping[Standing, Mark] = {
    Standing.STARTING: Mark.PREPARING,
    Standing.OPENED: Mark.PREPARING,
    Standing.AWAITS_APPROVAL: Mark.AWAITS_APPROVAL,
    Standing.NOT_HANDED_OVER: Mark.BEING_SENT,
    Standing.DONE: Mark.DONE,
    Standing.EXPIRED: Mark.EXPIRED,
    Standing.REJECTED: Mark.REJECTED,
    Standing.STOPPED: Mark.STOPPED,
}


@dataclass(frozen=True)
class Day:
    """One day of a month; `mark` is None without an occurrence, `is_open` None when its holidays are not known."""

    on: date
    is_open: bool | None
    mark: Mark | None = None
    campaign_run_id: UUID | None = None


@dataclass(frozen=True)
class Month:
    """Whole weeks from Monday on; None for days of other months."""

    first: date
    weeks: Sequence[Sequence[Day | None]]


@dataclass(frozen=True)
class CampaignCalendar:
    """Some months, and of their occurrences those that need a person; not `is_known`: their holidays are not."""

    months: Sequence[Month]
    waiting: Sequence[PastOccurrence]
    is_known: bool


def load_calendar(engine: Engine, campaign: Campaign, city: City, month: date, now: datetime) -> CampaignCalendar:
    """The months around one, by its first day: three up to it, three after it."""
    firsts = [add_months(month, n) for n in range(1 - MONTHS, MONTHS + 1)]
    begin, end = firsts[0], last_day_of_month(firsts[-1].year, firsts[-1].month)
    try:
        past, is_known = _past(engine, campaign, city, begin, end, now), True
        coming = list(_coming(campaign, city, begin, end, now))
    except UnknownYear:
        past, coming, is_known = [], [], False
    marked = {_day(one.occurrence_at): (mark_of(one, now), one.campaign_run_id) for one in past}
    marked = dict.fromkeys(coming, (Mark.COMING, None)) | marked
    months = [Month(first, list(_weeks(first, city, marked))) for first in firsts]
    return CampaignCalendar(months, [one for one in past if one.is_missed or is_left_behind(one, now)], is_known)


def mark_of(one: PastOccurrence, now: datetime) -> Mark:
    """What the calendar says of an occurrence whose time has come."""
    if one.is_missed:
        return Mark.STALE if one.is_stale else Mark.MISSED
    if is_left_behind(one, now):
        return Mark.LEFT_BEHIND
    if one.standing is Standing.NOT_HANDED_OVER and one.run and not one.run.in_line:
        # What missed its window long ago stays so; the rest of it went out, or nothing did.
        return Mark.DONE if one.run.has_handed_over else Mark.EXPIRED
    return MARKS[one.standing]


def add_months(first: date, count: int) -> date:
    """The first day of the month so many months later, or earlier."""
    months = first.year * 12 + first.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


def _past(
    engine: Engine, campaign: Campaign, city: City, begin: date, end: date, now: datetime
) -> list[PastOccurrence]:
    """Nothing before the campaign's first run: it was not in use."""
    first_run = list_first_runs(engine).get(campaign.name)
    if first_run is None or first_run > end:
        return []
    return list_past(engine, [campaign], city, now, max(begin, first_run), end, counts_handed_over=False)


def _coming(campaign: Campaign, city: City, begin: date, end: date, now: datetime) -> Iterator[date]:
    after = max(now, datetime(begin.year, begin.month, begin.day, tzinfo=JST))
    until = datetime(end.year, end.month, end.day, 23, 59, tzinfo=JST)
    if after <= until:
        yield from (_day(moment) for moment in campaign.occurrences(city).between(after, until) if moment > now)


def _weeks(first: date, city: City, marked: Mapping[date, tuple[Mark, UUID | None]]) -> Iterator[list[Day | None]]:
    office, last = city.office(), last_day_of_month(first.year, first.month)
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        days = [monday + timedelta(days=n) for n in range(7)]
        yield [_day_of(day, office, marked) if first <= day <= last else None for day in days]
        monday += timedelta(days=7)


def _day_of(day: date, office: OfficeCalendar, marked: Mapping[date, tuple[Mark, UUID | None]]) -> Day:
    mark, run = marked.get(day, (None, None))
    try:
        return Day(day, office.is_open(day), mark, run)
    except UnknownYear:
        return Day(day, None, mark, run)


def _day(moment: datetime) -> date:
    return moment.astimezone(JST).date()
