/*
name:    notices/list_decisions
purpose: Who approved or rejected some runs, and when; only what was said about the content that they have now.
grain:   one row per decision
params:  campaign_run_ids (uuid[])
returns: campaign_run_id, decision, decided_by, decided_at, reason
*/
select
    a.campaign_run_id,
    a.decision,
    a.decided_by,
    a.decided_at,
    a.reason
from ledger.approval as a
inner join ledger.campaign_run as r on a.campaign_run_id = r.campaign_run_id and a.digest = r.digest
where a.campaign_run_id = any(:campaign_run_ids ::uuid [])
order by a.decided_at, a.approval_id;
