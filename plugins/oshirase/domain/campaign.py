"""A campaign's standing definition and the city's: what the settings files say, validated."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oshirase.domain.calendar import InstalmentCalendar
from oshirase.domain.occurrences import DueDateTimetable
from oshirase.domain.sending import SendWindow

Text = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """Settings are fixed once read, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(Settings):
    """Hours of a business day, JST."""

    opens: time
    closes: time

    @model_validator(mode="after")
    def _opens_first(self) -> "Window":
        if self.opens >= self.closes:
            raise ValueError("opens must be earlier than closes")
        return self


class Screening(Settings):
    """Limits that all campaigns share."""

    phone_confirmed_within_years: int = Field(ge=1)
    minimum_gap_days: int = Field(ge=0)


class Calendar(Settings):
    """The instalments of a scheme."""

    first_month: int = Field(ge=1, le=12)
    instalments: int = Field(ge=1, le=12)


class Section(Settings):
    """A section of the city office, as residents read it."""

    name: Text
    phone: Text


class City(Settings):
    """`config/city.toml`."""

    name: Text
    representative_phone: Text
    send_window: Window
    screening: Screening
    calendars: dict[str, Calendar]
    sections: dict[str, Section]

    def window(self) -> SendWindow:
        """The hours in which SMS may leave."""
        return SendWindow(self.send_window.opens, self.send_window.closes)


class Timetable(Settings):
    """When runs are planned: business days after each due date of a calendar."""

    calendar: Text
    business_days_after_due: int = Field(ge=1, le=20)
    at: time


class Sending(Settings):
    """How a run's notices are handed over: to the API of a connection, or by hand through a console."""

    gateway_conn_id: Text
    hand_over: Literal["api", "console"] = "api"
    # The console's settings file, `config/gateways/NAME.toml`.
    console: Text | None = None
    lead_minutes: int = Field(ge=10)
    per_hour: int = Field(ge=1)
    most_recipients: int = Field(ge=1)
    batch_size: int = Field(ge=1, le=500)

    @model_validator(mode="after")
    def _console_is_named(self) -> "Sending":
        if (self.hand_over == "console") != (self.console is not None):
            raise ValueError('hand_over = "console" and console = "NAME" belong together')
        if self.console == self.gateway_conn_id:
            raise ValueError("console must not be called as the connection: the ledger tells them apart by name")
        return self


class HoldOut(Settings):
    """Share of the recipients that get no text, so that the effect can be measured."""

    share: float = Field(ge=0, lt=1)


class Variant(Settings):
    """One text of a campaign."""

    name: Text
    version: int = Field(ge=1)
    weight: float = Field(gt=0)
    body: Text


class Campaign(Settings):
    """`config/campaigns/NAME.toml`."""

    name: Text
    title: Text
    section: Text
    cohort: Text
    scheme: Text
    timetable: Timetable
    sending: Sending
    # Extracts (by table of the records) and how many business days old each may be: else the run waits, then expires.
    freshness: dict[Text, Annotated[int, Field(ge=0, le=31)]] = Field(default_factory=dict)
    hold_out: HoldOut
    variants: tuple[Variant, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _variants_differ(self) -> "Campaign":
        if len({variant.name for variant in self.variants}) < len(self.variants):
            raise ValueError("two variants have the same name")
        return self

    def occurrences(self, city: City) -> DueDateTimetable:
        """The campaign's timetable over the city's calendar."""
        calendar = city.calendars[self.timetable.calendar]
        return DueDateTimetable(
            InstalmentCalendar(calendar.first_month, calendar.instalments),
            self.timetable.business_days_after_due,
            self.timetable.at,
        )

    def arms(self) -> list[tuple[str, float]]:
        """Arms with the upper end of each one's share of [0, 1): the hold-out first, then the variants by weight."""
        total = sum(variant.weight for variant in self.variants)
        upto, arms = self.hold_out.share, [(HELD_OUT, self.hold_out.share)]
        for variant in self.variants:
            upto += (1 - self.hold_out.share) * variant.weight / total
            arms.append((variant.name, upto))
        return [*arms[:-1], (arms[-1][0], 1.0)]


HELD_OUT = "hold_out"
