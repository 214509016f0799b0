"""How much is waiting now, for whoever draws curves of it: counts and ages, nothing of anybody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from oshirase.adapters.settings import extract_titles
from oshirase.adapters.sql import statement
from oshirase.domain.alert import AlertKind
from oshirase.services.alert_book import list_open
from oshirase.services.freshness import list_newest


@dataclass(frozen=True)
class Gauges:
    """Counts, and ages in seconds: of the longest message without a receipt, and of each extract by table."""

    approvals_waiting: int
    unknown_waiting: int
    receipts_lag_seconds: float
    extract_age_seconds: Mapping[str, float]
    alerts_open: Mapping[str, int]


def read_gauges(engine: Engine, now: datetime) -> Gauges:
    """All of them as they are; kinds of alerts of which none is open count 0, so that their curve comes down."""
    with engine.connect() as connection:
        row = connection.execute(statement("metrics/read_gauges"), {"now": now}).one()
    newest = list_newest(engine, extract_titles())
    alerts = Counter(str(kept.kind) for kept in list_open(engine))
    return Gauges(
        row.approvals_waiting,
        row.unknown_waiting,
        row.receipts_lag_seconds,
        {extract: (now - as_of).total_seconds() for extract, as_of in newest.items()},
        {kind: alerts[kind] for kind in AlertKind},
    )
