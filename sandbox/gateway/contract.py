"""The contract's objects as they go out: Message, list and Error, and the headers they depend on.

Source: the operator's OpenAPI document, version 2024-03-01; the messages of the errors are its own examples. The codes
and messages of 403, 409, 429 and 503 are inferred: it gives none.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from sandbox.gateway import lifecycle
from sandbox.gateway.lifecycle import Message

VERSION = "2024-03-01"
JST = timezone(timedelta(hours=9), "JST")

ERRORS: Mapping[str, tuple[int, str]] = {
    "invalid_tenant": (400, "不正なテナントIDが指定されています"),
    "invalid_version": (400, "不正なバージョンが指定されています"),
    "can_not_cancel_message": (
        400,
        "メッセージのキャンセルができません、予約投稿のメッセージは開始5分前までキャンセル可能です。",
    ),
    "unauthentication": (401, "認証に失敗しました、指定されているトークンは利用できません"),
    "forbidden": (403, "この操作は許可されていません"),
    "model_not_found": (
        404,
        "対象となるモデルが見つかりませんでした、または指定されたトークンでは操作できない可能性があります。",
    ),
    "conflict": (409, "すでに指定されたファイルでメッセージを一括送信しています。"),
    "validation_error": (422, "バリデーションエラーが発生しました"),
    "too_many_requests": (429, "リクエストが多すぎます"),
    "unknown": (500, "不明なエラーが発生しました"),
    "service_unavailable": (503, "現在ご利用いただけません"),
}

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class ContractError(Exception):
    """A refusal in the contract's words: `code` is a key of `ERRORS`, `errors` maps a field to its faults."""

    def __init__(self, code: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


def json_response(content: Any, status_code: int = 200) -> Response:
    """Answer with JSON; what cannot be put into UTF-8 cannot arrive here, forms are decoded as UTF-8."""
    return Response(_encode(content), status_code, media_type="application/json")


def error_response(error: ContractError) -> Response:
    """Answer with the contract's Error object and its status."""
    status_code, message = ERRORS[error.code]
    body = {"object": "error", "code": error.code, "message": message, "errors": error.errors}
    return json_response(body, status_code)


def message_object(message: Message, now: int) -> dict[str, Any]:
    """Render a message as the contract's Message object, as visible at `now` (epoch seconds)."""
    status = lifecycle.status_at(message, now)
    sent_result = lifecycle.sent_result_at(message, now)
    received_at = message.concluded_at if sent_result == "received" else None
    return {
        "id": message.id,
        "object": "message",
        "service_id": message.service_id,
        "billing_address_id": 1,
        "to": message.to,
        "body": message.body,
        "tags": json.loads(message.tags),
        "is_shorten": bool(message.is_shorten),
        "is_shorten_clicked": False,
        "result": lifecycle.result_at(message, now),
        "status": status,
        "sent_result": sent_result,
        "carrier": lifecycle.carrier_at(message, now),
        "charged_count_per_sent": lifecycle.charged_parts_at(message, now),
        "error": None,  # used for bulk sends only
        "scheduled_at": iso(message.scheduled_at),
        "limited_at": iso(message.limited_at),
        "sent_at": iso(message.due_at if status == "done" else None),
        "received_at": iso(received_at),
        "charged_at": iso(received_at),
        "created_at": iso(message.created_at),
        "updated_at": iso(lifecycle.updated_at(message, now)),
    }


def iso(instant: int | None) -> str | None:
    """Write epoch seconds as `2026-11-24T10:00:00+09:00`."""
    return None if instant is None else _iso(instant)


@lru_cache(maxsize=4096)
def _iso(instant: int) -> str:
    return datetime.fromtimestamp(instant, JST).isoformat()
