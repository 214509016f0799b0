/*
name:    ledger/list_awaited_runs
purpose: Runs with notices that the gateway has taken and not yet reported on.
grain:   one row per run and gateway
params:
returns: campaign_run_id, campaign, first_at
*/
select
    n.campaign_run_id,
    n.campaign,
    min(n.handed_over_at) as first_at
from ledger.notice as n
where n.state = 'accepted'
group by n.campaign_run_id, n.campaign
order by first_at;
