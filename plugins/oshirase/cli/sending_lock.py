"""`oshirase lock-sending` and `oshirase unlock-sending`."""

import getpass
from typing import Annotated

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.cli.gateway_inquiry import api_gateways
from oshirase.cli.output import paper
from oshirase.services import sending_lock as service

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept for good. No personal data.")]
WithoutGateway = Annotated[
    bool,
    typer.Option(
        "--without-gateway", help="After a restore, on your word alone: a console only, or nothing was sent since."
    ),
]


def lock_sending(
    reason: Reason,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who locks it.", default_factory=getpass.getuser)],
) -> None:
    """Let nothing be sent from now on, in any campaign; senders under way stop within seconds."""
    service.lock_sending(campaign_engine(), reason, by, clock.now())
    paper().print("送信を止めました。`oshirase unlock-sending` で再開します。")


def unlock_sending(
    reason: Reason,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The person who answers for it.")],
    without_gateway: WithoutGateway = False,
) -> None:
    """Let sending go on; after a restore only when the gateway was asked what it had, or on a person's word."""
    released = service.unlock_sending(
        campaign_engine(), reason, by, clock.now(),
        gateways=api_gateways(), is_without_gateway=without_gateway,
    )  # fmt: skip
    paper().print(f"送信を再開しました（解除：{released}件）。失敗した「送信」の手順をクリアすると、続きから送ります。")
