/*
name:    purge/forget_refused
purpose: Delete some old entries of the list of refused files: names that people gave may say anything.
grain:   one row
params:  before (timestamptz), most (int)
returns: gone
*/
with due as (
    select f.refused_file_id
    from records.refused_file as f
    where f.refused_at < :before
    limit :most
),

deleted as (
    delete from records.refused_file as f
    using due as d
    where f.refused_file_id = d.refused_file_id
    returning f.refused_file_id
)

select count(d.refused_file_id) as gone
from deleted as d;
