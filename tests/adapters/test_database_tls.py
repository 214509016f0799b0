"""The records database over TLS: a real PostgreSQL with a certificate of the test's own authority in front of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.engine import URL

from oshirase.adapters.database import check_schema, create_records_engine, is_on_this_machine, is_verified
from oshirase.errors import DatabaseUnreachable
from oshirase.services.doctor import Status, check_encryption
from tests.adapters.tls_terminator import terminating
from tests.certificates import Authority


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder, "city")


@pytest.fixture
def behind_tls(database_url: URL, authority: Authority) -> Iterator[URL]:
    """The database at 127.0.0.1 behind a certificate for that address."""
    with terminating(f"{database_url.query['host']}/.s.PGSQL.5432", authority.sign("127.0.0.1")) as port:
        yield database_url.set(host="127.0.0.1", port=port, query={})


def verified(url: URL, ca_file: Path, mode: str = "verify-full") -> URL:
    return url.update_query_dict({"sslmode": mode, "sslrootcert": str(ca_file)})


def refusal(url: URL) -> str:
    engine = create_records_engine(url)
    with pytest.raises(DatabaseUnreachable) as raised:
        check_schema(engine)
    engine.dispose()
    return str(raised.value)


def test_the_right_authority_lets_us_in(behind_tls: URL, authority: Authority) -> None:
    engine = create_records_engine(verified(behind_tls, authority.file))
    check_schema(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
        assert connection.connection.driver_connection.pgconn.ssl_in_use  # type: ignore[union-attr]
    engine.dispose()


def test_another_authority_is_refused(behind_tls: URL, folder: Path) -> None:
    told = refusal(verified(behind_tls, Authority(folder, "stranger").file))
    assert "certificate verify failed" in told
    assert "OSHIRASE_DATABASE_URL" in told


def test_a_certificate_for_another_host_is_refused(database_url: URL, authority: Authority) -> None:
    with terminating(f"{database_url.query['host']}/.s.PGSQL.5432", authority.sign("other.example")) as port:
        url = database_url.set(host="127.0.0.1", port=port, query={})
        assert "does not match host name" in refusal(verified(url, authority.file))
        # Why only verify-full counts: the authority alone does not tell one host from another.
        engine = create_records_engine(verified(url, authority.file, "verify-ca"))
        check_schema(engine)
        engine.dispose()


def test_a_server_without_tls_is_refused(database_url: URL, authority: Authority) -> None:
    with terminating("/nowhere", None) as port:
        url = database_url.set(host="127.0.0.1", port=port, query={})
        assert "does not support SSL" in refusal(verified(url, authority.file))


@pytest.mark.parametrize(
    ("url", "here", "is_safe"),
    [
        ("postgresql://u@/records?host=/run/postgresql", True, False),
        ("postgresql://u@localhost/records", True, False),
        ("postgresql://u@127.0.0.1/records", True, False),
        ("postgresql://u@[::1]/records", True, False),
        ("postgresql:///records", True, False),
        ("postgresql://u@records-db/records", False, False),
        ("postgresql://u@10.0.0.5/records", False, False),
        ("postgresql://u@localhost/records?hostaddr=10.0.0.5", False, False),
        ("postgresql://u@/records?host=localhost&host=db2.example", False, False),
        ("postgresql://u@records-db/records?sslmode=require", False, False),
        ("postgresql://u@records-db/records?sslmode=verify-ca", False, False),
        ("postgresql://u@records-db/records?sslmode=verify-full", False, True),
    ],
)
def test_doctor_warns_of_a_database_that_does_not_prove_itself(
    monkeypatch: pytest.MonkeyPatch, url: str, here: bool, is_safe: bool
) -> None:
    for name in ("PGHOST", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)
    parsed = make_url(url)
    assert (is_on_this_machine(parsed), is_verified(parsed)) == (here, is_safe)
    assert check_encryption(parsed).status == (Status.OK if here or is_safe else Status.WARNING)


def test_libpqs_own_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "records-db")
    assert check_encryption(make_url("postgresql:///records")).status is Status.WARNING
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert check_encryption(make_url("postgresql:///records")).status is Status.OK
