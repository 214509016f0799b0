"""`oshirase missed`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.cli.output import AsJson, day_in_words, paper, print_json, table
from oshirase.domain.campaign import Campaign
from oshirase.errors import BadSettings
from oshirase.services.missed import PastOccurrence, list_never_run, list_past

Names = Annotated[list[str] | None, typer.Argument(metavar="[CAMPAIGN]...", help="Only these; default: all.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="DATE",
        help="Occurrences since this day; default: the last 92 days, not before a campaign's first run.",
    ),
]  # fmt: skip
All = Annotated[bool, typer.Option("--all", help="Also those that do not need anybody.")]


def missed(campaigns: Names = None, since: Since = None, shows_all: All = False, as_json: AsJson = False) -> None:
    """What should have run and has not, why when it is known, and the one thing to do about it."""
    known, wrong = _load(campaigns or campaign_names())
    engine, day = campaign_engine(), since.date() if since else None
    listed = [one for one in list_past(engine, known, load_city(), clock.now(), day) if shows_all or one.is_missed]
    never = [] if day else list_never_run(engine, known)
    if as_json:
        print_json(
            {
                "occurrences": [_described(one) for one in listed],
                "never_run": [one.name for one in never],
                "problems": wrong,
            }
        )
    else:
        _print(listed, never, wrong, day)
    if wrong:
        raise typer.Exit(1)


def _load(names: Sequence[str]) -> tuple[list[Campaign], list[str]]:
    """Those whose settings can be read, and what is wrong with the others."""
    known, wrong = [], []
    for name in names:
        try:
            known.append(load_campaign(name))
        except BadSettings as error:
            wrong.append(str(error))
    return known, wrong


def _print(
    listed: Sequence[PastOccurrence], never: Sequence[Campaign], wrong: Sequence[str], since: date | None
) -> None:
    page = paper()
    for name, title in sorted({(one.campaign, one.title) for one in listed}):
        rows = [_row(one) for one in listed if one.campaign == name]
        page.print(table(f"{title}（{name}）", {"予定日": "whole", "状態と、すること": "left"}, rows))
    if not any(one.is_missed for one in listed):
        page.print(f"{f'{since} 以降' if since else 'これまで'}に、実行されなかった予定日はありません。")
    if never:
        names = "、".join(one.name for one in never)
        page.print(f"まだ一度も実行されていないため、確かめていないお知らせ: {names}（--since を付けると確かめます）。")
    for problem in wrong:
        page.print(problem)


def _row(one: PastOccurrence) -> tuple[str, ...]:
    told = f"{one.sentence}\n→ {one.action}" if one.action else one.sentence
    return day_in_words(one.occurrence_at), told


def _described(one: PastOccurrence) -> dict[str, Any]:
    return {
        "campaign": one.campaign,
        "title": one.title,
        "occurrence_at": one.occurrence_at,
        "standing": one.standing,
        "sentence": one.sentence,
        "action": one.action,
        "campaign_run_id": one.campaign_run_id and str(one.campaign_run_id),
        "is_missed": one.is_missed,
    }
