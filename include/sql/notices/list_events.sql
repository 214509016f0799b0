/*
name:    notices/list_events
purpose: Every change of the state of some notices, with who made it and why, first one first.
grain:   one row per change
params:  notice_ids (uuid[])
returns: notice_id, from_state, to_state, reason, attempt, changed_by, changed_at
*/
select
    e.notice_id,
    e.from_state,
    e.to_state,
    e.reason,
    e.attempt,
    e.changed_by,
    e.changed_at
from ledger.notice_event as e
where e.notice_id = any(:notice_ids ::uuid [])
order by e.event_id;
