/*
name:    effect/count_calls
purpose: Calls that a section received from one day to another: as its staff counted them, else from the extract of
         inquiries. Null: nothing was recorded.
grain:   one row
params:  section (text), first_on (date), last_on (date), known_at (timestamptz)
returns: calls
*/
with typed as (
    select distinct on (c.received_on)
        c.received_on,
        c.calls
    from ledger.call_count as c
    where c.section = :section and c.received_on between :first_on ::date and :last_on ::date
    order by c.received_on, c.call_count_id desc
),

extracted as (
    select
        i.received_on,
        count(*) as calls
    from records.inquiry as i
    where
        i.section = :section and i.received_on between :first_on ::date and :last_on ::date
        and i.recorded_at <= :known_at and i.superseded_at > :known_at
    group by i.received_on
)

select sum(coalesce(t.calls, e.calls)) as calls
from typed as t
full join extracted as e on t.received_on = e.received_on;
