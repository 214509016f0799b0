/*
name:    campaign/count_outcomes
purpose: Where the notices of some runs stand, and why.
grain:   one row per campaign run, state and reason
params:  campaign_run_ids (uuid[])
returns: campaign_run_id, state, reason, notices
*/
select
    n.campaign_run_id,
    n.state,
    n.reason,
    count(*) as notices
from ledger.notice as n
where n.campaign_run_id = any(:campaign_run_ids ::uuid [])
group by n.campaign_run_id, n.state, n.reason
order by n.campaign_run_id, n.state, n.reason;
