"""The freshness gate: no reminder on stale payments."""

from datetime import date, datetime, timedelta

import pytest

from oshirase.domain.calendar import JST, OfficeCalendar
from oshirase.services.campaign_run import expire_campaign_run, load_campaign_run
from oshirase.services.freshness import list_stale, waits_until
from tests.people import create_debtor, create_load
from tests.scene import OCCURRENCE, Scene

FRIDAY = OCCURRENCE
TITLES = {"payment": "収納", "levy": "調定"}


def at(day: int, hour: int, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, 0, tzinfo=JST)


@pytest.mark.parametrize(
    ("as_of", "is_fresh"),
    [(at(2, 6), True), (at(1, 6), True), (at(1, 0), True), (at(30, 23, month=9), False), (None, False)],
)
def test_payments_within_one_business_day(scene: Scene, as_of: datetime | None, is_fresh: bool) -> None:
    if as_of:
        create_load(scene.owner, "payment", as_of)
    assert (list_stale(scene.engine, {"payment": 1}, TITLES, FRIDAY) == []) is is_fresh


def test_a_weekend_does_not_make_payments_stale(scene: Scene) -> None:
    create_load(scene.owner, "payment", at(2, 6))
    assert list_stale(scene.engine, {"payment": 1}, TITLES, at(5, 10)) == []
    assert list_stale(scene.engine, {"payment": 1}, TITLES, at(6, 10))


def test_a_day_of_closure_does_not_make_payments_stale(scene: Scene) -> None:
    create_load(scene.owner, "payment", at(30, 6, month=9))
    office = OfficeCalendar(also_closed=(date(2026, 10, 1),))
    assert list_stale(scene.engine, {"payment": 1}, TITLES, FRIDAY)
    assert list_stale(scene.engine, {"payment": 1}, TITLES, FRIDAY, office) == []


def test_what_is_missing_is_said_in_words(scene: Scene) -> None:
    create_load(scene.owner, "payment", at(28, 6, month=9))
    stale = list_stale(scene.engine, {"payment": 1, "levy": 2}, TITLES, FRIDAY)
    assert [str(extract) for extract in stale] == [
        "「収納」の取込みが9月28日（月）06:00時点のものです（10月1日以降のものが必要です）。",
        "「調定」の取込みがまだありません（9月30日以降のものが必要です）。",
    ]


def test_a_campaign_that_asks_for_nothing_waits_for_nothing(scene: Scene) -> None:
    assert list_stale(scene.engine, {}, TITLES, FRIDAY) == []


@pytest.mark.parametrize(
    ("opened_at", "until"),
    [(at(2, 10), at(2, 17)), (at(2, 16), at(2, 17)), (at(2, 17), at(5, 17)), (at(3, 10), at(5, 17))],
)
def test_a_run_waits_until_its_send_window_closes(scene: Scene, opened_at: datetime, until: datetime) -> None:
    assert waits_until(opened_at, scene.city.window()) == until


def test_a_run_that_waited_too_long_ends_with_the_reason_and_sends_nothing(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.approved_run()
    expire_campaign_run(scene.engine, run, "記録が更新されなかったため", "waiting", scene.clock())
    assert scene.send(run) == {}
    assert scene.states() == {"expired/expired": 1}
    closed = load_campaign_run(scene.engine, run)
    assert (closed.closed_as, closed.closed_reason) == ("expired", "記録が更新されなかったため")
    expire_campaign_run(scene.engine, run, "もう一度", "again", scene.clock() + timedelta(hours=1))
    assert load_campaign_run(scene.engine, run).closed_reason == "記録が更新されなかったため"
