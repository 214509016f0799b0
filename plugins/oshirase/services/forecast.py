"""Forecast: how many messages, parts, yen and telephone calls the coming occurrences of a campaign will make."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, Engine, text

from oshirase.adapters.sql import sql, statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City, InSeason
from oshirase.domain.pacing import Booked, Pace, occurrence_limit, slots
from oshirase.services import planning
from oshirase.services.planning import Bookings
from oshirase.services.preview import Basis, Preview, Volume, count_volume, first_and_last, occurrences_after, preview

COMING = 3
# Occurrences that are evaluated at the same time.
AT_ONCE = 3


@dataclass(frozen=True)
class Coming:
    """What a coming occurrence will send."""

    occurrence_at: datetime
    basis: Basis
    volume: Volume
    is_upper_bound: bool = False


@dataclass(frozen=True)
class Forecast:
    """The coming occurrences; `left` is for how many none of them has room."""

    coming: Sequence[Coming]
    left: int = 0


def look_ahead(
    engine: Engine,
    campaign: Campaign,
    city: City,
    occurrence_at: datetime,
    now: datetime,
    key: bytes,
    most: int | None = None,
) -> tuple[Preview, Forecast]:
    """A preview of an occurrence, and what it and the ones after it will send: at most `most` of them.

    In a season who finds no room is carried over from one occurrence to the next, until nobody is left or the season
    ends. After due dates each occurrence (`COMING` of them) is about another instalment, and screened by what is
    recorded now, those who will yet pay included.
    """
    if isinstance(campaign.timetable, InSeason):
        first = preview(engine, campaign, city, occurrence_at, now, key)
        return first, _forecast_season(engine, campaign, city, first, now, key, most)
    following = islice(occurrences_after(campaign.occurrences(city), max(now, occurrence_at)), (most or COMING) - 1)
    # At the same time: for one session the database uses one processor.
    with ThreadPoolExecutor(AT_ONCE) as threads:
        seen = threads.submit(preview, engine, campaign, city, occurrence_at, now, key)
        later = [threads.submit(preview, engine, campaign, city, at, now, key, select_anyhow) for at in following]
        return seen.result(), Forecast([_as_coming(one.result()) for one in (seen, *later)])


def select_anyhow(connection: Connection, campaign: Campaign, occurrence_at: datetime) -> None:
    """Fill the workspace with a cohort without the age of its arrears.

    They are most of the work, and only say who comes first in a line of which nobody asks but how long it is.
    """
    cohort = sql(campaign.cohort.statement).strip().removesuffix(";")
    connection.execute(
        text(
            "insert into cohort (subject, resident_id, due_on, fields)\n"
            f"select c.subject, c.resident_id, c.due_on, c.fields from ({cohort}) as c"
        ),
        {**campaign.cohort.params, "as_of": occurrence_at.astimezone(JST).date(), "known_at": occurrence_at},
    )
    connection.exec_driver_sql("analyze cohort")


def _as_coming(one: Preview) -> Coming:
    return Coming(one.occurrence_at, one.basis, one.volume, one.is_upper_bound)


def _forecast_season(
    engine: Engine, campaign: Campaign, city: City, first: Preview, now: datetime, key: bytes, most: int | None
) -> Forecast:
    occurrences = campaign.occurrences(city)
    season = planning.season_of(campaign, city, first.occurrence_at)
    seen, after = [first], max(now, first.occurrence_at)
    following = [
        moment for day in occurrences.days_of_season(season) if (moment := occurrences.on(day)) and moment > after
    ]
    if first.bookings is None and following and most != 1:
        seen.append(preview(engine, campaign, city, following.pop(0), now, key))
    line = _Line(campaign, city, seen[-1])
    with engine.connect() as connection:
        carried = list(islice(line.carry_over(connection, following, now), None if most is None else most - len(seen)))
    return Forecast([*map(_as_coming, seen), *carried], line.left)


class _Line:
    """Who is left in the line of an occurrence, going through the ones after it."""

    def __init__(self, campaign: Campaign, city: City, seen: Preview) -> None:
        self._campaign, self._city, self._seen = campaign, city, seen
        self.left = sum(text.recipients - text.messages for text in seen.texts)
        self._left_parts = sum((text.recipients - text.messages) * len(text.parts) for text in seen.texts)

    def carry_over(self, connection: Connection, following: Sequence[datetime], now: datetime) -> Iterator[Coming]:
        """Each occurrence's share, as planning would book it then."""
        line, line_parts, lead = self.left, self._left_parts, timedelta(minutes=self._campaign.sending.lead_minutes)
        if not line or self._seen.bookings is None:
            return
        season = planning.season_of(self._campaign, self._city, self._seen.occurrence_at)
        binds = {"campaign": self._campaign.name, "season": season, "campaign_run_id": None}
        sent = (connection.scalar(statement("campaign_run/count_season"), binds) or 0) + self._seen.volume.messages
        booked = planning.list_booked(connection, self._campaign, max(now, self._seen.occurrence_at) + lead)
        self._book(booked, self._seen.bookings)
        for number, occurrence_at in enumerate(following):
            limit = occurrence_limit(self._campaign.pacing, sent, len(following) - number)
            share = self._lay(min(self.left, limit), occurrence_at + lead, booked)
            if not share.most:
                return
            self._book(booked, share)
            self.left, sent = self.left - share.recipients, sent + share.recipients
            parts = -(-share.recipients * line_parts // line)
            moments = first_and_last(share)
            volume = count_volume(self._campaign, self._city, share.recipients, parts, *moments)
            yield Coming(occurrence_at, Basis.CARRIED_OVER, volume)

    def _lay(self, most: int, earliest: datetime, booked: Mapping[datetime, Booked]) -> Bookings:
        pace = Pace(self._campaign.pacing, self._city.sections[self._campaign.section])
        return Bookings(most, list(slots(earliest, self._city.window(), pace, booked, most)))

    def _book(self, booked: dict[datetime, Booked], bookings: Bookings) -> None:
        left = bookings.recipients
        for slot in bookings.slots:
            messages = min(left, slot.capacity)
            hour = slot.starts_at.replace(minute=0, second=0, microsecond=0)
            calls = messages * self._campaign.pacing.call_rate
            booked[hour] = booked.get(hour, Booked()) + Booked(messages, calls)
            left -= messages
