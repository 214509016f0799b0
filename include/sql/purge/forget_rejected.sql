/*
name:    purge/forget_rejected
purpose: Delete some of the rows that old loads rejected.
grain:   one row
params:  before (timestamptz), most (int)
returns: gone
*/
with due as (
    select
        j.load_id,
        j.line_number,
        j.column_name
    from records.load_reject as j
    inner join records.load as l on j.load_id = l.load_id
    where l.recorded_at < :before
    limit :most
),

deleted as (
    delete from records.load_reject as j
    using due as d
    where j.load_id = d.load_id and j.line_number = d.line_number and j.column_name = d.column_name
    returning j.load_id
)

select count(d.load_id) as gone
from deleted as d;
