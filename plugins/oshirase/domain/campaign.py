"""A campaign's standing definition and the city's: what the settings files say, validated."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

from oshirase.domain.calendar import InstalmentCalendar, MonthDay, OfficeCalendar, is_within
from oshirase.domain.occurrences import DueDateTimetable, Occurrences, SeasonTimetable
from oshirase.domain.retention import Retention
from oshirase.domain.sending import SendWindow
from oshirase.domain.settings import NamedSettings, Settings, Text

_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"


def _time_of_day(content: object) -> object:
    # A number alone would pass for seconds.
    if isinstance(content, time) or (isinstance(content, str) and re.fullmatch(_TIME, content)):
        return content
    raise ValueError('時刻は "10:00" のように書いてください')


def _date(content: object) -> object:
    # A number alone would pass for seconds since 1970.
    if isinstance(content, date | str) and not isinstance(content, datetime):
        return content
    raise ValueError("日付は 2026-10-01 のように書いてください")


def _day_of_every_year(text: str) -> str:
    MonthDay.parse(text)
    return text


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": f"^{_TIME}$"})]
Date = Annotated[date, BeforeValidator(_date)]
DayOfYear = Annotated[
    str, AfterValidator(_day_of_every_year), Field(json_schema_extra={"pattern": "^[0-9]{2}-[0-9]{2}$"})
]


class Window(Settings):
    """Hours of a business day, JST."""

    opens: TimeOfDay
    closes: TimeOfDay

    @model_validator(mode="after")
    def _opens_first(self) -> "Window":
        if self.opens >= self.closes:
            raise ValueError("opens は closes より早い時刻にしてください")
        return self


class Screening(Settings):
    """Limits that all campaigns share."""

    phone_confirmed_within_years: int = Field(ge=1)
    """A telephone number that was confirmed longer ago gets nothing."""
    minimum_gap_days: int = Field(ge=0)
    """Days between two messages to one telephone, across all campaigns."""


class Calendar(Settings):
    """The instalments of a scheme: one a month from `first_month` of the fiscal year on."""

    first_month: int = Field(ge=4, le=12)
    instalments: int = Field(ge=1, le=12)


# Longer than any, and shorter than what the two days are the wrong way round.
_LONGEST_YEAR_END_DAYS = 14
_ANY_YEAR_END = [date(2023, 7, 1) + timedelta(days=n) for n in range(365)]


class Holidays(Settings):
    """Days on which the office is closed, besides weekends and national holidays.

    Nothing is planned or sent on them, and due dates move past them.
    """

    year_end_first: DayOfYear = "12-29"
    """The first day of the closure at the year's end, as 12-29."""
    year_end_last: DayOfYear = "01-03"
    """The last day of the closure at the year's end, as 01-03."""
    also_closed: tuple[Date, ...] = ()
    """Single days, as 2026-10-01."""

    @model_validator(mode="after")
    def _year_end_is_short(self) -> "Holidays":
        first, last = MonthDay.parse(self.year_end_first), MonthDay.parse(self.year_end_last)
        if sum(is_within(day, first, last) for day in _ANY_YEAR_END) > _LONGEST_YEAR_END_DAYS:
            raise ValueError(
                f"年末年始の休み（{first.in_words()}から{last.in_words()}まで）が{_LONGEST_YEAR_END_DAYS}日を超えています。"
                "year_end_first と year_end_last が逆になっていないか、ご確認ください"
            )
        return self

    def office(self) -> OfficeCalendar:
        """The office's calendar."""
        first, last = MonthDay.parse(self.year_end_first), MonthDay.parse(self.year_end_last)
        return OfficeCalendar(first, last, tuple(sorted(set(self.also_closed))))


class Section(Settings):
    """A section of the city office, as residents read it, and how many telephone inquiries its staff can take."""

    name: Text
    phone: Text
    calls_per_hour: int = Field(ge=1)
    calls_per_day: int | None = Field(default=None, ge=1)
    """Without it: as many as the hours of the send window take."""
    approvers: tuple[Text, ...] = ()
    """User ids of the staff who may approve; without any, everybody whom Airflow lets answer."""


def _not_blank(text: str) -> str:
    # Blanks and marks alone would be found everywhere.
    if not re.search(r"\w", text):
        raise ValueError("文字か数字を1つ以上含めてください")
    return text


Word = Annotated[Text, AfterValidator(_not_blank)]


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
    """Found also in other widths and kana, and with blanks or marks between."""
    crossing: tuple[Word, ...] = Field(default=("行き違い",), min_length=1)
    """One of them must occur: for residents whose payment crossed with the message."""
    most_parts: int = Field(default=2, ge=1, le=10)
    """A part is what the carrier bills: 70 units, or 67 each of a longer text."""


class Notifications(Settings):
    """How staff are told what they would not see in time; nothing of it holds personal data."""

    mail_to: tuple[Text, ...] = ()
    mail_from: Text | None = None
    smtp_host: Text | None = None
    """The city's mail relay."""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    webhook_url: Text | None = None
    """Gets a POST of JSON, `subject` and `text`."""

    @model_validator(mode="after")
    def _mail_is_whole(self) -> "Notifications":
        if self.mail_to and not (self.mail_from and self.smtp_host):
            raise ValueError("mail_to を書いたときは、mail_from と smtp_host も書いてください")
        return self


class QuietHours(Settings):
    """Hours, JST, in which only what is urgent is told; they may pass midnight."""

    begins: TimeOfDay
    ends: TimeOfDay

    @model_validator(mode="after")
    def _is_no_whole_day(self) -> "QuietHours":
        if self.begins == self.ends:
            raise ValueError("begins と ends は別の時刻にしてください")
        return self


class Alerts(Settings):
    """When whoever is on call is told, besides the home page.

    The ways are Airflow connections: a webhook, `oshirase_alerts_webhook`, whose address is a secret, and the mail
    relay, `oshirase_alerts_smtp`, for the addresses of `mail_to`. Without them alerts stand on the home page and in the
    log of the DAG `watch` only.
    """

    mail_to: tuple[Text, ...] = ()
    """Who gets e-mail."""
    remind_after_hours: int = Field(default=24, ge=1, le=24 * 14)
    """What stays open is told again after so many hours."""
    quiet_hours: QuietHours | None = None
    """Without them, everything is told at any hour."""
    approval_hours_left: int = Field(default=3, ge=1, le=72)
    """A run that still waits for its approval so many hours before it expires."""
    unknown_hours: int = Field(default=4, ge=1)
    """Notices of which nobody knows whether they went out for so many hours."""
    gateway_minutes: int = Field(default=20, ge=0)
    """The gateway refuses us, or does not answer, for so many minutes."""
    error_share: float = Field(default=0.2, gt=0, le=1)
    """Of the messages of a run, or of its last hour, with a known end: so many were refused, failed or not received."""
    error_minimum: int = Field(default=20, ge=1)
    """Fewer errors than this are no alert."""
    extracts: dict[Text, Annotated[int, Field(ge=0, le=31)]] = Field(default_factory=dict)
    """Extracts that arrive on their own schedule, by table of the records: how many business days old each may be."""
    extracts_by: TimeOfDay = time(9)
    """Until this time of the day, yesterday's measure holds: the extract of the night may still be on its way."""


class Pages(Settings):
    """The pages that staff read in Airflow."""

    language: Literal["ja", "en"] = "ja"
    """Of the pages of ours; each visitor may choose the other one there. Texts to residents stay as they are."""


class City(Settings):
    """The city: what all campaigns share (`config/city.toml`)."""

    name: Text
    representative_phone: Text
    send_window: Window
    holidays: Holidays = Field(default_factory=Holidays)
    screening: Screening
    calendars: dict[str, Calendar]
    sections: dict[str, Section]
    wording: Wording = Field(default_factory=Wording)
    notifications: Notifications = Field(default_factory=Notifications)
    alerts: Alerts = Field(default_factory=Alerts)
    pages: Pages = Field(default_factory=Pages)
    retention: Retention = Field(default_factory=Retention)
    yen_per_part: float = Field(gt=0)
    """What the carriers charge for one part, tax included."""

    @model_validator(mode="after")
    def _numbers_outlive_the_gap(self) -> "City":
        if self.retention.notices_days < self.screening.minimum_gap_days:
            raise ValueError("retention.notices_days は screening.minimum_gap_days 以上にしてください")
        return self

    def office(self) -> OfficeCalendar:
        """The days on which the office is open."""
        return self.holidays.office()

    def window(self) -> SendWindow:
        """The hours in which SMS may leave."""
        return SendWindow(self.send_window.opens, self.send_window.closes, self.office())


class AfterDueDate(Settings):
    """Runs are planned some business days after each due date of a calendar."""

    kind: Literal["after_due_date"]
    calendar: Text
    """One of `[calendars]` in config/city.toml."""
    business_days_after_due: int = Field(ge=1, le=20)
    at: TimeOfDay

    def occurrences(self, city: City) -> DueDateTimetable:
        """The timetable over the city's calendar."""
        calendar = city.calendars[self.calendar]
        instalments = InstalmentCalendar(calendar.first_month, calendar.instalments, city.office())
        return DueDateTimetable(instalments, self.business_days_after_due, self.at)


Weekday = Literal["mon", "tue", "wed", "thu", "fri"]
_WEEKDAYS = get_args(Weekday)
# Weekdays and leap years repeat after 28 years.
_EVERY_YEAR = range(2024, 2024 + 28)


class InSeason(Settings):
    """Runs are planned on weekdays of a season, its first and last day (as 08-01) included; not on closed days."""

    kind: Literal["in_season"]
    weekdays: tuple[Weekday, ...] = Field(min_length=1)
    first: DayOfYear
    last: DayOfYear
    at: TimeOfDay

    @model_validator(mode="after")
    def _weekdays_differ(self) -> "InSeason":
        if len(set(self.weekdays)) < len(self.weekdays):
            raise ValueError("weekdays に同じ曜日が2回あります")
        return self

    def occurrences(self, city: City) -> SeasonTimetable:
        """The timetable over the city's business days."""
        weekdays = tuple(sorted(_WEEKDAYS.index(weekday) for weekday in self.weekdays))
        first, last = MonthDay.parse(self.first), MonthDay.parse(self.last)
        return SeasonTimetable(weekdays, first, last, self.at, city.office())

    def years_without_a_day(self, city: City) -> list[int]:
        """Years in whose season the office is closed on all of the weekdays: a timetable must not have any."""
        timetable = self.occurrences(city)
        return [year for year in _EVERY_YEAR if next(timetable.days_of_season(year), None) is None]


TIMETABLE_KINDS = ("after_due_date", "in_season")


def _kind_is_known(content: object) -> object:
    if isinstance(content, dict) and content.get("kind") not in TIMETABLE_KINDS:
        raise ValueError(f"kind は次のどちらかにしてください: {'、'.join(TIMETABLE_KINDS)}")
    return content


Timetable = Annotated[AfterDueDate | InSeason, Field(discriminator="kind"), BeforeValidator(_kind_is_known)]


class Pacing(Settings):
    """How many messages may leave: by the inquiries that they cause, and by limits of the campaign's own.

    What a section can take is the city's to say, and shared by all campaigns of that section.
    """

    call_rate: float = Field(ge=0, le=1)
    """Telephone inquiries expected for each message."""
    per_occurrence: int = Field(ge=1)
    """Over it: deferred to the next occurrence, oldest arrears first."""
    per_hour: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)
    season_quota: int | None = Field(default=None, ge=1)
    """Messages in a season, shared evenly by the occurrences that are left of it."""

    @model_validator(mode="after")
    def _something_limits_an_hour(self) -> "Pacing":
        if self.call_rate == 0 and self.per_hour is None:
            raise ValueError("call_rate が0のときは通数の上限がなくなります。per_hour を書いてください")
        return self


class Sending(Settings):
    """How a run's notices are handed over: to the API of a connection, or by hand through a console."""

    gateway_conn_id: Text
    hand_over: Literal["api", "console"] = "api"
    console: Text | None = None
    """The console's settings file, `config/gateways/NAME.toml`."""
    lead_minutes: int = Field(ge=10)
    """From planning to the first booking: the time that staff have to approve."""
    batch_size: int = Field(ge=1, le=500)
    at_once: int = Field(default=4, ge=1, le=32)
    """So many batches of one run are handed over at the same time, over all workers."""

    @model_validator(mode="after")
    def _console_is_named(self) -> "Sending":
        if (self.hand_over == "console") != (self.console is not None):
            raise ValueError('hand_over = "console" と console = "名前" は、両方書くか、両方とも書かないでください')
        if self.console == self.gateway_conn_id:
            raise ValueError("console は gateway_conn_id と別の名前にしてください（台帳は名前で見分けます）")
        if self.console and "at_once" in self.model_fields_set:
            raise ValueError("at_once は、コンソールで引き渡すときには使いません。この行を削除してください")
        return self


# What the arm that gets no text is called, beside the variants' names.
HELD_OUT = "hold_out"


class HoldOut(Settings):
    """Share of the recipients that get no text, so that the effect can be measured."""

    share: float = Field(ge=0, lt=1)


class Measurement(Settings):
    """Which response says whether the messages did anything, and when the records know it."""

    outcome: Literal["payment", "check_up"] | None = None
    """What settles the campaign's subjects; without it: a payment campaign's are paid, others have no response."""
    primary_days: Literal[7, 14, 30] = 14
    """The verdict is about who settled within so many days of the message."""
    until: DayOfYear | None = None
    """The verdict is about who settled by this day of the season instead, as 11-30."""
    late_business_days: int = Field(default=15, ge=0, le=120)
    """So many business days after it a payment or a check-up is taken to be in the records."""


class Reference(Settings):
    """Take-up elsewhere, typed in: to look at beside one's own."""

    label: Text
    """Whose it is, as 23区の平均."""
    take_up: dict[int, Annotated[float, Field(ge=0, le=1)]] = Field(min_length=1)
    """Share by fiscal year."""


class Variant(Settings):
    """One text of a campaign."""

    name: Text
    version: int = Field(ge=1)
    weight: float = Field(gt=0)
    body: Text
    changed_by: Text | None = None
    """User id of who wrote this version, for approvals by four eyes."""


class AutomaticApproval(Settings):
    """Small runs that look as usual need no person; each is written in the ledger as approved by this rule."""

    most_recipients: int = Field(ge=1)
    earlier_runs: int = Field(default=3, ge=1)
    """So many runs of the campaign must have been approved by a person before."""


class Approval(Settings):
    """Who decides on a run, and until when."""

    four_eyes: bool = False
    """Who triggered, backfilled or changed the texts of a run may not approve it."""
    two_approvers_above: int | None = Field(default=None, ge=0)
    """More recipients than this need a second approver."""
    answer_within_business_days: int = Field(default=2, ge=0, le=20)
    """Without an answer until the send window of that day closes, the run expires; 0 is the day of planning."""
    stale_after_days: int = Field(default=14, ge=0)
    """Later than this after its occurrence, a run is sent only when the approver says why."""
    automatic: AutomaticApproval | None = None
    """Off unless it is written."""


class Cohort(Settings):
    """Whom a campaign is about: a statement under `include/sql/`, and the values of its own binds."""

    statement: Text
    params: dict[Text, int | Text] = Field(default_factory=dict)


class Campaign(NamedSettings):
    """One campaign: audience, texts, timing and limits (`config/campaigns/NAME.toml`)."""

    title: Text
    section: Text
    cohort: Cohort
    timetable: Timetable
    pacing: Pacing
    sending: Sending
    freshness: dict[Text, Annotated[int, Field(ge=0, le=31)]] = Field(default_factory=dict)
    """Extracts, by table of the records: how many business days old each may be, else the run waits and expires."""
    hold_out: HoldOut
    approval: Approval = Field(default_factory=Approval)
    kind: Literal["payment", "information"] = "payment"
    """A text about a payment needs the crossing sentence."""
    measurement: Measurement = Field(default_factory=Measurement)
    reference: Reference | None = None
    allows_links: bool = False
    variants: tuple[Variant, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _variants_differ(self) -> "Campaign":
        if len({variant.name for variant in self.variants}) < len(self.variants):
            raise ValueError("variants に同じ name のものがあります。別の名前にしてください")
        if any(variant.name == HELD_OUT for variant in self.variants):
            raise ValueError(f'name = "{HELD_OUT}" は「送信しない方」の名前です。別の名前にしてください')
        return self

    def outcome(self) -> Literal["payment", "check_up"] | None:
        """What settles its subjects."""
        return self.measurement.outcome or ("payment" if self.kind == "payment" else None)

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
