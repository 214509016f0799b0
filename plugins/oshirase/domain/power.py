"""How many people, and how large a hold-out, it takes to see an effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

POWER = 0.8
ALPHA = 0.05
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
EFFECTS = (0.01, 0.02, 0.05)
_LEAST = 1e-4


@dataclass(frozen=True)
class Volume:
    """What a campaign has to learn from: people drawn in a season, and the share that responds without a message."""

    base_rate: float
    per_season: float
    occurrences: int

    @property
    def per_occurrence(self) -> float:
        """New people an occurrence."""
        return self.per_season / self.occurrences


@dataclass(frozen=True)
class Needed:
    """To see an effect with a hold-out: people in all (None: the effect is impossible), and how long that takes."""

    effect: float
    units: int | None
    occurrences: int | None
    seasons: int | None
    power_in_a_season: float | None


@dataclass(frozen=True)
class HoldOutRow:
    """What a hold-out of a share can show: the least effect seen within a season, and what each effect takes."""

    share: float
    smallest_effect: float | None
    needed: Sequence[Needed]


def power_table(volume: Volume) -> list[HoldOutRow]:
    """A row for each share of the hold-out; two-sided at 5 %, seen with a probability of 80 %."""
    return [
        HoldOutRow(
            share,
            smallest_effect(share, volume.base_rate, volume.per_season),
            [_needed(share, effect, volume) for effect in EFFECTS],
        )
        for share in SHARES
    ]


def _needed(share: float, effect: float, volume: Volume) -> Needed:
    if volume.base_rate + effect >= 1:
        return Needed(effect, None, None, None, None)
    units = units_needed(share, effect, volume.base_rate)
    return Needed(
        effect,
        units,
        ceil(units / volume.per_occurrence),
        ceil(units / volume.per_season),
        power(share, effect, volume.base_rate, volume.per_season),
    )


def units_needed(share: float, effect: float, base_rate: float) -> int:
    """People in all, hold-out included, with which an effect is seen with the wanted probability."""
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    messaged = samplesize_proportions_2indep_onetail(effect, base_rate, POWER, ratio=share / (1 - share), alpha=ALPHA)
    return ceil(float(messaged) / (1 - share))


def power(share: float, effect: float, base_rate: float, units: float) -> float:
    """The probability with which an effect is seen with so many people in all."""
    from statsmodels.stats.proportion import power_proportions_2indep

    found = power_proportions_2indep(
        effect, base_rate, units * (1 - share), ratio=share / (1 - share), alpha=ALPHA, return_results=False
    )
    return float(found)


def smallest_effect(share: float, base_rate: float, units: float) -> float | None:
    """The least effect that so many people show with the wanted probability; None: none does."""
    from scipy.optimize import brentq

    most = 1 - base_rate - _LEAST
    if most <= _LEAST or power(share, most, base_rate, units) < POWER:
        return None
    if power(share, _LEAST, base_rate, units) >= POWER:
        return _LEAST
    return float(brentq(lambda effect: power(share, effect, base_rate, units) - POWER, _LEAST, most))
