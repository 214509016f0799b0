"""The demo's proof finds what it is there to find, of whatever a campaign is about."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import Engine

from oshirase.adapters.settings import campaign_names, load_campaign
from oshirase.domain.calendar import JST
from oshirase.domain.notice import SUPPRESSION_LABELS
from sandbox.demo.ledger import Departures, Funnel, Ledger, SentNotice
from sandbox.demo.playbill import Play
from sandbox.demo.proof import Summary, departed, faults, summarise
from sandbox.demo.telling import proof_table, story_table
from sandbox.stack.telephones import SeenMessage
from tests.people import (
    create_debtor,
    create_payment,
    create_plan,
    create_resident,
    create_screening,
    create_voucher,
    insert,
)
from tests.scene import Scene

SENT_AT = datetime(2026, 10, 2, 12, 0, tzinfo=JST)
IN_TIME, TOO_LATE = SENT_AT - timedelta(minutes=10), SENT_AT - timedelta(minutes=9)


def debtor(owner: Engine) -> str:
    return create_debtor(owner)


def pay(owner: Engine, resident: str, at: datetime) -> None:
    with owner.connect() as connection:
        levy = connection.exec_driver_sql(f"select max(levy_id) from records.levy where obligor_id = '{resident}'")
        create_payment(owner, levy.scalar_one(), recorded_at=at, paid_on=date(2026, 10, 1))


def planner(owner: Engine) -> str:
    resident = create_resident(owner)
    create_plan(owner, resident)
    return resident


def catch_up(owner: Engine, resident: str, at: datetime) -> None:
    pay(owner, resident, at)  # more than the plan's instalments that are due


def household(owner: Engine) -> str:
    resident = create_resident(owner)
    create_voucher(owner, resident)
    return resident


def go_to_the_check_up(owner: Engine, resident: str, at: datetime) -> None:
    create_screening(owner, resident, 2026, recorded_at=at)


Person = Callable[[Engine], str]
Settle = Callable[[Engine, str, datetime], None]
KINDS = {
    "nhi_overdue": (debtor, pay),
    "plan_default": (planner, catch_up),
    "health_check": (household, go_to_the_check_up),
}


def load(scene: Scene, as_of: datetime) -> None:
    insert(
        scene.owner, "load", extract="test", file_name="test", sha256=b"", as_of=as_of, rows_read=1, rows_loaded=1,
        rows_unchanged=0, rows_rejected=0, recorded_at=as_of,
    )  # fmt: skip


def departures(scene: Scene, campaign: str, *, known_at: datetime | None, loaded_at: datetime) -> Departures:
    """One message of a campaign left at SENT_AT; what settled it got a record at `known_at`, loaded at `loaded_at`."""
    person, settle = KINDS[campaign]
    scene.campaign = load_campaign(campaign).model_copy(update={"hold_out": load_campaign("nhi_overdue").hold_out})
    resident = person(scene.owner)
    scene.send(scene.approved_run())
    load(scene, SENT_AT - timedelta(hours=3))
    if known_at:
        settle(scene.owner, resident, known_at)
        load(scene, loaded_at)
    ((notice_id,),) = scene.rows("select notice_id from ledger.notice")
    ledger = Ledger(scene.owner.url.render_as_string(hide_password=False))
    booked = SeenMessage(str(notice_id), "09000010001", None, None)
    try:
        assert ledger.sent_notices()[str(notice_id)].campaign == campaign
        found = ledger.departures([SeenMessage(str(notice_id), "09000010001", SENT_AT, None), booked])
    finally:
        ledger.close()
    return found[campaign]


@pytest.mark.parametrize("campaign", KINDS)
def test_a_message_about_what_is_not_settled_is_right(scene: Scene, campaign: str) -> None:
    assert departures(scene, campaign, known_at=None, loaded_at=SENT_AT) == Departures(1, 0, 0)


@pytest.mark.parametrize("campaign", KINDS)
def test_a_message_after_a_settlement_that_was_loaded_in_time_is_wrong(scene: Scene, campaign: str) -> None:
    known_at = SENT_AT - timedelta(minutes=30)
    assert departures(scene, campaign, known_at=known_at, loaded_at=IN_TIME) == Departures(1, 1, 1)


@pytest.mark.parametrize("campaign", KINDS)
def test_a_message_that_crossed_with_the_extract_is_only_counted(scene: Scene, campaign: str) -> None:
    known_at = SENT_AT - timedelta(minutes=30)
    assert departures(scene, campaign, known_at=known_at, loaded_at=TOO_LATE) == Departures(1, 0, 1)


@pytest.mark.parametrize("campaign", KINDS)
def test_a_settlement_after_the_message_is_its_success(scene: Scene, campaign: str) -> None:
    known_at = SENT_AT + timedelta(hours=1)
    assert departures(scene, campaign, known_at=known_at, loaded_at=SENT_AT + timedelta(hours=2)) == Departures(1, 0, 0)


def test_an_announcement_is_about_nothing_that_could_be_settled(scene: Scene) -> None:
    scene.campaign = load_campaign("public_notice")
    create_resident(scene.owner, birth_on=date(1950, 1, 2))
    scene.send(scene.approved_run())
    ledger = Ledger(scene.owner.url.render_as_string(hide_password=False))
    try:
        assert list(ledger.sent_notices().values()) == [SentNotice("public_notice", None)]
        funnel = ledger.funnel("public_notice", date(2026, 10, 2))
    finally:
        ledger.close()
    assert (funnel.cohort, funnel.handed_over, funnel.settled_since) == (1, 1, 0)


# Both sides together: two campaigns, a message each that was delivered, one more of the second that was cancelled.

OCCURRENCE = datetime(2026, 10, 2, 10, 0, tzinfo=JST)
PLAYS = [Play(load_campaign(name), OCCURRENCE, OCCURRENCE) for name in ("nhi_overdue", "health_check")]
FUNNELS = {
    "nhi_overdue": Funnel(Counter(delivered=1, suppressed=2), Counter(no_phone=2), 1, 0),
    "health_check": Funnel(
        Counter(delivered=1, cancelled=1, held_out=4, deferred=3, suppressed=1), Counter(no_phone=1), 2, 1
    ),
}
NOTICES = {
    "n1": SentNotice("nhi_overdue", "premium"),
    "h1": SentNotice("health_check", "check_up"),
    "h2": SentNotice("health_check", "check_up"),
}
MESSAGES = [
    SeenMessage("n1", "09000010001", SENT_AT, SENT_AT),
    SeenMessage("h1", "09000010002", SENT_AT, SENT_AT),
    SeenMessage("h2", "09000010003", None, None),
]


def summary(
    messages: list[SeenMessage] = MESSAGES, departures: dict[str, Departures] | None = None, **funnels: Funnel
) -> Summary:
    return summarise(PLAYS, FUNNELS | funnels, departures or {}, messages, NOTICES, Counter())


def test_each_campaign_has_its_part_and_all_together_the_sums() -> None:
    found = summary()
    health = found.campaigns["health_check"]
    assert (health.cohort, health.held_out, health.deferred, health.handed_over, health.cancelled) == (10, 4, 3, 2, 1)
    assert (health.title, health.occurrence_on) == ("特定健診 受診のご案内", "2026-10-02")
    assert (found.cohort, found.held_out, found.handed_over, found.delivered, found.settled_since) == (13, 4, 3, 2, 1)
    assert (found.suppressed, found.at_gateway, found.new_messages) == ({"no_phone": 3}, 3, 2)
    assert list(faults(found, was_over=False)) == []


def said(found: Summary, *, was_over: bool = False) -> str:
    return "\n".join(faults(found, was_over=was_over))


def test_two_messages_on_one_telephone_are_found_across_campaigns() -> None:
    found = summary([MESSAGES[0], replace(MESSAGES[1], number=MESSAGES[0].number), MESSAGES[2]])
    assert said(found) == "all campaigns: a telephone got 2 messages"


def test_a_message_that_the_ledger_does_not_know_is_found() -> None:
    found = summary([*MESSAGES, SeenMessage("stray", "09000010004", None, None)])
    assert said(found) == "all campaigns: the gateway holds 4 messages, the ledger handed 3 over"


def test_a_second_message_of_one_notice_is_found() -> None:
    found = summary([*MESSAGES, replace(MESSAGES[2], number="09000010004")])
    assert "health_check: the gateway holds 3 messages, the ledger handed 2 over" in said(found)


@pytest.mark.parametrize("campaign", ["nhi_overdue", "health_check"])
def test_a_message_after_the_settlement_is_told_of_its_campaign(campaign: str) -> None:
    found = summary(departures={campaign: Departures(1, 1, 1)})
    sentence = "1 messages left although the records had shown the subject settled in time"
    assert said(found).splitlines() == [f"{campaign}: {sentence}", f"all campaigns: {sentence}"]


def test_a_campaign_that_selects_nobody_is_found() -> None:
    nobody = Funnel(Counter(), Counter(), 0, 0)
    assert "nhi_overdue: nobody was selected" in said(summary(MESSAGES[1:], nhi_overdue=nobody))


def test_a_cohort_member_in_no_known_state_is_found() -> None:
    funnel = replace(FUNNELS["nhi_overdue"], states=Counter(delivered=1, suppressed=2, mislaid=1))
    assert "nhi_overdue: of 4 cohort members, 3 are in a known state" in said(summary(nhi_overdue=funnel))


def test_a_second_run_must_not_send_anything() -> None:
    assert "health_check: the second run sent 1 messages more" in said(summary(), was_over=True)
    quiet = summarise(PLAYS, FUNNELS, {}, MESSAGES, NOTICES, departed(MESSAGES, NOTICES))
    assert said(quiet, was_over=True) == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"handed_over": 0, "at_gateway": 0}, "nothing was handed over"),
        ({"max_messages_per_number": 2}, "a telephone got 2 messages"),
        ({"sent_after_settled": 1}, "1 messages left although"),
        ({"at_gateway": 8}, "the gateway holds 8"),
        ({"received_by_telephones": 6}, "telephones got 6"),
        ({"still_waiting": 1, "delivered": 1}, "1 notices still wait"),
        ({"unknown": 1}, "1 have an unknown outcome"),
    ],
)
def test_what_does_not_hold_is_said(change: dict[str, Any], sentence: str) -> None:
    assert sentence in said(replace(summary(), **change))


def test_the_tables_fit_into_100_columns() -> None:
    plays = [Play(load_campaign(name), OCCURRENCE, OCCURRENCE) for name in campaign_names()]
    reasons = Counter(dict.fromkeys(SUPPRESSION_LABELS, 2))
    funnels = {play.name: Funnel(Counter(suppressed=reasons.total()), reasons, 0, 0) for play in plays}
    output = StringIO()
    console = Console(width=100, file=output)
    found = summarise(plays, funnels, {}, [], {}, Counter())
    console.print(story_table(found), proof_table(found))
    lines = output.getvalue().splitlines()
    assert max(cell_len(line.rstrip()) for line in lines) <= 100
    # Whole: nothing is cut off, and every reason has one line.
    assert "…" not in output.getvalue()
    for reason, label in SUPPRESSION_LABELS.items():
        assert any(re.search(rf" {label} +{reason} ", line) for line in lines), reason
