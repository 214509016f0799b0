"""国民健康保険料: who is reminded of the latest instalment, and why the others are not."""

from datetime import date

import pytest
from sqlalchemy import Engine

from tests.campaigns.cast import NOT_SELECTED, Person, outcomes
from tests.campaigns.premiums import premium_cast
from tests.people import create_enrolment, create_levy, create_resident
from tests.scene import OCCURRENCE, Scene


def head_not_insured_themselves(owner: Engine) -> str:
    """The head of household owes the premium, enrolled or not (擬制世帯主)."""
    head = create_resident(owner, enrolled=(), household_id="H-head")
    create_resident(owner, household_id="H-head", is_head=False, phone=None)
    create_levy(owner, head)
    return head


def member_of_a_household_who_owes_nothing(owner: Engine) -> str:
    head = create_resident(owner, household_id="H-member", phone=None)
    create_levy(owner, head)
    return create_resident(owner, household_id="H-member", is_head=False)


def owes_the_other_scheme_only(owner: Engine) -> str:
    resident = create_resident(owner)
    create_levy(owner, resident, scheme="late_elderly")
    return resident


def insured_by_the_other_scheme_only(owner: Engine) -> str:
    resident = create_resident(owner, enrolled=())
    create_enrolment(owner, resident, "late_elderly")
    create_levy(owner, resident)
    return resident


def owes_what_is_more_than_a_year_old(owner: Engine) -> str:
    resident = create_resident(owner)
    create_levy(owner, resident, levy_year=2025, due_on=date(2025, 10, 1))
    return resident


CAST = [
    *premium_cast("nhi", OCCURRENCE),
    Person("a head who is not insured themselves", head_not_insured_themselves, "planned"),
    Person("owes the other scheme only", owes_the_other_scheme_only, NOT_SELECTED),
    Person("insured by the other scheme only", insured_by_the_other_scheme_only, "suppressed/not_insured"),
    Person("owes what is more than a year old", owes_what_is_more_than_a_year_old, NOT_SELECTED),
]


@pytest.fixture(scope="module")
def found(stage: Scene) -> dict[str, str]:
    return outcomes(stage, CAST, OCCURRENCE)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_nhi_overdue(found: dict[str, str], person: Person) -> None:
    assert found[person.name] == person.expected


def test_the_relief_scheme_is_named_to_a_share(scene: Scene) -> None:
    assert {variant.name for variant in scene.campaign.variants} == {"plain", "relief"}
    relief = next(variant for variant in scene.campaign.variants if variant.name == "relief")
    assert "減免" in relief.body
