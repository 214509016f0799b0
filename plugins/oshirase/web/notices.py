"""The notices of one run as a list and as a file, and the whole life of one of them."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, status
from fastapi.responses import HTMLResponse, StreamingResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.secret import secret_key
from oshirase.adapters.settings import campaign_titles
from oshirase.domain.campaign import HELD_OUT
from oshirase.domain.notice import NoticeState
from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import CampaignRun, load_campaign_run
from oshirase.services.notice_download import Download, download_notices
from oshirase.services.notice_life import load_lives
from oshirase.services.notice_list import (
    Group,
    Key,
    Order,
    Page,
    Sort,
    Wanted,
    count_groups,
    count_wanted,
    list_notices,
)
from oshirase.web.language import N_
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

LONGEST_REASON = 500
MAY_NOT_SEE = N_("このお知らせを見る権限がありません。")
NO_SUCH_RUN = N_("この実行回は見つかりません。")
NO_SUCH_NOTICE = N_("このお知らせは見つかりません。")
OLD_FORM = N_("画面を開き直してから、もう一度お試しください。")
MAY_NOT_TAKE = N_("宛名番号と電話番号を含むファイルをダウンロードする権限がありません。")
NO_REASON = N_("ダウンロードする理由が入力されていないため、作成していません。前の画面に戻り、理由を入力してください。")
NOT_RECORDED = N_(
    "ダウンロードの記録ができなかったため、作成していません。時間をおいてもう一度お試しください。"
    "続くときはシステム担当へご連絡ください。"
)
BAD_SEARCH = N_("電話番号の下4桁か、管理番号の初めの8文字以上を入力してください。")
ORDERS = {
    "booked": N_("送信予定の早い順"),
    "-booked": N_("送信予定の遅い順"),
    "-changed": N_("状態の変更の新しい順"),
    "changed": N_("状態の変更の古い順"),
    "state": N_("状態の順"),
    "-state": N_("状態の逆順"),
}
CANCEL_OUTCOMES = {
    "cancelled": N_("取り消しました"),
    "too_late": N_("間に合いませんでした"),
    "refused": N_("事業者が応じませんでした"),
    "unanswered": N_("事業者から返答がありません"),
}
DECISIONS = {"approved": N_("承認"), "rejected": N_("差戻し")}
_LAST_FOUR = re.compile(r"[0-9]{4}")
_ID_START = re.compile(r"[0-9a-f]{8,32}")
_ALL_OF_IT = 32


@dataclass(frozen=True)
class Asked:
    """What the address or the form of a list says; what cannot be understood is left out."""

    wanted: Wanted
    find: str
    sort: str
    is_understood: bool

    @property
    def order(self) -> Order:
        """How to sort."""
        return Order(Sort(self.sort.removeprefix("-")), is_down=self.sort.startswith("-"))

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values, as a link or another form carries them."""
        named = {"reason": self.wanted.reason, "arm": self.wanted.arm, "carrier": self.wanted.carrier}
        return [
            *(("state", str(state)) for state in self.wanted.states),
            *((name, value) for name, value in named.items() if value),
            *([("find", self.find)] if self.find else []),
            ("sort", self.sort),
        ]


def read_asked(state: list[str], reason: str, arm: str, carrier: str, find: str, sort: str) -> Asked:
    """What a visitor wants to see; an unknown state or order counts for nothing."""
    known = {str(one) for one in NoticeState}
    find = unicodedata.normalize("NFKC", one_line(find)).lower()
    last_four, notice_ids = _read_search(find)
    wanted = Wanted(
        tuple(NoticeState(one) for one in dict.fromkeys(state) if one in known),
        one_line(reason) or None,
        one_line(arm) or None,
        one_line(carrier) or None,
        last_four,
        notice_ids,
    )
    return Asked(wanted, find, sort if sort in ORDERS else "booked", is_understood=not find or wanted.is_search)


def one_line(typed: str) -> str:
    """What somebody typed, without line breaks and characters that no database keeps."""
    return " ".join("".join(c if c.isprintable() else " " for c in typed).split())


def _read_search(find: str) -> tuple[str | None, tuple[UUID, UUID] | None]:
    """The last four digits of a number, or the first and the last id that begin so."""
    if _LAST_FOUR.fullmatch(find):
        return find, None
    start = find.replace("-", "")
    if _ID_START.fullmatch(start):
        return None, (UUID(start.ljust(_ALL_OF_IT, "0")), UUID(start.ljust(_ALL_OF_IT, "f")))
    return None, None


def _from_address(
    state: Annotated[list[str] | None, Query()] = None,
    reason: str = "",
    arm: str = "",
    carrier: str = "",
    find: str = "",
    sort: str = "",
) -> Asked:
    return read_asked(state or [], reason, arm, carrier, find, sort)


def _from_form(
    state: Annotated[list[str] | None, Form()] = None,
    reason: Annotated[str, Form()] = "",
    arm: Annotated[str, Form()] = "",
    carrier: Annotated[str, Form()] = "",
    find: Annotated[str, Form()] = "",
    sort: Annotated[str, Form()] = "",
) -> Asked:
    return read_asked(state or [], reason, arm, carrier, find, sort)


def notice_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /runs/{id}/notices` lists, `POST /runs/{id}/notices.csv` writes a file, `GET /notices/{id}` shows one."""
    routes = APIRouter()

    @routes.get("/runs/{campaign_run_id}/notices", response_class=HTMLResponse)
    def show_list(
        request: Request,
        who: Annotated[Visitor, Depends(visitor)],
        campaign_run_id: UUID,
        asked: Annotated[Asked, Depends(_from_address)],
        after: str = "",
        before: str = "",
    ) -> HTMLResponse:
        run = _load_run(who, campaign_run_id)
        return render(request, "notices.html", _list_content(who, run, asked, _key(after), _key(before)))

    @routes.post("/runs/{campaign_run_id}/notices.csv")
    def download(
        who: Annotated[Visitor, Depends(visitor)],
        campaign_run_id: UUID,
        asked: Annotated[Asked, Depends(_from_form)],
        form_token: Annotated[str, Form()],
        why: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
        personal: Annotated[bool, Form()] = False,
    ) -> StreamingResponse:
        _require(who.is_own_form(form_token, secret_key()), OLD_FORM)
        run = _load_run(who, campaign_run_id)
        _require(not personal or run.campaign in who.editable, MAY_NOT_TAKE)
        why = one_line(why)
        if not why or not asked.is_understood:
            raise HTTPException(status.HTTP_400_BAD_REQUEST, BAD_SEARCH if why else NO_REASON)
        pieces = _begin(Download(campaign_run_id, asked.wanted, personal, _choice(asked, personal), why, who.user_id))
        return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=_file_name(run, personal))

    @routes.get("/notices/{notice_id}", response_class=HTMLResponse)
    def show_one(request: Request, who: Annotated[Visitor, Depends(visitor)], notice_id: UUID) -> HTMLResponse:
        lives = load_lives(campaign_engine(), [notice_id])
        if not lives:
            raise HTTPException(status.HTTP_404_NOT_FOUND, NO_SUCH_NOTICE)
        _require(lives[0].campaign in who.readable, MAY_NOT_SEE)
        return render(request, "notice.html", {"life": lives[0], **life_words()})

    return routes


def life_words() -> dict[str, Any]:
    """Words that a page needs to tell of a notice's life."""
    return {
        "titles": campaign_titles(),
        "cancel_outcomes": CANCEL_OUTCOMES,
        "decisions": DECISIONS,
        "held_out": HELD_OUT,
    }


def _require(is_so: bool, sentence: str) -> None:
    if not is_so:
        raise HTTPException(status.HTTP_403_FORBIDDEN, sentence)


def _load_run(who: Visitor, campaign_run_id: UUID) -> CampaignRun:
    """A run that the visitor may see."""
    try:
        run = load_campaign_run(campaign_engine(), campaign_run_id)
    except OshiraseError:
        raise HTTPException(status.HTTP_404_NOT_FOUND, NO_SUCH_RUN) from None
    _require(run.campaign in who.readable, MAY_NOT_SEE)
    return run


def _key(written: str) -> Key | None:
    """The key of a link; a broken one leads to the first page."""
    with suppress(ValueError, OverflowError):
        return Key.parse(written)
    return None


def _list_content(
    who: Visitor, run: CampaignRun, asked: Asked, after: Key | None, before: Key | None
) -> dict[str, Any]:
    engine, run_id = campaign_engine(), run.campaign_run_id
    groups = count_groups(engine, run_id)
    page = Page([])
    if asked.is_understood:
        page = list_notices(engine, run_id, asked.wanted, asked.order, after=after, before=before)
    return {
        "run": run,
        "title": campaign_titles().get(run.campaign, run.campaign),
        "asked": asked,
        "page": page,
        "found": count_wanted(engine, run_id, asked.wanted, groups, page) if asked.is_understood else 0,
        "told": "" if asked.is_understood else BAD_SEARCH,
        "choices": _choices(groups, asked),
        "orders": ORDERS,
        "held_out": HELD_OUT,
        "before": _link(asked, "before", page.before),
        "after": _link(asked, "after", page.after),
        "may_take_personal": run.campaign in who.editable,
        "longest_reason": LONGEST_REASON,
        "form_token": who.form_token(secret_key()),
    }


def _choices(groups: list[Group], asked: Asked) -> dict[str, dict[str, int]]:
    """What the list can be narrowed to, with how many there are in the whole run; what is chosen is always among it."""
    chosen: dict[str, list[str | None]] = {
        "state": [str(state) for state in asked.wanted.states],
        "reason": [asked.wanted.reason],
        "arm": [asked.wanted.arm],
        "carrier": [asked.wanted.carrier],
    }
    choices: dict[str, dict[str, int]] = {}
    for name, values in chosen.items():
        counts: dict[str, int] = {}
        for group in groups:
            if value := getattr(group, name):
                counts[value] = counts.get(value, 0) + group.notices
        choices[name] = counts | {value: 0 for value in values if value and value not in counts}
    return choices


def _link(asked: Asked, name: str, key: Key | None) -> str:
    return "notices?" + urlencode([*asked.fields, (name, str(key))]) if key else ""


def _choice(asked: Asked, personal: bool) -> str:
    """What the record says of a download."""
    return ("personal" if personal else "masked") + "?" + urlencode(asked.fields)


def _begin(download: Download) -> Iterator[bytes]:
    """The file's pieces; recorded when this returns."""
    pieces = download_notices(campaign_engine(), download, clock.now())
    try:
        first = next(pieces)
    except Exception as error:
        logging.getLogger(__name__).exception("a download could not be recorded or begun")
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, NOT_RECORDED) from error
    return chain([first], pieces)


def _file_name(run: CampaignRun, personal: bool) -> dict[str, str]:
    title = campaign_titles().get(run.campaign, run.campaign)
    name = f"{title}_{run.occurrence_on:%Y%m%d}{'_個人情報' if personal else ''}.csv".replace(" ", "_")
    plain = f"{run.campaign}_{run.occurrence_on:%Y%m%d}.csv"
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}
