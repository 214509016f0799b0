"""Planning a run: who is suppressed and why, in which order, and what the rest would get when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from oshirase.domain.calendar import JST
from oshirase.domain.campaign import HoldOut
from oshirase.domain.notice import SUPPRESSION_LABELS, NoticeState
from oshirase.domain.text import BadText
from tests.ledger import create_notice, create_run
from tests.people import (
    create_contact,
    create_debtor,
    create_levy,
    create_payment,
    create_resident,
    insert,
)
from tests.scene import OCCURRENCE, Scene

SINCE_THEN = datetime(2026, 10, 2, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A debtor about whom something is known, and what becomes of the notice."""

    name: str
    make: Callable[[Engine], object]
    expected: str


def hold(kind: str, until: date | None = None) -> Callable[[Engine], object]:
    def make(owner: Engine) -> None:
        resident = create_debtor(owner)
        insert(
            owner,
            "hold",
            hold_id=f"H{resident}",
            resident_id=resident,
            kind=kind,
            from_on=date(2026, 9, 1),
            until_on=until,
        )

    return make


def paid_since(owner: Engine) -> None:
    create_payment(owner, create_levy(owner, create_resident(owner)), recorded_at=SINCE_THEN)


def paid_in_part(owner: Engine) -> None:
    create_payment(owner, create_levy(owner, create_resident(owner)), amount_yen=5_000)


def paid_and_reversed(owner: Engine) -> None:
    levy = create_levy(owner, create_resident(owner))
    create_payment(owner, levy, stage="preliminary")
    create_payment(owner, levy, stage="reversal", amount_yen=-12_000)


def on_plan(owner: Engine, status: str = "active") -> None:
    resident = create_resident(owner)
    levy = create_levy(owner, resident)
    insert(owner, "plan", plan_id=levy, scheme="nhi", obligor_id=resident, agreed_on=date(2026, 9, 1), status=status)
    insert(owner, "plan_levy", plan_id=levy, levy_id=levy)


def opted_out(owner: Engine, *, by_number: bool) -> None:
    resident = create_debtor(owner, phone="+819077770001")
    insert(
        owner,
        "opt_out",
        opt_out_id=resident,
        resident_id=None if by_number else resident,
        phone_e164="+819077770001" if by_number else None,
        from_on=date(2026, 9, 1),
    )


def landline(owner: Engine) -> None:
    create_contact(owner, create_debtor(owner, phone=None), None)


def not_confirmed_lately(owner: Engine) -> None:
    create_contact(owner, create_debtor(owner, phone=None), "+819077770002", confirmed_on=date(2021, 1, 1))


def shares_with_a_protected_person(owner: Engine) -> None:
    create_debtor(owner, phone="+819077770003")
    create_resident(owner, phone="+819077770003", is_protected=True)


def reminded_before(owner: Engine) -> None:
    resident = create_debtor(owner)
    run = create_run(owner, occurrence_on="2026-09-02")
    create_notice(owner, run, f"nhi/2026/4/{resident}", state=NoticeState.DELIVERED)


def reminded_under_a_merged_id(owner: Engine) -> None:
    """Two ids of one person were merged: the instalment that was reminded under one comes under the other now."""
    resident = create_debtor(owner)
    with owner.begin() as connection:
        connection.execute(
            text("insert into records.alias (alias_id, resident_id) values ('0099999999', :id)"), {"id": resident}
        )
    run = create_run(owner, occurrence_on="2026-09-02")
    create_notice(owner, run, "nhi/2026/4/0099999999", state=NoticeState.DELIVERED)


def reminded_of_something_else(owner: Engine) -> None:
    create_debtor(owner, phone="+819077770004")
    run = create_run(owner, occurrence_on="2026-09-25", campaign="plan_default")
    create_notice(
        owner,
        run,
        "plan/1/1",
        campaign="plan_default",
        phone_e164="+819077770004",
        state=NoticeState.DELIVERED,
        scheduled_at=OCCURRENCE - timedelta(days=7),
    )


CASES = [
    Case("nothing speaks against it", create_debtor, "planned"),
    Case("protected", lambda e: create_debtor(e, is_protected=True), "suppressed/protected"),
    Case("deceased", lambda e: create_debtor(e, status="deceased"), "suppressed/deceased"),
    Case("moved out", lambda e: create_debtor(e, status="moved_out"), "suppressed/moved_out"),
    Case("a minor", lambda e: create_debtor(e, birth_on=date(2008, 10, 3)), "suppressed/minor"),
    Case("of age today", lambda e: create_debtor(e, birth_on=date(2008, 10, 2)), "planned"),
    Case("no resident in the records", lambda e: create_levy(e, "9999999999"), "suppressed/not_in_records"),
    Case("paid since the occurrence", paid_since, "suppressed/settled"),
    Case("paid in part", paid_in_part, "planned"),
    Case("paid, and the payment reversed", paid_and_reversed, "planned"),
    *[
        Case(kind, hold(kind), f"suppressed/{kind}")
        for kind in (
            "deferral_pending",
            "reduction_pending",
            "enforcement",
            "suspended_enforcement",
            "bankruptcy",
            "disputed",
            "in_consultation",
        )
    ],
    Case("a hold that is over", hold("in_consultation", until=date(2026, 10, 1)), "planned"),
    Case("a hold until today", hold("in_consultation", until=date(2026, 10, 2)), "suppressed/in_consultation"),
    Case("on a plan", on_plan, "suppressed/on_plan"),
    Case("a plan that was cancelled", lambda e: on_plan(e, "cancelled"), "planned"),
    Case(
        "direct debit",
        lambda e: create_levy(e, create_resident(e), collection="direct_debit"),
        "suppressed/direct_debit",
    ),
    Case("opted out", lambda e: opted_out(e, by_number=False), "suppressed/opted_out"),
    Case("opted out by number", lambda e: opted_out(e, by_number=True), "suppressed/opted_out"),
    Case("no number", lambda e: create_debtor(e, phone=None), "suppressed/no_phone"),
    Case("a landline", landline, "suppressed/phone_unusable"),
    Case("a number confirmed long ago", not_confirmed_lately, "suppressed/phone_not_confirmed"),
    Case("a protected person's number", shares_with_a_protected_person, "suppressed/phone_of_protected"),
    Case("reminded before", reminded_before, "suppressed/already_reminded"),
    Case("reminded under an id that was merged", reminded_under_a_merged_id, "suppressed/already_reminded"),
    Case("reminded of something else lately", reminded_of_something_else, "suppressed/recently_reminded"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_screening(scene: Scene, case: Case) -> None:
    case.make(scene.owner)
    scene.clock.moment = OCCURRENCE + timedelta(minutes=45)
    run = scene.open()
    scene.plan(run)
    found = scene.rows(
        f"select state || coalesce('/' || reason, '') from ledger.notice where campaign_run_id = '{run}'"
    )
    assert found == [(case.expected,)]


def test_every_reason_has_a_case_and_a_label() -> None:
    reasons = {case.expected.split("/")[1] for case in CASES if "/" in case.expected}
    # A second person at one number, and a number that changed after planning, have tests of their own.
    assert reasons | {"shared_phone", "phone_changed"} == set(SUPPRESSION_LABELS)


def test_paid_and_pension_obligors_are_no_part_of_the_cohort(scene: Scene) -> None:
    create_payment(scene.owner, create_levy(scene.owner, create_resident(scene.owner)))
    create_levy(scene.owner, create_resident(scene.owner), collection="pension")
    scene.plan(scene.open())
    assert scene.states() == {}


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
    scene.change(most_recipients=2)
    old = create_resident(scene.owner)
    create_levy(scene.owner, old, instalment=3, due_on=date(2026, 8, 31))
    for _ in range(3):
        create_debtor(scene.owner)
    scene.plan(scene.open())
    assert scene.states() == {"planned": 2, "deferred": 2}
    assert (old,) in scene.rows("select resident_id from ledger.notice where state = 'planned'")


def test_bookings_keep_the_pace_and_the_window(scene: Scene) -> None:
    scene.change(per_hour=2, lead_minutes=5 * 60)
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
    create_debtor(scene.owner)
    assert scene.plan(run) == digest
    assert scene.states() == {"planned": 1}


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
        "文面「broken」: 差し込みに誤りがあります（'name' is undefined）。",
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
