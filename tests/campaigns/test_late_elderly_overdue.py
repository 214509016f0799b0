"""後期高齢者医療保険料: each person owes their own premium, and is reminded of it."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine

from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.calendar import JST
from tests.campaigns.cast import NOT_SELECTED, Person, outcomes
from tests.campaigns.premiums import premium_cast
from tests.people import create_enrolment, create_levy, create_resident
from tests.scene import Scene


def wife_who_owes_too(owner: Engine) -> str:
    husband = create_resident(owner, household_id="H-couple", birth_on=date(1948, 3, 3), phone=None)
    wife = create_resident(owner, household_id="H-couple", birth_on=date(1949, 3, 3), is_head=False)
    for person in (husband, wife):
        create_levy(owner, person, scheme="late_elderly")
    return wife


def insured_in_the_household_only(owner: Engine) -> str:
    """Somebody else of the household is insured: that says nothing of this person."""
    resident = create_resident(owner, household_id="H-other", enrolled=("nhi",))
    other = create_resident(owner, household_id="H-other", is_head=False, enrolled=(), phone=None)
    create_enrolment(owner, other, "late_elderly")
    create_levy(owner, resident, scheme="late_elderly")
    return resident


def owes_nhi_only(owner: Engine) -> str:
    resident = create_resident(owner)
    create_levy(owner, resident, scheme="nhi")
    return resident


OCCURRENCE = datetime(2026, 10, 5, 10, 0, tzinfo=JST)
CAST = [
    *premium_cast("late_elderly", OCCURRENCE),
    Person("the second of a couple who both owe", wife_who_owes_too, "planned"),
    Person("insured in the household only", insured_in_the_household_only, "suppressed/not_insured"),
    Person("owes NHI only", owes_nhi_only, NOT_SELECTED),
]


@pytest.fixture(scope="module")
def found(stage: Scene) -> dict[str, str]:
    stage.campaign = load_campaign("late_elderly_overdue")
    return outcomes(stage, CAST, OCCURRENCE)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_late_elderly_overdue(found: dict[str, str], person: Person) -> None:
    assert found[person.name] == person.expected


def test_it_follows_the_schemes_own_calendar_a_day_after_the_nhi_reminders() -> None:
    occurrences = load_campaign("late_elderly_overdue").occurrences(load_city())
    assert occurrences.on(date(2026, 10, 5)) == OCCURRENCE
    assert occurrences.left_of_season(date(2026, 10, 5)) == 7
