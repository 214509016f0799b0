/*
name:    purge/forget_payments
purpose: Delete some old payments of levies that the records do not have any more, or never had.
grain:   one row
params:  before (date), most (int)
returns: gone
*/
with due as (
    select
        p.payment_id,
        p.recorded_at
    from records.payment as p
    where p.paid_on < :before and not exists (select 1 from records.levy as l where l.levy_id = p.levy_id)
    limit :most
),

deleted as (
    delete from records.payment as p
    using due as d
    where p.payment_id = d.payment_id and p.recorded_at = d.recorded_at
    returning p.payment_id
)

select count(d.payment_id) as gone
from deleted as d;
