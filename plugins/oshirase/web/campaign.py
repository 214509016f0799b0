"""The page of one campaign: its occurrences as a calendar, its last runs side by side, its settings at a glance."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, status
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, City
from oshirase.domain.notice import reason_in_words
from oshirase.domain.text import split_parts, utf16_units
from oshirase.errors import BadSettings
from oshirase.services.campaign_calendar import MONTHS, Mark, add_months, load_calendar
from oshirase.services.planning import composer_of
from oshirase.services.trends import SETTLED_WITHIN_DAYS, TrendRun, load_trends, main_reasons
from oshirase.web.charts import Figure, bars, figure, line
from oshirase.web.language import N_, translations
from oshirase.web.rendering import language_of, render
from oshirase.web.visitor import Visitor, VisitorDependency

NO_CAMPAIGN = N_(
    "この DAG は、お知らせを送信するものではありません（取込みや照合などの DAG です）。"
    "お知らせの一覧は、ホームからご覧ください。"
)
NOT_YOURS = N_("このお知らせを見る権限がありません。")
# A symbol and a word each: the colour says nothing by itself.
MARKS = {
    Mark.DONE: ("✓", N_("実行済み")),
    Mark.COMING: ("○", N_("これから")),
    Mark.PREPARING: ("…", N_("準備中")),
    Mark.AWAITS_APPROVAL: ("？", N_("承認待ち")),
    Mark.BEING_SENT: ("▶", N_("送信中")),
    Mark.LEFT_BEHIND: ("！", N_("引渡しの残り")),
    Mark.MISSED: ("✕", N_("未実行")),
    Mark.STALE: ("⚠", N_("遅すぎる回")),
    Mark.EXPIRED: ("－", N_("送信せず終了")),
    Mark.REJECTED: ("↩", N_("差戻し")),
    Mark.STOPPED: ("■", N_("停止")),
}
MONTH_NAMES = [
    N_("1月"), N_("2月"), N_("3月"), N_("4月"), N_("5月"), N_("6月"), N_("7月"), N_("8月"), N_("9月"), N_("10月"),
    N_("11月"), N_("12月"),
]  # fmt: skip
WEEKDAYS = [N_("月曜日"), N_("火曜日"), N_("水曜日"), N_("木曜日"), N_("金曜日"), N_("土曜日"), N_("日曜日")]
WEEKDAY_OF = dict(zip(("mon", "tue", "wed", "thu", "fri"), WEEKDAYS, strict=False))

Translate = Callable[[str], str]


def campaign_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /campaigns/{name}` shows one, around the month that `?month=2026-10` names, else this one."""
    routes = APIRouter()

    @routes.get("/campaigns/{name}", response_class=HTMLResponse)
    def show(request: Request, who: Annotated[Visitor, Depends(visitor)], name: str, month: str = "") -> HTMLResponse:
        if name not in campaign_names():
            raise HTTPException(status.HTTP_404_NOT_FOUND, NO_CAMPAIGN)
        if name not in who.readable:
            raise HTTPException(status.HTTP_403_FORBIDDEN, NOT_YOURS)
        try:
            campaign, city = load_campaign(name), load_city()
        except BadSettings as error:
            return render(request, "campaign_broken.html", {"name": name, "problems": str(error).splitlines()})
        spoken = translations(language_of(request)).gettext
        chosen = _chosen_month(month, clock.now().astimezone(JST).date())
        content = {
            **_calendar(campaign_engine(), campaign, city, chosen),
            **_trends(load_trends(campaign_engine(), name), spoken),
            **_settings(campaign, city),
        }
        return render(request, "campaign.html", content)

    return routes


def _chosen_month(asked: str, today: date) -> date:
    """The first day of a month like 2026-10; this month's when it is none of this century."""
    found = re.fullmatch("20([0-9]{2})-(0[1-9]|1[0-2])", asked)
    return date(2000 + int(found[1]), int(found[2]), 1) if found else today.replace(day=1)


def _calendar(engine: Engine, campaign: Campaign, city: City, month: date) -> dict[str, Any]:
    now = clock.now()
    return {
        "calendar": load_calendar(engine, campaign, city, month, now),
        "today": now.astimezone(JST).date(),
        "before": add_months(month, -MONTHS),
        "after": add_months(month, MONTHS),
        "marks": MARKS,
        "need_a_person": {Mark.MISSED, Mark.STALE, Mark.LEFT_BEHIND},
        "month_names": MONTH_NAMES,
        "weekdays": WEEKDAYS,
    }


def _settings(campaign: Campaign, city: City) -> dict[str, Any]:
    composer = composer_of(campaign, city)
    texts = [composer.sample(variant) for variant in campaign.variants]
    return {
        "campaign": campaign,
        "city": city,
        "section": city.sections[campaign.section],
        "weekday_of": WEEKDAY_OF,
        "texts": [(text, [(part, utf16_units(part)) for part in split_parts(text.body)]) for text in texts],
    }


def _trends(runs: Sequence[TrendRun], spoken: Translate) -> dict[str, Any]:
    """The charts, each as a caption, a figure, and its table's headings and rows."""
    if not runs:
        return {"charts": [], "days": SETTLED_WITHIN_DAYS}
    charts = [_messages(runs, spoken), _shares(runs, spoken), _reasons(runs, spoken), _calls(runs, spoken)]
    return {"charts": charts, "days": SETTLED_WITHIN_DAYS}


Chart = tuple[str, Figure, list[str], list[list[str]]]


def _messages(runs: Sequence[TrendRun], spoken: Translate) -> Chart:
    caption = spoken(N_("送信したお知らせ"))
    points = [(str(run.occurrence_on), float(run.recipients)) for run in runs]
    rows = [[str(run.occurrence_on), f"{run.recipients:,}", f"{run.delivered:,}"] for run in runs]
    drawn = _figure([bars(points, caption)], spoken, spoken(N_("件数")))
    return caption, drawn, [spoken(N_("予定日")), caption, spoken(N_("着信"))], rows


def _shares(runs: Sequence[TrendRun], spoken: Translate) -> Chart:
    delivered = spoken(N_("着信した割合"))
    settled = spoken(N_("送信から14日以内に納付・受診が確認できた割合"))
    shares = [(str(run.occurrence_on), run.delivered_share, run.settled_share) for run in runs]
    drawn = _figure(
        [
            line([(day, round(share * 100, 1)) for day, share, _ in shares if share is not None], delivered),
            line([(day, round(share * 100, 1)) for day, _, share in shares if share is not None], settled),
        ],
        spoken,
        "%",
    )
    rows = [[day, _percent(share), _percent(other)] for day, share, other in shares]
    return spoken(N_("着信と、その後の納付・受診")), drawn, [spoken(N_("予定日")), delivered, settled], rows


def _reasons(runs: Sequence[TrendRun], spoken: Translate) -> Chart:
    reasons = main_reasons(runs)
    counts = {reason: [run.suppressed[reason] for run in runs] for reason in reasons}
    others = [run.suppressed.total() - sum(run.suppressed[reason] for reason in reasons) for run in runs]
    named = {spoken(reason_in_words(reason)): counted for reason, counted in counts.items()}
    named |= {spoken(N_("そのほかの理由")): others}
    days = [str(run.occurrence_on) for run in runs]
    traces = [
        bars([(day, float(n)) for day, n in zip(days, counted, strict=True)], name) for name, counted in named.items()
    ]
    drawn = _figure(traces, spoken, spoken(N_("人数")), barmode="stack")
    rows = [[day, *(f"{n:,}" for n in column)] for day, *column in zip(days, *named.values(), strict=True)]
    return spoken(N_("送信しなかった方（主な理由）")), drawn, [spoken(N_("予定日")), *named], rows


def _calls(runs: Sequence[TrendRun], spoken: Translate) -> Chart:
    caption = spoken(N_("お問合せの見込み"))
    points = [(str(run.occurrence_on), round(run.expected_calls)) for run in runs]
    drawn = _figure([bars([(day, float(n)) for day, n in points], caption)], spoken, spoken(N_("件数")))
    return caption, drawn, [spoken(N_("予定日")), caption], [[day, f"{n:,}"] for day, n in points]


def _figure(traces: list[dict[str, Any]], spoken: Translate, y_title: str, **layout: Any) -> Figure:
    # Each run is a place of its own: as dates, bars of a season would stand thin and far apart.
    x_title = spoken(N_("予定日"))
    axis = {"title": {"text": x_title}, "type": "category"}
    legend = {"orientation": "h", "y": -0.4}
    return figure(*traces, x_title=x_title, y_title=y_title, xaxis=axis, legend=legend, **layout)


def _percent(share: float | None) -> str:
    return "―" if share is None else f"{share:.1%}"
