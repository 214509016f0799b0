"""The first page: what needs a person today, and all campaigns at a glance."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.domain.alert import ALERT_LABELS
from oshirase.services.home import Need, Task, load_home
from oshirase.services.run_review import STAGE_LABELS
from oshirase.web.language import N_
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

NEEDS = {
    Need.LOCKED: N_("送信の一時停止"),
    Need.STOPPED_BOOKINGS: N_("停止した予約の取消し"),
    Need.SETTINGS: N_("設定の誤り"),
    Need.NOT_HANDED_OVER: N_("引渡しの残り"),
    Need.APPROVAL: N_("承認待ち"),
    Need.MISSED: N_("実行されていない予定日"),
    Need.UNDECIDED: N_("結果不明のお知らせ"),
    Need.REFUSED_FILE: N_("取り込めないファイル"),
    Need.OLD_RECORDS: N_("記録の更新待ち"),
}


def home_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /` shows it, of the campaigns that one may see."""
    routes = APIRouter()

    @routes.get("/", response_class=HTMLResponse)
    def show(request: Request, who: Annotated[Visitor, Depends(visitor)]) -> HTMLResponse:
        home = load_home(campaign_engine(), who.readable, clock.now())
        content = {
            "tasks": [(task, NEEDS[task.need], _place(task)) for task in home.tasks],
            "alerts": [(kept, ALERT_LABELS[kept.kind]) for kept in home.alerts],
            "campaigns": home.campaigns,
            "stages": STAGE_LABELS,
        }
        return render(request, "home.html", content)

    return routes


def _place(task: Task) -> str | None:
    """Where one sees to it, from the app's root; None: not on a page."""
    if task.need is Need.UNDECIDED:
        return "undecided"
    if task.campaign is None:
        return None
    page = f"campaigns/{quote(task.campaign)}"
    if task.need is Need.MISSED and task.occurrence_on:
        return f"{page}?month={task.occurrence_on:%Y-%m}#todo-{task.occurrence_on}"
    return f"runs/{task.campaign_run_id}" if task.campaign_run_id else page
