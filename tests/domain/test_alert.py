"""When an alert is told, reminded of, and told to be over."""

from datetime import datetime, time, timedelta

import pytest

from oshirase.domain.alert import (
    ALERT_LABELS,
    CATCHING_UP,
    TOLD_WITHIN,
    Alert,
    AlertKind,
    KeptAlert,
    Telling,
    due_telling,
    is_quiet,
)
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Alerts, QuietHours

NOON = datetime(2026, 10, 2, 12, 0, tzinfo=JST)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTINGS = Alerts(remind_after_hours=24, gateway_minutes=20)
NIGHT = QuietHours(begins=time(19), ends=time(8))
OPENED, REMINDED, CLEARED = Telling.OPENED, Telling.REMINDED, Telling.CLEARED
MISSED, REFUSING, UPKEEP, EXPIRED = (
    AlertKind.OCCURRENCE_MISSED, AlertKind.GATEWAY_FAILING, AlertKind.UPKEEP_LATE, AlertKind.APPROVAL_EXPIRED,
)  # fmt: skip


def kept(kind: AlertKind, began: timedelta, ended: timedelta | None = None, **told: timedelta) -> KeptAlert:
    """An alert that opened, ended and was told so long ago."""
    return KeptAlert(
        1, Alert(kind, "key", "said", "to do"), NOON - began, None if ended is None else NOON - ended,
        {Telling(name): NOON - ago for name, ago in told.items()},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alert", "due"),
    [
        (kept(MISSED, timedelta()), OPENED),
        (kept(MISSED, HOUR, opened=HOUR), None),
        (kept(MISSED, DAY, opened=DAY - timedelta(seconds=1)), None),
        (kept(MISSED, DAY, opened=DAY), REMINDED),
        (kept(MISSED, 3 * DAY, opened=3 * DAY, reminded=HOUR), None),
        (kept(MISSED, 3 * DAY, opened=3 * DAY, reminded=DAY), REMINDED),
        (kept(MISSED, DAY, timedelta(), opened=DAY), CLEARED),
        (kept(MISSED, DAY, HOUR, opened=DAY, cleared=HOUR), None),
        # This way did not work while it was open.
        (kept(MISSED, DAY, HOUR), CLEARED),
        (kept(MISSED, TOLD_WITHIN + DAY, TOLD_WITHIN + HOUR), None),
        # It has to last.
        (kept(REFUSING, timedelta(minutes=19)), None),
        (kept(REFUSING, timedelta(minutes=20)), OPENED),
        (kept(REFUSING, DAY, DAY - timedelta(minutes=19)), None),
        (kept(UPKEEP, CATCHING_UP - timedelta(seconds=1)), None),
        (kept(UPKEEP, CATCHING_UP), OPENED),
        # What happened once is told once.
        (kept(EXPIRED, timedelta()), OPENED),
        (kept(EXPIRED, 2 * DAY, opened=2 * DAY), None),
        (kept(EXPIRED, 3 * DAY, HOUR, opened=3 * DAY), None),
        (kept(EXPIRED, 3 * DAY, HOUR), OPENED),
    ],
)
def test_what_is_due(alert: KeptAlert, due: Telling | None) -> None:
    assert due_telling(alert, SETTINGS, NOON) == due


@pytest.mark.parametrize(
    ("hour", "quiet"), [(18, False), (19, True), (23, True), (0, True), (7, True), (8, False), (12, False)]
)
def test_quiet_hours_pass_midnight(hour: int, quiet: bool) -> None:
    assert is_quiet(NIGHT, NOON.replace(hour=hour)) is quiet


def test_quiet_hours_of_one_day_and_none() -> None:
    siesta = QuietHours(begins=time(12), ends=time(13))
    assert [is_quiet(siesta, NOON.replace(hour=hour)) for hour in (11, 12, 13)] == [False, True, False]
    assert not is_quiet(None, NOON.replace(hour=3))


@pytest.mark.parametrize(("kind", "due"), [(MISSED, None), (REFUSING, OPENED)])
def test_at_night_only_what_is_urgent_is_told(kind: AlertKind, due: Telling | None) -> None:
    settings = SETTINGS.model_copy(update={"quiet_hours": NIGHT})
    alert = kept(kind, DAY)
    assert due_telling(alert, settings, NOON.replace(hour=22)) == due
    assert due_telling(alert, settings, NOON.replace(hour=8)) == OPENED


def test_every_kind_has_its_name_for_staff() -> None:
    assert set(ALERT_LABELS) == set(AlertKind)
    assert len(set(ALERT_LABELS.values())) == len(AlertKind)
