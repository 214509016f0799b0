"""Preview: what planning an occurrence would make of its cohort, without writing anything."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.notice import SUPPRESSION_LABELS, NoticeState
from oshirase.domain.occurrences import NoSuchOccurrence, Occurrences
from oshirase.domain.text import count_parts, split_parts
from oshirase.domain.wording import Finding
from oshirase.services import planning, screening
from oshirase.services.campaign_run import StateCount, count_notices
from oshirase.services.planning import Bookings
from oshirase.services.texts import ComposedText

Select = Callable[[Connection, Campaign, datetime], None]


class Basis(StrEnum):
    """Where an occurrence's figures come from."""

    RECORDS = "records"  # screened by what is recorded now
    CARRIED_OVER = "carried_over"  # who is left in the line of an earlier occurrence of the season
    LEDGER = "ledger"  # planned already


@dataclass(frozen=True)
class Volume:
    """What an occurrence sends, costs and brings about; moments of the first and the last booking."""

    messages: int
    parts: int
    yen: int
    expected_calls: float
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class PreviewText:
    """A text as it will arrive: `recipients` stand in line for it, `messages` of them get a booking."""

    variant: str
    version: int
    body: str
    recipients: int
    messages: int

    @property
    def parts(self) -> list[str]:
        """The body in the parts that are billed."""
        return split_parts(self.body)


@dataclass(frozen=True)
class Preview:
    """One occurrence: planned by the ledger already (`counts` and `volume` are the ledger's), or as it would be."""

    campaign: str
    occurrence_at: datetime
    basis: Basis
    # Planned first, then who waits, then who is left out, in the order of judgement.
    counts: Sequence[StateCount]
    volume: Volume
    texts: Sequence[PreviewText] = ()
    # All that is wrong with the texts: with one of them the occurrence cannot be planned.
    findings: Sequence[Finding] = ()
    bookings: Bookings | None = None
    # A due date that has not passed: those who will have paid by then are counted too.
    is_upper_bound: bool = False
    # Why the run of the ledger has ended, when it has.
    closed_as: str | None = None

    @property
    def cohort(self) -> int:
        """How many members the cohort has."""
        return sum(count.notices for count in self.counts)


def choose_occurrence(occurrences: Occurrences, on: date | None, now: datetime) -> datetime:
    """The occurrence of a JST date, past or future; without a date the next one.

    Raises:
        NoSuchOccurrence: the date has none; names the nearest ones.
    """
    if on is None:
        return occurrences.next_after(now)
    try:
        if (occurrence_at := occurrences.on(on)) is not None:
            return occurrence_at
        noon = datetime(on.year, on.month, on.day, 12, tzinfo=JST)
        nearest = f"{occurrences.latest_until(noon):%Y-%m-%d}, {occurrences.next_after(noon):%Y-%m-%d}"
    except (OverflowError, ValueError):
        raise NoSuchOccurrence(f"{on} lies outside of the known calendar: {occurrences.in_words()}") from None
    raise NoSuchOccurrence(f"{on} is no planned date; the nearest ones are {nearest}")


def occurrences_after(occurrences: Occurrences, moment: datetime) -> Iterator[datetime]:
    """The occurrences later than a moment, in order, without an end."""
    while True:
        yield (moment := occurrences.next_after(moment))


def preview(
    engine: Engine,
    campaign: Campaign,
    city: City,
    occurrence_at: datetime,
    now: datetime,
    key: bytes,
    select: Select = screening.select_cohort,
) -> Preview:
    """What planning an occurrence makes of its cohort: at its time, by all that is recorded now.

    An occurrence that has been planned is told as the ledger has it. Runs in one transaction that the database keeps
    from writing, and takes no lock: planning goes on meanwhile.

    Raises:
        ForeignSubject: the cohort's subjects are not of the campaign's kind.
    """
    # Closing the connection rolls back: the workspace is gone.
    with engine.connect() as plain:
        connection = plain.execution_options(isolation_level="REPEATABLE READ")
        run = connection.execute(
            statement("campaign_run/find_decided_run"),
            {"campaign": campaign.name, "occurrence_on": occurrence_at.astimezone(JST).date()},
        ).one_or_none()
        if run is None:
            return _evaluate(connection, campaign, city, occurrence_at, now, key, select)
    volume = count_volume(campaign, city, run.messages, run.parts, run.first_at, run.last_at)
    counts = _in_order(count_notices(engine, run.campaign_run_id))
    return Preview(campaign.name, occurrence_at, Basis.LEDGER, counts, volume, closed_as=run.closed_as)


def _evaluate(
    connection: Connection,
    campaign: Campaign,
    city: City,
    occurrence_at: datetime,
    now: datetime,
    key: bytes,
    select: Select,
) -> Preview:
    at = max(now, occurrence_at)
    screening.make_workspace(connection)
    # From here on the database refuses to write anything but temporary tables.
    connection.exec_driver_sql("set transaction read only")
    select(connection, campaign, occurrence_at)
    screening.screen_cohort(connection, campaign, city, occurrence_at.astimezone(JST).date(), at, key)
    composer = planning.composer_of(campaign, city)
    composed = screening.compose_texts(connection, composer)
    bookings = planning.lay_bookings(connection, campaign, city, occurrence_at, at)
    texts = _count_messages(connection, composed, bookings)
    counts, not_yet_due = _count_outcomes(connection, texts, bookings, now)
    return Preview(
        campaign.name,
        occurrence_at,
        Basis.RECORDS,
        counts,
        count_volume(campaign, city, bookings.recipients, _parts(texts), *first_and_last(bookings)),
        texts,
        composer.findings(composed),
        bookings,
        is_upper_bound=not_yet_due > 0,
    )


def _count_messages(connection: Connection, composed: Sequence[ComposedText], bookings: Bookings) -> list[PreviewText]:
    """Texts that read the same made one, and for each how many get it: by variant, the most frequent first."""
    rows = connection.execute(statement("campaign_run/preview_messages"), {"recipients": bookings.recipients})
    messages = {_text_key(row.arm, row.fields): row.messages for row in rows}
    merged: dict[tuple[str, str], PreviewText] = {}
    for text in composed:
        new = PreviewText(
            text.variant.name,
            text.variant.version,
            text.body,
            text.recipients,
            messages.get(_text_key(text.variant.name, text.fields), 0),
        )
        same = merged.get((new.variant, new.body))
        merged[new.variant, new.body] = (same and _together(same, new)) or new
    return sorted(merged.values(), key=lambda text: (text.variant, -text.recipients, text.body))


def _together(one: PreviewText, other: PreviewText) -> PreviewText:
    return replace(one, recipients=one.recipients + other.recipients, messages=one.messages + other.messages)


def _text_key(arm: str, fields: Mapping[str, Any]) -> tuple[str, str]:
    return arm, json.dumps(fields, sort_keys=True)


def _parts(texts: Sequence[PreviewText]) -> int:
    return sum(text.messages * count_parts(text.body) for text in texts)


def _count_outcomes(
    connection: Connection, texts: Sequence[PreviewText], bookings: Bookings, now: datetime
) -> tuple[list[StateCount], int]:
    rows = connection.execute(
        statement("campaign_run/preview_outcomes"),
        {"recipients": bookings.recipients, "today": now.astimezone(JST).date()},
    ).all()
    counts = [
        StateCount(row.state, row.reason, row.notices, _parts(texts) if row.state == NoticeState.PLANNED else 0)
        for row in rows
    ]
    return _in_order(counts), sum(row.not_yet_due for row in rows)


def _in_order(counts: Sequence[StateCount]) -> list[StateCount]:
    states, reasons = list(NoticeState), list(SUPPRESSION_LABELS)
    last = (NoticeState.DEFERRED, NoticeState.HELD_OUT, NoticeState.SUPPRESSED)

    def place(count: StateCount) -> tuple[int, int, int]:
        state = NoticeState(count.state)
        reason = reasons.index(count.reason) if count.reason in reasons else len(reasons)
        return last.index(state) + 1 if state in last else 0, states.index(state), reason

    return sorted(counts, key=place)


def count_volume(
    campaign: Campaign, city: City, messages: int, parts: int, first_at: datetime | None, last_at: datetime | None
) -> Volume:
    """What messages and their parts cost and bring about, at the prices of the city."""
    calls = round(messages * campaign.pacing.call_rate, 1)
    return Volume(messages, parts, round(parts * city.yen_per_part), calls, first_at, last_at)


def first_and_last(bookings: Bookings) -> tuple[datetime | None, datetime | None]:
    """Moments as campaign_run/insert_notices spreads the line over its slots."""
    left, last_at = bookings.recipients, None
    for slot in bookings.slots:
        if left > 0:
            ahead = (slot.ends_at - slot.starts_at) * ((min(left, slot.capacity) - 1) / slot.capacity)
            last_at = slot.starts_at + timedelta(seconds=ahead // timedelta(seconds=1))
        left -= slot.capacity
    return (bookings.slots[0].starts_at if last_at else None), last_at
