"""The page of notices with an unknown outcome, for deciding them one by one: send again, or leave."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import campaign_titles
from oshirase.services import unknown
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

SEND_AGAIN = "send_again"
LEAVE = "leave"
DECIDED = {
    SEND_AGAIN: "再送することに決めました。次の照会の後に引き渡します。",
    LEAVE: "送らないことに決めました。",
}
NOT_DECIDED = "、ほかの方が先に決めたか、権限がないため変更していません。"
NOTHING_CHOSEN = "お知らせが選ばれていません。決めるものにチェックを入れてください。"


def undecided_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /undecided` shows the page, `POST /undecided` records a person's word on the notices chosen there."""
    routes = APIRouter()

    @routes.get("/undecided", response_class=HTMLResponse)
    def show(
        request: Request, who: Annotated[Visitor, Depends(visitor)], after: UUID = unknown.NO_ID, told: str = ""
    ) -> HTMLResponse:
        notices = unknown.list_undecided(campaign_engine(), sorted(who.readable), after=after)
        return render(
            request,
            "undecided.html",
            {
                "notices": notices,
                "titles": campaign_titles(),
                "editable": who.editable,
                "seen_at": clock.now().isoformat(),
                "form_token": who.form_token(secret_key()),
                "next_after": notices[-1].notice_id if len(notices) == unknown.GROUP_SIZE else None,
                "told": told,
            },
        )

    @routes.post("/undecided")
    def decide(
        who: Annotated[Visitor, Depends(visitor)],
        decision: Annotated[str, Form(pattern=f"^({SEND_AGAIN}|{LEAVE})$")],
        seen_at: Annotated[datetime, Form()],
        form_token: Annotated[str, Form()],
        notice_id: Annotated[list[UUID] | None, Form()] = None,
    ) -> RedirectResponse:
        if not who.is_own_form(form_token, secret_key()):
            raise HTTPException(status.HTTP_403_FORBIDDEN, "画面を開き直してから、もう一度お試しください。")
        if not who.editable:
            raise HTTPException(status.HTTP_403_FORBIDDEN, "決める権限がありません。")
        return _back(_decide(who, decision, seen_at, notice_id))

    return routes


def _decide(who: Visitor, decision: str, seen_at: datetime, notice_ids: list[UUID] | None) -> str:
    """Record it, and say what was done."""
    if not notice_ids:
        return NOTHING_CHOSEN
    decided = unknown.decide_unknown(
        campaign_engine(),
        is_to_send=decision == SEND_AGAIN,
        seen_at=seen_at,
        by=who.user_id,
        now=clock.now(),
        notice_ids=notice_ids,
        campaigns=sorted(who.editable),
    )
    rest = len(notice_ids) - decided
    return f"{decided}件を{DECIDED[decision]}" + (f"{rest}件は{NOT_DECIDED}" if rest else "")


def _back(told: str) -> RedirectResponse:
    # Relative, so that it holds wherever the app is mounted.
    return RedirectResponse("undecided?" + urlencode({"told": told}), status.HTTP_303_SEE_OTHER)
