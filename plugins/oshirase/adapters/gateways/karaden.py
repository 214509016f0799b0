"""The Karaden SMS API, version 2024-03-01: the city's gateway."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import requests
from urllib3.exceptions import NewConnectionError

from oshirase.adapters.pace import Pace
from oshirase.adapters.transport import REASONS, Transport, Trust, distrust_of
from oshirase.domain.calendar import JST
from oshirase.domain.gateway import (
    Busy,
    DeliveryState,
    GatewayError,
    ListedMessage,
    OutcomeUnknown,
    Receipt,
    Refused,
    Submission,
)

API_VERSION = "2024-03-01"
TIMEOUT_SECONDS = (5.0, 20.0)
PAGE_SIZE = 100
# When it is busy and does not say for how long.
BUSY_PAUSE = timedelta(seconds=2)

# Answers that say for sure that nothing was taken. Every other one but 200 leaves it open.
REFUSALS = {400, 403, 404, 409, 422}
REFUSALS_OF_ALL = {401, 403}
BUSY = {429, 503}
# (status, sent_result) of a message whose result is `done`; `none` after `done` is still on its way.
STATES = {
    ("done", "received"): DeliveryState.DELIVERED,
    ("done", "unconnected"): DeliveryState.UNDELIVERED,
    ("done", "unknown"): DeliveryState.UNDELIVERED,
    ("done", "error"): DeliveryState.FAILED,
}


# Told of every call that was made: which one, how it ended, and how many seconds it took.
OnCall = Callable[[str, str, float], None]


def tell_nobody(call: str, outcome: str, seconds: float) -> None:
    """For whoever does not measure."""


@dataclass(frozen=True)
class KaradenAccount:
    """Where the API is, and as whom it is called."""

    base_url: str
    tenant_id: str
    token: str = field(repr=False)
    service_id: int
    # The published contract does not say so: a city that has it in writing from the operator may set it.
    look_up_is_authoritative: bool = False
    trust: Trust = field(default_factory=Trust)


class KaradenGateway:
    """Client of the published contract; see `SmsGateway` for what each method promises. Safe to call from threads."""

    cancel_margin = timedelta(minutes=5)

    def __init__(
        self, name: str, account: KaradenAccount, pace: Pace | None = None, on_call: OnCall = tell_nobody
    ) -> None:
        """Raises UnsafeConnection: a token must not be sent to the account's address, or its CA file is none."""
        self.name = name
        self.width = pace.width if pace else 1
        self.look_up_is_authoritative = account.look_up_is_authoritative
        self._account = account
        self._pace = pace
        self._on_call = on_call
        self._messages = f"{account.base_url.rstrip('/')}/{account.tenant_id}/messages"
        self._headers = {"Authorization": f"Bearer {account.token}", "Karaden-Version": API_VERSION}
        self._transport = Transport(account.base_url, account.trust, self.width)

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def submit(self, submission: Submission) -> Receipt:
        """`POST /messages`."""
        self._take_turn()
        if not submission.is_wanted():
            raise Busy("not wanted any more when its turn came")
        return _receipt(self._send("POST", self._messages, data=self._form(submission)))

    def find(self, notice_id: UUID) -> Receipt | None:
        """`GET /messages?tag=`."""
        found = self._page(tag=str(notice_id), page=1)["data"]
        return _receipt(found[0]) if found else None

    def receipts(self, campaign_run_id: UUID, since: datetime, until: datetime) -> Iterator[list[Receipt]]:
        """`GET /messages?tag=&start_at=&end_at=&page=`, a hundred at a time."""
        for data in self._pages(since, until, tag=str(campaign_run_id)):
            yield [_receipt(message) for message in data]

    def messages(self, since: datetime, until: datetime) -> Iterator[list[ListedMessage]]:
        """`GET /messages?start_at=&end_at=&page=`: the moments are those of taking a message, not those of bookings."""
        for data in self._pages(since, until):
            yield [_listed(message) for message in data]

    def _pages(self, since: datetime, until: datetime, **params: str) -> Iterator[list[dict[str, Any]]]:
        """The list is newest first: with a fixed end, what is accepted meanwhile pushes nothing to the next page."""
        page, more = 1, True
        while more:
            answer = self._page(**params, start_at=_iso(since), end_at=_iso(until), page=page)
            yield answer["data"]
            page, more = page + 1, answer["has_more"]

    def cancel(self, gateway_message_id: str) -> Receipt:
        """`POST /messages/{id}/cancel`."""
        return _receipt(self._call("POST", f"{self._messages}/{gateway_message_id}/cancel"))

    def check(self) -> None:
        """`GET /messages?per_page=1`."""
        self._call("GET", self._messages, params={"per_page": 1})

    def _form(self, submission: Submission) -> list[tuple[str, str]]:
        form = [
            ("service_id", str(self._account.service_id)),
            ("to", "0" + submission.phone_e164.removeprefix("+81")),
            ("body", submission.body),
            ("tags[]", str(submission.notice_id)),
            ("tags[]", str(submission.campaign_run_id)),
            ("is_shorten", "false"),
            ("limited_at", _iso(submission.limited_at)),
        ]
        if submission.scheduled_at is not None:
            form.append(("scheduled_at", _iso(submission.scheduled_at)))
        return form

    def _page(self, **params: str | int) -> dict[str, Any]:
        answer = self._call("GET", self._messages, params={**params, "per_page": PAGE_SIZE})
        if not isinstance(answer.get("data"), list):
            raise OutcomeUnknown("the gateway's list cannot be read")
        return answer

    def _take_turn(self) -> None:
        if self._pace:
            self._pace.wait()

    def _call(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        self._take_turn()
        return self._send(method, url, **kwargs)

    def _send(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        began, outcome = time.monotonic(), "answered"
        try:
            return self._ask(method, url, **kwargs)
        except GatewayError as error:
            outcome = _OUTCOMES[type(error)]
            raise
        finally:
            call = "cancel" if url.endswith("/cancel") else "submit" if method == "POST" else "list"
            self._on_call(call, outcome, time.monotonic() - began)

    def _ask(self, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
        try:
            request = requests.Request(method, url, headers=self._headers, **kwargs).prepare()
            response = self._transport.send(request, TIMEOUT_SECONDS)
        except requests.RequestException as error:
            # The cause may quote the request, so it is left out.
            if distrust := distrust_of(error):
                told = f"the gateway at {self._account.base_url} cannot be trusted: {REASONS[distrust]}"
                raise Refused(distrust, told, concerns_all=True) from None
            if _never_connected(error):
                raise Busy(f"the gateway at {self._account.base_url} cannot be reached") from None
            raise OutcomeUnknown(f"no answer from the gateway ({type(error).__name__})") from None
        try:
            return _read(response)
        except Busy as busy:
            if self._pace:
                self._pace.block(busy.retry_after or BUSY_PAUSE)
            raise


_OUTCOMES = {Refused: "refused", Busy: "busy", OutcomeUnknown: "unknown"}


def _never_connected(error: requests.RequestException) -> bool:
    """Whether it is sure that no request went out; any other lost answer leaves it open."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError)


def _read(response: requests.Response) -> dict[str, Any]:
    status = response.status_code
    if status in BUSY:
        raise Busy(f"the gateway answered {status}", _retry_after(response))
    body = _json(response)
    if status == requests.codes.ok and body is not None:
        return body
    code = str((body or {}).get("code", "")) or f"http_{status}"
    if status in REFUSALS | REFUSALS_OF_ALL:
        raise Refused(code, f"the gateway answered {status} {code}", concerns_all=_concerns_all(status, code))
    raise OutcomeUnknown(f"the gateway answered {status} and it cannot be told whether it took the message")


def _concerns_all(status: int, code: str) -> bool:
    return status in REFUSALS_OF_ALL or code in {"invalid_tenant", "invalid_version"}


def _json(response: requests.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _retry_after(response: requests.Response) -> timedelta | None:
    value = response.headers.get("Retry-After", "")
    return timedelta(seconds=int(value)) if value.isdigit() else None


def _receipt(message: dict[str, Any]) -> Receipt:
    try:
        return Receipt(
            gateway_message_id=message["id"],
            tags=tuple(message.get("tags") or ()),
            state=_state(message),
            result=message["result"],
            status=message["status"],
            sent_result=message["sent_result"],
            carrier=message.get("carrier"),
            charged_parts=message.get("charged_count_per_sent"),
            sent_at=_time(message.get("sent_at")),
            received_at=_time(message.get("received_at")),
            updated_at=datetime.fromisoformat(message["updated_at"]),
        )
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("the gateway's answer is not a message as the contract describes it") from None


def _listed(message: dict[str, Any]) -> ListedMessage:
    receipt = _receipt(message)
    try:
        return ListedMessage(
            receipt=receipt,
            phone_e164="+81" + message["to"].removeprefix("0"),
            accepted_at=datetime.fromisoformat(message["created_at"]),
            scheduled_at=_time(message.get("scheduled_at")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise OutcomeUnknown("the gateway's answer is not a message as the contract describes it") from None


def _state(message: dict[str, Any]) -> DeliveryState:
    status, sent_result = message["status"], message["sent_result"]
    if status == "canceled":
        return DeliveryState.CANCELLED
    if status in {"error", "processing_error"}:
        return DeliveryState.FAILED
    if sent_result == "received":
        return DeliveryState.DELIVERED
    if message["result"] != "done":
        return DeliveryState.PENDING
    return STATES.get((status, sent_result), DeliveryState.PENDING)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(JST).isoformat(timespec="seconds")
