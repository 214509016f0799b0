"""What comes back from a console: result files are applied as receipts; lists tell staff what is left to do by hand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from oshirase.adapters.files import write_table
from oshirase.adapters.gateways.console_csv import FoundResult, ResultRow, RowProblem, read_result
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import moment_in_words
from oshirase.domain.gateway import Receipt
from oshirase.domain.notice import NoticeState, reason_in_words
from oshirase.services.console import (
    IN_UPLOAD_FILE,
    NOT_UPLOADED,
    Desk,
    WaitingFile,
    confirm_uploads,
    known_now,
    list_waiting,
)
from oshirase.services.receipts import apply_receipts
from oshirase.services.reconciliation import CancelOutcome

WAITING_LIST = "waiting_for_upload.csv"
CANCEL_LIST = "to_cancel_by_hand.csv"
HANDED_OVER = {
    NoticeState.ACCEPTED, NoticeState.DELIVERED, NoticeState.UNDELIVERED, NoticeState.FAILED, NoticeState.CANCELLED,
}  # fmt: skip
PROBLEM_LABELS = {
    "no_heading": "必要な見出しがありません（config/gateways の設定と異なります）",
    "broken_quotes": '引用符（"）が閉じていないため、ここから先を読み取れません',
    "wrong_number_of_cells": "列の数が見出しと異なります",
    "nul_byte": "読み取れない文字（NUL）が含まれています",
    "unreadable_characters": "文字コードが異なり、読み取れない文字があります",
    "no_notice_id": "管理番号（お知らせID）ではありません",
    "unknown_word": "送信結果の語が設定にありません",
    "unreadable_time": "日時を読み取れません",
    "unreadable_number": "通数を読み取れません",
    "repeated": "同じお知らせの行が重複しています（結果は取り込みました）",
    "unknown_notice": "このコンソールから送ったお知らせではありません",
    "said_not_uploaded": "「アップロードしていない」とされたお知らせの結果です。担当者にご確認ください",
}


@dataclass(frozen=True)
class FileReport:
    """What became of one result file: by its content's id, counts and the report's name; no file name of theirs."""

    content_id: str
    rows: int
    moved: Counter[str]
    problems: Counter[str]
    newly_uploaded: int
    report: str


def read_results(desk: Desk) -> list[FileReport]:
    """Apply every result file in the folder as receipts, and archive it; the same file twice changes nothing."""
    return [apply_result(desk, found) for found in desk.folder.results(desk.console.result.settle_seconds)]


def apply_result(desk: Desk, found: FoundResult) -> FileReport:
    """Apply one result file in one transaction; rows that cannot be matched are reported beside the archived file."""
    reading = read_result(found.content, desk.console.result)
    known = _find_reported(desk, [row.notice_id for row in reading.rows])
    matched, unmatched = _match(reading.rows, known)
    newly_uploaded = _take_as_uploaded(desk, [known[row.notice_id] for row in matched])
    receipts = [_receipt(row, known[row.notice_id]) for row in matched]
    moved = apply_receipts(desk.engine, desk.console.name, receipts, desk.clock(), desk.by)
    problems = sorted([*reading.problems, *unmatched], key=lambda problem: problem.line)
    report = desk.folder.archive_result(found, _report(problems) if problems else None)
    return FileReport(
        content_id=found.content_id,
        rows=len({*(row.line for row in reading.rows), *(problem.line for problem in problems)}),
        moved=moved,
        problems=Counter(problem.code.partition(":")[0] for problem in problems),
        newly_uploaded=newly_uploaded,
        report=report,
    )


def _find_reported(desk: Desk, notice_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    with desk.engine.connect() as connection:
        rows = connection.execute(
            statement("console/find_reported"), {"gateway": desk.console.name, "notice_ids": list(notice_ids)}
        ).all()
    return {row.notice_id: row for row in rows}


def _match(rows: Sequence[ResultRow], known: dict[UUID, Row[Any]]) -> tuple[list[ResultRow], list[RowProblem]]:
    matched, unmatched = [], []
    for row in rows:
        if problem := _mismatch(known.get(row.notice_id)):
            unmatched.append(RowProblem(row.line, problem, row.notice_id))
        if problem != "unknown_notice":
            matched.append(row)
    return matched, unmatched


def _mismatch(notice: Row[Any] | None) -> str | None:
    if notice is None:
        return "unknown_notice"
    if notice.state in HANDED_OVER or notice.reason == IN_UPLOAD_FILE:
        return None
    return "said_not_uploaded"


def _take_as_uploaded(desk: Desk, notices: Sequence[Row[Any]]) -> int:
    """A result proves the upload, whatever a person said or has not said yet: nothing of it may be written again."""
    files = {notice.file for notice in notices if notice.reason == IN_UPLOAD_FILE}
    doubted = [notice.notice_id for notice in notices if notice.reason == NOT_UPLOADED]
    return (confirm_uploads(desk, sorted(files)) if files else 0) + (_accept_doubted(desk, doubted) if doubted else 0)


def _accept_doubted(desk: Desk, notice_ids: Sequence[UUID]) -> int:
    claim = {"claim_id": uuid4(), "now": desk.clock(), "by": desk.by}
    with desk.engine.begin() as connection:
        claimed = connection.execute(
            statement("console/claim_reported"), {"notice_ids": list(notice_ids), **claim}
        ).all()
        connection.execute(
            statement("ledger/record_hand_over"),
            {
                **claim,
                "notice_ids": [row.notice_id for row in claimed],
                "states": [NoticeState.ACCEPTED] * len(claimed),
                "reasons": [None] * len(claimed),
                "gateway_message_ids": [row.gateway_message_id for row in claimed],
            },
        )
    return len(claimed)


def _receipt(row: ResultRow, notice: Row[Any]) -> Receipt:
    return Receipt(
        gateway_message_id=notice.gateway_message_id,
        tags=(str(row.notice_id),),
        state=row.state,
        result="console",
        status=row.state.value,
        sent_result=row.word,
        carrier=row.carrier,
        charged_parts=row.parts,
        sent_at=row.sent_at,
        received_at=row.received_at,
        # The file says nothing better; the same row always says the same.
        updated_at=row.received_at or row.sent_at or notice.scheduled_at,
    )


def _report(problems: Sequence[RowProblem]) -> bytes:
    return write_table(
        ["行", "理由", "コード", "管理番号"],
        [[p.line, PROBLEM_LABELS[p.code.partition(":")[0]], p.code, p.notice_id or ""] for p in problems],
    )


def write_waiting_list(desk: Desk) -> Counter[str]:
    """List for staff the files that wait for an upload, and how many in each have been settled since.

    Returns:
        Counts: `files`, `settled` notices in them.
    """
    waiting, uploads = list_waiting(desk), desk.folder.uploads()
    rows = [
        [
            file.file, file.notices, file.settled, moment_in_words(file.first_at), moment_in_words(file.limited_at),
            "あり" if file.file in uploads else "なし", _advice(file),
        ]
        for file in waiting
    ]  # fmt: skip
    header = ["ファイル名", "件数", "作成後に納付などを確認した件数", "最初の予約", "送信期限", "フォルダ内", "ご案内"]
    desk.folder.write_list(WAITING_LIST, write_table(header, rows) if rows else None)
    return Counter(files=len(waiting), settled=sum(file.settled for file in waiting))


def _advice(file: WaitingFile) -> str:
    if file.closed_as:
        return "アップロードしないでください。この回の送信は取りやめになりました"
    return "作り直してください" if file.settled else ""


def write_cancel_list(desk: Desk) -> int:
    """List for staff the bookings to cancel in the console, and record for each that it was asked for.

    Only a result file that says so makes a notice cancelled.

    Returns:
        How many bookings are to be cancelled.
    """
    upload, now = desk.console.upload, desk.clock()
    binds = {"gateway": desk.console.name, "lead_minutes": upload.lead_minutes, **known_now(desk)}
    margin = timedelta(minutes=upload.cancel_margin_minutes)
    with desk.engine.connect() as connection:
        bookings = connection.execute(
            statement("console/list_to_cancel"), {**binds, "cancellable_until": now + margin}
        ).all()
    rows = [[b.notice_id, b.file, moment_in_words(b.scheduled_at), reason_in_words(b.reason)] for b in bookings]
    header = ["管理番号", "ファイル名", "予定日時", "理由"]
    desk.folder.write_list(CANCEL_LIST, write_table(header, rows) if rows else None)
    _record_requests(desk, [booking for booking in bookings if not booking.is_listed])
    return len(bookings)


def _record_requests(desk: Desk, bookings: Sequence[Row[Any]]) -> None:
    """A person was asked, and nobody knows yet: the same word as for a gateway that does not answer."""
    if not bookings:
        return
    asked = {"outcome": CancelOutcome.UNANSWERED, "now": desk.clock(), "by": desk.by}
    with desk.engine.begin() as connection:
        connection.execute(
            statement("ledger/record_cancellation"),
            [{"notice_id": booking.notice_id, "reason": booking.reason, **asked} for booking in bookings],
        )
