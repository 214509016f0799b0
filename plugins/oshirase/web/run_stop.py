"""Stopping a run from its page: the action, what is told of it, and where its notices are afterwards."""

import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, status
from fastapi.responses import RedirectResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.services import stop
from oshirase.services.run_review import RunReview, Stage
from oshirase.services.stop import CancelRule, CannotStop, Whereabouts
from oshirase.web.language import N_
from oshirase.web.run_access import campaign_of_run, require
from oshirase.web.visitor import Visitor, VisitorDependency

LONGEST_REASON = 500
CANCEL_OUTCOMES = {
    "too_late": N_("間に合いませんでした"),
    "refused": N_("事業者が応じませんでした"),
    "unanswered": N_("事業者から返答がありません"),
}
WHEREABOUTS = {
    Whereabouts.GONE: N_("引き渡し、取り消せなくなったもの"),
    Whereabouts.UNKNOWN: N_("結果不明（届いている可能性があります）"),
    Whereabouts.UNDER_WAY: N_("引渡しの途中のもの"),
    Whereabouts.TO_CANCEL: N_("これから予約を取り消すもの"),
    Whereabouts.CANCELLED: N_("予約を取り消したもの"),
    Whereabouts.NEVER_HANDED_OVER: N_("引き渡さずに終えたもの"),
}


class FollowUp(StrEnum):
    """What became of the bookings' cancellation after a stop: begun at once, left to the next round, or hindered."""

    STARTED = "started"
    LATER = "later"
    PAUSED = "paused"


# Given the campaign and who stopped its run.
AfterStop = Callable[[str, str], FollowUp]

NO_REASON = "no_reason"
ENDED_BEFORE = "ended_before"
NOT_PLANNED = "not_planned"
# The address carries the key only: what a page says is never in it.
TOLD: dict[str, str] = {
    FollowUp.STARTED: N_("送信を停止しました。送信予約の取消しを始めています。"),
    FollowUp.LATER: N_("送信を停止しました。送信予約は、次の「納付状況との照合」（5分ごと）で取り消します。"),
    FollowUp.PAUSED: N_(
        "送信を停止しました。ただし、「納付状況との照合」が一時停止中のため、送信予約はまだ取り消されません。"
        "Airflow で「納付状況との照合」を再開してください。"
    ),
    NO_REASON: N_("停止する理由が入力されていないため、停止していません。理由を入力してください。"),
    ENDED_BEFORE: N_("この実行回はすでに終了しているため、変更していません。"),
    NOT_PLANNED: N_("この実行回はまだ準備中のため、停止していません。準備が終わってから、もう一度お試しください。"),
}
TOLD_BY_HAND: dict[str, str] = {
    FollowUp.STARTED: N_("送信を停止しました。コンソールで取り消していただく予約の一覧を作成しています。"),
    FollowUp.LATER: N_("送信を停止しました。取り消していただく予約の一覧は、15分以内に作成します。"),
    FollowUp.PAUSED: N_(
        "送信を停止しました。ただし、「コンソールの送信結果の取込み」が一時停止中のため、取り消していただく予約の"
        "一覧が作成されません。Airflow で「コンソールの送信結果の取込み」を再開してください。"
    ),
}


def stop_routes(visitor: VisitorDependency, after_stop: AfterStop) -> APIRouter:
    """`POST /runs/{id}/stop` stops a run, and leads back to its page."""
    routes = APIRouter()

    @routes.post("/runs/{campaign_run_id}/stop")
    def stop_run(
        who: Annotated[Visitor, Depends(visitor)],
        campaign_run_id: UUID,
        form_token: Annotated[str, Form()],
        reason: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
    ) -> RedirectResponse:
        require(who.is_own_form(form_token, secret_key()), N_("画面を開き直してから、もう一度お試しください。"))
        campaign = campaign_of_run(who, campaign_run_id)
        require(campaign in who.editable, N_("送信を停止する権限がありません。"))
        told = _stop(who, campaign, campaign_run_id, reason, after_stop)
        return RedirectResponse(
            f"../{quote(str(campaign_run_id))}?{urlencode({'told': told})}", status.HTTP_303_SEE_OTHER
        )

    return routes


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


def stop_content(who: Visitor, review: RunReview, after: UUID | None, told: str) -> dict[str, Any]:
    """What a run's page says about stopping it, and after that about its notices."""
    rule = stop.cancel_rule(review.run.campaign)
    return {
        "told": (TOLD_BY_HAND.get(told) if rule.is_by_hand else None) or TOLD.get(told, ""),
        "may_stop": review.is_stoppable and review.run.campaign in who.editable,
        "longest_reason": LONGEST_REASON,
        "form_token": who.form_token(secret_key()),
        "is_by_hand": rule.is_by_hand,
        "margin_minutes": int(rule.margin.total_seconds() // 60),
        "cancel_outcomes": CANCEL_OUTCOMES,
        "stopped": _stopped(review, rule, after) if review.stage == Stage.STOPPED else None,
    }


def _stopped(review: RunReview, rule: CancelRule, after: UUID | None) -> dict[str, Any]:
    """Where the notices of a stopped run are, and a page of what went out."""
    run_id, now = review.run.campaign_run_id, clock.now()
    places = stop.count_whereabouts(campaign_engine(), run_id, rule, now, review.tally.state_counts())
    gone = stop.list_gone(campaign_engine(), run_id, rule, now, after)
    return {
        "places": [(label, places[place]) for place, label in WHEREABOUTS.items()],
        "is_under_way": bool(places[Whereabouts.TO_CANCEL] or places[Whereabouts.UNDER_WAY]),
        "gone": gone,
        "next_after": gone[-1].notice_id if len(gone) == stop.PAGE_SIZE else None,
    }
