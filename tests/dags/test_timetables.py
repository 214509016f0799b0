"""The timetable as Airflow's scheduler asks it."""

import json
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pendulum
import pytest
from airflow import plugins_manager
from airflow.serialization.decoders import decode_timetable
from airflow.serialization.encoders import encode_timetable
from airflow.timetables.base import DataInterval, TimeRestriction
from hypothesis import given
from hypothesis import strategies as st

from oshirase.adapters.paths import project_home
from oshirase.domain.calendar import InstalmentCalendar
from oshirase.domain.occurrences import DueDateTimetable, MonthDay, SeasonTimetable
from oshirase.orchestration.campaign_dag import campaign_dag
from oshirase.orchestration.timetables import CampaignTimetable
from oshirase_plugin import OshirasePlugin

TIMETABLE = CampaignTimetable(DueDateTimetable(InstalmentCalendar(6, 10), 2, time(10)))
SEASON = CampaignTimetable(SeasonTimetable((1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10)))
WINTER = CampaignTimetable(SeasonTimetable((0, 2), MonthDay(12, 1), MonthDay(2, 28), time(9, 30)))
TOKYO = pendulum.timezone("Asia/Tokyo")


def at(text: str) -> pendulum.DateTime:
    return pendulum.parse(text, tz=TOKYO)  # type: ignore[return-value]


def moments(timetable: CampaignTimetable, earliest: pendulum.DateTime, latest: pendulum.DateTime) -> list[datetime]:
    """Every run that catching up over a range would make."""
    restriction = TimeRestriction(earliest, latest, catchup=True)
    found: list[datetime] = []
    last = None
    while info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction):
        last = info.data_interval
        found.append(info.logical_date)
    return found


def runs(earliest: str, latest: str, timetable: CampaignTimetable = TIMETABLE) -> list[str]:
    found = moments(timetable, at(earliest), at(latest))
    return [f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}" for moment in found]


def test_a_range_yields_exactly_its_occurrences() -> None:
    assert runs("2026-10-02T10:00", "2026-12-02T10:00") == [
        "2026-10-02 10:00", "2026-11-05 10:00", "2026-12-02 10:00",
    ]  # fmt: skip


def test_a_range_that_ends_at_midnight_utc_misses_that_days_run() -> None:
    assert runs("2026-11-01T00:00", "2026-11-05T09:00") == []


def test_logical_date_interval_and_run_moment_are_the_occurrence() -> None:
    info = TIMETABLE.next_dagrun_info(
        last_automated_data_interval=DataInterval.exact(at("2026-10-02T10:00")),
        restriction=TimeRestriction(None, None, catchup=True),
    )
    assert info is not None
    assert info.run_after == info.logical_date == at("2026-11-05T10:00")
    assert info.data_interval == DataInterval.exact(at("2026-11-05T10:00"))


def test_without_catching_up_the_latest_due_one_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pendulum, "now", lambda _: at("2026-11-23T12:00"))
    info = TIMETABLE.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(at("2026-04-01T00:00"), None, catchup=False),
    )
    assert info is not None
    assert info.logical_date == at("2026-11-05T10:00")


def test_a_range_over_a_season_yields_exactly_its_occurrences() -> None:
    assert runs("2026-09-15T10:01", "2027-08-03T10:00", SEASON) == [
        "2026-09-18 10:00", "2026-09-25 10:00", "2026-09-29 10:00", "2027-08-03 10:00",
    ]  # fmt: skip


@given(
    st.sampled_from([TIMETABLE, SEASON, WINTER]),
    st.dates(date(2024, 1, 1), date(2035, 1, 1)),
    st.times(),
    st.integers(0, 500),
)
def test_any_range_yields_exactly_its_occurrences(
    timetable: CampaignTimetable, day: date, clock: time, days: int
) -> None:
    first = pendulum.instance(datetime.combine(day, clock), tz=TOKYO)
    last = first + timedelta(days=days)
    assert moments(timetable, first, last) == list(timetable.occurrences.between(first, last))


def test_between_two_seasons_the_last_one_of_the_past_season_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pendulum, "now", lambda _: at("2026-11-23T12:00"))
    info = SEASON.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(at("2026-04-01T00:00"), None, catchup=False),
    )
    assert info is not None
    assert info.logical_date == at("2026-09-29T10:00")


@pytest.mark.parametrize("timetable", [TIMETABLE, SEASON, WINTER])
def test_it_survives_serialisation(timetable: CampaignTimetable) -> None:
    again = CampaignTimetable.deserialize(json.loads(json.dumps(timetable.serialize())))
    assert again.occurrences == timetable.occurrences


@pytest.mark.parametrize("timetable", [TIMETABLE, SEASON, WINTER])
def test_airflow_knows_it_by_the_plugin(timetable: CampaignTimetable, monkeypatch: pytest.MonkeyPatch) -> None:
    registered = {f"{kind.__module__}.{kind.__name__}": kind for kind in OshirasePlugin.timetables}
    monkeypatch.setattr(plugins_manager, "get_timetables_plugins", lambda: registered)
    again = decode_timetable(json.loads(json.dumps(encode_timetable(timetable))))
    assert isinstance(again, CampaignTimetable)
    assert again.occurrences == timetable.occurrences


@pytest.mark.parametrize(
    ("timetable", "words"),
    [(TIMETABLE, "各納期限の2営業日後 10:00"), (SEASON, "8月1日から9月30日までの火曜日・金曜日 10:00（休業日を除く）")],
)
def test_it_says_in_words_what_it_does(timetable: CampaignTimetable, words: str) -> None:
    assert timetable.summary == timetable.description == words


def test_a_campaign_has_whichever_kind_its_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("config", "include"):
        shutil.copytree(project_home() / folder, tmp_path / folder)
    monkeypatch.setenv("OSHIRASE_HOME", str(tmp_path))
    path = tmp_path / "config" / "campaigns" / "nhi_overdue.toml"
    season = 'kind = "in_season"\nweekdays = ["fri", "tue"]\nfirst = "08-01"\nlast = "09-30"\n'
    due = 'kind = "after_due_date"\ncalendar = "nhi"\nbusiness_days_after_due = 2\n'
    assert campaign_dag("nhi_overdue", None).timetable.occurrences == TIMETABLE.occurrences
    path.write_text(path.read_text(encoding="utf-8").replace(due, season), encoding="utf-8")
    assert campaign_dag("nhi_overdue", None).timetable.occurrences == SEASON.occurrences
