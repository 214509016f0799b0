"""The page of one run: where its notices are and how it went; the one action on it is to stop it."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse

from oshirase.adapters import clock
from oshirase.adapters.database import campaign_engine
from oshirase.services.run_question import Question, load_question
from oshirase.services.run_review import RunReview, Stage, load_run_review
from oshirase.web.language import N_
from oshirase.web.rendering import language_of, render
from oshirase.web.run_access import NOT_READABLE, campaign_of_run, require
from oshirase.web.run_content import run_content, settings_of
from oshirase.web.run_report import report_routes
from oshirase.web.run_stop import AfterStop, FollowUp, stop_content, stop_routes
from oshirase.web.visitor import Visitor, VisitorDependency

__all__ = ["AfterStop", "FindRun", "FollowUp", "run_routes"]

# Given a DAG and one of its runs: the run in the ledger, None when there is none (yet).
FindRun = Callable[[str, str], UUID | None]
NO_RUN_YET = N_(
    "この DAG 実行には、お知らせの実行回がまだありません。"
    "お知らせの DAG では、「① 実行回を開く」が終わると表示されます。"
)


def run_routes(visitor: VisitorDependency, after_stop: AfterStop, find_run: FindRun) -> APIRouter:
    """`GET /runs/{id}` shows a run, `GET /dag-run` finds it from Airflow's run; with its stop and its report."""
    routes = APIRouter()
    routes.include_router(stop_routes(visitor, after_stop))
    routes.include_router(report_routes(visitor))

    @routes.get("/dag-run")
    def find(who: Annotated[Visitor, Depends(visitor)], dag_id: str, dag_run_id: str) -> RedirectResponse:
        require(dag_id in who.readable, NOT_READABLE)
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
        campaign_of_run(who, campaign_run_id)
        review = load_run_review(campaign_engine(), campaign_run_id, clock.now())
        content = {
            **run_content(review, language_of(request)),
            **stop_content(who, review, after, told),
            "is_report": False,
            "question": _question(who, review),
        }
        return render(request, "run.html", content)

    return routes


def _question(who: Visitor, review: RunReview) -> Question | None:
    """What somebody who may decide on the run signs now; Airflow's own page may be that of an earlier content."""
    if review.stage != Stage.AWAITING_APPROVAL or review.run.campaign not in who.editable:
        return None
    if (settings := settings_of(review.run.campaign)) is None:
        return None
    return load_question(campaign_engine(), review, *settings, clock.now())
