"""`oshirase backfill`."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from oshirase.adapters import clock
from oshirase.adapters.airflow_api import URL, AirflowApi, AirflowError, airflow_in_environment
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.cli.output import AsJson, day_in_words, paper, print_json, table
from oshirase.domain.campaign import Campaign
from oshirase.errors import MissingSetting
from oshirase.services.backfill import (
    AirflowView,
    BackfillPlan,
    BackfillRefused,
    Outcome,
    Prospect,
    ask_airflow,
    create_backfill,
    plan_backfill,
)
from oshirase.services.missed import backfill_command

WORDS = {
    Outcome.FUTURE: "予定日前",
    Outcome.DONE: "実行済み",
    Outcome.NOBODY: "対象者なし",
    Outcome.RECIPIENTS: "送信対象あり",
    Outcome.STALE: "遅すぎる回",
    Outcome.FAULTY: "文面の誤り",
}
NOBODY_ASKED = AirflowView((), ())

Name = Annotated[str, typer.Argument(metavar="CAMPAIGN")]
From = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day (JST), included.")
]
To = Annotated[
    datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="The last day (JST), included.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Have Airflow run it; without it, only what it would do is shown.")]


def backfill(name: Name, first: From, last: To, yes: Yes = False, as_json: AsJson = False) -> None:
    """What running missed occurrences now would do, one by one; with --yes Airflow runs them, up to the approval."""
    campaign = load_campaign(name)
    if first > last:
        raise BackfillRefused("--from の日付が --to より後です。--from と --to を確かめてください")
    plan = plan_backfill(campaign_engine(), campaign, load_city(), first.date(), last.date(), clock.now(), secret_key())
    if not as_json:
        _print(campaign, plan)
    if yes and plan.to_run:
        view, created = _create(plan)
    else:
        view, created = _look(plan), None
    if as_json:
        print_json(_described(plan, view, created))
    else:
        for line in _afterwards(plan, view, created):
            paper().print(line)


def _create(plan: BackfillPlan) -> tuple[AirflowView, int]:
    with closing(AirflowApi(airflow_in_environment())) as airflow:
        view = ask_airflow(airflow, plan)
        return view, create_backfill(airflow, plan, view)


def _look(plan: BackfillPlan) -> AirflowView:
    """What Airflow says about it, when it can be asked: that it cannot is no error while nothing is wanted of it."""
    if not plan.to_run or not os.environ.get(URL):
        return NOBODY_ASKED
    try:
        with closing(AirflowApi(airflow_in_environment())) as airflow:
            return ask_airflow(airflow, plan)
    except (AirflowError, BackfillRefused, MissingSetting) as error:
        return AirflowView((), str(error).splitlines())


def _described(plan: BackfillPlan, view: AirflowView, created: int | None) -> dict[str, Any]:
    return {
        "campaign": plan.campaign,
        "occurrences": [asdict(one) for one in plan.prospects],
        "warnings": [*plan.warnings, *view.warnings],
        "backfill": None if created is None else {"id": created, "occurrences": view.to_create},
    }


def _print(campaign: Campaign, plan: BackfillPlan) -> None:
    columns = {"予定日": "whole", "区分": "whole", "件数": "right", "通分": "right", "円": "right", "説明": "left"}
    paper().print(table(f"{campaign.title}（{campaign.name}）", columns, map(_row, plan.prospects)))
    for warning in plan.warnings:
        paper().print(f"・{warning}")


def _row(one: Prospect) -> tuple[str, ...]:
    numbers = (one.messages, one.parts, one.yen) if one.is_to_run else ()
    shown = tuple(f"{number:,}" for number in numbers) or ("―",) * 3
    return day_in_words(one.occurrence_at), WORDS[one.outcome], *shown, one.sentence


def _afterwards(plan: BackfillPlan, view: AirflowView, created: int | None) -> Iterator[RenderableType]:
    for warning in view.warnings:
        yield f"・{warning}"
    if not (to_run := plan.to_run):
        yield "実行する回はありません。"
    elif created is None:
        command = backfill_command(plan.campaign, to_run[0], to_run[-1])
        yield "まだ何も実行していません。この内容でよければ、次のとおり入力してください。"
        yield f"  {command} --yes"
    else:
        days = "、".join(day_in_words(moment) for moment in view.to_create)
        yield f"バックフィル（番号 {created}）を作成しました: {days}。"
        yield "新しい回から実行し、最初の回の Airflow の「④ 承認」で、すべての回をまとめて承認できます。"
        yield "承認されるまで、何も送信されません。"
