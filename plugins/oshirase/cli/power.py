"""`oshirase power`."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import RenderableType

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.cli.output import AsJson, paper, print_json, table
from oshirase.domain.power import EFFECTS, HoldOutRow, Needed, Volume, power_table
from oshirase.services.power import find_volume

Name = Annotated[str, typer.Argument(metavar="CAMPAIGN")]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, metavar="SHARE", help="Share that responds without a message; default: the hold-out's so far."
    ),
]
PerSeason = Annotated[
    int | None,
    typer.Option("--per-season", min=1, metavar="N", help="People a season; default: those of the ledger's largest."),
]


def power(name: Name, rate: Rate = None, per_season: PerSeason = None, as_json: AsJson = False) -> None:
    """How large a hold-out it takes, and how long, to see an effect of 1, 2 or 5 points; nothing is written."""
    campaign = load_campaign(name)
    volume = find_volume(campaign_engine(), campaign, load_city(), clock.now(), rate, per_season)
    rows = power_table(volume)
    if as_json:
        print_json({"campaign": name, **asdict(volume), "hold_outs": [asdict(row) for row in rows]})
        return
    for piece in _pieces(campaign.title, volume, rows):
        paper().print(piece)


def _pieces(title: str, volume: Volume, rows: list[HoldOutRow]) -> Iterator[RenderableType]:
    yield f"{title}: 1期間に{volume.per_season:,.0f}人（{volume.occurrences}回）"
    yield f"送らない場合に納付・受診される割合: {volume.base_rate:.1%}"
    columns = {"送らない割合": "right", "1期間で分かる差": "right"}
    columns |= {f"{effect * 100:.0f}ポイントの差": "right" for effect in EFFECTS}
    yield table("効果を見分けるのに必要な人数と期間（検出力80%、両側5%）", columns, map(_row, rows))
    yield "人数は送らない方を含む合計です。同じ世帯（方）は1期間に1回だけ数えます。"


def _row(row: HoldOutRow) -> tuple[str, ...]:
    least = "―" if row.smallest_effect is None else f"{row.smallest_effect * 100:.1f}ポイント"
    return f"{row.share:.0%}", least, *map(_cell, row.needed)


def _cell(needed: Needed) -> str:
    if needed.units is None or needed.seasons is None:
        return "ありえません"
    return f"{needed.units:,}人\n{needed.occurrences:,}回・{needed.seasons:,}期間"
