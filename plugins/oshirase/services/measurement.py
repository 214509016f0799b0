"""Measuring a season: everybody who was drawn for an arm, and what the records know of them; kept as told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST, UnknownYear, fiscal_year
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.occurrences import Occurrences
from oshirase.domain.season import ArmCounts, Rules, RunCounts, SeasonCounts, SeasonReport, TakeUp
from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED

# Calls until so many days after the reference date are counted for a message.
CALL_DAYS = 14
# Seasons whose last run is older stay as they were measured: the records forget.
MEASURED_FOR = timedelta(days=550)
# Earlier measurements that a page shows.
SHOWN = 400
EXTRACTS = {"payment": "payment", "check_up": "screening"}
INQUIRIES = "inquiry"


class BadCallCount(OshiraseError):
    """Calls that cannot have been counted."""


@dataclass(frozen=True)
class Measured:
    """A measurement as it was kept."""

    measured_at: datetime
    counts: SeasonCounts


def measure_campaign(engine: Engine, campaign: Campaign, city: City, now: datetime, by: str) -> int:
    """Measure a campaign's seasons that may still change, and keep what is not as it was told last; how many."""
    since = (now - MEASURED_FOR).astimezone(JST).date()
    kept = 0
    for season, last_occurrence_on in list_seasons(engine, campaign):
        if last_occurrence_on >= since:
            kept += keep_measurement(engine, measure_season(engine, campaign, city, season), now, by)
    return kept


def list_seasons(engine: Engine, campaign: Campaign) -> list[tuple[int, date]]:
    """Seasons in which something was handed over, the latest first, with their last occurrence that was."""
    with engine.connect() as connection:
        rows = connection.execute(statement("effect/list_seasons"), {"campaign": campaign.name})
        return [(row.season, row.last_occurrence_on) for row in rows]


def measure_season(engine: Engine, campaign: Campaign, city: City, season: int) -> SeasonCounts:
    """What is known of a season by now; nothing is written."""
    rules = rules_of(campaign, city, season)
    with engine.connect() as connection:
        connection.exec_driver_sql("set transaction isolation level repeatable read, read only")
        newest = _newest(connection)
        known_until = newest.get(EXTRACTS.get(campaign.outcome() or "", ""))
        runs = _count_runs(connection, campaign, rules)
        return SeasonCounts(
            campaign=campaign.name,
            season=season,
            outcome=campaign.outcome(),
            measurement=campaign.measurement,
            planned_until=rules.planned_until,
            yen_per_part=city.yen_per_part,
            known_until=known_until,
            has_inquiries=INQUIRIES in newest,
            calls=_count_calls(connection, campaign.section, runs, INQUIRIES in newest),
            runs=tuple(runs),
            take_up=_count_take_up(connection, campaign, rules, known_until),
        )


def rules_of(campaign: Campaign, city: City, season: int) -> Rules:
    """How a campaign's season is read."""
    return Rules(
        measurement=campaign.measurement,
        season=season,
        planned_until=_last_day(campaign.occurrences(city), season),
        office=city.office(),
    )


def _last_day(occurrences: Occurrences, season: int) -> date:
    try:
        return max(occurrences.days_of_season(season))
    except (ValueError, UnknownYear):
        # The timetable has changed since, or reaches further than the calendar: the season's year is over by then.
        return date(season + 1, 12, 31)


def _newest(connection: Connection) -> dict[str, date]:
    extracts = [*EXTRACTS.values(), INQUIRIES]
    rows = connection.execute(statement("extract/newest_as_of"), {"extracts": extracts})
    return {row.extract: row.as_of.astimezone(JST).date() for row in rows}


def _count_runs(connection: Connection, campaign: Campaign, rules: Rules) -> list[RunCounts]:
    rows = connection.execute(
        statement("effect/count_units"),
        {
            "campaign": campaign.name,
            "season": rules.season,
            "known_at": ALL_THAT_IS_RECORDED,
            "until": rules.until,
            "yen_days": campaign.measurement.primary_days,
            "call_days": CALL_DAYS,
        },
    ).all()
    runs: dict[str, list[Row[Any]]] = {}
    for row in rows:
        runs.setdefault(str(row.campaign_run_id), []).append(row)
    return [_run(run_id, of_run) for run_id, of_run in runs.items()]


def _run(run_id: str, rows: Sequence[Row[Any]]) -> RunCounts:
    arms: dict[str, ArmCounts] = {}
    for row in rows:
        arms[row.arm] = arms.get(row.arm, ArmCounts()) + _arm(row)
    return RunCounts(
        campaign_run_id=run_id,
        occurrence_on=rows[0].occurrence_on,
        closed_as=rows[0].closed_as,
        first_on=min(row.first_on for row in rows),
        last_on=max(row.last_on for row in rows),
        arms=arms,
    )


def _arm(row: Row[Any]) -> ArmCounts:
    return ArmCounts(
        units=row.units,
        handed_over=row.handed_over,
        delivered=row.delivered,
        parts=row.parts,
        yen=int(row.yen),
        yen_squared=int(row.yen_squared),
        callers=row.callers,
        crossed=row.crossed,
        days={} if row.days is None else {row.days: row.units},
        in_time=row.units if row.is_in_time and row.days >= 0 else 0,
    )


def _count_calls(connection: Connection, section: str, runs: Sequence[RunCounts], has_inquiries: bool) -> int | None:
    """Calls to the section, whatever they were about; None when nobody recorded any."""
    if not runs:
        return None
    binds = {
        "section": section,
        "first_on": min(run.first_on for run in runs),
        "last_on": max(run.last_on for run in runs) + timedelta(days=CALL_DAYS),
        "known_at": ALL_THAT_IS_RECORDED,
    }
    calls = connection.scalar(statement("effect/count_calls"), binds)
    return int(calls) if calls is not None else 0 if has_inquiries else None


def _count_take_up(connection: Connection, campaign: Campaign, rules: Rules, known_until: date | None) -> TakeUp | None:
    """Of the fiscal year in which the season begins, by the day that the records are taken to know."""
    if campaign.outcome() != "check_up" or known_until is None:
        return None
    office, late = rules.office, campaign.measurement.late_business_days
    until = min(office.business_days_before(known_until, late), date(rules.season + 1, 3, 31))
    year = fiscal_year(rules.planned_until)
    days = ((year, until), (year - 1, a_year_before(until)))
    this, before = (_take_up_of(connection, of_year, day) for of_year, day in days)
    return TakeUp(
        fiscal_year=year,
        until=until,
        eligible=this.eligible,
        screened=this.screened_until,
        eligible_before=before.eligible,
        screened_before_until=before.screened_until,
        screened_before=before.screened,
    )


def a_year_before(day: date) -> date:
    """The same day of the year before; of 29 February the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _take_up_of(connection: Connection, year: int, until: date) -> Row[Any]:
    binds = {"fiscal_year": year, "until": until, "known_at": ALL_THAT_IS_RECORDED}
    return connection.execute(statement("effect/count_take_up"), binds).one()


def keep_measurement(engine: Engine, counts: SeasonCounts, now: datetime, by: str) -> bool:
    """Keep a measurement beside the earlier ones; whether it says anything else than the last one."""
    binds = {
        "campaign": counts.campaign,
        "season": counts.season,
        "counts": counts.model_dump_json(),
        "now": now,
        "by": by,
    }
    with engine.begin() as connection:
        return bool(connection.execute(statement("effect/insert_measurement"), binds).all())


def list_measurements(engine: Engine, campaign: str, season: int, most: int = SHOWN) -> list[Measured]:
    """What was told of a season, the latest first."""
    binds = {"campaign": campaign, "season": season, "most": most}
    with engine.connect() as connection:
        rows = connection.execute(statement("effect/list_measurements"), binds)
        return [Measured(row.measured_at, SeasonCounts.model_validate(row.counts)) for row in rows]


def list_measured_seasons(engine: Engine, campaign: str) -> list[int]:
    """Seasons that were measured, the latest first."""
    with engine.connect() as connection:
        return list(connection.scalars(statement("effect/list_measured_seasons"), {"campaign": campaign}))


def restatements(reports: Iterable[tuple[datetime, SeasonReport]]) -> list[tuple[datetime, SeasonReport]]:
    """Of measurements, the latest first, those whose answer is another one than the one before."""
    told: list[tuple[datetime, SeasonReport]] = []
    for measured_at, report in reversed(list(reports)):
        if not told or _answer(told[-1][1]) != _answer(report):
            told.append((measured_at, report))
    return told[::-1]


def _answer(report: SeasonReport) -> tuple[object, ...]:
    return report.main.difference, report.main.verdict, report.main.known_runs, report.is_interim


def record_calls(engine: Engine, city: City, section: str, on: date, calls: int, now: datetime, by: str) -> None:
    """Keep how many calls a section counted on a day; the last word on a day counts.

    Raises:
        BadCallCount: no such section, a day to come, or less than none.
    """
    if section not in city.sections:
        raise BadCallCount(f"there is no section {section}; those of config/city.toml are {', '.join(city.sections)}")
    if on > now.astimezone(JST).date():
        raise BadCallCount(f"{on} has not come yet: nobody can have counted its calls")
    if calls < 0:
        raise BadCallCount(f"{calls} calls cannot have been counted")
    binds = {"section": section, "received_on": on, "calls": calls, "now": now, "by": by}
    with engine.begin() as connection:
        connection.execute(statement("effect/record_calls"), binds)
