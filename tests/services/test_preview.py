"""Previews: the same as planning makes of it afterwards, and nothing written."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from oshirase.adapters.settings import load_campaign
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import Campaign, HoldOut
from oshirase.domain.notice import SUPPRESSION_LABELS
from oshirase.domain.occurrences import NoSuchOccurrence
from oshirase.services import screening
from oshirase.services.campaign_run import count_notices, expire_campaign_run
from oshirase.services.forecast import Forecast, look_ahead
from oshirase.services.preview import Basis, Preview, choose_occurrence, preview
from tests.people import (
    create_debtor,
    create_levy,
    create_payment,
    create_plan,
    create_resident,
    create_screening,
    create_voucher,
    insert,
)
from tests.scene import KEY, OCCURRENCE, Scene

Create = Callable[..., str]


def nhi(owner: Engine, *, settled_at: datetime | None = None, **values: Any) -> str:
    resident = create_resident(owner, **values)
    levy = create_levy(owner, resident, **random.choice([{}, {"instalment": 3, "due_on": date(2026, 8, 31)}]))
    if settled_at:
        create_payment(owner, levy, recorded_at=settled_at)
    return resident


def late_elderly(owner: Engine, *, settled_at: datetime | None = None, **values: Any) -> str:
    resident = create_resident(owner, **values)
    levy = create_levy(owner, resident, scheme="late_elderly")
    if settled_at:
        create_payment(owner, levy, recorded_at=settled_at)
    return resident


def plan(owner: Engine, *, settled_at: datetime | None = None, **values: Any) -> str:
    resident = create_resident(owner, **values)
    create_plan(owner, resident, paid=({"amount_yen": 12_000, "recorded_at": settled_at},) if settled_at else ())
    return resident


def household(owner: Engine, *, settled_at: datetime | None = None, **values: Any) -> str:
    resident = create_resident(owner, **values)
    create_voucher(owner, resident)
    if settled_at:
        create_screening(owner, resident, 2026, recorded_at=settled_at)
    return resident


def elder(owner: Engine, *, settled_at: datetime | None = None, **values: Any) -> str:
    return create_resident(owner, birth_on=date(1950, 1, 2), **values)


CAMPAIGNS: dict[str, Create] = {
    "nhi_overdue": nhi,
    "late_elderly_overdue": late_elderly,
    "plan_default": plan,
    "health_check": household,
    "public_notice": elder,
}


def create_crowd(owner: Engine, create: Create, now: datetime, seed: int, *, sharing: bool = True) -> None:
    """Some sixty people, most of whom get a message; the same ones for a seed, as the hold-out goes by their ids."""
    random.seed(seed)
    for number in range(60):
        special: dict[str, Any] = random.choice([
            *[{}] * 8,
            {"is_protected": True},
            {"phone": None},
            {"phone": "+819077770005"} if sharing else {},
            {"settled_at": now - timedelta(minutes=1)},
        ])  # fmt: skip
        resident = create(owner, resident_id=f"{seed:04d}{number:06d}", **special)
        if number % 10 == 0:
            insert(owner, "opt_out", opt_out_id=resident, resident_id=resident, from_on=date(2026, 7, 1))


def play(scene: Scene, name: str) -> None:
    """Another campaign on stage, at an occurrence of early October at the latest."""
    scene.campaign = load_campaign(name)
    scene.clock.moment = scene.campaign.occurrences(scene.city).latest_until(OCCURRENCE + timedelta(days=7))


def ahead(scene: Scene, occurrence_at: datetime, most: int | None = None) -> tuple[Preview, Forecast]:
    return look_ahead(scene.engine, scene.campaign, scene.city, occurrence_at, scene.clock(), KEY, most)


def see(scene: Scene, occurrence_at: datetime = OCCURRENCE, **values: Any) -> Preview:
    return preview(scene.engine, scene.campaign, scene.city, occurrence_at, scene.clock(), KEY, **values)


def vary(campaign: Campaign) -> Campaign:
    """With a hold-out, and a second text in other parts that does not name its fields."""
    first = campaign.variants[0]
    short = "{{ city }}です。行き違いの場合はご容赦ください。{{ section_phone }}（代表 {{ representative_phone }}）"
    second = first.model_copy(update={"name": "short", "body": short, "weight": 2})
    return campaign.model_copy(update={"variants": (first, second), "hold_out": HoldOut(share=0.2)})


@pytest.mark.parametrize("per_occurrence", [1000, 17])
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_preview_is_what_planning_writes(scene: Scene, name: str, per_occurrence: int) -> None:
    play(scene, name)
    occurrence_at = scene.clock()
    scene.clock.advance(hours=5, minutes=13)
    scene.campaign = vary(scene.campaign)
    scene.pace(per_occurrence=per_occurrence, per_hour=9)
    create_crowd(scene.owner, CAMPAIGNS[name], scene.clock(), seed=per_occurrence)
    seen = see(scene, occurrence_at)

    run = scene.open(occurrence_at)
    scene.plan(run)
    assert {(c.state, c.reason): (c.notices, c.parts) for c in seen.counts} == {
        (c.state, c.reason): (c.notices, c.parts) for c in count_notices(scene.engine, run)
    }
    ((messages, parts, first_at, last_at),) = scene.rows(
        "select count(*), sum(parts), min(scheduled_at), max(scheduled_at) from ledger.notice where state = 'planned'"
    )
    volume = seen.volume
    assert (volume.messages, volume.parts, volume.first_at, volume.last_at) == (messages, parts, first_at, last_at)
    assert volume.yen == parts * 11
    texts = scene.rows(
        "select t.variant, t.body, t.parts, count(n.notice_id) from ledger.message_text as t"
        " left join ledger.notice as n on t.text_id = n.text_id and n.state = 'planned' group by t.text_id"
    )
    assert sorted((t.variant, t.body, len(t.parts), t.messages) for t in seen.texts) == sorted(texts)
    assert 10 < messages <= per_occurrence
    assert {len(text.parts) for text in seen.texts} == ({1, 2} if name != "public_notice" else {1})


def test_counts_come_in_the_order_of_judgement(scene: Scene) -> None:
    scene.campaign = vary(scene.campaign)
    scene.pace(per_occurrence=12)
    create_crowd(scene.owner, nhi, scene.clock(), seed=1)
    counts = see(scene).counts
    assert [c.state for c in counts[:3]] == ["planned", "deferred", "held_out"]
    reasons = [c.reason for c in counts[3:]]
    assert reasons == [reason for reason in SUPPRESSION_LABELS if reason in reasons]
    assert len(reasons) >= 4


def test_nothing_is_written(scene: Scene) -> None:
    create_crowd(scene.owner, nhi, scene.clock(), seed=2)
    before = all_rows(scene)
    ahead(scene, OCCURRENCE)
    assert all_rows(scene) == before


def all_rows(scene: Scene) -> dict[str, Any]:
    tables = scene.rows("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in"
                        " ('records', 'ledger')")  # fmt: skip
    return {name: scene.rows(f"select count(*), max(xmin::text::bigint) from {name}") for (name,) in tables}


def test_the_database_itself_refuses_to_write_during_a_preview(scene: Scene) -> None:
    def write(connection: Connection, *_: object) -> None:
        connection.execute(text("update ledger.campaign_run set closed_reason = 'x'"))

    with pytest.raises(DBAPIError, match="read-only transaction"):
        see(scene, select=write)


def test_a_run_can_be_planned_while_a_preview_is_open(scene: Scene) -> None:
    create_debtor(scene.owner)

    def plan_meanwhile(connection: Connection, campaign: Campaign, occurrence_at: datetime) -> None:
        screening.select_cohort(connection, campaign, occurrence_at)
        scene.plan(scene.open())

    assert see(scene, select=plan_meanwhile).volume.messages == 1
    assert scene.states() == {"planned": 1}


def test_a_preview_does_not_wait_for_a_run_that_is_being_planned(scene: Scene) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    with scene.engine.begin() as connection:
        connection.execute(statement("campaign_run/lock_planning"))
        connection.execute(statement("campaign_run/lock_campaign_run"), {"campaign_run_id": run})
        assert see(scene).volume.messages == 1


def test_an_occurrence_that_was_planned_is_told_as_the_ledger_has_it(scene: Scene) -> None:
    for _ in range(3):
        create_debtor(scene.owner)
    before = see(scene)
    run = scene.approved_run()
    scene.send(run)
    create_debtor(scene.owner)
    seen = see(scene)
    assert seen.basis is Basis.LEDGER
    assert {c.state: c.notices for c in seen.counts} == {"accepted": 3}
    assert seen.volume == before.volume


def test_a_run_that_ended_before_it_was_planned(scene: Scene) -> None:
    create_debtor(scene.owner)
    expire_campaign_run(scene.engine, scene.open(), "stale", "test", scene.clock())
    seen = see(scene)
    assert (seen.basis, seen.closed_as, seen.cohort) == (Basis.LEDGER, "expired", 0)


def test_faults_of_texts_are_shown(scene: Scene) -> None:
    create_debtor(scene.owner)
    broken = scene.campaign.variants[0].model_copy(update={"body": "督促 {{ amount_yen }}"})
    scene.campaign = scene.campaign.model_copy(update={"variants": (broken,)})
    assert any("amount_yen" in str(finding) for finding in see(scene).findings)


def test_a_coming_occurrence_counts_all_who_have_not_paid_yet(scene: Scene) -> None:
    for _ in range(3):
        create_levy(scene.owner, create_resident(scene.owner), instalment=5, due_on=date(2026, 11, 2))
    paid = create_levy(scene.owner, create_resident(scene.owner), instalment=5, due_on=date(2026, 11, 2))
    create_payment(scene.owner, paid)
    create_debtor(scene.owner)
    seen, forecast = ahead(scene, OCCURRENCE)
    assert (seen.volume.messages, seen.is_upper_bound) == (1, False)
    assert [(f"{c.occurrence_at:%m-%d}", c.volume.messages, c.is_upper_bound) for c in forecast.coming] == [
        ("10-02", 1, False),
        # Who did not pay the fourth instalment has no fifth in these records, and is reminded of the fourth.
        ("11-05", 4, True),
        ("12-02", 4, True),
    ]
    assert forecast.coming[1].volume.first_at == datetime(2026, 11, 5, 12, tzinfo=JST)
    assert len(ahead(scene, OCCURRENCE, most=1)[1].coming) == 1


def test_a_coming_occurrence_judges_as_of_its_day(scene: Scene) -> None:
    coming_of_age = create_resident(scene.owner, birth_on=date(2008, 11, 5))
    create_levy(scene.owner, coming_of_age)
    _, forecast = ahead(scene, OCCURRENCE, most=2)
    assert [c.volume.messages for c in forecast.coming] == [0, 1]


@pytest.mark.parametrize(("quota", "per_occurrence"), [(None, 4), (30, 6), (10, 6), (300, 40)])
def test_a_season_is_forecast_as_planning_goes_through_it(scene: Scene, quota: int | None, per_occurrence: int) -> None:
    play(scene, "public_notice")
    scene.campaign = vary(scene.campaign)
    # Bookings of one occurrence reach into the next ones: a slow pace.
    scene.pace(call_rate=0.5, per_hour=None, per_day=3, per_occurrence=per_occurrence, season_quota=quota)
    first = scene.clock()
    # Who shares a telephone would be in the line again when the minimum gap is over: a forecast screens once.
    create_crowd(scene.owner, elder, scene.clock(), seed=3, sharing=False)
    scene.clock.moment = first - timedelta(days=1)
    _, forecast = ahead(scene, first)
    assert len(forecast.coming) > 1
    assert all(one.volume.messages for one in forecast.coming)
    assert {one.basis for one in forecast.coming[1:]} == {Basis.CARRIED_OVER}

    for one in forecast.coming:
        scene.clock.moment = one.occurrence_at
        run = scene.open(one.occurrence_at)
        scene.plan(run)
        ((messages, first_at, last_at),) = scene.rows(
            "select count(*), min(scheduled_at), max(scheduled_at) from ledger.notice"
            f" where state = 'planned' and campaign_run_id = '{run}'"
        )
        volume = one.volume
        assert (volume.messages, volume.first_at, volume.last_at) == (messages, first_at, last_at)
    ((left,),) = scene.rows(
        "select count(*) from ledger.notice where state = 'deferred' and arm <> 'hold_out'"
        f" and campaign_run_id = '{run}'"
    )
    assert forecast.left == left
    assert (left == 0) == (quota != 10 and forecast.coming[-1].occurrence_at < datetime(2026, 11, 30, tzinfo=JST))


def test_a_season_goes_on_after_an_occurrence_that_was_planned(scene: Scene) -> None:
    play(scene, "public_notice")
    scene.pace(per_occurrence=4)
    for _ in range(10):
        elder(scene.owner)
    first = scene.clock()
    scene.plan(scene.open(first))
    _, forecast = ahead(scene, first)
    assert [one.basis for one in forecast.coming] == [Basis.LEDGER, Basis.RECORDS, Basis.CARRIED_OVER]
    assert [one.volume.messages for one in forecast.coming] == [4, 4, 2]
    assert [len(ahead(scene, first, most)[1].coming) for most in (1, 2, 3, 9)] == [1, 2, 3, 3]
    assert [ahead(scene, first, most)[1].left for most in (2, 3)] == [2, 0]


def test_the_occurrence_is_the_next_one_or_that_of_a_day(scene: Scene) -> None:
    occurrences = scene.campaign.occurrences(scene.city)
    assert choose_occurrence(occurrences, None, OCCURRENCE - timedelta(hours=1)) == OCCURRENCE
    assert choose_occurrence(occurrences, None, OCCURRENCE) == datetime(2026, 11, 5, 10, tzinfo=JST)
    assert choose_occurrence(occurrences, date(2026, 10, 2), OCCURRENCE + timedelta(days=99)) == OCCURRENCE


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 10, 3), "2026-10-03 is no planned date; the nearest ones are 2026-10-02, 2026-11-05"),
        (date(9999, 12, 31), "9999-12-31 lies outside of the known calendar"),
        (date(1, 1, 1), "lies outside of the known calendar"),
        (date(2150, 1, 5), "lies outside of the known calendar"),
    ],
)
def test_a_day_that_is_no_occurrence(scene: Scene, day: date, told: str) -> None:
    with pytest.raises(NoSuchOccurrence, match=told):
        choose_occurrence(scene.campaign.occurrences(scene.city), day, OCCURRENCE)
