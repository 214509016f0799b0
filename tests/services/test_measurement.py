"""Measuring a season: who counts in which arm, since when, and what is known when."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from oshirase.adapters.settings import load_campaign
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HELD_OUT, HoldOut, Measurement
from oshirase.domain.effect import Tally, Verdict
from oshirase.domain.season import (
    MESSAGE,
    Outcome,
    RunCounts,
    SeasonCounts,
    SeasonReport,
    report_season,
    response_curve,
)
from oshirase.services import measurement
from oshirase.services.campaign_run import expire_campaign_run
from oshirase.services.stop import stop_campaign_run
from tests.people import create_debtor, create_levy, create_load, create_payment, create_resident, insert
from tests.scene import OCCURRENCE, Scene

SENT_ON = OCCURRENCE.date()
LONG_AFTER = datetime(2027, 9, 1, tzinfo=JST)
FORTNIGHT = Outcome.within(14)


@pytest.fixture
def half(scene: Scene) -> Scene:
    """One in two is held out; a payment is taken to be known two business days after it."""
    scene.campaign = scene.campaign.model_copy(
        update={"hold_out": HoldOut(share=0.5), "measurement": Measurement(late_business_days=2)}
    )
    scene.pace(per_hour=80)
    return scene


def debtors(scene: Scene, count: int = 24, **values: Any) -> list[str]:
    return [create_debtor(scene.owner, **values) for _ in range(count)]


def carry_out(scene: Scene, occurrence: datetime = OCCURRENCE) -> UUID:
    """Plan, approve and hand over an occurrence at its time."""
    scene.clock.moment = max(scene.clock.moment, occurrence)
    run = scene.open(occurrence)
    scene.approve(run, scene.plan(run))
    scene.send(run)
    return run


def arms(scene: Scene, state: str) -> list[str]:
    return [resident for (resident,) in scene.rows(f"select resident_id from ledger.notice where state = '{state}'")]


def pay(scene: Scene, resident: str, on: date, **values: Any) -> None:
    ((levy,),) = scene.rows(
        f"select levy_id from records.levy where obligor_id = '{resident}' order by due_on desc limit 1"
    )
    create_payment(
        scene.owner, levy, **{"paid_on": on, "recorded_at": datetime.combine(on, OCCURRENCE.timetz()), **values}
    )


def measure(scene: Scene, season: int = 2026) -> SeasonCounts:
    return measurement.measure_season(scene.engine, scene.campaign, scene.city, season)


def report(scene: Scene) -> SeasonReport:
    return report_season(measure(scene), scene.city.office())


def only_run(scene: Scene) -> RunCounts:
    (run,) = measure(scene).runs
    return run


def test_both_arms_are_counted_alike_from_the_records(half: Scene) -> None:
    debtors(half)
    carry_out(half)
    messaged, held_out = arms(half, "accepted"), arms(half, "held_out")
    for who in (messaged[0], held_out[0]):
        pay(half, who, SENT_ON + timedelta(days=5))
    pay(half, messaged[1], SENT_ON + timedelta(days=14))
    pay(half, messaged[2], SENT_ON + timedelta(days=15))
    run = only_run(half)
    assert (run.first_on, run.last_on) == (SENT_ON, SENT_ON)
    assert [outcome.tally(run.message()).responses for outcome in map(Outcome.within, (7, 14, 30))] == [1, 2, 3]
    assert FORTNIGHT.tally(run.arms[HELD_OUT]) == Tally(len(held_out), 1)
    assert run.message().units == run.message().handed_over == len(messaged)
    assert run.arms[HELD_OUT].handed_over == 0
    assert (run.message().yen, run.arms[HELD_OUT].yen) == (24_000, 12_000)
    assert run.message().parts == 2 * len(messaged)


def test_who_paid_before_the_reference_date_is_no_response_in_either_arm(half: Scene) -> None:
    debtors(half)
    carry_out(half)
    for who in (arms(half, "accepted")[0], arms(half, "held_out")[0]):
        pay(half, who, SENT_ON - timedelta(days=1), recorded_at=OCCURRENCE + timedelta(days=3))
    run = only_run(half)
    assert [counts.days for counts in (run.message(), run.arms[HELD_OUT])] == [{-1: 1}, {-1: 1}]
    assert [FORTNIGHT.tally(counts).responses for counts in (run.message(), run.arms[HELD_OUT])] == [0, 0]


def test_what_was_undone_was_not_paid_and_what_came_in_parts_was_with_the_last(half: Scene) -> None:
    debtors(half)
    carry_out(half)
    undone, again, parts = arms(half, "accepted")[:3]
    for who in (undone, again):
        pay(half, who, SENT_ON + timedelta(days=1))
        pay(half, who, SENT_ON + timedelta(days=1), amount_yen=-12_000, stage="reversal")
    pay(half, again, SENT_ON + timedelta(days=9))
    pay(half, parts, SENT_ON + timedelta(days=2), amount_yen=5_000)
    pay(half, parts, SENT_ON + timedelta(days=4), amount_yen=7_000)
    pay(half, parts, SENT_ON + timedelta(days=40), amount_yen=100)
    assert only_run(half).message().days == {9: 1, 4: 1}


def settle_before_the_claim(scene: Scene) -> None:
    for resident in arms(scene, "planned")[:2]:
        pay(scene, resident, SENT_ON, recorded_at=scene.clock())


def plan_anew(scene: Scene) -> None:
    """Two of each arm pay before their run is planned anew: who was held out must not be forgotten for it."""
    for state in ("planned", "held_out"):
        for resident in arms(scene, state)[:2]:
            pay(scene, resident, SENT_ON, recorded_at=scene.clock())
    ((run,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
    scene.approve(run, scene.plan(run))


@pytest.mark.parametrize("happens", [settle_before_the_claim, plan_anew])
def test_everybody_who_was_drawn_counts_whatever_became_of_the_message(half: Scene, happens: Any) -> None:
    debtors(half)
    run = half.approved_run()
    drawn = {"message": len(arms(half, "planned")), "hold_out": len(arms(half, "held_out"))}
    half.clock.moment += timedelta(minutes=10)
    happens(half)
    half.send(run)
    assert half.states()["suppressed/settled"] >= 2
    counted = only_run(half)
    assert {"message": counted.message().units, "hold_out": counted.arms[HELD_OUT].units} == drawn
    assert counted.message().handed_over == drawn["message"] - 2
    assert FORTNIGHT.tally(counted.message()).responses == 2


def test_who_was_left_out_before_the_draw_does_not_count(half: Scene) -> None:
    debtors(half)
    debtors(half, 3, is_protected=True)
    carry_out(half)
    assert sum(counts.units for counts in only_run(half).arms.values()) == 24


def test_who_found_no_room_counts_in_neither_arm(half: Scene) -> None:
    half.pace(per_occurrence=6, per_hour=80)
    debtors(half, 40)
    carry_out(half)
    run = only_run(half)
    assert run.message().units == 6
    assert run.arms[HELD_OUT].units == len(arms(half, "held_out")) < 20


def test_a_run_of_which_nothing_was_sent_does_not_count(half: Scene) -> None:
    debtors(half)
    run = half.approved_run()
    assert measure(half).runs == ()
    expire_campaign_run(half.engine, run, "期限", "test", half.clock())
    assert (measure(half).runs, measurement.list_seasons(half.engine, half.campaign)) == ((), [])


def test_a_run_that_was_stopped_midway_counts_with_everybody_it_drew(half: Scene) -> None:
    half.change(batch_size=4)
    debtors(half)
    run = half.approved_run()
    drawn = len(arms(half, "planned"))
    half.send_batch(run, 1)
    stop_campaign_run(half.engine, run, "sato", "文面の誤り", half.clock())
    half.reconcile()
    counted = only_run(half)
    assert (counted.closed_as, counted.message().units) == ("stopped", drawn)
    assert counted.message().handed_over == 4


def test_a_household_counts_once_with_the_run_that_drew_it_first(half: Scene) -> None:
    households = [f"H{n}" for n in range(24)]
    for household in households:
        create_debtor(half.owner, household_id=household)
        create_debtor(half.owner, household_id=household)
    for (resident,) in half.rows("select resident_id from records.resident"):
        create_levy(half.owner, resident, instalment=5, due_on=date(2026, 11, 2))
    carry_out(half)
    drawn_first = {home for (home,) in half.rows(
        "select r.household_id from ledger.notice as n inner join records.resident as r using (resident_id)"
        " where n.state in ('accepted', 'held_out') group by 1"
    )}  # fmt: skip
    carry_out(half, datetime(2026, 11, 5, 10, 0, tzinfo=JST))
    runs = measure(half).runs
    assert drawn_first == set(households)
    assert [sum(counts.units for counts in run.arms.values()) for run in runs] == [len(households)]
    assert half.states()["held_out"] > runs[0].arms[HELD_OUT].units
    # Both of a household owe here: where the first is held out, the other may have got a message.
    assert 0 < runs[0].arms[HELD_OUT].crossed < runs[0].arms[HELD_OUT].units


def test_the_late_elderly_count_each_for_themselves(half: Scene) -> None:
    half.campaign = half.campaign.model_copy(
        update={"cohort": half.campaign.cohort.model_copy(update={"params": {"scheme": "late_elderly"}})}
    )
    for number in range(20):
        resident = create_resident(half.owner, household_id=f"H{number // 2}")
        create_levy(half.owner, resident, scheme="late_elderly")
    carry_out(half)
    assert sum(counts.units for counts in only_run(half).arms.values()) == 20


def test_the_reference_date_of_who_is_held_out_is_that_of_their_place_in_the_line(half: Scene) -> None:
    half.pace(per_hour=1, per_day=7)
    for age in range(40):
        resident = create_debtor(half.owner)
        create_levy(half.owner, resident, instalment=3, due_on=date(2026, 8, 31) - timedelta(days=age))
    carry_out(half)
    run = only_run(half)
    assert run.first_on == SENT_ON
    assert run.last_on > SENT_ON + timedelta(days=2)
    for resident in (*arms(half, "held_out"), *arms(half, "accepted")):
        pay(half, resident, run.last_on)
    one = only_run(half)
    assert len(one.arms[HELD_OUT].days) > 1
    assert max(one.message().days) == (run.last_on - run.first_on).days


def days_after(scene: Scene, days: int) -> None:
    create_load(scene.owner, "payment", OCCURRENCE + timedelta(days=days))


def test_what_cannot_be_known_yet_is_not_yet(half: Scene) -> None:
    debtors(half)
    carry_out(half)
    assert report(half).main.verdict == Verdict.NOT_YET
    days_after(half, 14)
    seen = report(half)
    assert [one.verdict == Verdict.NOT_YET for one in seen.comparisons] == [False, True, True]
    days_after(half, 18)
    assert [one.known_runs for one in report(half).comparisons] == [1, 1, 0]
    assert response_curve(report(half)).days == range(15)


def test_before_the_season_is_over_a_look_is_an_interim_one(half: Scene) -> None:
    debtors(half)
    carry_out(half)
    days_after(half, 40)
    assert report(half).is_interim
    create_load(half.owner, "payment", LONG_AFTER)
    assert not report(half).is_interim


def test_figures_are_restated_when_late_results_come_and_what_was_told_stays(half: Scene) -> None:
    debtors(half)
    carry_out(half)
    days_after(half, 40)

    def tell() -> object:
        return measurement.measure_campaign(half.engine, half.campaign, half.city, half.clock(), "test")

    assert (tell(), tell()) == (1, 0)
    pay(half, arms(half, "accepted")[0], SENT_ON + timedelta(days=3), recorded_at=OCCURRENCE + timedelta(days=41))
    half.clock.moment += timedelta(days=41)
    assert tell() == 1
    kept = measurement.list_measurements(half.engine, half.campaign.name, 2026)
    reports = [(one.measured_at, report_season(one.counts, half.city.office())) for one in kept]
    assert [seen.tally(MESSAGE, FORTNIGHT).responses for _, seen in reports] == [1, 0]
    assert len(measurement.restatements(reports)) == 2
    assert measurement.list_measured_seasons(half.engine, half.campaign.name) == [2026]


def test_measurements_and_calls_stay_as_they_were_told(half: Scene) -> None:
    measurement.record_calls(half.engine, half.city, "premium", SENT_ON, 3, half.clock(), "sato")
    for change in (
        "delete from ledger.call_count",
        "update ledger.call_count set calls = 0",
        "truncate ledger.measurement",
    ):
        with pytest.raises(Exception, match=r"append-only|permission denied"), half.owner.begin() as connection:
            connection.execute(text(change))


@pytest.mark.parametrize(
    ("section", "on", "calls", "part"),
    [
        ("nobody", SENT_ON, 1, "premium, health"),
        ("premium", SENT_ON + timedelta(days=1), 1, "has not come"),
        ("premium", SENT_ON, -1, "cannot"),
    ],
)
def test_calls_that_cannot_be(scene: Scene, section: str, on: date, calls: int, part: str) -> None:
    with pytest.raises(measurement.BadCallCount, match=part):
        measurement.record_calls(scene.engine, scene.city, section, on, calls, scene.clock(), "sato")


@pytest.fixture
def called(half: Scene) -> Scene:
    debtors(half)
    carry_out(half)
    return half


def test_calls_are_not_recorded_until_somebody_does(called: Scene) -> None:
    assert measure(called).calls is None
    for calls in (7, 5):
        measurement.record_calls(called.engine, called.city, "premium", SENT_ON, calls, called.clock(), "sato")
    measurement.record_calls(called.engine, called.city, "health", SENT_ON, 99, called.clock(), "sato")
    assert measure(called).calls == 5


def test_calls_of_the_extract_are_told_by_arm_when_the_section_knew_who_called(called: Scene) -> None:
    create_load(called.owner, "inquiry", OCCURRENCE + timedelta(days=3))
    callers = [*arms(called, "accepted")[:2], arms(called, "held_out")[0], None]
    for number, resident in enumerate(callers):
        insert(
            called.owner, "inquiry", inquiry_id=f"Q{number}", received_on=SENT_ON + timedelta(days=number),
            section="premium", resident_id=resident,
        )  # fmt: skip
    counts = measure(called)
    assert (counts.has_inquiries, counts.calls) == (True, 4)
    assert (counts.runs[0].message().callers, counts.runs[0].arms[HELD_OUT].callers) == (2, 1)


def test_without_a_hold_out_variants_are_compared_and_nothing_else(scene: Scene) -> None:
    debtors(scene, 30)
    carry_out(scene)
    days_after(scene, 60)
    seen = report(scene)
    assert not seen.has_hold_out
    assert seen.main.verdict == Verdict.NO_COMPARISON
    assert [(one.arm, one.against, one.verdict) for one in seen.variants] == [("relief", "plain", Verdict.TOO_FEW)]


def test_an_announcement_has_deliveries_and_no_response(scene: Scene) -> None:
    scene.campaign = load_campaign("public_notice")
    for _ in range(5):
        create_resident(scene.owner, birth_on=date(1950, 1, 2))
    carry_out(scene, datetime(2026, 10, 8, 10, 0, tzinfo=JST))
    scene.clock.moment += timedelta(days=2)
    scene.collect()
    counts = measure(scene)
    assert counts.outcome is None
    (arm,) = counts.runs[0].arms.values()
    assert (arm.units, arm.delivered, arm.days) == (5, 5, {})
