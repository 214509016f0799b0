"""The emulator as one ASGI application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox import clock as sandbox_clock
from sandbox.gateway.contract import ContractError, error_response
from sandbox.gateway.credentials import new_access
from sandbox.gateway.emulator import Emulator
from sandbox.gateway.inbox import inbox_routes
from sandbox.gateway.routes import Access, ContractCalls, EmulatorCalls, contract_routes, emulator_routes
from sandbox.gateway.store import Store


@dataclass(frozen=True)
class Settings:
    """What an emulator is built from. `data` is a folder, None keeps everything in memory."""

    data: Path | None = None
    access: Access = field(default_factory=new_access)
    outcomes: str = "realistic"
    sender: str = "市役所（代表番号）"
    seed: bytes = b"oshirase"
    clock: Callable[[], datetime] = sandbox_clock.now


def build_app(settings: Settings) -> Starlette:
    """Build the application over its own store, which `close_app` closes."""
    store = Store(":memory:" if settings.data is None else settings.data / "gateway.sqlite")
    emulator = Emulator(store, settings.clock, outcomes=settings.outcomes, seed=settings.seed)
    app = Starlette(
        routes=[
            *contract_routes(ContractCalls(emulator), settings.access),
            *emulator_routes(EmulatorCalls(emulator), settings.access),
            *inbox_routes(emulator, settings.sender),
        ],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
    )
    app.state.store = store
    return app


def close_app(app: Starlette) -> None:
    """Close the application's store."""
    app.state.store.close()


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer what no route takes: in the contract's shape, except to a browser on the inbox side."""
    if request.url.path.startswith(("/api", "/emulator")):
        return error_response(ContractError("model_not_found"))
    return PlainTextResponse("ページが見つかりません。", 404)


async def _fail(request: Request, error: Exception) -> Response:
    return error_response(ContractError("unknown"))
