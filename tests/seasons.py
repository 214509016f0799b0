"""Counts of a season for tests, as a measurement would have made them."""

from datetime import date, timedelta
from typing import Any

from oshirase.domain.campaign import HELD_OUT, Measurement
from oshirase.domain.season import ArmCounts, RunCounts, SeasonCounts, TakeUp

LAST_PLANNED = date(2027, 4, 2)
ALL_KNOWN = date(2027, 9, 1)


def make_arm(units: int, responses: int, *, is_held_out: bool = False, day: int = 3, **values: Any) -> ArmCounts:
    """An arm of which so many paid 9,000 yen three days after their reference date, and were delivered a message."""
    sent = 0 if is_held_out else units
    counts = {
        "units": units, "handed_over": sent, "delivered": sent, "parts": 2 * sent, "days": {day: responses},
        "in_time": responses, "yen": 9_000 * responses, "yen_squared": 9_000**2 * responses,
    }  # fmt: skip
    return ArmCounts(**counts | values)


def make_run(number: int = 0, **arms: tuple[int, int]) -> RunCounts:
    """The run of a month, by arm: how many, and how many responded."""
    day = date(2026, 10, 2) + timedelta(days=31 * number)
    made = {arm: make_arm(*counts, is_held_out=arm == HELD_OUT) for arm, counts in arms.items()}
    return RunCounts(
        campaign_run_id=f"00000000-0000-4000-8000-{number:012d}", occurrence_on=day, closed_as=None, first_on=day,
        last_on=day + timedelta(days=1), arms=made,
    )  # fmt: skip


def make_season(*runs: RunCounts, known_until: date | None = ALL_KNOWN, **values: Any) -> SeasonCounts:
    """A season of premiums that is over and known, unless said otherwise."""
    return SeasonCounts(
        **{
            "campaign": "nhi_overdue",
            "season": 2026,
            "outcome": "payment",
            "measurement": Measurement(),
            "planned_until": LAST_PLANNED,
            "yen_per_part": 11.0,
            "known_until": known_until,
            "has_inquiries": False,
            "calls": None,
            "runs": runs,
            **values,
        }
    )


CLEAR = (
    make_run(0, plain=(450, 180), relief=(450, 200), hold_out=(100, 20)),
    make_run(1, plain=(450, 180), relief=(450, 200), hold_out=(100, 20)),
)
FEW = (make_run(0, plain=(45, 18), relief=(45, 20), hold_out=(10, 2)),)
SAME = (make_run(0, plain=(450, 180), relief=(450, 180), hold_out=(300, 118)),)
WORSE = (make_run(0, plain=(450, 90), relief=(450, 90), hold_out=(300, 118)),)
NO_HOLD_OUT = (make_run(0, plain=(450, 150), relief=(450, 200)),)
TAKE_UP = TakeUp(
    fiscal_year=2026, until=date(2026, 12, 1), eligible=1_000, screened=400, eligible_before=1_000,
    screened_before_until=380, screened_before=430,
)  # fmt: skip
