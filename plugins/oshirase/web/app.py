"""The FastAPI app that Airflow mounts at /oshirase."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException

from oshirase.web.access import access_routes
from oshirase.web.campaign import campaign_routes
from oshirase.web.charts import CHARTS_FOLDER
from oshirase.web.effect import effect_routes
from oshirase.web.home import home_routes
from oshirase.web.language import COOKIE, LANGUAGES, N_, translations
from oshirase.web.notices import notice_routes
from oshirase.web.occurrences import occurrence_routes
from oshirase.web.people import people_routes
from oshirase.web.rendering import language_of, render
from oshirase.web.run import AfterStop, FindRun, FollowUp, run_routes
from oshirase.web.undecided import undecided_routes
from oshirase.web.visitor import VisitorDependency

URL_PREFIX = "/oshirase"
# Nothing from another host, no script or style in the page itself; Airflow shows it in a frame of its own origin.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
NO_PAGE = N_("この画面はありません。アドレスをご確認ください。")
_A_YEAR = 365 * 24 * 3600


def leave_to_next_round(campaign: str, user_id: str) -> FollowUp:
    """Without Airflow at hand: bookings of a stopped run are cancelled when they are reconciled next."""
    return FollowUp.LATER


def find_none(dag_id: str, dag_run_id: str) -> UUID | None:
    """Without Airflow at hand: there is no way from its runs to ours."""
    return None


def build_app(
    visitor: VisitorDependency, after_stop: AfterStop = leave_to_next_round, find_run: FindRun = find_none
) -> FastAPI:
    """The pages, each behind `visitor`; no public documentation routes."""
    app = FastAPI(title="Oshirase", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(home_routes(visitor))
    app.include_router(campaign_routes(visitor))
    app.include_router(undecided_routes(visitor))
    app.include_router(occurrence_routes(visitor))
    app.include_router(effect_routes(visitor))
    app.include_router(run_routes(visitor, after_stop, find_run))
    app.include_router(notice_routes(visitor))
    app.include_router(people_routes(visitor))
    app.include_router(access_routes(visitor))
    app.mount("/static/charts", StaticFiles(directory=CHARTS_FOLDER), name="charts")
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @app.middleware("http")
    async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")
        if (language := request.query_params.get("language")) in LANGUAGES:
            response.set_cookie(COOKIE, str(language), _A_YEAR, httponly=True, samesite="lax")
        return response

    @app.exception_handler(AnyHTTPException)
    async def _in_words(request: Request, error: AnyHTTPException) -> Response:
        """A page instead of JSON: people read it."""
        message = NO_PAGE if error.detail == HTTPStatus.NOT_FOUND.phrase else str(error.detail)
        message = translations(language_of(request)).gettext(message)
        return render(request, "message.html", {"message": message}, error.status_code, error.headers)

    return app
