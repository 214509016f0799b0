/*
name:    campaign/count_outcomes
purpose: Where the notices of some runs stand, and of those left out why.
grain:   one row per campaign run, state and reason of a suppression
params:  campaign_run_ids (uuid[])
returns: campaign_run_id, state, reason, notices
*/
with counted as (
    select
        n.campaign_run_id,
        n.state,
        n.reason,
        count(*) as notices
    from ledger.notice as n
    where n.campaign_run_id = any(:campaign_run_ids ::uuid [])
    group by n.campaign_run_id, n.state, n.reason
)

select
    c.campaign_run_id,
    c.state,
    case when c.state = 'suppressed' then c.reason end as reason,
    sum(c.notices)::bigint as notices
from counted as c
group by c.campaign_run_id, c.state, case when c.state = 'suppressed' then c.reason end
order by c.campaign_run_id, c.state, reason;
