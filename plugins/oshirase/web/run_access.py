"""Who may see a run: what all its pages ask first."""

from uuid import UUID

from fastapi import HTTPException, status

from oshirase.adapters.database import campaign_engine
from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import load_campaign_run
from oshirase.web.language import N_
from oshirase.web.visitor import Visitor

NOT_READABLE = N_("このお知らせを見る権限がありません。")


def require(is_so: bool, sentence: str) -> None:
    """Else the page of a refusal.

    Raises:
        HTTPException: 403 with a sentence.
    """
    if not is_so:
        raise HTTPException(status.HTTP_403_FORBIDDEN, sentence)


def campaign_of_run(who: Visitor, campaign_run_id: UUID) -> str:
    """The campaign of a run that the visitor may see.

    Raises:
        HTTPException: 404 without such a run, 403 when it is not theirs to see.
    """
    try:
        campaign = load_campaign_run(campaign_engine(), campaign_run_id).campaign
    except OshiraseError:
        raise HTTPException(status.HTTP_404_NOT_FOUND, N_("この実行回は見つかりません。")) from None
    require(campaign in who.readable, NOT_READABLE)
    return campaign
