/*
name:    ledger/list_unknown
purpose: Notices of a gateway whose outcome is unknown and that have settled, for looking them up.
grain:   one row per notice
params:  gateway (text), settled_before (timestamptz), after_id (uuid), most (int)
returns: notice_id
*/
select n.notice_id
from ledger.notice as n
where
    n.state = 'unknown' and n.gateway = :gateway and n.reason <> 'left'
    and n.state_changed_at <= :settled_before and n.notice_id > :after_id
order by n.notice_id
limit :most;
