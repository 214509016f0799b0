/*
name:    review/list_decisions
purpose: Every approval and rejection of a run, first one first, and whether it is about the content that it has now.
grain:   one row per decision
params:  campaign_run_id (uuid)
returns: decision, decided_by, decided_at, reason, is_current
*/
select
    a.decision,
    a.decided_by,
    a.decided_at,
    a.reason,
    coalesce(a.digest = r.digest, false) as is_current
from ledger.approval as a
inner join ledger.campaign_run as r on a.campaign_run_id = r.campaign_run_id
where a.campaign_run_id = :campaign_run_id
order by a.decided_at, a.approval_id;
