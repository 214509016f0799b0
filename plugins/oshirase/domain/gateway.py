"""What the campaigns ask of an SMS gateway, and the three ways in which it may fail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True)
class Submission:
    """One SMS to hand over: `notice_id` and `campaign_run_id` go along as tags, so that it can be found again."""

    notice_id: UUID
    campaign_run_id: UUID
    phone_e164: str
    body: str
    # None: at once.
    scheduled_at: datetime | None
    limited_at: datetime
    # Asked in the last moment before the call: the run may have been stopped while the pace held the call back.
    is_wanted: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)


class DeliveryState(StrEnum):
    """What a gateway knows of a message: still on its way, or how it ended."""

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Receipt:
    """The gateway's present word on one message, its own terms kept beside ours."""

    gateway_message_id: str
    tags: tuple[str, ...]
    state: DeliveryState
    result: str
    status: str
    sent_result: str
    carrier: str | None
    charged_parts: int | None
    sent_at: datetime | None
    received_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True)
class ListedMessage:
    """A message of the gateway's list, whoever handed it over; `accepted_at` is when the gateway took it."""

    receipt: Receipt
    phone_e164: str = field(repr=False)
    accepted_at: datetime
    scheduled_at: datetime | None


class GatewayError(Exception):
    """A call did not do what was asked. The message carries no telephone number and no text."""


class Refused(GatewayError):
    """The gateway took nothing, and would not the next time: `code` is its own word for why."""

    def __init__(self, code: str, message: str, *, concerns_all: bool = False) -> None:
        super().__init__(message)
        self.code = code
        # Not this message but our right to send: the whole batch has to stop.
        self.concerns_all = concerns_all


class Busy(GatewayError):
    """The gateway took nothing, and may a little later."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(GatewayError):
    """No answer that can be trusted: the gateway may have taken it."""


class SmsGateway(Protocol):
    """An SMS gateway. Every method raises one of Refused, Busy, OutcomeUnknown."""

    # The Airflow connection: what the ledger calls it.
    name: str
    # How many calls this process may have in flight at once.
    width: int
    # A booking can be cancelled until this long before its time.
    cancel_margin: timedelta
    # Whether "not found" proves that a message was never taken.
    look_up_is_authoritative: bool

    def submit(self, submission: Submission) -> Receipt:
        """Hand one SMS over. Never repeated by the adapter itself: no gateway has an idempotency key.

        One that is not wanted any more when its turn comes is Busy: nothing was called.
        """
        ...

    def find(self, notice_id: UUID) -> Receipt | None:
        """The message that carries a notice's tag; None when the gateway has none."""
        ...

    def receipts(self, campaign_run_id: UUID, since: datetime, until: datetime) -> Iterator[list[Receipt]]:
        """Pages of all messages of a run that were accepted between two moments."""
        ...

    def messages(self, since: datetime, until: datetime) -> Iterator[list[ListedMessage]]:
        """Pages of all messages of our account that were accepted between two moments, both included."""
        ...

    def cancel(self, gateway_message_id: str) -> Receipt:
        """Cancel a booking; Refused when it is too late."""
        ...

    def check(self) -> None:
        """Ask the gateway something harmless, to see that address, tenant and token are right."""
        ...
