/*
name:    ledger/count_undecided
purpose: What waits for a person: notices that were looked up and not found, by campaign and occurrence.
grain:   one row per campaign run
params:
returns: campaign_run_id, campaign, occurrence_on, notices, sendable, earliest_at
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    count(*) as notices,
    count(*) filter (where r.closed_as is null) as sendable,
    min(n.state_changed_at) as earliest_at
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
where n.state = 'unknown' and n.reason = 'not_found'
group by r.campaign_run_id, r.campaign, r.occurrence_on
order by r.occurrence_on, r.campaign;
