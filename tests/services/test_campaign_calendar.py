"""The calendar of a campaign: what each day says, by real histories; months, weeks and years as they are."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from oshirase.adapters.settings import load_campaign
from oshirase.domain.calendar import JST
from oshirase.services.approval import reject_campaign_run
from oshirase.services.campaign_calendar import CampaignCalendar, Day, Mark, add_months, load_calendar
from oshirase.services.campaign_run import expire_campaign_run
from oshirase.services.stop import stop_campaign_run
from tests.people import create_debtor
from tests.scene import OCCURRENCE, Scene

OCTOBER = date(2026, 10, 1)
DAY = OCCURRENCE.date()
NEXT_DAY = datetime(2026, 10, 3, 9, 0, tzinfo=JST)


def calendar(scene: Scene, month: date = OCTOBER, name: str = "nhi_overdue") -> CampaignCalendar:
    return load_calendar(scene.engine, load_campaign(name), scene.city, month, scene.clock())


def days(shown: CampaignCalendar) -> dict[date, Day]:
    return {day.on: day for month in shown.months for week in month.weeks for day in week if day}


def marks(shown: CampaignCalendar) -> dict[str, Mark]:
    return {f"{day.on:%y-%m-%d}": day.mark for day in days(shown).values() if day.mark}


def plan(scene: Scene) -> None:
    create_debtor(scene.owner)
    scene.plan(scene.open())


def approve(scene: Scene) -> None:
    create_debtor(scene.owner)
    scene.approved_run()


def send(scene: Scene) -> None:
    create_debtor(scene.owner)
    scene.send(scene.approved_run())


def reject(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    reject_campaign_run(scene.engine, run, str(scene.plan(run)), "sato", OCCURRENCE, "件数が多い")


def expire(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    scene.plan(run)
    expire_campaign_run(scene.engine, run, "回答がありませんでした。", "test", OCCURRENCE)


def stop(scene: Scene) -> None:
    create_debtor(scene.owner)
    stop_campaign_run(scene.engine, scene.approved_run(), "sato", "文面の誤り", OCCURRENCE)


def miss(scene: Scene) -> None:
    scene.plan(scene.open(datetime(2026, 9, 2, 10, tzinfo=JST)))
    scene.clock.moment = NEXT_DAY


def miss_long_ago(scene: Scene) -> None:
    miss(scene)
    scene.clock.moment = OCCURRENCE + timedelta(days=15)


def leave_behind(scene: Scene) -> None:
    approve(scene)
    scene.clock.moment = NEXT_DAY


@pytest.mark.parametrize(
    ("happen", "mark"),
    [
        (Scene.open, Mark.PREPARING),
        (plan, Mark.AWAITS_APPROVAL),
        (approve, Mark.BEING_SENT),
        (send, Mark.DONE),
        (reject, Mark.REJECTED),
        (expire, Mark.EXPIRED),
        (stop, Mark.STOPPED),
        (miss, Mark.MISSED),
        (miss_long_ago, Mark.STALE),
        (leave_behind, Mark.LEFT_BEHIND),
    ],
)
def test_what_became_of_an_occurrence(scene: Scene, happen: Callable[[Scene], object], mark: Mark) -> None:
    happen(scene)
    shown = calendar(scene)
    found = days(shown)[DAY]
    assert found.mark == mark
    is_opened = mark not in {Mark.MISSED, Mark.STALE}
    assert (found.campaign_run_id is not None) == is_opened
    needs_a_person = mark in {Mark.MISSED, Mark.STALE, Mark.LEFT_BEHIND}
    assert [one.occurrence_at for one in shown.waiting] == [OCCURRENCE] * needs_a_person
    assert marks(shown)["26-11-05"] == Mark.COMING


@pytest.mark.parametrize(("days_later", "mark"), [(3, Mark.LEFT_BEHIND), (20, Mark.EXPIRED)])
def test_what_missed_its_window_and_was_left_so(scene: Scene, days_later: int, mark: Mark) -> None:
    leave_behind(scene)
    ((run,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
    assert scene.send(run) == {"expired": 1}
    scene.clock.moment = OCCURRENCE + timedelta(days=days_later)
    assert days(calendar(scene))[DAY].mark == mark


def test_three_months_up_to_the_chosen_one_and_three_after_it_over_the_year_s_end(scene: Scene) -> None:
    shown = calendar(scene, date(2026, 12, 1))
    assert [f"{month.first:%Y-%m}" for month in shown.months] == [
        "2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03",
    ]  # fmt: skip
    coming = [day for day, mark in marks(shown).items() if mark is Mark.COMING]
    assert coming == ["26-11-05", "26-12-02", "27-01-06", "27-02-03", "27-03-03"]


def test_every_day_of_a_month_stands_in_its_week(scene: Scene) -> None:
    for month in calendar(scene, date(2028, 2, 1)).months:
        for week in month.weeks:
            assert len(week) == 7
            assert all(day is None or day.on.weekday() == place for place, day in enumerate(week))
    whole = days(calendar(scene, date(2028, 2, 1)))
    assert len(whole) == (date(2028, 6, 1) - date(2027, 12, 1)).days
    assert date(2028, 2, 29) in whole


def test_closed_days_are_the_office_s(scene: Scene) -> None:
    found = days(calendar(scene, date(2026, 12, 1)))
    closed = [f"{day:%m-%d}" for day in found if not found[day].is_open and day.month == 1 and day.year == 2027]
    assert closed[:6] == ["01-01", "01-02", "01-03", "01-09", "01-10", "01-11"]
    assert not found[date(2026, 12, 29)].is_open
    assert found[date(2026, 12, 28)].is_open


def test_days_are_japanese_ones(scene: Scene) -> None:
    scene.plan(scene.open(datetime(2026, 10, 1, 16, 0, tzinfo=JST)))
    scene.plan(scene.open(datetime(2026, 10, 2, 0, 30, tzinfo=JST)))
    assert [day for day in marks(calendar(scene)) if day < "26-11"] == ["26-10-01", "26-10-02"]


def test_before_its_first_run_a_campaign_has_missed_nothing(scene: Scene) -> None:
    scene.clock.moment = OCCURRENCE + timedelta(days=40)
    assert set(marks(calendar(scene)).values()) == {Mark.COMING}
    send(scene)
    assert [day for day, mark in marks(calendar(scene)).items() if mark is not Mark.COMING] == ["26-10-02", "26-11-05"]


def test_months_that_are_past_show_their_own_only(scene: Scene) -> None:
    send(scene)
    scene.clock.moment = OCCURRENCE + timedelta(days=200)
    assert marks(calendar(scene, date(2026, 7, 1))) == {"26-10-02": Mark.DONE}


def test_a_season(scene: Scene) -> None:
    found = marks(calendar(scene, date(2027, 8, 1), "health_check"))
    assert all(mark is Mark.COMING for mark in found.values())
    assert {day[3:5] for day in found} == {"08", "09"}


def test_years_whose_holidays_are_not_known(scene: Scene) -> None:
    shown = calendar(scene, date(2099, 12, 1))
    assert not shown.is_known
    assert {day.is_open for day in days(shown).values()} >= {None}


@pytest.mark.parametrize(
    ("first", "count", "then"),
    [
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 10, 1), -22, date(2024, 12, 1)),
        (date(2026, 10, 1), 0, date(2026, 10, 1)),
    ],
)
def test_months_are_added(first: date, count: int, then: date) -> None:
    assert add_months(first, count) == then
