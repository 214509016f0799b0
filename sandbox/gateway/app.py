"""The emulator as one ASGI application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox import clock as sandbox_clock
from sandbox.gateway.bulk import Bulks
from sandbox.gateway.calls import CallLog
from sandbox.gateway.contract import ContractError, error_response
from sandbox.gateway.credentials import new_access
from sandbox.gateway.emulator import Emulator
from sandbox.gateway.fault_answers import FaultLayer
from sandbox.gateway.fault_views import View
from sandbox.gateway.faults import FaultPlan, Faults
from sandbox.gateway.inbox import inbox_routes
from sandbox.gateway.routes import (
    Access,
    ContractCalls,
    EmulatorCalls,
    bulk_routes,
    contract_routes,
    emulator_routes,
)
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
    faults: FaultPlan = field(default_factory=FaultPlan)
    has_bulk: bool = False


class GatewayApp:
    """The application over its own store, which `close` closes.

    New messages go past the router, whose matching and middleware cost as much as accepting them does.
    """

    def __init__(self, settings: Settings) -> None:
        self.faults = Faults(settings.faults)
        self.calls = CallLog()
        self._store = Store(":memory:" if settings.data is None else settings.data / "gateway.sqlite")
        emulator = Emulator(self._store, settings.clock, outcomes=settings.outcomes, seed=settings.seed)
        messages, *others = contract_routes(
            ContractCalls(emulator, View(emulator, self.faults)), settings.access, FaultLayer(self.faults, self._store)
        )
        self._router = Starlette(
            routes=[
                messages,
                *others,
                *bulk_routes(Bulks(emulator.now) if settings.has_bulk else None, settings.access),
                *emulator_routes(EmulatorCalls(emulator, self.faults, self.calls), settings.access),
                *inbox_routes(emulator, settings.sender),
            ],
            exception_handlers={HTTPException: _refuse, Exception: _fail},
        )
        self._create = messages.endpoint
        self._path_params = {"tenant": settings.access.tenant}
        self._create_path = f"/api/{settings.access.tenant}/messages"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._create_path or scope["method"] != "POST":
            await self._router(scope, receive, send)
            return
        self.calls.enter()
        scope["path_params"] = self._path_params
        request = Request(scope, receive)
        try:
            response = await self._create(request)
            await response(scope, receive, send)
        except Exception as error:
            await (await _fail(request, error))(scope, receive, send)
            raise
        finally:
            self.calls.leave()

    def close(self) -> None:
        """Close the store."""
        self._store.close()


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer what no route takes: in the contract's shape, except to a browser on the inbox side."""
    if request.url.path.startswith(("/api", "/emulator")):
        return error_response(ContractError("model_not_found"))
    return PlainTextResponse("ページが見つかりません。", 404)


async def _fail(request: Request, error: Exception) -> Response:
    return error_response(ContractError("unknown"))
