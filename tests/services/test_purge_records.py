"""Retention of the records and of files: what the business system does not say any more goes; what it says stays."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from oshirase.adapters.database import PURGE_ROLE, create_records_engine
from oshirase.services.purge import Purge
from oshirase.services.purge_folders import handled_folders
from tests.people import (
    create_contact,
    create_debtor,
    create_levy,
    create_load,
    create_payment,
    create_plan,
    create_resident,
    create_screening,
    create_voucher,
)
from tests.scene import KEY, Scene

# In fiscal year 2026; a year after its end is 31 March 2028.
ENDED = datetime(2026, 9, 1, tzinfo=UTC)
KEPT, GONE = datetime(2028, 3, 30, tzinfo=UTC), datetime(2028, 4, 1, tzinfo=UTC)


@pytest.fixture
def purger(database_url: URL) -> Iterator[Engine]:
    """What may take personal data away."""
    engine = create_records_engine(database_url, PURGE_ROLE)
    yield engine
    engine.dispose()


def purge(scene: Scene, purger: Engine, now: datetime, **options: Any) -> dict[str, int]:
    return dict(Purge(purger, scene.city.retention, KEY, now, "test", **options).run())


def end_all(scene: Scene, *tables: str) -> None:
    with scene.owner.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"update records.{table} set superseded_at = '{ENDED.isoformat()}'")


def test_what_is_delivered_stays_however_old_it_is(scene: Scene, purger: Engine) -> None:
    resident = create_resident(scene.owner, status="moved_out")
    create_payment(scene.owner, create_levy(scene.owner, resident))
    create_plan(scene.owner, resident)
    create_voucher(scene.owner, resident)
    create_screening(scene.owner, resident, 2026)
    assert purge(scene, purger, GONE + timedelta(days=3_000)) == {}


def test_what_ended_goes_a_year_after_its_fiscal_year(scene: Scene, purger: Engine) -> None:
    resident = create_resident(scene.owner, phone=None)
    create_payment(scene.owner, create_levy(scene.owner, resident))
    create_screening(scene.owner, resident, 2026)
    end_all(scene, "resident", "enrolment", "levy", "payment", "screening")
    assert purge(scene, purger, KEPT) == {}
    assert purge(scene, purger, GONE, batch_size=1) == {"records": 6}
    for table in ("resident", "enrolment", "levy", "payment", "screening"):
        assert scene.rows(f"select count(*) from records.{table}") == [(0,)]
    assert purge(scene, purger, GONE) == {}


def test_a_number_that_somebody_had_goes_sooner(scene: Scene, purger: Engine) -> None:
    resident = create_resident(scene.owner)
    end_all(scene, "contact")
    create_contact(scene.owner, resident, "+819099990000", recorded_at=ENDED)
    assert purge(scene, purger, ENDED + timedelta(days=89)) == {}
    assert purge(scene, purger, ENDED + timedelta(days=91)) == {"contacts": 1}
    assert scene.rows("select phone_e164 from records.contact") == [("+819099990000",)]


def test_a_payment_without_a_levy_goes_and_one_with_it_stays(scene: Scene, purger: Engine) -> None:
    create_payment(scene.owner, create_levy(scene.owner, create_debtor(scene.owner), instalment=5))
    create_payment(scene.owner, "nobody-knows")
    assert purge(scene, purger, KEPT) == {}
    assert purge(scene, purger, GONE) == {"payments": 1}


def test_rejected_rows_and_refused_files_go(scene: Scene, purger: Engine) -> None:
    create_load(scene.owner, "levy", ENDED)
    ((load,),) = scene.rows("select load_id from records.load")
    insert_reject = f"insert into records.load_reject values ({load}, 1, 'levy_id', 'missing', 'x')"
    with scene.owner.begin() as connection:
        connection.exec_driver_sql(insert_reject)
        connection.exec_driver_sql(
            "insert into records.refused_file (extract, file_name, code, message, refused_at)"
            f" values ('levy', 'x.csv', 'empty', 'x', '{ENDED.isoformat()}')"
        )
    assert purge(scene, purger, ENDED + timedelta(days=89)) == {}
    assert purge(scene, purger, ENDED + timedelta(days=91)) == {"loads": 2}
    # That it was loaded is remembered: the same file again changes nothing.
    assert scene.rows("select count(*) from records.load") == [(1,)]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders of extracts and consoles, a file in each."""
    monkeypatch.setenv("OSHIRASE_EXTRACT_FOLDER", str(tmp_path / "extracts"))
    monkeypatch.setenv("OSHIRASE_CONSOLE_FOLDER", str(tmp_path / "console"))
    for name in (
        "extracts/drop", "extracts/archive", "extracts/refused", "extracts/reports",
        "console/staging", "console/upload", "console/results", "console/lists", "console/archive",
    ):  # fmt: skip
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "one.csv").write_text("+819012345678")
    return tmp_path


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root).parent) for path in root.rglob("one.csv")}


def test_files_that_were_dealt_with_go_and_those_that_wait_stay(scene: Scene, purger: Engine, folders: Path) -> None:
    now, everything = datetime.now(UTC), files(folders)
    options = {"folders": handled_folders()}
    assert purge(scene, purger, now + timedelta(days=29), **options) == {}
    later = now + timedelta(days=31)
    assert purge(scene, purger, later, **options, is_dry=True) == {"files": 4}
    assert files(folders) == everything
    assert purge(scene, purger, later, **options) == {"files": 4}
    assert files(folders) == {
        "extracts/drop", "console/staging", "console/upload", "console/results", "console/lists",
    }  # fmt: skip
    assert purge(scene, purger, later, **options) == {}
    assert scene.rows("select kind, rows_count from ledger.purge") == [("files", 4)]


def test_an_old_file_that_came_today_stays(scene: Scene, purger: Engine, folders: Path) -> None:
    os.utime(folders / "extracts/archive/one.csv", (0, 0))
    assert purge(scene, purger, datetime.now(UTC), folders=handled_folders()) == {}


def test_a_link_goes_and_not_what_it_leads_to(scene: Scene, purger: Engine, folders: Path) -> None:
    elsewhere = folders / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.csv").write_text("kept")
    (folders / "extracts/refused/link").symlink_to(elsewhere)
    (folders / "extracts/refused/folder").mkdir()
    (folders / "extracts/refused/folder/inner.csv").write_text("+819012345678")
    later = datetime.now(UTC) + timedelta(days=31)
    assert purge(scene, purger, later, folders=handled_folders()) == {"files": 6}
    assert (elsewhere / "kept.csv").exists()
    assert list((folders / "extracts/refused").iterdir()) == []


def test_without_folders_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSHIRASE_EXTRACT_FOLDER", raising=False)
    monkeypatch.delenv("OSHIRASE_CONSOLE_FOLDER", raising=False)
    assert handled_folders() == []
