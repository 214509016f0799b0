"""Where in a database something stands: every column of every table, whatever its type."""

from sqlalchemy import Engine, text

COLUMNS = r"""
select
    c.table_schema, c.table_schema || '.' || c.table_name || '.' || c.column_name as place,
    format('select count(*) from %I.%I as t where t.%I::text like any(\:wanted)',
        c.table_schema, c.table_name, c.column_name) as query
from information_schema.columns as c
inner join information_schema.tables as t using (table_schema, table_name)
where c.table_schema not in ('pg_catalog', 'information_schema') and t.table_type = 'BASE TABLE'
order by place
"""


def places_of(engine: Engine, *values: str, schema: str | None = None) -> list[str]:
    """Every column of the whole database, or of a schema, in which one of some texts occurs."""
    wanted = {"wanted": [f"%{value}%" for value in values]}
    with engine.connect() as connection:
        columns = connection.execute(text(COLUMNS)).all()
        return [
            column.place
            for column in columns
            if schema in {None, column.table_schema} and connection.scalar(text(column.query), wanted)
        ]
