"""Every metric of ours, sent by Airflow's own Stats to whatever the city switched on: OpenTelemetry, StatsD or nothing.

Labels are names of settings and states: no person, no number, no id, nothing without bounds. See docs/metrics.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from airflow.sdk.observability import stats
from sqlalchemy import Engine

from oshirase.services.campaign_run import StateCount
from oshirase.services.gauges import read_gauges


class Kind(StrEnum):
    """How a metric is to be read."""

    COUNTER = "counter"
    GAUGE = "gauge"
    TIMER = "timer"


@dataclass(frozen=True)
class Metric:
    """A name, how to read it, in what unit, and the labels that it always has."""

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...] = ()


NOTICES_PLANNED = Metric("oshirase.notices.planned", Kind.COUNTER, "notices", ("campaign", "state", "reason"))
NOTICES_CHANGED = Metric("oshirase.notices.changed", Kind.COUNTER, "notices", ("step", "outcome"))
PLANNING_DURATION = Metric("oshirase.planning.duration", Kind.TIMER, "ms", ("campaign",))
GATEWAY_CALLS = Metric("oshirase.gateway.calls", Kind.COUNTER, "calls", ("gateway", "call", "outcome"))
GATEWAY_CALL_DURATION = Metric("oshirase.gateway.call.duration", Kind.TIMER, "ms", ("gateway", "call"))
EXTRACT_FILES = Metric("oshirase.extracts.files", Kind.COUNTER, "files", ("outcome",))
EXTRACT_AGE = Metric("oshirase.extracts.age", Kind.GAUGE, "s", ("extract",))
APPROVALS_WAITING = Metric("oshirase.approvals.waiting", Kind.GAUGE, "runs")
UNKNOWN_WAITING = Metric("oshirase.unknown.waiting", Kind.GAUGE, "notices")
RECEIPTS_LAG = Metric("oshirase.receipts.lag", Kind.GAUGE, "s")
ALERTS_OPEN = Metric("oshirase.alerts.open", Kind.GAUGE, "alerts", ("kind",))

METRICS = (
    NOTICES_PLANNED, NOTICES_CHANGED, PLANNING_DURATION, GATEWAY_CALLS, GATEWAY_CALL_DURATION, EXTRACT_FILES,
    EXTRACT_AGE, APPROVALS_WAITING, UNKNOWN_WAITING, RECEIPTS_LAG, ALERTS_OPEN,
)  # fmt: skip


def count(metric: Metric, by: int, **labels: str) -> None:
    """Add to a counter; nothing is sent of nothing."""
    if by:
        stats.incr(metric.name, by, tags=_labelled(metric, labels))


def set_gauge(metric: Metric, value: float, **labels: str) -> None:
    """What something amounts to now."""
    stats.gauge(metric.name, value, tags=_labelled(metric, labels))


def note_duration(metric: Metric, lasted: timedelta, **labels: str) -> None:
    """How long something took."""
    stats.timing(metric.name, lasted.total_seconds() * 1000, tags=_labelled(metric, labels))


def count_changes(step: str, outcomes: Mapping[str, int]) -> None:
    """What a step did: notices by the state, or the outcome, that it brought them to."""
    for outcome, notices in outcomes.items():
        count(NOTICES_CHANGED, notices, step=step, outcome=outcome)


def count_planned(campaign: str, counts: Sequence[StateCount]) -> None:
    """Where a run's cohort went when it was planned."""
    for one in counts:
        count(NOTICES_PLANNED, one.notices, campaign=campaign, state=one.state, reason=one.reason or "none")


def note_call(gateway: str, call: str, outcome: str, seconds: float) -> None:
    """One call to a gateway, without the time that our own pace held it back."""
    count(GATEWAY_CALLS, 1, gateway=gateway, call=call, outcome=outcome)
    note_duration(GATEWAY_CALL_DURATION, timedelta(seconds=seconds), gateway=gateway, call=call)


def set_gauges(engine: Engine, now: datetime) -> None:
    """What the ledger and the records amount to now."""
    gauges = read_gauges(engine, now)
    set_gauge(APPROVALS_WAITING, gauges.approvals_waiting)
    set_gauge(UNKNOWN_WAITING, gauges.unknown_waiting)
    set_gauge(RECEIPTS_LAG, gauges.receipts_lag_seconds)
    for extract, age in gauges.extract_age_seconds.items():
        set_gauge(EXTRACT_AGE, age, extract=extract)
    for kind, alerts in gauges.alerts_open.items():
        set_gauge(ALERTS_OPEN, alerts, kind=kind)


def _labelled(metric: Metric, labels: Mapping[str, str]) -> dict[str, str]:
    if set(labels) != set(metric.labels):
        raise ValueError(f"{metric.name} has the labels {metric.labels}, not {sorted(labels)}")
    return dict(labels)
