"""分割納付: who is behind with a payment plan, and why the others are not reminded."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.calendar import JST
from oshirase.domain.notice import NoticeState
from tests.campaigns.cast import LATER, NOT_SELECTED, Person, everybody, holds, supersede
from tests.campaigns.cast import outcomes as play
from tests.ledger import create_notice, create_run
from tests.people import AGREED_ON, create_levy, create_payment, create_plan, create_resident, insert
from tests.scene import Scene

OCCURRENCE = datetime(2026, 10, 7, 10, 0, tzinfo=JST)
TODAY = (OCCURRENCE + LATER).date()
SINCE_THEN = OCCURRENCE + LATER / 2


def create(owner: Engine, **values: Any) -> str:
    """Somebody who has paid one instalment of the three that are due."""
    resident = create_resident(owner, **values)
    create_plan(owner, resident, paid=({},))
    return resident


def paid(*payments: dict[str, Any], **plan: Any) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create_resident(owner)
        create_plan(owner, resident, paid=payments, **plan)
        return resident

    return make


def paid_for_another_levy(owner: Engine) -> str:
    """This year's instalment, which is no part of the plan."""
    resident = create(owner)
    create_payment(owner, create_levy(owner, resident, amount_yen=8_000), amount_yen=8_000)
    return resident


def ended_since(status: str) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create(owner)
        supersede(owner, "plan", "obligor_id", resident, SINCE_THEN)
        plan = {"plan_id": f"B{resident}", "scheme": "nhi", "obligor_id": resident, "agreed_on": AGREED_ON}
        insert(owner, "plan", **plan, status=status, recorded_at=SINCE_THEN)
        return resident

    return make


def removed_since(owner: Engine) -> str:
    resident = create(owner)
    supersede(owner, "plan", "obligor_id", resident, SINCE_THEN)
    return resident


def reminded_of(instalment: int) -> Callable[[Engine], str]:
    def make(owner: Engine) -> str:
        resident = create(owner)
        run = create_run(owner, occurrence_on="2026-09-07", campaign="plan_default")
        subject = f"plan/B{resident}/{instalment}"
        create_notice(owner, run, subject, campaign="plan_default", state=NoticeState.DELIVERED)
        return resident

    return make


def no_longer_insured(owner: Engine) -> str:
    resident = create_resident(owner, enrolled=("late_elderly",))
    create_plan(owner, resident, paid=())
    return resident


CAST = [
    *everybody(create, TODAY),
    *holds(create, TODAY),
    Person("nothing received since the agreement", paid(), "planned"),
    Person("all that is due received", paid({}, {}, {}), NOT_SELECTED),
    Person("a yen short", paid({}, {}, {"amount_yen": 3_999}), "planned"),
    Person("paid in one sum", paid({"amount_yen": 12_000}), NOT_SELECTED),
    Person("paid on the day of the agreement", paid({"amount_yen": 12_000, "paid_on": AGREED_ON}), NOT_SELECTED),
    Person("paid before the agreement only", paid({"amount_yen": 12_000, "paid_on": date(2026, 7, 14)}), "planned"),
    Person("paid for something else", paid_for_another_levy, "planned"),
    Person("a payment reversed", paid({}, {}, {}, {"amount_yen": -4_000, "stage": "reversal"}), "planned"),
    Person("caught up since", paid({}, {"amount_yen": 8_000, "recorded_at": SINCE_THEN}), "suppressed/settled"),
    Person("caught up in part since", paid({}, {"amount_yen": 7_999, "recorded_at": SINCE_THEN}), "planned"),
    Person("a plan that was cancelled before", paid(status="cancelled"), NOT_SELECTED),
    Person("a plan that was completed before", paid(status="completed"), NOT_SELECTED),
    Person("a plan that was cancelled since", ended_since("cancelled"), "suppressed/plan_ended"),
    Person("a plan that was completed since", ended_since("completed"), "suppressed/plan_ended"),
    Person("a plan that left the records since", removed_since, "suppressed/withdrawn"),
    Person("reminded of this instalment", reminded_of(3), "suppressed/already_reminded"),
    Person("reminded of the one before", reminded_of(2), "planned"),
    Person("no longer insured", no_longer_insured, "suppressed/not_insured"),
]


@pytest.fixture(scope="module")
def found(stage: Scene) -> dict[str, str]:
    stage.campaign = load_campaign("plan_default")
    return play(stage, CAST, OCCURRENCE)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_plan_default(found: dict[str, str], person: Person) -> None:
    assert found[person.name] == person.expected


def test_the_subject_is_the_latest_instalment_that_is_due(found: dict[str, str], stage: Scene) -> None:
    with stage.owner.connect() as connection:
        subjects = connection.execute(text("select distinct subject, due_on from ledger.notice where arm is not null"))
        rows = subjects.all()
    assert {row.subject.split("/")[0] for row in rows} == {"plan"}
    assert {row.subject.split("/")[2] for row in rows} == {"3"}
    assert {row.due_on for row in rows} == {date(2026, 9, 30)}


def test_those_who_are_behind_longest_come_first(scene: Scene) -> None:
    scene.campaign = load_campaign("plan_default")
    scene.pace(per_occurrence=1)
    behind_by_one = paid({}, {})(scene.owner)
    behind_by_all = paid()(scene.owner)
    scene.clock.moment = OCCURRENCE
    scene.plan(scene.open(OCCURRENCE))
    assert dict(scene.rows("select resident_id, state from ledger.notice")) == {
        behind_by_all: "planned",
        behind_by_one: "deferred",
    }


def test_it_runs_five_business_days_after_the_ends_of_months() -> None:
    assert load_campaign("plan_default").occurrences(load_city()).on(OCCURRENCE.date()) == OCCURRENCE
