"""Stopping a run: within seconds nothing more goes out, bookings are cancelled, what went out is listed."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from oshirase.adapters.gateways.console_csv import ConsoleFolder
from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.adapters.pace import Pace
from oshirase.domain.gateway import OutcomeUnknown
from oshirase.services import console as uploads
from oshirase.services.approval import reject_campaign_run
from oshirase.services.calls import LOOK_EVERY_SECONDS
from oshirase.services.console import Desk
from oshirase.services.console_results import CANCEL_LIST, WAITING_LIST, write_cancel_list, write_waiting_list
from oshirase.services.delivery import LEASE, claim_notices
from oshirase.services.reconciliation import cancel_bookings
from oshirase.services.stop import (
    API_RULE,
    CancelRule,
    CannotStop,
    Whereabouts,
    cancel_rule,
    count_whereabouts,
    list_gone,
    stop_campaign_run,
    wait_for_senders,
)
from oshirase.services.unknown import SETTLING
from tests.people import create_debtor
from tests.scene import KEY, OCCURRENCE, Scene
from tests.services.test_console import CONSOLE, SLOT, listed
from tests.services.test_delivery import Failing
from tests.services.test_reconciliation import cancel_outcomes, pay

WHY = "文面に誤りがあるため"


def stop(scene: Scene, run: UUID, by: str = "sato", reason: str = WHY) -> bool:
    return stop_campaign_run(scene.engine, run, by, reason, scene.clock())


def places(scene: Scene, run: UUID, rule: CancelRule = API_RULE) -> dict[Whereabouts, int]:
    return count_whereabouts(scene.engine, run, rule, scene.clock())


def closing(scene: Scene) -> list[tuple[object, ...]]:
    return scene.rows("select closed_as, closed_by, closed_reason from ledger.campaign_run")


def run_of(scene: Scene, count: int) -> UUID:
    for _ in range(count):
        create_debtor(scene.owner)
    return scene.approved_run()


# While a send is under way


def sending(scene: Scene, run: UUID, pace: Pace) -> threading.Thread:
    """A task that hands the run over at a slow pace."""
    gateway = KaradenGateway("karaden", scene.account(), pace)
    thread = threading.Thread(target=scene.send_batch, args=(run,), kwargs={"gateway": gateway})
    thread.start()
    return thread


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stop_works_within_seconds_while_a_send_is_under_way(scene: Scene) -> None:
    run = run_of(scene, 30)
    sender = sending(scene, run, Pace(scene.engine, "karaden", requests_per_second=5, width=2))
    wait_until(lambda: scene.running.calls()["total"] >= 3)
    assert stop(scene, run)
    stopped_at = time.monotonic()
    sender.join()
    assert time.monotonic() - stopped_at < LOOK_EVERY_SECONDS + 2
    arrivals = scene.running.calls()["arrivals"]
    assert max(arrivals) - stopped_at < LOOK_EVERY_SECONDS + 1
    assert 3 <= len(arrivals) < 30
    assert scene.states() == {"accepted": len(arrivals), "expired/stopped": 30 - len(arrivals)}

    assert scene.reconcile() == {"cancelled": len(arrivals), "settled": 0}
    assert scene.states() == {"cancelled/stopped": len(arrivals), "expired/stopped": 30 - len(arrivals)}
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    assert scene.running.counts()["sent"] == 0


def test_who_reconciles_right_after_a_stop_waits_for_the_senders(scene: Scene) -> None:
    run = run_of(scene, 12)
    assert not wait_for_senders(scene.engine, scene.clock)
    sender = sending(scene, run, Pace(scene.engine, "karaden", requests_per_second=5, width=2))
    wait_until(lambda: scene.running.calls()["total"] >= 3)
    stop(scene, run)
    assert scene.reconcile() == {"settled": 0}, "nothing is recorded yet"
    assert not wait_for_senders(scene.engine, lambda: scene.clock() + LEASE), "a lost claim is not waited for"
    assert wait_for_senders(scene.engine, scene.clock)
    assert set(scene.states()) == {"accepted", "expired/stopped"}
    sender.join()
    assert scene.reconcile()["cancelled"] >= 3
    assert set(scene.states()) == {"cancelled/stopped", "expired/stopped"}


def test_a_sender_that_does_not_end_is_not_waited_for_for_ever(scene: Scene) -> None:
    run = run_of(scene, 1)
    claim_notices(scene.engine, "karaden", scene.city, run, 1, by="worker", now=scene.clock())
    stop(scene, run)
    assert wait_for_senders(scene.engine, scene.clock, patience_seconds=0.1)
    assert scene.states() == {"claimed": 1}


def test_a_call_that_the_gateway_had_put_off_is_not_made_after_a_stop(scene: Scene) -> None:
    run = run_of(scene, 4)
    pace = Pace(scene.engine, "karaden", requests_per_second=20, width=2)
    pace.block(timedelta(seconds=3))
    sender = sending(scene, run, pace)
    wait_until(lambda: scene.states() == {"claimed": 4})
    stop(scene, run)
    sender.join()
    assert scene.running.calls()["total"] == 0
    assert scene.states() == {"expired/stopped": 4}


def test_a_sender_looks_between_groups_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oshirase.services.delivery.GROUP_SIZE", 2)
    monkeypatch.setattr("oshirase.services.calls.LOOK_EVERY_SECONDS", 0.0)
    run = run_of(scene, 6)

    class Stopping(Failing):
        """Somebody stops the run while the first call is under way: by then the next group may be claimed."""

        def submit(self, submission):  # type: ignore[no-untyped-def]
            stop(scene, run)
            return super().submit(submission)

    counts = scene.send_batch(run, gateway=Stopping(scene.gateway))
    assert counts["accepted"] <= 2
    assert scene.states() == {"accepted": counts["accepted"], "expired/stopped": 6 - counts["accepted"]}


def test_nothing_is_claimed_after_a_stop(scene: Scene) -> None:
    run = run_of(scene, 2)
    assert stop(scene, run)
    assert scene.send(run) == {}
    assert scene.send_batch(run) == {}
    assert scene.running.calls()["total"] == 0
    assert scene.states() == {"expired/stopped": 2}
    assert closing(scene) == [("stopped", "sato", WHY)]


# What is booked


def test_bookings_are_cancelled_and_what_is_too_late_is_listed(scene: Scene) -> None:
    run = run_of(scene, 3)
    scene.send(run)
    bookings = [booking for (booking,) in scene.rows("select scheduled_at from ledger.notice order by scheduled_at")]
    scene.clock.moment = bookings[0] - timedelta(minutes=5)
    early = sum(booking > scene.clock() + timedelta(minutes=5) for booking in bookings)
    assert 0 < early < 3
    stop(scene, run)
    assert places(scene, run) == {Whereabouts.GONE: 3 - early, Whereabouts.TO_CANCEL: early}
    assert scene.reconcile() == {"cancelled": early, "settled": 0}
    assert places(scene, run) == {Whereabouts.GONE: 3 - early, Whereabouts.CANCELLED: early}

    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    scene.collect()
    gone = list_gone(scene.engine, run, API_RULE, scene.clock())
    ((phone, *_),) = scene.rows("select phone_e164 from ledger.notice order by scheduled_at limit 1")
    assert [notice.state for notice in gone] == ["delivered"] * (3 - early)
    assert gone[0].phone_masked == f"***-****-{phone[-4:]}"
    assert scene.running.counts()["sent"] == 3 - early


def test_what_the_gateway_did_not_cancel_says_so(scene: Scene) -> None:
    run = run_of(scene, 1)
    scene.send(run)
    stop(scene, run)

    def unanswered(_: str) -> None:
        raise OutcomeUnknown("no answer")

    scene.gateway.cancel = unanswered  # type: ignore[assignment,method-assign]
    assert scene.reconcile() == {"unanswered": 1, "settled": 0}
    assert cancel_outcomes(scene) == [("accepted", "unanswered", "stopped")]
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    (notice,) = list_gone(scene.engine, run, API_RULE, scene.clock())
    assert notice.cancel_outcome == "unanswered"


def test_what_the_records_say_is_the_reason_that_is_kept(scene: Scene) -> None:
    residents = [create_debtor(scene.owner) for _ in range(2)]
    run = scene.approved_run()
    scene.send(run)
    pay(scene, residents[0])
    stop(scene, run)
    scene.reconcile()
    assert scene.states() == {"cancelled/settled": 1, "cancelled/stopped": 1}


def test_another_runs_bookings_are_left_alone(scene: Scene) -> None:
    stopped = run_of(scene, 1)
    scene.send(stopped)
    scene.clock.moment += timedelta(hours=1)
    create_debtor(scene.owner)
    other = scene.open(OCCURRENCE + timedelta(hours=24))
    scene.approve(other, scene.plan(other))
    scene.send(other)
    before = scene.rows(f"select state from ledger.notice where campaign_run_id = '{other}'")
    stop(scene, stopped)
    engine, city, now = scene.engine, scene.city, scene.clock()
    assert cancel_bookings(engine, scene.gateway, city, now, "test", other) == {}
    assert cancel_bookings(engine, scene.gateway, city, now, "test", stopped) == {"cancelled": 1}
    assert scene.rows(f"select state from ledger.notice where campaign_run_id = '{other}'") == before


def test_what_is_found_at_the_gateway_only_after_the_stop_is_cancelled(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send_batch(run, gateway=Failing(scene.gateway, OutcomeUnknown("no answer"), after=True))
    stop(scene, run)
    assert places(scene, run) == {Whereabouts.UNKNOWN: 1}
    scene.clock.moment += SETTLING
    assert scene.look_up() == {"found": 1}
    assert scene.reconcile() == {"cancelled": 1, "settled": 0}
    assert scene.states() == {"cancelled/stopped": 1}


# Who may stop what, and when


def test_who_stopped_first_stays(scene: Scene) -> None:
    run = run_of(scene, 1)
    assert stop(scene, run)
    assert not stop(scene, run, by="suzuki", reason="別の理由")
    assert closing(scene) == [("stopped", "sato", WHY)]


def test_a_planned_run_may_be_stopped_before_its_approval(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    digest = scene.plan(run)
    assert stop(scene, run)
    scene.approve(run, digest)
    assert scene.send(run) == {}
    assert scene.states() == {"expired/stopped": 1}


def test_a_stopped_run_stays_stopped_when_it_is_planned_again(scene: Scene) -> None:
    run = run_of(scene, 1)
    stop(scene, run)
    scene.plan(run)
    assert scene.states() == {"expired/stopped": 1}


def test_a_closed_run_stays_what_it_is(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    reject_campaign_run(scene.engine, run, str(scene.plan(run)), "suzuki", scene.clock(), "取りやめ")
    assert not stop(scene, run)
    assert closing(scene) == [("rejected", "suzuki", "取りやめ")]


@pytest.mark.parametrize("reason", ["", " \n", "　"])
def test_without_a_reason_nothing_is_stopped(scene: Scene, reason: str) -> None:
    run = run_of(scene, 1)
    with pytest.raises(CannotStop, match="reason"):
        stop(scene, run, reason=reason)
    assert closing(scene) == [(None, None, None)]


def test_what_is_not_planned_or_not_there_cannot_be_stopped(scene: Scene) -> None:
    with pytest.raises(CannotStop, match="not been planned"):
        stop(scene, scene.open())
    with pytest.raises(CannotStop, match="there is no campaign run"):
        stop(scene, uuid4())


# Through a console


@pytest.fixture
def desk(scene: Scene, tmp_path: Path) -> Desk:
    return Desk(scene.engine, CONSOLE, ConsoleFolder(tmp_path, CONSOLE.folders), scene.city, KEY, "writer", scene.clock)


def test_bookings_in_a_console_are_to_be_cancelled_by_hand(scene: Scene, desk: Desk, tmp_path: Path) -> None:
    run = run_of(scene, 2)
    uploads.write_slot(desk, run, SLOT)
    (waiting,) = uploads.list_waiting(desk, run)
    uploads.confirm_uploads(desk, [waiting.file])
    stop(scene, run)
    assert scene.reconcile() == {"settled": 0}
    assert write_cancel_list(desk) == 2
    assert {row[-1] for row in listed(tmp_path / "lists" / CANCEL_LIST)} == {"送信の停止"}
    assert cancel_outcomes(scene) == [("accepted", "unanswered", "stopped")] * 2
    lead = CONSOLE.upload.lead_minutes
    assert places(scene, run, CancelRule(timedelta(minutes=5), lead, is_by_hand=True)) == {Whereabouts.TO_CANCEL: 2}


def test_a_waiting_file_of_a_stopped_run_is_not_to_be_uploaded(scene: Scene, desk: Desk, tmp_path: Path) -> None:
    run = run_of(scene, 2)
    uploads.write_slot(desk, run, SLOT)
    stop(scene, run)
    write_waiting_list(desk)
    ((*_, advice),) = listed(tmp_path / "lists" / WAITING_LIST)
    assert "アップロードしないでください" in advice
    assert places(scene, run) == {Whereabouts.UNDER_WAY: 2}
    (waiting,) = uploads.list_waiting(desk, run)
    uploads.write_anew(replace(desk, by="sato"), waiting, SLOT)
    assert scene.states() == {"expired/stopped": 2}
    assert places(scene, run) == {Whereabouts.NEVER_HANDED_OVER: 2}


def test_a_file_that_was_uploaded_all_the_same_is_to_be_cancelled(scene: Scene, desk: Desk) -> None:
    run = run_of(scene, 2)
    uploads.write_slot(desk, run, SLOT)
    stop(scene, run)
    (waiting,) = uploads.list_waiting(desk, run)
    uploads.confirm_uploads(desk, [waiting.file])
    assert write_cancel_list(desk) == 2


def test_the_rule_is_that_of_the_campaigns_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cancel_rule("nhi_overdue") == API_RULE
    assert cancel_rule("no_such_campaign") == API_RULE


def test_the_list_of_what_went_out_comes_in_pages(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oshirase.services.stop.PAGE_SIZE", 2)
    run = run_of(scene, 5)
    claim = claim_notices(scene.engine, "karaden", scene.city, run, 1, by="worker", now=scene.clock())
    assert len(claim.submissions) == 5
    stop(scene, run)
    assert places(scene, run) == {Whereabouts.UNDER_WAY: 5}
    scene.clock.moment += timedelta(minutes=11)
    scene.look_up()
    seen: list[UUID] = []
    while page := list_gone(scene.engine, run, API_RULE, scene.clock(), seen[-1] if seen else None):
        assert len(page) <= 2
        seen += [notice.notice_id for notice in page]
    assert len(seen) == len(set(seen)) == 5
    assert list_gone(scene.engine, run, API_RULE, scene.clock(), uuid4()) == []
