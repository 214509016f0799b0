/*
name:    extract/list_rejected
purpose: The rejected rows of a load, for the report to whoever made the file.
grain:   one row per rejected cell or row
params:  load_id (bigint)
returns: line_number, column_name, code, message
*/
select
    line_number,
    column_name,
    code,
    message
from records.load_reject
where load_id = :load_id
order by line_number, column_name;
