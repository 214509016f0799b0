"""Downloads: recorded before the first byte, the same rows as were counted, never in memory as a whole."""

import csv
import io
import tracemalloc
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from oshirase.domain.notice import NoticeState
from oshirase.services.notice_download import Download, download_notices
from oshirase.services.notice_list import Wanted
from tests.ledger import create_notice, create_run
from tests.scene import OCCURRENCE, Scene

FILL = """
insert into ledger.notice (
    campaign_run_id, campaign, subject, resident_id, phone_e164, state, reason, state_changed_at, state_changed_by
)
select
    :run, 'nhi_overdue', 'nhi/2026/4/' || k, 'R' || k, '+8190' || lpad(k::text, 8, '0'), 'suppressed', 'settled',
    '2026-10-02T10:00+09:00', 'test'
from generate_series(1, :rows) as k
"""


def wanted(run: UUID, **values: object) -> Download:
    return replace(
        Download(run, Wanted(), is_personal=False, choice="masked?", reason="確認のため", by="sato"), **values
    )


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def whole(engine: Engine, download: Download) -> list[dict[str, str]]:
    return read(b"".join(download_notices(engine, download, OCCURRENCE)))


@pytest.fixture
def run(owner: Engine) -> UUID:
    run = create_run(owner)
    create_notice(owner, run, "nhi/2026/4/1", NoticeState.DELIVERED, phone_e164="+819012345678", carrier="docomo")
    create_notice(owner, run, "nhi/2026/4/2", NoticeState.SUPPRESSED, phone_e164=None, resident_id="=1+1")
    return run


def test_without_personal_data_nobody_is_in_it(engine: Engine, run: UUID) -> None:
    rows = whole(engine, wanted(run))
    assert [(row["電話番号（下4桁のみ）"], row["状態"], row["理由"]) for row in rows if row["状態"] == "対象外"] == [
        ("", "対象外", "納付済み")
    ]
    assert {row["電話番号（下4桁のみ）"] for row in rows} == {"090-****-5678", ""}
    assert "宛名番号" not in rows[0]
    assert "0000000001" not in str(rows)


def test_with_personal_data_numbers_can_be_dialled_and_nothing_is_calculated(engine: Engine, run: UUID) -> None:
    rows = whole(engine, wanted(run, is_personal=True))
    assert {(row["宛名番号"], row["電話番号"]) for row in rows} == {("0000000001", "090-1234-5678"), ("'=1+1", "")}


def test_only_what_the_list_was_narrowed_to(engine: Engine, run: UUID) -> None:
    rows = whole(engine, wanted(run, wanted=Wanted(states=(NoticeState.DELIVERED,))))
    assert [row["携帯電話会社"] for row in rows] == ["docomo"]


def test_it_is_recorded_when_the_first_byte_leaves_and_not_before(scene: Scene, run: UUID) -> None:
    record = "select kind, accessed_by, choice, rows_count, reason, accessed_at from ledger.access"
    pieces = download_notices(scene.engine, wanted(run), OCCURRENCE)
    assert scene.rows(record) == []
    next(pieces)
    assert scene.rows(record) == [("list_downloaded", "sato", "masked?", 2, "確認のため", OCCURRENCE)]
    pieces.close()


@pytest.mark.parametrize("bad", [{"by": "Anonymous"}, {"reason": ""}])
def test_what_cannot_be_recorded_is_not_written(engine: Engine, run: UUID, bad: dict[str, str]) -> None:
    pieces = download_notices(engine, wanted(run, **bad), OCCURRENCE)
    with pytest.raises(DBAPIError):
        next(pieces)
    assert list(pieces) == []


def test_rows_that_come_meanwhile_are_no_part_of_what_was_recorded(scene: Scene, run: UUID) -> None:
    pieces = download_notices(scene.engine, wanted(run), OCCURRENCE)
    first = next(pieces)
    create_notice(scene.owner, run, "nhi/2026/4/3")
    assert len(read(first + b"".join(pieces))) == 2


def test_a_large_file_is_not_held_in_memory(owner: Engine, engine: Engine) -> None:
    run = create_run(owner)
    with owner.begin() as connection:
        connection.execute(text(FILL), {"run": run, "rows": 20_000})
    whole(engine, wanted(run, wanted=Wanted(last_four="0001")))
    tracemalloc.start()
    size = sum(len(piece) for piece in download_notices(engine, wanted(run, is_personal=True), OCCURRENCE))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The rows alone would take ten times as much as the file.
    assert size > 2_000_000
    assert most < 8_000_000
