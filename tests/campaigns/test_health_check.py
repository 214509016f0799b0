"""特定健診: which households are invited, to whom the message goes, and why the others get none."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine

from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HoldOut
from oshirase.domain.notice import NoticeState
from tests.campaigns.cast import LATER, NOT_SELECTED, Person, everybody, outcomes, supersede
from tests.ledger import create_notice, create_run
from tests.people import create_contact, create_resident, create_screening, create_voucher, insert
from tests.scene import Scene

OCCURRENCE = datetime(2026, 9, 4, 10, 0, tzinfo=JST)
TODAY = (OCCURRENCE + LATER).date()
SINCE_THEN = OCCURRENCE + LATER / 2
_households = count(1)


def create(owner: Engine, *, voucher: dict[str, Any] | None = None, **values: Any) -> str:
    """A member of NHI with a voucher, in a household of their own where nobody was screened."""
    resident = create_resident(owner, **values)
    create_voucher(owner, resident, **voucher or {})
    return resident


def screened(year: int, **values: Any) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create(owner)
        create_screening(owner, resident, year, **values)
        return resident

    return make


def with_another(**of_the_other: Any) -> tuple[Callable[[Engine], str], Callable[[Engine], str]]:
    """Two members of one household, the head first; a test looks at either."""
    household = f"H-{next(_households)}"

    def head(owner: Engine) -> str:
        return create(owner, household_id=household, **of_the_other)

    def other(owner: Engine) -> str:
        return create(owner, household_id=household, is_head=False)

    return head, other


def other_member_screened(year: int, **values: Any) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        household = f"H-{next(_households)}"
        other = create_resident(owner, household_id=household, is_head=False, phone=None)
        create_screening(owner, other, year, **values)
        return create(owner, household_id=household)

    return make


def without_a_voucher(owner: Engine) -> str:
    return create_resident(owner)


def joined_in_the_year(owner: Engine) -> str:
    return create(owner, voucher={"posted_on": date(2026, 8, 3)})


def excluded_since(owner: Engine) -> str:
    resident = create(owner)
    supersede(owner, "screening_voucher", "resident_id", resident, SINCE_THEN)
    create_voucher(owner, resident, exclusion="in_hospital", recorded_at=SINCE_THEN)
    return resident


def left_nhi(on: date, **values: Any) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create(owner, enrolled=())
        insert(
            owner, "enrolment", resident_id=resident, scheme="nhi", enrolled_on=date(2020, 4, 1), left_on=on, **values
        )
        return resident

    return make


def left_nhi_since(owner: Engine) -> str:
    resident = create(owner)
    supersede(owner, "enrolment", "resident_id", resident, SINCE_THEN)
    insert(
        owner, "enrolment", resident_id=resident, scheme="nhi", enrolled_on=date(2020, 4, 1), left_on=OCCURRENCE.date(),
        recorded_at=SINCE_THEN,
    )  # fmt: skip
    return resident


def in_consultation_about_a_premium(owner: Engine) -> str:
    """The premium section's holds are no reason not to invite to a check-up."""
    resident = create(owner)
    insert(owner, "hold", hold_id=resident, resident_id=resident, kind="in_consultation", from_on=date(2026, 1, 1))
    return resident


def invited(subject: str) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create(owner, household_id=(household := f"H-{next(_households)}"))
        run = create_run(owner, occurrence_on="2026-08-04", campaign="health_check")
        create_notice(
            owner, run, f"check_up/{subject}/{household}", campaign="health_check", state=NoticeState.DELIVERED
        )
        return resident

    return make


def born(day: date) -> Callable[[Engine], str]:
    return lambda owner: create(owner, birth_on=day)


def landline_head(owner: Engine) -> str:
    """The head has a landline only; the member whose number is known gets the message."""
    household = f"H-{next(_households)}"
    head = create(owner, household_id=household, phone=None)
    create_contact(owner, head, None)
    return create(owner, household_id=household, is_head=False)


HEAD, SECOND = with_another()
HEAD_WITHOUT_NUMBER, MEMBER_WITH_NUMBER = with_another(phone=None)
CAST = [
    *everybody(create, TODAY, residents_only=True),
    Person("screened last year", screened(2025), NOT_SELECTED),
    Person("screened two years ago", screened(2024), NOT_SELECTED),
    Person("screened three years ago", screened(2023), "planned"),
    Person("screened this year already", screened(2026), NOT_SELECTED),
    Person("screened this year, known since", screened(2026, recorded_at=SINCE_THEN), "suppressed/screened"),
    Person("last year's result known since only", screened(2025, recorded_at=SINCE_THEN), "planned"),
    Person("another member screened last year", other_member_screened(2025), NOT_SELECTED),
    Person("another member screened this year, known since", other_member_screened(2026, recorded_at=SINCE_THEN),
           "suppressed/screened"),
    Person("the head of two members", HEAD, "planned"),
    Person("the second of two members", SECOND, NOT_SELECTED),
    Person("the head has no number", HEAD_WITHOUT_NUMBER, NOT_SELECTED),
    Person("the member whose number is known", MEMBER_WITH_NUMBER, "planned"),
    Person("the member of a head with a landline", landline_head, "planned"),
    Person("reaches 40 on the last day of the fiscal year", born(date(1987, 3, 31)), "planned"),
    Person("reaches 40 a day later", born(date(1987, 4, 1)), NOT_SELECTED),
    Person("the day before the 75th birthday at the occurrence", born(date(1951, 9, 8)), "planned"),
    Person("75th birthday on the day of the occurrence", born(date(1951, 9, 4)), NOT_SELECTED),
    Person("75th birthday between occurrence and today", born(date(1951, 9, 7)), "suppressed/over_age"),
    Person("no voucher", without_a_voucher, NOT_SELECTED),
    Person("joined in the year, with a voucher", joined_in_the_year, "planned"),
    Person("a voucher to be posted", lambda e: create(e, voucher={"posted_on": date(2026, 9, 5)}), NOT_SELECTED),
    *[
        Person(exclusion, lambda e, why=exclusion: create(e, voucher={"exclusion": why}), NOT_SELECTED)
        for exclusion in ("pregnant", "in_hospital", "care_facility")
    ],
    Person("in hospital since", excluded_since, "suppressed/not_eligible"),
    Person("left NHI before", left_nhi(date(2026, 8, 1)), NOT_SELECTED),
    Person("left NHI, known since", left_nhi_since, "suppressed/not_insured"),
    Person("in consultation about a premium", in_consultation_about_a_premium, "planned"),
    Person("invited in this wave", invited("2026/1"), "suppressed/already_reminded"),
    Person("invited last year", invited("2025/1"), "planned"),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(stage: Scene) -> dict[str, str]:
    stage.campaign = load_campaign("health_check")
    stage.pace()
    return outcomes(stage, CAST, OCCURRENCE)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_health_check(found: dict[str, str], person: Person) -> None:
    state = found[person.name]
    # One in ten is held out, which says nothing of the rule.
    assert ("planned" if state == "held_out" else state) == person.expected


def test_it_runs_on_tuesdays_and_fridays_from_august_to_september() -> None:
    occurrences = load_campaign("health_check").occurrences(load_city())
    assert occurrences.on(OCCURRENCE.date()) == OCCURRENCE
    assert occurrences.left_of_season(date(2026, 8, 4)) == 15  # two holidays are none
    assert occurrences.next_after(datetime(2026, 9, 29, 10, 0, tzinfo=JST)).date() == date(2027, 8, 3)


def test_the_seasons_quota_is_shared_by_the_occurrences_that_are_left(scene: Scene) -> None:
    """Of a quota of 20: five occurrences are left on 11 September, four on the 15th."""
    scene.campaign = load_campaign("health_check").model_copy(update={"hold_out": HoldOut(share=0)})
    scene.pace(per_occurrence=10, season_quota=20)
    for _ in range(12):
        create(scene.owner)
    before = datetime(2026, 9, 11, 10, 0, tzinfo=JST)
    for occurrence, expected in ((before, 4), (datetime(2026, 9, 15, 10, 0, tzinfo=JST), 4)):
        scene.clock.moment = occurrence
        run = scene.open(occurrence)
        scene.plan(run)
        planned = scene.rows(
            f"select count(*) from ledger.notice where state = 'planned' and campaign_run_id = '{run}'"
        )
        assert planned == [(expected,)]
    assert scene.states()["planned"] == 8
