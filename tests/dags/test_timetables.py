"""The timetable as Airflow's scheduler asks it."""

import json
import shutil
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pendulum
import pytest
from airflow import plugins_manager
from airflow.models import backfill
from airflow.sdk import DAG
from airflow.serialization.decoders import decode_timetable
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.encoders import encode_timetable
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction
from hypothesis import given, settings
from hypothesis import strategies as st

from oshirase.adapters.paths import project_home
from oshirase.domain.calendar import InstalmentCalendar, MonthDay, OfficeCalendar
from oshirase.domain.occurrences import DueDateTimetable, SeasonTimetable
from oshirase.orchestration.campaign_dag import campaign_dag
from oshirase.orchestration.timetables import CampaignTimetable
from oshirase_plugin import OshirasePlugin

TIMETABLE = CampaignTimetable(DueDateTimetable(InstalmentCalendar(6, 10), 2, time(10)))
SEASON = CampaignTimetable(SeasonTimetable((1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10)))
WINTER = CampaignTimetable(SeasonTimetable((0, 2), MonthDay(12, 1), MonthDay(2, 28), time(9, 30)))
OWN = OfficeCalendar(MonthDay(12, 28), MonthDay(1, 4), (date(2026, 8, 4), date(2026, 10, 1)))
OWN_DUE = CampaignTimetable(DueDateTimetable(InstalmentCalendar(6, 10, OWN), 2, time(10)))
OWN_SEASON = CampaignTimetable(SeasonTimetable((1, 4), MonthDay(8, 1), MonthDay(9, 30), time(10), OWN))
ALL = [TIMETABLE, SEASON, WINTER, OWN_DUE, OWN_SEASON]
TOKYO = pendulum.timezone("Asia/Tokyo")


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin's timetables, known to Airflow."""
    kinds = {f"{kind.__module__}.{kind.__name__}": kind for kind in OshirasePlugin.timetables}
    monkeypatch.setattr(plugins_manager, "get_timetables_plugins", lambda: kinds)


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


# Without a deadline: the first one to ask for a year's holidays has to calculate them.
@settings(deadline=None)
@given(
    st.sampled_from(ALL),
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


def serialised(timetable: CampaignTimetable) -> SerializedDAG:
    """A DAG with the timetable as the scheduler has it: out of the metadata database."""
    dag = DAG("backfilled", schedule=timetable, start_date=at("2024-01-01T00:00"), catchup=False)
    return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))


@pytest.mark.parametrize("timetable", ALL, ids=["due dates", "season", "winter", "own due dates", "own season"])
@pytest.mark.usefixtures("registered")
def test_a_backfill_of_any_range_makes_exactly_its_occurrences(timetable: CampaignTimetable) -> None:
    dag = serialised(timetable)

    @settings(deadline=None, max_examples=40)
    @given(st.dates(date(2024, 1, 1), date(2035, 1, 1)), st.times(), st.integers(0, 500), st.booleans())
    def holds(day: date, clock: time, days: int, reverse: bool) -> None:
        first = pendulum.instance(datetime.combine(day, clock), tz=TOKYO)
        last = first + timedelta(days=days)
        planned = list(timetable.occurrences.between(first, last))
        with pytest.MonkeyPatch.context() as patch:
            # Airflow leaves out what lies ahead.
            patch.setattr(backfill.timezone, "utcnow", lambda: at("2040-01-01T00:00"))
            infos = backfill._get_info_list(from_date=first, to_date=last, reverse=reverse, dag=dag)
        assert [info.logical_date for info in infos] == (planned[::-1] if reverse else planned)

    holds()


@pytest.mark.usefixtures("registered")
def test_a_backfill_leaves_out_what_lies_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill.timezone, "utcnow", lambda: at("2026-11-05T10:00"))
    infos = backfill._get_info_list(
        from_date=at("2026-09-01T00:00"), to_date=at("2027-03-31T00:00"), reverse=False, dag=serialised(TIMETABLE)
    )
    assert [info.logical_date for info in infos] == [at("2026-09-02T10:00"), at("2026-10-02T10:00")]


@pytest.mark.parametrize("timetable", ALL)
def test_it_survives_serialisation(timetable: CampaignTimetable) -> None:
    again = CampaignTimetable.deserialize(json.loads(json.dumps(timetable.serialize())))
    assert again.occurrences == timetable.occurrences


def test_a_timetable_that_was_serialised_before_the_office_had_a_calendar_is_the_usual_one() -> None:
    fields = SEASON.serialize()
    del fields["office"]
    assert CampaignTimetable.deserialize(fields).occurrences == SEASON.occurrences


@pytest.mark.parametrize("timetable", ALL)
@pytest.mark.usefixtures("registered")
def test_airflow_knows_it_by_the_plugin(timetable: CampaignTimetable) -> None:
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
    city = tmp_path / "config" / "city.toml"
    closed = 'year_end_first = "12-28"\nyear_end_last = "01-04"\nalso_closed = [2026-10-01, 2026-08-04, 2026-10-01]\n'
    usual = 'year_end_first = "12-29"\nyear_end_last = "01-03"\n'
    text = city.read_text(encoding="utf-8").replace("also_closed = []\n", "").replace(usual, closed)
    city.write_text(text, encoding="utf-8")
    assert campaign_dag("nhi_overdue", None).timetable.occurrences == OWN_SEASON.occurrences
