"""Seals: nothing that commits late falls out of the chain, and whatever somebody changes by hand shows."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from oshirase.domain.notice import NoticeState
from oshirase.domain.seal import BEGINNING, BadHead, Head, Seal, hash_rows
from oshirase.services import seals
from oshirase.services.audit import Audit, FindingKind, verify_ledger
from oshirase.services.seals import BrokenChain, Sealed, require_witness, seal_ledger
from tests.ledger import create_notice, create_run
from tests.scene import KEY

LATER = datetime(2100, 1, 1, tzinfo=UTC)
APPROVE = (
    "insert into ledger.approval (campaign_run_id, digest, decision, decided_by, decided_at)"
    " values (:run, :digest, 'approved', 'sato', '2026-10-02T09:00+09:00')"
)
EVENT = (
    "insert into ledger.notice_event"
    " (notice_id, campaign_run_id, from_state, to_state, attempt, changed_by, changed_at)"
    " values (gen_random_uuid(), gen_random_uuid(), 'new', 'planned', 0, :by, now())"
)


def now() -> datetime:
    return datetime.now(UTC)


def seal(engine: Engine, key: bytes = KEY, patience_seconds: float = 5) -> Sealed:
    return seal_ledger(engine, key, now(), "test", patience_seconds)


def verify(engine: Engine, *heads: Head | None, key: bytes = KEY, at: datetime | None = None) -> Audit:
    return verify_ledger(engine, key, at or now(), [head for head in heads if head])


def kinds(audit: Audit) -> set[FindingKind]:
    return {finding.kind for finding in audit.findings}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seals of four rows."""
    monkeypatch.setattr(seals, "ROWS_PER_SEAL", 4)


@pytest.fixture
def run(owner: Engine) -> UUID:
    """A run with ten events and an approval."""
    run = create_run(owner)
    for number in range(10):
        create_notice(owner, run, f"subject/{number}")
    approve(owner, run, "digest")
    return run


def approve(owner: Engine, run: UUID, digest: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(APPROVE), {"run": run, "digest": digest})


@pytest.fixture
def tamper(owner: Engine) -> Callable[..., None]:
    """As a superuser whom no trigger stops."""

    def change(*statements: str) -> None:
        with owner.begin() as connection:
            connection.execute(text("set local session_replication_role = replica"))
            for query in statements:
                assert connection.execute(text(query)).rowcount, f"changed nothing: {query}"

    return change


def canonical_lines(connection: Connection) -> list[str]:
    parts = (seals.read_rows(connection, table, 1, 1, 10**12, 100).lines for table in seals.FORMS)
    return [line for part in parts for line in part.split("\n")]


def nth(row: int, table: str = "notice_event", column: str = "event_id") -> str:
    """The id of the nth row, in SQL."""
    return f"(select {column} from ledger.{table} order by {column} offset {row - 1} limit 1)"


class TestSealing:
    def test_everything_is_sealed_once(self, engine: Engine, run: UUID, small: None) -> None:
        sealed = seal(engine)
        assert (sealed.rows, sealed.held_up) == ({"notice_event": 10, "approval": 1}, ())
        audit = verify(engine)
        assert (audit.findings, audit.seals, audit.rows, audit.not_sealed) == ([], 4, 11, 0)
        assert audit.head == sealed.head
        again = seal(engine)
        assert (again.rows, again.head) == ({}, sealed.head)

    def test_the_chain_goes_on(self, engine: Engine, owner: Engine, run: UUID) -> None:
        heads = [seal(engine).head]
        for number in (1, 2):
            create_notice(owner, run, f"more/{number}", state=NoticeState.DELIVERED)
            heads.append(seal(engine).head)
        assert [head.seq for head in heads if head] == [2, 3, 4]
        assert verify(engine, *heads).findings == []

    def test_an_empty_ledger(self, engine: Engine) -> None:
        assert seal(engine) == Sealed()
        assert verify(engine).is_intact

    def test_a_lower_id_that_commits_late_is_waited_for(self, engine: Engine, owner: Engine) -> None:
        slow, quick = owner.connect(), owner.connect()
        slow.execute(text(EVENT), {"by": "slow"})  # draws the lower id
        quick.execute(text(EVENT), {"by": "quick"})
        quick.commit()
        held_up = seal(engine, patience_seconds=0.3)
        assert (held_up.rows, held_up.held_up) == ({}, ("notice_event",))
        assert verify(engine).not_sealed == 1
        slow.commit()
        assert seal(engine).rows == {"notice_event": 2}
        assert (verify(engine).findings, verify(engine).rows) == ([], 2)
        slow.close()
        quick.close()

    def test_who_begins_to_write_meanwhile_holds_nothing_up(self, engine: Engine, owner: Engine) -> None:
        slow, next_one = owner.connect(), owner.connect()
        slow.execute(text(EVENT), {"by": "slow"})
        with owner.begin() as connection:
            connection.execute(text(EVENT), {"by": "quick"})
        with ThreadPoolExecutor(1) as pool:
            sealing = pool.submit(seal, engine, KEY, 30)
            assert not sealing.done()
            time.sleep(0.5)  # it waits for the slow one by now
            next_one.execute(text(EVENT), {"by": "next"})  # open until the end
            slow.commit()
            assert sealing.result(timeout=10).rows == {"notice_event": 2}
        next_one.commit()
        assert seal(engine).rows == {"notice_event": 1}
        assert verify(engine).is_intact
        slow.close()
        next_one.close()

    def test_ids_that_were_given_back_are_no_gap(self, engine: Engine, owner: Engine) -> None:
        for is_kept in (True, False, True, False):
            with owner.connect() as connection:
                connection.execute(text(EVENT), {"by": "somebody"})
                (connection.commit if is_kept else connection.rollback)()
            seal(engine)
        audit = verify(engine)
        assert (audit.findings, audit.rows, audit.seals) == ([], 2, 2)

    def test_two_that_seal_at_once_make_one_chain(self, engine: Engine, run: UUID, small: None) -> None:
        with ThreadPoolExecutor(4) as pool:
            sealed = list(pool.map(lambda _: seal(engine), range(4)))
        assert sum(one.rows["notice_event"] for one in sealed) == 10
        assert (verify(engine).findings, verify(engine).rows) == ([], 11)

    @pytest.mark.parametrize(
        "setting",
        [
            *(
                "timezone = 'Asia/Tokyo'",
                "datestyle = 'German, DMY'",
                "bytea_output = 'escape'",
                "intervalstyle = 'iso_8601'",
            ),
            *("extra_float_digits = -5", "client_encoding = 'EUC_JP'", "standard_conforming_strings = on"),
        ],
    )
    def test_no_setting_of_the_session_matters(self, engine: Engine, owner: Engine, run: UUID, setting: str) -> None:
        with owner.begin() as connection:
            connection.execute(text(EVENT), {"by": '佐藤 "管理"\n者'})
        with engine.connect() as connection:
            connection.exec_driver_sql(f"set local {setting}")
            lines = canonical_lines(connection)
            connection.rollback()
            assert lines == canonical_lines(connection)
        assert len(lines) == 12

    def test_a_column_that_is_added_later_changes_nothing(self, engine: Engine, owner: Engine, run: UUID) -> None:
        seal(engine)
        for change in ("add column remark text default 'x'", "drop column remark"):
            with owner.begin() as connection:
                connection.execute(text(f"alter table ledger.notice_event {change}"))
            assert verify(engine).is_intact

    def test_nobody_elses_seal_is_continued(self, engine: Engine, owner: Engine, run: UUID) -> None:
        seal(engine)
        create_notice(owner, run, "more")
        with pytest.raises(BrokenChain, match="does not fit this OSHIRASE_SECRET_KEY"):
            seal(engine, key=b"another key of 32 characters....")


Tamper = Callable[..., None]


class TestTampering:
    """Each with triggers off, as a superuser can."""

    @pytest.fixture(autouse=True)
    def sealed(self, engine: Engine, run: UUID, small: None) -> Head:
        """Three seals of the events, one of the approval: approval 1, events 2, 3, 4."""
        head = seal(engine).head
        assert head is not None
        assert verify(engine, head).is_intact
        return head

    @pytest.mark.parametrize(
        "change",
        ["reason = 'settled'", "changed_by = 'x'", "changed_at = changed_at + interval '1 microsecond'",
         "to_state = 'delivered'", "notice_id = gen_random_uuid()", "attempt = 1", "recorded_at = now()"],
    )  # fmt: skip
    def test_a_row_is_changed(self, engine: Engine, tamper: Tamper, change: str) -> None:
        tamper(f"update ledger.notice_event set {change} where event_id = {nth(6)}")
        audit = verify(engine)
        assert [finding.kind for finding in audit.findings] == [FindingKind.ROWS_CHANGED]
        (found,) = audit.findings
        assert (found.seq, found.table) == (3, "notice_event")
        assert found.from_id is not None
        assert found.to_id is not None
        assert found.from_id <= _id(engine, 6) <= found.to_id
        assert f"ledger.notice_event の番号{found.from_id}〜{found.to_id}" in found.sentence
        assert "封印3" in found.sentence

    @pytest.mark.parametrize("row", [1, 6, 10])
    def test_a_row_is_deleted_also_the_last_one(self, engine: Engine, tamper: Tamper, row: int) -> None:
        tamper(f"delete from ledger.notice_event where event_id = {nth(row)}")
        audit = verify(engine)
        assert [finding.kind for finding in audit.findings] == [FindingKind.ROWS_GONE]
        assert "1行なくなっています" in audit.findings[0].sentence

    def test_all_rows_of_a_range_are_deleted(self, engine: Engine, tamper: Tamper) -> None:
        tamper("delete from ledger.notice_event")
        assert kinds(verify(engine)) == {FindingKind.ROWS_GONE}
        assert verify(engine).not_sealed == 0

    def test_a_row_is_written_between_others(self, engine: Engine, tamper: Tamper) -> None:
        tamper(f"delete from ledger.notice_event where event_id = {nth(2)}", _forge(f"{nth(1)} + 1"))
        assert kinds(verify(engine)) == {FindingKind.ROWS_CHANGED}

    def test_a_row_is_written_where_an_id_had_been_given_back(
        self, engine: Engine, owner: Engine, tamper: Tamper
    ) -> None:
        with owner.connect() as connection:
            connection.execute(text(EVENT), {"by": "given back"})
            connection.rollback()
        with owner.begin() as connection:
            connection.execute(text(EVENT), {"by": "kept"})
        seal(engine)
        assert verify(engine).is_intact
        tamper(_forge(f"{nth(11)} - 1"))
        audit = verify(engine)
        assert kinds(audit) == {FindingKind.ROWS_ADDED}
        assert "増えています" in audit.findings[0].sentence

    def test_a_row_with_an_id_that_is_never_drawn(self, engine: Engine, tamper: Tamper) -> None:
        tamper(_forge("-7"))
        assert kinds(verify(engine)) == {FindingKind.ROWS_ADDED}

    def test_two_rows_change_places(self, engine: Engine, tamper: Tamper) -> None:
        low, high = _id(engine, 6), _id(engine, 7)
        tamper(
            "update ledger.notice_event as a set notice_id = b.notice_id, recorded_at = b.recorded_at"
            f" from ledger.notice_event as b where (a.event_id, b.event_id) in (({low}, {high}), ({high}, {low}))"
        )
        assert kinds(verify(engine)) == {FindingKind.ROWS_CHANGED}

    @pytest.mark.parametrize(
        "change", ["decided_by = 'x'", "decision = 'rejected'", "digest = 'x'", "reason = 'x'", "is_automatic = true"]
    )
    def test_an_approval_is_changed(self, engine: Engine, tamper: Tamper, change: str) -> None:
        tamper(f"update ledger.approval set {change}")
        audit = verify(engine)
        assert [(finding.kind, finding.table) for finding in audit.findings] == [(FindingKind.ROWS_CHANGED, "approval")]

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ("rows_count = rows_count - 1", FindingKind.SEAL_CHANGED),
            ("rows_hash = sha256('x')", FindingKind.SEAL_CHANGED),
            ("hash = sha256('x')", FindingKind.SEAL_CHANGED),
            ("sealed_at = now()", FindingKind.SEAL_CHANGED),
            ("sealed_by = 'x'", FindingKind.SEAL_CHANGED),
            ("to_id = to_id - 1", FindingKind.SEAL_CHANGED),
            ("form = 2", FindingKind.SEAL_CHANGED),
        ],
    )
    def test_a_seal_is_changed(self, engine: Engine, tamper: Tamper, change: str, kind: FindingKind) -> None:
        tamper(f"update ledger.seal set {change} where seq = 3")
        audit = verify(engine)
        assert kind in kinds(audit)
        assert 3 in {finding.seq for finding in audit.findings if finding.kind is kind}

    def test_a_seal_in_the_middle_is_removed(self, engine: Engine, tamper: Tamper) -> None:
        tamper("delete from ledger.seal where seq = 3")
        audit = verify(engine)
        assert kinds(audit) == {FindingKind.SEALS_GONE, FindingKind.NOT_COVERED}
        assert "封印3がありません" in audit.findings[0].sentence

    def test_a_gap_is_closed_by_numbering_anew(self, engine: Engine, tamper: Tamper) -> None:
        tamper("delete from ledger.seal where seq = 3", "update ledger.seal set seq = 3 where seq = 4")
        assert FindingKind.SEAL_CHANGED in kinds(verify(engine))

    def test_two_seals_change_places(self, engine: Engine, tamper: Tamper) -> None:
        tamper(
            "update ledger.seal set seq = 99 where seq = 3",
            "update ledger.seal set seq = 3 where seq = 4",
            "update ledger.seal set seq = 4 where seq = 99",
        )
        assert FindingKind.SEAL_CHANGED in kinds(verify(engine))

    def test_the_end_is_cut_off_with_its_rows(self, engine: Engine, tamper: Tamper, sealed: Head) -> None:
        tamper(f"delete from ledger.notice_event where event_id >= {nth(9)}", "delete from ledger.seal where seq = 4")
        assert verify(engine).is_intact, "the database alone cannot tell"
        audit = verify(engine, sealed)
        assert kinds(audit) == {FindingKind.HEAD_GONE}
        with pytest.raises(BrokenChain, match="seal 4, which was there before, is gone"):
            require_witness(engine, sealed)

    def test_the_end_is_cut_off_and_sealed_again(
        self, engine: Engine, owner: Engine, run: UUID, tamper: Tamper, sealed: Head
    ) -> None:
        tamper("delete from ledger.seal where seq = 4", f"delete from ledger.notice_event where event_id >= {nth(9)}")
        create_notice(owner, run, "another")
        seal(engine)
        assert verify(engine).is_intact, "the database alone cannot tell"
        assert kinds(verify(engine, sealed)) == {FindingKind.HEAD_CHANGED}
        with pytest.raises(BrokenChain, match="is another one"):
            require_witness(engine, sealed)

    def test_all_seals_are_removed(self, engine: Engine, tamper: Tamper) -> None:
        tamper("delete from ledger.seal")
        audit = verify(engine, at=LATER)
        assert kinds(audit) == {FindingKind.NOT_SEALED}
        assert audit.not_sealed == 11

    def test_the_chain_is_recomputed_without_the_key(self, engine: Engine, owner: Engine, tamper: Tamper) -> None:
        """Everything that is in the database and in this program, but the key."""
        tamper(f"update ledger.notice_event set changed_by = 'x' where event_id = {nth(6)}")
        for guess in (b"", b"oshirase", bytes(32)):
            _reseal(owner, guess)
            audit = verify(engine)
            assert kinds(audit) >= {FindingKind.OTHER_KEY, FindingKind.SEAL_CHANGED}
            assert [finding.kind for finding in audit.findings].count(FindingKind.SEAL_CHANGED) == audit.seals == 4
            assert kinds(verify(engine, key=guess)) == set(), "the forgery itself is whole"

    def test_another_key_is_told_first(self, engine: Engine) -> None:
        audit = verify(engine, key=b"another key of 32 characters....")
        assert audit.findings[0].kind is FindingKind.OTHER_KEY
        assert "OSHIRASE_SECRET_KEY" in audit.findings[0].sentence

    @pytest.mark.parametrize(
        "change", ["update ledger.seal set seq = 9", "delete from ledger.seal", "truncate ledger.seal"]
    )
    def test_seals_are_append_only_even_for_the_owner(self, owner: Engine, change: str) -> None:
        with pytest.raises(DBAPIError, match="append-only"), owner.begin() as connection:
            connection.execute(text(change))


def _id(engine: Engine, row: int) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"select {nth(row)}")).scalar_one())


def _forge(event_id: str) -> str:
    return (
        "insert into ledger.notice_event"
        " (event_id, notice_id, campaign_run_id, from_state, to_state, attempt, changed_by, changed_at)"
        " overriding system value"
        f" select {event_id}, gen_random_uuid(), gen_random_uuid(), 'new', 'planned', 0, 'forged', now()"
    )


def _reseal(owner: Engine, key: bytes) -> None:
    """Every seal made anew over what the tables say now."""
    previous = BEGINNING
    with owner.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        for row in connection.execute(text("select * from ledger.seal order by seq")).all():
            lines = seals.read_rows(connection, row.table_name, 1, row.from_id, row.to_id, 100).lines
            made = replace(Seal(**row._mapping), rows_hash=hash_rows(key, lines))
            previous = made.chained(key, previous)
            connection.execute(
                text("update ledger.seal set rows_hash = :rows, hash = :hash where seq = :seq"),
                {"rows": made.rows_hash, "hash": previous, "seq": row.seq},
            )


class TestTail:
    def test_what_waits_for_its_seal_is_counted(self, engine: Engine, run: UUID) -> None:
        audit = verify(engine)
        assert (audit.is_intact, audit.not_sealed, audit.head) == (False, 11, None)
        # The approval is of October; the events were recorded a moment ago.
        assert [(finding.kind, finding.table) for finding in audit.findings] == [(FindingKind.NOT_SEALED, "approval")]

    def test_what_waits_too_long_is_told(self, engine: Engine, run: UUID) -> None:
        audit = verify(engine, at=now() + timedelta(hours=2))
        assert {finding.table for finding in audit.findings} == {"notice_event", "approval"}
        assert "seal_ledger" in audit.findings[0].sentence


@pytest.mark.parametrize(
    "written", ["", "1", "0:" + "a" * 64, "1:abc", "1:" + "g" * 64, "x:" + "a" * 64, "1:" + "a" * 65]
)
def test_what_is_no_head(written: str) -> None:
    with pytest.raises(BadHead, match="write SEQ:HASH"):
        Head.read(written)


def test_a_head_is_read_as_it_was_printed() -> None:
    head = Head(42, bytes(range(32)))
    assert Head.read(f" {str(head).upper()}\n") == head
