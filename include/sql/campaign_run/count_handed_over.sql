/*
name:    campaign_run/count_handed_over
purpose: How many notices of a run left its line for the gateway so far, and the last batch that they are of.
grain:   one row
params:  campaign_run_id (uuid)
returns: notices, last_batch
*/
select
    count(*) as notices,
    coalesce(max(n.batch), 0) as last_batch
from ledger.notice as n
inner join ledger.notice_state as s on n.state = s.state
where n.campaign_run_id = :campaign_run_id and not s.is_open;
