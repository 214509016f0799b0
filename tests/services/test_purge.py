"""Retention of the ledger: numbers, texts and ids go, and nobody is reminded again all the same."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from oshirase.adapters.database import PURGE_ROLE, create_records_engine
from oshirase.domain.notice import NoticeState
from oshirase.domain.retention import Retention
from oshirase.services import delivery, measurement
from oshirase.services.gateway_inquiry import clear_found
from oshirase.services.person import look_up
from oshirase.services.purge import Purge, count_overdue
from tests.ledger import create_found_message, create_notice, create_run
from tests.people import create_debtor, create_levy, create_resident
from tests.scene import KEY, OCCURRENCE, Scene
from tests.searching import places_of

LONG_AFTER = timedelta(days=91)
SEASONS_AFTER = timedelta(days=400)


@pytest.fixture
def purger(database_url: URL) -> Iterator[Engine]:
    """What may take personal data away."""
    engine = create_records_engine(database_url, PURGE_ROLE)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _one_text(scene: Scene) -> None:
    scene.campaign = scene.campaign.model_copy(update={"variants": scene.campaign.variants[:1]})


def purge(scene: Scene, purger: Engine, **options: Any) -> dict[str, int]:
    return dict(Purge(purger, scene.city.retention, KEY, scene.clock(), "test", **options).run())


def sent(scene: Scene, debtors: int = 3) -> list[str]:
    """Residents whose messages were received."""
    residents = [create_debtor(scene.owner) for _ in range(debtors)]
    run = scene.approved_run()
    scene.send(run)
    scene.clock.advance(hours=6)
    scene.collect()
    return residents


def numbers_of(scene: Scene) -> list[str]:
    return [str(number) for (number,) in scene.rows("select phone_e164 from records.contact order by 1")]


def test_numbers_and_texts_go_after_their_time_and_not_before(scene: Scene, purger: Engine) -> None:
    residents = sent(scene)
    scene.clock.advance(days=89)
    assert purge(scene, purger) == {}
    scene.clock.advance(days=2)
    assert purge(scene, purger) == {"numbers": 3, "texts": 1}
    assert purge(scene, purger) == {}
    assert places_of(scene.owner, *numbers_of(scene), schema="ledger") == []
    assert places_of(scene.owner, "第4期", schema="ledger") == []
    # Whom it was about can be told as long as the season is measured.
    assert places_of(scene.owner, *residents, schema="ledger") == ["ledger.notice.resident_id", "ledger.notice.subject"]
    assert scene.states() == {"delivered": 3}
    assert scene.rows(
        "select kind, rows_count, purged_by, retention ->> 'notices_days' from ledger.purge order by 1"
    ) == [
        ("numbers", 3, "test", "90"),
        ("texts", 1, "test", "90"),
    ]


def test_numbers_found_at_the_gateway_go_too_and_are_not_reminded_again(scene: Scene, purger: Engine) -> None:
    resident, another = create_debtor(scene.owner), create_debtor(scene.owner)
    found, _ = numbers_of(scene)
    create_found_message(scene.owner, found, scene.clock())
    scene.clock.advance(days=89)
    assert purge(scene, purger) == {}
    scene.clock.advance(days=2)
    assert purge(scene, purger) == {"found": 1}
    assert purge(scene, purger) == {}
    assert places_of(scene.owner, found, schema="ledger") == []
    ((holder,),) = scene.rows(f"select resident_id from records.contact where phone_e164 = '{found}'")
    scene.plan(scene.open())
    assert scene.rows(f"select state, reason from ledger.notice where resident_id = '{holder}'") == [
        ("suppressed", "found_at_gateway")
    ]
    (other,) = {resident, another} - {holder}
    assert scene.rows(f"select state from ledger.notice where resident_id = '{other}'") == [("planned",)]
    assert clear_found(scene.engine, None, "確認済み", "mori", scene.clock()) == 1
    scene.plan(scene.open())
    assert scene.states() == {"planned": 2}


def test_ids_go_when_the_season_has_been_measured(scene: Scene, purger: Engine) -> None:
    residents = sent(scene)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    look_up(scene.engine, scene.city, residents[0], {"nhi_overdue"}, "電話", "sato", OCCURRENCE, KEY)
    assert purge(scene, purger) == {"numbers": 3, "texts": 1, "subjects": 3}
    assert places_of(scene.owner, *numbers_of(scene), *residents, schema="ledger") == ["ledger.access.resident_id"]
    scene.clock.advance(days=1095)
    assert purge(scene, purger) == {"accesses": 1}
    assert places_of(scene.owner, *numbers_of(scene), *residents, schema="ledger") == []
    # Statistics and who looked stay.
    assert scene.rows("select accessed_by, reason from ledger.access") == [("sato", None)]
    kinds = scene.rows("select distinct left(subject, 10), state from ledger.notice")
    assert kinds == [("nhi/2026/4", "delivered")]


def test_a_later_run_of_the_season_keeps_its_ids(scene: Scene, purger: Engine) -> None:
    residents = sent(scene, 1)
    scene.clock.moment = OCCURRENCE + timedelta(days=150)
    create_levy(scene.owner, residents[0], instalment=9, due_on=date(2027, 2, 28))
    scene.approve(later := scene.open(scene.clock.moment), scene.plan(later))
    scene.clock.moment = OCCURRENCE + timedelta(days=200)
    scene.owner.dispose()
    assert "subjects" not in purge(scene, purger)


def test_nobody_is_reminded_again(scene: Scene, purger: Engine) -> None:
    sent(scene)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    scene.clock.moment = OCCURRENCE + timedelta(days=13)
    run = scene.open(scene.clock.moment)
    scene.plan(run)
    assert scene.states() == {"delivered": 3, "suppressed/already_reminded": 3}


def test_a_number_that_was_purged_a_moment_ago_is_not_called_for_somebody_else(scene: Scene, purger: Engine) -> None:
    sent(scene, 1)
    (number,) = numbers_of(scene)
    short = Retention(notices_days=30, subjects_days=30)
    scene.city = scene.city.model_copy(update={"retention": short})
    scene.clock.advance(days=31)
    assert purge(scene, purger)["numbers"] == 1
    scene.city = scene.city.model_copy(
        update={"screening": scene.city.screening.model_copy(update={"minimum_gap_days": 60})}
    )
    create_debtor(scene.owner, phone=number)
    scene.plan(scene.open(scene.clock.moment))
    assert scene.states()["suppressed/recently_reminded"] == 1


def test_a_run_that_was_purged_is_not_planned_anew(scene: Scene, purger: Engine) -> None:
    sent(scene)
    run, digest = scene.rows("select campaign_run_id, digest from ledger.campaign_run")[0]
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    create_debtor(scene.owner)
    assert scene.plan(run) == digest
    assert scene.states() == {"delivered": 3}


def test_digests_can_be_told_for_ever(scene: Scene, purger: Engine) -> None:
    sent(scene)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    (run,) = scene.rows("select campaign_run_id from ledger.campaign_run")[0]
    delivery.verify_batch(scene.engine, run, 1, KEY)
    with scene.owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update ledger.notice set content_digest = 'forged' where phone_hash is not null"))
    with pytest.raises(delivery.BatchChanged):
        delivery.verify_batch(scene.engine, run, 1, KEY)


@pytest.mark.parametrize("state", ["planned", "claimed", "unknown", "accepted"])
def test_what_is_under_way_stays(scene: Scene, purger: Engine, state: NoticeState) -> None:
    run = create_run(scene.owner)
    with scene.owner.begin() as connection:
        connection.execute(
            text("update ledger.campaign_run set composed_at = occurrence_at, opened_at = occurrence_at")
        )
    create_notice(scene.owner, run, "nhi/2026/4/0000000001", state)
    create_notice(scene.owner, run, "nhi/2026/4/0000000002", NoticeState.DELIVERED)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    others = {} if state in {"planned", "claimed"} else {"numbers": 1, "subjects": 1}
    assert purge(scene, purger) == others
    assert scene.rows(f"select phone_e164 is null, purged_at from ledger.notice where state = '{state}'") == [
        (False, None)
    ]
    assert count_overdue(scene.engine, scene.city.retention, scene.clock()) == (state != "planned")


def test_a_receipt_of_yesterday_keeps_a_notice(scene: Scene, purger: Engine) -> None:
    sent(scene, 1)
    scene.clock.advance(days=100)
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.receipt set recorded_at = :now"), {"now": scene.clock()})
    assert purge(scene, purger) == {}


def test_a_dry_run_counts_and_changes_nothing(scene: Scene, purger: Engine) -> None:
    sent(scene)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    expected = {"numbers": 3, "texts": 1, "subjects": 3}
    assert purge(scene, purger, is_dry=True) == expected
    assert scene.rows("select count(*) from ledger.purge") == [(0,)]
    assert scene.rows("select count(*) from ledger.notice where purged_at is not null") == [(0,)]
    assert purge(scene, purger) == expected


def test_killed_amidst_nothing_is_half_and_the_next_goes_on(
    scene: Scene, purger: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(scene, 5)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    kept = Purge._take
    calls = []

    def die(self: Purge, *arguments: Any) -> int:
        calls.append(arguments)
        if len(calls) == 4:
            kept(self, *arguments)
            raise KeyboardInterrupt
        return kept(self, *arguments)

    monkeypatch.setattr(Purge, "_take", die)
    with pytest.raises(KeyboardInterrupt):
        purge(scene, purger, batch_size=2)
    monkeypatch.undo()
    ((recorded,),) = scene.rows("select coalesce(sum(rows_count), 0) from ledger.purge where kind = 'numbers'")
    assert scene.rows("select count(*) from ledger.notice where purged_at is not null") == [(recorded,)]
    purge(scene, purger, batch_size=2)
    assert scene.rows("select kind, sum(rows_count) from ledger.purge group by kind order by kind") == [
        ("numbers", 5),
        ("subjects", 5),
        ("texts", 1),
    ]


def test_a_late_receipt_for_a_purged_notice_is_kept_and_harmless(scene: Scene, purger: Engine) -> None:
    create_debtor(scene.owner)
    run = scene.approved_run()
    scene.send(run)
    scene.clock.advance(hours=6)
    scene.collect()
    with scene.owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update ledger.notice set state = 'cancelled', reason = 'x'"))
        connection.execute(text("delete from ledger.receipt"))
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    before = scene.rows("select subject, resident_id, phone_e164, purged_at from ledger.notice")
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.notice set state_changed_at = :now"), {"now": scene.clock()})
    scene.collect()
    assert scene.rows("select subject, resident_id, phone_e164, purged_at from ledger.notice") == before
    assert scene.states() == {"cancelled/x": 1}
    assert scene.rows("select count(*) > 0 from ledger.receipt") == [(True,)]


def test_a_season_without_ids_is_not_measured_again(scene: Scene, purger: Engine) -> None:
    sent(scene)
    measurement.measure_campaign(scene.engine, scene.campaign, scene.city, scene.clock(), "test")
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    assert measurement.measure_campaign(scene.engine, scene.campaign, scene.city, scene.clock(), "test") == 0
    assert scene.rows("select count(*) from ledger.measurement") == [(1,)]


def test_a_purged_notice_is_found_by_the_id_and_says_nothing(scene: Scene, purger: Engine) -> None:
    residents = sent(scene, 2)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    person = look_up(scene.engine, scene.city, residents[0], {"nhi_overdue"}, "電話", "sato", scene.clock(), KEY)
    (life,) = person.lives
    assert (life.body, life.phone_masked, life.state) == (None, None, "delivered")
    assert life.pseudonymised_at == scene.clock()
    assert [one.subject for one in person.present] == ["information"]


@pytest.mark.parametrize(
    "change",
    [
        "update ledger.notice set phone_e164 = '+819000000000'",
        "update ledger.notice set purged_at = now()",
        "update ledger.notice set purged_at = now(), phone_e164 = null, subject = 'other', pseudonymised_at = now()",
        "update ledger.notice set purged_at = now(), phone_e164 = null, resident_id = '#1', pseudonymised_at = now()",
        "update ledger.notice set purged_at = now(), phone_e164 = null, state = 'planned'",
        "update ledger.notice set state = 'failed'",
        "delete from ledger.notice",
        "update ledger.purge set rows_count = 2",
        "update ledger.access set accessed_by = 'nobody'",
        "update ledger.access set resident_id = 'other'",
        "delete from ledger.access",
        "insert into ledger.approval (digest) values ('forged')",
        "update ledger.notice_event set reason = 'x'",
    ],
)
def test_the_way_is_narrow(scene: Scene, purger: Engine, change: str) -> None:
    residents = sent(scene, 1)
    look_up(scene.engine, scene.city, residents[0], {"nhi_overdue"}, "電話", "sato", OCCURRENCE, KEY)
    with pytest.raises(DBAPIError), purger.begin() as connection:
        connection.execute(text(change))


def test_what_was_purged_cannot_come_back(scene: Scene, purger: Engine) -> None:
    sent(scene, 1)
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    for change in (
        "purged_at = null", "phone_e164 = '+819012345678'", "subject = 'nhi/2026/4/1'", "phone_hash = null",
        "content_digest = null", "pseudonymised_at = null",
    ):  # fmt: skip
        for engine in (purger, scene.engine):
            with pytest.raises(DBAPIError), engine.begin() as connection:
                connection.execute(text(f"update ledger.notice set {change}"))


def test_only_the_role_for_it_purges(scene: Scene) -> None:
    sent(scene, 1)
    with pytest.raises(DBAPIError, match="only a purge"), scene.engine.begin() as connection:
        connection.execute(text("update ledger.notice set purged_at = now(), phone_e164 = null"))


@pytest.mark.parametrize(
    ("subject", "blank"),
    [
        ("nhi/2026/4/0000000001", r"nhi/2026/4/#[0-9a-f]{64}"),
        ("check_up/2026/1/0000000009", r"check_up/2026/1/#[0-9a-f]{64}"),
        ("plan/B0000000001/3", r"plan/#[0-9a-f]{64}/3"),
        ("public_notice/flu/2026/0000000001", r"public_notice/#[0-9a-f]{64}"),
    ],
)
def test_a_subject_keeps_what_names_nobody(owner: Engine, subject: str, blank: str) -> None:
    query = text("select ledger.blank_subject(:s, :key) ~ ('^' || :blank || '$'),"
                 " ledger.blank_subject(ledger.blank_subject(:s, :key), :key) = ledger.blank_subject(:s, :key),"
                 " ledger.blank_subject(:s, :key) <> ledger.blank_subject(:s, 'another')")  # fmt: skip
    with owner.connect() as connection:
        assert connection.execute(query, {"s": subject, "key": KEY, "blank": blank}).one() == (True, True, True)


def test_a_resident_without_a_message_is_forgotten_too(scene: Scene, purger: Engine) -> None:
    resident = create_resident(scene.owner, phone=None)
    create_levy(scene.owner, resident)
    scene.plan(scene.open())
    scene.clock.moment = OCCURRENCE + SEASONS_AFTER
    purge(scene, purger)
    assert places_of(scene.owner, resident, schema="ledger") == []
    assert scene.states() == {"suppressed/no_phone": 1}
