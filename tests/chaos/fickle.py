"""The emulator's client, with the next answers chosen by a test: what the gateway does, and what of it is heard."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.domain.gateway import Busy, GatewayError, OutcomeUnknown, Receipt, Refused, Submission


class Answer(StrEnum):
    """What becomes of a call."""

    OK = "ok"
    LOST_BEFORE = "lost before the gateway did it"
    LOST_AFTER = "lost after the gateway did it"
    REFUSED = "refused"
    BUSY = "busy"


class Fickle:
    """Each call takes the next answer; when there is none, all goes well."""

    name = "karaden"
    width = 1
    cancel_margin = timedelta(minutes=5)

    def __init__(self, gateway: KaradenGateway, *, look_up_is_authoritative: bool) -> None:
        self.look_up_is_authoritative = look_up_is_authoritative
        self.answers: deque[Answer] = deque()
        # The list shows nothing yet of what the gateway took.
        self.is_lagging = False
        self._gateway = gateway

    def submit(self, submission: Submission) -> Receipt:
        return self._answer(lambda: self._gateway.submit(submission), "validation_error")

    def cancel(self, gateway_message_id: str) -> Receipt:
        return self._answer(lambda: self._gateway.cancel(gateway_message_id), "can_not_cancel_message")

    def find(self, notice_id: UUID) -> Receipt | None:
        return None if self.is_lagging else self._gateway.find(notice_id)

    def receipts(self, campaign_run_id: UUID, since: datetime, until: datetime) -> Iterator[list[Receipt]]:
        return self._gateway.receipts(campaign_run_id, since, until)

    def check(self) -> None:
        self._gateway.check()

    def _answer(self, call: Callable[[], Receipt], code: str) -> Receipt:
        answer = self.answers.popleft() if self.answers else Answer.OK
        if answer in {Answer.OK, Answer.LOST_AFTER}:
            receipt = call()
            if answer == Answer.OK:
                return receipt
        raise self._error(answer, code)

    def _error(self, answer: Answer, code: str) -> GatewayError:
        match answer:
            case Answer.REFUSED:
                return Refused(code, "refused")
            case Answer.BUSY:
                return Busy("busy")
            case _:
                return OutcomeUnknown("no answer")
