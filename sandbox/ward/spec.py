"""Which synthetic ward is meant."""

from dataclasses import dataclass
from datetime import date, datetime

from oshirase.domain.calendar import JST, InstalmentCalendar, fiscal_year
from oshirase.errors import OshiraseError

SMALLEST, LARGEST = 2_000, 1_000_000
EXTRACT = "synthetic-ward"
NHI_CALENDAR = InstalmentCalendar(first_month=6, instalments=10)
LATE_ELDERLY_CALENDAR = InstalmentCalendar(first_month=7, instalments=9)


class BadWard(OshiraseError):  # like the others of oshirase.errors
    """No such ward can be made, or it cannot be loaded here."""


@dataclass(frozen=True)
class WardSpec:
    """The three things that a ward is a function of.

    `size` is the number of residents, moved out and deceased ones included; `as_of` is the moment whose knowledge the
    ward's records hold, aware, to the second.

    Raises:
        BadWard: a value that no ward can be made of.
    """

    seed: int
    size: int
    as_of: datetime

    def __post_init__(self) -> None:
        if not SMALLEST <= self.size <= LARGEST:
            raise BadWard(f"a ward has {SMALLEST:,} to {LARGEST:,} residents, not {self.size:,}")
        if not 0 <= self.seed < 2**32:
            raise BadWard(f"a seed is a whole number from 0 to {2**32 - 1}, not {self.seed}")
        if self.as_of.tzinfo is None:
            raise BadWard(f"as-of {self.as_of.isoformat()} has no time zone: write it like 2026-10-02T09:00+09:00")
        if not date(2015, 4, 1) <= self.as_of_on <= date(2045, 3, 31):
            raise BadWard(f"as-of {self.as_of_on} is out of range: the ward's calendar is laid out for 2015 to 2045")

    @property
    def as_of_on(self) -> date:
        """The date in Japan at `as_of`."""
        return self.as_of.astimezone(JST).date()

    @property
    def year(self) -> int:
        """The fiscal year that `as_of` lies in."""
        return fiscal_year(self.as_of_on)

    @property
    def file_name(self) -> str:
        """What the load is called in `records.load`."""
        return f"{EXTRACT}/seed-{self.seed}/size-{self.size}"

    @property
    def latest_nhi(self) -> tuple[int, int, date]:
        """Levy year, instalment and due date of the NHI instalment that fell due last before `as_of_on`."""
        past = [
            (due, year, instalment)
            for year in (self.year - 1, self.year)
            for instalment, due in enumerate(NHI_CALENDAR.due_dates(year), start=1)
            if due < self.as_of_on
        ]
        due, year, instalment = max(past)
        return year, instalment, due
