"""Planning a campaign run: cohort, screening, arms, texts, bookings, batches, digest; all of it or nothing."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import declared, statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.pacing import Booked, Pace, Slot, occurrence_limit, slots
from oshirase.domain.text import BadText
from oshirase.services import screening
from oshirase.services.campaign_run import CampaignRun, load_campaign_run
from oshirase.services.texts import ComposedText, Composer


@dataclass(frozen=True)
class Bookings:
    """When a run's messages would leave: the first `most` of the line, in these slots."""

    most: int
    slots: Sequence[Slot]

    @property
    def recipients(self) -> int:
        """How many get a booking."""
        return min(self.most, sum(slot.capacity for slot in self.slots))


def plan_notices(
    engine: Engine, campaign: Campaign, city: City, campaign_run_id: UUID, now: datetime, by: str, key: bytes
) -> str | None:
    """Give every cohort member of a run one notice, and bind the run to the digest of what would be sent.

    The cohort is selected as it was known at the occurrence, and screened by what is known now. A run that has been
    planned stays as it is, and so does one that was ended before: its notices would hold their subjects for ever.

    Returns:
        The run's digest; None when the run was ended before it was planned.

    Raises:
        BadText: all that is wrong with the variants' texts, a sentence a line; nothing is written.
        ForeignSubject: the cohort's subjects are not of the campaign's kind; nothing is written.
    """
    run = load_campaign_run(engine, campaign_run_id)
    with engine.begin() as connection:
        locked = connection.execute(
            statement("campaign_run/lock_campaign_run"), {"campaign_run_id": campaign_run_id}
        ).one()
        if locked.digest is not None or locked.closed_as is not None:
            return None if locked.digest is None else str(locked.digest)
        connection.execute(statement("campaign_run/lock_planning"))
        screening.make_workspace(connection)
        screening.select_cohort(connection, campaign, run.occurrence_at)
        screening.screen_cohort(connection, campaign, city, run.occurrence_on, now, key)
        texts = compose_texts(connection, campaign, city)
        bookings = lay_bookings(connection, campaign, city, run.occurrence_at, now)
        insert_notices(connection, campaign, run, texts, bookings, now, by)
        note_pacing(connection, campaign, city, run)
        return bind_digest(connection, campaign, city, campaign_run_id, now, key)


def compose_texts(connection: Connection, campaign: Campaign, city: City) -> list[ComposedText]:
    """Every different text of the line, none with a fault.

    Raises:
        BadText: all that is wrong with any of them, a sentence a line.
    """
    composer = composer_of(campaign, city)
    texts = screening.compose_texts(connection, composer)
    if findings := composer.findings(texts):
        raise BadText("\n".join(dict.fromkeys(str(finding) for finding in findings)))
    return texts


def composer_of(campaign: Campaign, city: City) -> Composer:
    """What composes a campaign's texts, with the fields that its cohort declares."""
    return Composer(campaign, city, declared(campaign.cohort.statement, "fields"))


def lay_bookings(
    connection: Connection, campaign: Campaign, city: City, occurrence_at: datetime, now: datetime
) -> Bookings:
    """Lay the line over the send windows at the pace of the campaign and its section, beside what is booked already."""
    season = season_of(campaign, city, occurrence_at)
    left = campaign.occurrences(city).left_of_season(occurrence_at.astimezone(JST).date())
    sent = connection.scalar(statement("campaign_run/count_season"), {"campaign": campaign.name, "season": season})
    most = min(screening.count_places(connection), occurrence_limit(campaign.pacing, sent or 0, left))
    earliest = now + timedelta(minutes=campaign.sending.lead_minutes)
    pace = Pace(campaign.pacing, city.sections[campaign.section])
    booked = list_booked(connection, campaign, earliest)
    return Bookings(most, list(slots(earliest, city.window(), pace, booked, most)))


def season_of(campaign: Campaign, city: City, occurrence_at: datetime) -> int:
    """The year in which the season of an occurrence begins."""
    return campaign.occurrences(city).season_of(occurrence_at.astimezone(JST).date())


def list_booked(connection: Connection, campaign: Campaign, earliest: datetime) -> dict[datetime, Booked]:
    """What is booked from the day of a moment on, by the campaign and by its section, by clock hour."""
    day = datetime.combine(earliest.astimezone(JST).date(), time.min, JST)
    rows = connection.execute(
        statement("campaign_run/list_booked_hours"),
        {"campaign": campaign.name, "section": campaign.section, "since": day},
    )
    return {row.hour: Booked(row.messages, row.calls) for row in rows}


def insert_notices(
    connection: Connection,
    campaign: Campaign,
    run: CampaignRun,
    texts: Sequence[ComposedText],
    bookings: Bookings,
    now: datetime,
    by: str,
) -> None:
    """Keep each text once, and write every notice once."""
    connection.execute(
        statement("campaign_run/insert_notices"),
        {
            "campaign_run_id": run.campaign_run_id,
            "campaign": campaign.name,
            "now": now,
            "by": by,
            "batch_size": campaign.sending.batch_size,
            "most_recipients": bookings.most,
            "text_arms": [text.variant.name for text in texts],
            "text_fields": [json.dumps(text.fields) for text in texts],
            "text_ids": [str(_keep_text(connection, run.campaign_run_id, text)) for text in texts],
            "text_parts": [text.parts for text in texts],
            **_slot_binds(bookings.slots),
        },
    )


def _slot_binds(bookings: Sequence[Slot]) -> dict[str, list[Any]]:
    return {
        "slot_starts": [slot.starts_at.isoformat() for slot in bookings],
        "slot_ends": [slot.ends_at.isoformat() for slot in bookings],
        "slot_limits": [slot.limited_at.isoformat() for slot in bookings],
        "slot_capacities": [slot.capacity for slot in bookings],
    }


def _keep_text(connection: Connection, campaign_run_id: UUID, text: ComposedText) -> UUID:
    text_id: UUID | None = connection.scalar(
        statement("campaign_run/insert_texts"),
        {
            "campaign_run_id": campaign_run_id,
            "variant": text.variant.name,
            "version": text.variant.version,
            "body": text.body,
            "parts": text.parts,
        },
    )
    assert text_id is not None
    return text_id


def note_pacing(connection: Connection, campaign: Campaign, city: City, run: CampaignRun) -> None:
    """Keep with the run what the pace of later ones has to know."""
    connection.execute(
        statement("campaign_run/note_pacing"),
        {
            "campaign_run_id": run.campaign_run_id,
            "section": campaign.section,
            "season": season_of(campaign, city, run.occurrence_at),
            "call_rate": campaign.pacing.call_rate,
        },
    )


def bind_digest(
    connection: Connection, campaign: Campaign, city: City, campaign_run_id: UUID, now: datetime, key: bytes
) -> str:
    """Digest each batch, and the run over its batches and settings."""
    connection.execute(statement("campaign_run/insert_batches"), {"campaign_run_id": campaign_run_id, "key": key})
    settings = json.dumps([campaign.model_dump(mode="json"), city.model_dump(mode="json")], sort_keys=True)
    digest = connection.scalar(
        statement("campaign_run/set_digest"),
        {
            "campaign_run_id": campaign_run_id,
            "settings": hashlib.sha256(settings.encode()).hexdigest(),
            "composed_at": now,
        },
    )
    return str(digest)
