/*
name:    purge/list_tables
purpose: The tables of the records whose facts end.
grain:   one row per table
params:
returns: table_name
*/
select c.table_name ::text as table_name
from information_schema.columns as c
where c.table_schema = 'records' and c.column_name = 'superseded_at'
order by c.table_name;
