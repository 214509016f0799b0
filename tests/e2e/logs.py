"""What the city's processes and tasks have logged, searched for everybody who is in the records."""

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text

from sandbox.stack import Stack

RUN = re.compile(r"(?:\d[-‐－]?){10,}")
LENGTH = 10
PEOPLE = """
select resident_id as said from records.resident
union select right(phone_e164, 10) from records.contact where phone_e164 is not null
"""


def log_files(stack: Stack) -> list[Path]:
    """The files of tasks and of every component; PostgreSQL's own and the emulator's store are no logs of ours."""
    homes = (stack.folder.airflow_home / "logs", stack.folder.log("").parent)
    return [path for home in homes for path in sorted(home.rglob("*.log"))]


def files_that_tell(owner: Engine, files: list[Path]) -> list[str]:
    """The names of files in which somebody's id or telephone number stands, in whatever form."""
    with owner.connect() as connection:
        people = set(connection.scalars(text(PEOPLE)))
    return [path.name for path in files if not people.isdisjoint(_numbers_in(path.read_text(errors="replace")))]


def _numbers_in(logged: str) -> Iterator[str]:
    """Every ten digits that stand in a row, hyphens left out."""
    for written in set(RUN.findall(logged)):
        digits = re.sub(r"\D", "", written)
        yield from (digits[at : at + LENGTH] for at in range(len(digits) - LENGTH + 1))
