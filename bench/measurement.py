"""A measurement, its table for people, and its file for machines."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass
class Lap:
    """One timed repetition: how long it took, and the most memory that this process held meanwhile."""

    seconds: float = 0.0
    peak_mib: float = 0.0


@dataclass(frozen=True)
class Result:
    """What was measured: `n` things in `seconds`; `ratio` is our rate over that of `peer`, run beside it."""

    name: str
    n: int
    seconds: float
    per_second: float
    peak_mib: float | None
    peer: str | None = None
    ratio: float | None = None


@contextmanager
def timed() -> Iterator[Lap]:
    """Time a block and watch this process's memory over it."""
    lap = Lap()
    forget_peak()
    started = time.perf_counter()
    yield lap
    lap.seconds = time.perf_counter() - started
    lap.peak_mib = peak_mib()


def forget_peak() -> None:
    """Let the kernel measure this process's peak anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mib() -> float:
    """The most memory that was resident since `forget_peak`."""
    line = next(row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def of_laps(name: str, n: int, laps: Sequence[Lap], *, peer: Result | None = None) -> Result:
    """The median of some repetitions of the same work."""
    seconds = median(lap.seconds for lap in laps)
    return Result(
        name,
        n,
        round(seconds, 3),
        round(n / seconds, 1),
        round(max(lap.peak_mib for lap in laps), 1),
        peer.name if peer else None,
        round(n / seconds / peer.per_second, 3) if peer else None,
    )


def show(results: Sequence[Result]) -> None:
    """Print a table."""
    table = Table(title="Oshirase, median of the repetitions")
    for column in ("what", "n", "seconds", "per second", "peak MiB", "beside", "ratio"):
        table.add_column(column, justify="left" if column in {"what", "beside"} else "right")
    for result in results:
        table.add_row(*(_cell(value) for value in asdict(result).values()))
    Console().print(table)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)


def keep(results: Sequence[Result], path: Path) -> None:
    """Write them as a list of objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(result) for result in results]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
