"""What a message changed: the difference between arms, how sure it is, and when there is too little to say anything.

Everybody who was drawn for an arm counts in it, whatever became of the message (intention to treat). Runs are strata:
people of different runs are never compared with each other.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

LEVEL = 0.95
# Fewer responses, or fewer people without one, than this are expected in an arm: no verdict.
FEWEST = 10


@dataclass(frozen=True)
class Tally:
    """People of an arm, and how many of them responded."""

    units: int = 0
    responses: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.units + other.units, self.responses + other.responses)

    @property
    def rate(self) -> float | None:
        """Share that responded; None of nobody."""
        return self.responses / self.units if self.units else None


@dataclass(frozen=True)
class Amounts:
    """Amounts of the people of an arm, in yen: how many, their sum, and the sum of their squares."""

    units: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.units + other.units, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float:
        """Yen a person."""
        return self.total / self.units

    @property
    def variance_of_mean(self) -> float:
        """Sample variance over the number of people; at least two."""
        return max(0.0, self.squares - self.units * self.mean**2) / (self.units - 1) / self.units


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval."""

    estimate: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether "no difference" lies outside."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Difference(Interval):
    """A difference between the shares of two arms that responded; the arms' sums over all strata beside it."""

    treated: Tally
    control: Tally


class Verdict(StrEnum):
    """What may be said of a difference."""

    # Nobody to compare with.
    NO_COMPARISON = "no_comparison"
    # The outcomes cannot be known yet.
    NOT_YET = "not_yet"
    TOO_FEW = "too_few"
    MORE = "more"
    LESS = "less"
    # Something between the ends of the interval, nothing included.
    CANNOT_TELL = "cannot_tell"


def difference(strata: Iterable[tuple[Tally, Tally]], level: float = LEVEL) -> Difference | None:
    """The difference treated less control over strata; None when no stratum has both.

    One stratum: Newcombe's hybrid score interval (1998), by statsmodels. Several: the difference weighted
    by Mantel and Haenszel, with the score interval of Klingenberg (Statistics in Medicine 33, 2014, 2968-2983) on the
    variance of Sato (1989), which holds with few large strata and with many small ones.
    """
    both = [(treated, control) for treated, control in strata if treated.units and control.units]
    if not both:
        return None
    treated = sum((one for one, _ in both), Tally())
    control = sum((other for _, other in both), Tally())
    interval = _plain_interval(treated, control, level) if len(both) == 1 else _pooled_interval(both, level)
    return Difference(interval.estimate, interval.low, interval.high, treated, control)


def _plain_interval(treated: Tally, control: Tally, level: float) -> Interval:
    # Here, not above: every task's process loads the pages, and this takes seconds.
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        treated.responses, treated.units, control.responses, control.units,
        method="newcomb", compare="diff", alpha=1 - level,
    )  # fmt: skip
    estimate = treated.responses / treated.units - control.responses / control.units
    return Interval(estimate, float(low), float(high))


def _pooled_interval(strata: Sequence[tuple[Tally, Tally]], level: float) -> Interval:
    """Klingenberg's interval: the differences d with (estimate - d)^2 <= quantile * variance(d), a quadratic in d."""
    weights = sum(t.units * c.units / (t.units + c.units) for t, c in strata)
    estimate = sum((t.responses * c.units - c.responses * t.units) / (t.units + c.units) for t, c in strata) / weights
    slope = sum(_slope(t, c) for t, c in strata) / weights**2
    constant = sum(_constant(t, c) for t, c in strata) / weights**2
    quantile = _deviations(level) ** 2
    middle = estimate + quantile * slope / 2
    reach = math.sqrt(max(0.0, middle**2 - estimate**2 + quantile * constant))
    return Interval(estimate, middle - reach, middle + reach)


def _deviations(level: float) -> float:
    """How many standard deviations a two-sided interval reaches."""
    return NormalDist().inv_cdf((1 + level) / 2)


def _slope(t: Tally, c: Tally) -> float:
    """A stratum's part of Sato's variance that goes with the difference."""
    both = t.units + c.units
    return (
        t.units**2 * c.responses - c.units**2 * t.responses + t.units * c.units * (c.units - t.units) / 2
    ) / both**2  # fmt: skip


def _constant(t: Tally, c: Tally) -> float:
    """A stratum's part of Sato's variance that does not."""
    return (t.responses * (c.units - c.responses) + c.responses * (t.units - t.responses)) / (2 * (t.units + c.units))


def judge(found: Difference | None) -> Verdict:
    """What may be said of a difference, when all of it is known."""
    if found is None:
        return Verdict.NO_COMPARISON
    if has_too_few(found.treated, found.control):
        return Verdict.TOO_FEW
    if not found.is_clear:
        return Verdict.CANNOT_TELL
    return Verdict.MORE if found.estimate > 0 else Verdict.LESS


def has_too_few(treated: Tally, control: Tally) -> bool:
    """Whether, were there no difference, fewer than `FEWEST` of an arm would respond, or would not."""
    both = treated + control
    rarer = min(both.responses, both.units - both.responses) / both.units
    return min(treated.units, control.units) * rarer < FEWEST


def number_needed(found: Interval) -> Interval | None:
    """So many messages for one response more; None unless the interval says that there are more."""
    if found.low <= 0:
        return None
    return Interval(1 / found.estimate, 1 / found.high, 1 / found.low)


def yen_for_one_more(found: Interval, yen_a_person: float) -> Interval | None:
    """What one response more costs, when a person of the arm costs so much; None as `number_needed`."""
    needed = number_needed(found)
    if needed is None:
        return None
    return Interval(*(yen_a_person * value for value in (needed.estimate, needed.low, needed.high)))


def mean_difference(strata: Iterable[tuple[Amounts, Amounts]], level: float = LEVEL) -> Interval | None:
    """The difference of yen a person, treated less control, by the same weights; None with nobody to compare.

    By the normal distribution, with each arm's own variance: amounts of many people.
    """
    both = [(treated, control) for treated, control in strata if min(treated.units, control.units) > 1]
    if not both:
        return None
    weights = [t.units * c.units / (t.units + c.units) for t, c in both]
    share = [weight / sum(weights) for weight in weights]
    estimate = sum(w * (t.mean - c.mean) for w, (t, c) in zip(share, both, strict=True))
    variance = sum(w**2 * (t.variance_of_mean + c.variance_of_mean) for w, (t, c) in zip(share, both, strict=True))
    reach = _deviations(level) * math.sqrt(variance)
    return Interval(estimate, estimate - reach, estimate + reach)


def level_of_each(comparisons: int, level: float = LEVEL) -> float:
    """The level for each of several comparisons, so that all together have the one wanted (Bonferroni)."""
    return 1 - (1 - level) / max(1, comparisons)
