"""One person: all that was ever decided, in every campaign that one may see, and what the records say now."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from oshirase.adapters.settings import load_campaign
from oshirase.domain.values import BadValue
from oshirase.services.person import IN_GENERAL, PersonView, look_up, normalise_id
from tests.people import (
    create_contact,
    create_debtor,
    create_levy,
    create_payment,
    create_resident,
    create_voucher,
    insert,
)
from tests.scene import KEY, OCCURRENCE, Scene

ALL = {"nhi_overdue", "health_check", "plan_default", "late_elderly_overdue", "public_notice"}


def see(scene: Scene, resident: str, campaigns: set[str] = ALL) -> PersonView:
    return look_up(scene.engine, scene.city, resident, campaigns, "電話", "sato", scene.clock(), KEY)


def present(person: PersonView) -> dict[str, str | None]:
    return {one.subject: one.reason for one in person.present}


@pytest.mark.parametrize(
    ("written", "read"),
    [("0000000012", "0000000012"), ("００００００００１２", "0000000012"), (" 00 0000\u30000012\n", "0000000012")],
)
def test_an_id_as_it_is_typed(written: str, read: str) -> None:
    assert normalise_id(written) == read


@pytest.mark.parametrize("written", ["", "   ", "=1+1", "1" * 65, "12\x0034"])
def test_what_is_no_id(written: str) -> None:
    with pytest.raises(BadValue):
        normalise_id(written)


def test_everything_that_was_decided_with_the_reasons(scene: Scene) -> None:
    resident = create_resident(scene.owner)
    september = create_levy(scene.owner, resident, instalment=3, due_on=date(2026, 8, 31))
    scene.clock.moment = OCCURRENCE - timedelta(days=30)
    first = scene.open(scene.clock.moment)
    scene.approve(first, scene.plan(first))
    scene.send(first)
    scene.clock.advance(hours=6)
    scene.collect()
    create_payment(scene.owner, september, paid_on=date(2026, 9, 3))
    create_levy(scene.owner, resident)
    insert(scene.owner, "hold", hold_id="H1", resident_id=resident, kind="in_consultation", from_on=date(2026, 9, 15))
    scene.clock.moment = OCCURRENCE
    scene.reconcile()
    scene.plan(scene.open())

    person = see(scene, resident)
    second, first_life = person.lives
    assert (second.state, second.reason) == ("suppressed", "in_consultation")
    assert (first_life.state, first_life.settled_on) == ("delivered", date(2026, 9, 3))
    assert [event.to_state for event in first_life.events] == ["planned", "claimed", "accepted", "delivered"]
    assert [decision.decided_by for decision in first_life.decisions] == ["sato"]
    assert first_life.receipts
    assert "第3期" in str(first_life.body)
    assert present(person) == {
        IN_GENERAL: None,
        f"nhi/2026/4/{resident}": "in_consultation",
        f"nhi/2026/3/{resident}": "settled",
    }


def test_the_look_up_is_on_record_whether_or_not_there_is_anybody(scene: Scene) -> None:
    assert not see(scene, "9999999999", {"nhi_overdue"}).is_known
    record = "select kind, resident_id, accessed_by, reason, campaigns from ledger.access"
    assert scene.rows(record) == [("person_looked_up", "9999999999", "sato", "電話", ["nhi_overdue"])]


def test_other_campaigns_are_not_there(scene: Scene) -> None:
    resident = create_debtor(scene.owner)
    scene.approved_run()
    person = see(scene, resident, {"health_check"})
    assert person.lives == []
    assert present(person) == {IN_GENERAL: None}
    assert len(see(scene, resident).lives) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, None),
        ({"is_protected": True}, "protected"),
        ({"status": "moved_out"}, "moved_out"),
        ({"phone": None}, "no_phone"),
    ],
)
def test_somebody_who_was_never_selected(scene: Scene, values: dict[str, Any], reason: str | None) -> None:
    person = see(scene, create_resident(scene.owner, **values))
    assert person.is_known
    assert person.is_protected == (reason == "protected")
    assert present(person) == {IN_GENERAL: reason}


@pytest.mark.parametrize("by", ["resident_id", "phone_e164"])
def test_an_opt_out_of_the_person_or_of_the_number(scene: Scene, by: str) -> None:
    resident = create_resident(scene.owner, phone="+819055550000")
    assert not see(scene, resident).has_opted_out
    value = resident if by == "resident_id" else "+819055550000"
    insert(scene.owner, "opt_out", opt_out_id="O1", from_on=date(2026, 7, 1), **{by: value})
    person = see(scene, resident)
    assert person.has_opted_out
    assert present(person) == {IN_GENERAL: "opted_out"}


@pytest.mark.parametrize("asked", ["old", "new"])
def test_a_merged_person_is_found_under_either_id(scene: Scene, owner: Engine, asked: str) -> None:
    old = create_debtor(owner)
    scene.approved_run()
    with owner.begin() as connection:
        connection.exec_driver_sql("insert into records.alias (alias_id, resident_id) values (%s, %s)", ("NEW", old))
    person = see(scene, {"old": old, "new": "NEW"}[asked])
    assert person.is_known
    assert [life.campaign for life in person.lives] == ["nhi_overdue"]


def test_what_was_written_under_an_id_that_was_merged_later_is_judged_under_the_one_of_now(scene: Scene) -> None:
    merged = create_debtor(scene.owner)
    scene.approved_run()
    kept = create_resident(scene.owner)
    with scene.owner.begin() as connection:
        connection.exec_driver_sql("update records.levy set obligor_id = %s where obligor_id = %s", (kept, merged))
        connection.exec_driver_sql("insert into records.alias (alias_id, resident_id) values (%s, %s)", (merged, kept))
    assert present(see(scene, merged)) == {IN_GENERAL: None, f"nhi/2026/4/{merged}": None}
    assert [life.state for life in see(scene, kept).lives] == ["planned"]


def test_an_invitation_to_the_household_is_found_by_each_member(scene: Scene) -> None:
    head = create_resident(scene.owner, household_id="H1")
    create_voucher(scene.owner, head)
    other = create_resident(scene.owner, household_id="H1", is_head=False)
    late = create_resident(scene.owner, household_id="H1", is_head=False, recorded_at=OCCURRENCE + timedelta(days=1))
    stranger = create_resident(scene.owner, household_id="H2")
    scene.campaign = load_campaign("health_check")
    scene.clock.moment = scene.campaign.occurrences(scene.city).latest_until(OCCURRENCE)
    scene.plan(scene.open(scene.clock.moment))
    (own,) = see(scene, head).lives
    (found,) = see(scene, other).lives
    assert own.notice_id == found.notice_id
    assert see(scene, other).of_household == {own.notice_id}
    assert see(scene, head).of_household == frozenset()
    assert see(scene, late).lives == see(scene, stranger).lives == []


def test_a_number_is_masked_and_no_id_is_in_a_repr(scene: Scene) -> None:
    resident = create_debtor(scene.owner, phone=None)
    create_contact(scene.owner, resident, "+819012345678")
    scene.approved_run()
    person = see(scene, resident)
    assert [life.phone_masked for life in person.lives] == ["090-****-5678"]
    assert resident not in repr(person)
    assert "12345678" not in repr(person)
