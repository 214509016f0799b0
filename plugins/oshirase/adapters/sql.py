"""SQL statements, one a file under `include/sql/`, loaded by name."""

import re
from functools import cache

from sqlalchemy import TextClause, text

from oshirase.adapters.paths import project_home


@cache
def sql(name: str) -> str:
    """The text of `include/sql/NAME.sql`."""
    return (project_home() / "include" / "sql" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def statement(name: str) -> TextClause:
    """The statement of `include/sql/NAME.sql`, its binds written `:so`."""
    return text(sql(name))


def header(name: str) -> dict[str, str]:
    """The entries of a statement's header (name, purpose, grain, params, returns), continuation lines joined."""
    block = sql(name).split("/*", 1)[1].split("*/", 1)[0]
    entries: dict[str, str] = {}
    key = ""
    for line in block.strip().splitlines():
        if match := re.match(r"(\w+):\s*(.*)", line):
            key = match[1]
            entries[key] = match[2]
        else:
            entries[key] += " " + line.strip()
    return entries


def declared(name: str, entry: str) -> dict[str, str]:
    """What an entry such as `params: as_of (date), scheme (text)` declares: names with their types, in order."""
    return dict(re.findall(r"(\w+) \(([^)]+)\)", header(name).get(entry, "")))
