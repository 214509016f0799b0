/*
name:    campaign_run/count_notices
purpose: How many notices of a run stand where, and why.
grain:   one row per state and reason
params:  campaign_run_id (uuid)
returns: state, reason, notices, parts
*/
select
    n.state,
    n.reason,
    count(*) as notices,
    coalesce(sum(n.parts), 0) as parts
from ledger.notice as n
where n.campaign_run_id = :campaign_run_id
group by n.state, n.reason
order by n.state, n.reason;
