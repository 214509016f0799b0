/*
name:    ledger/record_settlements
purpose: Note for notices handed over that their subject has been settled since, with the day of the last payment, or of
         the check-up.
grain:   one row per notice newly found settled
params:  handed_over_since (timestamptz), known_at (timestamptz), now (timestamptz)
returns: notice_id
*/
insert into ledger.outcome (notice_id, kind, settled_on, recorded_at)
select
    n.notice_id,
    'settled' as kind,
    s.settled_on,
    :now as recorded_at
from ledger.notice as n
cross join lateral records.settlement(n.subject, :known_at) as s
where
    n.state in ('accepted', 'delivered', 'undelivered', 'failed', 'unknown')
    and n.handed_over_at > :handed_over_since
    and s.is_settled and s.settled_on is not null
    and not exists (select 1 from ledger.outcome as o where o.notice_id = n.notice_id and o.kind = 'settled')
returning notice_id;
