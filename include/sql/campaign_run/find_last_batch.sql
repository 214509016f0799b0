/*
name:    campaign_run/find_last_batch
purpose: The last batch of which a run has handed something over; 0 when it has not.
grain:   one row
params:  campaign_run_id (uuid)
returns: last_batch
*/
select coalesce(max(n.batch), 0) as last_batch
from ledger.notice as n
inner join ledger.notice_state as s on n.state = s.state
where n.campaign_run_id = :campaign_run_id and not s.is_open;
