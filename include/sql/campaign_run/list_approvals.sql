/*
name:    campaign_run/list_approvals
purpose: Who has approved the content that a run has now.
grain:   one row per person
params:  campaign_run_id (uuid)
returns: decided_by, decided_at, is_automatic
*/
select
    a.decided_by,
    a.decided_at,
    a.is_automatic
from ledger.approval as a
inner join ledger.campaign_run as r on a.campaign_run_id = r.campaign_run_id and a.digest = r.digest
where r.campaign_run_id = :campaign_run_id and a.decision = 'approved'
order by a.decided_at, a.decided_by;
