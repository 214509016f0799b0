"""The emulator's HTTP calls: the contract's under `/api/{tenant}`, its own under `/emulator`.

Every call is a `Handler`. `FaultLayer` wraps the contract's so that their answers may go wrong, `Access` turns a
handler into a guarded one, and neither knows of the other.
"""

import hmac
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gateway.bulk import Bulks
from sandbox.gateway.calls import CallLog
from sandbox.gateway.contract import VERSION, ContractError, error_response, iso, json_response, message_object
from sandbox.gateway.emulator import Emulator
from sandbox.gateway.fault_answers import FaultLayer, Handler
from sandbox.gateway.fault_views import View
from sandbox.gateway.faults import CANCEL, CREATE, GET, LIST, Faults, read_plan
from sandbox.gateway.validation import read_new_message, read_query

MESSAGES = "/api/{tenant}/messages"


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

    def __init__(self, emulator: Emulator, view: View) -> None:
        self._emulator = emulator
        self._view = view

    async def create_message(self, request: Request) -> Response:
        """POST messages: a new message, however often the same form comes."""
        now = self._emulator.now()
        message = self._emulator.accept(read_new_message(await _form(request), now), now)
        return json_response(message_object(message, now))

    async def list_messages(self, request: Request) -> Response:
        """GET messages: newest first, filtered, a page at a time."""
        now = self._emulator.now()
        messages, has_more = self._view.find(read_query(request.query_params.multi_items()), now)
        data = [message_object(message, now) for message in messages]
        return json_response({"object": "list", "has_more": has_more, "data": data})

    async def get_message(self, request: Request) -> Response:
        """GET messages/{id}."""
        now = self._emulator.now()
        return json_response(message_object(self._view.get(request.path_params["id"], now), now))

    async def cancel_message(self, request: Request) -> Response:
        """POST messages/{id}/cancel: until 5 minutes before the booked time."""
        now = self._emulator.now()
        return json_response(message_object(self._emulator.cancel(request.path_params["id"], now), now))


class EmulatorCalls:
    """Calls that only the emulator has: the other side of the gateway."""

    def __init__(self, emulator: Emulator, faults: Faults, log: CallLog) -> None:
        self._emulator = emulator
        self._faults = faults
        self._log = log

    async def health(self, request: Request) -> Response:
        """GET /emulator/health: up, and the clock's time."""
        return json_response({"object": "health", "status": "ok", "now": iso(self._emulator.now())})

    async def counts(self, request: Request) -> Response:
        """GET /emulator/counts: see `Emulator.counts`."""
        now = self._emulator.now()
        return json_response({**self._emulator.counts(now), "now": iso(now)})

    async def reset(self, request: Request) -> Response:
        """POST /emulator/reset: forget every message, every fault and every call."""
        self._emulator.store.clear()
        self._faults.clear()
        self._log.clear()
        return json_response({"object": "reset"})

    async def calls(self, request: Request) -> Response:
        """GET /emulator/calls: see `CallLog.describe`."""
        return json_response(self._log.describe())

    async def clear_calls(self, request: Request) -> Response:
        """DELETE /emulator/calls: forget the calls so far, and nothing else."""
        self._log.clear()
        return await self.calls(request)

    async def faults(self, request: Request) -> Response:
        """GET /emulator/faults: what is set, and how often each fired."""
        return json_response(self._faults.describe())

    async def set_faults(self, request: Request) -> Response:
        """POST /emulator/faults: replace what is set; see `FaultPlan`."""
        self._faults.set(read_plan(await request.body()))
        return await self.faults(request)

    async def clear_faults(self, request: Request) -> Response:
        """DELETE /emulator/faults: set none; messages and calls stay."""
        self._faults.clear()
        return await self.faults(request)


def contract_routes(calls: ContractCalls, access: Access, faults: FaultLayer) -> list[Route]:
    """Route the contract's calls; the first is the busiest, which the application also reaches by a short cut."""

    def guard(call: str, handler: Handler) -> Handler:
        return access.to_contract(faults.wrap(call, handler))

    return [
        Route(MESSAGES, guard(CREATE, calls.create_message), methods=["POST"]),
        Route(MESSAGES, guard(LIST, calls.list_messages), methods=["GET"]),
        Route(f"{MESSAGES}/{{id}}", guard(GET, calls.get_message), methods=["GET"]),
        Route(f"{MESSAGES}/{{id}}/cancel", guard(CANCEL, calls.cancel_message), methods=["POST"]),
    ]


def bulk_routes(bulks: Bulks | None, access: Access) -> list[Route]:
    """Route the bulk calls; without them they are answered as by a plan that has none, and so is all else."""
    guard = access.to_contract
    routes = []
    if bulks is not None:
        routes = [
            Route(f"{MESSAGES}/bulks/files", guard(bulks.create_file), methods=["POST"]),
            Route(f"{MESSAGES}/bulks", guard(bulks.create), methods=["POST"]),
            Route(f"{MESSAGES}/bulks/{{id}}", guard(bulks.show), methods=["GET"]),
            Route(f"{MESSAGES}/bulks/{{id}}/messages", guard(bulks.list_messages), methods=["GET"]),
            # The two links the calls above give out carry their permission in themselves.
            Route("/bulk/{id}/{issued_at:int}/{signature}", _guard(_admit_all, bulks.upload), methods=["PUT"]),
            Route("/bulk/{id}/{issued_at:int}/{signature}", _guard(_admit_all, bulks.download), methods=["GET"]),
        ]
    return [*routes, Route("/api/{tenant}/{rest:path}", guard(_refuse), methods=["GET", "POST"])]


def emulator_routes(calls: EmulatorCalls, access: Access) -> list[Route]:
    """Route the emulator's own calls."""
    guard = access.to_emulator
    return [
        Route("/emulator/health", guard(calls.health), methods=["GET"]),
        Route("/emulator/counts", guard(calls.counts), methods=["GET"]),
        Route("/emulator/reset", guard(calls.reset), methods=["POST"]),
        Route("/emulator/calls", guard(calls.calls), methods=["GET"]),
        Route("/emulator/calls", guard(calls.clear_calls), methods=["DELETE"]),
        Route("/emulator/faults", guard(calls.faults), methods=["GET"]),
        Route("/emulator/faults", guard(calls.set_faults), methods=["POST"]),
        Route("/emulator/faults", guard(calls.clear_faults), methods=["DELETE"]),
    ]


async def _refuse(request: Request) -> Response:
    raise ContractError("model_not_found")


def _admit_all(request: Request) -> None:
    pass


async def _form(request: Request) -> bytes:
    """Return the form as sent; any other content counts as an empty form."""
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return await request.body() if is_form else b""
