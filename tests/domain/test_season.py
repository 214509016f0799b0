"""What follows from the counts of a season."""

from datetime import date, timedelta

import pytest

from oshirase.domain.calendar import USUAL_OFFICE
from oshirase.domain.campaign import HELD_OUT, Measurement
from oshirase.domain.effect import Tally, Verdict
from oshirase.domain.season import (
    MESSAGE,
    ArmCounts,
    Outcome,
    Rules,
    RunCounts,
    SeasonCounts,
    SeasonReport,
    pool_seasons,
    report_season,
    response_curve,
)
from tests.seasons import ALL_KNOWN, CLEAR, FEW, LAST_PLANNED, NO_HOLD_OUT, SAME, WORSE, make_arm, make_run, make_season


def tell(*runs: RunCounts, known_until: date | None = ALL_KNOWN, **values: object) -> SeasonReport:
    return report_season(make_season(*runs, known_until=known_until, **values), USUAL_OFFICE)


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        (CLEAR, Verdict.MORE),
        (WORSE, Verdict.LESS),
        (SAME, Verdict.CANNOT_TELL),
        (FEW, Verdict.TOO_FEW),
        (NO_HOLD_OUT, Verdict.NO_COMPARISON),
        ((), Verdict.NO_COMPARISON),
    ],
)
def test_the_verdict(runs: tuple[RunCounts, ...], verdict: Verdict) -> None:
    report = tell(*runs)
    assert report.main.verdict == verdict
    assert (report.needed is not None) == (report.money.for_one_more is not None) == (verdict == Verdict.MORE)


def test_variants_are_compared_with_a_hold_out_and_without() -> None:
    for runs in (CLEAR, NO_HOLD_OUT):
        (one,) = tell(*runs).variants
        assert (one.arm, one.against, one.level) == ("relief", "plain", pytest.approx(0.95))
    assert one.difference is not None
    assert one.difference.estimate == pytest.approx(50 / 450)
    assert one.verdict == Verdict.MORE


def test_of_three_variants_each_comparison_has_a_wider_interval() -> None:
    run = make_run(0, a=(300, 90), b=(300, 100), c=(300, 110), hold_out=(100, 20))
    found = tell(run).variants
    assert [(one.arm, one.against) for one in found] == [("b", "a"), ("c", "a"), ("c", "b")]
    assert {round(one.level, 4) for one in found} == {0.9833}


def test_what_came_in_what_it_cost_and_what_it_brought() -> None:
    report = tell(*CLEAR)
    assert report.money.units == 1800
    assert report.money.yen == 760 * 9_000
    assert report.money.cost == 1800 * 2 * 11
    assert report.money.for_one_more is not None
    assert report.money.for_one_more.estimate == pytest.approx(22 / report.main.difference.estimate)
    assert report.money.more is not None
    assert report.money.more.estimate == pytest.approx(1800 * 9_000 * report.main.difference.estimate)
    assert report.money.more.low > 0


@pytest.mark.parametrize(
    ("days_known", "known_runs"),
    [
        # 15 business days after two weeks after the last reference date: 3 October and 3 November.
        (date(2026, 11, 8), 0),
        (date(2026, 11, 9), 1),
        (date(2026, 12, 8), 1),
        (date(2026, 12, 9), 2),
        (None, 0),
    ],
)
def test_only_runs_whose_outcomes_can_be_known_take_part(days_known: date | None, known_runs: int) -> None:
    report = tell(*CLEAR, known_until=days_known)
    assert report.main.known_runs == known_runs
    assert report.main.verdict == (Verdict.MORE if known_runs == 2 else report.main.verdict)
    assert report.tally(HELD_OUT, report.main.outcome) == Tally(100 * known_runs, 20 * known_runs)
    assert report.is_interim
    if not known_runs:
        assert report.main.verdict == Verdict.NOT_YET


def test_of_an_interim_look_nothing_is_concluded() -> None:
    report = tell(*CLEAR, known_until=date(2027, 1, 20))
    assert report.main.difference == tell(*CLEAR).main.difference
    assert (report.is_interim, report.needed, report.money.for_one_more) == (True, None, None)


def test_a_season_is_final_when_its_last_planned_run_would_be_known() -> None:
    final_on = tell(*CLEAR).final_on
    assert final_on == USUAL_OFFICE.add_business_days(LAST_PLANNED + timedelta(days=14), 15)
    assert tell(*CLEAR, known_until=final_on - timedelta(days=1)).is_interim
    assert not tell(*CLEAR, known_until=final_on).is_interim


def test_the_season_s_last_day_takes_the_place_of_days() -> None:
    measurement = Measurement(until="11-30")
    rules = Rules(measurement, 2026, date(2026, 9, 29), USUAL_OFFICE)
    assert [outcome.key for outcome in rules.outcomes()] == ["7", "14", "30", "season"]
    assert rules.primary() == Outcome("season", until=date(2026, 11, 30))
    # A season that goes on into the next year has its last day there.
    assert Rules(measurement, 2026, date(2027, 2, 1), USUAL_OFFICE).until == date(2027, 11, 30)


def test_who_settled_before_the_reference_date_is_no_response() -> None:
    counts = make_arm(10, 4, day=-1) + make_arm(10, 3, day=0) + make_arm(10, 2, day=14) + make_arm(10, 1, day=15)
    assert Outcome.within(14).tally(counts) == Tally(40, 5)


def test_the_curve_rises_with_the_days() -> None:
    curve = response_curve(tell(*CLEAR))
    assert curve is not None
    assert (curve.message[2], curve.message[3], curve.hold_out[30]) == (0, 760 / 1800, 0.2)
    assert len(curve.message) == 31
    assert response_curve(tell(*CLEAR, known_until=None)) is None
    assert response_curve(tell(*NO_HOLD_OUT)).hold_out == []


def test_seasons_are_put_together_run_by_run() -> None:
    one = tell(*CLEAR)
    both = pool_seasons([one, one])
    assert both is not None
    assert both.estimate == pytest.approx(one.main.difference.estimate)
    assert both.high - both.low < one.main.difference.high - one.main.difference.low
    assert pool_seasons([tell(*NO_HOLD_OUT)]) is None


def test_counts_come_back_from_json_as_they_were() -> None:
    season = make_season(*CLEAR)
    assert SeasonCounts.model_validate_json(season.model_dump_json()) == season
    assert sum((run.arm(MESSAGE) for run in CLEAR), ArmCounts()).units == 1800
