"""Planning a run again: what changed is asked for anew, what was handed over stays, and what is the same stays."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HoldOut, Measurement, Reference
from oshirase.services.campaign_run import load_campaign_run
from oshirase.services.planning import digest_settings
from tests.people import create_debtor, create_levy, create_payment, create_resident, insert
from tests.scene import OCCURRENCE, Scene

DEBTORS = 6


@pytest.fixture
def residents(scene: Scene) -> list[str]:
    scene.change(batch_size=2)
    return [create_debtor(scene.owner, resident_id=f"00005500{n:02d}") for n in range(DEBTORS)]


def pay(scene: Scene, resident: str) -> None:
    ((levy,),) = scene.rows(f"select levy_id from records.levy where obligor_id = '{resident}'")
    create_payment(scene.owner, levy, payment_id=f"P{resident}", recorded_at=scene.clock() + timedelta(minutes=1))


def hold(scene: Scene, resident: str) -> None:
    insert(
        scene.owner, "hold", hold_id=f"H{resident}", resident_id=resident, kind="in_consultation",
        from_on=date(2026, 9, 1), recorded_at=scene.clock(),
    )  # fmt: skip


def is_approved(scene: Scene, run: UUID) -> bool:
    return load_campaign_run(scene.engine, run).approved_at is not None


def events(scene: Scene) -> int:
    return int(scene.rows("select count(*) from ledger.notice_event")[0][0])


def test_when_nothing_changed_the_approval_holds(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    digest, before = load_campaign_run(scene.engine, run).digest, events(scene)
    scene.clock.moment += timedelta(minutes=30)
    assert scene.plan(run) == digest
    assert is_approved(scene, run)
    assert events(scene) == before


def test_who_was_deferred_by_the_run_itself_does_not_push_the_others_out(scene: Scene, residents: list[str]) -> None:
    scene.pace(per_occurrence=3)
    run = scene.approved_run()
    digest = load_campaign_run(scene.engine, run).digest
    assert scene.plan(run) == digest


def test_who_paid_since_leaves_the_line_and_the_rest_is_asked_for_again(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    digest = load_campaign_run(scene.engine, run).digest
    pay(scene, residents[0])
    assert scene.plan(run) != digest
    assert not is_approved(scene, run)
    assert scene.states() == {"planned": DEBTORS - 1, "suppressed/settled": 1}
    assert scene.send(run) == {}, "nothing unapproved goes out"
    scene.approve(run, load_campaign_run(scene.engine, run).digest)
    assert scene.send(run) == {"accepted": DEBTORS - 1}


def test_whose_reason_is_gone_comes_back_into_the_line(scene: Scene, residents: list[str]) -> None:
    hold(scene, residents[0])
    run = scene.open()
    scene.plan(run)
    assert scene.states() == {"planned": DEBTORS - 1, "suppressed/in_consultation": 1}
    with scene.owner.begin() as connection:
        connection.exec_driver_sql("update records.hold set superseded_at = '2026-10-02T10:00+09:00'")
    scene.plan(run)
    assert scene.states() == {"planned": DEBTORS}


def test_another_text_is_another_content(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    plain = scene.campaign.variants[0]
    changed = plain.model_copy(update={"version": 2, "body": plain.body.replace("ご容赦ください", "お許しください")})
    scene.campaign = scene.campaign.model_copy(update={"variants": (changed,)})
    scene.plan(run)
    assert not is_approved(scene, run)
    bodies = scene.rows("select distinct t.body from ledger.notice as n join ledger.message_text as t using (text_id)")
    assert len(bodies) == 1
    assert "お許しください" in bodies[0][0]


def test_other_settings_alone_void_the_approval(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    scene.pace(per_hour=3)
    scene.plan(run)
    assert not is_approved(scene, run)


def test_how_it_is_measured_voids_no_approval(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    scene.campaign = scene.campaign.model_copy(
        update={"measurement": Measurement(primary_days=30), "reference": Reference(label="23区", take_up={2025: 0.4})}
    )
    scene.plan(run)
    assert is_approved(scene, run)


def test_how_many_batches_are_sent_at_once_voids_no_approval(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    ((digest,),) = scene.rows("select settings_digest from ledger.campaign_run")
    scene.change(at_once=1)
    assert digest_settings(scene.campaign, scene.city) == digest
    scene.plan(run)
    assert is_approved(scene, run)
    scene.change(lead_minutes=scene.campaign.sending.lead_minutes + 1)
    assert digest_settings(scene.campaign, scene.city) != digest


def test_what_was_handed_over_stays_and_only_the_rest_is_planned_anew(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    scene.send_batch(run, 1)
    handed_over = scene.rows("select resident_id, batch, scheduled_at from ledger.notice where state = 'accepted'")
    assert len(handed_over) == 2
    first = scene.rows("select resident_id from ledger.notice where state = 'planned' order by 1")[0][0]
    pay(scene, first)
    scene.plan(run)
    assert (
        scene.rows("select resident_id, batch, scheduled_at from ledger.notice where state = 'accepted'") == handed_over
    )
    assert scene.states() == {"accepted": 2, "planned": DEBTORS - 3, "suppressed/settled": 1}
    assert scene.rows("select min(batch) from ledger.notice where state = 'planned'") == [(2,)]
    scene.approve(run, load_campaign_run(scene.engine, run).digest)
    scene.send(run)
    assert set(scene.accepted_per_number().values()) == {1}
    assert sum(scene.accepted_per_number().values()) == DEBTORS - 1


def test_the_hold_out_keeps_the_times_of_the_part_of_the_line_that_was_handed_over(scene: Scene) -> None:
    scene.campaign = scene.campaign.model_copy(update={"hold_out": HoldOut(share=0.5)})
    scene.change(batch_size=2)
    scene.pace(per_hour=2)
    for _ in range(24):
        create_debtor(scene.owner)
    run = scene.approved_run()
    query = "select notice_id, scheduled_at from ledger.notice where state = 'held_out' order by 2"
    before = dict(scene.rows(query))
    scene.send_batch(run, 1)
    ((upto,),) = scene.rows("select max(scheduled_at) from ledger.notice where state = 'accepted'")
    scene.clock.moment += timedelta(days=5)
    scene.plan(run)
    after = dict(scene.rows(query))
    assert after.keys() == before.keys()
    kept = {notice for notice, at in before.items() if at <= upto}
    assert {notice for notice in kept if after[notice] != before[notice]} == set()
    assert all(after[notice] > before[notice] for notice in before.keys() - kept)


def test_a_telephone_that_got_its_message_gets_no_second_one_from_the_same_run(scene: Scene) -> None:
    """Two at one number: the first got it; then the second one's reason not to send is gone."""
    scene.city = scene.city.model_copy(
        update={"screening": scene.city.screening.model_copy(update={"minimum_gap_days": 0})}
    )
    for resident in ("0000551001", "0000551002"):
        create_debtor(scene.owner, resident_id=resident, phone="+819077770077")
    hold(scene, "0000551002")
    run = scene.approved_run()
    scene.send(run)
    with scene.owner.begin() as connection:
        connection.exec_driver_sql("update records.hold set superseded_at = '2026-10-02T10:00+09:00'")
    scene.clock.moment = OCCURRENCE + timedelta(hours=8)
    scene.collect()
    scene.change(batch_size=5)  # other settings: everybody is judged anew
    scene.plan(run)
    assert scene.states() == {"delivered": 1, "suppressed/shared_phone": 1}


def test_two_who_change_places_at_one_telephone(scene: Scene) -> None:
    """The first leaves the line for a payment, the second takes the telephone: in one planning."""
    for resident in ("0000552001", "0000552002"):
        create_debtor(scene.owner, resident_id=resident, phone="+819077770078")
    run = scene.open()
    scene.plan(run)
    assert scene.rows("select resident_id from ledger.notice where state = 'planned'") == [("0000552001",)]
    pay(scene, "0000552001")
    scene.plan(run)
    assert scene.rows("select resident_id, state from ledger.notice order by 1") == [
        ("0000552001", "suppressed"),
        ("0000552002", "planned"),
    ]


def test_whose_window_closed_is_booked_again_and_asked_for(scene: Scene, residents: list[str]) -> None:
    """Everything stood still until the next business day: cleared, the run books into the next window."""
    run = scene.approved_run()
    scene.send_batch(run, 1)
    scene.clock.moment = datetime(2026, 10, 5, 10, 0, tzinfo=JST)
    scene.send(run)
    assert scene.states()["expired/window_closed"] == DEBTORS - 2
    scene.plan(run)
    assert scene.states() == {"accepted": 2, "planned": DEBTORS - 2}
    assert not is_approved(scene, run)
    bookings = scene.rows("select min(scheduled_at), max(limited_at) from ledger.notice where state = 'planned'")
    assert bookings[0][0] >= scene.clock.moment
    assert bookings[0][1].astimezone(JST) == datetime(2026, 10, 5, 17, 0, tzinfo=JST)


def test_a_cap_counts_what_was_handed_over(scene: Scene, residents: list[str]) -> None:
    scene.pace(per_occurrence=4)
    run = scene.approved_run()
    scene.send_batch(run, 1)
    pay(scene, scene.rows("select resident_id from ledger.notice where state = 'planned' order by 1")[0][0])
    scene.plan(run)
    assert scene.states() == {"accepted": 2, "planned": 2, "deferred": 1, "suppressed/settled": 1}


def test_who_is_not_selected_any_more_leaves_the_line(scene: Scene, residents: list[str]) -> None:
    """The cohort's settings changed: the scheme, as an extreme."""
    run = scene.approved_run()
    cohort = scene.campaign.cohort.model_copy(update={"params": {"scheme": "late_elderly"}})
    scene.campaign = scene.campaign.model_copy(update={"cohort": cohort})
    scene.plan(run)
    assert scene.states() == {"suppressed/not_selected": DEBTORS}


def test_a_faulty_text_leaves_the_run_as_it_was(scene: Scene, residents: list[str]) -> None:
    run = scene.approved_run()
    digest = load_campaign_run(scene.engine, run).digest
    bad = scene.campaign.variants[0].model_copy(update={"body": "督促"})
    scene.campaign = scene.campaign.model_copy(update={"variants": (bad,)})
    with pytest.raises(ValueError, match="督促"):
        scene.plan(run)
    assert load_campaign_run(scene.engine, run).digest == digest
    assert is_approved(scene, run)


def test_who_was_reminded_by_a_later_occurrence_is_superseded(scene: Scene) -> None:
    """September's run is recovered in October, after October's: nobody is reminded of the older instalment."""
    resident = create_resident(scene.owner)
    for instalment, due_on in ((3, date(2026, 8, 31)), (4, date(2026, 9, 30))):
        create_levy(scene.owner, resident, instalment=instalment, due_on=due_on)
    scene.send(scene.approved_run())
    scene.clock.moment = OCCURRENCE + timedelta(days=20)
    september = scene.open(datetime(2026, 9, 2, 10, 0, tzinfo=JST))
    scene.plan(september)
    assert scene.states() == {"accepted": 1, "suppressed/superseded": 1}
