"""Indexes put aside while a large ward is loaded: built once at the end, they take a third of the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import Connection, sql

from sandbox.ward.tables import TABLES

AnyConnection = Connection[tuple[object, ...]]

_OWNS_ALL = """
select coalesce(bool_and(pg_has_role(current_user, c.relowner, 'usage')), false)
from pg_catalog.pg_class as c
where c.relnamespace = 'records'::regnamespace and c.relkind = 'r' and c.relname = any(%s)
"""
_PRIMARY_KEYS = """
select c.relname, k.conname, pg_get_constraintdef(k.oid)
from pg_catalog.pg_constraint as k
inner join pg_catalog.pg_class as c on k.conrelid = c.oid
where
    k.contype = 'p' and c.relnamespace = 'records'::regnamespace and c.relname = any(%s)
    and not exists (
        select 1 from pg_catalog.pg_constraint as f where f.contype = 'f' and f.confrelid = c.oid
    )
order by c.relname
"""
_INDEXES = """
select i.indexname, i.indexdef
from pg_catalog.pg_indexes as i
where
    i.schemaname = 'records' and i.tablename = any(%s)
    and not exists (
        select 1 from pg_catalog.pg_constraint as k
        where k.conindid = ('records.' || quote_ident(i.indexname))::regclass
    )
order by i.tablename, i.indexname
"""


@dataclass(frozen=True)
class _Aside:
    """How to build again what was dropped: primary keys as (table, name, definition), indexes as whole statements."""

    keys: list[tuple[str, str, str]]
    indexes: list[tuple[str, str]]


@contextmanager
def put_aside(connection: AnyConnection) -> Iterator[None]:
    """Inside: the tables of the records without their indexes and primary keys; afterwards: exactly as before.

    The definitions are read from the catalogue, so that the schema stays the only place that says what they are. All
    in the caller's transaction: when it fails, nothing was ever dropped. Does nothing for a role that does not own the
    tables.
    """
    row = connection.execute(_OWNS_ALL, [list(TABLES)]).fetchone()
    if not (row and row[0]):
        yield
        return
    aside = _drop(connection)
    yield
    _build(connection, aside)


def _drop(connection: AnyConnection) -> _Aside:
    tables = [list(TABLES)]
    keys = [(str(table), str(name), str(text)) for table, name, text in connection.execute(_PRIMARY_KEYS, tables)]
    indexes = [(str(name), str(text)) for name, text in connection.execute(_INDEXES, tables)]
    for name, _ in indexes:
        connection.execute(sql.SQL("drop index {}").format(sql.Identifier("records", name)))
    for table, name, _ in keys:
        drop = sql.SQL("alter table {} drop constraint {}")
        connection.execute(drop.format(sql.Identifier("records", table), sql.Identifier(name)))
    return _Aside(keys, indexes)


def _build(connection: AnyConnection, aside: _Aside) -> None:
    connection.execute("set local maintenance_work_mem = '256MB'")
    for table, name, definition in aside.keys:
        add = sql.SQL("alter table {} add constraint {} ").format(
            sql.Identifier("records", table), sql.Identifier(name)
        )
        connection.execute(add.as_bytes(connection) + definition.encode())
    for _, statement in aside.indexes:
        connection.execute(statement.encode())
