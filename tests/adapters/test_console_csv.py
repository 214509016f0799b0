"""A console's files: what is written can be read back, and nothing that comes back is too broken to be told of."""

import csv
import io
import os
import stat
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oshirase.adapters.gateways.console_csv import (
    ConsoleFolder,
    RowProblem,
    console_folder,
    read_result,
    write_upload,
)
from oshirase.domain.calendar import JST
from oshirase.domain.console import CannotWrite, Console, UploadRow
from oshirase.domain.gateway import DeliveryState
from oshirase.domain.spreadsheet import unescape
from oshirase.errors import MissingSetting
from tests.domain.test_console import CONSOLE, ROW, changed

ONE, TWO = (UUID(f"6b1f0e0a-0000-4000-8000-00000000000{n}") for n in (1, 2))
HEADER = "管理番号,電話番号,送信結果,送信日時,着信日時,キャリア,通数\r\n"
GOOD = f"{ONE},09012345678,着信,2026/10/02 12:05:00,2026/10/02 12:05:07,docomo,2\r\n"
RESULT = CONSOLE.result


def codes(text: str, encoding: str = "cp932") -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in read_result(text.encode(encoding), RESULT).problems]


def test_the_file_in_the_shipped_layout() -> None:
    first, second, end = write_upload([ROW], CONSOLE.upload).decode("cp932").split("\r\n")
    assert first == '"電話番号","本文","送信予約日","送信予約時刻","送信期限","管理番号"'
    assert second.startswith('"09012345678","阿良澄区です。","2026/10/02","12:05"')
    assert end == ""


def test_another_layout() -> None:
    layout = changed(
        upload={"encoding": "utf-8-sig", "separator": "\t", "quoting": "minimal", "line_end": "lf", "header": False}
    )
    assert write_upload([ROW], layout.upload) == (
        f"09012345678\t阿良澄区です。\t2026/10/02\t12:05\t2026/10/02 17:00\t{ONE}\n".encode("utf-8-sig")
    )


def test_a_character_that_the_encoding_does_not_have_stops_the_file() -> None:
    row = UploadRow(ONE, ROW.phone_e164, "納付のお知らせ😀", ROW.booking_at, ROW.limited_at)
    with pytest.raises(CannotWrite, match=r"'😀' \(U\+1F600\) cannot be written in cp932: no file was written"):
        write_upload([ROW, row], CONSOLE.upload)
    assert write_upload([row], changed(upload={"encoding": "utf-8"}).upload)


# CP932 writes these as their look-alikes of the same JIS character, as Windows does.
LOOK_ALIKES = "¢£¬‖−〜"
texts = st.text(st.characters(codec="cp932", exclude_characters=LOOK_ALIKES), min_size=1) | st.from_regex(
    r"'{0,2}[=@]", fullmatch=True
)
layouts = st.fixed_dictionaries(
    {
        "encoding": st.sampled_from(["cp932", "utf-8", "utf-8-sig"]),
        "separator": st.sampled_from([",", "\t", ";"]),
        "quoting": st.sampled_from(["all", "minimal"]),
        "line_end": st.sampled_from(["crlf", "lf"]),
        "header": st.booleans(),
    }
)


@given(bodies=st.lists(texts, max_size=5), layout=layouts)
def test_what_is_written_can_be_read_back(bodies: list[str], layout: dict[str, Any]) -> None:
    upload = changed(upload=layout).upload
    rows = [
        UploadRow(UUID(int=n), ROW.phone_e164, body, ROW.booking_at, ROW.limited_at) for n, body in enumerate(bodies)
    ]
    text = write_upload(rows, upload).decode(upload.encoding)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=upload.separator, strict=True))[upload.header :]
    assert [(unescape(line[1]), UUID(line[5])) for line in lines] == [(row.body, row.notice_id) for row in rows]


def test_a_result_row() -> None:
    (row,) = read_result((HEADER + GOOD).encode("cp932"), RESULT).rows
    assert (row.line, row.notice_id, row.state, row.word) == (2, ONE, DeliveryState.DELIVERED, "着信")
    assert (row.received_at, row.carrier, row.parts) == (datetime(2026, 10, 2, 12, 5, 7, tzinfo=JST), "docomo", 2)


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_any_encoding_and_line_end_are_read(encoding: str, line_end: str) -> None:
    reading = read_result((HEADER + GOOD + "\r\n").replace("\r\n", line_end).encode(encoding), RESULT)
    assert (len(reading.rows), reading.problems) == (1, [])


def test_what_a_spreadsheet_makes_of_it_is_read() -> None:
    text = (
        f"　管理番号,送信結果 ,送信日時,着信日時,ｷｬﾘｱ,通数,,\n'{str(ONE).upper()},着信,2026/10/02 12:05,,,,,\n,,,,,,,\n"
    )
    assert codes(text) == [(2, "no_notice_id")]  # a mark that is not ours is not taken away
    assert codes(text.replace("'", "")) == []


def test_empty_optional_cells_are_nothing() -> None:
    (row,) = read_result((HEADER + f"{ONE},,不達,,,,\r\n").encode("cp932"), RESULT).rows
    assert (row.sent_at, row.received_at, row.carrier, row.parts) == (None, None, None, None)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{ONE},0901", "wrong_number_of_cells"),
        (f"{ONE},,着信,,,,,extra", "wrong_number_of_cells"),
        ("12345,,着信,,,,", "no_notice_id"),
        (f"{ONE},,到達済,,,,", "unknown_word"),
        (f"{ONE},,,,,,", "unknown_word"),
        (f"{ONE},,着信,昨日,,,", "unreadable_time"),
        (f"{ONE},,着信,,,,二通", "unreadable_number"),
        (f"{ONE},,着信,,,,99999", "unreadable_number"),
        (f"{ONE},,着信,,,do\0como,", "nul_byte"),
        (f'{ONE},"09"0,着信,,,,', "broken_quotes"),
    ],
)
def test_a_broken_row_is_told_with_its_line_and_the_others_are_read(line: str, code: str) -> None:
    reading = read_result(f"{HEADER}{line}\r\n{GOOD.replace(str(ONE), str(TWO))}".encode("cp932"), RESULT)
    assert [(problem.line, problem.code) for problem in reading.problems] == [(2, code)]
    assert [row.notice_id for row in reading.rows] == [TWO]


def test_a_file_that_was_cut_off_is_told_where() -> None:
    reading = read_result(f'{HEADER}{GOOD}{TWO},"0901\r\nand so on\r\n'.encode("cp932"), RESULT)
    assert reading.problems == [RowProblem(3, "broken_quotes")]
    assert len(reading.rows) == 1


def test_a_row_in_another_encoding_is_told() -> None:
    content = (HEADER + GOOD).encode("cp932") + f"{TWO},,着信,,,x".encode() + b"\x81,\r\n"
    assert [problem.code for problem in read_result(content, RESULT).problems] == ["unreadable_characters"]


def test_a_repeated_row_is_told_and_kept() -> None:
    reading = read_result((HEADER + GOOD + GOOD).encode("cp932"), RESULT)
    assert reading.problems == [RowProblem(3, "repeated", ONE)]
    assert len(reading.rows) == 2


@pytest.mark.parametrize("text", ["", "\r\n", "a,b\r\n1,2\r\n", HEADER.replace("送信結果", "結果") + GOOD])
def test_a_file_without_our_headings_is_told_as_a_whole(text: str) -> None:
    reading = read_result(text.encode("cp932"), RESULT)
    assert reading.rows == []
    assert [problem.code.partition(":")[0] for problem in reading.problems] == ["no_heading"]


def test_a_file_without_a_header_row() -> None:
    layout: Console = changed(result={"columns": HEADER.strip().split(",")})
    assert len(read_result(GOOD.encode("cp932"), layout.result).rows) == 1


@given(st.binary(max_size=400))
def test_no_bytes_are_too_broken(content: bytes) -> None:
    for start in (b"", HEADER.encode("cp932"), (HEADER + GOOD).encode("cp932")):
        reading = read_result(start + content, RESULT)
        assert all(problem.line >= 1 for problem in reading.problems)


@pytest.fixture
def folder(tmp_path: Path) -> ConsoleFolder:
    return ConsoleFolder(tmp_path, CONSOLE.folders)


def test_a_file_is_shown_in_one_step_and_only_its_owner_reads_it(folder: ConsoleFolder, tmp_path: Path) -> None:
    folder.stage("a.csv", b"x")
    assert (folder.staged(), folder.uploads()) == ({"a.csv"}, set())
    folder.publish("a.csv")
    folder.publish("a.csv")
    assert (folder.staged(), folder.uploads()) == (set(), {"a.csv"})
    assert stat.S_IMODE((tmp_path / "upload" / "a.csv").stat().st_mode) == 0o600


def test_nothing_is_written_over(folder: ConsoleFolder, tmp_path: Path) -> None:
    folder.stage("a.csv", b"first")
    with pytest.raises(FileExistsError):
        folder.stage("a.csv", b"second")
    folder.publish("a.csv")
    folder.stage("a.csv", b"second")
    folder.publish("a.csv")
    assert (tmp_path / "upload" / "a.csv").read_bytes() == b"first"


def test_a_file_goes_away_or_aside(folder: ConsoleFolder, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        folder.stage(name, b"x")
        folder.publish(name)
    folder.discard("a.csv")
    folder.discard("a.csv")
    folder.put_away("b.csv")
    folder.put_away("b.csv")
    assert folder.uploads() == set()
    assert [path.name for path in (tmp_path / "archive").iterdir()] == ["b.csv"]


def test_only_files_that_rest_are_read(folder: ConsoleFolder, tmp_path: Path) -> None:
    for name, age in (("new.csv", 0), ("old.csv", 100), ("~$old.csv", 100), (".hidden", 100)):
        path = tmp_path / "results" / name
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age,) * 2)
    (tmp_path / "results" / "folder").mkdir()
    assert [found.path.name for found in folder.results(60)] == ["old.csv"]


def test_a_result_is_archived_with_its_report(folder: ConsoleFolder, tmp_path: Path) -> None:
    for report in (b"problems", None):
        (tmp_path / "results" / "result.csv").write_bytes(b"same")
        (found,) = folder.results(0)
        told = folder.archive_result(found, report)
        archived = f"result.{found.content_id}.csv"
        expected = {archived, f"{archived}.unmatched.csv"} if report else {archived}
        assert {path.name for path in (tmp_path / "archive").iterdir()} == expected
        assert told == (f"{archived}.unmatched.csv" if report else "")
        assert not list((tmp_path / "results").iterdir())


def test_a_result_that_changed_while_it_was_read_stays(folder: ConsoleFolder, tmp_path: Path) -> None:
    path = tmp_path / "results" / "result.csv"
    path.write_bytes(b"half")
    (found,) = folder.results(0)
    path.write_bytes(b"half and half")
    os.utime(path, ns=(0, found.changed_ns + 1))
    folder.archive_result(found, None)
    assert path.exists()


@pytest.mark.parametrize("value", ["", "/nowhere/at/all"])
def test_without_its_root_it_says_which_setting(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OSHIRASE_CONSOLE_FOLDER", value)
    with pytest.raises(MissingSetting, match="OSHIRASE_CONSOLE_FOLDER"):
        console_folder(CONSOLE.folders)
