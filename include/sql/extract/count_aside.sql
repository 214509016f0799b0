/*
name:    extract/count_aside
purpose: Payments whose levy has not arrived yet: kept, and counted towards it as soon as it comes.
grain:   one row
params:
returns: payments
*/
select count(*) as payments
from records.payment as p
where
    p.superseded_at = 'infinity'
    and not exists (
        select 1
        from records.levy as l
        where l.levy_id = p.levy_id and l.superseded_at = 'infinity'
    );
