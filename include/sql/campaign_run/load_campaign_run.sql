/*
name:    campaign_run/load_campaign_run
purpose: A campaign run and what has been decided about the content that it has now.
grain:   one row
params:  campaign_run_id (uuid)
returns: campaign_run_id, campaign, occurrence_on, occurrence_at, digest, composed_at, opened_at, closed_as,
         closed_by, closed_reason, approved_by, approved_at
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    r.occurrence_at,
    r.digest,
    r.composed_at,
    r.opened_at,
    r.closed_as,
    r.closed_by,
    r.closed_reason,
    a.decided_by as approved_by,
    a.decided_at as approved_at
from ledger.campaign_run as r
left join ledger.approval as a
    on r.campaign_run_id = a.campaign_run_id and r.digest = a.digest and a.decision = 'approved'
where r.campaign_run_id = :campaign_run_id;
