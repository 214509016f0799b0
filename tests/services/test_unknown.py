"""Unknown outcomes: looked up after a settling time, found or put to a person, never sent again on their own."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from oshirase.domain.gateway import OutcomeUnknown
from oshirase.services import unknown
from oshirase.services.delivery import LEASE, claim_notices
from oshirase.services.unknown import SETTLING, decide_unknown, list_released_batches
from tests.people import create_debtor, create_payment
from tests.scene import Scene
from tests.services.test_delivery import Failing

LOST = OutcomeUnknown("no answer")


def run_with_lost_answer(scene: Scene, *, accepted: bool) -> UUID:
    """One debtor whose hand-over got no answer; the gateway took it, or not."""
    create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send_batch(run, gateway=Failing(scene.gateway, LOST, after=accepted))
    return run


def decide(scene: Scene, *, is_to_send: bool, **chosen: object) -> int:
    return decide_unknown(
        scene.engine, is_to_send=is_to_send, seen_at=scene.clock(), by="sato", now=scene.clock(), **chosen
    )  # type: ignore[arg-type]


def test_before_it_has_settled_nobody_is_asked(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.advance(minutes=9)
    assert scene.look_up() == {}
    assert unknown.count_undecided(scene.engine) == []


def test_what_is_found_is_accepted_with_the_gateways_own_data(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=True)
    scene.clock.moment += SETTLING
    assert scene.look_up() == {"found": 1}
    assert scene.states() == {"accepted": 1}
    scene.clock.advance(hours=6)
    assert scene.collect() == {"delivered": 1}
    assert set(scene.accepted_per_number().values()) == {1}


def test_receipts_come_for_what_was_found_long_after_the_gateway_took_it(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=True)
    scene.clock.advance(hours=3)
    scene.look_up()
    scene.clock.advance(minutes=1)
    assert scene.collect() == {"delivered": 1}


def test_what_is_not_found_waits_for_a_person_and_is_not_sent(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    assert scene.look_up() == {"not_found": 1}
    assert scene.send(run) == {}
    (waiting,) = unknown.count_undecided(scene.engine)
    assert (waiting.campaign_run_id, waiting.notices, waiting.sendable) == (run, 1, 1)
    assert scene.accepted_per_number() == {}


def test_looking_up_again_changes_nothing_until_it_is_found(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    events = scene.rows("select count(*) from ledger.notice_event")
    scene.clock.advance(minutes=30)
    assert scene.look_up() == {"not_found": 1}
    assert scene.rows("select count(*) from ledger.notice_event") == events


def test_a_person_sends_again_and_the_name_is_kept(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    assert decide(scene, is_to_send=True) == 1
    assert [(b.campaign_run_id, b.batch) for b in list_released_batches(scene.engine)] == [(run, 1)]
    assert scene.send_batch(run) == {"accepted": 1}
    assert set(scene.accepted_per_number().values()) == {1}
    assert ("sato",) in scene.rows("select changed_by from ledger.notice_event where reason = 'send_again'")
    assert scene.rows("select attempt from ledger.notice") == [(2,)]


def test_who_paid_meanwhile_is_not_sent_again(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    ((levy,),) = scene.rows("select levy_id from records.levy")
    create_payment(scene.owner, levy, recorded_at=scene.clock())
    decide(scene, is_to_send=True)
    assert scene.send_batch(run) == {"suppressed": 1}


def test_what_a_person_leaves_is_never_sent_and_never_asked_again(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    assert decide(scene, is_to_send=False) == 1
    assert scene.look_up() == {}
    assert unknown.count_undecided(scene.engine) == []
    assert scene.send(run) == {}
    assert scene.states() == {"unknown/left": 1}


def test_a_word_on_what_somebody_decided_meanwhile_changes_nothing(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    decide(scene, is_to_send=False)
    assert decide(scene, is_to_send=True) == 0


def test_a_word_concerns_only_what_the_person_saw(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    seen_at = scene.clock()
    scene.clock.moment += SETTLING
    scene.look_up()
    decided = decide_unknown(scene.engine, is_to_send=True, seen_at=seen_at, by="sato", now=scene.clock())
    assert decided == 0


def test_a_word_stays_within_the_campaigns_of_the_person(scene: Scene) -> None:
    run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    assert decide(scene, is_to_send=True, campaigns=["health_check"]) == 0
    assert decide(scene, is_to_send=True, campaigns=["nhi_overdue"]) == 1


def test_an_authoritative_look_up_sends_again_by_rule(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.gateway.look_up_is_authoritative = True
    scene.clock.moment += SETTLING
    assert scene.look_up() == {"not_found": 1, "sent_again_by_rule": 1}
    assert scene.send_batch(run) == {"accepted": 1}
    assert scene.rows("select changed_by from ledger.notice_event where reason = 'send_again'") == [
        ("rule: look-up of karaden is authoritative",)
    ]


def test_the_claim_of_a_vanished_worker_is_lost_after_its_lease(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.approved_run()
    claim_notices(scene.engine, "karaden", scene.city, run, 1, by="vanished", now=scene.clock())
    scene.clock.moment += LEASE - timedelta(seconds=1)
    assert scene.look_up() == {}
    scene.clock.advance(seconds=1)
    assert scene.look_up() == {"lost_claims": 1}
    assert scene.states() == {"unknown/lease_expired": 1}


def test_many_are_looked_up_page_by_page(scene: Scene) -> None:
    for _ in range(5):
        create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send_batch(run, gateway=Failing(scene.gateway, *[LOST] * 5, after=True))
    scene.clock.moment += SETTLING
    unknown.GROUP_SIZE, before = 2, unknown.GROUP_SIZE
    try:
        assert scene.look_up() == {"found": 5}
    finally:
        unknown.GROUP_SIZE = before


def test_a_notice_of_a_rejected_run_cannot_be_sent_any_more(scene: Scene) -> None:
    run = run_with_lost_answer(scene, accepted=False)
    scene.clock.moment += SETTLING
    scene.look_up()
    with scene.owner.begin() as connection:
        connection.execute(
            text("update ledger.campaign_run set closed_as='stopped', closed_at=now() where campaign_run_id=:r"),
            {"r": run},
        )
    (waiting,) = unknown.count_undecided(scene.engine)
    assert (waiting.notices, waiting.sendable) == (1, 0)
    decide(scene, is_to_send=True)
    assert list_released_batches(scene.engine) == []
    assert scene.send_batch(run) == {}
