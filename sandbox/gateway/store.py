"""The emulator's state: one SQLite file, one connection, used from the event loop's thread only.

`synchronous=off` outlives a killed process, though not a machine that loses power: enough for an emulator, and fast.
What a message shows depends on the clock, so the statements below take `now` and repeat the rules of
`sandbox.gateway.lifecycle` over its stored instants; a test holds the two together.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sandbox.gateway.lifecycle import Message
from sandbox.gateway.validation import MessageQuery

SCHEMA = """
create table if not exists message (
    seq integer primary key autoincrement,
    id text not null unique,
    service_id integer not null,
    telephone text not null,
    body text not null,
    tags text not null,
    is_shorten integer not null,
    scheduled_at integer,
    limited_at integer,
    created_at integer not null,
    due_at integer not null,
    is_expired integer not null,
    unconnected_at integer,
    concluded_at integer,
    conclusion text not null,
    carrier text not null,
    parts integer not null,
    canceled_at integer
);
create index if not exists message_telephone on message (telephone, seq);

create table if not exists message_tag (tag text, seq integer, primary key (tag, seq)) without rowid;

-- A trigger, so that a message and its tags are one statement and one commit.
create trigger if not exists message_tagged after insert on message when new.tags <> '[]' begin
    insert or ignore into message_tag select value, new.seq from json_each(new.tags);
end;
create trigger if not exists message_untagged after delete on message when old.tags <> '[]' begin
    delete from message_tag where seq = old.seq and tag in (select value from json_each(old.tags));
end;
"""

COLUMNS = """id, service_id, telephone, body, tags, is_shorten, scheduled_at, limited_at, created_at, due_at,
    is_expired, unconnected_at, concluded_at, conclusion, carrier, parts, canceled_at"""

INSERT = f"insert into message ({COLUMNS}) values ({', '.join('?' * len(Message._fields))})"

STATUS = """case when canceled_at is not null then 'canceled' when due_at > :now then 'waiting'
    when is_expired then 'error' else 'done' end"""
SENT_RESULT = """case when canceled_at is not null or due_at > :now or is_expired then 'none'
    when concluded_at <= :now then conclusion when unconnected_at <= :now then 'unconnected' else 'none' end"""
RESULT = """case when canceled_at is not null then 'done' when due_at > :now then 'processing'
    when is_expired or concluded_at <= :now then 'done' else 'processing' end"""

CONDITIONS: Mapping[str, str] = {
    "service_id": "service_id = :service_id",
    "to": "telephone = :to",
    "status": f"{STATUS} = :status",
    "result": f"{RESULT} = :result",
    "sent_result": f"{SENT_RESULT} = :sent_result",
    "tag": "seq in (select seq from message_tag where tag = :tag)",
    "start_at": "created_at >= :start_at",
    "end_at": "created_at <= :end_at",
    "before_seq": "seq < :before_seq",  # not of the contract: for a list that lags
}

TELEPHONE_COUNTS = f"""
select telephone, sum({STATUS} = 'done'), count(*) from message group by telephone order by telephone
"""
TEXT_COUNTS = f"""
select telephone, body, sum({STATUS} = 'done') as sent, count(*) from message
group by telephone, body order by sent desc, telephone, body
"""
TAG_COUNTS = """
select tags ->> 0 as tag, count(*) as accepted from message where tags <> '[]'
group by tag having accepted > 1 order by tag
"""
STATE_COUNTS = f"select {STATUS} as status, {SENT_RESULT} as sent_result, count(*) from message group by 1, 2"

CONVERSATIONS = f"""
with conversation as (
    select telephone, max(seq) as last_seq, count(*) as messages from message where {{conditions}} group by telephone
    order by last_seq desc limit :limit offset :offset
)
select {COLUMNS.replace("telephone", "message.telephone")}, messages
from conversation join message on seq = last_seq order by last_seq desc
"""


class Conversation(NamedTuple):
    """A telephone with its newest message (of those asked for) and how many there are."""

    last: Message
    messages: int


class Store:
    """Keeps messages in the file `path`, or in memory for `:memory:`."""

    def __init__(self, path: Path | str) -> None:
        # The testing fixture opens it in one thread and serves, and closes, in another; never two at once.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript(f"pragma journal_mode = wal; pragma synchronous = off; {SCHEMA}")
        self.last_seq = 0  # of the message last added here

    def close(self) -> None:
        self._connection.close()

    def add(self, message: Message) -> None:
        """Keep a new message. Two alike are two: the contract knows no idempotency key."""
        self.last_seq = self._connection.execute(INSERT, message).lastrowid or 0

    def get(self, message_id: str) -> Message | None:
        row = self._connection.execute(f"select {COLUMNS} from message where id = ?", (message_id,)).fetchone()
        return None if row is None else Message(*row)

    def cancel(self, message_id: str, now: int) -> None:
        """Mark a message as cancelled; whether it may be is the caller's question."""
        self._connection.execute("update message set canceled_at = ? where id = ?", (now, message_id))

    def find(self, query: MessageQuery, now: int) -> tuple[list[Message], bool]:
        """Return a page of messages, newest first, and whether more follow."""
        conditions = " and ".join(CONDITIONS[name] for name in query.filters) or "true"
        statement = f"select {COLUMNS} from message where {conditions} order by seq desc limit :limit offset :offset"
        page = {"limit": query.per_page + 1, "offset": (query.page - 1) * query.per_page}
        rows = self._connection.execute(statement, {"now": now, **query.filters, **page}).fetchall()
        return [Message(*row) for row in rows[: query.per_page]], len(rows) > query.per_page

    def count_by_telephone(self, now: int) -> Iterator[tuple[str, int, int]]:
        """Yield (telephone, sent, accepted)."""
        yield from self._connection.execute(TELEPHONE_COUNTS, {"now": now})

    def count_by_text(self, now: int) -> Iterator[tuple[str, str, int, int]]:
        """Yield (telephone, body, sent, accepted), the most often sent first."""
        yield from self._connection.execute(TEXT_COUNTS, {"now": now})

    def count_repeated_tags(self) -> dict[str, int]:
        """Return how many messages were accepted with the same first tag, where it is more than one."""
        return dict(self._connection.execute(TAG_COUNTS).fetchall())

    def count_by_state(self, now: int) -> dict[tuple[str, str], int]:
        """Return messages by (status, sent_result)."""
        rows = self._connection.execute(STATE_COUNTS, {"now": now})
        return {(status, sent_result): messages for status, sent_result, messages in rows}

    def find_conversations(
        self, digits: str, state: Mapping[str, str], now: int, *, page: int, per_page: int
    ) -> tuple[list[Conversation], int]:
        """Return a page of telephones whose number holds `digits`, newest message first, and how many there are.

        `state` narrows by `status`, `result` or `sent_result`.
        """
        conditions = " and ".join(["instr(telephone, :digits)", *(CONDITIONS[name] for name in state)])
        values = {"digits": digits, "now": now, **state}
        count = f"select count(distinct telephone) from message where {conditions}"
        total = int(self._connection.execute(count, values).fetchone()[0])
        limits = {"limit": per_page, "offset": (page - 1) * per_page}
        rows = self._connection.execute(CONVERSATIONS.format(conditions=conditions), {**values, **limits})
        return [Conversation(Message(*row[:-1]), row[-1]) for row in rows], total

    def clear(self) -> None:
        """Forget every message."""
        self._connection.executescript("begin; delete from message; commit;")
