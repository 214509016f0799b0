/*
name:    ledger/expire_notices
purpose: Nothing of a closed run that is in the line will be sent any more, also what was given back to it after the
         run was closed.
grain:   one row per notice that was still planned
params:  now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice as n
set state = 'expired', reason = r.closed_as, state_changed_at = :now, state_changed_by = :by
from ledger.campaign_run as r
where n.campaign_run_id = r.campaign_run_id and r.closed_as is not null and n.state = 'planned'
returning n.notice_id;
