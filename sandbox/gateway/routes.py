"""The emulator's HTTP calls: the contract's under `/api/{tenant}`, its own under `/emulator`.

Every call is a `Handler`, and `Access` turns a handler into a guarded one. A layer that injects faults can wrap
handlers in the same way, inside or outside the guard, without either side knowing of it.
"""

import hmac
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gateway.contract import VERSION, ContractError, error_response, iso, json_response, message_object
from sandbox.gateway.emulator import Emulator
from sandbox.gateway.validation import read_new_message, read_query

Handler = Callable[[Request], Awaitable[Response]]


class Access(NamedTuple):
    """Who may call: the contract's tenant and bearer token."""

    tenant: str
    token: str

    def to_contract(self, handler: Handler) -> Handler:
        """Guard a call of the contract: token, then tenant, then version, as its errors are ordered (inferred)."""

        def check(request: Request) -> None:
            self._check_token(request)
            if request.path_params["tenant"] != self.tenant:
                raise ContractError("invalid_tenant")
            if request.headers.get("karaden-version", VERSION) != VERSION:
                raise ContractError("invalid_version")

        return _guard(check, handler)

    def to_emulator(self, handler: Handler) -> Handler:
        """Guard a call of the emulator itself: the same token, neither tenant nor version."""
        return _guard(self._check_token, handler)

    def _check_token(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise ContractError("unauthentication")


def _guard(check: Callable[[Request], None], handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        try:
            check(request)
            return await handler(request)
        except ContractError as error:
            return error_response(error)

    return guarded


class ContractCalls:
    """The calls of the published contract."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def create_message(self, request: Request) -> Response:
        """POST messages: a new message, however often the same form comes."""
        now = self._emulator.now()
        message = self._emulator.accept(read_new_message(await _form(request), now), now)
        return json_response(message_object(message, now))

    async def list_messages(self, request: Request) -> Response:
        """GET messages: newest first, filtered, a page at a time."""
        now = self._emulator.now()
        messages, has_more = self._emulator.store.find(read_query(request.query_params.multi_items()), now)
        data = [message_object(message, now) for message in messages]
        return json_response({"object": "list", "has_more": has_more, "data": data})

    async def get_message(self, request: Request) -> Response:
        """GET messages/{id}."""
        return json_response(message_object(self._emulator.get(request.path_params["id"]), self._emulator.now()))

    async def cancel_message(self, request: Request) -> Response:
        """POST messages/{id}/cancel: until 5 minutes before the booked time."""
        now = self._emulator.now()
        return json_response(message_object(self._emulator.cancel(request.path_params["id"], now), now))

    async def refuse(self, request: Request) -> Response:
        """Answer all else, and the bulk calls as a plan without them does."""
        raise ContractError("model_not_found")


class EmulatorCalls:
    """Calls that only the emulator has: the other side of the gateway."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def health(self, request: Request) -> Response:
        """GET /emulator/health: up, and the clock's time."""
        return json_response({"object": "health", "status": "ok", "now": iso(self._emulator.now())})

    async def counts(self, request: Request) -> Response:
        """GET /emulator/counts: see `Emulator.counts`."""
        now = self._emulator.now()
        return json_response({**self._emulator.counts(now), "now": iso(now)})

    async def reset(self, request: Request) -> Response:
        """POST /emulator/reset: forget every message."""
        self._emulator.store.clear()
        return json_response({"object": "reset"})


def contract_routes(calls: ContractCalls, access: Access) -> list[Route]:
    """Route the contract's calls; the busiest first, as they are tried in order."""
    messages = "/api/{tenant}/messages"
    guard = access.to_contract
    return [
        Route(messages, guard(calls.create_message), methods=["POST"]),
        Route(messages, guard(calls.list_messages), methods=["GET"]),
        Route(f"{messages}/{{id}}", guard(calls.get_message), methods=["GET"]),
        Route(f"{messages}/{{id}}/cancel", guard(calls.cancel_message), methods=["POST"]),
        Route("/api/{tenant}/{rest:path}", guard(calls.refuse), methods=["GET", "POST"]),
    ]


def emulator_routes(calls: EmulatorCalls, access: Access) -> list[Route]:
    """Route the emulator's own calls."""
    guard = access.to_emulator
    return [
        Route("/emulator/health", guard(calls.health), methods=["GET"]),
        Route("/emulator/counts", guard(calls.counts), methods=["GET"]),
        Route("/emulator/reset", guard(calls.reset), methods=["POST"]),
    ]


async def _form(request: Request) -> bytes:
    """Return the form as sent; any other content counts as an empty form."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return await request.body() if is_form else b""
