/*
name:    recovery/newest_knowledge
purpose: Up to when the ledger knew what it did when it was restored: the moment of its last event before the lock.
grain:   one row, or none when it knows nothing
params:  locked_at (timestamptz)
returns: changed_at
*/
select e.changed_at
from ledger.notice_event as e
where :locked_at ::timestamptz is null or e.changed_at < :locked_at
order by e.event_id desc
limit 1;
