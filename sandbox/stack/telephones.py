"""The other side of the gateway: every message that the emulator knows, as the telephones see it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from sandbox.stack.credentials import Credentials
from sandbox.stack.errors import StackError
from sandbox.ward import Message, Topic

PAGE_SIZE = 100
ANSWER_SECONDS = 30


@dataclass(frozen=True)
class SeenMessage:
    """One message; `sent_at` is None until it has left the gateway, `received_at` until a telephone has it."""

    notice_id: str
    number: str
    sent_at: datetime | None
    received_at: datetime | None

    @property
    def phone_e164(self) -> str:
        """The number in E.164."""
        return f"+81{self.number.removeprefix('0')}"


def list_messages(gateway_url: str, credentials: Credentials) -> list[SeenMessage]:
    """Every message, booked and cancelled ones too. Raises StackError when the emulator does not answer."""
    found: list[SeenMessage] = []
    page, has_more = 1, True
    while has_more:
        answer = _page(gateway_url, credentials, page)
        found += [_seen(message) for message in answer["data"]]
        page, has_more = page + 1, answer["has_more"]
    return found


def most_on_one_telephone(messages: Sequence[SeenMessage]) -> int:
    """How many messages the telephone got that got the most."""
    return max(Counter(message.number for message in messages if message.sent_at).values(), default=0)


def received(messages: Sequence[SeenMessage], topics: Mapping[str, Topic | None]) -> list[Message]:
    """What the telephones really got, with what each message is about: `topics` by notice id.

    Messages that ask for nothing, and those of notices that are not known, are left out.
    """
    return [
        Message(message.phone_e164, message.received_at, topic)
        for message in messages
        if message.received_at and (topic := topics.get(message.notice_id))
    ]


def _page(gateway_url: str, credentials: Credentials, page: int) -> dict[str, Any]:
    try:
        answer = requests.get(
            f"{gateway_url}/api/{credentials.gateway_tenant}/messages",
            params={"page": page, "per_page": PAGE_SIZE},
            headers={"Authorization": f"Bearer {credentials.gateway_token}"},
            timeout=ANSWER_SECONDS,
        )
        answer.raise_for_status()
    except requests.RequestException as error:
        raise StackError(f"the gateway emulator at {gateway_url} does not answer ({type(error).__name__})") from None
    return dict(answer.json())


def _seen(message: dict[str, Any]) -> SeenMessage:
    return SeenMessage(message["tags"][0], message["to"], _moment(message["sent_at"]), _moment(message["received_at"]))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
