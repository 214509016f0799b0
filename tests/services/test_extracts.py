"""The drop folder: complete files are taken, loaded or refused, reported and put away."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from oshirase.adapters.database import INGEST_ROLE, create_records_engine
from oshirase.adapters.drop_folder import DropFolder, drop_folder
from oshirase.adapters.settings import load_ingest, load_layouts
from oshirase.domain.calendar import JST
from oshirase.errors import MissingSetting
from oshirase.services.extracts import FileReport, Intake
from oshirase.services.ingest import load_extract

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=JST)
HEADINGS = "収納番号,調定番号,収納額,領収日,納付方法,速報確報区分"
GOOD = "P1,L1,12000,R8.9.30,コンビニ,速報"
BAD = "P2,L1,12000,令和8年2月30日,コンビニ,速報"


class Desk:
    """A drop folder in front of the records."""

    def __init__(self, root: Path, engine: Engine, **ingest: object) -> None:
        self.root = root
        self.engine = engine
        settings = load_ingest().model_copy(update={"settle_seconds": 0, **ingest})
        self.folder = DropFolder(root, settings)

    def drop(self, name: str, *rows: str) -> Path:
        path = self.folder.drop / name
        path.write_bytes("".join(f"{row}\r\n" for row in rows).encode("cp932"))
        return path

    def take(self) -> list[FileReport]:
        return Intake(self.engine, self.folder, load_layouts(), lambda: NOW).take_all()

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).iterdir())

    def scalar(self, query: str) -> object:
        with self.engine.connect() as connection:
            return connection.scalar(text(query))


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    engine = create_records_engine(database_url, INGEST_ROLE)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(tmp_path: Path, engine: Engine) -> Desk:
    return Desk(tmp_path, engine)


def test_a_loaded_file_is_told_in_words_and_archived(desk: Desk) -> None:
    desk.drop("shuno_202610010600.csv", HEADINGS, GOOD)
    (report,) = desk.take()
    assert report.sentence == (
        "収納（10月1日（木）06:00時点）：1行のうち 1行が新規・変更、0行が変更なし。"
        "調定がまだ届いていない収納が1件あります。調定が届き次第、自動で反映されます。"
    )
    assert report.changed_records
    assert desk.names("drop") == []
    assert desk.names("archive") == ["shuno_202610010600.csv"]
    assert desk.names("reports") == []


def test_rejected_rows_go_back_to_the_sender_by_line_and_heading_without_their_values(desk: Desk) -> None:
    desk.drop("shuno_202610010600.csv", HEADINGS, GOOD, BAD)
    (report,) = desk.take()
    assert "取り込めない行 1行。エラーの一覧は「shuno_202610010600.errors.csv」です。" in report.sentence
    errors = (desk.root / "reports" / "shuno_202610010600.errors.csv").read_text(encoding="utf-8-sig").splitlines()
    assert errors[0] == "行,項目,コード,理由"
    assert errors[1].startswith("3,領収日,impossible_date,暦にない日付")
    assert "2月30日" not in errors[1]


def test_the_same_file_again_is_told_and_changes_nothing(desk: Desk) -> None:
    for _ in range(2):
        desk.drop("shuno_202610010600.csv", HEADINGS, GOOD)
        (report,) = desk.take()
    assert report.sentence.endswith("同じファイルをすでに取り込んでいます。")
    assert not report.changed_records
    assert desk.names("archive") == ["shuno_202610010600.2.csv", "shuno_202610010600.csv"]
    assert desk.scalar("select count(*) from records.load") == 1


def test_a_run_that_was_killed_before_its_report_is_made_good_by_the_next(desk: Desk) -> None:
    path = desk.drop("shuno_202610010600.csv", HEADINGS, GOOD, BAD)
    as_of = datetime(2026, 10, 1, 6, 0, tzinfo=JST)
    layout = next(layout for layout in load_layouts() if layout.name == "payments")
    load_extract(desk.engine, layout, path, as_of, NOW)
    assert desk.names("reports") == []
    (report,) = desk.take()
    assert "すでに取り込んでいます。取り込めない行 1行。" in report.sentence
    assert desk.names("reports") == ["shuno_202610010600.errors.csv"]
    assert desk.scalar("select count(*) from records.payment") == 1


def test_a_refused_file_goes_aside_with_the_reason_and_the_others_are_loaded(desk: Desk) -> None:
    desk.drop("chotei_202610010600.csv", "調定番号,宛名番号")
    desk.drop("shuno_202610010600.csv", HEADINGS, GOOD)
    refused, loaded = desk.take()
    assert refused.is_refused
    assert "必要な見出し" in refused.sentence
    assert loaded.changed_records
    assert desk.names("refused") == ["chotei_202610010600.csv", "chotei_202610010600.csv.txt"]
    assert "必要な見出し" in (desk.root / "refused" / "chotei_202610010600.csv.txt").read_text(encoding="utf-8-sig")
    assert desk.scalar("select code from records.refused_file") == "missing_column"


def test_a_file_of_an_unknown_name_is_refused_without_telling_its_name(desk: Desk) -> None:
    """A person may have put a number into a name; names that follow a layout hold only its time."""
    desk.drop("09012345678.csv", HEADINGS, GOOD)
    (report,) = desk.take()
    assert report.is_refused
    assert "09012345678" not in report.sentence
    assert desk.names("refused") == ["09012345678.csv", "09012345678.csv.txt"]


def test_a_folder_a_link_and_a_pipe_stay_where_they_are_and_are_told(desk: Desk) -> None:
    drop = desk.folder.drop
    (drop / "shuno_202610010601.csv").mkdir()
    target = desk.root / "elsewhere.csv"
    target.write_text(f"{HEADINGS}\n{GOOD}\n", encoding="utf-8")
    (drop / "shuno_202610010602.csv").symlink_to(target)
    os.mkfifo(drop / "shuno_202610010603.csv")
    reports = desk.take()
    assert [report.is_refused for report in reports] == [True] * 3
    assert all("通常のファイルではありません" in report.sentence for report in reports)
    assert len(desk.names("drop")) == 3
    assert desk.scalar("select count(*) from records.load") == 0


def test_a_file_that_is_still_being_written_waits(tmp_path: Path, engine: Engine) -> None:
    desk = Desk(tmp_path, engine, settle_seconds=60)
    path = desk.drop("shuno_202610010600.csv", HEADINGS, GOOD)
    assert desk.take() == []
    os.utime(path, (time.time() - 61,) * 2)
    assert len(desk.take()) == 1


def test_a_file_waits_for_its_marker_which_goes_with_it(tmp_path: Path, engine: Engine) -> None:
    desk = Desk(tmp_path, engine, complete="marker")
    desk.drop("shuno_202610010600.csv", HEADINGS, GOOD)
    assert desk.take() == []
    desk.drop("shuno_202610010600.csv.done")
    assert len(desk.take()) == 1
    assert desk.names("drop") == []
    assert desk.names("archive") == ["shuno_202610010600.csv"]


def test_what_spreadsheets_leave_beside_a_file_is_no_extract(desk: Desk) -> None:
    desk.drop("~$shuno_202610010600.csv")
    desk.drop(".shuno_202610010600.csv.swp")
    assert desk.take() == []


def test_files_are_taken_in_the_order_of_their_times(desk: Desk) -> None:
    desk.drop("shuno_202610010900.csv", HEADINGS, GOOD.replace("12000", "500"))
    desk.drop("shuno_202610010600.csv", HEADINGS, GOOD)
    assert [report.is_refused for report in desk.take()] == [False, False]
    assert desk.scalar("select amount_yen from records.payment where superseded_at = 'infinity'") == 500


def test_changes_of_ids_are_taken_before_everything_else(desk: Desk) -> None:
    desk.drop("teishi_202610010600.csv", "停止番号,宛名番号,停止事由,開始日,終了日", "H1,0000000002,納付相談中,R8.9.1,")
    desk.drop("ido_202610010600.csv", "旧宛名番号,新宛名番号,異動日", "0000000001,0000000002,R8.9.15")
    desk.take()
    assert desk.scalar("select resident_id from records.hold") == "0000000001"


@pytest.mark.parametrize("value", ["", "/nowhere/at/all"])
def test_without_a_folder_the_setting_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OSHIRASE_EXTRACT_FOLDER", value)
    with pytest.raises(MissingSetting, match="OSHIRASE_EXTRACT_FOLDER"):
        drop_folder(load_ingest())
