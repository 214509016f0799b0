"""Restored to yesterday, by real pg_dump and pg_restore: what was sent since is not sent again."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from oshirase.adapters.incarnation import note_restore
from oshirase.domain.calendar import JST
from oshirase.domain.gateway import ListedMessage
from oshirase.services.delivery import claim_notices
from oshirase.services.gateway_inquiry import SETTLING, CannotAsk, Found, ask_gateway, clear_found, list_forgotten
from oshirase.services.sending_lock import CannotRelease, SendingLocked, find_lock, require_unlocked, unlock_sending
from tests.people import create_debtor, create_levy
from tests.recovery.conftest import MakeDatabase, dump, restore
from tests.scene import OCCURRENCE, Scene

NEXT = datetime(2026, 11, 5, 10, 0, tzinfo=JST)
PHONES = [f"+81801111{number:04d}" for number in range(8)]


def debtors(scene: Scene, numbers: range) -> list[str]:
    return [create_debtor(scene.owner, resident_id=f"{n + 1:010d}", phone=PHONES[n]) for n in numbers]


def owe_the_next_instalment(scene: Scene, numbers: range) -> None:
    for number in numbers:
        create_levy(scene.owner, f"{number + 1:010d}", instalment=5, due_on=date(2026, 11, 2))


def ask(scene: Scene, since: datetime | None = None) -> Found:
    return ask_gateway(scene.engine, scene.gateway, since, scene.clock(), "reconcile-gateway: mori")


def unlock(scene: Scene) -> int:
    return unlock_sending(
        scene.engine, "照合済み", "mori", scene.clock(), gateways=["karaden"], is_without_gateway=False
    )


def send_all(scene: Scene, occurrence: datetime) -> UUID:
    run = scene.open(occurrence)
    if digest := scene.plan(run):
        scene.approve(run, digest)
    scene.send(run)
    return run


@pytest.fixture
def restored(city: Scene, make_database: MakeDatabase, stage: Callable[[URL], Scene], tmp_path: Path) -> Scene:
    """The ledger as it was amidst the first run; since then its rest and a whole further run were sent."""
    debtors(city, range(6))
    run = city.approved_run()
    assert city.send_batch(run, 1) == {"accepted": 3}
    file = dump(city.owner.url, tmp_path / "yesterday.dump")
    assert city.send_batch(run, 2) == {"accepted": 3}
    city.clock.advance(hours=6)
    city.collect()
    city.clock.moment = NEXT
    owe_the_next_instalment(city, range(4))
    send_all(city, NEXT)
    assert sum(city.accepted_per_number().values()) == 10
    city.clock.advance(hours=1)

    url = make_database("restored", "template0")
    restore(file, url)
    scene = stage(url)
    assert note_restore(scene.engine, scene.clock()), "as any program does when it connects"
    # The business system is as it was: its extracts are loaded again.
    owe_the_next_instalment(scene, range(4))
    return scene


def test_nobody_is_reminded_twice(restored: Scene) -> None:
    scene = restored
    assert scene.states() == {"accepted": 3, "planned": 3}
    ((first,),) = scene.rows("select campaign_run_id from ledger.campaign_run")

    with pytest.raises(SendingLocked, match="reconcile-gateway"):
        scene.send_batch(first, 2)
    assert not claim_notices(scene.engine, "karaden", scene.city, first, 2, by="careless", now=scene.clock())
    with pytest.raises(CannotRelease, match="has not been asked"):
        unlock(scene)

    with pytest.raises(CannotAsk, match="may still be calling"):
        ask(scene)
    scene.clock.moment += SETTLING
    found = ask(scene)
    assert (found.read, found.adopted, found.kept, found.others) == (10, 3, 4, 0)
    assert scene.states() == {"delivered": 6}
    (forgotten,) = list_forgotten(scene.engine, scene.clock())
    assert (forgotten.messages, forgotten.booked) == (4, 4), "to be sent in the afternoon"

    assert unlock(scene) == 1
    require_unlocked(scene.engine)
    before = scene.accepted_per_number()
    scene.send(first)
    send_all(scene, NEXT)
    assert scene.accepted_per_number() == before
    # Two of the six owe what they were reminded of, and nothing since.
    assert scene.states() == {
        "delivered": 6,
        "suppressed/found_at_gateway": 4,
        "suppressed/already_reminded": 2,
    }
    assert scene.rows("select ground, released_by from ledger.sending_release")[-1] == ("gateway_asked", "mori")


def test_without_asking_the_gateway_they_would_be(restored: Scene) -> None:
    """That the test above proves something: on a person's word alone, the rest and the further run go out again."""
    scene = restored
    ((first,),) = scene.rows("select campaign_run_id from ledger.campaign_run")
    unlock_sending(scene.engine, "確認せず", "mori", scene.clock(), is_without_gateway=True)
    scene.clock.moment = OCCURRENCE + timedelta(hours=1)
    scene.send_batch(first, 2)
    assert max(scene.accepted_per_number().values()) == 3


def test_who_was_forgotten_and_not_reminded_is_reminded_now(restored: Scene) -> None:
    """Only the telephones of what was found are held back, and only for what was due by then."""
    scene = restored
    scene.clock.moment += SETTLING
    ask(scene)
    unlock(scene)
    owe_the_next_instalment(scene, range(4, 6))
    send_all(scene, NEXT)
    assert scene.states()["suppressed/found_at_gateway"] == 4
    assert scene.states()["accepted"] == 2
    assert Counter_of(scene) == {2: 6}, "each has one message of either instalment"
    scene.clock.moment = datetime(2026, 12, 2, 10, tzinfo=JST)
    for number in range(6):
        create_levy(scene.owner, f"{number + 1:010d}", instalment=6, due_on=date(2026, 11, 30))
    send_all(scene, scene.clock.moment)
    assert Counter_of(scene) == {3: 6}, "what fell due later is another matter"


def Counter_of(scene: Scene) -> dict[int, int]:  # noqa: N802
    counts = list(scene.accepted_per_number().values())
    return {count: counts.count(count) for count in set(counts)}


def test_a_person_clears_what_was_found(restored: Scene) -> None:
    scene = restored
    scene.clock.moment += SETTLING
    ask(scene)
    unlock(scene)
    ((message,), *_) = scene.rows("select gateway_message_id from ledger.foreign_message order by phone_e164")
    with pytest.raises(CannotAsk, match="a reason and the name"):
        clear_found(scene.engine, [message], " ", "mori", scene.clock())
    assert clear_found(scene.engine, [message], "誤送信のため", "mori", scene.clock()) == 1
    assert clear_found(scene.engine, [message], "誤送信のため", "mori", scene.clock()) == 0
    send_all(scene, NEXT)
    assert scene.states()["suppressed/found_at_gateway"] == 3
    assert clear_found(scene.engine, None, "すべて確認", "mori", scene.clock()) == 3
    assert list_forgotten(scene.engine, scene.clock()) == []


def test_what_the_restored_ledger_learns_meanwhile_does_not_shorten_the_inquiry(restored: Scene) -> None:
    """Receipts are collected while sending is locked: that the ledger is up to date by then is only seeming."""
    scene = restored
    assert scene.collect() == {"delivered": 3}
    scene.clock.moment += SETTLING
    found = ask(scene)
    assert found.since == OCCURRENCE - timedelta(days=1)
    assert (found.read, found.adopted, found.kept) == (10, 3, 4)


def test_asked_twice_nothing_changes(restored: Scene) -> None:
    scene = restored
    scene.clock.moment += SETTLING
    ask(scene)
    tables = ("notice", "notice_event", "receipt", "foreign_message")
    before = [scene.rows(f"select * from ledger.{table} order by 1, 2") for table in tables]
    found = ask(scene)
    assert (found.read, found.adopted, found.kept) == (10, 0, 0)
    assert [scene.rows(f"select * from ledger.{table} order by 1, 2") for table in tables] == before


class Breaking:
    """The gateway, whose list breaks off once it was asked so often."""

    def __init__(self, scene: Scene, times: int) -> None:
        self.name, self.asked = "karaden", []
        self._gateway, self._times = scene.gateway, times

    def messages(self, since: datetime, until: datetime) -> list[list[ListedMessage]]:
        from oshirase.domain.gateway import OutcomeUnknown

        self.asked.append(since)
        if len(self.asked) == self._times:
            raise OutcomeUnknown("no answer from the gateway")
        return list(self._gateway.messages(since, until))


def test_broken_off_it_goes_on_and_until_then_nothing_is_released(restored: Scene) -> None:
    scene = restored
    scene.clock.moment += SETTLING
    broken = Breaking(scene, times=5)
    with pytest.raises(CannotAsk, match="run it again, it goes on from"):
        ask_gateway(scene.engine, broken, None, scene.clock(), "mori")
    assert scene.states() == {"delivered": 6}
    assert list_forgotten(scene.engine, scene.clock()) == []
    with pytest.raises(CannotRelease, match="has not been asked"):
        unlock(scene)
    again = Breaking(scene, times=0)
    ask_gateway(scene.engine, again, None, scene.clock(), "mori")
    assert again.asked[0] == broken.asked[-1].astimezone(UTC)
    assert len(list_forgotten(scene.engine, scene.clock())) == 1
    assert unlock(scene) == 1


def test_a_busy_gateway_is_asked_again(restored: Scene) -> None:
    scene = restored
    scene.clock.moment += SETTLING
    scene.running.set_faults({"fault": "429", "call": "list", "next": 2, "retry_after": 0})
    assert ask(scene).kept == 4


def test_since_may_only_reach_further_back(restored: Scene) -> None:
    scene = restored
    scene.clock.moment += SETTLING
    with pytest.raises(CannotAsk, match="may not be later than"):
        ask(scene, scene.clock() - timedelta(days=2))
    assert ask(scene, OCCURRENCE - timedelta(days=30)).read == 10


def test_an_empty_ledger_does_not_know_since_when(scene: Scene) -> None:
    with pytest.raises(CannotAsk, match="--since"):
        ask(scene)
    assert ask(scene, OCCURRENCE - timedelta(days=1)).read == 0


def test_what_is_not_ours_is_counted_only(scene: Scene) -> None:
    import requests

    form = {"service_id": "1", "to": "08099998888", "body": "another use of the account", "is_shorten": "false"}
    for tags in ([], ["campaign-2026"]):
        answer = requests.post(
            scene.running.messages_url, headers=scene.running.headers, timeout=10,
            data=[*form.items(), *(("tags[]", tag) for tag in tags)],
        )  # fmt: skip
        assert answer.status_code == 200
    found = ask(scene, OCCURRENCE - timedelta(days=1))
    assert (found.read, found.others, found.kept) == (2, 2, 0)


def test_a_dump_read_back_into_the_same_database_locks(city: Scene, tmp_path: Path) -> None:
    file = dump(city.owner.url, tmp_path / "same.dump")
    require_unlocked(city.engine)
    city.engine.dispose()
    city.owner.dispose()
    restore(file, city.owner.url, "--clean", "--if-exists")
    found = find_lock(city.engine)
    assert found is not None
    assert found.kind == "restored"


def test_the_lock_of_a_restore_survives_a_dump_of_its_own(
    restored: Scene, make_database: MakeDatabase, stage: Callable[[URL], Scene], tmp_path: Path
) -> None:
    with pytest.raises(CannotAsk):
        ask(restored)
    url = make_database("restored_again", "template0")
    restore(dump(restored.owner.url, tmp_path / "again.dump"), url)
    again = stage(url)
    with again.engine.connect() as connection:
        assert connection.scalar(text("select ledger.is_sending_locked()"))
    assert find_lock(again.engine) is not None
