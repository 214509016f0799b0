"""Noticing that the records database was restored: `include/sql/schema/0009_sending_lock.sql` says by what it tells."""

from datetime import datetime

from sqlalchemy import Engine

from oshirase.adapters.sql import statement

RESTORED = "restored"
WHY = "this is not the database that was last allowed to send: restored, moved, upgraded or failed over"
NOTED_BY = "the program"


def note_restore(engine: Engine, now: datetime) -> bool:
    """Put on record that sending is locked, when the database is another one than was last allowed to send.

    It is locked without this already: every claim asks the database itself. This gives the lock its moment.

    Returns:
        Whether it was noted now.
    """
    with engine.begin() as connection:
        if not connection.scalar(statement("recovery/is_restored")):
            return False
        binds = {"kind": RESTORED, "reason": WHY, "now": now, "by": NOTED_BY}
        connection.execute(statement("recovery/insert_lock"), binds)
        return True
