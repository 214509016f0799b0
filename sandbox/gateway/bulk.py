"""The bulk calls, so far as the contract tells of them: a file is taken, submitted once, worked on, given back.

Only with `Settings(has_bulk=True)`: they are of the operator's enterprise plan. The layout of the file is not public:
its rows are never sent, and what comes back is the file. Inferred: all times but the 15 minutes of the links, and that
an empty file is an error. Everything follows the emulator's clock; nothing outlives the process.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from sandbox.gateway.contract import ContractError, iso, json_response
from sandbox.gateway.validation import read_form

LINK_SECONDS = 15 * 60
# After submission, in seconds: until work begins, until it is done, until its result can be fetched.
WAITING, PROCESSING, EXPORTING = 10, 30, 60


@dataclass
class Bulk:
    """An uploaded file and its submission, with instants in epoch seconds."""

    created_at: int
    content: bytes = b""
    submitted_at: int | None = None

    def status_at(self, now: int) -> str:
        """Return `waiting`, `processing`, `done` or, for an empty file, `error`."""
        age = now - (self.submitted_at or now)
        if age < WAITING:
            return "waiting"
        return "error" if not self.content else "processing" if age < PROCESSING else "done"


class Bulks:
    """Handles the bulk calls and the links they give out. A file and its submission share an id (inferred)."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._key = secrets.token_bytes(32)
        self._bulks: dict[str, Bulk] = {}

    async def create_file(self, request: Request) -> Response:
        """POST messages/bulks/files: a link to upload to."""
        bulk_id, now = str(uuid4()), self._now()
        self._bulks[bulk_id] = Bulk(now)
        times = {"created_at": iso(now), "expires_at": iso(now + LINK_SECONDS)}
        return json_response({"id": bulk_id, "object": "bulk_file", "url": self._link(request, bulk_id), **times})

    async def create(self, request: Request) -> Response:
        """POST messages/bulks: submit an uploaded file, once."""
        bulk_id = dict(read_form(await request.body())).get("bulk_file_id", "")
        if bulk_id not in self._bulks:
            raise ContractError("model_not_found")
        if self._bulks[bulk_id].submitted_at is not None:
            raise ContractError("conflict")
        self._bulks[bulk_id].submitted_at = self._now()
        return json_response(self._object(bulk_id))

    async def show(self, request: Request) -> Response:
        """GET messages/bulks/{id}."""
        self._submitted(request)
        return json_response(self._object(request.path_params["id"]))

    async def list_messages(self, request: Request) -> Response:
        """GET messages/bulks/{id}/messages: 202 until there is a result, then 302 to it."""
        submitted_at = self._submitted(request)
        if self._now() - submitted_at < EXPORTING:
            return Response(status_code=202)
        return Response(status_code=302, headers={"Location": self._link(request, request.path_params["id"])})

    async def upload(self, request: Request) -> Response:
        """PUT to the link of a file."""
        self._linked(request).content = await request.body()
        return Response()

    async def download(self, request: Request) -> Response:
        """GET the link of a result."""
        headers = {"Content-Disposition": f'attachment; filename="{request.path_params["id"]}.csv"'}
        return Response(self._linked(request).content, headers=headers, media_type="text/csv")

    def _object(self, bulk_id: str) -> dict[str, Any]:
        bulk, now = self._bulks[bulk_id], self._now()
        times = {"created_at": iso(bulk.submitted_at), "updated_at": iso(now)}
        return {"id": bulk_id, "object": "bulk_message", "status": bulk.status_at(now), "error": None, **times}

    def _submitted(self, request: Request) -> int:
        bulk = self._bulks.get(request.path_params["id"])
        if bulk is None or bulk.submitted_at is None:
            raise ContractError("model_not_found")
        return bulk.submitted_at

    def _link(self, request: Request, bulk_id: str) -> str:
        now = self._now()
        return f"{request.base_url}bulk/{bulk_id}/{now}/{self._sign(bulk_id, now)}"

    def _linked(self, request: Request) -> Bulk:
        """Return what a link stands for. Raises ContractError(`forbidden`) when it is forged or too old."""
        bulk_id, issued_at = request.path_params["id"], request.path_params["issued_at"]
        is_ours = hmac.compare_digest(
            request.path_params["signature"].encode(), self._sign(bulk_id, issued_at).encode()
        )
        if not is_ours or self._now() - issued_at > LINK_SECONDS:
            raise ContractError("forbidden")
        return self._bulks[bulk_id]

    def _sign(self, bulk_id: str, issued_at: int) -> str:
        return hmac.digest(self._key, f"{bulk_id} {issued_at}".encode(), "sha256").hex()
