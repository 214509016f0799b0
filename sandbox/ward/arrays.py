"""The ward's building blocks: reproducible draws, and dates, times and ids as numpy arrays."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from oshirase.domain.calendar import OfficeCalendar

Column = NDArray[Any]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.bytes_]
Days = NDArray[np.datetime64]
Times = NDArray[np.datetime64]

NEVER = np.datetime64("NaT", "D")
NO_TIME = np.datetime64("NaT", "s")
FOREVER = np.datetime64("9999-12-31T00:00:00", "s")
FAR_DAY = np.datetime64("9999-12-31", "D")
HOUR = 3600
_JST_AHEAD = 9 * HOUR
_FIRST_YEAR, _LAST_YEAR = 2010, 2048


@dataclass(frozen=True)
class Draws:
    """Random draws of one chunk of the ward, one independent stream a topic.

    A stream depends on (seed, chunk, topic) alone, so a new topic or another order of calls changes no other draw.
    Only uniform doubles are taken: numpy promises nothing about the other distributions from version to version.
    """

    seed: int
    chunk: int

    def uniform(self, topic: str, count: int) -> Floats:
        """`count` numbers in [0, 1)."""
        entropy = np.random.SeedSequence([self.seed, self.chunk, crc32(topic.encode())])
        return np.random.Generator(np.random.PCG64(entropy)).random(count)


def pick(draws: Floats, weights: tuple[float, ...]) -> Ints:
    """Which of the weighted choices each draw falls on, 0 for the first."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], draws, side="right").clip(max=len(weights) - 1).astype(np.int64)


def whole(draws: Floats, low: int, high: int) -> Ints:
    """Whole numbers from low to high, both included, evenly."""
    return low + (draws * (high - low + 1)).astype(np.int64)


@cache
def _closed_days() -> Days:
    days = np.arange(np.datetime64(f"{_FIRST_YEAR}-01-01"), np.datetime64(f"{_LAST_YEAR}-01-01"))
    weekdays, office = days[np.is_busday(days)], OfficeCalendar()
    return np.array([day for day in weekdays if not office.is_open(day.item())], dtype="datetime64[D]")


def open_day(days: Days) -> Days:
    """The days themselves where the ward office is open, else the next day on which it is."""
    return business_days_after(days, 0)


def business_days_after(days: Days, count: int | Ints) -> Days:
    """The `count`-th business day after each day; NaT stays."""
    # From a closed day the count starts at the business day before it: Saturday + 1 is Monday.
    roll = "backward" if np.any(np.asarray(count) > 0) else "forward"
    known = ~np.isnat(days)
    moved = np.full(days.shape, NEVER)
    steps = np.broadcast_to(np.asarray(count), days.shape)[known]
    moved[known] = np.busday_offset(days[known], steps, roll=roll, holidays=_closed_days())  # type: ignore[call-overload]
    return moved


def at(days: Days, seconds: Ints | int) -> Times:
    """The moments, in UTC, so many seconds after midnight in Japan."""
    moments: Times = days.astype("datetime64[s]") + (np.asarray(seconds) - _JST_AHEAD).astype("timedelta64[s]")
    return moments


def day_of(times: Times) -> Days:
    """The dates in Japan."""
    return (times + np.timedelta64(_JST_AHEAD, "s")).astype("datetime64[D]")


def years_after(days: Days, years: int) -> Days:
    """The same day so many years later; 29 February gives 1 March in a common year."""
    months = days.astype("datetime64[M]")
    moved: Days = (months + 12 * years).astype("datetime64[D]") + (days - months.astype("datetime64[D]"))
    return moved


def plus(days: Days, count: Ints | int) -> Days:
    """So many calendar days later."""
    moved: Days = days + np.asarray(count).astype("timedelta64[D]")
    return moved


@cache
def _numbers(digits: int) -> Texts:
    return np.array([b"%0*d" % (digits, number) for number in range(10**digits)], dtype=f"S{digits}")


def digits(values: Ints, count: int) -> Texts:
    """Numbers as text of exactly `count` digits (at most 10), with leading zeros."""
    if count <= 5:
        return _numbers(count)[values]
    return glue(_numbers(count - 5)[values // 100_000], _numbers(5)[values % 100_000])


def glue(*parts: Texts | bytes) -> Texts:
    """Texts side by side. Every array part must fill its width: a shorter value would leave a gap."""
    count = next(len(part) for part in parts if not isinstance(part, bytes))
    columns = [np.full(count, part) if isinstance(part, bytes) else part for part in parts]
    glued = np.empty(count, dtype=[(f"c{i}", column.dtype) for i, column in enumerate(columns)])
    for i, column in enumerate(columns):
        glued[f"c{i}"] = column
    return glued.view(f"S{glued.dtype.itemsize}")
