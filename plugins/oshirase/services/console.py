"""Handing over through a console: a file is written and recorded, a person uploads it and says so.

The order makes it safe: claim, write where nobody looks, record, only then put it before people. A file that people can
see is always recorded, and who lost its claim records nothing and so shows nothing.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row

from oshirase.adapters.clock import Clock
from oshirase.adapters.gateways.console_csv import ConsoleFolder, write_upload
from oshirase.adapters.pace import PERMIT_POLL_SECONDS
from oshirase.adapters.sql import statement
from oshirase.domain.calendar import JST
from oshirase.domain.campaign import City
from oshirase.domain.console import CannotWrite, Console, Slot, UploadRow, booking_at, pack_slots
from oshirase.domain.gateway import Submission
from oshirase.domain.notice import NoticeState
from oshirase.errors import OshiraseError
from oshirase.services.campaign_run import ALL_THAT_IS_RECORDED, load_campaign_run
from oshirase.services.delivery import Claim, claim_notices, verify_batch
from oshirase.services.screening import confirmed_since
from oshirase.services.sending_lock import require_unlocked

IN_UPLOAD_FILE = "in_upload_file"
WINDOW_CLOSED = "window_closed"
NOT_UPLOADED = "not_uploaded"
CODE_LENGTH = 6
# campaign - occurrence - run - slot - rows - code
OUR_FILES = re.compile(r".+-\d{8}-[0-9a-f]{8}-\d{3,}-\d+-[0-9A-F]{6}\.csv")


class ClaimLost(OshiraseError):
    """Somebody else took over while a file was written: it is not shown to anybody."""


@dataclass(frozen=True)
class Desk:
    """All that handing over through one console needs; `key` is that of the digests."""

    engine: Engine
    console: Console
    folder: ConsoleFolder
    city: City
    key: bytes
    by: str
    clock: Clock
    # How long to wait while another task writes a file of this console.
    patience_seconds: float = 60


@dataclass(frozen=True)
class WaitingFile:
    """A file that a person may upload at any time, with the number of rows that the records speak against by now."""

    file: str
    campaign_run_id: UUID
    campaign: str
    occurrence_on: date
    notices: int
    settled: int
    first_at: datetime
    last_at: datetime
    limited_at: datetime
    written_at: datetime
    # How the run was ended meanwhile: then nobody may upload the file any more.
    closed_as: str | None = None

    @property
    def code(self) -> str:
        """What a person types to say which file they speak of: the end of its name."""
        return self.file.removesuffix(".csv")[-CODE_LENGTH:]


@dataclass(frozen=True)
class Draft:
    """A file to be: its rows, and the claimed notices whose window closes before a person could have uploaded it."""

    name: str
    rows: Sequence[UploadRow]
    late: Sequence[UUID]


def list_open_slots(engine: Engine, console: Console, campaign_run_id: UUID) -> list[Slot]:
    """Slots of a run with something to write (only when it is approved), or with a file that waits."""
    batches = _list_batches(engine, console, campaign_run_id)
    unfinished = {row.batch for row in batches if row.is_open}
    return [slot for slot in _slots(batches, console) if unfinished & set(slot.batches)]


def find_slot(engine: Engine, console: Console, campaign_run_id: UUID, number: int) -> Slot:
    """A run's slot by its number, the first of its batches."""
    slots = _slots(_list_batches(engine, console, campaign_run_id), console)
    return next(slot for slot in slots if number in slot.batches)


def _list_batches(engine: Engine, console: Console, campaign_run_id: UUID) -> Sequence[Row[Any]]:
    binds = {"campaign_run_id": campaign_run_id, "gateway": console.name}
    with engine.connect() as connection:
        return connection.execute(statement("console/list_batches"), binds).all()


def _slots(batches: Sequence[Row[Any]], console: Console) -> list[Slot]:
    return pack_slots({row.batch: row.notices for row in batches}, console.upload.most_rows)


def write_slot(desk: Desk, campaign_run_id: UUID, slot: Slot) -> str | None:
    """Write what is still to be handed over of a slot into a file; done twice, the second time finds nothing to write.

    Returns:
        The file's name; None when there was nothing to write.

    Raises:
        BatchChanged: the slot is not what was approved.
        CannotWrite: a text does not fit into the console's layout; its notices are back in the line.
        ClaimLost: somebody else writes, too.
        SendingLocked: a restored database, or a person, lets nothing be sent.
    """
    require_unlocked(desk.engine)
    with _alone(desk):
        give_back(desk, campaign_run_id, slot)
        sweep(desk)
        for batch in slot.batches:
            verify_batch(desk.engine, campaign_run_id, batch, desk.key)
        claims = claim_slot(desk, campaign_run_id, slot)
        draft = draft_file(desk, campaign_run_id, slot, claims)
        try:
            stage(desk, draft)
        except CannotWrite:
            give_back(desk, campaign_run_id, slot)
            raise
        record_file(desk, claims, draft)
        if not draft.rows:
            return None
        desk.folder.publish(draft.name)
        return draft.name


@contextmanager
def _alone(desk: Desk) -> Iterator[None]:
    """One writer a console at a time, for order's sake: what makes it safe are the claims."""
    with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        deadline = time.monotonic() + desk.patience_seconds
        while not session.scalar(statement("ledger/take_permit"), {"gateway": desk.console.name, "permit": 0}):
            if time.monotonic() > deadline:
                raise ClaimLost(f"another task writes files of {desk.console.name} just now: clear this task later")
            time.sleep(PERMIT_POLL_SECONDS)
        try:
            yield
        finally:
            session.execute(statement("ledger/give_back_permits"))


def give_back(desk: Desk, campaign_run_id: UUID, slot: Slot) -> int:
    """Put back into the line what a vanished writer claimed and did not record, and remove what it wrote."""
    beginning = f"{_prefix(desk, campaign_run_id, slot)}-"
    drafts = {name for name in desk.folder.staged() if name.startswith(beginning)}
    with desk.engine.begin() as connection:
        given_back = connection.execute(
            statement("console/give_back_claims"),
            {
                "gateway": desk.console.name,
                "campaign_run_id": campaign_run_id,
                "batches": list(slot.batches),
                "now": desk.clock(),
                "by": desk.by,
            },
        ).all()
    # Only now: nobody can record these drafts any more.
    for name in drafts - {waiting.file for waiting in list_waiting(desk, campaign_run_id)}:
        desk.folder.discard(name)
    return len(given_back)


def sweep(desk: Desk) -> int:
    """Hold the folder against the ledger: recorded files are put before people, others of ours are taken from them.

    Returns:
        How many files were taken away: uploaded ones, and any that the ledger does not know.
    """
    # The folder first: what lies there now was recorded before.
    uploads = {name for name in desk.folder.uploads() if OUR_FILES.fullmatch(name)}
    staged = desk.folder.staged()
    waiting = {file.file for file in list_waiting(desk)}
    for name in staged & waiting:
        desk.folder.publish(name)
    for name in uploads - waiting:
        desk.folder.put_away(name)
    return len(uploads - waiting)


def claim_slot(desk: Desk, campaign_run_id: UUID, slot: Slot) -> list[Claim]:
    """Take all planned notices of a slot out of the line, a group at a time, the records asked again."""
    claims: list[Claim] = []
    for batch in slot.batches:
        while claim := claim_notices(
            desk.engine, desk.console.name, desk.city, campaign_run_id, batch, by=desk.by, now=desk.clock()
        ):
            claims.append(claim)
    return claims


def draft_file(desk: Desk, campaign_run_id: UUID, slot: Slot, claims: Sequence[Claim]) -> Draft:
    """The file of some claims, earliest booking first; its name says how many rows it has."""
    now, lead = desk.clock(), desk.console.upload.lead_minutes
    rows = [_upload_row(submission, now, lead) for claim in claims for submission in claim.submissions]
    in_time = sorted((r for r in rows if r.booking_at < r.limited_at), key=lambda r: (r.booking_at, r.notice_id))
    late = [row.notice_id for row in rows if row.booking_at >= row.limited_at]
    code = uuid4().hex[:CODE_LENGTH].upper()
    return Draft(f"{_prefix(desk, campaign_run_id, slot)}-{len(in_time)}-{code}.csv", in_time, late)


def _upload_row(submission: Submission, now: datetime, lead_minutes: int) -> UploadRow:
    return UploadRow(
        notice_id=submission.notice_id,
        phone_e164=submission.phone_e164,
        body=submission.body,
        booking_at=booking_at(submission.scheduled_at, now, lead_minutes),
        limited_at=submission.limited_at,
    )


def _prefix(desk: Desk, campaign_run_id: UUID, slot: Slot) -> str:
    run = load_campaign_run(desk.engine, campaign_run_id)
    return f"{run.campaign}-{run.occurrence_on:%Y%m%d}-{campaign_run_id.hex[:8]}-{slot.number:03d}"


def stage(desk: Desk, draft: Draft) -> None:
    """Write the whole file where nobody uploads from.

    Raises:
        CannotWrite: a text does not fit into the console's layout; nothing is written.
    """
    if draft.rows:
        desk.folder.stage(draft.name, write_upload(draft.rows, desk.console.upload))


def record_file(desk: Desk, claims: Sequence[Claim], draft: Draft) -> None:
    """Record in one transaction that a person may upload these notices from now on; late ones end.

    Raises:
        ClaimLost: one of the claims is somebody else's by now; nothing is recorded.
    """
    in_file = {row.notice_id for row in draft.rows}
    now = desk.clock()
    with desk.engine.begin() as connection:
        for claim in claims:
            _record_claim(connection, desk, claim, draft.name, in_file, now)
        _expire(connection, desk, draft.late, WINDOW_CLOSED, now)


def _record_claim(
    connection: Connection, desk: Desk, claim: Claim, file: str, in_file: set[UUID], now: datetime
) -> None:
    ids = [submission.notice_id for submission in claim.submissions]
    recorded = connection.execute(
        statement("ledger/record_hand_over"),
        {
            "claim_id": claim.claim_id,
            "now": now,
            "by": desk.by,
            "notice_ids": ids,
            "states": [NoticeState.UNKNOWN if i in in_file else NoticeState.PLANNED for i in ids],
            "reasons": [IN_UPLOAD_FILE if i in in_file else WINDOW_CLOSED for i in ids],
            "gateway_message_ids": [f"{file}:{i}" if i in in_file else None for i in ids],
        },
    ).all()
    if len(recorded) < len(ids):
        raise ClaimLost(f"somebody else took over what {file} was to hold: it was not put before anybody")


def _expire(connection: Connection, desk: Desk, notice_ids: Sequence[UUID], reason: str, now: datetime) -> None:
    connection.execute(
        statement("console/expire_notices"),
        {"notice_ids": list(notice_ids), "reason": reason, "now": now, "by": desk.by},
    )


def list_waiting(desk: Desk, campaign_run_id: UUID | None = None, slot: Slot | None = None) -> Sequence[WaitingFile]:
    """Files that wait for a person's word: of everything, of a run, or of a slot of it."""
    with desk.engine.connect() as connection:
        rows = connection.execute(
            statement("console/list_files"),
            {
                "gateway": desk.console.name,
                "campaign_run_id": campaign_run_id,
                "batches": list(slot.batches) if slot else None,
                **known_now(desk),
            },
        ).all()
    return [WaitingFile(**row._mapping) for row in rows]


def known_now(desk: Desk) -> dict[str, Any]:
    """Binds of a statement that asks the records for reasons not to send, as of now."""
    today = desk.clock().astimezone(JST).date()
    return {
        "known_at": ALL_THAT_IS_RECORDED,
        "on_day": today,
        "confirmed_since": confirmed_since(desk.city, today),
    }


def confirm_uploads(desk: Desk, files: Sequence[str]) -> int:
    """Files were uploaded: the console has their notices. They leave the folder, so that nobody uploads them again.

    Returns:
        How many notices it concerned; none when it was known already.
    """
    with desk.engine.begin() as connection:
        confirmed = connection.execute(
            statement("console/record_upload"),
            {"gateway": desk.console.name, "files": list(files), "now": desk.clock(), "by": desk.by},
        ).all()
    sweep(desk)
    return len(confirmed)


def write_anew(desk: Desk, waiting: WaitingFile, slot: Slot) -> str | None:
    """A file was not uploaded and is not to be: write its notices anew, without those settled since.

    Returns:
        The new file's name; None when nothing was left to write, or the run is closed.

    Raises:
        SendingLocked: the file stays as it is.
    """
    closed_as = load_campaign_run(desk.engine, waiting.campaign_run_id).closed_as
    if closed_as:
        give_up(desk, waiting, closed_as)
        return None
    require_unlocked(desk.engine)
    _take_back(desk, waiting.file, expire_as=None)
    return write_slot(desk, waiting.campaign_run_id, slot)


def give_up(desk: Desk, waiting: WaitingFile, reason: str = NOT_UPLOADED) -> int:
    """A file was not uploaded and is not to be, and its notices are not to be sent either. Returns how many."""
    return _take_back(desk, waiting.file, expire_as=reason)


def _take_back(desk: Desk, file: str, expire_as: str | None) -> int:
    # The file first: what the ledger calls planned may be written into another one.
    desk.folder.discard(file)
    now = desk.clock()
    with desk.engine.begin() as connection:
        taken_back = connection.scalars(
            statement("console/take_back_file"),
            {"gateway": desk.console.name, "file": file, "now": now, "by": desk.by},
        ).all()
        if expire_as:
            _expire(connection, desk, taken_back, expire_as, now)
    return len(taken_back)
