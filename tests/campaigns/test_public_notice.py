"""An announcement to an age group: the proof that a campaign is settings, not code."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine

from oshirase.adapters.settings import load_campaign
from oshirase.domain.calendar import JST
from oshirase.domain.notice import NoticeState
from oshirase.services.screening import ForeignSubject
from tests.campaigns.cast import LATER, NOT_SELECTED, Create, Person, everybody, outcomes
from tests.ledger import create_notice, create_run
from tests.people import create_levy, create_resident, insert
from tests.scene import Scene

OCCURRENCE = datetime(2026, 10, 5, 10, 0, tzinfo=JST)
TODAY = (OCCURRENCE + LATER).date()


def create(owner: Engine, **values: object) -> str:
    """Somebody of 70, insured by nobody here."""
    return create_resident(owner, **{"birth_on": date(1956, 5, 5), "enrolled": (), **values})


def owes_a_premium(owner: Engine) -> str:
    resident = create(owner)
    create_levy(owner, resident)
    insert(owner, "hold", hold_id=resident, resident_id=resident, kind="enforcement", from_on=date(2026, 1, 1))
    return resident


def told(fiscal_year: int) -> Create:
    def make(owner: Engine) -> str:
        resident = create(owner)
        run = create_run(owner, occurrence_on=f"{fiscal_year}-10-01", campaign="public_notice")
        subject = f"public_notice/influenza/{fiscal_year}/{resident}"
        create_notice(owner, run, subject, campaign="public_notice", state=NoticeState.DELIVERED)
        return resident

    return make


CAST = [
    *everybody(create, TODAY, residents_only=True),
    Person("turns 65 on the day", lambda e: create(e, birth_on=date(1961, 10, 5)), "planned"),
    Person("turns 65 a day later", lambda e: create(e, birth_on=date(1961, 10, 6)), NOT_SELECTED),
    Person("a hundred and ten", lambda e: create(e, birth_on=date(1916, 1, 1)), "planned"),
    Person("owes a premium, and is in enforcement", owes_a_premium, "planned"),
    Person("told this year", told(2026), "suppressed/already_reminded"),
    Person("told last year", told(2025), "planned"),
]


@pytest.fixture(scope="module")
def found(stage: Scene) -> dict[str, str]:
    stage.campaign = load_campaign("public_notice")
    stage.pace()
    return outcomes(stage, CAST, OCCURRENCE)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_public_notice(found: dict[str, str], person: Person) -> None:
    assert found[person.name] == person.expected


def test_a_cohort_of_another_kind_of_subject_is_an_error(scene: Scene) -> None:
    """A payment campaign with these subjects would never know who has paid."""
    scene.campaign = load_campaign("public_notice").model_copy(update={"kind": "payment"})
    create(scene.owner)
    with pytest.raises(ForeignSubject, match=r"begin with public_notice; those of public_notice \(payment\)"):
        scene.plan(scene.open(OCCURRENCE))
    assert scene.rows("select count(*) from ledger.notice") == [(0,)]
