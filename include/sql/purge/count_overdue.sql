/*
name:    purge/count_overdue
purpose: Notices older than retention allows that are not purged, because what became of them is not known: people have
         to decide on them.
grain:   one row
params:  before (timestamptz)
returns: notices
*/
select count(*) as notices
from ledger.notice as n
where n.state in ('claimed', 'unknown', 'accepted') and greatest(n.state_changed_at, n.scheduled_at) < :before;
