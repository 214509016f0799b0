"""The audit of the ledger: whether sealed rows, and the seals themselves, are as they were when they were sealed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Engine

from oshirase.adapters.sql import statement
from oshirase.domain.calendar import moment_in_words
from oshirase.domain.seal import BEGINNING, Head, Seal, hash_rows
from oshirase.services.seals import FORMS, read_rows

# What is not sealed by then is told: seals are made every five minutes.
UNSEALED_FOR = timedelta(hours=1)
# No seal of ours has more rows; one that says so is a forgery, and not worth the memory.
MOST_ROWS = 100_000


# Seals come some at a time, not all at once.
_STREAMED = {"yield_per": 500}


class FindingKind(StrEnum):
    """What is wrong."""

    OTHER_KEY = "other_key"
    SEALS_GONE = "seals_gone"
    SEAL_CHANGED = "seal_changed"
    NOT_COVERED = "not_covered"
    ROWS_CHANGED = "rows_changed"
    ROWS_GONE = "rows_gone"
    ROWS_ADDED = "rows_added"
    HEAD_GONE = "head_gone"
    HEAD_CHANGED = "head_changed"
    NOT_SEALED = "not_sealed"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the seal, the rows' ids where it is about rows, and a sentence for people."""

    kind: FindingKind
    sentence: str
    seq: int | None = None
    table: str | None = None
    from_id: int | None = None
    to_id: int | None = None


@dataclass
class Audit:
    """How an audit ended: what was verified, the newest seal, and what is wrong."""

    seals: int = 0
    rows: int = 0
    head: Head | None = None
    sealed_until: datetime | None = None
    not_sealed: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def verify_ledger(engine: Engine, key: bytes, now: datetime, heads: Collection[Head] = ()) -> Audit:
    """Hold every sealed row and every seal against the hashes, as they stand at one moment.

    `heads` are newest seals of earlier times that were kept outside the database. Without one, nothing here tells
    whether the newest seals were cut off together with their rows.
    """
    audit = Audit()
    with engine.connect() as connection:
        connection.exec_driver_sql("set transaction isolation level repeatable read, read only")
        chain = _Chain(connection, key, audit)
        for seal in _list_seals(connection):
            audit.findings.extend(chain.take(seal))
        audit.findings.extend(_check_heads(connection, heads))
        audit.findings.extend(_check_tail(connection, audit, chain.until, now))
    if audit.seals and chain.strangers == audit.seals:
        sentence = (
            "どの封印も、いまの OSHIRASE_SECRET_KEY に合いません。"
            "改ざんを疑う前に、この鍵が封印したときと同じものかを確かめてください。"
        )
        audit.findings.insert(0, Finding(FindingKind.OTHER_KEY, sentence))
    return audit


def _list_seals(connection: Connection) -> Iterator[Seal]:
    for row in connection.execute(statement("seal/list_seals"), execution_options=_STREAMED):
        yield Seal(**row._mapping)


class _Chain:
    """The chain as far as it was followed."""

    def __init__(self, connection: Connection, key: bytes, audit: Audit) -> None:
        self._connection, self._key, self._audit = connection, key, audit
        # None: not known, because the seal before is gone.
        self._previous: bytes | None = BEGINNING
        self.until = dict.fromkeys(FORMS, 0)
        self.strangers = 0

    def take(self, seal: Seal) -> Iterator[Finding]:
        """The next seal, in the order of their numbers."""
        yield from self._check_number(seal)
        is_own = self._previous is None or seal.fits(self._key, self._previous)
        if not is_own:
            self.strangers += 1
            sentence = f"封印{seal.seq}が、作られたときの内容と違います。封印そのものが変更されたか、作り直されました。"
            yield Finding(FindingKind.SEAL_CHANGED, sentence, seal.seq)
        if seal.form in FORMS.get(seal.table_name, {}):
            yield from self._check_cover(seal)
            yield from self._check_rows(seal)
            self.until[seal.table_name] = max(self.until[seal.table_name], seal.to_id)
        self._previous = seal.hash
        self._audit.seals, self._audit.head, self._audit.sealed_until = self._audit.seals + 1, seal.head, seal.sealed_at

    def _check_number(self, seal: Seal) -> Iterator[Finding]:
        expected = self._audit.head.seq + 1 if self._audit.head else 1
        if seal.seq != expected:
            self._previous = None
            sentence = f"封印{_span(expected, seal.seq - 1)}がありません。消されたか、番号が変えられました。"
            yield Finding(FindingKind.SEALS_GONE, sentence, expected)

    def _check_cover(self, seal: Seal) -> Iterator[Finding]:
        expected = self.until[seal.table_name] + 1
        if seal.from_id != expected:
            low, high = sorted((expected, seal.from_id))
            place = _place(seal.table_name, low, high - 1)
            sentence = f"{place}を封印{seal.seq}の前の封印が正しく覆っていません。封印が消されたか、変更されました。"
            yield Finding(FindingKind.NOT_COVERED, sentence, seal.seq, seal.table_name, low, high - 1)

    def _check_rows(self, seal: Seal) -> Iterator[Finding]:
        # One more than there were: enough to see that some were added, however many these are.
        most = min(seal.rows_count, MOST_ROWS) + 1
        rows = read_rows(self._connection, seal.table_name, seal.form, seal.from_id, seal.to_id, most)
        self._audit.rows += rows.rows_count
        if rows.rows_count > seal.rows_count:
            yield _about_rows(FindingKind.ROWS_ADDED, seal, f"{seal.rows_count:,}行だったものが、増えています")
        elif rows.rows_count < seal.rows_count:
            gone = f"{seal.rows_count:,}行あったものが、{seal.rows_count - rows.rows_count:,}行なくなっています"
            yield _about_rows(FindingKind.ROWS_GONE, seal, gone)
        elif hash_rows(self._key, rows.lines or "") != seal.rows_hash:
            yield _about_rows(FindingKind.ROWS_CHANGED, seal, "行の内容が変更されています")


def _about_rows(kind: FindingKind, seal: Seal, what: str) -> Finding:
    place = _place(seal.table_name, seal.from_id, seal.to_id)
    sentence = f"{place}で、封印{seal.seq}（{moment_in_words(seal.sealed_at)}）の後に、{what}。"
    return Finding(kind, sentence, seal.seq, seal.table_name, seal.from_id, seal.to_id)


def _place(table: str, from_id: int, to_id: int) -> str:
    return f"ledger.{table} の番号{_span(from_id, to_id)}"


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}〜{last}"


def _check_heads(connection: Connection, heads: Collection[Head]) -> Iterator[Finding]:
    for head in sorted(heads, key=lambda head: head.seq):
        kept = connection.scalar(statement("seal/find_hash"), {"seq": head.seq})
        if kept is None:
            sentence = f"控えにある封印{head.seq}がありません。新しい封印が、行とともに切り取られたおそれがあります。"
            yield Finding(FindingKind.HEAD_GONE, sentence, head.seq)
        elif kept != head.hash:
            sentence = f"封印{head.seq}が控えと違います。封印が作り直されたおそれがあります。"
            yield Finding(FindingKind.HEAD_CHANGED, sentence, head.seq)


def _check_tail(connection: Connection, audit: Audit, until: Mapping[str, int], now: datetime) -> Iterator[Finding]:
    binds = {"events_until": until["notice_event"], "approvals_until": until["approval"]}
    for row in connection.execute(statement("seal/measure_tail"), binds):
        audit.not_sealed += row.tail_count
        if row.stray_count:
            sentence = f"ledger.{row.table_name} に、番号が0以下の行が{row.stray_count:,}行、書き加えられています。"
            yield Finding(FindingKind.ROWS_ADDED, sentence, table=row.table_name)
        if row.tail_since is not None and now - row.tail_since > UNSEALED_FOR:
            sentence = (
                f"ledger.{row.table_name} の{moment_in_words(row.tail_since)}以降の{row.tail_count:,}行が"
                "封印されていません。その間の変更は分かりません。DAG seal_ledger が動いているかを確かめてください。"
            )
            yield Finding(FindingKind.NOT_SEALED, sentence, table=row.table_name)
