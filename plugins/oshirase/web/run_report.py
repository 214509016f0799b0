"""The report of a run for the file: one page that prints as it is, without a link, a number or a name of a resident."""

import base64
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.adapters.settings import load_city
from oshirase.domain.calendar import JST
from oshirase.errors import BadSettings
from oshirase.services.run_review import RunReview, load_run_review
from oshirase.web.rendering import language_of, render
from oshirase.web.run_access import campaign_of_run
from oshirase.web.run_content import run_content
from oshirase.web.visitor import Visitor, VisitorDependency

STYLE = Path(__file__).parent / "static" / "run_report.css"


def report_routes(visitor: VisitorDependency) -> APIRouter:
    """`GET /runs/{id}/report`: a page to print; with `?download=1` the same as one file that needs no other."""
    routes = APIRouter()

    @routes.get("/runs/{campaign_run_id}/report", response_class=HTMLResponse)
    def show(
        request: Request, who: Annotated[Visitor, Depends(visitor)], campaign_run_id: UUID, download: bool = False
    ) -> HTMLResponse:
        campaign_of_run(who, campaign_run_id)
        now = clock.now()
        review = load_run_review(campaign_engine(), campaign_run_id, now)
        content = {
            **run_content(review, language_of(request)),
            "is_report": True,
            "city": _city_name(),
            "printed_at": now.astimezone(JST),
            "printed_by": who.user_id,
            "style": _own_style() if download else None,
        }
        return render(request, "run_report.html", content, headers=_as_file(review) if download else {})

    return routes


def _as_file(review: RunReview) -> dict[str, str]:
    name = f"oshirase-{review.run.campaign}-{review.run.occurrence_on.isoformat()}.html"
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _own_style() -> dict[str, Any]:
    """The style sheet for within the file, and its hash, by which the file permits itself this one and nothing else."""
    sheet = STYLE.read_text(encoding="utf-8")
    return {"sheet": sheet, "sha256": base64.b64encode(sha256(sheet.encode()).digest()).decode()}


def _city_name() -> str | None:
    try:
        return load_city().name
    except BadSettings:
        return None
