"""The page of a campaign's effect: the answer first, then what it rests on, as it was measured last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, status
from fastapi.responses import HTMLResponse

from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_campaign, load_city
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HELD_OUT, Campaign
from oshirase.domain.effect import Tally
from oshirase.domain.season import (
    MESSAGE,
    Comparison,
    SeasonReport,
    TakeUp,
    pool_seasons,
    report_season,
    response_curve,
)
from oshirase.errors import BadSettings, UnknownCampaign
from oshirase.services import measurement
from oshirase.services.measurement import a_year_before
from oshirase.web import charts
from oshirase.web.effect_words import Teller, amounts, interval, percent
from oshirase.web.language import N_, Language, translations
from oshirase.web.rendering import language_of, page_templates, render
from oshirase.web.visitor import Visitor, VisitorDependency

NO_RIGHT = N_("このお知らせを見る権限がありません。")
NOT_FOUND = N_("このお知らせは見つかりません。")


def effect_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /campaigns/{name}/effect` shows what was measured of a season, the latest one without `?season=`."""
    routes = APIRouter()

    @routes.get("/campaigns/{name}/effect", response_class=HTMLResponse)
    def show(
        request: Request, who: Annotated[Visitor, Depends(visitor)], name: str, season: int | None = None
    ) -> HTMLResponse:
        if name not in who.readable:
            raise HTTPException(status.HTTP_403_FORBIDDEN, NO_RIGHT)
        try:
            campaign = load_campaign(name)
        except UnknownCampaign:
            raise HTTPException(status.HTTP_404_NOT_FOUND, NOT_FOUND) from None
        except BadSettings as error:
            raise HTTPException(status.HTTP_500_INTERNAL_SERVER_ERROR, str(error)) from None
        return render(request, "effect.html", _content(campaign, season, language_of(request)))

    return routes


@dataclass(frozen=True)
class _Told:
    """A report with when it was measured."""

    measured_at: datetime
    report: SeasonReport

    @property
    def measured_on(self) -> date:
        """The day in Japan."""
        return self.measured_at.astimezone(JST).date()


def _content(campaign: Campaign, season: int | None, language: Language) -> dict[str, Any]:
    seasons = measurement.list_measured_seasons(campaign_engine(), campaign.name)
    if not seasons:
        return {"campaign": campaign, "told": None}
    chosen = season if season in seasons else seasons[0]
    teller = Teller(translations(language).gettext, page_templates(language).env.filters["day"])
    history = _measured(campaign, chosen)
    latest = [_Told(*_measured(campaign, year, 1)[0]) for year in seasons]
    return _told(campaign, history[0][1], teller) | {
        "campaign": campaign,
        "seasons": seasons,
        "season": chosen,
        "told": _Told(*history[0]),
        "teller": teller,
        "others": latest if len(latest) > 1 else [],
        "pooled": interval(pool_seasons([one.report for one in latest])),
        "earlier": [_Told(*one) for one in measurement.restatements(history)],
        "interval": interval,
        "percent": percent,
        "amounts": amounts,
    }


def _measured(campaign: Campaign, season: int, most: int = measurement.SHOWN) -> list[tuple[datetime, SeasonReport]]:
    office = load_city().office()
    kept = measurement.list_measurements(campaign_engine(), campaign.name, season, most)
    return [(one.measured_at, report_season(one.counts, office)) for one in kept]


def _told(campaign: Campaign, report: SeasonReport, teller: Teller) -> dict[str, Any]:
    comparisons = [*(report.comparisons if report.has_hold_out else ()), *report.variants]
    shown = comparisons if report.counts.outcome else []
    return {
        "report": report,
        "sentences": list(teller.sentences(report)),
        "outcomes": report.rules.outcomes() if report.counts.outcome else [],
        "comparisons": shown,
        "differences": _differences(teller, report, shown),
        "difference_rows": [(_label(teller, report, one), interval(one.difference)) for one in shown],
        "curve": _curve(teller, report),
        "arms": [(arm, counts, Tally(counts.handed_over, counts.delivered)) for arm, counts in report.arms.items()],
        "held_out": HELD_OUT,
        "take_up": _take_up(campaign, report.counts.take_up),
    }


def _differences(teller: Teller, report: SeasonReport, shown: Sequence[Comparison]) -> dict[str, Any] | None:
    """The intervals as a picture: dots with their reach, nothing at the line in the middle."""
    points = [
        (_label(teller, report, c), 100 * c.difference.estimate, 100 * c.difference.low, 100 * c.difference.high)
        for c in reversed(shown)
        if c.difference
    ]
    if not points:
        return None
    title = teller.say(N_("差（ポイント、95％信頼区間）"))
    return charts.figure(
        charts.dots(points, teller.say(N_("差"))),
        x_title=title,
        y_title="",
        xaxis={"title": {"text": title}, "rangemode": "tozero", "zerolinewidth": 2},
        yaxis={"automargin": True, "type": "category"},
    )


def _label(teller: Teller, report: SeasonReport, comparison: Comparison) -> str:
    response = teller.response(report, comparison.outcome)
    if comparison.arm == MESSAGE:
        return response
    return f"{teller.arm(comparison.arm)} − {teller.arm(comparison.against)}"


def _curve(teller: Teller, report: SeasonReport) -> dict[str, Any] | None:
    """How many had responded by each day, in per cent; the rows are those of its table."""
    curve = response_curve(report) if report.counts.outcome else None
    if curve is None or not curve.message:
        return None
    say = teller.say
    arms = [(teller.arm(MESSAGE), curve.message), (teller.arm(HELD_OUT), curve.hold_out)]
    arms = [(name, shares) for name, shares in arms if shares]
    lines = [charts.line([(str(day), 100 * shares[day]) for day in curve.days], name) for name, shares in arms]
    return {
        "figure": charts.figure(*lines, x_title=say(N_("基準日からの日数")), y_title=say(N_("累計の割合（％）"))),
        "headings": [say(N_("日数")), *(name for name, _ in arms)],
        "rows": [[day, *(f"{shares[day]:.1%}" for _, shares in arms)] for day in curve.days],
    }


@dataclass(frozen=True)
class _Share:
    """A line of the table of take-up."""

    label: str
    year: int
    until: date | None
    share: str


def _take_up(campaign: Campaign, found: TakeUp | None) -> list[_Share]:
    """This year beside the year before, and beside what was typed in of others."""
    reference = campaign.reference
    typed = sorted(reference.take_up.items()) if reference else []
    listed = [_Share(reference.label, year, None, f"{share:.1%}") for year, share in typed] if reference else []
    if found is None:
        return []
    before, until_before = found.fiscal_year - 1, percent(Tally(found.eligible_before, found.screened_before_until))
    return [
        _Share("", found.fiscal_year, found.until, percent(Tally(found.eligible, found.screened))),
        _Share("", before, a_year_before(found.until), until_before),
        _Share("", before, None, percent(Tally(found.eligible_before, found.screened_before))),
        *listed,
    ]
