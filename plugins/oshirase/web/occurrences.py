"""The page of occurrences whose time has come: which have been missed, and what to do about them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import campaign_names, load_campaign, load_city
from oshirase.domain.campaign import Campaign
from oshirase.errors import BadSettings
from oshirase.services.missed import list_past
from oshirase.web.rendering import render
from oshirase.web.visitor import Visitor, VisitorDependency


def occurrence_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /occurrences` lists what was missed of the campaigns that one may see; `?whole=true`, all that is past."""
    routes = APIRouter()

    @routes.get("/occurrences", response_class=HTMLResponse)
    def show(request: Request, who: Annotated[Visitor, Depends(visitor)], whole: bool = False) -> HTMLResponse:
        campaigns, broken = _campaigns(who)
        past = list_past(campaign_engine(), campaigns, load_city(), clock.now()) if campaigns else []
        content = {
            "occurrences": [one for one in reversed(past) if whole or one.is_missed],
            "broken": broken,
            "is_all": whole,
        }
        return render(request, "occurrences.html", content)

    return routes


def _campaigns(who: Visitor) -> tuple[list[Campaign], list[str]]:
    """Campaigns that the visitor may see, and what is wrong with the files of others of them."""
    campaigns, broken = [], []
    for name in campaign_names():
        if name not in who.readable:
            continue
        try:
            campaigns.append(load_campaign(name))
        except BadSettings as error:
            broken.append(str(error))
    return campaigns, broken
