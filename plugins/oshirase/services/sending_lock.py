"""The sending lock: while it holds nothing is handed over; cancelling, receipts and reconciliation go on.

It holds because the database was restored, and noticed it, or because a person said so. The database itself refuses
every claim (`ledger.is_sending_locked`); what is here tells why, and takes a person's word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from oshirase.adapters.incarnation import RESTORED, WHY, note_restore
from oshirase.adapters.sql import statement
from oshirase.domain.saying import Saying, say
from oshirase.errors import OshiraseError

BY_HAND = "by_hand"
GATEWAY_ASKED = "gateway_asked"
WORD_OF_A_PERSON = "word_of_a_person"
NOTHING_RESTORED = "nothing_restored"


class SendingLocked(OshiraseError):
    """Nothing may be handed over until a person releases the lock."""


class CannotRelease(OshiraseError):
    """The lock may not be released yet, or there is none."""


@dataclass(frozen=True)
class SendingLock:
    """Why nothing may be sent; moment and name are None when a restored database noticed it only just now."""

    kind: str
    reason: str
    locked_at: datetime | None
    locked_by: str | None

    @property
    def said(self) -> tuple[Saying, ...]:
        """What is the matter, for staff."""
        if self.kind == RESTORED:
            return (
                say(
                    "データベースがバックアップから復元されたか、別のサーバーに移されたため、送信を止めています。"
                    "バックアップの後に送ったお知らせを、もう一度送るおそれがあります。"
                ),
            )
        return (say("職員の操作により、送信を止めています（理由：%(reason)s）。", reason=self.reason),)

    @property
    def to_do(self) -> tuple[Saying, ...]:
        """What a person does about it."""
        if self.kind == RESTORED:
            return (
                say(
                    "システムの担当者に連絡し、`oshirase reconcile-gateway` で送信事業者の記録と照合してから、"
                    "`oshirase unlock-sending` で再開してください。取消しと送達結果の確認は続いています。"
                ),
            )
        return (say("理由が解消したら、`oshirase unlock-sending` で再開してください。"),)

    def __str__(self) -> str:
        since = f" since {self.locked_at.isoformat(timespec='seconds')} by {self.locked_by}" if self.locked_at else ""
        do = "run `oshirase reconcile-gateway`, then" if self.kind == RESTORED else "when the reason is gone run"
        return (
            f"sending is locked{since}: {self.reason}. Nothing was handed over; {do} `oshirase unlock-sending`, "
            "then clear this task (docs/backup.md)"
        )


def find_lock(engine: Engine) -> SendingLock | None:
    """The lock that holds, the first of several; None: sending is free."""
    with engine.connect() as connection:
        row = connection.execute(statement("recovery/find_lock")).one_or_none()
    return SendingLock(row.kind, row.reason or WHY, row.locked_at, row.locked_by) if row else None


def require_unlocked(engine: Engine) -> None:
    """Say why before anything is begun; that nothing is sent meanwhile does not hang on it.

    Raises:
        SendingLocked: with what to do.
    """
    if lock := find_lock(engine):
        raise SendingLocked(str(lock))


def lock_sending(engine: Engine, reason: str, by: str, now: datetime) -> None:
    """Lock sending by hand: no claim takes anything from now on, and who is sending stops within seconds.

    Raises:
        OshiraseError: no reason or no name was given.
    """
    _require_words(reason, by)
    with engine.begin() as connection:
        connection.execute(
            statement("recovery/insert_lock"), {"kind": BY_HAND, "reason": reason.strip(), "now": now, "by": by.strip()}
        )


def unlock_sending(
    engine: Engine, reason: str, by: str, now: datetime, *, gateways: Sequence[str] = (), is_without_gateway: bool
) -> int:
    """Release every lock that holds, in a person's name, and take this database for the one that sends.

    Args:
        engine: as campaigns have it.
        reason: why it may go on.
        by: the person.
        now: the moment.
        gateways: all that can be asked; after a restore each has to have been asked what it had, to the end.
        is_without_gateway: the person answers for it that they need not be.

    Returns:
        How many locks were released.

    Raises:
        CannotRelease: nothing is locked; or the database was restored and the gateway has not been asked what it had,
            and nobody answers for that.
        OshiraseError: no reason or no name was given.
    """
    _require_words(reason, by)
    note_restore(engine, now)
    ground = _ground(engine, gateways, is_without_gateway=is_without_gateway)
    with engine.begin() as connection:
        released = connection.execute(
            statement("recovery/release_locks"),
            {"ground": ground, "reason": reason.strip(), "now": now, "by": by.strip()},
        ).all()
    return len(released)


def _ground(engine: Engine, gateways: Sequence[str], *, is_without_gateway: bool) -> str:
    lock = find_lock(engine)
    if lock is None:
        raise CannotRelease("sending is not locked: there is nothing to release")
    if lock.kind != RESTORED:
        return NOTHING_RESTORED
    if is_without_gateway:
        return WORD_OF_A_PERSON
    if gateways and not _list_unasked(engine, gateways):
        return GATEWAY_ASKED
    raise CannotRelease(
        "the database was restored, and the gateway has not been asked what it had: run `oshirase reconcile-gateway`; "
        "--without-gateway if you answer for it that nothing was sent since the backup"
    )


def _list_unasked(engine: Engine, gateways: Sequence[str]) -> Sequence[str]:
    """Which gateways have not been asked to the end since the newest lock of a restore."""
    with engine.connect() as connection:
        return connection.scalars(statement("recovery/list_unasked"), {"gateways": list(gateways)}).all()


def _require_words(reason: str, by: str) -> None:
    if not reason.strip() or not by.strip():
        raise OshiraseError("a lock and its release need a reason and the name of a person")
