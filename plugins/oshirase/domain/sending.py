"""When SMS may leave at all: the send window."""

from dataclasses import dataclass, field
from datetime import date, datetime, time

from oshirase.domain.calendar import JST, OfficeCalendar


@dataclass(frozen=True)
class SendWindow:
    """The hours of a business day, JST, in which SMS may leave."""

    opens: time
    closes: time
    office: OfficeCalendar = field(default_factory=OfficeCalendar)

    def on(self, day: date) -> tuple[datetime, datetime] | None:
        """Opening and closing moment of a day; None when the office is closed."""
        if not self.office.is_open(day):
            return None
        return datetime.combine(day, self.opens, JST), datetime.combine(day, self.closes, JST)
