"""Differences, their intervals and what may be said of them, against statsmodels and against simulated seasons."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import confint_proportions_2indep

from oshirase.domain.effect import (
    Amounts,
    Difference,
    Interval,
    Tally,
    Verdict,
    difference,
    judge,
    level_of_each,
    mean_difference,
    number_needed,
    yen_for_one_more,
)
from oshirase.domain.power import Volume, power, power_table, smallest_effect, units_needed

STRATA = [
    (Tally(900, 320), Tally(100, 20)),
    (Tally(400, 220), Tally(60, 25)),
    (Tally(50, 5), Tally(10, 0)),
    (Tally(30, 3), Tally(0, 0)),
]


def test_one_stratum_is_newcombe_s_interval_of_statsmodels() -> None:
    found = difference(STRATA[:1])
    low, high = confint_proportions_2indep(320, 900, 20, 100, method="newcomb", compare="diff")
    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx((320 / 900 - 0.2, low, high))


def test_several_strata_are_those_of_a_regression_on_runs() -> None:
    """The weights of Mantel and Haenszel are those of least squares with an indicator for each run."""
    rows = [
        (run, arm, response)
        for run, pair in enumerate(STRATA[:3])
        for arm, tally in ((1, pair[0]), (0, pair[1]))
        for response in [1] * tally.responses + [0] * (tally.units - tally.responses)
    ]
    run, arm, response = (np.array(column) for column in zip(*rows, strict=True))
    design = np.column_stack([arm, *(run == k for k in range(3))]).astype(float)
    fitted = sm.OLS(response, design).fit(cov_type="HC0")
    found = difference(STRATA)
    assert found is not None
    assert found.estimate == pytest.approx(fitted.params[0])
    assert (found.low, found.high) == pytest.approx(fitted.conf_int()[0], abs=0.008)
    assert (found.treated, found.control) == (Tally(1350, 545), Tally(170, 45))


def test_the_arms_changed_places_give_the_interval_mirrored() -> None:
    found, other = difference(STRATA), difference([(c, t) for t, c in STRATA])
    assert found is not None
    assert other is not None
    assert (other.estimate, other.low, other.high) == pytest.approx((-found.estimate, -found.high, -found.low))


@pytest.mark.parametrize(
    ("strata", "verdict"),
    [
        ([], Verdict.NO_COMPARISON),
        ([(Tally(900, 320), Tally(0, 0))], Verdict.NO_COMPARISON),
        ([(Tally(900, 320), Tally(20, 2))], Verdict.TOO_FEW),
        ([(Tally(900, 9), Tally(900, 0))], Verdict.TOO_FEW),
        ([(Tally(900, 895), Tally(900, 890))], Verdict.TOO_FEW),
        ([(Tally(900, 0), Tally(900, 0))], Verdict.TOO_FEW),
        ([(Tally(900, 360), Tally(100, 20))], Verdict.MORE),
        ([(Tally(900, 180), Tally(100, 40))], Verdict.LESS),
        ([(Tally(900, 320), Tally(100, 30))], Verdict.CANNOT_TELL),
        ([(Tally(450, 180), Tally(50, 10))] * 2, Verdict.MORE),
    ],
)
def test_what_may_be_said(strata: list[tuple[Tally, Tally]], verdict: Verdict) -> None:
    assert judge(difference(strata)) == verdict


def test_messages_needed_and_their_cost_are_the_interval_turned_round() -> None:
    found = Interval(0.10, 0.05, 0.20)
    needed, cost = number_needed(found), yen_for_one_more(found, 22.0)
    assert needed is not None
    assert cost is not None
    assert (needed.estimate, needed.low, needed.high) == pytest.approx((10, 5, 20))
    assert (cost.estimate, cost.low, cost.high) == pytest.approx((220, 110, 440))
    assert number_needed(Interval(0.10, -0.01, 0.20)) is None
    assert yen_for_one_more(Interval(-0.1, -0.2, -0.05), 22.0) is None


def test_amounts_are_compared_as_welch_does() -> None:
    drawn = np.random.default_rng(5)
    treated, control = drawn.gamma(1, 9_000, 700), drawn.gamma(1, 7_000, 90)
    pair = tuple(Amounts(len(a), float(a.sum()), float((a**2).sum())) for a in (treated, control))
    found = mean_difference([(pair[0], pair[1])])
    welch = sm.stats.CompareMeans.from_data(treated, control).zconfint_diff(usevar="unequal")
    assert found is not None
    assert found.estimate == pytest.approx(treated.mean() - control.mean())
    assert (found.low, found.high) == pytest.approx(welch)
    assert mean_difference([(pair[0], Amounts(1, 3.0, 9.0))]) is None


def test_several_comparisons_share_the_level() -> None:
    assert level_of_each(1) == pytest.approx(0.95)
    assert level_of_each(3) == pytest.approx(1 - 0.05 / 3)
    assert level_of_each(0) == pytest.approx(0.95)


SEASONS = 1_000
RUNS, HOUSEHOLDS, SHARE = 10, 1_500, 0.1


def simulate_season(drawn: np.random.Generator, truth: float) -> list[tuple[Tally, Tally]]:
    """A season's strata, as the report counts them.

    Households with one to four instalments overdue, each in a run; what becomes of one becomes of all of its others. An
    arm a household, other rates without a message in other runs, and the first run that drew a household counts.
    """
    notices = drawn.integers(1, 5, HOUSEHOLDS)
    household = np.repeat(np.arange(HOUSEHOLDS), notices)
    run = drawn.integers(0, RUNS, len(household))
    first = np.full(HOUSEHOLDS, RUNS)
    np.minimum.at(first, household, run)
    is_held_out = drawn.random(HOUSEHOLDS) < SHARE
    base = np.linspace(0.15, 0.45, RUNS)[first]
    responds = drawn.random(HOUSEHOLDS) < base + np.where(is_held_out, 0.0, truth)

    def tally(mask: np.ndarray) -> Tally:
        return Tally(int(mask.sum()), int(responds[mask].sum()))

    return [(tally((first == k) & ~is_held_out), tally((first == k) & is_held_out)) for k in range(RUNS)]


def simulate(truth: float, seed: int) -> list[Difference]:
    drawn = np.random.default_rng(seed)
    found = [difference(simulate_season(drawn, truth)) for _ in range(SEASONS)]
    return [one for one in found if one is not None]


@pytest.mark.parametrize("truth", [0.0, 0.02, 0.05, 0.10, 0.20, -0.05])
def test_over_a_thousand_seasons_the_interval_covers_the_truth(truth: float) -> None:
    found = simulate(truth, seed=20261)
    assert len(found) == SEASONS
    covered = sum(one.low <= truth <= one.high for one in found) / SEASONS
    assert 0.93 <= covered <= 0.97


def test_over_a_thousand_seasons_without_an_effect_hardly_one_is_claimed() -> None:
    claims = [judge(one) in {Verdict.MORE, Verdict.LESS} for one in simulate(0.0, seed=20262)]
    assert sum(claims) / SEASONS <= 0.065


def test_over_a_thousand_seasons_an_effect_of_twenty_points_is_found_with_its_sign() -> None:
    verdicts = [judge(one) for one in simulate(0.20, seed=20263)]
    assert verdicts.count(Verdict.MORE) / SEASONS > 0.95
    assert Verdict.LESS not in verdicts


@pytest.mark.parametrize("strata", [1, 3, 40])
def test_the_interval_holds_with_few_and_with_many_strata(strata: int) -> None:
    drawn, covered = np.random.default_rng(7), 0
    for _ in range(SEASONS):
        base = drawn.uniform(0.1, 0.5, strata)
        held = drawn.binomial(1_200 // strata, 0.1, strata)
        sent = 1_200 // strata - held
        pairs = [
            (Tally(int(s), int(drawn.binomial(s, b + 0.1))), Tally(int(h), int(drawn.binomial(h, b))))
            for s, h, b in zip(sent, held, base, strict=True)
        ]
        found = difference(pairs)
        assert found is not None
        covered += found.low <= 0.1 <= found.high
    assert 0.93 <= covered / SEASONS <= 0.97


VOLUME = Volume(base_rate=0.3, per_season=4_000, occurrences=10)


@pytest.mark.parametrize("effect", [0.02, 0.05])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_so_many_people_see_the_effect_four_times_out_of_five(effect: float, share: float) -> None:
    units = units_needed(share, effect, 0.3)
    assert power(share, effect, 0.3, units) == pytest.approx(0.8, abs=0.002)
    drawn = np.random.default_rng(3)
    held = round(units * share)
    responses = drawn.binomial(units - held, 0.3 + effect, 400), drawn.binomial(held, 0.3, 400)
    seen = [
        judge(difference([(Tally(units - held, int(t)), Tally(held, int(c)))])) == Verdict.MORE
        for t, c in zip(*responses, strict=True)
    ]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.06)


def test_the_table_says_how_long_it_takes() -> None:
    rows = {row.share: row for row in power_table(VOLUME)}
    five = {needed.effect: needed for needed in rows[0.5].needed}[0.05]
    assert five.units is not None
    assert (five.occurrences, five.seasons) == (-(-five.units // 400), 1)
    one = {needed.effect: needed for needed in rows[0.05].needed}[0.01]
    assert one.seasons is not None
    assert one.seasons > 10
    least = rows[0.1].smallest_effect
    assert least is not None
    assert power(0.1, least, 0.3, 4_000) == pytest.approx(0.8)
    assert rows[0.5].smallest_effect < least


def test_what_cannot_be_is_said_to_be_so() -> None:
    assert smallest_effect(0.1, 0.5, 20) is None
    rows = power_table(Volume(base_rate=0.97, per_season=4_000, occurrences=10))
    assert [needed.units is None for needed in rows[0].needed] == [False, False, True]
