"""`oshirase reconcile-gateway` and `oshirase clear-found`."""

import getpass
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.gateways.environment import account_in_environment, variable
from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.adapters.pace import Pace
from oshirase.adapters.settings import campaign_names, load_campaign
from oshirase.cli.output import AsJson, in_words, paper, print_json, table
from oshirase.domain.calendar import JST
from oshirase.errors import MissingSetting
from oshirase.services import gateway_inquiry as service

# The operator publishes no limit; nobody else calls while sending is locked.
REQUESTS_PER_SECOND = 10.0

Since = Annotated[
    datetime | None,
    typer.Option(
        "--since", formats=["%Y-%m-%d"], metavar="DATE",
        help="From when on (JST); else a day before the last thing that the ledger knows.",
    ),
]  # fmt: skip
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who asks.", default_factory=getpass.getuser)]


def api_gateways() -> list[str]:
    """The connections of all campaigns that hand over by an API."""
    sending = [load_campaign(name).sending for name in campaign_names()]
    return sorted({one.gateway_conn_id for one in sending if one.hand_over == "api"})


def reconcile_gateway(by: By, since: Since = None, as_json: AsJson = False) -> None:
    """Ask the gateway what it had, after a restore: who was reminded since the backup is not reminded again."""
    engine, now = campaign_engine(), clock.now()
    from_on = since.replace(tzinfo=JST) if since else None
    found = []
    for conn_id in api_gateways():
        gateway = _gateway(conn_id)
        try:
            found.append(service.ask_gateway(engine, gateway, from_on, now, f"reconcile-gateway: {by}"))
        finally:
            gateway.close()
    forgotten = service.list_forgotten(engine, now)
    if as_json:
        print_json({"gateways": [asdict(one) for one in found], "forgotten_runs": [_described(f) for f in forgotten]})
    else:
        _print(found, forgotten)


def clear_found(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept for good. No personal data.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The person who answers for it.")],
    message: Annotated[list[str] | None, typer.Argument(help="Ids of the gateway; without any: see --all.")] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Everything that was found and not cleared.")] = False,
) -> None:
    """Let telephones be reminded again on which a message was found that the ledger does not know."""
    if bool(message) == is_all:
        raise typer.BadParameter("name messages, or say --all")
    cleared = service.clear_found(campaign_engine(), None if is_all else message, reason, by, clock.now())
    paper().print(f"{cleared}件を解除しました。これらの電話番号にも、次の実行回からお知らせを送ります。")


def _gateway(conn_id: str) -> KaradenGateway:
    account = account_in_environment(conn_id)
    if account is None:
        raise MissingSetting(
            f"{variable(conn_id)} is not set: put the connection into it for this command, as one of Airflow's own "
            "cannot be read from here"
        )
    return KaradenGateway(conn_id, account, Pace(campaign_engine(), conn_id, REQUESTS_PER_SECOND, 1))


def _described(run: service.ForgottenRun) -> dict[str, object]:
    return {**asdict(run), "campaign_run_id": str(run.campaign_run_id) if run.campaign_run_id else None}


def _print(found: list[service.Found], forgotten: list[service.ForgottenRun]) -> None:
    columns = {
        "ゲートウェイ": "left", "照合した期間": "left", "メッセージ": "right", "引渡し済みに訂正": "right",
        "台帳にないもの": "right", "ほかの利用": "right",
    }  # fmt: skip
    rows = [
        (one.gateway, f"{in_words(one.since)}～{in_words(one.until)}",
         *(f"{count:,}" for count in (one.read, one.adopted, one.kept, one.others)))
        for one in found
    ]  # fmt: skip
    paper().print(table("送信事業者の記録との照合", columns, rows))
    if forgotten:
        columns = {"台帳にない実行回": "left", "メッセージ": "right", "うち送信前の予約": "right", "受付": "left"}
        rows = [
            (str(run.campaign_run_id or "―"), f"{run.messages:,}", f"{run.booked:,}",
             f"{in_words(run.first_at)}～{in_words(run.last_at)}")
            for run in forgotten
        ]  # fmt: skip
        paper().print(table("送信済みの可能性があり、お知らせを送らない電話番号", columns, rows))
        paper().print("納付があっても予約は自動では取り消されません。事業者の画面で取り消してください。")
    paper().print("照合は最後まで終わりました。`oshirase unlock-sending` で送信を再開できます。")
