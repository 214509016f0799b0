"""Handing over through a console: one live file for every notice, whatever fails; results come back as receipts."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from oshirase.adapters.gateways.console_csv import ConsoleFolder, write_upload
from oshirase.domain.console import CannotWrite, Slot
from oshirase.services import console as uploads
from oshirase.services.approval import reject_campaign_run
from oshirase.services.console import ClaimLost, Desk, WaitingFile
from oshirase.services.console_results import (
    CANCEL_LIST,
    WAITING_LIST,
    FileReport,
    read_results,
    write_cancel_list,
    write_waiting_list,
)
from oshirase.services.delivery import LEASE, BatchChanged
from oshirase.services.receipts import SILENT_AFTER, mark_silent
from oshirase.services.unknown import count_undecided, expire_claims
from tests.domain.test_console import changed
from tests.people import create_debtor, create_payment
from tests.scene import KEY, OCCURRENCE, Scene

SLOT = Slot((1,))
CONSOLE = changed(result={"settle_seconds": 0})


@pytest.fixture
def desk(scene: Scene, tmp_path: Path) -> Desk:
    folder = ConsoleFolder(tmp_path, CONSOLE.folders)
    return Desk(scene.engine, CONSOLE, folder, scene.city, KEY, "writer", scene.clock)


@pytest.fixture
def run(scene: Scene) -> UUID:
    """An approved run of three notices."""
    for _ in range(3):
        create_debtor(scene.owner)
    return scene.approved_run()


def pay(scene: Scene, notice: str = "") -> None:
    """Somebody with a notice, or the one of a notice, pays."""
    where = f"where n.notice_id = '{notice}'" if notice else ""
    ((levy,), *_) = scene.rows(
        "select l.levy_id from records.levy as l inner join ledger.notice as n on l.subject = n.subject"
        f" {where} order by n.scheduled_at"
    )
    create_payment(scene.owner, levy, recorded_at=scene.clock(), paid_on=date(2026, 10, 1))


def write(desk: Desk, run: UUID) -> WaitingFile:
    """Write the file of the run, and return it as it waits."""
    assert uploads.write_slot(desk, run, SLOT)
    (waiting,) = uploads.list_waiting(desk, run)
    return waiting


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="cp932", newline="") as file:
        return list(csv.DictReader(file))


def ids_in(tmp_path: Path) -> Counter[str]:
    """How many of the files that a person can see hold each notice."""
    return Counter(row["管理番号"] for path in (tmp_path / "upload").iterdir() for row in rows_of(path))


def come_back(tmp_path: Path, rows: Sequence[tuple[object, str]], name: str = "result.csv") -> None:
    """A result file that staff downloaded: (notice id, word) a row."""
    lines = ["管理番号,送信結果,送信日時,着信日時,キャリア,通数"]
    lines += [f"{notice},{word},2026/10/02 12:05,,docomo,2" for notice, word in rows]
    (tmp_path / "results" / name).write_text("\n".join(lines), encoding="cp932")


def ids(scene: Scene) -> list[str]:
    return [str(notice) for (notice,) in scene.rows("select notice_id from ledger.notice order by scheduled_at")]


def read(desk: Desk) -> FileReport:
    (report,) = read_results(desk)
    return report


# From the run to the receipt


def test_from_the_approved_run_to_the_receipt(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    (slot,) = uploads.list_open_slots(desk.engine, desk.console, run)
    file = uploads.write_slot(desk, run, slot)
    assert scene.states() == {"unknown/in_upload_file": 3}
    (waiting,) = uploads.list_waiting(desk, run, slot)
    assert (waiting.file, waiting.notices, waiting.settled) == (file, 3, 0)
    assert waiting.file.startswith(f"nhi_overdue-20261002-{run.hex[:8]}-001-3-{waiting.code}")
    assert set(ids_in(tmp_path).values()) == {1}

    assert uploads.confirm_uploads(replace(desk, by="sato"), [waiting.file]) == 3
    assert scene.states() == {"accepted": 3}
    assert desk.folder.uploads() == set()
    assert ("sato",) in scene.rows("select changed_by from ledger.notice_event where to_state = 'accepted'")

    one, two, three = ids(scene)
    come_back(tmp_path, [(one, "着信"), (two, "圏外"), (three, "送信中")])
    report = read(desk)
    assert (report.moved, report.problems, report.report) == ({"delivered": 1, "undelivered": 1}, {}, "")
    assert scene.states() == {"delivered": 1, "undelivered/undelivered/圏外": 1, "accepted": 1}
    assert uploads.list_open_slots(desk.engine, desk.console, run) == []


def test_the_file_says_what_was_approved_and_leaves_time(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    scene.clock.moment = OCCURRENCE + timedelta(hours=3)  # every booking has passed
    waiting = write(desk, run)
    rows = rows_of(tmp_path / "upload" / waiting.file)
    ledger = scene.rows(
        "select '0' || substr(phone_e164, 4), body from ledger.notice join ledger.message_text using (text_id)"
    )
    assert sorted((row["電話番号"], row["本文"]) for row in rows) == sorted(ledger)
    assert {(row["送信予約日"], row["送信予約時刻"]) for row in rows} == {("2026/10/02", "14:00")}
    assert (tmp_path / "upload" / waiting.file).stat().st_mode & 0o077 == 0


def test_who_could_not_be_reached_inside_the_window_expires(scene: Scene, desk: Desk, run: UUID) -> None:
    scene.clock.moment = OCCURRENCE + timedelta(hours=6, minutes=30)
    assert uploads.write_slot(desk, run, SLOT) is None
    assert scene.states() == {"expired/window_closed": 3}
    assert desk.folder.uploads() | desk.folder.staged() == set()


def test_without_an_approval_nothing_is_written(scene: Scene, desk: Desk) -> None:
    create_debtor(scene.owner)
    run = scene.open()
    scene.plan(run)
    assert uploads.list_open_slots(desk.engine, desk.console, run) == []
    assert uploads.write_slot(desk, run, SLOT) is None
    assert scene.states() == {"planned": 1}


def test_what_was_changed_after_the_approval_is_not_written(scene: Scene, desk: Desk, run: UUID) -> None:
    with scene.owner.begin() as connection:
        connection.execute(text("update ledger.notice set phone_e164 = '+819099999999' where notice_id = :n"),
                           {"n": ids(scene)[0]})  # fmt: skip
    with pytest.raises(BatchChanged):
        uploads.write_slot(desk, run, SLOT)
    assert scene.states() == {"planned": 3}


def test_who_paid_since_the_approval_is_left_out(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    pay(scene)
    assert write(desk, run).notices == 2
    assert len(ids_in(tmp_path)) == 2
    assert scene.states() == {"unknown/in_upload_file": 2, "suppressed/settled": 1}


def test_a_text_that_does_not_fit_stops_the_file_and_takes_nobody_out_of_the_line(scene: Scene, desk: Desk) -> None:
    create_debtor(scene.owner)
    variant = scene.campaign.variants[0]
    variant = variant.model_copy(update={"body": variant.body + "😀"})
    scene.campaign = scene.campaign.model_copy(update={"variants": (variant,)})
    run = scene.approved_run()
    with pytest.raises(CannotWrite, match=r"U\+1F600"):
        uploads.write_slot(desk, run, SLOT)
    assert scene.states() == {"planned/given_back": 1}
    assert desk.folder.uploads() | desk.folder.staged() == set()


def test_several_files_when_one_does_not_hold_the_run(scene: Scene, desk: Desk, tmp_path: Path) -> None:
    scene.change(batch_size=2)
    for _ in range(5):
        create_debtor(scene.owner)
    run = scene.approved_run()
    small = replace(
        desk, console=CONSOLE.model_copy(update={"upload": CONSOLE.upload.model_copy(update={"most_rows": 4})})
    )
    slots = uploads.list_open_slots(small.engine, small.console, run)
    assert slots == [Slot((1, 2)), Slot((3,))]
    assert uploads.find_slot(small.engine, small.console, run, 3) == Slot((3,))
    for slot in slots:
        uploads.write_slot(small, run, slot)
    assert [file.notices for file in uploads.list_waiting(small, run)] == [4, 1]
    assert set(ids_in(tmp_path).values()) == {1}


# Dying at every boundary: a writer stops after a step, another one begins anew


def after_claim(desk: Desk, run: UUID) -> None:
    uploads.claim_slot(desk, run, SLOT)


def after_staging(desk: Desk, run: UUID) -> None:
    uploads.stage(desk, uploads.draft_file(desk, run, SLOT, uploads.claim_slot(desk, run, SLOT)))


def after_record(desk: Desk, run: UUID) -> None:
    claims = uploads.claim_slot(desk, run, SLOT)
    draft = uploads.draft_file(desk, run, SLOT, claims)
    uploads.stage(desk, draft)
    uploads.record_file(desk, claims, draft)


def after_showing(desk: Desk, run: UUID) -> None:
    uploads.write_slot(desk, run, SLOT)


@pytest.mark.parametrize("died", [after_claim, after_staging, after_record, after_showing])
@pytest.mark.parametrize("later", [timedelta(0), LEASE])
def test_a_writer_that_died_leaves_no_second_file(
    scene: Scene, desk: Desk, run: UUID, tmp_path: Path, died: Callable[[Desk, UUID], None], later: timedelta
) -> None:
    died(desk, run)
    known = {file.file for file in uploads.list_waiting(desk)}
    assert desk.folder.uploads() <= known, "what people can see is recorded"
    scene.clock.moment += later
    expire_claims(scene.engine, scene.clock(), "resolve_unknown")
    (slot,) = uploads.list_open_slots(desk.engine, desk.console, run)
    uploads.write_slot(desk, run, slot)
    uploads.write_slot(desk, run, slot)
    assert scene.states() == {"unknown/in_upload_file": 3}
    assert (len(ids_in(tmp_path)), set(ids_in(tmp_path).values())) == (3, {1})
    assert desk.folder.uploads() == {file.file for file in uploads.list_waiting(desk)}
    assert desk.folder.staged() == set()
    if known:
        assert desk.folder.uploads() == known


def test_a_writer_that_comes_back_late_shows_nothing(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    claims = uploads.claim_slot(desk, run, SLOT)
    draft = uploads.draft_file(desk, run, SLOT, claims)
    write(desk, run)
    uploads.stage(desk, draft)
    with pytest.raises(ClaimLost):
        uploads.record_file(desk, claims, draft)
    assert set(ids_in(tmp_path).values()) == {1}
    uploads.write_slot(desk, run, SLOT)
    assert desk.folder.staged() == set()


def test_part_of_a_lost_claim_records_nothing_of_the_file(scene: Scene, desk: Desk, run: UUID) -> None:
    claims = uploads.claim_slot(desk, run, SLOT)
    with scene.owner.begin() as connection:
        connection.execute(
            text("update ledger.notice set claim_id = :other where notice_id = :n"),
            {"other": uuid4(), "n": ids(scene)[0]},
        )
    with pytest.raises(ClaimLost):
        uploads.record_file(desk, claims, uploads.draft_file(desk, run, SLOT, claims))
    assert scene.states() == {"claimed": 3}


def test_a_file_that_a_person_moved_away_is_not_shown_again(
    scene: Scene, desk: Desk, run: UUID, tmp_path: Path
) -> None:
    waiting = write(desk, run)
    (tmp_path / "upload" / waiting.file).unlink()
    uploads.write_slot(desk, run, SLOT)
    assert desk.folder.uploads() == set()
    assert scene.states() == {"unknown/in_upload_file": 3}


def test_a_file_that_the_ledger_does_not_know_is_taken_from_people(desk: Desk, run: UUID, tmp_path: Path) -> None:
    waiting = write(desk, run)
    stray = waiting.file.replace(waiting.code, "ABCDEF")
    (tmp_path / "upload" / stray).write_bytes(b"from a backup")
    (tmp_path / "upload" / "memo.txt").write_bytes(b"a person's own")
    assert uploads.sweep(desk) == 1
    assert desk.folder.uploads() == {waiting.file, "memo.txt"}
    assert (tmp_path / "archive" / stray).exists()


def test_a_second_writer_at_the_same_time_is_sent_away(desk: Desk, run: UUID) -> None:
    with uploads._alone(desk), pytest.raises(ClaimLost, match="clear this task later"):
        uploads.write_slot(replace(desk, patience_seconds=0), run, SLOT)
    assert uploads.write_slot(desk, run, SLOT)


def test_nobody_else_takes_it_for_undecided(scene: Scene, desk: Desk, run: UUID) -> None:
    write(desk, run)
    scene.clock.moment += timedelta(days=1)
    assert scene.look_up() == {}
    assert scene.send(run) == {}
    assert count_undecided(scene.engine) == []
    assert scene.states() == {"unknown/in_upload_file": 3}


# What a person says


def test_written_anew_it_leaves_out_who_paid_since(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    first = write(desk, run)
    pay(scene)
    (seen,) = uploads.list_waiting(desk, run)
    assert (seen.notices, seen.settled) == (3, 1)
    second = uploads.write_anew(replace(desk, by="sato"), seen, SLOT)
    assert desk.folder.uploads() == {second} != {first.file}
    assert set(ids_in(tmp_path).values()) == {1}
    assert scene.states() == {"unknown/in_upload_file": 2, "suppressed/settled": 1}
    assert ("sato", "not_uploaded") in scene.rows("select changed_by, reason from ledger.notice_event")


def test_dying_between_removing_and_recording_keeps_the_question(scene: Scene, desk: Desk, run: UUID) -> None:
    waiting = write(desk, run)
    desk.folder.discard(waiting.file)
    uploads.write_slot(desk, run, SLOT)
    (again,) = uploads.list_waiting(desk, run)
    assert (again.file, desk.folder.uploads()) == (waiting.file, set())
    uploads.write_anew(desk, again, SLOT)
    assert scene.states() == {"unknown/in_upload_file": 3}


def test_dying_before_the_new_file_it_is_written_later(desk: Desk, run: UUID, tmp_path: Path) -> None:
    uploads._take_back(desk, write(desk, run).file, expire_as=None)
    assert uploads.list_open_slots(desk.engine, desk.console, run) == [SLOT]
    uploads.write_slot(desk, run, SLOT)
    assert (len(ids_in(tmp_path)), set(ids_in(tmp_path).values())) == (3, {1})


def test_a_person_may_give_up(scene: Scene, desk: Desk, run: UUID) -> None:
    assert uploads.give_up(desk, write(desk, run)) == 3
    assert scene.states() == {"expired/not_uploaded": 3}
    assert desk.folder.uploads() == set()
    assert uploads.write_slot(desk, run, SLOT) is None


def test_of_a_closed_run_nothing_is_written_anew(scene: Scene, desk: Desk, run: UUID) -> None:
    waiting = write(desk, run)
    reject_campaign_run(scene.engine, run, scene.plan(run), "suzuki", scene.clock(), "取りやめ")
    assert uploads.write_anew(desk, waiting, SLOT) is None
    assert scene.states() == {"expired/rejected": 3}


def test_a_word_that_comes_after_the_proof_changes_nothing(scene: Scene, desk: Desk, run: UUID) -> None:
    waiting = write(desk, run)
    uploads.confirm_uploads(desk, [waiting.file])
    assert uploads.give_up(desk, waiting) == 0
    uploads.write_anew(desk, waiting, SLOT)
    assert uploads.confirm_uploads(desk, [waiting.file]) == 0
    assert scene.states() == {"accepted": 3}


# What comes back


def test_a_result_proves_the_upload_of_its_whole_file(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    write(desk, run)
    come_back(tmp_path, [(ids(scene)[0], "着信")])
    assert read(desk).newly_uploaded == 3
    assert scene.states() == {"delivered": 1, "accepted": 2}
    assert desk.folder.uploads() == set()


def test_the_same_file_twice_changes_nothing(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    uploads.confirm_uploads(desk, [write(desk, run).file])
    rows = [(notice, "着信") for notice in ids(scene)]
    come_back(tmp_path, rows)
    read(desk)
    events = scene.rows("select count(*) from ledger.notice_event")
    come_back(tmp_path, rows, "the same by another name.csv")
    assert read(desk).moved == {}
    assert scene.rows("select count(*) from ledger.notice_event") == events
    assert scene.rows("select count(*) from ledger.receipt") == [(3,)]


def test_a_late_word_wins_over_an_earlier_one(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    uploads.confirm_uploads(desk, [write(desk, run).file])
    for word in ("圏外", "着信", "不達"):
        come_back(tmp_path, [(notice, word) for notice in ids(scene)])
        read(desk)
    assert scene.states() == {"delivered": 3}


def test_what_cannot_be_matched_is_reported_without_a_word_about_anybody(
    scene: Scene, desk: Desk, run: UUID, tmp_path: Path
) -> None:
    uploads.confirm_uploads(desk, [write(desk, run).file])
    one, two, _ = ids(scene)
    stranger = uuid4()
    come_back(tmp_path, [(one, "着信"), (stranger, "着信"), ("09012345678", "着信"), (two, "到着"), (one, "着信")])
    report = read(desk)
    assert report.moved == {"delivered": 1}
    assert report.problems == {"unknown_notice": 1, "no_notice_id": 1, "unknown_word": 1, "repeated": 1}
    told = (tmp_path / "archive" / report.report).read_text("utf-8-sig")
    assert [line.split(",")[0] for line in told.splitlines()] == ["行", "3", "4", "5", "6"]
    assert str(stranger) in told
    assert "09012345678" not in told
    assert list((tmp_path / "results").iterdir()) == []


def test_a_file_of_another_layout_is_reported_as_a_whole(desk: Desk, run: UUID, tmp_path: Path) -> None:
    (tmp_path / "results" / "other.csv").write_text("番号,結果\n1,着信\n", encoding="utf-8")
    report = read(desk)
    assert (report.moved, report.problems) == ({}, {"no_heading": 1})


def test_a_result_of_a_file_that_was_said_not_to_be_uploaded_takes_it_out_of_the_line(
    scene: Scene, desk: Desk, run: UUID, tmp_path: Path
) -> None:
    uploads._take_back(desk, write(desk, run).file, expire_as=None)
    come_back(tmp_path, [(notice, "着信") for notice in ids(scene)[:2]])
    report = read(desk)
    assert report.problems == {"said_not_uploaded": 2}
    assert scene.states() == {"delivered": 2, "planned/not_uploaded": 1}
    assert write(desk, run).notices == 1


def test_a_result_of_what_was_given_up_is_reported_and_kept(
    scene: Scene, desk: Desk, run: UUID, tmp_path: Path
) -> None:
    uploads.give_up(desk, write(desk, run))
    come_back(tmp_path, [(ids(scene)[0], "着信")])
    assert read(desk).problems == {"said_not_uploaded": 1}
    assert scene.states() == {"expired/not_uploaded": 3}
    assert scene.rows("select count(*) from ledger.receipt") == [(1,)]


def test_without_a_result_the_notice_says_so(scene: Scene, desk: Desk, run: UUID) -> None:
    uploads.confirm_uploads(desk, [write(desk, run).file])
    scene.clock.moment += SILENT_AFTER + timedelta(days=1)
    assert mark_silent(scene.engine, scene.clock(), "test") == 3
    assert scene.states() == {"accepted/no_receipt": 3}


# What is left to do by hand


def listed(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


def test_staff_see_which_files_wait_and_who_paid_since(scene: Scene, desk: Desk, run: UUID, tmp_path: Path) -> None:
    path = tmp_path / "lists" / WAITING_LIST
    waiting = write(desk, run)
    pay(scene)
    assert write_waiting_list(desk) == {"files": 1, "settled": 1}
    ((file, notices, settled, *_, there, advice),) = listed(path)
    assert (file, notices, settled, there, advice) == (waiting.file, "3", "1", "あり", "作り直してください")
    uploads.give_up(desk, waiting)
    assert write_waiting_list(desk) == {"files": 0, "settled": 0}
    assert not path.exists()


def test_who_paid_after_the_upload_is_to_be_cancelled_by_hand(
    scene: Scene, desk: Desk, run: UUID, tmp_path: Path
) -> None:
    uploads.confirm_uploads(desk, [write(desk, run).file])
    assert write_cancel_list(desk) == 0
    one = ids(scene)[0]
    pay(scene, one)
    assert (write_cancel_list(desk), write_cancel_list(desk)) == (1, 1)
    ((notice, _, _, reason),) = listed(tmp_path / "lists" / CANCEL_LIST)
    assert (notice, reason) == (one, "納付済み")
    query = "select state, cancel_outcome, cancel_reason from ledger.notice where cancel_tried_at is not null"
    assert scene.rows(query) == [("accepted", "unanswered", "settled")]

    come_back(tmp_path, [(one, "取消")])
    read(desk)
    assert scene.states() == {"cancelled/settled": 1, "accepted": 2}
    assert write_cancel_list(desk) == 0
    assert not (tmp_path / "lists" / CANCEL_LIST).exists()


def test_a_booking_that_has_gone_out_is_not_listed(scene: Scene, desk: Desk, run: UUID) -> None:
    uploads.confirm_uploads(desk, [write(desk, run).file])
    scene.clock.moment = OCCURRENCE + timedelta(hours=5)
    pay(scene)
    assert write_cancel_list(desk) == 0


def test_the_shipped_layout_writes_what_a_draft_holds(desk: Desk, run: UUID) -> None:
    draft = uploads.draft_file(desk, run, SLOT, uploads.claim_slot(desk, run, SLOT))
    assert [row.booking_at for row in draft.rows] == sorted(row.booking_at for row in draft.rows)
    assert write_upload(draft.rows, desk.console.upload).count(b"\r\n") == 4
