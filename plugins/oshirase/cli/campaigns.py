"""`oshirase campaigns`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.cli.output import AsJson, day_in_words, paper, print_json, table
from oshirase.errors import DatabaseUnreachable, MissingSetting, SchemaMismatch
from oshirase.services.overview import LastRun, Overview, list_campaigns, list_last_runs

CLOSED = {"rejected": "不承認", "expired": "送信せず終了", "stopped": "停止"}


def campaigns(as_json: AsJson = False) -> None:
    """Campaigns with their timetables, next occurrences and last runs; works without a database."""
    runs, problem = _last_runs()
    listed = list_campaigns(clock.now(), runs)
    if as_json:
        print_json({"campaigns": [_described(one) for one in listed], "database_problem": problem})
    else:
        _print(listed, problem)
    if any(one.error for one in listed):
        raise typer.Exit(1)


def _last_runs() -> tuple[dict[str, LastRun], str | None]:
    try:
        return list_last_runs(campaign_engine()), None
    except (MissingSetting, DatabaseUnreachable, SchemaMismatch) as error:
        return {}, str(error)


def _described(one: Overview) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.campaign and one.campaign.title,
        "section": one.section or None,
        "timetable": one.timetable or None,
        "next": one.next,
        "last_run": one.last_run and asdict(one.last_run),
        "error": one.error,
    }


def _print(listed: Sequence[Overview], problem: str | None) -> None:
    columns = {"お知らせ": "left", "担当": "left", "予定": "left", "次回から": "whole", "前回": "whole"}
    paper().print(table("お知らせの一覧", columns, map(_row, listed)))
    for one in listed:
        if one.error:
            paper().print(one.error)
    if problem:
        paper().print(f"前回の実行は、データベースにつながらないため表示できません（{problem}）。")


def _row(one: Overview) -> tuple[str, ...]:
    last = _last(one.last_run)
    if one.campaign is None:
        return one.name, "", "設定に誤りがあります（下記）", "", last
    following = "\n".join(map(day_in_words, one.next))
    return f"{one.name}\n{one.campaign.title}", one.section, one.timetable, following, last


def _last(run: LastRun | None) -> str:
    if run is None:
        return "―"
    state = CLOSED.get(run.closed_as or "", "") or ("" if run.composed_at else "準備中")
    return f"{run.occurrence_on}\n{run.messages:,}件" + (f"（{state}）" if state else "")
