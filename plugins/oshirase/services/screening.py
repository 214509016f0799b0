"""Screening: an occurrence's cohort, and for each member the first reason not to send, the arm, the place in line."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from oshirase.adapters.sql import sql, statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED
from oshirase.services.texts import ComposedText, Composer

# First parts of subjects that a payment settles, and of those that a check-up does (schema/0004_screening).
PAYMENT_SUBJECTS = ("nhi", "late_elderly", "plan")
CHECK_UP_SUBJECTS = ("check_up",)


class ForeignSubject(OshiraseError):
    """A cohort's subjects are not of the campaign's kind: nobody could tell when they are settled."""


def make_workspace(connection: Connection) -> None:
    """Room for a cohort and its screening, gone with the transaction."""
    connection.exec_driver_sql(sql("campaign_run/make_workspace"))


def select_cohort(connection: Connection, campaign: Campaign, occurrence_at: datetime) -> None:
    """Fill the workspace with the cohort as it was due, and known, at the occurrence.

    Raises:
        ForeignSubject: a subject begins with something that does not say what settles it.
    """
    connection.execute(
        text(
            "insert into cohort (subject, resident_id, due_on, arrears_since, fields)\n"
            + sql(campaign.cohort.statement)
        ),
        {
            **campaign.cohort.params,
            "as_of": occurrence_at.astimezone(JST).date(),
            "known_at": occurrence_at,
        },
    )
    connection.exec_driver_sql("analyze cohort")
    permitted = PAYMENT_SUBJECTS if campaign.kind == "payment" else (*CHECK_UP_SUBJECTS, campaign.name)
    foreign = connection.scalars(statement("campaign_run/find_foreign_subjects"), {"permitted": list(permitted)}).all()
    if foreign:
        raise ForeignSubject(
            f"include/sql/{campaign.cohort.statement}.sql: subjects begin with {', '.join(sorted(foreign))}; those of "
            f"{campaign.name} ({campaign.kind}) have to begin with {' or '.join(permitted)}"
        )


def leave_out_handed_over(connection: Connection, campaign_run_id: UUID, key: bytes) -> int:
    """Take out of the workspace what a run has handed over before, as planning anew does not touch it; how many.

    And whoever of the run was erased.
    """
    binds = {"campaign_run_id": campaign_run_id}
    connection.execute(statement("campaign_run/leave_out_purged"), {**binds, "key": key})
    return len(connection.execute(statement("campaign_run/leave_out_handed_over"), binds).all())


def screen_cohort(
    connection: Connection,
    campaign: Campaign,
    city: City,
    occurrence_on: date,
    now: datetime,
    key: bytes,
    campaign_run_id: UUID | None = None,
) -> None:
    """Judge every cohort member by all that is recorded by now; what stands in the run's own line does not count."""
    today = now.astimezone(JST).date()
    arms = campaign.arms()
    connection.execute(
        statement("campaign_run/screen_cohort"),
        {
            "campaign": campaign.name,
            "campaign_run_id": campaign_run_id,
            "occurrence_on": occurrence_on,
            "known_at": ALL_THAT_IS_RECORDED,
            "on_day": today,
            "confirmed_since": confirmed_since(city, today),
            "reminded_since": now - timedelta(days=city.screening.minimum_gap_days),
            "key": key,
            "season": str(campaign.occurrences(city).season_of(occurrence_on)),
            "arms": [arm for arm, _ in arms],
            "arm_ends": [end for _, end in arms],
        },
    )


def confirmed_since(city: City, today: date) -> date:
    """The earliest day on which a number must have been confirmed to be used today."""
    return today - timedelta(days=365 * city.screening.phone_confirmed_within_years)


def count_places(connection: Connection) -> int:
    """How many stand in the line for a text."""
    return connection.scalar(statement("campaign_run/count_places")) or 0


def compose_texts(connection: Connection, composer: Composer) -> list[ComposedText]:
    """Every different text of the line, composed once for each set of fields."""
    rows = connection.execute(statement("campaign_run/distinct_fields")).all()
    return [composer.compose(row.arm, row.fields, row.recipients) for row in rows]
