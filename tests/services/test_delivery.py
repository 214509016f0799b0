"""Handing over: only what was approved, each notice once, nothing lost, whatever answers."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import text

from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.domain.gateway import Busy, OutcomeUnknown, Receipt, Refused, Submission
from oshirase.domain.notice import NoticeState
from oshirase.services import calls, delivery
from oshirase.services.approval import reject_campaign_run
from oshirase.services.calls import Outcome, SendingStopped
from oshirase.services.delivery import (
    BatchChanged,
    claim_notices,
    record_outcomes,
    verify_batch,
)
from oshirase.services.summary import NoticesLeft, summarise, verify_handed_over
from tests.people import create_debtor, create_payment
from tests.scene import KEY, OCCURRENCE, Scene


class Failing:
    """The emulator's client, with an answer of our choice for some calls."""

    name = "karaden"
    width = 1
    cancel_margin = timedelta(minutes=5)
    look_up_is_authoritative = False

    def __init__(self, gateway: KaradenGateway, *errors: Exception | None, after: bool = False) -> None:
        self.gateway, self.errors, self.after = gateway, list(errors), after

    def submit(self, submission: Submission) -> Receipt:
        error = self.errors.pop(0) if self.errors else None
        if error is None or self.after:
            receipt = self.gateway.submit(submission)
        if error is not None:
            raise error
        return receipt


def debtors(scene: Scene, count: int) -> list[str]:
    return [create_debtor(scene.owner) for _ in range(count)]


def test_an_approved_run_is_handed_over_as_bookings(scene: Scene) -> None:
    debtors(scene, 3)
    run = scene.approved_run()
    assert scene.send(run) == {"accepted": 3}
    assert set(scene.accepted_per_number().values()) == {1}
    found = scene.gateway.find(scene.rows("select notice_id from ledger.notice")[0][0])
    assert found is not None
    assert (found.status, found.tags[1]) == ("waiting", str(run))


def test_without_an_approval_nothing_is_claimed(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.open()
    scene.plan(run)
    assert scene.send(run) == {}
    assert scene.send_batch(run) == {}
    assert scene.accepted_per_number() == {}


def test_an_approval_of_other_content_is_no_approval(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.open()
    scene.plan(run)
    scene.approve(run, "another digest")
    assert scene.send_batch(run) == {}


def test_a_rejected_run_sends_nothing_and_keeps_who_and_why(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.open()
    reject_campaign_run(scene.engine, run, scene.plan(run), "suzuki", scene.clock(), "文面の誤り")
    assert scene.send(run) == {}
    assert scene.states() == {"expired/rejected": 2}
    assert scene.rows("select closed_as, closed_by, closed_reason from ledger.campaign_run") == [
        ("rejected", "suzuki", "文面の誤り")
    ]


def test_a_run_rejected_after_its_approval_stops(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.approved_run()
    reject_campaign_run(scene.engine, run, scene.plan(run), "suzuki", scene.clock(), "取りやめ")
    assert scene.send(run) == {}
    assert scene.accepted_per_number() == {}


@pytest.mark.parametrize(
    "change",
    [
        "update ledger.notice set phone_e164 = '+819099999999'",
        "update ledger.notice set scheduled_at = scheduled_at + interval '1 hour'",
        "update ledger.message_text set body = body || '!'",
    ],
)
def test_a_batch_that_was_changed_after_the_approval_is_not_sent(scene: Scene, change: str) -> None:
    debtors(scene, 1)
    run = scene.approved_run()
    with scene.owner.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(BatchChanged, match="nothing of it was sent"):
        scene.send(run)
    assert scene.accepted_per_number() == {}


def test_who_paid_between_approval_and_hand_over_is_suppressed(scene: Scene) -> None:
    paid, _ = debtors(scene, 2)
    run = scene.approved_run()
    ((levy,),) = scene.rows(f"select levy_id from records.levy where obligor_id = '{paid}'")
    create_payment(scene.owner, levy, recorded_at=scene.clock())
    assert scene.send(run) == {"accepted": 1, "suppressed": 1}
    assert scene.states() == {"accepted": 1, "suppressed/settled": 1}


def test_who_changed_the_number_since_is_not_sent_to_the_old_one(scene: Scene) -> None:
    resident = create_debtor(scene.owner)
    run = scene.approved_run()
    with scene.owner.begin() as connection:
        connection.execute(
            text("update records.contact set phone_e164 = '+819088880000' where resident_id = :r"), {"r": resident}
        )
    scene.send(run)
    assert scene.states() == {"suppressed/phone_changed": 1}


def test_a_group_of_which_everybody_paid_does_not_end_the_batch(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "GROUP_SIZE", 2)
    first = debtors(scene, 2)
    debtors(scene, 2)
    run = scene.approved_run()
    order = scene.rows("select resident_id from ledger.notice order by scheduled_at limit 2")
    for (resident,) in order:
        ((levy,),) = scene.rows(f"select levy_id from records.levy where obligor_id = '{resident}'")
        create_payment(scene.owner, levy, recorded_at=scene.clock())
    assert len(first) == len(order)
    assert scene.send(run) == {"accepted": 2, "suppressed": 2}


def test_sending_twice_hands_over_once(scene: Scene) -> None:
    debtors(scene, 3)
    run = scene.approved_run()
    scene.send(run)
    assert scene.send(run) == {}
    assert scene.send_batch(run) == {}
    assert set(scene.accepted_per_number().values()) == {1}


def test_several_workers_on_one_batch_hand_over_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "GROUP_SIZE", 3)
    debtors(scene, 30)
    run = scene.approved_run()
    workers = [threading.Thread(target=scene.send_batch, args=(run,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert scene.states() == {"accepted": 30}
    assert set(scene.accepted_per_number().values()) == {1}


def test_past_its_window_a_notice_expires(scene: Scene) -> None:
    debtors(scene, 1)
    run = scene.approved_run()
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    assert scene.send(run) == {"expired": 1}
    assert scene.states() == {"expired/window_closed": 1}


def test_a_booking_time_that_has_passed_is_sent_at_once_inside_the_window(scene: Scene) -> None:
    debtors(scene, 1)
    run = scene.approved_run()
    scene.clock.moment = OCCURRENCE + timedelta(hours=4)
    scene.send(run)
    found = scene.gateway.find(scene.rows("select notice_id from ledger.notice")[0][0])
    assert found is not None
    assert found.status == "done"


def test_an_answer_that_was_lost_is_unknown_and_not_sent_again(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.approved_run()
    assert scene.send_batch(run, gateway=Failing(scene.gateway, OutcomeUnknown("no answer"), after=True)) == {
        "unknown": 1, "accepted": 1,
    }  # fmt: skip
    assert scene.send(run) == {}
    assert scene.states() == {"unknown/no answer": 1, "accepted": 1}
    assert set(scene.accepted_per_number().values()) == {1}


def test_a_refused_notice_keeps_the_code_and_the_next_one_goes_out(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.approved_run()
    scene.send_batch(run, gateway=Failing(scene.gateway, Refused("validation_error", "422")))
    assert scene.states() == {"rejected/validation_error": 1, "accepted": 1}


def test_a_refusal_of_all_gives_everything_back_and_stops(scene: Scene) -> None:
    debtors(scene, 3)
    run = scene.approved_run()
    refusal = Refused("unauthentication", "the gateway answered 401", concerns_all=True)
    with pytest.raises(SendingStopped, match="answered 401"):
        scene.send_batch(run, gateway=Failing(scene.gateway, None, refusal))
    assert scene.states() == {"accepted": 1, "planned/unauthentication": 1, "planned/given_back": 1}
    assert scene.send(run) == {"accepted": 2}
    assert set(scene.accepted_per_number().values()) == {1}


def test_a_busy_gateway_is_asked_again_and_then_left_for_a_retry(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.approved_run()
    assert scene.send_batch(run, gateway=Failing(scene.gateway, Busy("429", timedelta(seconds=1)))) == {"accepted": 2}


def test_a_gateway_that_stays_busy_stops_the_task_and_loses_nothing(scene: Scene) -> None:
    debtors(scene, 1)
    run = scene.approved_run()
    with pytest.raises(SendingStopped):
        scene.send_batch(run, gateway=Failing(scene.gateway, *[Busy("503")] * calls.BUSY_TRIES))
    assert scene.states() == {"planned/gateway_busy": 1}


def test_a_worker_that_lost_its_claim_records_nothing(scene: Scene) -> None:
    debtors(scene, 1)
    run = scene.approved_run()
    late = claim_notices(scene.engine, "karaden", scene.city, run, 1, by="late", now=scene.clock())
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.notice set state = 'unknown', reason = 'lease', claim_id = null"))
    outcome = Outcome(late.submissions[0].notice_id, NoticeState.ACCEPTED, None, "id")
    record_outcomes(scene.engine, late.claim_id, [outcome], by="late", now=scene.clock())
    assert scene.states() == {"unknown/lease": 1}


class Interrupting:
    """Ends the task, as Airflow does with a cleared one, while the second call is under way."""

    name, width, cancel_margin, look_up_is_authoritative = "karaden", 1, timedelta(minutes=5), False

    def __init__(self, gateway: KaradenGateway) -> None:
        self.gateway, self.calls = gateway, 0

    def submit(self, submission: Submission) -> Receipt:
        self.calls += 1
        receipt = self.gateway.submit(submission)
        if self.calls == 2:
            # By now the main thread waits for the calls.
            time.sleep(0.3)
            # To the main thread itself: whichever thread the system chose would not wake it.
            signal.pthread_kill(cast("int", threading.main_thread().ident), signal.SIGINT)
            time.sleep(0.3)
        return receipt


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Also where the tests run in the background: a shell has such processes ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_task_that_is_ended_records_what_was_under_way_and_gives_the_rest_back(scene: Scene) -> None:
    debtors(scene, 6)
    run = scene.approved_run()
    with pytest.raises(KeyboardInterrupt):
        scene.send_batch(run, gateway=Interrupting(scene.gateway))  # type: ignore[arg-type]
    assert scene.states() == {"accepted": 2, "planned/given_back": 4}
    assert scene.send(run) == {"accepted": 4}
    assert set(scene.accepted_per_number().values()) == {1}


class Killed:
    """Has the task ended, as Airflow does with a cleared one, while so many calls are under way."""

    name, cancel_margin, look_up_is_authoritative = "karaden", timedelta(minutes=5), False

    def __init__(self, gateway: KaradenGateway, width: int, slow_seconds: float = 0) -> None:
        self.gateway, self.width, self.slow_seconds = gateway, width, slow_seconds
        self.is_killed = False

    def submit(self, submission: Submission) -> Receipt:
        receipt = self.gateway.submit(submission)
        self.is_killed = True
        time.sleep(self.slow_seconds)
        return receipt

    def send(self, scene: Scene, run: UUID) -> None:
        sender = delivery.Sender(scene.engine, self, scene.city, "killed", scene.clock, lambda: self.is_killed)  # type: ignore[arg-type]
        sender.deliver_batch(run, 1)


def test_a_task_that_airflow_ends_records_its_calls_and_gives_the_rest_back(scene: Scene) -> None:
    debtors(scene, 6)
    run = scene.approved_run()
    with pytest.raises(SendingStopped, match="ended from outside"):
        Killed(scene.gateway, width=1).send(scene, run)
    assert scene.states() == {"accepted": 1, "planned/given_back": 5}
    assert scene.send(run) == {"accepted": 5}
    assert set(scene.accepted_per_number().values()) == {1}


def test_a_task_that_airflow_ends_records_at_once_what_it_knows(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "GRACE_SECONDS", 0.2)
    debtors(scene, 3)
    run = scene.approved_run()
    recorded: list[int] = []
    monkeypatch.setattr(
        delivery, "record_outcomes", lambda *a, **k: (recorded.append(len(a[2])), record_outcomes(*a, **k))
    )
    with pytest.raises(SendingStopped):
        Killed(scene.gateway, width=1, slow_seconds=2).send(scene, run)
    assert recorded == [2, 1]
    assert scene.states() == {"accepted": 1, "planned/given_back": 2}


def test_the_next_try_waits_for_what_the_one_before_gives_back(scene: Scene) -> None:
    debtors(scene, 4)
    run = scene.approved_run()
    held = claim_notices(scene.engine, "karaden", scene.city, run, 1, by="ended", now=scene.clock())
    given_back = [Outcome(s.notice_id, NoticeState.PLANNED, "given_back") for s in held.submissions]
    with ThreadPoolExecutor(1) as pool:
        sender = delivery.Sender(scene.engine, scene.gateway, scene.city, "next", scene.clock)
        sending = pool.submit(sender.deliver_batch, run, 1)
        time.sleep(0.5)
        record_outcomes(scene.engine, held.claim_id, given_back, by="ended", now=scene.clock())
        assert sending.result() == {"accepted": 4}


def test_what_a_dead_sender_holds_is_waited_for_no_longer_than_its_lease(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.approved_run()
    claim_notices(scene.engine, "karaden", scene.city, run, 1, by="dead", now=scene.clock())
    sender = delivery.Sender(scene.engine, scene.gateway, scene.city, "next", scene.clock)
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.deliver_batch, run, 1)
        time.sleep(0.5)
        assert not sending.done()
        scene.clock.moment += delivery.LEASE
        assert sending.result() == {}
    assert scene.states() == {"claimed": 2}


def test_a_run_of_which_something_is_left_ends_as_an_error(scene: Scene) -> None:
    debtors(scene, 2)
    run = scene.approved_run()
    with pytest.raises(NoticesLeft, match="2 approved notices"):
        verify_handed_over(summarise(scene.engine, run))
    scene.send(run)
    verify_handed_over(summarise(scene.engine, run))


def test_a_run_that_nobody_approved_leaves_nothing_to_hand_over(scene: Scene) -> None:
    debtors(scene, 1)
    run = scene.open()
    digest = scene.plan(run)
    verify_handed_over(summarise(scene.engine, run))
    reject_campaign_run(scene.engine, run, digest, "suzuki", scene.clock(), "取りやめ")
    verify_handed_over(summarise(scene.engine, run))


def test_verify_batch_passes_untouched_content(scene: Scene) -> None:
    debtors(scene, 1)
    verify_batch(scene.engine, scene.approved_run(), 1, KEY)
