"""The FastAPI app that Airflow mounts at /oshirase."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from oshirase.web.undecided import undecided_routes
from oshirase.web.visitor import VisitorDependency

URL_PREFIX = "/oshirase"
# Nothing from another host, no script at all; Airflow shows the page in a frame of its own origin.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)


def build_app(visitor: VisitorDependency) -> FastAPI:
    """The pages, each behind `visitor`; no public documentation routes."""
    app = FastAPI(title="Oshirase", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(undecided_routes(visitor))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    @app.middleware("http")
    async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
