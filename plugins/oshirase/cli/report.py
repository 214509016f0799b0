"""`oshirase report`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.cli.output import AsJson, paper, print_json, table
from oshirase.domain.campaign import HELD_OUT, Campaign
from oshirase.domain.effect import Interval, Tally
from oshirase.domain.season import ArmCounts, Comparison, Outcome, SeasonReport, TakeUp, pool_seasons, report_season
from oshirase.services.measurement import list_seasons, measure_season
from oshirase.web.effect_words import Teller, amounts, interval, percent

Name = Annotated[str | None, typer.Argument(metavar="[CAMPAIGN]", help="Only this one; default: all.")]
Season = Annotated[int | None, typer.Option(metavar="YEAR", help="The season that begins in this year; default: all.")]
TELLER = Teller(str, lambda day: f"{day.year}年{day.month}月{day.day}日")


def report(name: Name = None, season: Season = None, as_json: AsJson = False) -> None:
    """What the messages changed, by season, run and variant, with 95 % confidence intervals; nothing is written."""
    found = [
        (campaign, _reports(campaign, season)) for campaign in map(load_campaign, [name] if name else campaign_names())
    ]
    if as_json:
        print_json({"campaigns": [_described(campaign, reports) for campaign, reports in found]})
        return
    for campaign, reports in found:
        for piece in _pieces(campaign, reports):
            paper().print(piece)


def _reports(campaign: Campaign, season: int | None) -> list[SeasonReport]:
    engine, city = campaign_engine(), load_city()
    years = [year for year, _ in list_seasons(engine, campaign) if season in {None, year}]
    return [report_season(measure_season(engine, campaign, city, year), city.office()) for year in years]


def _pieces(campaign: Campaign, reports: Sequence[SeasonReport]) -> Iterator[RenderableType]:
    yield f"{campaign.title}（{campaign.name}）"
    if not reports:
        yield "　引き渡したお知らせがまだないため、集計するものがありません。"
    for one in reports:
        yield from _season(campaign, one)
    if len(reports) > 1 and (pooled := pool_seasons(reports)):
        yield f"全期間を合わせた差（ポイント、95％信頼区間）: {interval(pooled)}"


def _season(campaign: Campaign, one: SeasonReport) -> Iterator[RenderableType]:
    known = f"記録は{one.counts.known_until}時点" if one.counts.known_until else "記録の時点は不明"
    yield f"{one.counts.season}年度の回（{known}）"
    yield from TELLER.sentences(one)
    yield _arms(one)
    if one.counts.outcome:
        yield _differences(one)
        yield _runs(one)
        yield from _money(one)
    yield f"担当への電話: {'記録なし' if one.counts.calls is None else f'{one.counts.calls:,}件'}"
    if one.counts.take_up:
        yield from _take_up(campaign, one.counts.take_up)


def _arms(one: SeasonReport) -> RenderableType:
    outcomes = one.rules.outcomes() if one.counts.outcome else []
    responses = {_short(outcome): "right" for outcome in outcomes}
    columns = {"群": "whole", "人数": "right", "引渡し": "right", "着信率": "right", "電話": "right", **responses}
    rows = [
        (
            TELLER.arm(arm),
            f"{counts.units:,}",
            f"{counts.handed_over:,}",
            percent(Tally(counts.handed_over, counts.delivered)),
            f"{counts.callers:,}" if one.counts.has_inquiries else "―",
            *(percent(one.tally(arm, outcome)) for outcome in outcomes),
        )
        for arm, counts in one.arms.items()
    ]
    return table(f"群ごとの結果（{_responders(one)}の割合）" if outcomes else "群ごとの結果", columns, rows)


def _responders(one: SeasonReport) -> str:
    return "受診された世帯" if one.counts.outcome == "check_up" else "納付された方"


def _short(outcome: Outcome) -> str:
    return f"{outcome.until.month}/{outcome.until.day}まで" if outcome.until else f"{outcome.days}日以内"


def _differences(one: SeasonReport) -> RenderableType:
    columns = {"比較": "whole", "結果": "whole", "差（ポイント）": "whole", "回": "right", "判定": "left"}
    rows = [
        (
            f"{TELLER.arm(c.arm)} − {TELLER.arm(c.against)}",
            _short(c.outcome),
            interval(c.difference),
            f"{c.known_runs}/{len(one.runs)}",
            TELLER.verdict(c, one.is_interim) if c.outcome == one.main.outcome else "参考",
        )
        for c in [*(one.comparisons if one.has_hold_out else ()), *one.variants]
    ]
    return table("差と95％信頼区間", columns, rows)


def _runs(one: SeasonReport) -> RenderableType:
    columns = {
        "予定日": "whole",
        "送った方": "right",
        "送らなかった方": "right",
        "差（ポイント）": "whole",
        "備考": "left",
    }
    rows = [
        (
            str(run.counts.occurrence_on),
            f"{run.counts.message().units:,}",
            f"{run.counts.arm(HELD_OUT).units:,}",
            interval(run.comparison.difference),
            "途中で停止" if run.counts.closed_as else "" if run.comparison.known_runs else f"{run.known_on}以降に判明",
        )
        for run in one.runs
    ]
    return table("回ごとの結果", columns, rows)


def _money(one: SeasonReport) -> Iterator[str]:
    money = one.money
    if one.counts.outcome == "payment":
        yield f"送った方からの納付（{one.counts.measurement.primary_days}日以内）: {money.yen:,}円"
        yield f"お知らせによる増収の推計: {amounts(money.more)}円"
    yield f"費用: {money.cost:,.0f}円、増えた1件あたり {amounts(money.for_one_more)}円"
    yield f"1件増やすのに必要な送信数: {amounts(one.needed, 1)}件"


def _take_up(campaign: Campaign, found: TakeUp) -> Iterator[str]:
    this, before = Tally(found.eligible, found.screened), Tally(found.eligible_before, found.screened_before_until)
    whole = Tally(found.eligible_before, found.screened_before)
    yield (
        f"受診率 {found.fiscal_year}年度: {percent(this)}（{found.until}まで）、"
        f"前年度: {percent(before)}（同じ日まで）・{percent(whole)}（年度末まで）"
    )
    if campaign.reference:
        listed = "、".join(f"{year}年度 {share:.1%}" for year, share in sorted(campaign.reference.take_up.items()))
        yield f"{campaign.reference.label}: {listed}"


def _described(campaign: Campaign, reports: Sequence[SeasonReport]) -> dict[str, Any]:
    pooled = pool_seasons(reports) if len(reports) > 1 else None
    return {
        "campaign": campaign.name,
        "seasons": [_season_described(one) for one in reports],
        "all_seasons": pooled and _difference(pooled),
        "reference": campaign.reference and campaign.reference.model_dump(),
    }


def _season_described(one: SeasonReport) -> dict[str, Any]:
    return {
        "season": one.counts.season,
        "outcome": one.counts.outcome,
        "known_until": one.counts.known_until,
        "is_interim": one.is_interim,
        "final_on": one.final_on,
        "sentences": list(TELLER.sentences(one)),
        "arms": {arm: _arm(one, arm, counts) for arm, counts in one.arms.items()},
        "comparisons": list(map(_comparison, one.comparisons)),
        "variants": list(map(_comparison, one.variants)),
        "runs": [
            {
                "occurrence_on": run.counts.occurrence_on,
                "closed_as": run.counts.closed_as,
                "known_on": run.known_on,
                "message": run.counts.message().units,
                "hold_out": run.counts.arm(HELD_OUT).units,
                **_comparison(run.comparison),
            }
            for run in one.runs
        ],
        "number_needed": one.needed and asdict(one.needed),
        "yen_received": one.money.yen,
        "more_yen": one.money.more and asdict(one.money.more),
        "cost_yen": one.money.cost,
        "yen_for_one_more": one.money.for_one_more and asdict(one.money.for_one_more),
        "calls": one.counts.calls,
        "take_up": one.counts.take_up and one.counts.take_up.model_dump(),
    }


def _arm(one: SeasonReport, arm: str, counts: ArmCounts) -> dict[str, Any]:
    return {
        **counts.model_dump(include={"units", "handed_over", "delivered", "parts", "crossed"}),
        "callers": counts.callers if one.counts.has_inquiries else None,
        "responses": {outcome.key: asdict(one.tally(arm, outcome)) for outcome in one.rules.outcomes()},
    }


def _comparison(c: Comparison) -> dict[str, Any]:
    return {
        "arm": c.arm,
        "against": c.against,
        "outcome": c.outcome.key,
        "difference": c.difference and _difference(c.difference),
        "level": c.level,
        "verdict": c.verdict,
        "known_runs": c.known_runs,
    }


def _difference(found: Interval) -> dict[str, Any]:
    return asdict(found)
