"""The alerts that the ledger keeps: opened, ended, and told by every way, once and again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement
from oshirase.domain.alert import TOLD_WITHIN, Alert, AlertKind, KeptAlert, Telling, due_telling
from oshirase.domain.campaign import Alerts
from oshirase.services.alert_message import compose_message

# Takes a subject and a text to whoever is on call; raises when it cannot.
Send = Callable[[str, str], None]


def keep_found(
    engine: Engine, found: Sequence[Alert], judged: Sequence[AlertKind], unreadable: Sequence[str], now: datetime
) -> int:
    """Open what was found, or keep its present words, and end what else is open of the kinds that were judged.

    Alerts of campaigns whose settings are `unreadable` stay as they are.

    Returns:
        How many ended.
    """
    # Of two with the same key the first one stands: one statement cannot write a row twice.
    kept = [*reversed({(alert.kind, alert.key): alert for alert in reversed(found)}.values())]
    binds = {
        "kinds": [alert.kind for alert in kept],
        "keys": [alert.key for alert in kept],
        "campaigns": [alert.campaign for alert in kept],
        "places": [alert.place for alert in kept],
        "sentences": [alert.sentence for alert in kept],
        "to_dos": [alert.to_do for alert in kept],
        "now": now,
    }
    with engine.begin() as connection:
        ids = list(connection.scalars(statement("alert/open_alerts"), binds))
        clearing = {"judged": list(judged), "found": ids, "unreadable": list(unreadable), "now": now}
        return len(connection.scalars(statement("alert/clear_alerts"), clearing).all())


def list_open(engine: Engine) -> list[KeptAlert]:
    """Every alert that is open, the longest one first."""
    with engine.connect() as connection:
        return [_kept(row._asdict()) for row in connection.execute(statement("alert/list_open"))]


def tell(engine: Engine, way: str, send: Send, settings: Alerts, now: datetime, root: str = "") -> int:
    """Tell by one way whatever is due by it, in one message; `root` is the address of our pages.

    Recorded after it was sent: who is killed in between tells it twice, and nothing is lost. One at a time tells by a
    way; another one that comes meanwhile has nothing to do.

    Returns:
        How many alerts were told of.

    Raises:
        Exception: whatever `send` raised; nothing counts as told then.
    """
    with engine.begin() as connection:
        if not connection.scalar(statement("alert/lock_telling"), {"way": way}):
            return 0
        due = _list_due(connection, way, settings, now)
        if due:
            send(*compose_message(due, root))
            binds = {
                "alert_ids": [kept.alert_id for kept, _ in due],
                "tellings": [telling for _, telling in due],
                "way": way,
                "now": now,
            }
            connection.execute(statement("alert/record_told"), binds)
    return len(due)


def _list_due(connection: Connection, way: str, settings: Alerts, now: datetime) -> list[tuple[KeptAlert, Telling]]:
    binds = {"way": way, "cleared_since": now - TOLD_WITHIN}
    kept = [_kept(row._asdict()) for row in connection.execute(statement("alert/list_to_tell"), binds)]
    order = list(AlertKind)
    due = [(one, telling) for one in kept if (telling := due_telling(one, settings, now))]
    return sorted(due, key=lambda pair: order.index(pair[0].kind))


def _kept(row: Mapping[str, Any]) -> KeptAlert:
    alert = Alert(AlertKind(row["kind"]), row["key"], row["sentence"], row["to_do"], row["place"], row["campaign"])
    told = {Telling(name): datetime.fromisoformat(at) for name, at in (row.get("told") or {}).items()}
    return KeptAlert(row["alert_id"], alert, row["opened_at"], row.get("cleared_at"), told)
