"""Specific health check-ups (特定健診): vouchers, and who was screened when, three fiscal years of them."""

from dataclasses import dataclass

import numpy as np

from sandbox.ward.arrays import (
    FOREVER,
    HOUR,
    NEVER,
    Bools,
    Days,
    Draws,
    Floats,
    Ints,
    Times,
    at,
    open_day,
    pick,
    plus,
    whole,
    years_after,
)
from sandbox.ward.insurance import Insurance
from sandbox.ward.people import People
from sandbox.ward.spec import WardSpec
from sandbox.ward.tables import Rows, concat

# Households by how they take check-ups: nearly always, now and then, hardly ever; about 43 % in all.
_HOUSEHOLDS = (36.0, 23.0, 41.0)
_TAKE_UP = np.array([0.90, 0.44, 0.03])
_EXCLUSIONS = np.array([b"", b"in_hospital", b"care_facility", b"pregnant"])
_EXCLUDED = (98.4, 0.7, 0.7, 0.2)


@dataclass(frozen=True)
class CheckUps:
    """One fiscal year's vouchers and, when nobody reminds them, screenings; `member` is the position in the chunk."""

    year: int
    member: Ints
    exclusion: Ints
    screened_on: Days
    known_at: Times
    last_day: Days

    @property
    def is_screened(self) -> Bools:
        """Who goes anyway."""
        return ~np.isnat(self.screened_on)


def make_check_ups(spec: WardSpec, draws: Draws, people: People, insurance: Insurance) -> list[CheckUps]:
    """This fiscal year and the two before it."""
    habit = pick(draws.uniform("check-up habit", len(people))[people.head], _HOUSEHOLDS)
    return [_check_ups(year, draws, people, insurance, _TAKE_UP[habit]) for year in range(spec.year - 2, spec.year + 1)]


def _check_ups(year: int, draws: Draws, people: People, insurance: Insurance, take_up: Floats) -> CheckUps:
    """Members of NHI on 1 April who reach 40 to 74 in the fiscal year; open until the day before the 75th birthday."""
    start, end = np.datetime64(f"{year}-04-01", "D"), np.datetime64(f"{year + 1}-03-31", "D")
    reaches_40 = years_after(people.birth_on, 40) <= end
    not_yet_75 = years_after(people.birth_on, 75) > start
    is_known = people.known_at <= at(np.array([start]), 6 * HOUR)
    member = np.flatnonzero(insurance.nhi.is_member_on(start) & reaches_40 & not_yet_75 & is_known)
    count = len(people)
    opens = np.datetime64(f"{year}-07-01", "D")
    last_day = np.minimum(np.datetime64(f"{year}-11-30", "D"), plus(years_after(people.birth_on[member], 75), -1))
    drawn = draws.uniform(f"screened on {year}", count)[member]
    days = open_day(opens + whole(drawn, 0, 150).astype("timedelta64[D]"))
    left_on = insurance.nhi.left_on[member]
    goes = (draws.uniform(f"screened {year}", count) < take_up)[member] & (days <= last_day) & ~(left_on <= days)
    exclusion = pick(draws.uniform(f"exclusion {year}", count)[member], _EXCLUDED)
    exclusion = np.where((exclusion == 3) & (people.age[member] > 50), 0, exclusion)
    screened_on = np.where(goes & (exclusion == 0), days, NEVER)
    known = known_at(screened_on, draws.uniform(f"result {year}", count)[member])
    return CheckUps(year, member, exclusion, screened_on, known, last_day)


def known_at(screened_on: Days, drawn: Floats) -> Times:
    """When the claims organisation's file with the result arrives: 20 to 75 days later, in the morning."""
    return at(open_day(plus(screened_on, whole(drawn, 20, 75))), 8 * HOUR + 1_800)


def voucher_rows(people: People, years: list[CheckUps]) -> Rows:
    """The vouchers, posted on 25 June."""
    return concat([_vouchers(people, year) for year in years])


def _vouchers(people: People, check_ups: CheckUps) -> Rows:
    posted = np.full(len(check_ups.member), np.datetime64(f"{check_ups.year}-06-25", "D"))
    return Rows(
        {
            "resident_id": people.resident_id[check_ups.member],
            "fiscal_year": np.full(len(posted), check_ups.year),
            "posted_on": posted,
            "exclusion": _EXCLUSIONS[check_ups.exclusion],
            "recorded_at": at(posted, 19 * HOUR),
            "superseded_at": np.full(len(posted), FOREVER),
        }
    )


def screening_rows(people: People, years: list[CheckUps]) -> Rows:
    """The screenings of people who go anyway, future ones too."""
    return concat(
        [
            screenings(
                people,
                year.member[year.is_screened],
                year.year,
                year.screened_on[year.is_screened],
                year.known_at[year.is_screened],
            )
            for year in years
        ]
    )


def screenings(people: People, member: Ints, year: int, screened_on: Days, known: Times) -> Rows:
    """Screenings as rows; `member` is carried along."""
    return Rows(
        {
            "member": member,
            "resident_id": people.resident_id[member],
            "fiscal_year": np.full(len(member), year),
            "screened_on": screened_on,
            "recorded_at": known,
            "superseded_at": np.full(len(member), FOREVER),
        }
    )
