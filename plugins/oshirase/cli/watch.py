"""`oshirase watch`: the watcher without Airflow, for a cron job on another machine."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.gateways.environment import account_in_environment
from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.cli.output import AsJson, in_words, paper, print_json, table
from oshirase.domain.alert import ALERT_LABELS, KeptAlert
from oshirase.domain.gateway import GatewayError
from oshirase.errors import MissingSetting
from oshirase.services.alert_book import list_open
from oshirase.services.alerts import look
from oshirase.services.watch import Watched, cannot_probe

Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing when no alert is open.")]


def watch(quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Look at everything that may need somebody, without Airflow; exit status 1 while an alert is open.

    What the DAG `watch` keeps and tells is the same: an alert that this finds is told by it once it runs again.
    """
    engine = campaign_engine()
    look(Watched(engine, clock.now(), probe_from_environment))
    alerts = list_open(engine)
    if as_json:
        print_json({"alerts": [_described(kept) for kept in alerts]})
    elif alerts or not quiet:
        _print(alerts)
    if alerts:
        raise typer.Exit(1)


def probe_from_environment(conn_id: str) -> GatewayError | MissingSetting | None:
    """Whether the gateway answers, with the account that the environment holds.

    Raises:
        CannotTell: it holds none.
    """
    try:
        account = account_in_environment(conn_id)
    except MissingSetting as error:
        return error
    if account is None:
        cannot_probe(conn_id)
    gateway = KaradenGateway(conn_id, account)
    try:
        gateway.check()
    except GatewayError as error:
        return error
    finally:
        gateway.close()
    return None


def _print(alerts: Sequence[KeptAlert]) -> None:
    if not alerts:
        paper().print("警報はありません。")
        return
    rows = [
        (in_words(kept.opened_at), ALERT_LABELS[kept.kind], f"{kept.alert.sentence}\n→ {kept.alert.to_do}")
        for kept in alerts
    ]
    paper().print(table("警報", {"いつから": "left", "種類": "left", "内容と、すること": "left"}, rows))


def _described(kept: KeptAlert) -> dict[str, Any]:
    return {
        "kind": kept.kind,
        "key": kept.alert.key,
        "campaign": kept.alert.campaign,
        "opened_at": kept.opened_at,
        "sentence": kept.alert.sentence,
        "to_do": kept.alert.to_do,
    }
