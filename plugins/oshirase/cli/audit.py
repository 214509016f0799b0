"""`oshirase audit`."""

from dataclasses import asdict
from typing import Annotated

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.cli.output import AsJson, in_words, paper, print_json, table
from oshirase.domain.seal import Head
from oshirase.services.audit import Audit, verify_ledger

# Of a ledger that somebody went over row by row a person reads the first ones; --json has all.
SHOWN = 50
Heads = Annotated[
    list[str] | None,
    typer.Option("--head", metavar="SEQ:HASH", help="A newest seal that was kept elsewhere; may be repeated."),
]

audit = typer.Typer(no_args_is_help=True, help="Whether the ledger is as it was written.")


@audit.callback()
def _group() -> None:
    """Keeps `verify` a command of its own."""


@audit.command()
def verify(head: Heads = None, as_json: AsJson = False) -> None:
    """Hold the event log and the approvals against their seals; exit status 1 when anything is wrong."""
    heads = [Head.read(written) for written in head or ()]
    found = verify_ledger(campaign_engine(), secret_key(), clock.now(), heads)
    if as_json:
        print_json(_as_json(found))
    else:
        _tell(found)
    if not found.is_intact:
        raise typer.Exit(1)


def _as_json(found: Audit) -> dict[str, object]:
    return {
        "is_intact": found.is_intact,
        "seals": found.seals,
        "rows": found.rows,
        "head": str(found.head) if found.head else None,
        "sealed_until": found.sealed_until,
        "not_sealed": found.not_sealed,
        "findings": [asdict(finding) for finding in found.findings],
    }


def _tell(found: Audit) -> None:
    paper().print(
        f"封印{found.seals:,}件、{found.rows:,}行を照合しました。"
        f"最後の封印は{in_words(found.sealed_until)}、その後の未封印は{found.not_sealed:,}行です。"
    )
    if found.is_intact:
        paper().print("記録は、封印したときのままです。")
    else:
        rows = [(str(finding.seq or "―"), finding.sentence) for finding in found.findings[:SHOWN]]
        paper().print(table("見つかった異常", {"封印": "right", "説明": "left"}, rows))
        if (more := len(found.findings) - SHOWN) > 0:
            paper().print(f"ほかに{more:,}件あります。すべては --json で見られます。")
        paper().print("次にすることは docs/runbook.md の `audit verify` をご覧ください。")
    if found.head:
        # On a line of its own, never folded: it is copied from here.
        paper().print(f"控え: {found.head}", soft_wrap=True)
