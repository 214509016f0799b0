"""The page of look-ups and downloads: who asked for whom, who took which list, when and why."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, HTTPException, Request, status
from fastapi.responses import HTMLResponse

from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import campaign_names, campaign_titles
from oshirase.domain.notice import STATE_LABELS, NoticeState, reason_in_words
from oshirase.services.access import ACCESS_LABELS, LIST_DOWNLOADED, PAGE_SIZE, Access, list_accesses
from oshirase.web.language import N_
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency

NO_RIGHT = N_("照会とダウンロードの記録を見る権限がありません。")
KINDS = {"personal": N_("宛名番号と電話番号を含む"), "masked": N_("電話番号は下4桁のみ")}


def access_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /access`, for those who may see a campaign, auditors among them: what concerns their campaigns."""
    routes = APIRouter()

    @routes.get("/access", response_class=HTMLResponse)
    def show(request: Request, who: Annotated[Visitor, Depends(visitor)], after: int | None = None) -> HTMLResponse:
        # Rights on DAGs that are no campaigns say nothing about whose look-ups these are.
        campaigns = who.readable & set(campaign_names())
        if not campaigns:
            raise HTTPException(status.HTTP_403_FORBIDDEN, NO_RIGHT)
        accesses = list_accesses(campaign_engine(), campaigns, after)
        content = {
            "accesses": [(one, *_chosen(one)) for one in accesses],
            "titles": campaign_titles(),
            "labels": ACCESS_LABELS,
            "next_after": accesses[-1].access_id if len(accesses) == PAGE_SIZE else None,
        }
        return render(request, "access.html", content)

    return routes


def _chosen(access: Access) -> tuple[list[str], list[str]]:
    """What a download was narrowed to: words of ours, and values as they are."""
    if access.kind != LIST_DOWNLOADED or not access.choice:
        return [], [access.choice] if access.choice else []
    kind, _, fields = access.choice.partition("?")
    chosen = parse_qs(fields)
    words = [KINDS[kind]] if kind in KINDS else []
    words += [STATE_LABELS[NoticeState(state)] for state in chosen.get("state", [])]
    words += [reason_in_words(reason) for reason in chosen.get("reason", [])]
    return words, [value for name in ("arm", "carrier", "find") for value in chosen.get(name, [])]
