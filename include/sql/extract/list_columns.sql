/*
name:    extract/list_columns
purpose: The columns of the records, to hold the layouts of extracts against.
grain:   one row per table
params:
returns: table_name, columns
*/
select
    c.table_name::text as table_name,
    array_agg(c.column_name::text) as columns
from information_schema.columns as c
where c.table_schema = 'records'
group by c.table_name;
