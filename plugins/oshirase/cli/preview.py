"""`oshirase preview`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.cli.output import AsJson, in_words, paper, print_json, table
from oshirase.domain.campaign import Campaign
from oshirase.domain.notice import STATE_LABELS, SUPPRESSION_LABELS, NoticeState
from oshirase.services.forecast import Coming, Forecast, look_ahead
from oshirase.services.preview import Basis, Preview, PreviewText, Volume, choose_occurrence

# More texts than this differ in a date or a number only; `--json` has them all.
MOST_TEXTS = 6
BASES = {Basis.RECORDS: "", Basis.CARRIED_OVER: "繰越分", Basis.LEDGER: "計画済み"}
UPPER_BOUND = "納期限前のため、これから納付される方を含みます"

Name = Annotated[str, typer.Argument(metavar="CAMPAIGN")]
On = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="DATE", help="The occurrence of this day, as 2026-10-02; default: next."
    ),
]
Coming_ = Annotated[
    int | None,
    typer.Option(
        "--coming", min=1, metavar="N", help="How many occurrences to look ahead; default: 3, or all of the season."
    ),
]


def preview(name: Name, on: On = None, coming: Coming_ = None, as_json: AsJson = False) -> None:
    """What an occurrence would send, to how many, at what cost, and whom it leaves out; nothing is written."""
    campaign, city, now, key = load_campaign(name), load_city(), clock.now(), secret_key()
    occurrence_at = choose_occurrence(campaign.occurrences(city), on.date() if on else None, now)
    seen, forecast = look_ahead(campaign_engine(), campaign, city, occurrence_at, now, key, coming)
    if as_json:
        print_json(_described(seen, forecast))
    else:
        for piece in _pieces(campaign, seen, forecast):
            paper().print(piece)


def _described(seen: Preview, forecast: Forecast) -> dict[str, Any]:
    return {
        "campaign": seen.campaign,
        "occurrence_at": seen.occurrence_at,
        "basis": seen.basis,
        "closed_as": seen.closed_as,
        "cohort": seen.cohort,
        "counts": [asdict(count) for count in seen.counts],
        **asdict(seen.volume),
        "is_upper_bound": seen.is_upper_bound,
        "texts": [
            {
                "variant": text.variant,
                "version": text.version,
                "recipients": text.recipients,
                "messages": text.messages,
                "parts": len(text.parts),
                "body": text.parts,
            }
            for text in seen.texts
        ],
        "findings": [asdict(finding) for finding in seen.findings],
        "coming": [
            {
                "occurrence_at": one.occurrence_at,
                "basis": one.basis,
                **asdict(one.volume),
                "is_upper_bound": one.is_upper_bound,
            }
            for one in forecast.coming
        ],
        "left": forecast.left,
    }


def _pieces(campaign: Campaign, seen: Preview, forecast: Forecast) -> Iterator[RenderableType]:
    yield f"{campaign.title}（{campaign.name}）"
    yield f"{in_words(seen.occurrence_at)}の回" + ("" if seen.basis is Basis.RECORDS else _of_ledger(seen))
    yield table(
        f"対象者 {seen.cohort:,}人",
        {"区分": "left", "理由": "left", "人数": "right"},
        [
            (
                STATE_LABELS[NoticeState(count.state)],
                SUPPRESSION_LABELS.get(count.reason or "", count.reason or ""),
                f"{count.notices:,}",
            )
            for count in seen.counts
        ],
    )
    yield f"送信 {_cost(seen.volume)}"
    yield f"予約 {in_words(seen.volume.first_at)} から {in_words(seen.volume.last_at)} まで"
    yield from _texts(seen)
    for finding in seen.findings:
        yield f"・{finding}"
    if seen.findings:
        yield "文面に誤りがあるため、このままでは計画できません。"
    yield from _coming(forecast)


def _of_ledger(seen: Preview) -> str:
    if seen.counts:
        return "は計画済みです。台帳にある件数を表示します。"
    return "は、計画されないまま終了しています。" if seen.closed_as else "は計画済みで、対象者はいません。"


def _cost(volume: Volume) -> str:
    return (
        f"{volume.messages:,}件・{volume.parts:,}通分・{volume.yen:,}円、"
        f"電話のお問合せは約{volume.expected_calls:,.0f}件の見込み"
    )


def _texts(seen: Preview) -> Iterator[RenderableType]:
    shown = _worth_showing(seen.texts)
    for text in shown:
        count = len(text.parts)
        columns = {"通": "whole", f"文面 {text.variant}（第{text.version}版）": "left"}
        parts = [(f"{number}/{count}", part) for number, part in enumerate(text.parts, 1)]
        waiting = f"、繰越 {text.recipients - text.messages:,}件" if text.recipients > text.messages else ""
        yield table(f"{count}通分・{text.messages:,}件{waiting}", columns, parts)
    if others := len(seen.texts) - len(shown):
        yield f"ほかに、日付や期別だけが違う文面が{others}種類あります（--json で全文を表示）。"


def _worth_showing(texts: Sequence[PreviewText]) -> Sequence[PreviewText]:
    """All when they are few, else of each variant and number of parts the most frequent."""
    if len(texts) <= MOST_TEXTS:
        return texts
    first: dict[tuple[str, int], PreviewText] = {}
    for text in texts:
        first.setdefault((text.variant, len(text.parts)), text)
    return list(first.values())


def _coming(forecast: Forecast) -> Iterator[RenderableType]:
    columns = {"回": "whole", "件数": "right", "通分": "right", "円": "right", "お問合せ": "right", "備考": "left"}
    yield table("今後の見込み", columns, map(_row, forecast.coming))
    if any(one.is_upper_bound for one in forecast.coming):
        yield f"＊ {UPPER_BOUND}。"
    if forecast.left:
        yield f"このほかに{forecast.left:,}人が、これらの回には入りません。"


def _row(one: Coming) -> tuple[str, ...]:
    volume = one.volume
    remark = f"{BASES[one.basis]}{'＊' if one.is_upper_bound else ''}"
    return (
        in_words(one.occurrence_at),
        f"{volume.messages:,}",
        f"{volume.parts:,}",
        f"{volume.yen:,}",
        f"{volume.expected_calls:,.0f}",
        remark,
    )
