"""Planning a run: who is suppressed and why, in which order, and what the rest would get when."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HoldOut
from oshirase.domain.text import BadText
from oshirase.services.campaign_run import expire_campaign_run
from tests.people import (
    create_debtor,
    create_levy,
    create_payment,
    create_resident,
)
from tests.scene import OCCURRENCE, Scene


def test_only_the_latest_instalment_past_its_due_date_counts(scene: Scene) -> None:
    resident = create_resident(scene.owner)
    create_levy(scene.owner, resident, instalment=3, due_on=date(2026, 8, 31))
    create_payment(scene.owner, create_levy(scene.owner, resident))
    create_levy(scene.owner, resident, instalment=5, due_on=date(2026, 11, 2))
    scene.plan(scene.open())
    assert scene.states() == {}


def test_two_debtors_at_one_telephone_get_one_message(scene: Scene) -> None:
    for _ in range(2):
        create_debtor(scene.owner, phone="+819077770005")
    scene.plan(scene.open())
    assert scene.states() == {"planned": 1, "suppressed/shared_phone": 1}


def test_over_the_cap_the_oldest_arrears_come_first_and_the_rest_is_deferred(scene: Scene) -> None:
    scene.pace(per_occurrence=2)
    old = create_resident(scene.owner)
    create_levy(scene.owner, old, instalment=3, due_on=date(2026, 8, 31))
    for _ in range(3):
        create_debtor(scene.owner)
    scene.plan(scene.open())
    assert scene.states() == {"planned": 2, "deferred": 2}
    assert (old,) in scene.rows("select resident_id from ledger.notice where state = 'planned'")


def test_bookings_keep_the_pace_and_the_window(scene: Scene) -> None:
    scene.pace(per_hour=2)
    scene.change(lead_minutes=5 * 60)
    for _ in range(6):
        create_debtor(scene.owner)
    scene.plan(scene.open())
    bookings = [row[0].astimezone(JST) for row in scene.rows("select scheduled_at from ledger.notice order by 1")]
    # Friday 15:00 to 17:00, then Monday from 9:00 on.
    assert [f"{at:%d %H:%M}" for at in bookings] == [
        "02 15:00", "02 15:30", "02 16:00", "02 16:30", "05 09:00", "05 09:30",
    ]  # fmt: skip
    limits = {row[0].astimezone(JST).strftime("%d %H:%M") for row in scene.rows("select limited_at from ledger.notice")}
    assert limits == {"02 17:00", "05 17:00"}


def test_a_run_planned_at_night_books_into_the_next_window(scene: Scene) -> None:
    scene.clock.moment = OCCURRENCE + timedelta(hours=13)
    create_debtor(scene.owner)
    scene.plan(scene.open())
    ((booking,),) = scene.rows("select scheduled_at from ledger.notice")
    assert booking.astimezone(JST) == datetime(2026, 10, 5, 9, 0, tzinfo=JST)


def test_planning_twice_changes_nothing(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    digest = scene.plan(run)
    assert scene.plan(run) == digest
    assert scene.states() == {"planned": 1}


def test_a_run_that_was_ended_is_not_planned(scene: Scene) -> None:
    """Its notices would hold their subjects for ever: nobody could be reminded of them by a later run."""
    create_debtor(scene.owner)
    run = scene.open()
    expire_campaign_run(scene.engine, run, "記録が古いため", "test", scene.clock())
    assert scene.plan(run) is None
    assert scene.states() == {}


def test_a_run_that_expired_unplanned_is_open_again_for_who_asks(scene: Scene) -> None:
    """The extracts came a day later: the run that waited for them in vain is recovered, not lost."""
    create_debtor(scene.owner)
    run = scene.open()
    expire_campaign_run(scene.engine, run, "記録が古いため", "test", scene.clock())
    scene.clock.moment += timedelta(days=1)
    assert scene.open() == run
    assert scene.plan(run) is not None
    assert scene.states() == {"planned": 1}


def test_a_planned_run_that_expired_stays_so(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    scene.plan(run)
    expire_campaign_run(scene.engine, run, "承認されなかったため", "test", scene.clock())
    assert scene.open() == run
    scene.plan(run)
    assert scene.states() == {"expired/expired": 1}


def test_the_cohort_is_that_of_the_occurrence_also_when_planned_later(scene: Scene) -> None:
    levy = create_levy(scene.owner, create_resident(scene.owner))
    create_payment(scene.owner, levy, recorded_at=OCCURRENCE + timedelta(days=2))
    scene.clock.moment = OCCURRENCE + timedelta(days=3)
    scene.plan(scene.open())
    assert scene.states() == {"suppressed/settled": 1}


def test_the_hold_out_gets_no_text_and_is_the_same_people_every_time(scene: Scene) -> None:
    scene.campaign = scene.campaign.model_copy(update={"hold_out": HoldOut(share=0.5)})
    for _ in range(40):
        create_debtor(scene.owner)
    scene.plan(scene.open())
    held_out = set(scene.rows("select resident_id from ledger.notice where state = 'held_out'"))
    assert 8 <= len(held_out) <= 32
    scene.plan(scene.open(OCCURRENCE + timedelta(days=1)))
    assert set(scene.rows("select resident_id from ledger.notice where state = 'held_out'")) == held_out


def test_the_hold_out_is_cut_where_the_line_is_and_has_the_times_of_its_places(scene: Scene) -> None:
    """Else it would be compared with those of the oldest arrears, or with later days."""
    scene.campaign = scene.campaign.model_copy(update={"hold_out": HoldOut(share=0.5)})
    scene.pace(per_occurrence=8, per_hour=2)
    for age in range(40):
        resident = create_resident(scene.owner)
        create_levy(scene.owner, resident)
        create_levy(scene.owner, resident, instalment=3, due_on=date(2026, 8, 31) - timedelta(days=age))
    scene.plan(scene.open())
    line = scene.rows(
        "select n.state, n.arm = 'hold_out', n.scheduled_at from ledger.notice as n inner join records.levy as l"
        " on n.resident_id = l.obligor_id and l.instalment = 3 order by l.due_on"
    )
    assert [is_held for state, is_held, _ in line if state == "planned"] == [False] * 8
    last = max(place for place, (state, *_) in enumerate(line) if state == "planned")
    held_out = {place for place, (_, is_held, _) in enumerate(line) if is_held}
    assert {state for place, (state, *_) in enumerate(line) if place in held_out and place < last} == {"held_out"}
    first_deferred = min(place for place, (state, is_held, _) in enumerate(line) if state == "deferred" and not is_held)
    assert {state for state, *_ in line[first_deferred:]} == {"deferred"}
    times = [at for state, _, at in line if state != "deferred"]
    assert times == sorted(times)
    assert {at for state, _, at in line if state == "deferred"} == {None}


def test_variants_share_the_recipients_by_weight(scene: Scene) -> None:
    plain = scene.campaign.variants[0]
    relief = plain.model_copy(update={"name": "relief", "body": plain.body + "減免制度もあります。", "weight": 3})
    scene.campaign = scene.campaign.model_copy(update={"variants": (plain, relief)})
    for _ in range(80):
        create_debtor(scene.owner)
    scene.plan(scene.open())
    arms = dict(scene.rows("select arm, count(*) from ledger.notice group by arm"))
    assert arms["plain"] + arms["relief"] == 80
    assert 40 <= arms["relief"] <= 75


def test_a_text_that_asks_for_an_unknown_field_leaves_nothing_behind(scene: Scene) -> None:
    create_debtor(scene.owner)
    broken = scene.campaign.variants[0].model_copy(update={"body": "{{ amount_yen }}"})
    scene.campaign = scene.campaign.model_copy(update={"variants": (broken,)})
    run = scene.open()
    with pytest.raises(BadText, match="amount_yen"):
        scene.plan(run)
    assert scene.rows("select count(*) from ledger.notice") == [(0,)]


def test_all_that_is_wrong_with_the_texts_is_said_at_once_and_nothing_is_written(scene: Scene) -> None:
    for _ in range(20):
        create_debtor(scene.owner)
    plain = scene.campaign.variants[0]
    harsh = plain.model_copy(update={"name": "harsh", "body": plain.body + "督促 http://example.jp"})
    bare = plain.model_copy(update={"name": "bare", "body": "{{ city }}です。"})
    broken = plain.model_copy(update={"name": "broken", "body": "{{ name }}様"})
    scene.campaign = scene.campaign.model_copy(update={"variants": (plain, harsh, bare, broken)})
    run = scene.open()
    with pytest.raises(BadText) as raised:
        scene.plan(run)
    assert sorted(str(raised.value).splitlines()) == [
        "文面「bare」: 代表電話番号「03-0000-1000」がありません。",
        "文面「bare」: 担当の電話番号「03-0000-1234」がありません。",
        "文面「bare」: 行き違いの一文（「行き違い」を含む文）がありません。",
        "文面「broken」: 差し込めない項目「name」があります（この対象者の項目: instalment、due_on）。",
        "文面「harsh」: 3通分（139文字）です。2通分までにしてください。",
        "文面「harsh」: リンクになる「http://example.jp」があります。",
        "文面「harsh」: 使えない語「督促」があります。",
    ]
    for table in ("notice", "message_text", "batch"):
        assert scene.rows(f"select count(*) from ledger.{table}") == [(0,)]


def test_an_empty_cohort_is_a_run_with_nothing_to_send(scene: Scene) -> None:
    assert len(scene.plan(scene.open())) == 64


def test_the_same_occurrence_is_one_run_whoever_asks(scene: Scene) -> None:
    assert scene.open() == scene.open()
    with scene.owner.connect() as connection:
        assert connection.scalar(text("select count(*) from ledger.campaign_run")) == 1
