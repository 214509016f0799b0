"""Least privilege: what each role may do with each table, and that what it may not do cannot be got by other ways."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from oshirase.adapters.database import CAMPAIGN_ROLE, INGEST_ROLE, PURGE_ROLE, create_records_engine
from oshirase.adapters.paths import project_home
from oshirase.adapters.service_login import make_service_login, service_password
from oshirase.errors import MissingSetting
from tests.ledger import create_notice, create_run

PAGE = project_home() / "docs" / "database-roles.md"
ROLES = (CAMPAIGN_ROLE, INGEST_ROLE, PURGE_ROLE)
OF_TABLES = """
select c.oid::regclass::text as relation, coalesce(string_agg(p.privilege, ', ' order by p.place), '') as rights
from pg_class as c
left join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
    with ordinality as p (privilege, place) on has_table_privilege(:role, c.oid, p.privilege)
where c.relnamespace in ('records'::regnamespace, 'ledger'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'f')
group by c.oid
"""
OF_COLUMNS = """
select a.attrelid::regclass::text as relation, lower(x.privilege_type) as privilege,
    string_agg(a.attname, ', ' order by a.attname) as columns
from pg_attribute as a, aclexplode(a.attacl) as x
where x.grantee = cast(:role as regrole)
group by 1, 2
order by 2
"""
DEFINERS = {"ledger.log_new_notices()", "ledger.log_changed_notices()"}


def rows(owner: Engine, query: str, **binds: object) -> list[tuple[str, ...]]:
    with owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), binds)]


def rights_of(owner: Engine, role: str) -> dict[str, str]:
    """What a role may do, by table: privileges on all of it, then those on some columns."""
    found = dict(rows(owner, OF_TABLES, role=role))
    for relation, privilege, columns in rows(owner, OF_COLUMNS, role=role):
        found[relation] = ", ".join(filter(None, [found[relation], f"{privilege} ({columns})"]))
    return {relation: rights or "–" for relation, rights in found.items()}


def test_the_page_lists_what_each_role_may_do(owner: Engine) -> None:
    """A new table needs a decision: write its row (the failure shows it) and say there what needs more than reading."""
    by_role = [rights_of(owner, role) for role in ROLES]
    real = {f"| `{table}` | {' | '.join(rights[table] for rights in by_role)} |" for table in by_role[0]}
    written = {line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| `(ledger|records)\.", line)}
    assert sorted(real - written) == [], "rows to write into docs/database-roles.md"
    assert sorted(written - real) == [], "rows of docs/database-roles.md that are not so"


def test_strangers_have_nothing(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("create role stranger"))
        connection.execute(text("set local role stranger"))
        for table in ("ledger.notice", "ledger.seal", "records.resident"):
            with pytest.raises(DBAPIError, match="permission denied for schema"), connection.begin_nested():
                connection.execute(text(f"select from {table}"))
        connection.rollback()


def test_functions_that_act_as_the_owner_look_nowhere_else(owner: Engine) -> None:
    found = dict(
        rows(
            owner,
            "select oid::regprocedure::text, array_to_string(proconfig, ';') from pg_proc where prosecdef"
            " and pronamespace in ('records'::regnamespace, 'ledger'::regnamespace)",
        )
    )
    assert set(found) == DEFINERS
    assert set(found.values()) == {"search_path=pg_catalog, ledger, pg_temp"}


@pytest.fixture(params=ROLES)
def login(request: pytest.FixtureRequest, owner: Engine, database_url: URL) -> Iterator[Engine]:
    """A user of a service, who is a member of one role and acts as it; a notice is in the ledger."""
    create_notice(owner, create_run(owner), "subject/1")
    with owner.begin() as connection:
        connection.execute(text(f"create role service login in role {request.param}"))
    engine = create_records_engine(database_url.set(username="service"), request.param)
    yield engine
    engine.dispose()
    with owner.begin() as connection:
        connection.execute(text("drop role service"))


ATTACKS = [
    *(
        f"{change} {table}{rest}"
        for table in ("ledger.notice_event", "ledger.approval", "ledger.seal", "ledger.transition", "ledger.access")
        for change, rest in (("delete from", ""), ("truncate", ""), ("drop table", " cascade"))
    ),
    "insert into ledger.notice_event (notice_id, to_state, changed_by) values (gen_random_uuid(), 'planned', 'x')",
    "copy ledger.notice_event from stdin",
    "update ledger.notice_event set changed_by = 'x'",
    "update ledger.approval set decided_by = 'x'",
    "update ledger.seal set hash = sha256('x')",
    "insert into ledger.transition values ('delivered', 'planned', 'again')",
    "update ledger.notice_state set is_live = false",
    "merge into ledger.notice_event as e using ledger.notice_state as s on true when matched then delete",
    "select from ledger.notice_event for update",
    "lock table ledger.notice_event in exclusive mode",
    "alter table ledger.notice_event disable trigger all",
    "alter table ledger.notice_event disable trigger notice_event_is_append_only",
    "drop trigger notice_event_is_append_only on ledger.notice_event",
    "alter table ledger.notice disable trigger notice_updated",
    "create trigger swallow before insert on ledger.notice_event execute function ledger.refuse_change()",
    "create rule swallow as on insert to ledger.notice_event do instead nothing",
    "alter table ledger.notice_event owner to service",
    "alter table ledger.notice_event add column x text",
    "create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return old; end;'",
    "alter function ledger.log_new_notices() security invoker",
    "drop function ledger.refuse_change() cascade",
    "create table ledger.mine (x text)",
    "create function ledger.mine() returns int language sql return 1",
    "select setval('ledger.notice_event_event_id_seq', 1)",
    "select nextval('ledger.notice_event_event_id_seq')",
    "set session_replication_role = replica",
    "set role postgres",
    "set session authorization postgres",
    "reset role\nset role postgres",
    "reset role\nalter role service superuser",
    "reset role\nalter role service createrole",
    "alter role service bypassrls",
    "alter schema ledger owner to service",
    "drop schema ledger cascade",
    "copy (select 1) to program 'true'",
    "select pg_read_file('postgresql.conf')",
    "alter database current set session_replication_role = replica",
    "reassign owned by postgres to service",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_user_of_a_service_gets_round_the_log(login: Engine, owner: Engine, attack: str) -> None:
    before = rows(owner, "select e::text from ledger.notice_event as e order by event_id")
    refusals = "permission denied|must be (owner|able|superuser)|append-only|does not exist|Only roles with"
    with login.connect() as connection:
        *before_that, last = attack.split("\n")
        for statement in before_that:
            connection.exec_driver_sql(statement)
        with pytest.raises(DBAPIError, match=refusals):
            connection.exec_driver_sql(last)
    assert rows(owner, "select e::text from ledger.notice_event as e order by event_id") == before


def test_nobody_hands_on_what_they_may_do(login: Engine, owner: Engine) -> None:
    with login.begin() as connection:
        try:
            connection.exec_driver_sql("grant select, delete on ledger.notice_event to public")
        except DBAPIError:
            connection.rollback()
    assert (
        rows(
            owner,
            "select from pg_class as c, aclexplode(c.relacl) as x where x.grantee = 0"
            " and c.relnamespace = 'ledger'::regnamespace",
        )
        == []
    )


@pytest.mark.parametrize("role", ROLES)
def test_no_role_can_become_another_one(login: Engine, role: str) -> None:
    with login.connect() as connection:
        connection.exec_driver_sql("reset role")
        assert connection.scalar(text("select session_user")) == "service"
        if connection.scalar(text("select pg_has_role(:role, 'member')"), {"role": role}):
            connection.exec_driver_sql(f"set role {role}")
        else:
            with pytest.raises(DBAPIError, match="permission denied to set role"):
                connection.exec_driver_sql(f"set role {role}")


def test_temporary_tables_do_not_stand_in_for_those_of_the_ledger(engine: Engine, owner: Engine) -> None:
    """Who may write notices may make temporary tables: the triggers that act as the owner do not see them."""
    notice = create_notice(owner, create_run(owner), "subject/1")
    with engine.connect() as connection:
        for name in ("notice_event", "transition", "notice_state"):
            connection.exec_driver_sql(f"create temporary table {name} as select * from ledger.{name} with no data")
        connection.exec_driver_sql("insert into pg_temp.transition values ('planned', 'delivered', 'x')")
        connection.exec_driver_sql("set search_path = pg_temp, ledger, pg_catalog")
        with pytest.raises(DBAPIError, match="planned -> delivered is not permitted"), connection.begin_nested():
            connection.execute(text("update ledger.notice set state = 'delivered' where notice_id = :n"), {"n": notice})
        change = (
            "update ledger.notice set state = 'expired', reason = 'x', state_changed_by = 'me' where notice_id = :n"
        )
        connection.execute(text(change), {"n": notice})
        assert connection.scalar(text("select count(*) from pg_temp.notice_event")) == 0
        connection.commit()
    assert rows(owner, "select to_state, changed_by from ledger.notice_event order by event_id") == [
        ("planned", "test"),
        ("expired", "me"),
    ]


class TestServiceLogin:
    """The user that `oshirase migrate --service-user` makes."""

    @pytest.fixture
    def made(self, owner: Engine) -> Iterator[None]:
        yield
        with owner.begin() as connection:
            connection.execute(text("drop role if exists made"))

    def test_it_acts_as_each_role_and_owns_nothing(self, owner: Engine, database_url: URL, made: None) -> None:
        make_service_login(owner, "made", "a password of a service")
        for role in ROLES:
            engine = create_records_engine(database_url.set(username="made"), role)
            with engine.connect() as connection:
                assert connection.scalar(text("select current_user")) == role
            engine.dispose()
        assert rows(
            owner,
            "select rolcanlogin, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication"
            " from pg_roles where rolname = 'made'",
        ) == [(True, False)]
        assert rows(owner, "select from pg_class where relowner = cast('made' as regrole)") == []

    def test_made_again_it_loses_what_it_was_given_meanwhile(self, owner: Engine, made: None) -> None:
        make_service_login(owner, "made", "a password of a service")
        with owner.begin() as connection:
            connection.execute(text("alter role made superuser createrole bypassrls"))
        before = rows(owner, "select rolpassword from pg_authid where rolname = 'made'")
        make_service_login(owner, "made", "another password of it")
        assert rows(owner, "select rolsuper or rolcreaterole or rolbypassrls from pg_roles where rolname = 'made'") == [
            (False,)
        ]
        assert rows(owner, "select rolpassword from pg_authid where rolname = 'made'") != before

    def test_the_server_is_not_told_the_password(self, owner: Engine, made: None) -> None:
        make_service_login(owner, "made", "a password of a service")
        ((kept,),) = rows(owner, "select rolpassword from pg_authid where rolname = 'made'")
        assert kept.startswith("SCRAM-SHA-256$")

    def test_the_owner_is_no_service(self, owner: Engine) -> None:
        with pytest.raises(DBAPIError, match="services do not sign in as the owner"):
            make_service_login(owner, "postgres", "a password of a service")

    @pytest.mark.parametrize("password", ["", "short"])
    def test_without_a_password_nothing_begins(self, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
        monkeypatch.setenv("OSHIRASE_SERVICE_PASSWORD", password)
        with pytest.raises(MissingSetting, match="OSHIRASE_SERVICE_PASSWORD must hold"):
            service_password()
