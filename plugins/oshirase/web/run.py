"""The page of one run: what it is and where its notices are; the one action on it is to stop it."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import campaign_titles, load_campaign, load_city
from oshirase.errors import BadSettings, OshiraseError
from oshirase.services import stop
from oshirase.services.approval import Review, confirmation_code, review_campaign_run
from oshirase.services.run_review import STAGE_LABELS, RunReview, Stage, load_run_review
from oshirase.services.stop import CancelRule, CannotStop, Whereabouts
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

LONGEST_REASON = 500
DECISIONS = {"approved": "承認", "rejected": "差戻し"}
CANCEL_OUTCOMES = {
    "too_late": "間に合いませんでした",
    "refused": "事業者が応じませんでした",
    "unanswered": "事業者から返答がありません",
}
WHEREABOUTS = {
    Whereabouts.GONE: "引き渡し、取り消せなくなったもの",
    Whereabouts.UNKNOWN: "結果不明（届いている可能性があります）",
    Whereabouts.UNDER_WAY: "引渡しの途中のもの",
    Whereabouts.TO_CANCEL: "これから予約を取り消すもの",
    Whereabouts.CANCELLED: "予約を取り消したもの",
    Whereabouts.NEVER_HANDED_OVER: "引き渡さずに終えたもの",
}


class FollowUp(StrEnum):
    """What became of the bookings' cancellation after a stop: begun at once, left to the next round, or hindered."""

    STARTED = "started"
    LATER = "later"
    PAUSED = "paused"


# Given the campaign and who stopped its run.
AfterStop = Callable[[str, str], FollowUp]
# Given a DAG and one of its runs: the run in the ledger, None when there is none (yet).
FindRun = Callable[[str, str], UUID | None]

NO_REASON = "no_reason"
ENDED_BEFORE = "ended_before"
NOT_PLANNED = "not_planned"
# The address carries the key only: what a page says is never in it.
TOLD: dict[str, str] = {
    FollowUp.STARTED: "送信を停止しました。送信予約の取消しを始めています。",
    FollowUp.LATER: "送信を停止しました。送信予約は、次の「納付状況との照合」（5分ごと）で取り消します。",
    FollowUp.PAUSED: (
        "送信を停止しました。ただし、「納付状況との照合」が一時停止中のため、送信予約はまだ取り消されません。"
        "Airflow で「納付状況との照合」を再開してください。"
    ),
    NO_REASON: "停止する理由が入力されていないため、停止していません。理由を入力してください。",
    ENDED_BEFORE: "この実行回はすでに終了しているため、変更していません。",
    NOT_PLANNED: "この実行回はまだ準備中のため、停止していません。準備が終わってから、もう一度お試しください。",
}
TOLD_BY_HAND: dict[str, str] = {
    FollowUp.STARTED: "送信を停止しました。コンソールで取り消していただく予約の一覧を作成しています。",
    FollowUp.LATER: "送信を停止しました。取り消していただく予約の一覧は、15分以内に作成します。",
    FollowUp.PAUSED: (
        "送信を停止しました。ただし、「コンソールの送信結果の取込み」が一時停止中のため、取り消していただく予約の"
        "一覧が作成されません。Airflow で「コンソールの送信結果の取込み」を再開してください。"
    ),
}
NO_RUN_YET = (
    "この DAG 実行には、お知らせの実行回がまだありません。"
    "お知らせの DAG では、「① 実行回を開く」が終わると表示されます。"
)


def run_routes(visitor: VisitorDependency, after_stop: AfterStop, find_run: FindRun) -> APIRouter:
    """`GET /runs/{id}` shows a run, `POST /runs/{id}/stop` stops it, `GET /dag-run` finds it from Airflow's run."""
    routes = APIRouter()

    @routes.get("/dag-run")
    def find(who: Annotated[Visitor, Depends(visitor)], dag_id: str, dag_run_id: str) -> RedirectResponse:
        _require(dag_id in who.readable, "このお知らせを見る権限がありません。")
        found = find_run(dag_id, dag_run_id)
        if found is None:
            raise HTTPException(status.HTTP_404_NOT_FOUND, NO_RUN_YET)
        return RedirectResponse(f"runs/{found}", status.HTTP_303_SEE_OTHER)

    @routes.get("/runs/{campaign_run_id}", response_class=HTMLResponse)
    def show(
        request: Request,
        who: Annotated[Visitor, Depends(visitor)],
        campaign_run_id: UUID,
        after: UUID | None = None,
        told: str = "",
    ) -> HTMLResponse:
        review = _load(who, campaign_run_id)
        return render(request, "run.html", _content(who, review, after, told))

    @routes.post("/runs/{campaign_run_id}/stop")
    def stop_run(
        who: Annotated[Visitor, Depends(visitor)],
        campaign_run_id: UUID,
        form_token: Annotated[str, Form()],
        reason: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
    ) -> RedirectResponse:
        _require(who.is_own_form(form_token, secret_key()), "画面を開き直してから、もう一度お試しください。")
        campaign = _load(who, campaign_run_id).run.campaign
        _require(campaign in who.editable, "送信を停止する権限がありません。")
        told = _stop(who, campaign, campaign_run_id, reason, after_stop)
        return RedirectResponse(
            f"../{quote(str(campaign_run_id))}?{urlencode({'told': told})}", status.HTTP_303_SEE_OTHER
        )

    return routes


def _require(is_so: bool, sentence: str) -> None:
    if not is_so:
        raise HTTPException(status.HTTP_403_FORBIDDEN, sentence)


def _load(who: Visitor, campaign_run_id: UUID) -> RunReview:
    """A run that the visitor may see."""
    try:
        review = load_run_review(campaign_engine(), campaign_run_id)
    except OshiraseError:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "この実行回は見つかりません。") from None
    _require(review.run.campaign in who.readable, "このお知らせを見る権限がありません。")
    return review


def _stop(who: Visitor, campaign: str, campaign_run_id: UUID, reason: str, after_stop: AfterStop) -> str:
    """Stop it, see to its bookings, and say what was done."""
    if not reason.strip():
        return NO_REASON
    try:
        is_stopped = stop.stop_campaign_run(campaign_engine(), campaign_run_id, who.user_id, reason, clock.now())
    except CannotStop:
        return NOT_PLANNED
    return _follow_up(campaign, who.user_id, after_stop) if is_stopped else ENDED_BEFORE


def _follow_up(campaign: str, user_id: str, after_stop: AfterStop) -> FollowUp:
    """The run is stopped already: whatever fails here is made up for by the next round."""
    try:
        return after_stop(campaign, user_id)
    except Exception:
        logging.getLogger(__name__).exception("the cancellation of bookings could not be begun at once")
        return FollowUp.LATER


def _content(who: Visitor, review: RunReview, after: UUID | None, told: str) -> dict[str, Any]:
    rule = stop.cancel_rule(review.run.campaign)
    return {
        "review": review,
        "run": review.run,
        "title": campaign_titles().get(review.run.campaign, review.run.campaign),
        "stage": STAGE_LABELS[review.stage],
        "decisions": DECISIONS,
        "cancel_outcomes": CANCEL_OUTCOMES,
        "told": (TOLD_BY_HAND.get(told) if rule.is_by_hand else None) or TOLD.get(told, ""),
        "may_stop": review.is_stoppable and review.run.campaign in who.editable,
        "longest_reason": LONGEST_REASON,
        "form_token": who.form_token(secret_key()),
        "question": _question(who, review),
        "is_by_hand": rule.is_by_hand,
        "margin_minutes": int(rule.margin.total_seconds() // 60),
        "stopped": _stopped(review, rule, after) if review.stage == Stage.STOPPED else None,
    }


def _question(who: Visitor, review: RunReview) -> dict[str, Any] | None:
    """What somebody who may decide on the run signs now; Airflow's own page may be that of an earlier content."""
    if review.stage != Stage.AWAITING_APPROVAL or review.run.campaign not in who.editable:
        return None
    try:
        campaign, city = load_campaign(review.run.campaign), load_city()
    except BadSettings:
        return None
    present: Review = review_campaign_run(campaign_engine(), campaign, city, review.run.campaign_run_id, clock.now())
    return {"present": present, "code": confirmation_code([present])}


def _stopped(review: RunReview, rule: CancelRule, after: UUID | None) -> dict[str, Any]:
    """Where the notices of a stopped run are, and a page of what went out."""
    run_id, now = review.run.campaign_run_id, clock.now()
    places = stop.count_whereabouts(campaign_engine(), run_id, rule, now)
    gone = stop.list_gone(campaign_engine(), run_id, rule, now, after)
    return {
        "places": [(label, places[place]) for place, label in WHEREABOUTS.items()],
        "is_under_way": bool(places[Whereabouts.TO_CANCEL] or places[Whereabouts.UNDER_WAY]),
        "gone": gone,
        "next_after": gone[-1].notice_id if len(gone) == stop.PAGE_SIZE else None,
    }
