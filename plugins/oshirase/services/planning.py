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

    The cohort is selected as it was known at the occurrence, and screened by what is known now. A run that was planned
    before is looked at again: when something of what it has not handed over would be different now, it is planned anew,
    and its approval is void; else it stays as it is. A run that was ended stays as it is: its notices would hold their
    subjects for ever.

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
        # Of a run that was purged nobody could tell what it was; it ended long ago.
        if locked.closed_as is not None or locked.purged_at is not None:
            return None if locked.digest is None else str(locked.digest)
        connection.execute(statement("campaign_run/lock_planning"))
        screening.make_workspace(connection)
        screening.select_cohort(connection, campaign, run.occurrence_at)
        handed_over = screening.leave_out_handed_over(connection, campaign_run_id, key)
        screening.screen_cohort(connection, campaign, city, run.occurrence_on, now, key, campaign_run_id)
        bookings = place_cohort(connection, campaign, city, run, now, handed_over)
        is_same = locked.settings_digest == digest_settings(campaign, city)
        if locked.digest is not None and is_same and not count_changes(connection, campaign_run_id, now):
            return str(locked.digest)
        insert_notices(connection, campaign, campaign_run_id, now, by)
        note_plan(connection, campaign, city, run, bookings)
        return bind_digest(connection, campaign_run_id, now, key)


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
    connection: Connection,
    campaign: Campaign,
    city: City,
    occurrence_at: datetime,
    now: datetime,
    campaign_run_id: UUID | None = None,
    handed_over: int = 0,
) -> Bookings:
    """Lay the line over the send windows at the pace of the campaign and its section, beside what is booked already.

    `handed_over`: so many of the run itself, of which the line is what is left.
    """
    season = season_of(campaign, city, occurrence_at)
    left = campaign.occurrences(city).left_of_season(occurrence_at.astimezone(JST).date())
    binds = {"campaign": campaign.name, "campaign_run_id": campaign_run_id}
    sent = connection.scalar(statement("campaign_run/count_season"), {**binds, "season": season})
    limit = max(0, occurrence_limit(campaign.pacing, sent or 0, left) - handed_over)
    most = min(screening.count_places(connection), limit)
    earliest = now + timedelta(minutes=campaign.sending.lead_minutes)
    pace = Pace(campaign.pacing, city.sections[campaign.section])
    booked = list_booked(connection, campaign, earliest, campaign_run_id)
    return Bookings(most, list(slots(earliest, city.window(), pace, booked, most)))


def season_of(campaign: Campaign, city: City, occurrence_at: datetime) -> int:
    """The year in which the season of an occurrence begins."""
    return campaign.occurrences(city).season_of(occurrence_at.astimezone(JST).date())


def list_booked(
    connection: Connection, campaign: Campaign, earliest: datetime, campaign_run_id: UUID | None = None
) -> dict[datetime, Booked]:
    """What is booked from the day of a moment on, by the campaign and by its section, by clock hour.

    Without what stands in the line of the run that is being planned.
    """
    day = datetime.combine(earliest.astimezone(JST).date(), time.min, JST)
    rows = connection.execute(
        statement("campaign_run/list_booked_hours"),
        {
            "campaign": campaign.name,
            "section": campaign.section,
            "since": day,
            "campaign_run_id": campaign_run_id,
        },
    )
    return {row.hour: Booked(row.messages, row.calls) for row in rows}


def place_cohort(
    connection: Connection, campaign: Campaign, city: City, run: CampaignRun, now: datetime, handed_over: int
) -> Bookings:
    """What becomes of everybody in the workspace; each text that somebody gets is kept once.

    `handed_over`: so many of the run were before, and count against the occurrence's limit.
    """
    binds = {"campaign_run_id": run.campaign_run_id}
    last_batch = connection.scalar(statement("campaign_run/find_last_batch"), binds) or 0
    texts = compose_texts(connection, campaign, city)
    bookings = lay_bookings(connection, campaign, city, run.occurrence_at, now, run.campaign_run_id, handed_over)
    connection.execute(
        statement("campaign_run/place_cohort"),
        {
            "batch_size": campaign.sending.batch_size,
            "first_batch": last_batch + 1,
            "most_recipients": bookings.most,
            "text_arms": [text.variant.name for text in texts],
            "text_fields": [json.dumps(text.fields) for text in texts],
            "text_ids": [str(_keep_text(connection, run.campaign_run_id, text)) for text in texts],
            "text_parts": [text.parts for text in texts],
            **_slot_binds(bookings.slots),
        },
    )
    return bookings


def count_changes(connection: Connection, campaign_run_id: UUID, now: datetime) -> int:
    """How many notices of a run would not be what they are if it were planned now."""
    binds = {"campaign_run_id": campaign_run_id, "now": now}
    return connection.scalar(statement("campaign_run/count_changes"), binds) or 0


def insert_notices(connection: Connection, campaign: Campaign, campaign_run_id: UUID, now: datetime, by: str) -> None:
    """Write every notice once; of a run that is planned anew, those of which nothing was handed over."""
    binds = {"campaign_run_id": campaign_run_id, "now": now, "by": by}
    connection.execute(statement("campaign_run/withdraw_notices"), binds)
    connection.execute(statement("campaign_run/update_notices"), binds)
    connection.execute(statement("campaign_run/insert_notices"), {**binds, "campaign": campaign.name})


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


def note_plan(connection: Connection, campaign: Campaign, city: City, run: CampaignRun, bookings: Bookings) -> None:
    """Keep with the run what the pace of later ones has to know, and how many persons have to approve it."""
    above = campaign.approval.two_approvers_above
    connection.execute(
        statement("campaign_run/note_plan"),
        {
            "campaign_run_id": run.campaign_run_id,
            "section": campaign.section,
            "season": season_of(campaign, city, run.occurrence_at),
            "call_rate": campaign.pacing.call_rate,
            "approvals_needed": 2 if above is not None and bookings.recipients > above else 1,
            "settings_digest": digest_settings(campaign, city),
        },
    )


def digest_settings(campaign: Campaign, city: City) -> str:
    """Digest of all settings that a run is made with: not of how it is spread, measured or purged."""
    of_sending = campaign.sending.model_dump(mode="json", exclude={"at_once"})
    of_campaign = campaign.model_dump(mode="json", exclude={"measurement", "reference"}) | {"sending": of_sending}
    settings = json.dumps([of_campaign, city.model_dump(mode="json", exclude={"alerts", "retention"})], sort_keys=True)
    return hashlib.sha256(settings.encode()).hexdigest()


def bind_digest(connection: Connection, campaign_run_id: UUID, now: datetime, key: bytes) -> str:
    """Digest each batch, and the run over its batches and settings."""
    binds = {"campaign_run_id": campaign_run_id}
    connection.execute(statement("campaign_run/delete_batches"), binds)
    connection.execute(statement("campaign_run/insert_batches"), {**binds, "key": key})
    return str(connection.scalar(statement("campaign_run/set_digest"), {**binds, "composed_at": now}))
