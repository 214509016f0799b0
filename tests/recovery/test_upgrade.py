"""From every schema that was ever there, with a run amidst its work in it, to this one."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from oshirase.adapters import migrations
from oshirase.adapters.database import PURGE_ROLE, check_schema, create_records_engine, migrate
from oshirase.domain.calendar import JST
from oshirase.errors import SchemaMismatch
from oshirase.services.audit import verify_ledger
from oshirase.services.purge import Purge
from oshirase.services.seals import seal_ledger
from oshirase.services.sending_lock import find_lock
from tests.ledger import states_of
from tests.recovery.conftest import MakeDatabase
from tests.scene import KEY, Scene

VERSIONS = sorted(path.name[:4] for path in (Path(migrations.__file__).parent / "versions").glob("0*.py"))
RELEASED = Path(__file__).parent / "released"
# What the programs of a version wrote, from that version on.
WRITTEN = {path.stem: path.read_text("utf-8") for path in sorted(RELEASED.glob("*.sql"))}
# Written by the database or by keys that no file may hold.
WRITTEN_BY_SERVICES = {"ledger.seal"}

RUN = UUID("00000000-0000-0000-0000-000000000001")
STATES = {
    "planned": 2, "delivered": 1, "accepted": 1, "unknown": 1, "rejected": 1, "cancelled": 1, "failed": 1,
    "suppressed": 1,
}  # fmt: skip
AFTERNOON = datetime(2026, 10, 2, 12, 30, tzinfo=JST)
KILLED_AFTER_SECONDS = 30.0


@pytest.fixture
def url(make_database: MakeDatabase) -> URL:
    """A database with nothing in it."""
    return make_database("upgraded", "template0")


@pytest.fixture
def owner(url: URL) -> Iterator[Engine]:
    engine = create_records_engine(url)
    yield engine
    engine.dispose()


def lived_through(owner: Engine, version: str) -> None:
    """A database that was there from the first version on, and has what each of them wrote."""
    for each in VERSIONS[: VERSIONS.index(version) + 1]:
        migrate(owner, each)
        write(owner, each)


def write(owner: Engine, version: str) -> None:
    if each := WRITTEN.get(version):
        with owner.begin() as connection:
            connection.exec_driver_sql(each)


def count_rows(owner: Engine) -> Counter[str]:
    """Rows of each table of ours."""
    tables = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('records', 'ledger')"
    with owner.connect() as connection:
        names = connection.scalars(text(tables)).all()
        return Counter({name: connection.scalar(text(f"select count(*) from {name}")) for name in names})


def version_of(owner: Engine) -> str | None:
    with owner.connect() as connection:
        return connection.scalar(text("select version_num from ledger.schema_version"))


@pytest.mark.parametrize("version", VERSIONS)
def test_from_every_version_a_run_goes_on_where_it_was(
    owner: Engine, url: URL, stage: Callable[[URL], Scene], version: str
) -> None:
    lived_through(owner, version)
    before = count_rows(owner)
    migrate(owner)
    check_schema(owner)
    after = count_rows(owner)
    kept = {table for table in before if table not in ("ledger.transition", "ledger.notice_state")}
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}
    assert states_of(owner) == STATES

    scene = stage(url)
    scene.clock.moment = AFTERNOON
    assert find_lock(scene.engine) is None, "an upgrade is no restore"
    assert scene.send(RUN) == {"accepted": 2}
    assert scene.accepted_per_number() == {"08011110007": 1, "08011110008": 1}
    scene.clock.advance(hours=6)
    scene.collect()
    states = states_of(owner)
    assert (states["delivered"], states["planned"]) == (3, 0)
    with pytest.raises(Exception, match="append-only"), owner.begin() as connection:
        connection.execute(text("delete from ledger.notice_event"))

    seal_ledger(scene.engine, KEY, scene.clock(), "test")
    assert verify_ledger(scene.engine, KEY, scene.clock()).is_intact
    scene.clock.advance(days=91)
    purger = create_records_engine(url, PURGE_ROLE)
    taken = Purge(purger, scene.city.retention, KEY, scene.clock(), "test").run()
    purger.dispose()
    assert taken["numbers"] == 7, "all but the one of which nobody knows, and the one without a receipt"
    assert verify_ledger(scene.engine, KEY, scene.clock()).is_intact


def test_every_table_is_tried_with_rows_in_it(owner: Engine) -> None:
    """A new table of a new version: write what it holds into a file of that version."""
    lived_through(owner, VERSIONS[-1])
    assert {table for table, rows in count_rows(owner).items() if not rows} == WRITTEN_BY_SERVICES
    assert set(WRITTEN) <= set(VERSIONS)


def test_two_at_once_upgrade_once(owner: Engine) -> None:
    lived_through(owner, "0001")
    with ThreadPoolExecutor(2) as both:
        assert set(both.map(migrate, [owner, owner])) == {VERSIONS[-1]}
    assert states_of(owner) == STATES


def test_killed_amidst_nothing_is_half_and_again_it_goes_through(owner: Engine, url: URL) -> None:
    lived_through(owner, "0001")
    tables = set(count_rows(owner))
    program = Path(sys.executable).with_name("oshirase")
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(sys.path),
        "OSHIRASE_DATABASE_URL": url.render_as_string(hide_password=False),
    }  # fmt: skip
    with owner.connect() as reader:
        # Whoever reads notices holds up their next change, hence an upgrade that is amidst.
        reader.execute(text("select from ledger.notice"))
        upgrade = subprocess.Popen([program, "migrate"], env=environment)
        wait_until_held_up(owner)
        upgrade.send_signal(signal.SIGKILL)
        upgrade.wait(KILLED_AFTER_SECONDS)
    assert version_of(owner) == "0001"
    assert set(count_rows(owner)) == tables
    with pytest.raises(SchemaMismatch, match="at 0001, older than"):
        check_schema(owner)
    migrate(owner)
    assert states_of(owner) == STATES


def wait_until_held_up(owner: Engine) -> None:
    held_up = "select count(*) from pg_locks where not granted and relation = 'ledger.notice'::regclass"
    until = time.monotonic() + KILLED_AFTER_SECONDS
    while time.monotonic() < until:
        with owner.connect() as connection:
            if connection.scalar(text(held_up)):
                return
        time.sleep(0.05)
    pytest.fail("the upgrade did not come to the notices")
