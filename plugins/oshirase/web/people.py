"""The page on which staff look up one person: what was ever decided, why, and what the records say now."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, status
from fastapi.responses import HTMLResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import campaign_names, load_city
from oshirase.domain.explanation import CONFIDENTIAL_REASONS
from oshirase.domain.values import BadValue
from oshirase.services.person import IN_GENERAL, look_up, normalise_id
from oshirase.web.language import N_
from oshirase.web.notices import OLD_FORM, life_words, one_line
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

LONGEST_NOTE = 200
OCCASIONS = {
    "telephone": N_("電話でのお問合せ"),
    "counter": N_("窓口でのお問合せ"),
    "other": N_("その他（内容を記入してください）"),
}
# What the record keeps, whatever the language of the page.
OCCASIONS_ON_RECORD = {"telephone": "電話でのお問合せ", "counter": "窓口でのお問合せ", "other": "その他"}
NO_RIGHT = N_("お知らせを見る権限がないため、照会できません。")
NO_ID = N_("宛名番号として読み取れません。数字をご確認のうえ、入力し直してください。")
NO_OCCASION = N_("照会のきっかけを選んでください。「その他」のときは内容も記入してください。")
NO_ANSWER: dict[str, Any] = {"person": None, "told": "", "occasion": "", "note": ""}


def people_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /people` asks for an id, `POST /people` shows whom it means: the id is in no address."""
    routes = APIRouter()

    @routes.get("/people", response_class=HTMLResponse)
    def ask(request: Request, who: Annotated[Visitor, Depends(visitor)]) -> HTMLResponse:
        _require_right(who)
        return render(request, "people.html", {**_frame(who), **NO_ANSWER})

    @routes.post("/people", response_class=HTMLResponse)
    def answer(
        request: Request,
        who: Annotated[Visitor, Depends(visitor)],
        form_token: Annotated[str, Form()],
        resident_id: Annotated[str, Form()] = "",
        occasion: Annotated[str, Form()] = "",
        note: Annotated[str, Form()] = "",
    ) -> HTMLResponse:
        _require_right(who)
        if not who.is_own_form(form_token, secret_key()):
            raise HTTPException(status.HTTP_403_FORBIDDEN, OLD_FORM)
        found = _answer(who, resident_id, occasion, one_line(note)[:LONGEST_NOTE])
        return render(request, "people.html", {**_frame(who), **NO_ANSWER, **found})

    return routes


def _require_right(who: Visitor) -> None:
    if not who.readable & set(campaign_names()):
        raise HTTPException(status.HTTP_403_FORBIDDEN, NO_RIGHT)


def _frame(who: Visitor) -> dict[str, Any]:
    return {
        **life_words(),
        "occasions": OCCASIONS,
        "longest_note": LONGEST_NOTE,
        "form_token": who.form_token(secret_key()),
        "confidential": CONFIDENTIAL_REASONS,
        "in_general": IN_GENERAL,
    }


def _answer(who: Visitor, written_id: str, occasion: str, note: str) -> dict[str, Any]:
    """The person, or what is missing before anybody is looked up."""
    typed = {"occasion": occasion, "note": note}
    if occasion not in OCCASIONS or (occasion == "other" and not note):
        return {**typed, "told": NO_OCCASION}
    try:
        resident_id = normalise_id(written_id)
    except BadValue:
        return {**typed, "told": NO_ID}
    reason = OCCASIONS_ON_RECORD[occasion] + (f"：{note}" if note else "")
    person = look_up(
        campaign_engine(), load_city(), resident_id, who.readable, reason, who.user_id, clock.now(), secret_key()
    )
    return {"person": person}
