/*
name:    cohort/premium_overdue
purpose: Obligors of a scheme whose latest instalment past its due date is not known to be paid. Deduction from the
         pension cannot be overdue and is no part of it.
grain:   one row per obligor
params:  as_of (date), known_at (timestamptz), scheme (text)
returns: subject, resident_id, due_on, arrears_since, fields
fields:  instalment (number), due_on (date)
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
),

overdue as (
    select latest.*
    from latest
    cross join lateral records.levy_balance(latest.subject, :known_at) as balance
    where balance.balance_yen > 0
)

select
    o.subject,
    o.obligor_id as resident_id,
    o.due_on,
    (
        select min(l.due_on)
        from records.levy as l
        where
            l.obligor_id = o.obligor_id and l.scheme = :scheme and l.collection <> 'pension' and l.due_on <= o.due_on
            and l.recorded_at <= :known_at and l.superseded_at > :known_at
            and l.amount_yen > coalesce((
                select sum(p.amount_yen)
                from records.payment as p
                where p.levy_id = l.levy_id and p.recorded_at <= :known_at and p.superseded_at > :known_at
            ), 0)
    ) as arrears_since,
    jsonb_build_object('instalment', o.instalment, 'due_on', o.due_on) as fields
from overdue as o;
