"""Measure, print a table, and write `build/bench/results.json`.

The repetitions of what is compared take turns, and medians are told: the machine may have other work.
"""

from argparse import ArgumentParser
from pathlib import Path

from bench.extracts import measure_extracts, measure_phones
from bench.hand_over import measure_hand_over, notices_needed
from bench.logs import measure_logs
from bench.measurement import Result, keep, show
from bench.pages import measure_pages
from bench.planning import measure_planning
from bench.receipts import measure_applying, measure_collecting
from bench.stage import Stage, open_stage

RESULTS = Path(__file__).parents[1] / "build" / "bench" / "results.json"


def main() -> None:
    """The command line."""
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--n", type=int, default=2_000, help="notices in a repetition (default: %(default)s)")
    parser.add_argument("--laps", type=int, default=5, help="repetitions (default: %(default)s)")
    options = parser.parse_args()
    with open_stage() as stage:
        results = measure(stage, options.n, options.laps)
    results += [*measure_pages(options.laps), *measure_planning(), *measure_phones(options.laps), *measure_extracts()]
    results += measure_logs(options.laps)
    show(results)
    keep(results, RESULTS)


def measure(stage: Stage, n: int, laps: int) -> list[Result]:
    """All measurements, one after the other."""
    over_http = stage.approved_run(notices_needed(stage, n, laps))
    in_memory = stage.approved_run((laps + 1) * n, days_ago=1)
    return [
        *measure_hand_over(stage, over_http, n, laps),
        measure_applying(stage, in_memory, n, laps),
        measure_collecting(stage),
    ]


if __name__ == "__main__":
    main()
