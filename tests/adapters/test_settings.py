"""Settings: read as a whole, and a mistake is told with file, key and sentence."""

import shutil
from datetime import time
from pathlib import Path

import pytest

from oshirase.adapters.paths import project_home
from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.domain.campaign import Wording
from oshirase.domain.occurrences import MonthDay, SeasonTimetable
from oshirase.errors import BadSettings, UnknownCampaign


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the settings that a test may spoil."""
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / folder)
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))
    return tmp_path


def spoil(home: Path, file: str, before: str, after: str) -> None:
    path = home / "config" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize("name", campaign_names())
def test_every_shipped_campaign_is_valid(name: str) -> None:
    assert load_campaign(name).name == name


def test_the_arms_cover_everybody() -> None:
    arms = load_campaign("nhi_overdue").arms()
    assert arms[0][0] == "hold_out"
    assert arms[-1][1] == 1.0


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('section = "premium"', 'section = "nowhere"', "section: 'nowhere' is not in config/city.toml"),
        ('calendar = "nhi"', 'calendar = "lunar"', "timetable.calendar: 'lunar'"),
        ('cohort = "cohort/premium_overdue"', 'cohort = "cohort/nobody"', "there is no include/sql/cohort/nobody.sql"),
        ("per_hour = 80", "per_hour = 0", "sending.per_hour: Input should be greater than or equal to 1"),
        ("per_hour = 80", "perhour = 80", "sending.perhour: Extra inputs are not permitted"),
        ('at = "10:00"', 'at = "25:00"', "timetable.at"),
        ("share = 0.0", "share = 1.0", "hold_out.share"),
        ('title = "', "title = ", "is no valid TOML"),
        ("version = 1", "version = 0", "variants.0.version"),
    ],
)
def test_a_mistake_names_file_and_key(home: Path, before: str, after: str, message: str) -> None:
    spoil(home, "campaigns/nhi_overdue.toml", before, after)
    with pytest.raises(BadSettings, match=r"nhi_overdue\.toml") as raised:
        load_campaign("nhi_overdue")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"tue", "fri"', '"tue", "sat"', "timetable.weekdays.1: Input should be 'mon', 'tue', 'wed', 'thu' or 'fri'"),
        ('"tue", "fri"', '"tue", "tue"', "timetable: Value error, weekdays names a day twice"),
        ('"tue", "fri"', "", "timetable.weekdays: Tuple should have at least 1 item"),
        ('"08-01"', '"8-1"', "timetable.first: Value error, '8-1' is no day of the year: write month and day"),
        ('"09-30"', '"09-31"', "timetable.last: Value error, '09-31' is no day of the year"),
        ('"09-30"', '"02-29"', "timetable.last: Value error, 02-29 is not in every year: write 02-28 or 03-01"),
        ('"09-30"', '"08-03"', "no open day on these weekdays in some years (2026, for one)"),
        ('first = "08-01"', 'calendar = "nhi"', "timetable.calendar: Extra inputs are not permitted"),
        ('"in_season"', '"sometimes"', "timetable: Value error, kind must be after_due_date or in_season"),
        ('kind = "in_season"', "", "timetable: Value error, kind must be after_due_date or in_season"),
    ],
)
def test_a_mistake_in_a_season(home: Path, before: str, after: str, message: str) -> None:
    in_season(home)
    spoil(home, "campaigns/nhi_overdue.toml", before, after)
    with pytest.raises(BadSettings, match=r"nhi_overdue\.toml") as raised:
        load_campaign("nhi_overdue")
    assert message in str(raised.value)


def test_a_campaign_in_season_needs_no_calendar(home: Path) -> None:
    in_season(home)
    assert load_campaign("nhi_overdue").occurrences(load_city()) == SeasonTimetable(
        (1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10)
    )


def in_season(home: Path) -> None:
    before = 'kind = "after_due_date"\ncalendar = "nhi"\nbusiness_days_after_due = 2\n'
    after = 'kind = "in_season"\nweekdays = ["tue", "fri"]\nfirst = "08-01"\nlast = "09-30"\n'
    spoil(home, "campaigns/nhi_overdue.toml", before, after)


def test_hours_the_wrong_way_round(home: Path) -> None:
    spoil(home, "city.toml", 'opens = "09:00"', 'opens = "18:00"')
    with pytest.raises(BadSettings, match="opens must be earlier than closes"):
        load_city()


def test_the_wording_rules_are_written_out_as_they_are_without_settings() -> None:
    assert load_city().wording == Wording()


def test_a_blank_is_no_forbidden_word(home: Path) -> None:
    spoil(home, "city.toml", '"督促"', '" "')
    with pytest.raises(BadSettings, match=r"city\.toml: wording\.forbidden\.0"):
        load_city()


def test_settings_that_are_missing(home: Path) -> None:
    (home / "config" / "city.toml").unlink()
    with pytest.raises(BadSettings, match=r"city.toml is missing: restore it"):
        load_city()


def test_an_unknown_campaign_names_those_that_there_are() -> None:
    with pytest.raises(
        UnknownCampaign, match=r"no campaign 'nhi_overdu': add nhi_overdu.toml or choose one of .*nhi_overdue"
    ):
        load_campaign("nhi_overdu")
