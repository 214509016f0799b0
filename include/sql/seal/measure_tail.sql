/*
name:    seal/measure_tail
purpose: What is not sealed: rows behind the last seal of their table, and rows with an id that the database never
         draws.
grain:   one row per table
params:  events_until (bigint), approvals_until (bigint)
returns: table_name, tail_count, tail_since, stray_count
*/
select
    'notice_event' as table_name,
    count(*) filter (where e.event_id > :events_until) as tail_count,
    min(e.recorded_at) filter (where e.event_id > :events_until) as tail_since,
    count(*) filter (where e.event_id < 1) as stray_count
from ledger.notice_event as e
where e.event_id > :events_until or e.event_id < 1
union all
select
    'approval' as table_name,
    count(*) filter (where a.approval_id > :approvals_until) as tail_count,
    min(a.decided_at) filter (where a.approval_id > :approvals_until) as tail_since,
    count(*) filter (where a.approval_id < 1) as stray_count
from ledger.approval as a
where a.approval_id > :approvals_until or a.approval_id < 1;
