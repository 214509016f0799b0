/*
name:    notices/count_groups
purpose: What a list of a run's notices can be narrowed to, and how many there are of each combination.
grain:   one row per state, reason, arm and carrier
params:  campaign_run_id (uuid)
returns: state, reason, arm, carrier, notices
*/
select
    n.state,
    n.reason,
    n.arm,
    n.carrier,
    count(*) as notices
from ledger.notice as n
where n.campaign_run_id = :campaign_run_id
group by n.state, n.reason, n.arm, n.carrier;
