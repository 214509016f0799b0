/*
name:    review/load_moments
purpose: When a run was ended, and the first and the last booking of its messages that have left or may yet leave.
grain:   one row
params:  campaign_run_id (uuid)
returns: closed_at, first_at, last_at
*/
select
    r.closed_at,
    min(n.scheduled_at) as first_at,
    max(n.scheduled_at) as last_at
from ledger.campaign_run as r
left join ledger.notice as n
    on
        r.campaign_run_id = n.campaign_run_id
        and n.state in ('planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed')
where r.campaign_run_id = :campaign_run_id
group by r.campaign_run_id, r.closed_at;
