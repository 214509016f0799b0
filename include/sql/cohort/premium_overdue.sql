/*
name:    cohort/premium_overdue
purpose: Obligors whose latest instalment past its due date is not known to be paid. Deduction from the pension cannot
         be overdue and is no part of it.
grain:   one row per obligor
params:  as_of (date), known_at (timestamptz), scheme (text)
returns: subject, resident_id, due_on, fields
*/
with latest as (
    select distinct on (l.obligor_id)
        l.obligor_id,
        l.subject,
        l.instalment,
        l.due_on
    from records.levy as l
    where
        l.scheme = :scheme and l.collection <> 'pension'
        and l.due_on < :as_of and l.due_on >= (:as_of - interval '1 year')
        and l.recorded_at <= :known_at and l.superseded_at > :known_at
    order by l.obligor_id, l.due_on desc, l.levy_year desc, l.instalment desc
)

select
    latest.subject,
    latest.obligor_id as resident_id,
    latest.due_on,
    jsonb_build_object('instalment', latest.instalment, 'due_on', latest.due_on) as fields
from latest
cross join lateral records.levy_balance(latest.subject, :known_at) as balance
where balance.balance_yen > 0;
