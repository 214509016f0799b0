"""Alerts: what whoever is on call has to know without looking, and when each is told. Nothing of it names a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Alerts, QuietHours


class AlertKind(StrEnum):
    """What is the matter. Each has its heading in docs/runbook.md."""

    SENDING_LOCKED = "sending_locked"  # after a restore, or by a person
    BOOKINGS_NOT_CANCELLED = "bookings_not_cancelled"  # a stopped run of which something may still go out
    GATEWAY_FAILING = "gateway_failing"
    ERROR_RATE = "error_rate"
    RUN_LEFT_BEHIND = "run_left_behind"  # approved, and not handed over when its time had come
    OCCURRENCE_MISSED = "occurrence_missed"
    APPROVAL_WAITING = "approval_waiting"
    APPROVAL_EXPIRED = "approval_expired"
    EXTRACT_LATE = "extract_late"
    FILE_REFUSED = "file_refused"
    UNKNOWN_WAITING = "unknown_waiting"
    SETTINGS_BROKEN = "settings_broken"
    DAG_BROKEN = "dag_broken"
    UPKEEP_LATE = "upkeep_late"  # a DAG of ours that keeps things in step has not done so for long
    WATCH_INCOMPLETE = "watch_incomplete"  # a rule of the watcher itself failed


ALERT_LABELS: Mapping[AlertKind, str] = {
    AlertKind.SENDING_LOCKED: "すべての送信の停止",
    AlertKind.BOOKINGS_NOT_CANCELLED: "停止した予約の取消し待ち",
    AlertKind.GATEWAY_FAILING: "事業者への接続の異常",
    AlertKind.ERROR_RATE: "送信エラーの増加",
    AlertKind.RUN_LEFT_BEHIND: "引渡しの残り",
    AlertKind.OCCURRENCE_MISSED: "実行されていない予定日",
    AlertKind.APPROVAL_WAITING: "承認の期限が近い回",
    AlertKind.APPROVAL_EXPIRED: "承認されずに終了した回",
    AlertKind.EXTRACT_LATE: "記録の更新の遅れ",
    AlertKind.FILE_REFUSED: "取り込めないファイル",
    AlertKind.UNKNOWN_WAITING: "結果不明のお知らせ",
    AlertKind.SETTINGS_BROKEN: "設定の誤り",
    AlertKind.DAG_BROKEN: "読み込めない DAG",
    AlertKind.UPKEEP_LATE: "定期処理の停止",
    AlertKind.WATCH_INCOMPLETE: "監視の一部の失敗",
}
# Told at any hour: what may reach residents, or fails to, gets worse meanwhile. The others wait for the morning.
URGENT = frozenset(
    {AlertKind.SENDING_LOCKED, AlertKind.BOOKINGS_NOT_CANCELLED, AlertKind.GATEWAY_FAILING, AlertKind.ERROR_RATE}
)
# What has happened once: told, not reminded of, and nobody is told when it is no longer shown.
EVENTS = frozenset({AlertKind.APPROVAL_EXPIRED})
# After an outage everything is late for a moment.
CATCHING_UP = timedelta(minutes=30)
# What cleared longer ago than this is history: a way that was set up today does not tell of it.
TOLD_WITHIN = timedelta(days=7)


class Telling(StrEnum):
    """What is told of an alert."""

    OPENED = "opened"
    REMINDED = "reminded"
    CLEARED = "cleared"


@dataclass(frozen=True)
class Alert:
    """Something that is the matter now: `key` is what it is about, no two of a kind are open with the same one.

    `sentence` says what, `to_do` what a person does about it, both in Japanese; `place` is a page of ours, from its
    root, or None.
    """

    kind: AlertKind
    key: str
    sentence: str
    to_do: str
    place: str | None = None
    campaign: str | None = None


@dataclass(frozen=True)
class KeptAlert:
    """An alert as the ledger has it: since when, until when, and what one way of telling has told, and when."""

    alert_id: int
    alert: Alert
    opened_at: datetime
    cleared_at: datetime | None = None
    told: Mapping[Telling, datetime] = field(default_factory=dict)

    @property
    def kind(self) -> AlertKind:
        """What is the matter."""
        return self.alert.kind


def due_telling(kept: KeptAlert, settings: Alerts, now: datetime) -> Telling | None:
    """What is to be told of an alert now, by the way whose memory `kept.told` is; None: nothing.

    One that came and went while this way did not work is told when it is over: nothing is lost.
    """
    until = kept.cleared_at or now
    if until - kept.opened_at < told_after(kept.kind, settings):
        return None
    if is_quiet(settings.quiet_hours, now) and kept.kind not in URGENT:
        return None
    if kept.cleared_at:
        return _due_when_cleared(kept, kept.cleared_at, now)
    if Telling.OPENED not in kept.told:
        return Telling.OPENED
    is_due = max(kept.told.values()) + timedelta(hours=settings.remind_after_hours) <= now
    return Telling.REMINDED if is_due and kept.kind not in EVENTS else None


def _due_when_cleared(kept: KeptAlert, cleared_at: datetime, now: datetime) -> Telling | None:
    if Telling.CLEARED in kept.told or cleared_at < now - TOLD_WITHIN:
        return None
    if kept.kind in EVENTS:
        return None if kept.told else Telling.OPENED
    return Telling.CLEARED


def told_after(kind: AlertKind, settings: Alerts) -> timedelta:
    """How long something has to last before anybody is told."""
    if kind is AlertKind.GATEWAY_FAILING:
        return timedelta(minutes=settings.gateway_minutes)
    return CATCHING_UP if kind is AlertKind.UPKEEP_LATE else timedelta()


def is_quiet(hours: QuietHours | None, now: datetime) -> bool:
    """Whether only what is urgent is told now; the hours may pass midnight."""
    if hours is None:
        return False
    time = now.astimezone(JST).time()
    if hours.begins <= hours.ends:
        return hours.begins <= time < hours.ends
    return time >= hours.begins or time < hours.ends
