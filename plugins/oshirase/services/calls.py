"""Calling the gateway for notices that are claimed: every way out of a call is an outcome."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from uuid import UUID

from oshirase.domain.gateway import Busy, GatewayError, OutcomeUnknown, Refused, SmsGateway, Submission
from oshirase.domain.notice import NoticeState
from oshirase.errors import OshiraseError

BUSY_TRIES = 5
# How often somebody who hands over looks whether the run was ended meanwhile: a stop has to work within ten seconds.
LOOK_EVERY_SECONDS = 2.0
# How often it looks whether Airflow ended the task: that costs nothing.
GLANCE_SECONDS = 0.5
# Airflow kills a task for good five seconds after it ended it: what is known by then has to be recorded.
GRACE_SECONDS = 3.0


class SendingStopped(OshiraseError):
    """No use in trying the rest now: the gateway refuses us altogether, stays busy, or the task was ended."""


class TaskEnded(SendingStopped):
    """Airflow ended the task: somebody cleared it, or its worker shuts down."""


@dataclass(frozen=True)
class Outcome:
    """What became of one claimed notice."""

    notice_id: UUID
    state: NoticeState
    reason: str | None = None
    gateway_message_id: str | None = None


def never() -> bool:
    """For a sender that nobody but itself can end."""
    return False


class Calls:
    """The calls of a batch, no transaction open.

    After an obstacle to all of them, or when the run `is_ended` or the task `is_killed`, the rest is given back
    uncalled.
    """

    def __init__(
        self, gateway: SmsGateway, is_ended: Callable[[], bool] = never, is_killed: Callable[[], bool] = never
    ) -> None:
        self.stopped = Event()
        self.obstacle: BaseException | None = None
        self._gateway = gateway
        self._is_ended = is_ended
        self._is_killed = is_killed
        self._look_at = time.monotonic() + LOOK_EVERY_SECONDS

    def are_wanted(self) -> bool:
        """Whether another call may begin."""
        if self._is_killed():
            self._stop(
                TaskEnded("the task was ended from outside: what it had not called is given back, for its next try")
            )
        return not self.stopped.is_set()

    def start(
        self, pool: ThreadPoolExecutor, submissions: Sequence[Submission], until: float
    ) -> dict["Future[Outcome]", UUID]:
        """Queue the calls, in this order, each with its notice; none begins after `until` (monotonic)."""
        return {pool.submit(self._call, submission, until): submission.notice_id for submission in submissions}

    def finish(self, under_way: Mapping["Future[Outcome]", UUID]) -> Iterator[list[Outcome]]:
        """Outcomes of calls under way, to be recorded as they come: in one piece, unless the task is ended meanwhile.

        Then first those that are known soon enough, and what was not called; Airflow may leave no time for the others.
        """
        with self.stopping_on_error():
            while wait(under_way, GLANCE_SECONDS).not_done and self.are_wanted():
                self._look()
        begun = {call for call in under_way if self.are_wanted() or not call.cancel()}
        known, late = wait(begun, None if self.are_wanted() else GRACE_SECONDS)
        given_back = [Outcome(under_way[call], NoticeState.PLANNED, "given_back") for call in under_way.keys() - begun]
        yield [*given_back, *(call.result() for call in known)]
        yield [call.result() for call in late]

    def raise_obstacle(self) -> None:
        """What stopped the calls, if anything did, once they are recorded.

        Raises:
            SendingStopped: with what to do.
            BaseException: what was raised in this thread.
        """
        if isinstance(self.obstacle, GatewayError):
            raise SendingStopped(f"{self.obstacle}: mend it, then clear this task; nothing is lost or sent twice")
        if self.obstacle:
            raise self.obstacle

    def _look(self) -> None:
        if time.monotonic() < self._look_at:
            return
        if self._is_ended():
            self.stopped.set()
        self._look_at = time.monotonic() + LOOK_EVERY_SECONDS

    @contextmanager
    def stopping_on_error(self) -> Iterator[None]:
        """Whatever happens here stops the calls; it is raised again once they are recorded."""
        try:
            yield
        except BaseException as error:
            self._stop(error)

    def _call(self, submission: Submission, until: float) -> Outcome:
        """One call, asked again while the gateway is busy; every way out of it is an outcome."""
        notice_id, busy = submission.notice_id, Busy("the gateway was not asked")
        for _ in range(BUSY_TRIES):
            if not self.are_wanted() or time.monotonic() > until:
                return Outcome(notice_id, NoticeState.PLANNED, "given_back")
            try:
                receipt = self._gateway.submit(replace(submission, is_wanted=self.are_wanted))
                return Outcome(notice_id, NoticeState.ACCEPTED, None, receipt.gateway_message_id)
            except Refused as refused:
                return self._refused(notice_id, refused)
            except OutcomeUnknown as unknown:
                return Outcome(notice_id, NoticeState.UNKNOWN, str(unknown))
            except Busy as answer:
                busy = answer
            except Exception as error:
                # It may have happened after the gateway took it.
                self._stop(error)
                return Outcome(notice_id, NoticeState.UNKNOWN, type(error).__name__)
        if self.are_wanted():
            self._stop(busy)
        return Outcome(notice_id, NoticeState.PLANNED, "gateway_busy")

    def _refused(self, notice_id: UUID, refused: Refused) -> Outcome:
        if not refused.concerns_all:
            return Outcome(notice_id, NoticeState.REJECTED, refused.code)
        self._stop(refused)
        return Outcome(notice_id, NoticeState.PLANNED, refused.code)

    def _stop(self, obstacle: BaseException) -> None:
        self.obstacle = self.obstacle or obstacle
        self.stopped.set()
