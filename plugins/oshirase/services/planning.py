"""Planning a campaign run: cohort, screening, arms, texts, bookings, batches, digest; all of it or nothing."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from oshirase.adapters.sql import sql, statement
from oshirase.domain.calendar import JST, fiscal_year
from oshirase.domain.campaign import Campaign, City, Variant
from oshirase.domain.sending import Slot, slots
from oshirase.domain.text import BadText, count_parts, render
from oshirase.domain.wording import Finding, Rule, check_wording
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED, load_campaign_run


@dataclass(frozen=True)
class RenderedText:
    """A text of the run as it will arrive, for one arm and one set of the cohort's fields (JSON)."""

    arm: str
    fields: str
    text_id: UUID
    parts: int


def plan_notices(
    engine: Engine, campaign: Campaign, city: City, campaign_run_id: UUID, now: datetime, by: str, key: bytes
) -> str:
    """Give every cohort member of a run one notice, and bind the run to the digest of what would be sent.

    The cohort is selected as it was known at the occurrence, and screened by what is known now. A run that has been
    planned stays as it is.

    Returns:
        The run's digest.

    Raises:
        BadText: all that is wrong with the variants' texts; nothing is written.
    """
    run = load_campaign_run(engine, campaign_run_id)
    with engine.begin() as connection:
        locked = connection.execute(
            statement("campaign_run/lock_campaign_run"), {"campaign_run_id": campaign_run_id}
        ).one()
        if locked.digest is not None:
            return str(locked.digest)
        connection.exec_driver_sql(sql("campaign_run/make_workspace"))
        select_cohort(connection, campaign, run.occurrence_at)
        screen_cohort(connection, campaign, city, run.occurrence_on, now, key)
        insert_notices(connection, campaign, city, campaign_run_id, now, by)
        return bind_digest(connection, campaign, city, campaign_run_id, now, key)


def select_cohort(connection: Connection, campaign: Campaign, occurrence_at: datetime) -> None:
    """Fill the workspace with the cohort as it was due, and known, at the occurrence."""
    connection.execute(
        text(f"insert into cohort (subject, resident_id, due_on, fields)\n{sql(campaign.cohort)}"),
        {
            "as_of": occurrence_at.astimezone(JST).date(),
            "known_at": occurrence_at,
            "scheme": campaign.scheme,
        },
    )
    connection.exec_driver_sql("analyze cohort")


def screen_cohort(
    connection: Connection, campaign: Campaign, city: City, occurrence_on: date, now: datetime, key: bytes
) -> None:
    """Judge every cohort member by all that is recorded by now."""
    today = now.astimezone(JST).date()
    arms = campaign.arms()
    connection.execute(
        statement("campaign_run/screen_cohort"),
        {
            "campaign": campaign.name,
            "known_at": ALL_THAT_IS_RECORDED,
            "on_day": today,
            "confirmed_since": confirmed_since(city, today),
            "reminded_since": now - timedelta(days=city.screening.minimum_gap_days),
            "key": key,
            "season": str(fiscal_year(occurrence_on)),
            "arms": [arm for arm, _ in arms],
            "arm_ends": [end for _, end in arms],
        },
    )


def confirmed_since(city: City, today: date) -> date:
    """The earliest day on which a number must have been confirmed to be used today."""
    return today - timedelta(days=365 * city.screening.phone_confirmed_within_years)


def insert_notices(
    connection: Connection, campaign: Campaign, city: City, campaign_run_id: UUID, now: datetime, by: str
) -> None:
    """Render each different text once, lay the bookings over the send windows, write every notice once."""
    places = connection.scalar(statement("campaign_run/count_places")) or 0
    texts = render_texts(connection, campaign, city, campaign_run_id)
    bookings = list(
        slots(
            now + timedelta(minutes=campaign.sending.lead_minutes),
            city.window(),
            campaign.sending.per_hour,
            min(places, campaign.sending.most_recipients),
        )
    )
    connection.execute(
        statement("campaign_run/insert_notices"),
        {
            "campaign_run_id": campaign_run_id,
            "campaign": campaign.name,
            "now": now,
            "by": by,
            "batch_size": campaign.sending.batch_size,
            "most_recipients": campaign.sending.most_recipients,
            **_text_binds(texts),
            **_slot_binds(bookings),
        },
    )


def _text_binds(texts: Sequence[RenderedText]) -> dict[str, list[Any]]:
    return {
        "text_arms": [t.arm for t in texts],
        "text_fields": [t.fields for t in texts],
        "text_ids": [str(t.text_id) for t in texts],
        "text_parts": [t.parts for t in texts],
    }


def _slot_binds(bookings: Sequence[Slot]) -> dict[str, list[Any]]:
    return {
        "slot_starts": [slot.starts_at.isoformat() for slot in bookings],
        "slot_ends": [slot.ends_at.isoformat() for slot in bookings],
        "slot_limits": [slot.limited_at.isoformat() for slot in bookings],
        "slot_capacities": [slot.capacity for slot in bookings],
    }


def render_texts(connection: Connection, campaign: Campaign, city: City, campaign_run_id: UUID) -> list[RenderedText]:
    """Render every variant for every set of fields that the line for a text has, and keep each in the ledger.

    Raises:
        BadText: all that is wrong with any of them, a sentence a line.
    """
    variants = {variant.name: variant for variant in campaign.variants}
    rows = connection.execute(statement("campaign_run/distinct_fields")).all()
    composed = [compose_text(campaign, city, variants[row.arm], row.fields) for row in rows]
    if findings := list(dict.fromkeys(str(finding) for _, found in composed for finding in found)):
        raise BadText("\n".join(findings))
    return [
        _keep_text(connection, campaign_run_id, variants[row.arm], row.fields, body)
        for row, (body, _) in zip(rows, composed, strict=True)
    ]


def compose_text(
    campaign: Campaign, city: City, variant: Variant, cohort_fields: dict[str, Any]
) -> tuple[str, list[Finding]]:
    """A variant's text for one set of the cohort's fields, and all that speaks against sending it."""
    try:
        body = render(variant.body, text_fields(campaign, city, cohort_fields))
    except BadText as error:
        return "", [Finding(Rule.TEMPLATE, variant.name, f"差し込みに誤りがあります（{error}）。")]
    return body, check_wording(variant.name, body, campaign, city)


def text_fields(campaign: Campaign, city: City, cohort_fields: dict[str, Any]) -> dict[str, object]:
    """What a text may name: the city, its section, and the fields that the cohort declares; dates as 9月30日."""
    section = city.sections[campaign.section]
    return {
        "city": city.name,
        "representative_phone": city.representative_phone,
        "section": section.name,
        "section_phone": section.phone,
        **{name: _in_words(value) if name.endswith("_on") else value for name, value in cohort_fields.items()},
    }


def _in_words(value: str) -> str:
    day = date.fromisoformat(value)
    return f"{day.month}月{day.day}日"


def _keep_text(
    connection: Connection,
    campaign_run_id: UUID,
    variant: Variant,
    cohort_fields: dict[str, Any],
    body: str,
) -> RenderedText:
    parts = count_parts(body)
    text_id = connection.scalar(
        statement("campaign_run/insert_texts"),
        {
            "campaign_run_id": campaign_run_id,
            "variant": variant.name,
            "version": variant.version,
            "body": body,
            "parts": parts,
        },
    )
    assert text_id is not None
    return RenderedText(variant.name, json.dumps(cohort_fields), text_id, parts)


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
