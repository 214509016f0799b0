/*
name:    seal/newest_ids
purpose: The highest id that is committed in each table that is sealed.
grain:   one row per table
params:
returns: table_name, newest_id
*/
select
    'notice_event' as table_name,
    max(e.event_id) as newest_id
from ledger.notice_event as e
union all
select
    'approval' as table_name,
    max(a.approval_id) as newest_id
from ledger.approval as a;
