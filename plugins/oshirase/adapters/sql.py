"""SQL statements, one a file under `include/sql/`, loaded by name."""

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
