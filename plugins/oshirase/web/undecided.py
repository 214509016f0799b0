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
from oshirase.web.language import N_
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

SEND_AGAIN = "send_again"
LEAVE = "leave"
# Another than a decision that the page may have to tell of.
NOTHING_CHOSEN = "nothing_chosen"
OLD_FORM = N_("画面を開き直してから、もう一度お試しください。")
MAY_NOT_DECIDE = N_("決める権限がありません。")


def undecided_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /undecided` shows the page, `POST /undecided` records a person's word on the notices chosen there."""
    routes = APIRouter()

    @routes.get("/undecided", response_class=HTMLResponse)
    def show(
        request: Request,
        who: Annotated[Visitor, Depends(visitor)],
        after: UUID = unknown.NO_ID,
        told: str = "",
        decided: int = 0,
        rest: int = 0,
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
                "decided": decided,
                "rest": rest,
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
            raise HTTPException(status.HTTP_403_FORBIDDEN, OLD_FORM)
        if not who.editable:
            raise HTTPException(status.HTTP_403_FORBIDDEN, MAY_NOT_DECIDE)
        return _back(_decide(who, decision, seen_at, notice_id))

    return routes


def _decide(who: Visitor, decision: str, seen_at: datetime, notice_ids: list[UUID] | None) -> dict[str, str | int]:
    """Record it, and say what was done: what the next page's address carries."""
    if not notice_ids:
        return {"told": NOTHING_CHOSEN}
    decided = unknown.decide_unknown(
        campaign_engine(),
        is_to_send=decision == SEND_AGAIN,
        seen_at=seen_at,
        by=who.user_id,
        now=clock.now(),
        notice_ids=notice_ids,
        campaigns=sorted(who.editable),
    )
    return {"told": decision, "decided": decided, "rest": len(notice_ids) - decided}


def _back(told: dict[str, str | int]) -> RedirectResponse:
    # Relative, so that it holds wherever the app is mounted.
    return RedirectResponse("undecided?" + urlencode(told), status.HTTP_303_SEE_OTHER)
