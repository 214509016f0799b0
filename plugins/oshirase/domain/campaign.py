"""A campaign's standing definition and the city's: what the settings files say, validated."""

from datetime import time
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from oshirase.domain.calendar import InstalmentCalendar
from oshirase.domain.occurrences import DueDateTimetable, MonthDay, Occurrences, SeasonTimetable
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


# Blanks alone would be found everywhere.
Word = Annotated[str, Field(pattern=r"\w")]


class Wording(Settings):
    """What no text may say, and what every text of a payment campaign must."""

    forbidden: tuple[Word, ...] = (
        "督促",
        "催告",
        "差押",
        "差し押さえ",
        "差し押え",
        "最終通告",
        "最終通知",
        "最終期限",
        "至急",
        "滞納処分",
        "法的措置",
        "とくそく",
        "さしおさえ",
    )
    # One of them must occur: for residents whose payment crossed with the message.
    crossing: tuple[Word, ...] = Field(default=("行き違い",), min_length=1)
    most_parts: int = Field(default=2, ge=1, le=10)


class City(Settings):
    """`config/city.toml`."""

    name: Text
    representative_phone: Text
    send_window: Window
    screening: Screening
    calendars: dict[str, Calendar]
    sections: dict[str, Section]
    wording: Wording = Field(default_factory=Wording)

    def window(self) -> SendWindow:
        """The hours in which SMS may leave."""
        return SendWindow(self.send_window.opens, self.send_window.closes)


class AfterDueDate(Settings):
    """Runs are planned some business days after each due date of a calendar."""

    kind: Literal["after_due_date"]
    calendar: Text
    business_days_after_due: int = Field(ge=1, le=20)
    at: time

    def occurrences(self, city: City) -> DueDateTimetable:
        """The timetable over the city's calendar."""
        calendar = city.calendars[self.calendar]
        return DueDateTimetable(
            InstalmentCalendar(calendar.first_month, calendar.instalments), self.business_days_after_due, self.at
        )


def _day_of_every_year(text: str) -> str:
    MonthDay.parse(text)
    return text


SeasonDay = Annotated[
    str, AfterValidator(_day_of_every_year), Field(json_schema_extra={"pattern": "^[0-9]{2}-[0-9]{2}$"})
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri"]
_WEEKDAYS = get_args(Weekday)
# Weekdays and leap years repeat after 28 years.
_EVERY_YEAR = range(2024, 2024 + 28)


class InSeason(Settings):
    """Runs are planned on weekdays of a season, its first and last day (as 08-01) included; not on closed days."""

    kind: Literal["in_season"]
    weekdays: tuple[Weekday, ...] = Field(min_length=1)
    first: SeasonDay
    last: SeasonDay
    at: time

    @model_validator(mode="after")
    def _weekdays_differ(self) -> "InSeason":
        if len(set(self.weekdays)) < len(self.weekdays):
            raise ValueError("weekdays names a day twice")
        return self

    @model_validator(mode="after")
    def _every_year_has_a_day(self) -> "InSeason":
        timetable = self._timetable()
        if without := [year for year in _EVERY_YEAR if next(timetable.days_of_season(year), None) is None]:
            raise ValueError(
                f"the season from {self.first} to {self.last} has no open day on these weekdays in some years "
                f"({without[0]}, for one): make it longer or add weekdays"
            )
        return self

    def occurrences(self, _city: City) -> SeasonTimetable:
        """The timetable: the same in every city."""
        return self._timetable()

    def _timetable(self) -> SeasonTimetable:
        weekdays = sorted(_WEEKDAYS.index(weekday) for weekday in self.weekdays)
        return SeasonTimetable(tuple(weekdays), MonthDay.parse(self.first), MonthDay.parse(self.last), self.at)


TIMETABLE_KINDS = ("after_due_date", "in_season")


def _kind_is_known(content: object) -> object:
    if isinstance(content, dict) and content.get("kind") not in TIMETABLE_KINDS:
        raise ValueError(f"kind must be {' or '.join(TIMETABLE_KINDS)}")
    return content


Timetable = Annotated[AfterDueDate | InSeason, Field(discriminator="kind"), BeforeValidator(_kind_is_known)]


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
    # A text about a payment needs the crossing sentence.
    kind: Literal["payment", "information"] = "payment"
    allows_links: bool = False
    variants: tuple[Variant, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _variants_differ(self) -> "Campaign":
        if len({variant.name for variant in self.variants}) < len(self.variants):
            raise ValueError("two variants have the same name")
        return self

    def occurrences(self, city: City) -> Occurrences:
        """The campaign's timetable, of whichever kind."""
        return self.timetable.occurrences(city)

    def arms(self) -> list[tuple[str, float]]:
        """Arms with the upper end of each one's share of [0, 1): the hold-out first, then the variants by weight."""
        total = sum(variant.weight for variant in self.variants)
        upto, arms = self.hold_out.share, [(HELD_OUT, self.hold_out.share)]
        for variant in self.variants:
            upto += (1 - self.hold_out.share) * variant.weight / total
            arms.append((variant.name, upto))
        return [*arms[:-1], (arms[-1][0], 1.0)]


HELD_OUT = "hold_out"
