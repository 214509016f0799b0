"""What the city's processes and tasks have logged and Airflow keeps, searched for everybody who is in the records."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, text

from sandbox.stack import Stack

RUN = re.compile(r"(?:\d[-‐]?){10,}")
LENGTH = 10
PEOPLE = """
select resident_id as said from records.resident
union select right(phone_e164, 10) from records.contact where phone_e164 is not null
"""


def log_files(stack: Stack) -> list[Path]:
    """The files of tasks and of every component; PostgreSQL's own and the emulator's store are no logs of ours."""
    homes = (stack.folder.airflow_home / "logs", stack.folder.log("").parent)
    return [path for home in homes for path in sorted(home.rglob("*.log"))]


def kept_by_airflow(stack: Stack) -> dict[str, str]:
    """Every row of every table of its metadata database, by the table's name."""
    with create_engine(stack.databases.airflow, poolclass=NullPool).connect() as connection:
        # Bytes as the text that they hold: in the digits of their hexadecimal form anybody's id may stand.
        connection.execute(text("set bytea_output to escape"))
        tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        return {table: "\n".join(connection.scalars(text(f'select t::text from "{table}" as t'))) for table in tables}


def who_tells(owner: Engine, texts: Mapping[str, str]) -> list[str]:
    """The names of those texts in which somebody's id or telephone number stands, in whatever form."""
    with owner.connect() as connection:
        people = set(connection.scalars(text(PEOPLE)))
    return [name for name, told in texts.items() if not people.isdisjoint(_numbers_in(told))]


def _numbers_in(logged: str) -> Iterator[str]:
    """Every ten digits that stand in a row, hyphens left out."""
    for written in set(RUN.findall(unicodedata.normalize("NFKC", logged))):
        digits = re.sub(r"\D", "", written)
        yield from (digits[at : at + LENGTH] for at in range(len(digits) - LENGTH + 1))
