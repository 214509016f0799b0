"""The records database: connecting, and bringing its schema up to date."""

import os
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, OperationalError

from oshirase.adapters import clock
from oshirase.adapters.incarnation import note_restore
from oshirase.errors import DatabaseUnreachable, MissingSetting, SchemaMismatch

SETTING = "OSHIRASE_DATABASE_URL"
CAMPAIGN_ROLE = "oshirase_campaign"
INGEST_ROLE = "oshirase_ingest"
PURGE_ROLE = "oshirase_purge"
UPGRADE = "make migrate"
_MIGRATION_LOCK = 0x05_41_5A_E1


def database_url() -> URL:
    """Where the records database is, from $OSHIRASE_DATABASE_URL, spoken to through psycopg 3.

    Raises:
        MissingSetting: the variable is not set, or is no URL.
    """
    raw = os.environ.get(SETTING)
    if not raw:
        raise MissingSetting(f"{SETTING} is not set: point it at the records database, or start one with `make up`")
    try:
        url = make_url(raw)
    except ArgumentError:
        raise MissingSetting(f"{SETTING} is no database URL: write postgresql://USER@HOST/DATABASE") from None
    return url.set(drivername="postgresql+psycopg")


def is_on_this_machine(url: URL) -> bool:
    """Whether every host of the URL is a socket or a loopback address, as libpq takes it."""
    return all(map(_is_here, _hosts(url)))


def is_verified(url: URL) -> bool:
    """Whether the server has to show a certificate for its name, signed by an authority that we trust."""
    return str(url.query.get("sslmode") or os.environ.get("PGSSLMODE", "")) == "verify-full"


def _hosts(url: URL) -> list[str]:
    asked = url.query.get("hostaddr") or url.query.get("host") or url.host or os.environ.get("PGHOST", "")
    return ",".join([asked] if isinstance(asked, str) else asked).split(",")


def _is_here(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def create_records_engine(url: URL, role: str | None = None) -> Engine:
    """An engine whose sessions act as `role` and read times in UTC."""
    options = "-c timezone=UTC" + (f" -c role={role}" if role else "")
    engine = create_engine(
        url, connect_args={"options": options, "connect_timeout": 10}, pool_pre_ping=True, hide_parameters=True
    )
    event.listen(engine, "handle_error", _leave_values_out)
    return engine


def _leave_values_out(context: ExceptionContext) -> None:
    """PostgreSQL quotes the row that violates a constraint; errors end in logs, and rows hold personal data."""
    diagnosis = getattr(context.original_exception, "diag", None)
    if diagnosis is None or not diagnosis.message_detail:
        return
    context.original_exception.args = (diagnosis.message_primary,)
    if (error := context.sqlalchemy_exception) is not None:
        error.args = (f"({type(context.original_exception).__name__}) {diagnosis.message_primary}",)


@cache
def campaign_engine() -> Engine:
    """This process's engine for campaigns: checked once for reach, schema, and whether it was restored.

    Raises:
        MissingSetting, DatabaseUnreachable, SchemaMismatch.
    """
    return _checked_engine(CAMPAIGN_ROLE)


@cache
def ingest_engine() -> Engine:
    """This process's engine for loading records: checked once for reach and schema."""
    return _checked_engine(INGEST_ROLE)


@cache
def purge_engine() -> Engine:
    """This process's engine for taking personal data away: checked once for reach and schema."""
    return _checked_engine(PURGE_ROLE)


def _checked_engine(role: str) -> Engine:
    url = database_url()
    owner = create_records_engine(url)
    try:
        check_schema(owner)
        note_restore(owner, clock.now())
    finally:
        owner.dispose()
    return create_records_engine(url, role)


def _alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise DatabaseUnreachable(
            f"the records database at {where} does not answer: start it, or mend {SETTING} ({_first_line(error)})"
        ) from None


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no detail"


def schema_version(connection: Connection) -> str | None:
    """The revision that the database is at; None when it was never migrated."""
    options = {"version_table": "schema_version", "version_table_schema": "ledger"}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def check_schema(engine: Engine) -> None:
    """Hold the database's schema against this version of the package.

    Raises:
        DatabaseUnreachable: no connection.
        SchemaMismatch: the schema is missing, older or newer; says which command upgrades it.
    """
    wanted = ScriptDirectory.from_config(_alembic_config()).get_current_head()
    with _connect(engine) as connection:
        found = schema_version(connection)
    if found == wanted:
        return
    where = engine.url.render_as_string(hide_password=True)
    if found is not None and found > str(wanted):
        raise SchemaMismatch(
            f"the schema of {where} is at {found}, newer than {wanted} that this version knows: update the program"
        )
    state = f"at {found}, older than {wanted}" if found else "empty"
    raise SchemaMismatch(f"the schema of {where} is {state}: run `{UPGRADE}`")


def migrate(engine: Engine, revision: str = "head") -> str:
    """Bring the schema up to a revision, by default this version's, all of it or nothing; twice, changes nothing.

    Returns:
        The revision that the database is at afterwards.
    """
    with _connect(engine) as connection, connection.begin():
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(text("create schema if not exists ledger"))
        command.upgrade(_alembic_config(connection), revision)
        return str(schema_version(connection))
