"""Faults of the answer: a layer around the contract's handlers, inside their guard.

What is accepted is accepted by the handler itself and lies in the store, so that the counts stay right; only what the
client hears of it is spoilt. A handler's refusal (422, say) stands: it accepted nothing that could be hidden.
"""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.gateway.contract import ContractError, error_response
from sandbox.gateway.faults import CREATE, LIST, Faults, SetRule
from sandbox.gateway.store import Store
from sandbox.gateway.validation import read_form

# The ASGI extension by which the server hands on its connection's `transport`.
TRANSPORT = "oshirase.transport"
# SO_LINGER for no seconds: closing resets the connection (RST) instead of ending it (FIN).
NO_LINGER = struct.pack("ii", 1, 0)

Handler = Callable[[Request], Awaitable[Response]]
Spoil = Callable[[SetRule, Request, Handler], Awaitable[Response]]


class FaultLayer:
    """Wraps handlers so that the answers set in `faults` go wrong."""

    def __init__(self, faults: Faults, store: Store) -> None:
        self._faults = faults
        self._store = store

    def wrap(self, call: str, handler: Handler) -> Handler:
        """Return the handler of `call` with its faults; without any set it costs one look."""

        async def faulty(request: Request) -> Response:
            rule = await self._strike(call, request) if self._faults.answers[call] else None
            response = await (handler(request) if rule is None else SPOILS[rule.rule.fault](rule, request, handler))
            if call == CREATE and self._faults.views:
                self._note_accepted()
            return response

        return faulty

    async def _strike(self, call: str, request: Request) -> SetRule | None:
        rules = self._faults.answers[call]
        tag = await self._first_tag(call, request) if any(rule.rule.by == "tag" for rule in rules) else None
        return next((rule for rule in rules if rule.strikes_call(tag)), None)

    async def _first_tag(self, call: str, request: Request) -> str | None:
        if call == CREATE:
            return next((value for name, value in read_form(await request.body()) if name == "tags[]"), None)
        if call == LIST:
            return request.query_params.get("tag")
        message = self._store.get(request.path_params["id"])
        return None if message is None else next(iter(json.loads(message.tags)), None)

    def _note_accepted(self) -> None:
        for rule in self._faults.views:
            if rule.rule.clock == "real":
                rule.accepted.append((time.monotonic(), self._store.last_seq))


class Reset(Response):
    """Resets the connection in place of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["extensions"][TRANSPORT]["transport"]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()
        await until_gone(receive)


class Truncated(Response):
    """Announces the whole answer, sends its first half and closes the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, dict(whole.headers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": _half(self), "more_body": True})
        scope["extensions"][TRANSPORT]["transport"].close()
        await until_gone(receive)


async def until_gone(receive: Receive) -> None:
    """Return when the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _late(rule: SetRule, request: Request, handler: Handler) -> Response:
    response = await handler(request)
    # A client that has hung up is no longer served: the call leaves the count of those in flight.
    gone = asyncio.ensure_future(until_gone(request.receive))
    await asyncio.wait([gone], timeout=rule.rule.seconds)
    gone.cancel()
    return response


async def _fail_after(rule: SetRule, request: Request, handler: Handler) -> Response:
    await handler(request)
    raise ContractError("unknown")


async def _reset_before(rule: SetRule, request: Request, handler: Handler) -> Response:
    await request.body()  # a reset while the client still writes would spare it the doubt
    return Reset()


async def _reset_after(rule: SetRule, request: Request, handler: Handler) -> Response:
    await handler(request)
    return Reset()


async def _unreadable_before(rule: SetRule, request: Request, handler: Handler) -> Response:
    return Response('{"id":"', media_type="application/json")


async def _unreadable(rule: SetRule, request: Request, handler: Handler) -> Response:
    return Response(_half(await handler(request)), media_type="application/json")


async def _truncated(rule: SetRule, request: Request, handler: Handler) -> Response:
    return Truncated(await handler(request))


async def _cancel_unanswered(rule: SetRule, request: Request, handler: Handler) -> Response:
    spoil = _reset_after if rule.draw(request.path_params["id"]) < 0.5 else _fail_after
    return await spoil(rule, request, handler)


def _refuse(code: str) -> Spoil:
    async def refuse(rule: SetRule, request: Request, handler: Handler) -> Response:
        raise ContractError(code)

    return refuse


def _busy(code: str) -> Spoil:
    async def busy(rule: SetRule, request: Request, handler: Handler) -> Response:
        response = error_response(ContractError(code))
        response.headers["Retry-After"] = str(rule.rule.retry_after)
        return response

    return busy


def _half(response: Response) -> bytes:
    return bytes(response.body)[: len(response.body) // 2]


SPOILS: Mapping[str, Spoil] = {
    "late": _late,
    "slow": _late,
    "500_before": _refuse("unknown"),
    "500_after": _fail_after,
    "401": _refuse("unauthentication"),
    "403": _refuse("forbidden"),
    "429": _busy("too_many_requests"),
    "503": _busy("service_unavailable"),
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "unreadable_before": _unreadable_before,
    "unreadable": _unreadable,
    "truncated": _truncated,
    "cancel_refused": _refuse("can_not_cancel_message"),
    "cancel_unanswered": _cancel_unanswered,
}
