"""What was counted of a campaign's season, and what follows from it: arms, differences, the verdict."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from oshirase.domain import effect
from oshirase.domain.calendar import MonthDay, OfficeCalendar
from oshirase.domain.campaign import HELD_OUT, Measurement
from oshirase.domain.effect import Amounts, Difference, Interval, Tally, Verdict

WINDOWS = (7, 14, 30)
T = TypeVar("T")
# What all variants together are called, beside the arms' names.
MESSAGE = "message"


class Counted(BaseModel):
    """Counts are fixed once made, and kept as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ArmCounts(Counted):
    """Units (households, or persons) of an arm in a run."""

    units: int = 0
    handed_over: int = 0
    delivered: int = 0
    parts: int = 0
    """Billable parts of what was handed over."""
    yen: int = 0
    """Received within the primary window, net of reversals."""
    yen_squared: int = 0
    callers: int = 0
    """Units of whom somebody telephoned, as far as the section knew who called."""
    crossed: int = 0
    """Held out, and a message in a later run all the same."""
    days: dict[int, int] = {}
    """Units by days from the reference date to the settlement."""
    in_time: int = 0
    """Units that settled from the reference date on, by the season's last day."""

    def __add__(self, other: "ArmCounts") -> "ArmCounts":
        days = {day: self.days.get(day, 0) + other.days.get(day, 0) for day in sorted({*self.days, *other.days})}
        fields = [name for name in ArmCounts.model_fields if name != "days"]
        return ArmCounts(days=days, **{name: getattr(self, name) + getattr(other, name) for name in fields})


class RunCounts(Counted):
    """A run of which something was handed over; the first and the last reference date of its units."""

    campaign_run_id: str
    occurrence_on: date
    closed_as: str | None
    first_on: date
    last_on: date
    arms: dict[str, ArmCounts]

    def message(self) -> ArmCounts:
        """All variants together."""
        return sum((counts for arm, counts in self.arms.items() if arm != HELD_OUT), ArmCounts())

    def arm(self, name: str) -> ArmCounts:
        """Of an arm, or of all that got a message."""
        return self.message() if name == MESSAGE else self.arms.get(name, ArmCounts())


class TakeUp(Counted):
    """Screened of those with a voucher, until a day; of the year before until the same day, and in all."""

    fiscal_year: int
    until: date
    eligible: int
    screened: int
    eligible_before: int
    screened_before_until: int
    screened_before: int


class SeasonCounts(Counted):
    """What was known of a season at a measurement, with the settings that it was measured by."""

    campaign: str
    season: int
    outcome: Literal["payment", "check_up"] | None
    measurement: Measurement
    planned_until: date
    """The season's last planned day."""
    yen_per_part: float
    known_until: date | None
    """The day as of which the extract of payments, or of check-ups, was loaded last."""
    has_inquiries: bool
    """Whether the extract of telephone inquiries was ever loaded."""
    calls: int | None
    """That the section received from the first message on until two weeks after the last; null: not recorded."""
    runs: tuple[RunCounts, ...]
    take_up: TakeUp | None = None


@dataclass(frozen=True)
class Outcome:
    """A response: settled within so many days of the reference date, or by a day."""

    key: str
    days: int | None = None
    until: date | None = None

    @classmethod
    def within(cls, days: int) -> "Outcome":
        """Settled within so many days."""
        return cls(str(days), days)

    def tally(self, counts: ArmCounts) -> Tally:
        """Who responded, of all units."""
        if self.days is None:
            return Tally(counts.units, counts.in_time)
        return Tally(counts.units, sum(n for day, n in counts.days.items() if 0 <= day <= self.days))

    def is_over_on(self, last_reference: date) -> date:
        """The last day on which a response counts, for the last reference date of a run."""
        return self.until or last_reference + timedelta(days=self.days or 0)


@dataclass(frozen=True)
class Rules:
    """How a season is read: its responses, its last planned day, and how long the records take to know."""

    measurement: Measurement
    season: int
    planned_until: date
    office: OfficeCalendar

    def outcomes(self) -> list[Outcome]:
        """Every response, by days first."""
        by_days = [Outcome.within(days) for days in WINDOWS]
        return [*by_days, Outcome("season", until=self.until)] if self.until else by_days

    def primary(self) -> Outcome:
        """The one that the verdict is about."""
        return self.outcomes()[-1] if self.until else Outcome.within(self.measurement.primary_days)

    @property
    def until(self) -> date | None:
        """The season's last day for a response."""
        if self.measurement.until is None:
            return None
        day = MonthDay.parse(self.measurement.until)
        on = date(self.season, *day)
        return on if on >= self.planned_until else date(self.season + 1, *day)

    def known_on(self, outcome: Outcome, last_reference: date) -> date:
        """The day as of which the records are taken to know all responses."""
        over = outcome.is_over_on(last_reference)
        return self.office.add_business_days(over, self.measurement.late_business_days)

    def is_known(self, outcome: Outcome, last_reference: date, known_until: date | None) -> bool:
        """Whether the records reach as far."""
        return known_until is not None and known_until >= self.known_on(outcome, last_reference)


@dataclass(frozen=True)
class Comparison:
    """An arm against another one, over the runs whose responses are known."""

    arm: str
    against: str
    outcome: Outcome
    difference: Difference | None
    verdict: Verdict
    known_runs: int
    level: float = effect.LEVEL


@dataclass(frozen=True)
class Money:
    """What came in and what it cost, over the runs that are known; per person of the message arms, and in all.

    `for_one_more` follows from the verdict: of an interim look there is none.
    """

    units: int
    yen: float
    """Received from the message arms within the primary window."""
    more_a_person: Interval | None
    cost: float
    for_one_more: Interval | None

    @property
    def more(self) -> Interval | None:
        """Received because of the messages."""
        found = self.more_a_person
        return found and Interval(found.estimate * self.units, found.low * self.units, found.high * self.units)


@dataclass(frozen=True)
class RunReport:
    """One run by itself; its interval says how little one run says."""

    counts: RunCounts
    comparison: Comparison
    known_on: date


@dataclass(frozen=True)
class SeasonReport:
    """All that is told of a season; `is_interim`: not all of its runs are known yet."""

    counts: SeasonCounts
    rules: Rules
    arms: dict[str, ArmCounts]
    is_interim: bool
    final_on: date
    main: Comparison
    comparisons: Sequence[Comparison]
    variants: Sequence[Comparison]
    runs: Sequence[RunReport]
    money: Money

    @property
    def has_hold_out(self) -> bool:
        """Whether anybody was held out."""
        return HELD_OUT in self.arms

    @property
    def needed(self) -> Interval | None:
        """So many messages for one response more."""
        return None if self.is_interim else _if_more(self.main, effect.number_needed)

    def known_runs(self, outcome: Outcome) -> list[RunCounts]:
        """Runs whose responses are known."""
        return known_runs(self.counts, self.rules, outcome)

    def tally(self, arm: str, outcome: Outcome) -> Tally:
        """Responses of an arm over the runs that are known."""
        return sum((outcome.tally(run.arm(arm)) for run in self.known_runs(outcome)), Tally())


def report_season(counts: SeasonCounts, office: OfficeCalendar) -> SeasonReport:
    """What follows from the counts of a season."""
    rules = Rules(counts.measurement, counts.season, counts.planned_until, office)
    primary = rules.primary()
    main = compare(counts, rules, primary, MESSAGE, HELD_OUT)
    last_on = max([rules.planned_until, *(run.last_on for run in counts.runs)])
    is_interim = not rules.is_known(primary, last_on, counts.known_until)
    return SeasonReport(
        counts=counts,
        rules=rules,
        arms=_arms(counts),
        is_interim=is_interim,
        final_on=rules.known_on(primary, last_on),
        main=main,
        comparisons=[compare(counts, rules, outcome, MESSAGE, HELD_OUT) for outcome in rules.outcomes()],
        variants=_variants(counts, rules, primary),
        runs=[_run(counts, rules, run, primary) for run in counts.runs],
        money=_money(counts, rules, main, is_interim),
    )


def known_runs(counts: SeasonCounts, rules: Rules, outcome: Outcome) -> list[RunCounts]:
    """Runs whose responses are known."""
    return [run for run in counts.runs if rules.is_known(outcome, run.last_on, counts.known_until)]


def compare(
    counts: SeasonCounts, rules: Rules, outcome: Outcome, arm: str, against: str, level: float = effect.LEVEL
) -> Comparison:
    """An arm against another one, run by run."""
    runs = known_runs(counts, rules, outcome)
    found = effect.difference(_strata(runs, outcome.tally, arm, against), level)
    verdict = effect.judge(found)
    if verdict == Verdict.NO_COMPARISON and _have_both(counts.runs, arm, against):
        verdict = Verdict.NOT_YET
    return Comparison(arm, against, outcome, found, verdict, len(runs), level)


def _strata(runs: Iterable[RunCounts], read: Callable[[ArmCounts], T], arm: str, against: str) -> list[tuple[T, T]]:
    return [(read(run.arm(arm)), read(run.arm(against))) for run in runs]


def _have_both(runs: Iterable[RunCounts], arm: str, against: str) -> bool:
    return any(run.arm(arm).units and run.arm(against).units for run in runs)


def _arms(counts: SeasonCounts) -> dict[str, ArmCounts]:
    """Arms over all runs: who is held out last."""
    names = sorted({arm for run in counts.runs for arm in run.arms}, key=lambda arm: (arm == HELD_OUT, arm))
    return {arm: sum((run.arm(arm) for run in counts.runs), ArmCounts()) for arm in names}


def _variants(counts: SeasonCounts, rules: Rules, outcome: Outcome) -> list[Comparison]:
    """Every two variants; of several comparisons each has a wider interval."""
    pairs = list(combinations([arm for arm in _arms(counts) if arm != HELD_OUT], 2))
    level = effect.level_of_each(len(pairs))
    return [compare(counts, rules, outcome, arm, against, level) for against, arm in pairs]


def _run(counts: SeasonCounts, rules: Rules, run: RunCounts, outcome: Outcome) -> RunReport:
    alone = counts.model_copy(update={"runs": (run,)})
    return RunReport(run, compare(alone, rules, outcome, MESSAGE, HELD_OUT), rules.known_on(outcome, run.last_on))


def _money(counts: SeasonCounts, rules: Rules, main: Comparison, is_interim: bool) -> Money:
    runs = known_runs(counts, rules, main.outcome)
    message = sum((run.message() for run in runs), ArmCounts())
    cost = message.parts * counts.yen_per_part
    strata = _strata(runs, _amounts, MESSAGE, HELD_OUT)
    more = effect.mean_difference(strata) if counts.outcome == "payment" else None
    one_more = _if_more(main, lambda found: effect.yen_for_one_more(found, cost / message.units))
    one_more = None if is_interim else one_more
    return Money(message.units, message.yen, more, cost, one_more)


def _if_more(main: Comparison, tell: Callable[[Difference], Interval | None]) -> Interval | None:
    """What follows from there being more responses; nothing when that cannot be said."""
    return tell(main.difference) if main.difference and main.verdict == Verdict.MORE else None


def _amounts(counts: ArmCounts) -> Amounts:
    return Amounts(counts.units, counts.yen, counts.yen_squared)


@dataclass(frozen=True)
class Curve:
    """Share of the message arms and of the hold-out that had settled by each day since the reference date."""

    days: range
    message: Sequence[float]
    hold_out: Sequence[float]


def response_curve(report: SeasonReport) -> Curve | None:
    """Over the runs whose longest window is known, day 0 first; None when there are none."""
    for days in reversed(WINDOWS):
        if runs := report.known_runs(Outcome.within(days)):
            window = range(days + 1)
            return Curve(window, _cumulated(runs, MESSAGE, window), _cumulated(runs, HELD_OUT, window))
    return None


def _cumulated(runs: Iterable[RunCounts], arm: str, window: range) -> list[float]:
    counts = sum((run.arm(arm) for run in runs), ArmCounts())
    if not counts.units:
        return []
    return [Outcome.within(day).tally(counts).responses / counts.units for day in window]


def pool_seasons(reports: Iterable[SeasonReport]) -> Difference | None:
    """The difference over the known runs of several seasons; the arms are drawn anew in each."""
    return effect.difference(
        pair
        for report in reports
        for pair in _strata(report.known_runs(report.main.outcome), report.main.outcome.tally, MESSAGE, HELD_OUT)
    )
